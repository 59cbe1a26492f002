/* SPDX-License-Identifier: MIT */
/* Sums of maps from several taps and of other tokens: against sums written out from the
 * states of whole texts, whatever the positions and the batch; kept in a file; merged. */
#include "support/scratch.h"

#include <math.h>

#include "model/session.h"
#include "stats/near.h"

#define TINY JC_SOURCE_DIR "/tests/golden/models/tiny-gpt2"
#define MAPS "0,3@-1:3 1:3@+1 2.mlp,0@-2:1.attn@+1 3@-1:2 0:3"

enum { TEXTS = 30, TOKENS = 21, VOCAB = 61, WIDTH = 24 };

static jc_error err;

static void must(jc_status st)
{
    if (st != JC_OK)
        fail_msg("%s: %s", jc_status_name(st), err.message);
}

static uint32_t token(size_t text, size_t i)
{
    return (uint32_t)((text * 37 + i * i * 11 + text * i) % VOCAB);
}

static size_t length(size_t text)
{
    return 1 + text % TOKENS;
}

/* Whether a position is a row: all of them, or some. */
static bool is_row(size_t text, size_t i, bool all)
{
    return all || (text + i * i) % 4 == 1 || i + 1 == length(text);
}

static jc_samples *samples_of(void **state, size_t first, size_t n, bool all)
{
    const char *path = scratch_path(state, "samples.jsonl");
    FILE *f = fopen(path, "w");
    jc_samples *samples;

    assert_non_null(f);
    for (size_t t = first; t < first + n; t++) {
        const char *comma = "";
        fputs("{\"ids\":[", f);
        for (size_t i = 0; i < length(t); i++)
            fprintf(f, i ? ",%u" : "%u", token(t, i));
        fputs("],\"positions\":[", f);
        for (size_t i = 0; i < length(t); i++)
            if (is_row(t, i, all)) {
                fprintf(f, "%s%zu", comma, i);
                comma = ",";
            }
        fputs("]}\n", f);
    }
    fclose(f);
    must(jc_samples_from_file(&samples, path, NULL, &err));
    return samples;
}

static jc_model *tiny(void)
{
    jc_model_params params;
    jc_model *model;

    jc_model_params_init(&params);
    params.threads = 1;
    must(jc_model_open(&model, TINY, &params, &err));
    return model;
}

static jc_stats *gathered(void **state, const jc_model *model, size_t first, size_t n,
                          bool all, uint32_t batch)
{
    jc_samples *samples = samples_of(state, first, n, all);
    jc_stats_params params;
    jc_stats *stats;

    jc_stats_params_init(&params);
    params.maps = MAPS;
    params.batch = batch;
    must(jc_stats_gather(&stats, model, samples, &params, &err));
    jc_samples_close(samples);
    return stats;
}

/* All states of a text at a tap, [length, WIDTH]. */
static void run_text(const jc_model *model, size_t text, jc_tap tap, float *out)
{
    uint32_t ids[TOKENS], positions[TOKENS];
    const jc_text one = {ids, length(text), positions, length(text)};
    jc_session *session;

    for (uint32_t i = 0; i < length(text); i++) {
        ids[i] = token(text, i);
        positions[i] = i;
    }
    must(jc_session_new(&session, model, &err));
    if (tap.point)
        must(jc_session_want(session, &tap, 1, &err));
    must(jc_session_run(session, &one, 1, &err));
    memcpy(out,
           tap.point ? jc_session_wanted(session, 0)
                     : jc_session_states(session, tap.block),
           length(text) * WIDTH * sizeof *out);
    jc_session_free(session);
}

