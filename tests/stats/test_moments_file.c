/* SPDX-License-Identifier: MIT */
#include "stats/vectors.h"
#include "support/scratch.h"

#include "store/store.h"

static jc_stats *some(bool all_pairs)
{
    vectors v = vectors_new(3, 9, 4);
    uint64_t seed = 3;

    for (size_t k = 0; k < v.taps * v.n * v.d; k++)
        v.x[k] = check_rand(&seed);
    jc_stats *s = vectors_block(&v, 0, 9, all_pairs, false);
    s->texts = 5;
    free(v.x);
    return s;
}

/* The bytes of a file; free() them. */
static unsigned char *slurp(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");

    assert_non_null(f);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    *size = (size_t)ftell(f);
    rewind(f);
    unsigned char *bytes = malloc(*size + 1);
    assert_int_equal(fread(bytes, 1, *size, f), *size);
    fclose(f);
    return bytes;
}

static void test_moments_file__load_then_save_is_equal_bytes(void **state)
{
    for (int all = 0; all < 2; all++) {
        jc_stats *s = some(all), *t;
        const char *a = scratch_path(state, "a"), *b = scratch_path(state, "b");
        size_t n, m;

        assert_int_equal(jc_stats_save(s, a, NULL), JC_OK);
        assert_int_equal(jc_stats_load(&t, a, NULL), JC_OK);
        assert_int_equal(jc_stats_rows(t), 9);
        assert_int_equal(jc_stats_texts(t), 5);
        assert_string_equal(jc_stats_fingerprint(t), VECTORS_PRINT);
        assert_string_equal(t->model, "made-up");
        assert_true((t->pairs == JC_PAIRS_ALL) == all && t->taps == 3 && t->width == 4);
        assert_memory_equal(t->mean, s->mean, 3 * 4 * sizeof(double));
        assert_memory_equal(jc_stats_cross(t, 1, 2), jc_stats_cross(s, 1, 2),
                            4 * 4 * sizeof(double));
        assert_int_equal(jc_stats_save(t, b, NULL), JC_OK);
        unsigned char *x = slurp(a, &n), *y = slurp(b, &m);
        assert_int_equal(n, m);
        assert_memory_equal(x, y, n);
        free(x);
        free(y);
        jc_stats_free(s);
        jc_stats_free(t);
    }
}

static void test_moments_file__keeps_where_the_texts_come_from(void **state)
{
    const char *path = scratch_path(state, "a");
    jc_stats *s = some(false), *t, *other = some(false);

    assert_int_equal(jc_stats_set_meta(s, "format", "mine", NULL), JC_OK);
    assert_int_equal(jc_stats_set_meta(s, "seed", "1", NULL), JC_OK);
    assert_int_equal(jc_stats_set_meta(s, "seed", "2", NULL), JC_OK);
    assert_int_equal(jc_stats_set_meta(s, "split", "train", NULL), JC_OK);
    assert_int_equal(jc_stats_save(s, path, NULL), JC_OK);
    assert_int_equal(jc_stats_load(&t, path, NULL), JC_OK);
    assert_string_equal(jc_stats_meta(t, "format"), "mine");
    assert_string_equal(jc_stats_meta(t, "seed"), "2");
    assert_null(jc_stats_meta(t, "model"));
    /* of a merge, what both say */
    assert_int_equal(jc_stats_set_meta(other, "seed", "2", NULL), JC_OK);
    assert_int_equal(jc_stats_set_meta(other, "split", "val", NULL), JC_OK);
    assert_int_equal(jc_stats_merge(t, other, NULL), JC_OK);
    assert_string_equal(jc_stats_meta(t, "seed"), "2");
    assert_null(jc_stats_meta(t, "split"));
    assert_null(jc_stats_meta(t, "format"));
    jc_stats_free(s);
    jc_stats_free(t);
    jc_stats_free(other);
}

/* How a file of sums of two taps of width 2 is made wrong. */
typedef struct wrong {
    const char *key, *value; /* metadata replaced; NULL value: left out */
    const char *tensor;      /* the tensor made wrong */
    const char *rename;      /* its name instead */
    jc_dtype dtype;          /* JC_F64 is right */
    size_t rows;             /* 2 is right */
    double first;            /* its first number; 1 is right */
    jc_status status;
    const char *message; /* after "'<path>'" is replaced by "@" */
} wrong;

