/* SPDX-License-Identifier: MIT */
#include "base/frequent.h"
#include "support/check.h"

static const uint64_t count[] = {2, 0, 7, 2, 1, 7};

static void check(size_t most, size_t n, const uint32_t *want)
{
    uint32_t ids[6] = {9, 9, 9, 9, 9, 9};
    size_t had;
    jc_error err;

    assert_int_equal(jc_most_frequent(count, 6, ids, most, &had, &err), JC_OK);
    assert_int_equal(had, n);
    assert_memory_equal(ids, want, n * sizeof *want);
    for (size_t i = n; i < 6; i++)
        assert_int_equal(ids[i], 9);
}

static void test_frequent__largest_first_and_equal_ones_in_order(void **state)
{
    const uint32_t want[] = {2, 5, 0, 3, 4};

    (void)state;
    check(6, 5, want);
    check(3, 3, want);
    check(0, 0, want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frequent__largest_first_and_equal_ones_in_order),
    };
    return cmocka_run_group_tests_name("base/frequent", tests, NULL, NULL);
}
