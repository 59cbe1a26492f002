/* SPDX-License-Identifier: MIT */
/* Draws against the definition, written out over the whole sorted vocabulary in double. */
#include "support/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "generate/draw.h"

static const jc_sampling plain = {
    .repeat_penalty = 1, .temperature = 1, .top_k = 0, .top_p = 1, .min_p = 0};

/* ---- the definition ---- */

struct entry {
    uint32_t id;
    double z, p;
};

static int by_z(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;

    if (x->z != y->z)
        return x->z > y->z ? -1 : 1;
    return x->id < y->id ? -1 : 1;
}

static int by_id(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;

    return x->id < y->id ? -1 : 1;
}

static void normalise(struct entry *e, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += e[i].p = exp(e[i].z - e[0].z);
    for (size_t i = 0; i < n; i++)
        e[i].p /= sum;
}

/* e [vocab] becomes the distribution after all filters, by id; returns how many are left.
 */
static size_t distribution(struct entry *e, const jc_sampling *s, const float *logits,
                           size_t vocab, const uint32_t *history, size_t n_history)
{
    size_t n = vocab;

    for (size_t i = 0; i < vocab; i++) {
        double z = (double)logits[i];
        bool seen = false;
        for (size_t k = 0; k < n_history; k++)
            seen |= history[k] == i;
        if (seen)
            z = z > 0 ? z / s->repeat_penalty : z * s->repeat_penalty;
        e[i] = (struct entry){.id = (uint32_t)i, .z = z / s->temperature};
    }
    qsort(e, n, sizeof *e, by_z);
    if (s->top_k && s->top_k < n)
        n = s->top_k;
    normalise(e, n);
    if (s->top_p < 1) {
        double sum = 0;
        size_t kept = 0;
        while (kept < n && sum < s->top_p)
            sum += e[kept++].p;
        n = kept;
        normalise(e, n);
    }
    for (size_t i = n; i-- > 1;)
        if (e[i].p < s->min_p * e[0].p)
            n = i;
    normalise(e, n);
    qsort(e, n, sizeof *e, by_id);
    return n;
}

/* ---- draws ---- */

static float *random_logits(size_t n, float scale, uint64_t seed)
{
    float *z = malloc(n * sizeof *z);

    assert_non_null(z);
    for (size_t i = 0; i < n; i++) {
        float x = 0;
        for (int k = 0; k < 12; k++) /* nearly normal */
            x += check_rand(&seed);
        z[i] = scale * x / 2;
    }
    return z;
}

static uint32_t draw(const jc_sampling *s, const float *logits, size_t vocab,
                     const uint32_t *history, size_t n, uint64_t position,
                     jc_draw_room *room)
{
    uint32_t id = UINT32_MAX;
    jc_error err;

    if (jc_draw(&id, s, logits, vocab, history, n, 5, 9, position, room, &err))
        fail_msg("%s", err.message);
    return id;
}

/* The token whose stretch of the cumulative distribution holds u. Where u is at a border to
 * about float32's precision, that of the neighbour is right too. */
static void check_draws(const jc_sampling *s, const float *logits, size_t vocab,
                        const uint32_t *history, size_t n_history, size_t draws)
{
    struct entry *e = malloc(vocab * sizeof *e);
    size_t n = distribution(e, s, logits, vocab, history, n_history), near = 0;
    jc_draw_room room = {0};

    for (size_t t = 0; t < draws; t++) {
        double u = jc_draw_uniform(5, 9, t), sum = 0;
        uint32_t got = draw(s, logits, vocab, history, n_history, t, &room);
        size_t i = 0;
        while (i + 1 < n && sum + e[i].p <= u)
            sum += e[i++].p;
        if (got == e[i].id)
            continue;
        bool low = u - sum < 1e-5 && i > 0 && got == e[i - 1].id;
        bool high = sum + e[i].p - u < 1e-5 && i + 1 < n && got == e[i + 1].id;
        if (!low && !high)
            fail_msg("draw %zu of %zu tokens left is %u, want %u (u %.9f, from %.9f)", t, n,
                     got, e[i].id, u, sum);
        near++;
    }
    assert_true(near <= draws / 50 + 2);
    jc_draw_room_free(&room);
    free(e);
}

