/* SPDX-License-Identifier: MIT */
/* Sums of a team of threads, in the place of processes: the bits of one run, also where the
 * ranks' units differ, and E_MISMATCH where they gathered other things. */
#include "support/scratch.h"

#include <math.h>
#include <pthread.h>

#include "stats/gram.h"
#include "stats/share.h"

enum { TAPS = 2, D = 5, CHUNKS = 12, ROWS = 64 /* a chunk */, RANKS = 3 };

static float states[TAPS][CHUNKS * ROWS * D];

/* ---- the team ---- */

static pthread_barrier_t barrier;
static int64_t *given[RANKS];

static jc_status sum(void *arg, int64_t *x, size_t n, jc_error *err)
{
    uint32_t rank = *(uint32_t *)arg;

    (void)err;
    given[rank] = x;
    pthread_barrier_wait(&barrier);
    for (size_t r = 1; rank == 0 && r < RANKS; r++)
        for (size_t i = 0; i < n; i++)
            x[i] += given[r][i];
    pthread_barrier_wait(&barrier);
    return JC_OK;
}

static jc_status least(void *arg, int64_t *x, size_t n, jc_error *err)
{
    uint32_t rank = *(uint32_t *)arg;

    (void)err;
    given[rank] = x;
    pthread_barrier_wait(&barrier);
    for (size_t r = 1; rank == 0 && r < RANKS; r++)
        for (size_t i = 0; i < n; i++)
            x[i] = given[r][i] < x[i] ? given[r][i] : x[i];
    pthread_barrier_wait(&barrier);
    if (rank > 0)
        memcpy(x, given[0], n * sizeof *x);
    pthread_barrier_wait(&barrier);
    return JC_OK;
}

/* ---- their sums ---- */

static int fill(void **state)
{
    (void)state;
    for (size_t t = 0; t < TAPS; t++)
        for (size_t k = 0; k < CHUNKS * ROWS * D; k++) {
            jc_rng rng = {k + 7919 * t};
            states[t][k] = (float)((double)(jc_rng_next(&rng) >> 40) * 0x1p-24 + (double)t);
        }
    return 0;
}

/* Share `share` of n, all with the frame of the first chunk. */
static jc_stats *gather(uint32_t share, uint32_t n, const char *work)
{
    const jc_share of = {share, n, 0};
    jc_stats *stats;
    jc_gram *gram;

    assert_int_equal(jc_stats_new(&stats, TAPS, D, JC_PAIRS_ALL, "f", "m", NULL), JC_OK);
    assert_int_equal(jc_gram_new(&gram, stats, jc_backend_find("ref"), NULL), JC_OK);
    for (size_t c = 0; c < CHUNKS; c++) {
        const float *part[TAPS] = {states[0] + c * ROWS * D, states[1] + c * ROWS * D};
        if (c && c % n != share)
            continue;
        jc_gram_only_frame(gram, c % n != share);
        assert_int_equal(jc_gram_rows(gram, part, ROWS, NULL), JC_OK);
        assert_int_equal(jc_gram_cut(gram, NULL), JC_OK);
    }
    jc_gram_free(gram);
    assert_int_equal(jc_shares_set(&stats->shares, &of, work, NULL), JC_OK);
    return stats;
}

struct member {
    pthread_t thread;
    uint32_t rank;
    jc_stats *stats;
    jc_status status;
    jc_error err;
};

static void *unite(void *arg)
{
    struct member *m = arg;
    const jc_team team = {.size = sizeof team,
                          .rank = m->rank,
                          .ranks = RANKS,
                          .sum = sum,
                          .least = least,
                          .arg = &m->rank};

    m->status = jc_stats_unite(m->stats, &team, &m->err);
    return NULL;
}

static void unite_all(struct member m[RANKS], const char *work_of_last)
{
    pthread_barrier_init(&barrier, NULL, RANKS);
    for (uint32_t r = 0; r < RANKS; r++) {
        m[r].rank = r;
        m[r].stats = gather(r, RANKS, r + 1 < RANKS ? "seed 1" : work_of_last);
    }
    for (size_t r = 0; r < RANKS; r++)
        assert_int_equal(pthread_create(&m[r].thread, NULL, unite, &m[r]), 0);
    for (size_t r = 0; r < RANKS; r++)
        pthread_join(m[r].thread, NULL);
    pthread_barrier_destroy(&barrier);
}