/* The rows that a group uses at one of its taps, [*n, WIDTH]. */
static double *rows_of(const jc_model *model, const struct jc_near *near, jc_tap_at tap,
                       bool all, size_t *n)
{
    double *rows = calloc((size_t)TEXTS * TOKENS * WIDTH, sizeof *rows);
    float states[TOKENS * WIDTH];

    *n = 0;
    for (size_t t = 0; t < TEXTS; t++) {
        run_text(model, t, tap.tap, states);
        for (size_t i = 0; i < length(t); i++) {
            if (!is_row(t, i, all) || (int64_t)i < near->before ||
                i + (size_t)near->after >= length(t))
                continue;
            for (size_t c = 0; c < WIDTH; c++)
                rows[*n * WIDTH + c] =
                    (double)states[((int64_t)i + tap.offset) * WIDTH + (int64_t)c];
            ++*n;
        }
    }
    return rows;
}

static void check_pair(const struct jc_near *near, uint32_t i, uint32_t k, const double *x,
                       const double *y, size_t n)
{
    const double *cross = jc_stats_cross(near->sums, i, k);
    const double *mx = near->sums->mean + i * WIDTH, *my = near->sums->mean + k * WIDTH;
    double size = 0, apart = 0;

    for (size_t a = 0; a < WIDTH; a++)
        for (size_t b = 0; b < WIDTH; b++) {
            double sum = 0;
            for (size_t r = 0; r < n; r++)
                sum += (x[r * WIDTH + a] - mx[a]) * (y[r * WIDTH + b] - my[b]);
            size += sum * sum;
            apart += pow(sum - cross[a * WIDTH + b], 2);
        }
    assert_true(sqrt(apart / size) < 1e-5);
}

static void check_group(const jc_model *model, const struct jc_near *near, bool all)
{
    for (uint32_t i = 0; i < near->sums->nodes; i++) {
        size_t n;
        double *x = rows_of(model, near, near->taps[i], all, &n);
        assert_int_equal(near->sums->rows, n);
        for (size_t c = 0; c < WIDTH; c++) {
            double mean = 0;
            for (size_t r = 0; r < n; r++)
                mean += x[r * WIDTH + c] / (double)n;
            assert_true(fabs(mean - near->sums->mean[i * WIDTH + c]) < 1e-5);
        }
        for (uint32_t k = 0; k < near->sums->nodes; k++)
            if (jc_stats_cross(near->sums, i, k)) {
                double *y = rows_of(model, near, near->taps[k], all, &n);
                check_pair(near, i, k, x, y, n);
                free(y);
            }
        free(x);
    }
}

static void test_near__sums_are_those_of_the_definition(void **state)
{
    jc_model *model = tiny();

    for (int all = 0; all < 2; all++) {
        jc_stats *s = gathered(state, model, 0, TEXTS, all, 0);
        assert_int_equal(s->pairs, JC_PAIRS_NONE);
        assert_int_equal(s->n_near, 4); /* by reach: (1, 0), (0, 1), (2, 1), (0, 0) */
        assert_int_equal(s->near[0].n, 2);
        assert_int_equal(s->near[2].before, 2);
        assert_int_equal(s->near[2].after, 1);
        for (size_t g = 0; g < s->n_near; g++)
            check_group(model, &s->near[g], all);
        jc_stats_free(s);
    }
    jc_model_close(model);
}

static void check_equal(const jc_stats *a, const jc_stats *b)
{
    assert_true(jc_near_same(a, b));
    for (size_t g = 0; g < a->n_near; g++) {
        const jc_stats *x = a->near[g].sums, *y = b->near[g].sums;
        assert_int_equal(x->rows, y->rows);
        assert_memory_equal(x->mean, y->mean, x->nodes * WIDTH * sizeof *x->mean);
        assert_memory_equal(x->square, y->square, x->nodes * WIDTH * sizeof *x->square);
        for (uint32_t i = 0; i < x->nodes; i++)
            for (uint32_t k = 0; k < x->nodes; k++)
                if (jc_stats_cross(x, i, k))
                    assert_memory_equal(jc_stats_cross(x, i, k), jc_stats_cross(y, i, k),
                                        WIDTH * WIDTH * sizeof(double));
    }
}