static void test_draw__every_filter_is_its_definition(void **state)
{
    static const jc_sampling filters[] = {
        {1, 1, 0, 1, 0},        {1, 0.4, 0, 1, 0},     {1, 2.5, 0, 1, 0},
        {1, 1, 1, 1, 0},        {1, 1, 7, 1, 0},       {1, 1, 200, 1, 0},
        {1, 1, 5000, 1, 0},     {1, 1, 0, 0.9, 0},     {1, 1, 0, 0.3, 0},
        {1, 1, 0, 0.999, 0},    {1, 1, 0, 1e-6, 0},    {1, 1, 0, 1, 0.1},
        {1, 1, 0, 1, 0.001},    {1, 1, 0, 1, 1},       {1.3, 1, 0, 1, 0},
        {0.8, 1, 0, 1, 0},      {1, 0.8, 40, 0.95, 0}, {1, 1.5, 100, 0.7, 0.02},
        {1.1, 1, 40, 0.9, 0.3}, {1, 100, 50, 0.5, 0},  {1, 0.01, 50, 0.5, 0},
    };
    static const uint32_t history[] = {3, 900, 3, 17, 420, 3, 17};

    (void)state;
    for (size_t f = 0; f < JC_COUNT(filters); f++)
        for (int scale = 0; scale < 3; scale++) {
            float *z = random_logits(1000, scale == 0 ? 0.1f : scale == 1 ? 2 : 20, f + 1);
            check_draws(&filters[f], z, 1000, history, JC_COUNT(history), 300);
            free(z);
        }
}

/* With many equal logits, those of lower id are kept. */
static void test_draw__of_equal_tokens_the_first_are_kept(void **state)
{
    static const jc_sampling filters[] = {
        {1, 1, 5, 1, 0}, {1, 1, 120, 1, 0}, {1, 1, 0, 0.013, 0}, {1, 1, 30, 0.511, 0.5}};
    float *z = random_logits(400, 1, 3);

    (void)state;
    for (size_t i = 0; i < 400; i++)
        z[i] = roundf(z[i]);
    for (size_t f = 0; f < JC_COUNT(filters); f++)
        check_draws(&filters[f], z, 400, NULL, 0, 500);
    for (size_t i = 0; i < 400; i++)
        z[i] = 2;
    for (size_t f = 0; f < JC_COUNT(filters); f++)
        check_draws(&filters[f], z, 400, NULL, 0, 500);
    free(z);
}

static void test_draw__large_vocabularies_are_no_exception(void **state)
{
    static const jc_sampling filters[] = {{1, 1, 0, 1, 0},
                                          {1.1, 0.7, 40, 0.95, 0.05},
                                          {1, 1.2, 0, 0.98, 0},
                                          {1, 1, 60000, 1, 0}};
    static const uint32_t history[] = {3, 262143, 17};
    const size_t vocab = 262144;
    float *z = random_logits(vocab, 3, 8);

    (void)state;
    for (size_t f = 0; f < JC_COUNT(filters); f++)
        check_draws(&filters[f], z, vocab, history, 3, 20);
    free(z);
}

/* 100,000 draws against the distribution: chi-square with 49 degrees of freedom
 * exceeds 94.7 with probability 1e-4, were the draws random; they are always the same. */
static void test_draw__draws_follow_the_distribution(void **state)
{
    enum { VOCAB = 50, DRAWS = 100000 };
    const jc_sampling warm = {1, 1.3, 0, 1, 0};
    float *z = random_logits(VOCAB, 1, 6);
    struct entry e[VOCAB];
    double counts[VOCAB] = {0}, chi = 0;
    jc_draw_room room = {0};

    (void)state;
    assert_int_equal(distribution(e, &warm, z, VOCAB, NULL, 0), VOCAB);
    for (uint64_t t = 0; t < DRAWS; t++)
        counts[draw(&warm, z, VOCAB, NULL, 0, t, &room)]++;
    for (size_t i = 0; i < VOCAB; i++)
        chi += pow(counts[i] - DRAWS * e[i].p, 2) / (DRAWS * e[i].p);
    if (chi > 94.7)
        fail_msg("chi-square is %.1f", chi);
    jc_draw_room_free(&room);
    free(z);
}

/* Over positions, sequences and seeds alike: 100 bins, the same bound for 99 degrees of
 * freedom is 161; and neighbours are not correlated (4.5 standard deviations). */
static void test_draw__the_deciding_numbers_are_uniform_and_independent(void **state)
{
    enum { DRAWS = 100000, BINS = 100 };

    (void)state;
    for (int what = 0; what < 3; what++) {
        double counts[BINS] = {0}, chi = 0, product = 0, before = 0.5;
        for (uint64_t t = 0; t < DRAWS; t++) {
            double u =
                jc_draw_uniform(what == 2 ? t : 1, what == 1 ? t : 2, what == 0 ? t : 3);
            assert_true(u >= 0 && u < 1);
            counts[(size_t)(u * BINS)]++;
            product += (u - 0.5) * (before - 0.5);
            before = u;
        }
        for (size_t i = 0; i < BINS; i++)
            chi += pow(counts[i] - DRAWS / BINS, 2) / (DRAWS / BINS);
        if (chi > 161)
            fail_msg("chi-square of way %d is %.1f", what, chi);
        assert_true(fabs(product) < 4.5 * sqrt(DRAWS) / 12);
    }
}

