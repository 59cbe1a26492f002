/* SPDX-License-Identifier: MIT */
/* Merging against its definition: as long as a pair merges, merge the pair of lowest rank
 * that is furthest to the left. */
#include "support/check.h"

#include <string.h>

#include "text/bpe.h"

enum { LETTERS = 3, TOKENS = 60, LONGEST = 40 };

/* A random vocabulary: the letters, then each token made of two before it. */
typedef struct random_merges {
    uint32_t left[TOKENS], right[TOKENS]; /* of tokens LETTERS.. */
    jc_merges merges;
} random_merges;

static void make_merges(random_merges *m, jc_rng *rng)
{
    assert_true(jc_merges_init(&m->merges, 4)); /* too few: it must grow */
    for (uint32_t id = LETTERS; id < TOKENS; id++) {
        m->left[id] = (uint32_t)jc_rng_below(rng, id);
        m->right[id] = (uint32_t)jc_rng_below(rng, id);
        for (uint32_t k = LETTERS; k < id; k++) /* each pair once */
            if (m->left[k] == m->left[id] && m->right[k] == m->right[id]) {
                id--;
                break;
            }
    }
    for (uint32_t id = LETTERS; id < TOKENS; id++) /* rank and id in opposite orders */
        assert_true(jc_merges_add(&m->merges, m->left[id], m->right[id],
                                  TOKENS + LETTERS - id, id));
}

static size_t merge_by_definition(const random_merges *m, uint32_t *id, size_t n)
{
    for (;;) {
        size_t at = 0;
        uint32_t best = 0; /* the highest id is of the lowest rank */
        for (size_t i = 0; i + 1 < n; i++)
            for (uint32_t k = LETTERS; k < TOKENS; k++)
                if (m->left[k] == id[i] && m->right[k] == id[i + 1] && k > best) {
                    best = k;
                    at = i;
                }
        if (best == 0)
            return n;
        id[at] = best;
        memmove(id + at + 1, id + at + 2, (n - at - 2) * sizeof *id);
        n--;
    }
}

static void test_bpe__merges_by_rank_then_from_the_left(void **state)
{
    jc_rng rng = {99};
    jc_bpe bpe = {0};
    jc_ids got = {0};

    (void)state;
    for (size_t round = 0; round < 2000; round++) {
        random_merges m;
        uint32_t want[LONGEST];
        size_t n = 1 + (size_t)jc_rng_below(&rng, LONGEST);
        make_merges(&m, &rng);
        assert_true(jc_bpe_start(&bpe, n));
        for (size_t i = 0; i < n; i++) {
            want[i] = (uint32_t)jc_rng_below(&rng, 1 + round % LETTERS);
            bpe.symbol[i].id = want[i];
        }
        n = merge_by_definition(&m, want, n);
        got.n = 0;
        assert_true(jc_bpe_merge(&bpe, &m.merges, &got));
        assert_int_equal(got.n, n);
        assert_memory_equal(got.id, want, n * sizeof *want);
        jc_merges_free(&m.merges);
    }
    jc_bpe_free(&bpe);
    jc_ids_free(&got);
}

/* The reference reads the merges into a map: the last of two that are the same holds. */
static void test_bpe__the_last_of_two_equal_merges_holds(void **state)
{
    jc_merges merges;

    (void)state;
    assert_true(jc_merges_init(&merges, 0));
    assert_true(jc_merges_add(&merges, 1, 2, 0, 3));
    assert_true(jc_merges_add(&merges, 1, 2, 7, 4));
    assert_int_equal(merges.n, 1);
    assert_int_equal(jc_merges_find(&merges, 1, 2)->rank, 7);
    assert_int_equal(jc_merges_find(&merges, 1, 2)->id, 4);
    assert_null(jc_merges_find(&merges, 2, 1));
    jc_merges_free(&merges);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bpe__merges_by_rank_then_from_the_left),
        cmocka_unit_test(test_bpe__the_last_of_two_equal_merges_holds),
    };
    return cmocka_run_group_tests_name("text/bpe", tests, NULL, NULL);
}
