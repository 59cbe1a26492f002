/* SPDX-License-Identifier: MIT */
#include "support/scratch.h"

#include <math.h>

#include "shortcut/shortcut.h"

enum { L = 2, D = 4 };

static jc_shortcut *some(const jc_form *form)
{
    jc_shortcut *s;
    uint64_t seed = 6;

    assert_int_equal(jc_shortcut_new(&s, form, L, D, NULL), JC_OK);
    for (uint32_t from = 0; from < L && form != &jc_form_identity; from++) {
        jc_map *map;

        assert_int_equal(jc_shortcut_add_pair(s, from, L, &map, NULL), JC_OK);
        float *weight = jc_map_fill(map, "weight"), *bias = jc_map_fill(map, "bias");
        for (size_t i = 0; i < D * D; i++)
            weight[i] = check_rand(&seed);
        for (size_t i = 0; bias && i < D; i++)
            bias[i] = check_rand(&seed);
    }
    assert_int_equal(jc_shortcut_set_meta(s, "method", "mat", NULL), JC_OK);
    assert_int_equal(jc_shortcut_set_meta(s, "rows", "99", NULL), JC_OK);
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

static void check_round_trip(void *const *state, const jc_form *form)
{
    jc_shortcut *s = some(form), *t;
    const char *a = scratch_path(state, "a"), *b = scratch_path(state, "b");
    float x[D] = {1, -2, 3, 0.5f}, y[D], z[D];
    size_t n, m;

    assert_int_equal(jc_shortcut_save(s, a, NULL), JC_OK);
    assert_int_equal(jc_shortcut_open(&t, a, NULL), JC_OK);
    assert_ptr_equal(t->form, form);
    assert_string_equal(jc_shortcut_meta(t, "method"), "mat");
    assert_string_equal(jc_shortcut_meta(t, "format"), "jumpcut-shortcuts/1");
    for (uint32_t i = 0; i <= L; i++) {
        for (uint32_t j = 0; j <= L; j++) {
            assert_true(jc_shortcut_has(s, i, j) == jc_shortcut_has(t, i, j));
            if (!jc_shortcut_has(s, i, j))
                continue;
            assert_int_equal(jc_shortcut_apply(s, i, j, x, 1, y, NULL), JC_OK);
            assert_int_equal(jc_shortcut_apply(t, i, j, x, 1, z, NULL), JC_OK);
            assert_memory_equal(y, z, sizeof y);
        }
    }
    assert_int_equal(jc_shortcut_save(t, b, NULL), JC_OK);
    unsigned char *p = slurp(a, &n), *q = slurp(b, &m);
    assert_int_equal(n, m);
    assert_memory_equal(p, q, n);
    free(p);
    free(q);
    jc_shortcut_free(s);
    jc_shortcut_free(t);
}

static void test_shortcut_file__open_then_save_is_equal_bytes(void **state)
{
    check_round_trip(state, &jc_form_identity);
    check_round_trip(state, &jc_form_dense);
    check_round_trip(state, &jc_form_affine);
}

/* How a file of the form affine, one layer, width 2, is made wrong. */
typedef struct wrong {
    const char *key, *value; /* metadata replaced; NULL value: left out */
    const char *tensor;      /* the tensor made wrong */
    const char *rename;      /* its name instead; "" leaves it out */
    jc_dtype dtype;          /* JC_F32 is right */
    size_t rows;             /* 2 is right */
    float first;             /* its first number; 1 is right */
    jc_status status;
    const char *message; /* with @ for the quoted path */
} wrong;

static void write_wrong(const char *path, const wrong *w)
{
    static const char *const meta[][2] = {{"format", "jumpcut-shortcuts/1"},
                                          {"form", "affine"},
                                          {"layers", "1"},
                                          {"width", "2"}};
    static const char *const names[] = {"map.0.1.weight", "map.0.1.bias"};
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
            size_t count = i == 0 ? shape[0] * 2 : shape[0];
            jc_dtype dtype = bad ? w->dtype : JC_F32;
            float numbers[16] = {bad ? w->first : 1, 0, 0, 1};

            if (!*name)
                continue;
            if (data)
                assert_int_equal(
                    jc_st_writer_data(out, numbers, count * jc_dtype_bytes(dtype), NULL),
                    JC_OK);
            else
                assert_int_equal(
                    jc_st_writer_declare(out, name, dtype, shape, i == 0 ? 2 : 1, NULL),
                    JC_OK);
        }
    }
    assert_int_equal(jc_st_writer_commit(out, NULL), JC_OK);
}

