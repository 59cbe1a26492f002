/* SPDX-License-Identifier: MIT */
/* Sums on the way, of exactly so many vectors. The oracle is a gather of its own over the
 * same first vectors: equal bit for bit, as blocks are cut by the count of rows. */
#include "support/scratch.h"

#include "base/spill.h"
#include "stats/exact.h"
#include "stats/near.h"

#define TINY JC_SOURCE_DIR "/tests/golden/models/tiny-gpt2"

enum { TEXTS = 400, TOKENS = 30, ROWS = TEXTS * TOKENS, VOCAB = 61 };

static jc_error err;

static void must(jc_status st)
{
    if (st != JC_OK)
        fail_msg("%s: %s", jc_status_name(st), err.message);
}

/* The samples up to vector `rows`, the last text with some of its positions. */
static jc_samples *first_vectors(void **state, size_t rows)
{
    const char *path = scratch_path(state, "samples.jsonl");
    FILE *f = fopen(path, "w");
    jc_samples *samples;

    assert_non_null(f);
    for (size_t t = 0; t < TEXTS && t * TOKENS < rows; t++) {
        size_t left = rows - t * TOKENS, n = left < TOKENS ? left : TOKENS;
        fputs("{\"ids\":[", f);
        for (size_t i = 0; i < TOKENS; i++)
            fprintf(f, i ? ",%zu" : "%zu", (t * 37 + i * i * 11 + t * i) % VOCAB);
        fputs("],\"positions\":[", f);
        for (size_t i = 0; i < n; i++)
            fprintf(f, i ? ",%zu" : "%zu", i);
        fputs("]}\n", f);
    }
    fclose(f);
    must(jc_samples_from_file(&samples, path, NULL, &err));
    return samples;
}

struct got {
    jc_stats *sums[16];
    size_t n;
    jc_status answer;
};

static jc_status keep(void *arg, const jc_stats *sums, jc_error *why)
{
    struct got *got = arg;

    jc_status st = jc_stats_copy(&got->sums[got->n], sums, why);

    if (st)
        return st;
    got->n++;
    return got->answer;
}

static void check_equal(const jc_stats *a, const jc_stats *b)
{
    size_t n = (size_t)a->nodes * a->width, square = a->width * a->width;

    assert_int_equal(a->rows, b->rows);
    assert_int_equal(a->texts, b->texts);
    assert_true(jc_stats_same_parts(a, b));
    assert_true(a->nodes > a->taps);
    assert_memory_equal(a->mean, b->mean, n * sizeof *a->mean);
    assert_memory_equal(a->square, b->square, n * sizeof *a->square);
    for (uint32_t i = 0; i < a->nodes; i++)
        for (uint32_t j = 0; j < a->nodes; j++)
            if (jc_stats_cross(a, i, j))
                assert_memory_equal(jc_stats_cross(a, i, j), jc_stats_cross(b, i, j),
                                    square * sizeof(double));
}

static jc_model *tiny(void)
{
    jc_model_params params;
    jc_model *model;

    jc_model_params_init(&params);
    params.threads = 1; /* what is computed is small */
    must(jc_model_open(&model, TINY, &params, &err));
    return model;
}

/* One vector, within a text, at its end, about the edge of a block of 1024 rows, all. */
static void test_gather__milestones_equal_gathers_of_their_own(void **state)
{
    static const uint64_t at[] = {1,    7,    30,   31,   600,      1023,      1024,
                                  1025, 2047, 4100, ROWS, ROWS + 1, UINT64_MAX};
    struct got got = {.answer = JC_OK};
    const jc_milestones milestones = {at, JC_COUNT(at), keep, &got};
    jc_model *model = tiny();
    jc_stats_params params;
    jc_stats *all, *plain;

    jc_stats_params_init(&params);
    params.pairs = "all";
    params.parts = true;
    params.batch = 100; /* milestones lie within batches */
    jc_samples *samples = first_vectors(state, ROWS);
    must(jc_stats_gather_at(&all, model, samples, &milestones, &params, &err));
    jc_samples_close(samples);
    assert_int_equal(got.n, 11);
    for (size_t i = 0; i < got.n; i++) {
        jc_stats *want;
        samples = first_vectors(state, (size_t)at[i]);
        must(jc_stats_gather(&want, model, samples, &params, &err));
        assert_int_equal(want->rows, at[i]);
        check_equal(got.sums[i], want);
        jc_samples_close(samples);
        jc_stats_free(want);
        jc_stats_free(got.sums[i]);
    }
    samples = first_vectors(state, ROWS);
    must(jc_stats_gather(&plain, model, samples, &params, &err));
    check_equal(all, plain); /* looking on the way changes nothing */
    jc_samples_close(samples);
    jc_stats_free(plain);
    jc_stats_free(all);
    jc_model_close(model);
}