static void test_draw__at_temperature_0_the_first_largest_is_taken(void **state)
{
    const jc_sampling cold = {1, 0, 3, 0.5, 0.5}, tired = {2, 0, 0, 1, 0};
    const float z[] = {-1, 3, 2.5, 3, -2};
    jc_draw_room room = {0};

    (void)state;
    assert_int_equal(draw(&cold, z, 5, NULL, 0, 0, &room), 1);
    /* 3 becomes 1.5, once, though it is there twice */
    assert_int_equal(draw(&tired, z, 5, (const uint32_t[]){1, 1}, 2, 0, &room), 3);
    assert_int_equal(draw(&tired, z, 5, (const uint32_t[]){1, 3, 1}, 3, 0, &room), 2);
    /* a negative one gets smaller */
    const float low[] = {-3, -1, -1.5f};
    assert_int_equal(draw(&tired, low, 3, (const uint32_t[]){1}, 1, 0, &room), 2);
    assert_int_equal(draw(&plain, z, 1, NULL, 0, 0, &room), 0);
    jc_draw_room_free(&room);
}

static void test_draw__what_was_drawn_before_changes_nothing(void **state)
{
    const jc_sampling s = {1.2, 0.9, 50, 0.9, 0.01};
    static const uint32_t history[] = {1, 2, 3, 4, 5, 6, 7, 8};
    float *z = random_logits(5000, 2, 1), *other = random_logits(9000, 4, 2);
    jc_draw_room used = {0};

    (void)state;
    for (uint64_t t = 0; t < 50; t++) {
        jc_draw_room fresh = {0};
        (void)draw(&plain, other, t % 2 ? 9000 : 40, NULL, 0, t, &used);
        assert_int_equal(draw(&s, z, 5000, history, 8, t, &used),
                         draw(&s, z, 5000, history, 8, t, &fresh));
        jc_draw_room_free(&fresh);
    }
    jc_draw_room_free(&used);
    free(z);
    free(other);
}

static void test_draw__logits_that_are_not_finite_are_refused(void **state)
{
    const float bad[] = {1, NAN, 2}, worse[] = {1, 2, INFINITY};
    jc_draw_room room = {0};
    uint32_t id;

    (void)state;
    assert_int_equal(jc_draw(&id, &plain, bad, 3, NULL, 0, 0, 0, 0, &room, NULL),
                     JC_E_NUMERIC);
    assert_int_equal(jc_draw(&id, &plain, worse, 3, NULL, 0, 0, 0, 0, &room, NULL),
                     JC_E_NUMERIC);
    jc_draw_room_free(&room);
}

static void test_draw__log_probabilities_are_the_models_own(void **state)
{
    float *z = random_logits(3000, 3, 4);
    double sum = 0;

    (void)state;
    for (size_t i = 0; i < 3000; i++)
        sum += exp((double)z[i]);
    for (uint32_t i = 0; i < 3000; i += 7) {
        double got = jc_draw_logprob(z, 3000, i), want = (double)z[i] - log(sum);
        check_close(&got, &want, 1, 1e-6, 1e-6);
    }
    free(z);
}

static void test_draw__every_failed_allocation_is_reported(void **state)
{
    const jc_sampling s = {1.2, 0.9, 50, 0.9, 0.01};
    static const uint32_t history[] = {1, 2};
    float *z = random_logits(300, 2, 1);
    jc_status st = JC_E_NOMEM;

    (void)state;
    for (long n = 0; st != JC_OK; n++) {
        jc_draw_room room = {0};
        uint32_t id;
        jc_alloc_fail_after(n);
        st = jc_draw(&id, &s, z, 300, history, 2, 0, 0, 0, &room, NULL);
        jc_alloc_fail_after(-1);
        assert_true(st == JC_OK ? n > 3 : st == JC_E_NOMEM);
        jc_draw_room_free(&room);
    }
    free(z);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_draw__every_filter_is_its_definition),
        cmocka_unit_test(test_draw__of_equal_tokens_the_first_are_kept),
        cmocka_unit_test(test_draw__large_vocabularies_are_no_exception),
        cmocka_unit_test(test_draw__draws_follow_the_distribution),
        cmocka_unit_test(test_draw__the_deciding_numbers_are_uniform_and_independent),
        cmocka_unit_test(test_draw__at_temperature_0_the_first_largest_is_taken),
        cmocka_unit_test(test_draw__what_was_drawn_before_changes_nothing),
        cmocka_unit_test(test_draw__logits_that_are_not_finite_are_refused),
        cmocka_unit_test(test_draw__log_probabilities_are_the_models_own),
        cmocka_unit_test(test_draw__every_failed_allocation_is_reported),
    };
    return cmocka_run_group_tests_name("generate/draw", tests, NULL, NULL);
}
