/* SPDX-License-Identifier: MIT */
/* Arrays keep what they hold, whether they lie in memory or in a file and whether or not
 * their pages were given back; and memory is what the limit says. */
#include "support/check.h"

#include <stdlib.h>
#include <string.h>

#include "base/spill.h"

enum { ARRAYS = 6, BYTES = 3 << 20 };

static void fill(unsigned char *x, size_t bytes, size_t seed)
{
    for (size_t i = 0; i < bytes; i++)
        x[i] = (unsigned char)(i * 31 + i / 4096 + seed);
}

static void check_filled(const unsigned char *x, size_t bytes, size_t seed)
{
    for (size_t i = 0; i < bytes; i++)
        if (x[i] != (unsigned char)(i * 31 + i / 4096 + seed))
            fail_msg("byte %zu is %u", i, x[i]);
}

static void check_arrays(void)
{
    unsigned char *x[ARRAYS];

    for (size_t i = 0; i < ARRAYS; i++) {
        x[i] = jc_spill_new(BYTES + i);
        assert_non_null(x[i]);
        assert_int_equal((uintptr_t)x[i] % 64, 0);
        for (size_t k = 0; k < BYTES + i; k++)
            assert_int_equal(x[i][k], 0);
        fill(x[i], BYTES + i, i);
        jc_spill_rest(x[i]);
    }
    for (size_t i = 0; i < ARRAYS; i += 2)
        check_filled(x[i], BYTES + i, i);
    for (size_t i = 0; i < ARRAYS; i += 2)
        jc_spill_free(x[i]);
    for (size_t i = 1; i < ARRAYS; i += 2) {
        check_filled(x[i], BYTES + i, i);
        jc_spill_free(x[i]);
    }
}

static void test_spill__arrays_keep_what_they_hold(void **state)
{
    (void)state;
    check_arrays();
    assert_false(jc_spill_any());
    jc_spill_limit(2 * BYTES, 1 << 20);
    check_arrays();
    assert_false(jc_spill_any());
    jc_spill_limit(0, 1);
    check_arrays();
    jc_spill_limit(SIZE_MAX, 1);
}

static void test_spill__files_begin_at_the_limit(void **state)
{
    (void)state;
    jc_spill_limit(2 * BYTES, 1 << 20);
    void *a = jc_spill_new(BYTES), *b = jc_spill_new(BYTES);
    assert_false(jc_spill_any());
    void *c = jc_spill_new(BYTES);
    assert_true(jc_spill_any());
    jc_spill_free(a);
    void *d = jc_spill_new(BYTES); /* in the place of the first */
    jc_spill_free(c);
    assert_false(jc_spill_any());
    jc_spill_free(d);
    jc_spill_free(b);
    jc_spill_limit(SIZE_MAX, 1);
}

static void test_spill__without_a_folder_it_is_memory(void **state)
{
    const char *had = getenv("TMPDIR");

    (void)state;
    setenv("TMPDIR", "/nowhere/at/all", 1);
    jc_spill_limit(0, 1);
    unsigned char *x = jc_spill_new(BYTES);
    assert_non_null(x);
    assert_false(jc_spill_any());
    fill(x, BYTES, 1);
    jc_spill_rest(x);
    check_filled(x, BYTES, 1);
    jc_spill_free(x);
    jc_spill_free(NULL);
    jc_spill_free(jc_alloc(7)); /* of another kind */
    jc_spill_limit(SIZE_MAX, 1);
    if (had)
        setenv("TMPDIR", had, 1);
    else
        unsetenv("TMPDIR");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spill__arrays_keep_what_they_hold),
        cmocka_unit_test(test_spill__files_begin_at_the_limit),
        cmocka_unit_test(test_spill__without_a_folder_it_is_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