/* Sums in files are those in memory. */
static void test_gather__sums_in_files_are_the_same(void **state)
{
    jc_model *model = tiny();
    jc_stats_params params;
    jc_stats *sums[2];

    jc_stats_params_init(&params);
    params.pairs = "all";
    params.parts = true;
    for (int i = 0; i < 2; i++) {
        jc_samples *samples = first_vectors(state, ROWS);
        jc_spill_limit(i ? 5000 : SIZE_MAX, 1);
        must(jc_stats_gather(&sums[i], model, samples, &params, &err));
        assert_true(jc_spill_any() == (i > 0));
        jc_samples_close(samples);
    }
    check_equal(sums[0], sums[1]);
    jc_spill_limit(SIZE_MAX, 1);
    jc_stats_free(sums[0]);
    jc_stats_free(sums[1]);
    jc_model_close(model);
}

static void test_gather__a_milestone_can_stop_it(void **state)
{
    static const uint64_t at[] = {10, 20};
    struct got got = {.answer = JC_E_CANCELLED};
    const jc_milestones milestones = {at, 2, keep, &got};
    jc_model *model = tiny();
    jc_samples *samples = first_vectors(state, 100);
    jc_stats *stats;

    assert_int_equal(jc_stats_gather_at(&stats, model, samples, &milestones, NULL, &err),
                     JC_E_CANCELLED);
    assert_null(stats);
    assert_int_equal(got.n, 1);
    jc_stats_free(got.sums[0]);
    jc_samples_close(samples);
    jc_model_close(model);
}

/* Share i of n, kept in a file and read back. */
static jc_stats *share_of(void **state, const jc_model *model, unsigned i, unsigned n,
                          const char *maps, const jc_stats *frame)
{
    char name[16];
    jc_stats_params params;
    jc_stats *made, *read;
    jc_samples *samples = first_vectors(state, ROWS);
    const char *path = scratch_path(state, "sums");

    snprintf(name, sizeof name, "%u/%u", i + 1, n);
    jc_stats_params_init(&params);
    params.pairs = "all";
    params.parts = true;
    params.maps = maps;
    params.frame = frame;
    params.batch = 100 + 333 * i;
    params.shard = n > 1 ? name : NULL;
    params.work = "seed 1, unit line";
    must(jc_stats_gather(&made, model, samples, &params, &err));
    must(jc_stats_save(made, path, &err));
    must(jc_stats_load(&read, path, &err));
    jc_samples_close(samples);
    jc_stats_free(made);
    return read;
}

static jc_stats *share(void **state, const jc_model *model, unsigned i, unsigned n)
{
    /* of the second map no text has a vector */
    return share_of(state, model, i, n, "0,2@-1:2 0:1@+40", NULL);
}

/* A share that is told a frame counts in its units, and looks for none of its own, unless
 * some sums have none. */
static void test_gather__shares_take_the_frame_of_another(void **state)
{
    static const char *const maps[] = {NULL, "0,2@-1:2", "0,2@-1:2 0:1@+40"};
    jc_model *model = tiny();
    jc_samples *samples = first_vectors(state, ROWS);
    jc_stats_params params;
    jc_stats *none;

    for (size_t m = 0; m < JC_COUNT(maps); m++) {
        jc_stats *want = share_of(state, model, 0, 1, maps[m], NULL);
        jc_stats *total = share_of(state, model, 0, 3, maps[m], NULL);
        const float want_center = total->exact->center[0];
        for (unsigned i = 1; i < 3; i++) {
            jc_stats *more = share_of(state, model, i, 3, maps[m], total);
            must(jc_stats_merge(total, more, &err));
            jc_stats_free(more);
        }
        total->exact->center[0] += 1;
        jc_stats *moved = share_of(state, model, 1, 3, maps[m], total);
        assert_true((moved->exact->center[0] == total->exact->center[0]) == (m < 2));
        total->exact->center[0] = want_center;
        jc_stats_free(moved);
        jc_stats_params_init(&params);
        params.pairs = "all";
        params.shard = "1/3";
        params.frame = total; /* which has parts */
        assert_int_equal(jc_stats_gather(&none, model, samples, &params, &err), JC_E_ARG);
        must(jc_stats_finish(total, &err));
        check_equal(total, want);
        params.parts = true;
        assert_int_equal(jc_stats_gather(&none, model, samples, &params, &err), JC_E_ARG);
        jc_stats_free(total);
        jc_stats_free(want);
    }
    jc_samples_close(samples);
    jc_model_close(model);
}

/* 12,000 tokens are three chunks. */
static void test_gather__shares_make_the_bits_of_one_run(void **state)
{
    jc_model *model = tiny();
    jc_stats *want = share(state, model, 0, 1);

    for (unsigned n = 2; n <= 9; n += n < 4 ? 1 : 5) {
        jc_stats *total = share(state, model, n - 1, n);
        assert_null(jc_stats_mean(total, (jc_tap){0, JC_POINT_OUT}));
        for (unsigned i = 0; i + 1 < n; i++) {
            jc_stats *more = share(state, model, i, n);
            assert_int_equal(jc_stats_finish(total, &err), JC_E_ARG);
            must(jc_stats_merge(total, more, &err));
            assert_int_equal(jc_stats_merge(total, more, &err), JC_E_MISMATCH);
            jc_stats_free(more);
        }
        must(jc_stats_finish(total, &err));
        check_equal(total, want);
        for (size_t g = 0; g < want->n_near; g++) {
            const jc_stats *a = total->near[g].sums, *b = want->near[g].sums;
            assert_int_equal(a->rows, b->rows);
            assert_memory_equal(a->mean, b->mean, a->nodes * a->width * sizeof(double));
        }
        jc_stats_free(total);
    }
    jc_stats_free(want);
    jc_model_close(model);
}

