/* SPDX-License-Identifier: MIT */
/* Maps in fewer bits: the nearest numbers that the type has, kept by files, run like
 * others.
 */
#include "support/scratch.h"

#include <math.h>

#include "shortcut/shortcut.h"

enum { L = 2, D = 33 };

static jc_shortcut *some(void)
{
    static const jc_form *const forms[] = {&jc_form_affine, &jc_form_low_rank};
    jc_shortcut *s;
    uint64_t seed = 9;

    assert_int_equal(jc_shortcut_new(&s, &jc_form_affine, L, D, NULL), JC_OK);
    for (uint32_t l = 0; l < L; l++) {
        const jc_map_spec spec = {
            .form = forms[l], .place = jc_place_layers(l, L), .rank = 5, .optional = true};
        jc_map *map;
        assert_int_equal(jc_shortcut_add(s, &spec, &map, NULL), JC_OK);
        for (size_t t = 0; map->form->tensors[t].name; t++)
            for (size_t i = 0; i < map->tensor[t].rows * map->tensor[t].cols; i++)
                ((float *)map->tensor[t].own)[i] =
                    check_rand(&seed) * exp2f(-(float)(i % 21)) * (i % 7 ? 1 : 0);
    }
    return s;
}

/* The largest distance to a number of the type, for x not too large. */
static double bound(const char *type, double x, double row_most)
{
    if (strcmp(type, "f32") == 0)
        return 0;
    if (strcmp(type, "bf16") == 0)
        return fabs(x) * 0x1p-8;
    if (strcmp(type, "f16") == 0)
        return fmax(fabs(x) * 0x1p-11, 0x1p-25);
    return row_most / 254 * 1.0001;
}

static void check_type(void *const *state, const char *type)
{
    jc_shortcut *whole = some(), *s = some(), *opened;
    const char *path = scratch_path(state, type);
    double error, off = 0;
    float x[D], y[D], z[D], *got = calloc(D * D, sizeof *got);
    jc_error err;

    if (jc_shortcut_store(s, type, &error, &err))
        fail_msg("%s: %s", type, err.message);
    assert_string_equal(jc_shortcut_meta(s, "store"), type);
    for (uint32_t l = 0; l < L; l++) {
        const jc_map *a = jc_shortcut_find(whole, l, L), *b = jc_shortcut_find(s, l, L);
        double apart = 0, size = 0;
        for (size_t t = 0; a->form->tensors[t].name; t++) {
            const float *want = a->tensor[t].data;
            size_t rows = a->tensor[t].rows, cols = a->tensor[t].cols;
            jc_numbers_read(&b->tensor[t], 0, rows * cols, got);
            for (size_t r = 0; r < rows; r++) {
                double most = 0;
                for (size_t c = 0; c < cols; c++)
                    most = fmax(most, fabs((double)want[r * cols + c]));
                for (size_t c = 0; c < cols; c++) {
                    double w = (double)want[r * cols + c], g = (double)got[r * cols + c];
                    if (cols == 1)
                        assert_true(w == g); /* vectors stay */
                    else if (!(fabs(w - g) <= bound(type, w, most)))
                        fail_msg("%s: %.9g is stored as %.9g", type, w, g);
                    apart += cols == 1 ? 0 : (w - g) * (w - g);
                    size += cols == 1 ? 0 : w * w;
                }
            }
        }
        off = fmax(off, sqrt(apart / size));
    }
    assert_true(fabs(off - error) <= 1e-9);
    if (jc_shortcut_save(s, path, &err) || jc_shortcut_open(&opened, path, &err))
        fail_msg("%s: %s", type, err.message);
    for (size_t i = 0; i < D; i++)
        x[i] = (float)sin((double)i);
    for (uint32_t l = 0; l < L; l++) {
        assert_int_equal(jc_shortcut_apply(s, l, L, x, 1, y, NULL), JC_OK);
        assert_int_equal(jc_shortcut_apply(opened, l, L, x, 1, z, NULL), JC_OK);
        assert_memory_equal(y, z, sizeof y);
    }
    free(got);
    jc_shortcut_free(whole);
    jc_shortcut_free(s);
    jc_shortcut_free(opened);
}

static void test_store__numbers_are_the_nearest_and_kept(void **state)
{
    check_type(state, "f32");
    check_type(state, "f16");
    check_type(state, "bf16");
    check_type(state, "int8");
}

static void test_store__says_what_it_cannot_do(void **state)
{
    jc_shortcut *s = some();
    double error;
    jc_error err;

    (void)state;
    assert_int_equal(jc_shortcut_store(s, "int4", &error, &err), JC_E_ARG);
    assert_string_equal(err.message, "'store' must be f32, f16, bf16 or int8, not 'int4'");
    ((float *)s->maps[0]->tensor[0].own)[3] = 1e6F;
    assert_int_equal(jc_shortcut_store(s, "f16", &error, &err), JC_E_NUMERIC);
    assert_string_equal(err.message,
                        "cannot store 'map.0.2' as F16: it has numbers beyond its range");
    jc_shortcut_free(s);
}

static void test_store__a_scale_belongs_to_eight_bits(void **state)
{
    jc_shortcut *s = some(), *t = NULL;
    const char *path = scratch_path(state, "wrong");
    double error;
    jc_error err;

    assert_int_equal(jc_shortcut_store(s, "int8", &error, NULL), JC_OK);
    s->maps[1]->tensor[1].dtype = JC_U8; /* no type of maps */
    assert_int_equal(jc_shortcut_save(s, path, NULL), JC_OK);
    assert_int_equal(jc_shortcut_open(&t, path, &err), JC_E_UNSUPPORTED);
    s->maps[1]->tensor[1].dtype = JC_I8;
    float *scale = s->maps[0]->tensor[0].scale;
    s->maps[0]->tensor[0].scale = NULL;
    assert_int_equal(jc_shortcut_save(s, path, NULL), JC_OK);
    assert_int_equal(jc_shortcut_open(&t, path, &err), JC_E_FORMAT);
    assert_non_null(strstr(err.message, "tensor 'map.0.2.weight_scale' is missing"));
    s->maps[0]->tensor[0].scale = scale;
    jc_shortcut_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(test_store__numbers_are_the_nearest_and_kept),
        cmocka_unit_test(test_store__says_what_it_cannot_do),
        SCRATCH_TEST(test_store__a_scale_belongs_to_eight_bits),
    };
    return cmocka_run_group_tests_name("shortcut/store", tests, NULL, NULL);
}
