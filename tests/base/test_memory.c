/* SPDX-License-Identifier: MIT */
#include "support/check.h"

#include <string.h>

#include "base/base.h"
#include "base/cursor.h"

static void test_memory__sizes_that_overflow_are_refused(void **state)
{
    size_t out = 5;

    (void)state;
    assert_true(jc_mul(SIZE_MAX / 3, 3, &out));
    assert_true(out == SIZE_MAX / 3 * 3);
    assert_false(jc_mul(SIZE_MAX / 2 + 1, 2, &out));
    assert_true(jc_add(SIZE_MAX - 1, 1, &out));
    assert_true(out == SIZE_MAX);
    assert_false(jc_add(SIZE_MAX, 1, &out));
    assert_null(jc_matrix_new(SIZE_MAX / 2, 3, 1));
    assert_null(jc_matrix_new(SIZE_MAX / 16, 3, 8));
    assert_null(
        jc_matrix_new(1, SIZE_MAX, 1)); /* the rounding up to a line, not the product */
}

static void test_memory__a_matrix_is_zero_and_aligned(void **state)
{
    static const size_t shapes[][2] = {{0, 0}, {0, 9}, {1, 1}, {3, 5}, {16, 16}, {100, 77}};

    (void)state;
    for (size_t i = 0; i < JC_COUNT(shapes); i++) {
        size_t n = shapes[i][0] * shapes[i][1];
        double *m = jc_matrix_new(shapes[i][0], shapes[i][1], sizeof *m);
        assert_non_null(m);
        assert_int_equal((uintptr_t)m % 64, 0);
        for (size_t j = 0; j < n; j++)
            assert_true(m[j] == 0);
        memset(m, 0xff, n * sizeof *m);
        jc_free(m);
    }
}

static void test_memory__grow_keeps_the_items_and_fails_without_harm(void **state)
{
    int *items = NULL;
    size_t capacity = 0;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        assert_true(jc_grow(&items, &capacity, (size_t)i + 1, sizeof *items));
        assert_true(capacity > (size_t)i);
        items[i] = i;
    }
    assert_true(capacity <= 2048);
    int *before = items;
    size_t had = capacity;
    assert_false(jc_grow(&items, &capacity, SIZE_MAX, sizeof *items));
    assert_false(jc_grow(&items, &capacity, SIZE_MAX / 8 + 1, 16));
    jc_alloc_fail_after(0);
    assert_false(jc_grow(&items, &capacity, capacity + 1, sizeof *items));
    jc_alloc_fail_after(-1);
    assert_ptr_equal(items, before);
    assert_int_equal(capacity, had);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(items[i], i);
    jc_free(items);
}

/* Of any allocation by jc_alloc_json(), those after it too; others are not its concern. */
static void test_memory__of_json_a_failure_lasts(void **state)
{
    (void)state;
    jc_alloc_fail_only(1);
    void *a = jc_alloc_json(1), *b = jc_alloc_json(1), *c = jc_alloc_json(1);
    void *d = jc_alloc(1);
    jc_alloc_fail_after(-1);
    void *e = jc_alloc_json(1);
    assert_non_null(a);
    assert_null(b);
    assert_null(c);
    assert_non_null(d);
    assert_non_null(e);
    jc_free(a);
    jc_free(d);
    jc_free(e);
}

static void test_memory__the_hook_fails_the_nth_and_all_later_ones(void **state)
{
    (void)state;
    jc_alloc_fail_after(2);
    void *a = jc_alloc(0);
    char *b = jc_strdup("text");
    void *c = jc_alloc_array(1, 1);
    void *d = jc_matrix_new(1, 1, 1);
    void *e = jc_realloc(NULL, 1);
    char *f = jc_strdup("text");
    jc_alloc_fail_after(-1);
    assert_non_null(a);
    assert_string_equal(b, "text");
    assert_null(c);
    assert_null(d);
    assert_null(e);
    assert_null(f);
    jc_free(a);
    jc_free(b);
    jc_free(NULL);
}

static void test_cursor__never_leaves_its_bytes(void **state)
{
    const unsigned char data[] = {0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x81, 9, 10};
    jc_cursor c = {.data = data, .size = sizeof data};
    const unsigned char *p = NULL;
    uint64_t n = 0;

    (void)state;
    assert_true(jc_cursor_u64(&c, &n));
    assert_true(n == 0x8102030405060708u);
    assert_false(jc_cursor_u64(&c, &n));
    assert_false(jc_cursor_bytes(&c, 3, &p));
    assert_false(jc_cursor_bytes(&c, UINT64_MAX, &p));
    assert_false(jc_cursor_bytes(&c, UINT64_MAX - 7, &p)); /* at + n would wrap to 0 */
    assert_int_equal(c.at, 8);
    assert_null(p);
    assert_true(jc_cursor_bytes(&c, 2, &p));
    assert_ptr_equal(p, data + 8);
    assert_true(jc_cursor_bytes(&c, 0, &p));
    assert_ptr_equal(p, data + sizeof data);
    assert_false(jc_cursor_bytes(&c, 1, &p));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory__sizes_that_overflow_are_refused),
        cmocka_unit_test(test_memory__a_matrix_is_zero_and_aligned),
        cmocka_unit_test(test_memory__grow_keeps_the_items_and_fails_without_harm),
        cmocka_unit_test(test_memory__the_hook_fails_the_nth_and_all_later_ones),
        cmocka_unit_test(test_memory__of_json_a_failure_lasts),
        cmocka_unit_test(test_cursor__never_leaves_its_bytes),
    };
    return cmocka_run_group_tests_name("base/memory", tests, NULL, NULL);
}