static void test_near__sums_do_not_depend_on_the_batch(void **state)
{
    jc_model *model = tiny();

    for (int all = 0; all < 2; all++) {
        jc_stats *a = gathered(state, model, 0, TEXTS, all, 0);
        jc_stats *b = gathered(state, model, 0, TEXTS, all, 40);
        check_equal(a, b);
        jc_stats_free(a);
        jc_stats_free(b);
    }
    jc_model_close(model);
}

static void test_near__a_file_keeps_them(void **state)
{
    jc_model *model = tiny();
    jc_stats *a = gathered(state, model, 0, TEXTS, true, 0), *b;
    const char *path = scratch_path(state, "sums");

    must(jc_stats_save(a, path, &err));
    must(jc_stats_load(&b, path, &err));
    check_equal(a, b);
    assert_int_equal(a->pairs, b->pairs);
    jc_stats_free(a);
    jc_stats_free(b);
    jc_model_close(model);
}

static void test_near__parts_merge_to_the_whole(void **state)
{
    jc_model *model = tiny();
    jc_stats *all = gathered(state, model, 0, TEXTS, true, 0);
    jc_stats *a = gathered(state, model, 0, 11, true, 0);
    jc_stats *b = gathered(state, model, 11, TEXTS - 11, true, 0);

    must(jc_stats_merge(a, b, &err));
    for (size_t g = 0; g < all->n_near; g++) {
        const jc_stats *x = all->near[g].sums, *y = a->near[g].sums;
        assert_int_equal(x->rows, y->rows);
        for (size_t i = 0; i < x->nodes * WIDTH; i++)
            assert_true(fabs(x->mean[i] - y->mean[i]) < 1e-6);
    }
    jc_stats_free(all);
    jc_stats_free(a);
    jc_stats_free(b);
    jc_model_close(model);
}

static void test_near__wrong_maps_are_named(void **state)
{
    static const char *const cases[][2] = {
        {"0,3",
         "'0,3' is not a map: it is written as taps, a colon and a tap, as 0,3@-1:3"},
        {"0,4:3",
         "'4' is not a tap: there are 0 (the embedding) to 3, points in a block as "
         "3.mlp, and those of other tokens as 3@-1"},
        {"0:9", "'9' is not a tap: there are 0 (the embedding) to 3, points in a block as "
                "3.mlp, and those of other tokens as 3@-1"},
        {"0,3:3", "a map to tap '3' cannot take it"},
        {"0:3 0:3", "map '0:3' is named twice"},
        {":3",
         "'' is not a tap: there are 0 (the embedding) to 3, points in a block as 3.mlp, "
         "and those of other tokens as 3@-1"}};
    jc_place *places;
    size_t n;

    (void)state;
    for (size_t i = 0; i < JC_COUNT(cases); i++) {
        assert_int_equal(jc_places_parse(&places, &n, cases[i][0], 3, &err), JC_E_ARG);
        assert_string_equal(err.message, cases[i][1]);
    }
    must(jc_places_parse(&places, &n, " 0:3  1:3@+1 ", 3, &err));
    assert_int_equal(n, 2);
    jc_free(places);
}

static void test_near__damaged_metadata_is_refused(void **state)
{
    static const char *const cases[][2] = {{"maps", "0:1"},
                                           {"maps", "0:3,"},
                                           {"maps", "0,1,2:3"},
                                           {"maps.rows", "3"},
                                           {"maps.rows", "x 1 1 1"}};
    jc_model *model = tiny();
    jc_stats *a = gathered(state, model, 0, TEXTS, true, 0), *b = NULL;
    const char *path = scratch_path(state, "sums");

    must(jc_stats_save(a, path, &err));
    FILE *f = fopen(path, "rb");
    static char bytes[1 << 20];
    size_t size = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    for (size_t i = 0; i < JC_COUNT(cases); i++) {
        static char copy[1 << 20];
        char key[32];
        memcpy(copy, bytes, size);
        snprintf(key, sizeof key, "\"%s\":", cases[i][0]);
        size_t header = 0;
        for (int k = 7; k >= 0; k--)
            header = header << 8 | (unsigned char)bytes[k];
        copy[8 + header - 1] = 0; /* padded with blanks */
        char *at = strstr(copy + 8, key);
        assert_non_null(at);
        at = strchr(at + strlen(key), '"') + 1;
        char *end = strchr(at, '"');
        size_t value = strlen(cases[i][1]);
        assert_true(value <= (size_t)(end - at));
        memset(at, ' ', (size_t)(end - at));
        memcpy(at, cases[i][1], value);
        copy[8 + header - 1] = ' ';
        scratch_write(state, "damaged", copy, size);
        assert_int_equal(jc_stats_load(&b, scratch_path(state, "damaged"), &err),
                         JC_E_FORMAT);
    }
    jc_stats_free(a);
    jc_model_close(model);
}