static void write_wrong(const char *path, const wrong *w)
{
    static const char *const meta[][2] = {{"format", "jumpcut-sums/1"},
                                          {"model", "m"},
                                          {"model.fingerprint", VECTORS_PRINT},
                                          {"pairs", "all"},
                                          {"rows", "3"},
                                          {"texts", "2"}};
    static const char *const names[] = {"mean", "square", "cross.0.0", "cross.0.1"};
    jc_st_writer *out;

    assert_int_equal(jc_st_writer_new(&out, path, NULL), JC_OK);
    for (size_t i = 0; i < JC_COUNT(meta); i++) {
        bool replaced = w->key && strcmp(w->key, meta[i][0]) == 0;
        const char *value = replaced ? w->value : meta[i][1];
        if (value)
            assert_int_equal(jc_st_writer_meta(out, meta[i][0], value, NULL), JC_OK);
    }
    for (int data = 0; data < 2; data++) {
        for (size_t i = 0; i < JC_COUNT(names); i++) {
            bool bad = w->tensor && strcmp(w->tensor, names[i]) == 0;
            const char *name = bad && w->rename ? w->rename : names[i];
            size_t shape[2] = {bad ? w->rows : 2, 2};
            jc_dtype dtype = bad ? w->dtype : JC_F64;
            double numbers[16] = {bad ? w->first : 1, 0, 0, 1};

            if (data)
                assert_int_equal(jc_st_writer_data(out, numbers,
                                                   shape[0] * 2 * jc_dtype_bytes(dtype),
                                                   NULL),
                                 JC_OK);
            else
                assert_int_equal(jc_st_writer_declare(out, name, dtype, shape, 2, NULL),
                                 JC_OK);
        }
    }
    assert_int_equal(jc_st_writer_commit(out, NULL), JC_OK);
}

static const wrong wrongs[] = {
    {"format", NULL, NULL, NULL, JC_F64, 2, 1, JC_E_FORMAT,
     "@ is not a file of sums: metadata 'format' is missing"},
    {"format", "jumpcut-shortcuts/1", NULL, NULL, JC_F64, 2, 1, JC_E_FORMAT,
     "@ is not a file of sums: format 'jumpcut-shortcuts/1', not 'jumpcut-sums/1'"},
    {"model", NULL, NULL, NULL, JC_F64, 2, 1, JC_E_FORMAT,
     "@ is not a file of sums: metadata 'model' is missing"},
    {"model.fingerprint", "abc", NULL, NULL, JC_F64, 2, 1, JC_E_FORMAT,
     "cannot read sums of @: metadata 'model.fingerprint' has 3 characters, not 32"},
    {"pairs", "some", NULL, NULL, JC_F64, 2, 1, JC_E_FORMAT,
     "cannot read sums of @: metadata 'pairs' is none of all, final and none: 'some'"},
    {"rows", "-1", NULL, NULL, JC_F64, 2, 1, JC_E_FORMAT,
     "cannot read sums of @: metadata 'rows' is not a count: '-1'"},
    {"rows", "3.5", NULL, NULL, JC_F64, 2, 1, JC_E_FORMAT,
     "cannot read sums of @: metadata 'rows' is not a count: '3.5'"},
    {"texts", "99999999999999999", NULL, NULL, JC_F64, 2, 1, JC_E_FORMAT,
     "cannot read sums of @: metadata 'texts' is not a count: '99999999999999999'"},
    {NULL, NULL, "mean", "means", JC_F64, 2, 1, JC_E_FORMAT,
     "cannot read sums of @: tensor 'mean' is missing"},
    {NULL, NULL, "mean", NULL, JC_F64, 1, 1, JC_E_FORMAT,
     "cannot read tensor 'mean' of @: its shape is not [taps, width]"},
    {NULL, NULL, "mean", NULL, JC_F32, 2, 1, JC_E_FORMAT,
     "cannot read tensor 'mean' of @: it is F32, not F64"},
    {NULL, NULL, "square", NULL, JC_F64, 3, 1, JC_E_FORMAT,
     "cannot read tensor 'square' of @: its shape is [3, 2], not [2, 2]"},
    {NULL, NULL, "cross.0.1", NULL, JC_F64, 1, 1, JC_E_FORMAT,
     "cannot read tensor 'cross.0.1' of @: its shape is [1, 2], not [2, 2]"},
    {NULL, NULL, "cross.0.1", "cross.1.1", JC_F64, 2, 1, JC_E_FORMAT,
     "cannot read sums of @: tensor 'cross.0.1' is missing"},
    {NULL, NULL, "cross.0.0", NULL, JC_F64, 2, NAN, JC_E_NUMERIC,
     "cannot read tensor 'cross.0.0' of @: element 0 is not finite"},
    {NULL, NULL, "mean", NULL, JC_F64, 2, INFINITY, JC_E_NUMERIC,
     "cannot read tensor 'mean' of @: element 0 is not finite"},
    {NULL, NULL, "square", NULL, JC_F64, 2, -1, JC_E_FORMAT,
     "cannot read tensor 'square' of @: element 0 is below zero"},
};