static const wrong wrongs[] = {
    {"format", NULL, NULL, NULL, JC_F32, 2, 1, JC_E_FORMAT,
     "@ is not a shortcut file: metadata 'format' is missing"},
    {"format", "jumpcut-sums/1", NULL, NULL, JC_F32, 2, 1, JC_E_FORMAT,
     "@ is not a shortcut file: format 'jumpcut-sums/1', not 'jumpcut-shortcuts/1'"},
    {"form", "cubic", NULL, NULL, JC_F32, 2, 1, JC_E_UNSUPPORTED,
     "cannot read shortcuts of @: no form is called 'cubic'"},
    {"layers", "0", NULL, NULL, JC_F32, 2, 1, JC_E_FORMAT,
     "cannot read shortcuts of @: metadata 'layers' must be from 1 to 1024, not '0'"},
    {"layers", "99999999999", NULL, NULL, JC_F32, 2, 1, JC_E_FORMAT,
     "cannot read shortcuts of @: metadata 'layers' must be from 1 to 1024, not "
     "'99999999999'"},
    {"width", "-2", NULL, NULL, JC_F32, 2, 1, JC_E_FORMAT,
     "cannot read shortcuts of @: metadata 'width' must be from 1 to 1048576, not '-2'"},
    {"width", NULL, NULL, NULL, JC_F32, 2, 1, JC_E_FORMAT,
     "@ is not a shortcut file: metadata 'width' is missing"},
    {"width", "3", NULL, NULL, JC_F32, 2, 1, JC_E_FORMAT,
     "cannot read tensor 'map.0.1.weight' of @: its shape is [2, 2], not [3, 3]"},
    {"form", "dense", NULL, NULL, JC_F32, 2, 1, JC_E_FORMAT,
     "cannot read shortcuts of @: 'map.0.1.bias' is not a tensor of the form 'dense'"},
    {NULL, NULL, "map.0.1.weight", "map.0.1.weights", JC_F32, 2, 1, JC_E_FORMAT,
     "cannot read shortcuts of @: 'map.0.1.weights' is not a tensor of the form 'affine'"},
    {NULL, NULL, "map.0.1.weight", "map.00.1.weight", JC_F32, 2, 1, JC_E_FORMAT,
     "cannot read tensor 'map.00.1.weight' of @: there is no such map in 1 layers"},
    {NULL, NULL, "map.0.1.weight", "part.2.attn.weight", JC_F32, 2, 1, JC_E_FORMAT,
     "cannot read tensor 'part.2.attn.weight' of @: there is no such map in 1 layers"},
    {NULL, NULL, "map.0.1.weight", "part.1.mid.weight", JC_F32, 2, 1, JC_E_FORMAT,
     "cannot read tensor 'part.1.mid.weight' of @: there is no such map in 1 layers"},
    {NULL, NULL, "map.0.1.weight", "part.0.ln1.weight", JC_F32, 2, 1, JC_E_FORMAT,
     "cannot read tensor 'part.0.ln1.weight' of @: there is no such map in 1 layers"},
    {NULL, NULL, "map.0.1.weight", "part.1.mlp.weight", JC_F32, 2, 1, JC_E_FORMAT,
     "cannot read shortcuts of @: tensor 'part.1.mlp.bias' is missing"},
    {NULL, NULL, "map.0.1.bias", "r2", JC_F32, 2, 1, JC_E_FORMAT,
     "cannot read tensor 'r2' of @: its shape is [2], not [2, 2]"},
    {NULL, NULL, "map.0.1.weight", "map.1.0.weight", JC_F32, 2, 1, JC_E_FORMAT,
     "cannot read tensor 'map.1.0.weight' of @: there is no such map in 1 layers"},
    {NULL, NULL, "map.0.1.weight", "map.0.999999999.weight", JC_F32, 2, 1, JC_E_FORMAT,
     "cannot read tensor 'map.0.999999999.weight' of @: there is no such map in 1 layers"},
    {NULL, NULL, "map.0.1.bias", "", JC_F32, 2, 1, JC_E_FORMAT,
     "cannot read shortcuts of @: tensor 'map.0.1.bias' is missing"},
    {NULL, NULL, "map.0.1.weight", "", JC_F32, 2, 1, JC_E_FORMAT,
     "cannot read shortcuts of @: tensor 'map.0.1.weight' is missing"},
    {NULL, NULL, "map.0.1.weight", NULL, JC_I16, 2, 1, JC_E_UNSUPPORTED,
     "cannot read tensor 'map.0.1.weight' of @: it is I16, not F32, F16, BF16 or I8"},
    {NULL, NULL, "map.0.1.weight", NULL, JC_F32, 3, 1, JC_E_FORMAT,
     "cannot read tensor 'map.0.1.weight' of @: its shape is [3, 2], not [2, 2]"},
    {NULL, NULL, "map.0.1.bias", NULL, JC_F32, 1, 1, JC_E_FORMAT,
     "cannot read tensor 'map.0.1.bias' of @: its shape is [1], not [2]"},
    {NULL, NULL, "map.0.1.bias", NULL, JC_F32, 2, NAN, JC_E_NUMERIC,
     "cannot read tensor 'map.0.1.bias' of @: element 0 is not finite"},
    {NULL, NULL, "map.0.1.weight", NULL, JC_F32, 2, INFINITY, JC_E_NUMERIC,
     "cannot read tensor 'map.0.1.weight' of @: element 0 is not finite"},
};