/* What a program may ask of sums. */
static void test_stats__what_they_hold_can_be_asked(void **state)
{
    jc_model *model = tiny();
    jc_samples *samples = samples_of(state, 0, TEXTS, true);
    jc_stats_params params;
    jc_stats *s;
    double mean = 0, rows = 0;

    jc_stats_params_init(&params);
    params.parts = true;
    must(jc_stats_gather(&s, model, samples, &params, &err));
    jc_samples_close(samples);
    assert_int_equal(jc_stats_layers(s), 3);
    assert_int_equal(jc_stats_width(s), WIDTH);
    for (size_t t = 0; t < TEXTS; t++) {
        float states[TOKENS * WIDTH];
        run_text(model, t, (jc_tap){2, 0}, states);
        for (size_t i = 0; i < length(t); i++, rows++)
            mean += (double)states[i * WIDTH + 5];
    }
    assert_true(fabs(jc_stats_mean(s, (jc_tap){2, 0})[5] - mean / rows) < 1e-5);
    const double *own = jc_stats_products(s, (jc_tap){2, 0}, (jc_tap){2, 0});
    assert_true(own[5 * WIDTH + 5] == jc_stats_square(s, (jc_tap){2, 0})[5]);
    assert_non_null(jc_stats_products(s, (jc_tap){1, 0}, (jc_tap){3, 0}));
    assert_non_null(
        jc_stats_products(s, (jc_tap){2, JC_POINT_LN2}, (jc_tap){2, JC_POINT_MLP}));
    assert_null(
        jc_stats_products(s, (jc_tap){1, 0}, (jc_tap){2, 0})); /* pairs to the last */
    assert_null(jc_stats_mean(s, (jc_tap){9, 0}));
    assert_null(jc_stats_mean(s, (jc_tap){2, JC_POINT_SUM}));
    jc_stats_free(s);
    jc_model_close(model);
}

static void test_near__short_memory_is_a_status(void **state)
{
    jc_model *model = tiny();
    jc_status st = JC_E_NOMEM;
    jc_stats *stats;

    for (long n = 0; st == JC_E_NOMEM; n += 1 + n / 40) {
        jc_samples *samples = samples_of(state, 0, 3, false);
        jc_stats_params params;
        jc_stats_params_init(&params);
        params.maps = MAPS;
        jc_alloc_fail_after(n);
        st = jc_stats_gather(&stats, model, samples, &params, &err);
        jc_alloc_fail_after(-1);
        jc_samples_close(samples);
    }
    must(st);
    jc_stats_free(stats);
    jc_model_close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(test_near__sums_are_those_of_the_definition),
        SCRATCH_TEST(test_near__sums_do_not_depend_on_the_batch),
        SCRATCH_TEST(test_near__a_file_keeps_them),
        SCRATCH_TEST(test_near__parts_merge_to_the_whole),
        cmocka_unit_test(test_near__wrong_maps_are_named),
        SCRATCH_TEST(test_near__damaged_metadata_is_refused),
        SCRATCH_TEST(test_stats__what_they_hold_can_be_asked),
        SCRATCH_TEST(test_near__short_memory_is_a_status),
    };
    return cmocka_run_group_tests_name("stats/near", tests, NULL, NULL);
}