static void test_moments_file__wrong_ones_are_refused_by_name(void **state)
{
    const char *path = scratch_path(state, "wrong.safetensors");

    for (size_t i = 0; i < JC_COUNT(wrongs); i++) {
        const wrong *w = &wrongs[i];
        const char *at = strchr(w->message, '@');
        jc_stats *s = NULL;
        jc_error err;
        char want[1400];

        write_wrong(path, w);
        snprintf(want, sizeof want, "%.*s'%s'%s", (int)(at - w->message), w->message, path,
                 at + 1);
        assert_int_equal(jc_stats_load(&s, path, &err), w->status);
        assert_string_equal(err.message, want);
        assert_null(s);
    }
}

static void test_moments_file__right_ones_of_that_kind_are_not(void **state)
{
    static const wrong none = {0};
    const char *path = scratch_path(state, "right.safetensors");
    jc_stats *s;

    write_wrong(path, &none);
    assert_int_equal(jc_stats_load(&s, path, NULL), JC_OK);
    assert_int_equal(s->rows, 3);
    jc_stats_free(s);
}

static void test_moments_file__cut_anywhere_is_refused(void **state)
{
    jc_stats *s = some(true), *t = NULL;
    const char *path = scratch_path(state, "whole");
    size_t size;

    assert_int_equal(jc_stats_save(s, path, NULL), JC_OK);
    unsigned char *bytes = slurp(path, &size);
    for (size_t n = 0; n < size; n += n < 64 ? 1 : 37) {
        scratch_write(state, "cut", bytes, n);
        assert_int_equal(jc_stats_load(&t, scratch_path(state, "cut"), NULL), JC_E_FORMAT);
    }
    free(bytes);
    jc_stats_free(s);
}

static void test_moments_file__short_memory_leaves_nothing(void **state)
{
    const char *path = scratch_path(state, "sums");
    jc_stats *s = some(true), *t = NULL;
    jc_status st = JC_E_NOMEM;

    for (long n = 0; st == JC_E_NOMEM; n++) {
        jc_alloc_fail_after(n);
        st = jc_stats_save(s, path, NULL);
        jc_alloc_fail_after(-1);
        assert_int_equal(scratch_count(state), st == JC_OK ? 1 : 0);
    }
    assert_int_equal(st, JC_OK);
    st = JC_E_NOMEM;
    for (long n = 0; st == JC_E_NOMEM; n++) {
        jc_alloc_fail_after(n);
        st = jc_stats_load(&t, path, NULL);
        jc_alloc_fail_after(-1);
    }
    assert_int_equal(st, JC_OK);
    jc_stats_free(s);
    jc_stats_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(test_moments_file__load_then_save_is_equal_bytes),
        SCRATCH_TEST(test_moments_file__keeps_where_the_texts_come_from),
        SCRATCH_TEST(test_moments_file__wrong_ones_are_refused_by_name),
        SCRATCH_TEST(test_moments_file__right_ones_of_that_kind_are_not),
        SCRATCH_TEST(test_moments_file__cut_anywhere_is_refused),
        SCRATCH_TEST(test_moments_file__short_memory_leaves_nothing),
    };
    return cmocka_run_group_tests_name("stats/moments_file", tests, NULL, NULL);
}