static void test_shortcut_file__wrong_ones_are_refused_by_name(void **state)
{
    const char *path = scratch_path(state, "wrong.safetensors");

    for (size_t i = 0; i < JC_COUNT(wrongs); i++) {
        const wrong *w = &wrongs[i];
        const char *at = strchr(w->message, '@');
        jc_shortcut *s = NULL;
        jc_error err;
        char want[1400];

        write_wrong(path, w);
        snprintf(want, sizeof want, "%.*s'%s'%s", (int)(at - w->message), w->message, path,
                 at + 1);
        assert_int_equal(jc_shortcut_open(&s, path, &err), w->status);
        assert_string_equal(err.message, want);
        assert_null(s);
    }
}

static void test_shortcut_file__right_ones_of_that_kind_are_not(void **state)
{
    static const wrong none = {0};
    const char *path = scratch_path(state, "right.safetensors");
    float x[2] = {5, 7}, y[2];
    jc_shortcut *s;

    write_wrong(path, &none);
    assert_int_equal(jc_shortcut_open(&s, path, NULL), JC_OK);
    assert_int_equal(jc_shortcut_apply(s, 0, 1, x, 1, y, NULL), JC_OK);
    assert_true(y[0] == 6 && y[1] == 7); /* weight 1, bias (1, 0) */
    jc_shortcut_free(s);
}

static void test_shortcut_file__without_maps_is_refused(void **state)
{
    jc_shortcut *s;
    const char *path = scratch_path(state, "none");
    jc_error err;
    char want[1200];

    assert_int_equal(jc_shortcut_new(&s, &jc_form_dense, L, D, NULL), JC_OK);
    assert_int_equal(jc_shortcut_save(s, path, NULL), JC_OK);
    jc_shortcut_free(s);
    assert_int_equal(jc_shortcut_open(&s, path, &err), JC_E_FORMAT);
    snprintf(want, sizeof want, "cannot read shortcuts of '%s': it has no maps", path);
    assert_string_equal(err.message, want);
}