/* Sums of pairs from some layers are those of a run over all, and nothing else. */
static void test_gather__pairs_from_some_layers(void **state)
{
    static const char *const wrong[] = {"", "3", "2-1", "0-3", "0-", "-1", "a", "0-1x"};
    jc_model *model = tiny();
    jc_stats *want, *got, *read;
    jc_stats_params params;
    const char *path = scratch_path(state, "sums");

    jc_stats_params_init(&params);
    params.pairs = "all";
    for (int part = -1; part < 2; part++) {
        jc_samples *samples = first_vectors(state, ROWS);
        params.layers = part < 0 ? NULL : part ? "1-2" : "0";
        must(jc_stats_gather(part < 0 ? &want : &got, model, samples, &params, &err));
        jc_samples_close(samples);
        if (part < 0)
            continue;
        must(jc_stats_save(got, path, &err));
        must(jc_stats_load(&read, path, &err));
        assert_int_equal(jc_stats_merge(read, want, &err), JC_E_MISMATCH);
        for (uint32_t i = 0; i < want->nodes; i++)
            for (uint32_t j = 0; j < want->nodes; j++) {
                const double *a = jc_stats_cross(want, i, j),
                             *b = jc_stats_cross(read, i, j);
                assert_true(!b == (!a || (i > 0) != part));
                if (b)
                    assert_memory_equal(a, b,
                                        (size_t)want->width * want->width * sizeof *a);
            }
        jc_stats_free(got);
        jc_stats_free(read);
    }
    for (size_t i = 0; i < JC_COUNT(wrong); i++) {
        jc_samples *samples = first_vectors(state, 3);
        params.layers = wrong[i];
        assert_int_equal(jc_stats_gather(&got, model, samples, &params, &err), JC_E_ARG);
        jc_samples_close(samples);
    }
    jc_stats_free(want);
    jc_model_close(model);
}

static void test_gather__milestones_must_ascend(void **state)
{
    static const uint64_t wrong[][2] = {{0, 5}, {5, 5}, {6, 5}};
    jc_model *model = tiny();
    jc_stats *stats;

    for (size_t i = 0; i < JC_COUNT(wrong); i++) {
        const jc_milestones milestones = {wrong[i], 2, keep, NULL};
        jc_samples *samples = first_vectors(state, 100);
        assert_int_equal(
            jc_stats_gather_at(&stats, model, samples, &milestones, NULL, &err), JC_E_ARG);
        assert_string_equal(err.message, "milestones must ascend, from 1 on");
        jc_samples_close(samples);
    }
    jc_model_close(model);
}

/* Each allocation on the way fails once. */
static void test_gather__short_memory_is_a_status(void **state)
{
    static const uint64_t at[] = {10};
    struct got got = {.answer = JC_OK};
    const jc_milestones milestones = {at, 1, keep, &got};
    jc_model_params params;
    jc_model *model;
    jc_stats *stats = NULL;
    jc_status st = JC_E_NOMEM;
    long n;

    jc_model_params_init(&params);
    params.backend = "ref";
    params.threads = 1;
    must(jc_model_open(&model, TINY, &params, &err));
    for (n = 0; st != JC_OK; n++) {
        jc_samples *samples = first_vectors(state, 12);
        struct got some = {.answer = JC_OK};
        jc_milestones m = milestones;
        m.arg = &some;
        jc_alloc_fail_after(n);
        st = jc_stats_gather_at(&stats, model, samples, &m, NULL, &err);
        jc_alloc_fail_after(-1);
        for (size_t i = 0; i < some.n; i++)
            jc_stats_free(some.sums[i]);
        jc_samples_close(samples);
        if (st != JC_OK)
            assert_int_equal(st, JC_E_NOMEM);
    }
    assert_true(n > 20);
    jc_stats_free(stats);
    jc_model_close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(test_gather__pairs_from_some_layers),
        SCRATCH_TEST(test_gather__shares_make_the_bits_of_one_run),
        SCRATCH_TEST(test_gather__shares_take_the_frame_of_another),
        SCRATCH_TEST(test_gather__milestones_equal_gathers_of_their_own),
        SCRATCH_TEST(test_gather__sums_in_files_are_the_same),
        SCRATCH_TEST(test_gather__a_milestone_can_stop_it),
        SCRATCH_TEST(test_gather__milestones_must_ascend),
        SCRATCH_TEST(test_gather__short_memory_is_a_status),
    };
    return cmocka_run_group_tests_name("stats/gather", tests, NULL, NULL);
}