static void free_all(struct member m[RANKS])
{
    for (size_t r = 0; r < RANKS; r++)
        jc_stats_free(m[r].stats);
}

/* ---- what must come of it ---- */

static void test_unite__a_team_has_the_bits_of_one(void **state)
{
    struct member m[RANKS] = {0};
    jc_stats *want = gather(0, 1, "seed 1");

    (void)state;
    assert_int_equal(jc_stats_finish(want, NULL), JC_OK);
    unite_all(m, "seed 1");
    for (size_t r = 0; r < RANKS; r++)
        assert_int_equal(m[r].status, JC_OK);
    const jc_stats *got = m[0].stats;
    assert_int_equal(got->rows, CHUNKS * ROWS);
    assert_memory_equal(got->mean, want->mean, TAPS * D * sizeof(double));
    assert_memory_equal(got->square, want->square, TAPS * D * sizeof(double));
    assert_memory_equal(jc_stats_cross(got, 0, 1), jc_stats_cross(want, 0, 1),
                        D * D * sizeof(double));
    free_all(m);
    jc_stats_free(want);
}

/* A vector of one rank's share is so far out that its units grow. The oracle is the
 * definition; products are of float32. */
static void test_unite__units_of_ranks_may_differ(void **state)
{
    enum { FAR = 4 * ROWS + 3 }; /* of chunk 4, which is rank 1's */
    struct member m[RANKS] = {0};
    const size_t at = FAR * D + 2, n = CHUNKS * ROWS;
    double a = 0, b = 0, ab = 0, bb = 0;

    (void)state;
    states[0][at] *= 1e12F;
    unite_all(m, "seed 1");
    for (size_t r = 0; r < n; r++) {
        a += (double)states[0][r * D + 2] / (double)n;
        b += (double)states[1][r * D + 4] / (double)n;
    }
    for (size_t r = 0; r < n; r++) {
        double y = (double)states[1][r * D + 4] - b;
        ab += ((double)states[0][r * D + 2] - a) * y;
        bb += y * y;
    }
    assert_int_equal(m[0].status, JC_OK);
    const jc_stats *got = m[0].stats;
    assert_true(fabs(got->mean[2] - a) < 1e-9 * fabs(a));
    assert_true(fabs(jc_stats_cross(got, 0, 1)[2 * D + 4] - ab) < 1e-6 * fabs(ab));
    assert_true(fabs(got->square[D + 4] - bb) < 1e-12 * bb);
    free_all(m);
    states[0][at] /= 1e12F;
}

static void test_unite__other_work_is_refused_by_all(void **state)
{
    struct member m[RANKS] = {0};

    (void)state;
    unite_all(m, "seed 2");
    for (size_t r = 0; r < RANKS; r++) {
        assert_int_equal(m[r].status, JC_E_MISMATCH);
        assert_non_null(strstr(m[r].err.message, "models or options differ"));
    }
    free_all(m);
}

static void test_unite__a_rank_without_its_share_is_refused(void **state)
{
    jc_stats *stats = gather(1, RANKS, "seed 1");
    uint32_t rank = 0;
    jc_team team = {sizeof team, rank, RANKS, sum, least, &rank, NULL};

    (void)state;
    assert_int_equal(jc_stats_unite(stats, &team, NULL), JC_E_ARG);
    team.rank = RANKS;
    assert_int_equal(jc_stats_unite(stats, &team, NULL), JC_E_ARG);
    jc_stats_free(stats);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unite__a_team_has_the_bits_of_one),
        cmocka_unit_test(test_unite__units_of_ranks_may_differ),
        cmocka_unit_test(test_unite__other_work_is_refused_by_all),
        cmocka_unit_test(test_unite__a_rank_without_its_share_is_refused),
    };
    return cmocka_run_group_tests_name("stats/unite", tests, fill, NULL);
}