/* A header of any length puts the data at any address. */
static void test_shortcut_file__data_need_not_be_aligned(void **state)
{
    jc_shortcut *s = some(&jc_form_affine), *t;
    const char *path = scratch_path(state, "a");
    float x[D] = {1, -2, 3, 0.5f}, y[D], z[D];
    size_t size;

    assert_int_equal(jc_shortcut_save(s, path, NULL), JC_OK);
    unsigned char *bytes = slurp(path, &size);
    unsigned char *moved = malloc(size + 1);
    size_t header = bytes[0] + 256u * bytes[1];
    memcpy(moved, bytes, 8 + header);
    moved[8 + header] = ' ';
    memcpy(moved + 9 + header, bytes + 8 + header, size - 8 - header);
    moved[0] = (unsigned char)((header + 1) % 256);
    moved[1] = (unsigned char)((header + 1) / 256);
    scratch_write(state, "moved", moved, size + 1);
    assert_int_equal(jc_shortcut_open(&t, scratch_path(state, "moved"), NULL), JC_OK);
    assert_int_equal(jc_shortcut_apply(s, 1, 2, x, 1, y, NULL), JC_OK);
    assert_int_equal(jc_shortcut_apply(t, 1, 2, x, 1, z, NULL), JC_OK);
    assert_memory_equal(y, z, sizeof y);
    free(bytes);
    free(moved);
    jc_shortcut_free(s);
    jc_shortcut_free(t);
}

static void test_shortcut_file__cut_anywhere_is_refused(void **state)
{
    jc_shortcut *s = some(&jc_form_affine), *t = NULL;
    const char *path = scratch_path(state, "whole");
    size_t size;

    assert_int_equal(jc_shortcut_save(s, path, NULL), JC_OK);
    unsigned char *bytes = slurp(path, &size);
    for (size_t n = 0; n < size; n += n < 64 ? 1 : 37) {
        scratch_write(state, "cut", bytes, n);
        assert_int_equal(jc_shortcut_open(&t, scratch_path(state, "cut"), NULL),
                         JC_E_FORMAT);
    }
    free(bytes);
    jc_shortcut_free(s);
}

static void test_shortcut_file__short_memory_leaves_nothing(void **state)
{
    const char *path = scratch_path(state, "shortcuts");
    jc_shortcut *s = some(&jc_form_affine), *t = NULL;
    jc_status st = JC_E_NOMEM;

    for (long n = 0; st == JC_E_NOMEM; n++) {
        jc_alloc_fail_after(n);
        st = jc_shortcut_save(s, path, NULL);
        jc_alloc_fail_after(-1);
        assert_int_equal(scratch_count(state), st == JC_OK ? 1 : 0);
    }
    assert_int_equal(st, JC_OK);
    st = JC_E_NOMEM;
    for (long n = 0; st == JC_E_NOMEM; n++) {
        jc_alloc_fail_after(n);
        st = jc_shortcut_open(&t, path, NULL);
        jc_alloc_fail_after(-1);
    }
    assert_int_equal(st, JC_OK);
    jc_shortcut_free(s);
    jc_shortcut_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(test_shortcut_file__open_then_save_is_equal_bytes),
        SCRATCH_TEST(test_shortcut_file__wrong_ones_are_refused_by_name),
        SCRATCH_TEST(test_shortcut_file__right_ones_of_that_kind_are_not),
        SCRATCH_TEST(test_shortcut_file__without_maps_is_refused),
        SCRATCH_TEST(test_shortcut_file__data_need_not_be_aligned),
        SCRATCH_TEST(test_shortcut_file__cut_anywhere_is_refused),
        SCRATCH_TEST(test_shortcut_file__short_memory_leaves_nothing),
    };
    return cmocka_run_group_tests_name("shortcut/file", tests, NULL, NULL);
}
