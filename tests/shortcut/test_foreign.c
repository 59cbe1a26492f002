/* SPDX-License-Identifier: MIT */
/* Maps in files of other programs: what torch, numpy and the tuned-lens package wrote
 * (tests/golden/make_foreign.py) is read to the last bit, or within rounding of I + weight;
 * what is written is read again; and what is no map is refused by name. */
#include "support/scratch.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jumpcut/convert.h"
#include "shortcut/shortcut.h"
#include "store/torch.h"

#define GOLDEN  JC_SOURCE_DIR "/tests/golden/"
#define FOREIGN GOLDEN "foreign/"

enum { L = 3, D = 24 };

static jc_model *tiny(void)
{
    jc_model *model;

    assert_int_equal(jc_model_inspect(&model, GOLDEN "models/tiny-gpt2", NULL), JC_OK);
    return model;
}

static jc_convert_params params_of(const char *pair, const char *last)
{
    jc_convert_params params;

    jc_convert_params_init(&params);
    params.pair = pair;
    params.last = last;
    return params;
}

static jc_shortcut *read_file(const char *path, const char *pair)
{
    const jc_convert_params params = params_of(pair, "auto");
    jc_model *model = tiny();
    jc_shortcut *s = NULL;
    jc_error err;

    if (jc_convert_read(&s, path, model, &params, &err))
        fail_msg("%s: %s", path, err.message);
    assert_int_equal(jc_shortcut_check(s, model, NULL), JC_OK);
    jc_model_close(model);
    return s;
}

/* Every map of the golden file of that name, and no other. */
static void check_maps(const jc_shortcut *s, const char *file, double tolerance)
{
    jc_safetensors *wanted;
    size_t n = 0, maps = 0;

    assert_int_equal(jc_safetensors_open(&wanted, FOREIGN "wanted.safetensors", NULL),
                     JC_OK);
    for (size_t i = 0; i < jc_safetensors_count(wanted); i++) {
        const jc_tensor *t = jc_safetensors_at(wanted, i);
        unsigned from, to;
        char what[16];
        size_t length = strlen(file);
        if (strncmp(t->name, file, length) != 0 || t->name[length] != '.')
            continue;
        assert_int_equal(sscanf(t->name + length, ".%u.%u.%15s", &from, &to, what), 3);
        const jc_map *map = jc_shortcut_find(s, from, to);
        assert_non_null(map);
        const float *got = jc_map_floats(map, what);
        assert_non_null(got);
        float want[D * D];
        jc_tensor_read(t, 0, t->count, want);
        for (size_t k = 0; k < t->count; k++)
            if (!(fabs((double)got[k] - (double)want[k]) <= tolerance))
                fail_msg("%s: %.9g, not %.9g", t->name, (double)got[k], (double)want[k]);
        maps += strcmp(what, "weight") == 0;
    }
    while (jc_shortcut_map(s, n))
        n++;
    assert_int_equal(n, maps);
    assert_true(n > 0);
    jc_safetensors_close(wanted);
}

static void test_foreign__what_others_wrote_is_read(void **state)
{
    static const struct {
        const char *path, *pair, *file;
        double tolerance;
    } cases[] = {{FOREIGN "lens", NULL, "lens", 2e-7},
                 {FOREIGN "pickles", NULL, "pickles", 0},
                 {FOREIGN "layers.pt", NULL, "layers", 0},
                 {FOREIGN "j-lens.pt", NULL, "j-lens", 0},
                 {FOREIGN "old.pt", "1:2", "old", 0},
                 {FOREIGN "one.npy", "0:2", "one", 0},
                 {FOREIGN "half.npy", "0:1", "half", 0},
                 {FOREIGN "arrays.pt", NULL, "arrays", 0},
                 {FOREIGN "arrays", NULL, "arrays-each", 0},
                 {FOREIGN "stack.pt", NULL, "stack", 0},
                 {FOREIGN "stack.npy", NULL, "stack-npy", 0},
                 {FOREIGN "j-stack.pt", NULL, "j-stack", 0}};

    (void)state;
    for (size_t i = 0; i < JC_COUNT(cases); i++) {
        jc_shortcut *s = read_file(cases[i].path, cases[i].pair);
        check_maps(s, cases[i].file, cases[i].tolerance);
        jc_shortcut_free(s);
    }
}

static void test_foreign__what_is_written_is_read_again(void **state)
{
    jc_shortcut *lens = read_file(FOREIGN "lens", NULL), *again;
    jc_error err;

    for (size_t i = 0; jc_convert_format_at(i); i++) {
        const char *format = jc_convert_format_at(i)->name;
        bool npy = strcmp(format, "npy") == 0, constants = strcmp(format, "j-lens") != 0;
        char name[64];
        snprintf(name, sizeof name, npy ? "%s.npy" : "%s", format);
        const char *path = scratch_path(state, name);
        jc_status st = jc_convert_write(lens, path, format, npy ? "1:3" : NULL, &err);
        if (npy || !constants) { /* a tuned lens has some */
            assert_int_equal(st, JC_E_UNSUPPORTED);
            continue;
        }
        if (st)
            fail_msg("%s: %s", format, err.message);
        again = read_file(path, NULL);
        check_maps(again, "lens", 4e-7);
        jc_shortcut_free(again);
    }
    jc_shortcut_free(lens);
    jc_shortcut *one = read_file(FOREIGN "one.npy", "0:2");
    const char *path = scratch_path(state, "again.npy");
    assert_int_equal(jc_convert_write(one, path, "npy", NULL, NULL), JC_OK);
    again = read_file(path, "0:2");
    check_maps(again, "one", 0);
    jc_shortcut_free(again);
    jc_shortcut_free(one);
    jc_shortcut *jacobians = read_file(FOREIGN "j-lens.pt", NULL);
    path = scratch_path(state, "again.pt");
    assert_int_equal(jc_convert_write(jacobians, path, "j-lens", NULL, NULL), JC_OK);
    again = read_file(path, NULL);
    check_maps(again, "j-lens", 0);
    jc_shortcut_free(again);
    jc_shortcut_free(jacobians);
}

static void check_refused(const char *path, const char *pair, jc_status status,
                          const char *message)
{
    const jc_convert_params params = params_of(pair, "auto");
    jc_model *model = tiny();
    jc_shortcut *s = NULL;
    jc_error err;

    assert_int_equal(jc_convert_read(&s, path, model, &params, &err), status);
    assert_null(s);
    if (!strstr(err.message, message))
        fail_msg("'%s' does not say '%s'", err.message, message);
    jc_model_close(model);
}

static void test_foreign__a_hostile_pickle_runs_nothing(void **state)
{
    (void)state;
    check_refused(
        FOREIGN "hostile.pickle", NULL, JC_E_UNSUPPORTED,
        "its pickle wants 'posix.system', which is not run; only tensors in dicts "
        "and lists are read");
    assert_int_equal(access("hostile-was-here", F_OK), -1);
}

static void test_foreign__arrays_of_numpy_are_numbers_alone(void **state)
{
    (void)state;
    check_refused(FOREIGN "objects.pickle", "0:3", JC_E_UNSUPPORTED,
                  "an array of numpy has the type 'O8', which is not read");
    check_refused(FOREIGN "big-endian.pickle", "0:3", JC_E_UNSUPPORTED,
                  "their largest byte first; save it as '<f4'");
}

/* A tensor of all layers must be of all layers, and of this width. */
static void test_foreign__a_stack_must_fit_the_model(void **state)
{
    jc_shortcut *s = NULL;
    jc_model *demo;
    jc_error err;

    (void)state;
    check_refused(FOREIGN "stack.pt", "0:3", JC_E_ARG, "leave out '--pair'");
    check_refused(FOREIGN "stack.npy", "0:3", JC_E_ARG, "leave out '--pair'");
    assert_int_equal(jc_model_inspect(&demo, JC_SOURCE_DIR "/data/demo", NULL), JC_OK);
    assert_int_equal(jc_convert_read(&s, FOREIGN "stack.pt", demo, NULL, &err),
                     JC_E_MISMATCH);
    assert_non_null(strstr(err.message, "it has 3 matrices; '"));
    assert_non_null(strstr(err.message, "that are mapped to the last"));
    assert_null(s);
    jc_model_close(demo);
}

/* The bytes of a golden file. */
static size_t slurp(const char *path, unsigned char *bytes, size_t size)
{
    FILE *f = fopen(path, "rb");

    assert_non_null(f);
    size_t n = fread(bytes, 1, size, f);
    fclose(f);
    return n;
}

static void test_foreign__damaged_files_are_refused(void **state)
{
    static const char *const files[] = {
        FOREIGN "layers.pt",          FOREIGN "old.pt",
        FOREIGN "pickles/1_3.pickle", FOREIGN "arrays.pt",
        FOREIGN "arrays/0_3.pickle",  FOREIGN "arrays/1_3.pickle",
        FOREIGN "arrays/2_3.pickle"};
    static unsigned char bytes[1 << 16];

    (void)state;
    for (size_t i = 0; i < JC_COUNT(files); i++) {
        size_t size = slurp(files[i], bytes, sizeof bytes);
        for (size_t n = 0; n < size; n += n < 400 ? 1 : 97) { /* cut short */
            jc_torch *t = NULL;
            jc_error err;
            jc_status st = jc_torch_parse(&t, bytes, n, "cut", &err);
            assert_true(st == JC_E_FORMAT || st == JC_E_UNSUPPORTED);
            assert_null(t);
        }
        for (size_t n = 0; n < size && n < 900; n++) { /* a byte is another */
            unsigned char had = bytes[n];
            jc_torch *t = NULL;
            bytes[n] ^= 0x5a;
            if (jc_torch_parse(&t, bytes, size, "changed", NULL) == JC_OK)
                for (size_t k = 0; k < jc_torch_count(t); k++)
                    if (jc_dtype_real(jc_torch_at(t, k)->dtype) &&
                        jc_torch_at(t, k)->count) {
                        float x;
                        jc_tensor_read(jc_torch_at(t, k), jc_torch_at(t, k)->count - 1, 1,
                                       &x);
                    }
            jc_torch_close(t);
            bytes[n] = had;
        }
    }
}

static void test_foreign__says_what_is_missing_or_wrong(void **state)
{
    const jc_convert_params first = params_of("0:1", "auto");
    jc_shortcut *s = NULL;
    jc_error err;

    check_refused(FOREIGN "old.pt", NULL, JC_E_ARG,
                  "does not say which layers its map is of: give '--pair 0:3'");
    check_refused(FOREIGN "old.pt", "2:1", JC_E_ARG, "'2:1' is not a pair of layers");
    check_refused(FOREIGN "nothing", NULL, JC_E_IO, "cannot read");
    scratch_text(state, "text.npy", "no numbers at all, but some text");
    check_refused(scratch_path(state, "text.npy"), "0:1", JC_E_FORMAT,
                  "it is no .npy file");
    assert_int_equal(jc_convert_read(&s, FOREIGN "old.pt", NULL, &first, &err), JC_E_ARG);
    jc_model *other;
    assert_int_equal(jc_model_inspect(&other, JC_SOURCE_DIR "/data/demo", NULL), JC_OK);
    assert_int_equal(jc_convert_read(&s, FOREIGN "lens", other, NULL, &err), JC_E_MISMATCH);
    assert_non_null(strstr(err.message, "is of 3 layers of width 24"));
    assert_int_equal(jc_convert_read(&s, FOREIGN "old.pt", other, &first, &err),
                     JC_E_MISMATCH);
    jc_model_close(other);
}

static void spill(const char *path, const unsigned char *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    fclose(f);
}

/* Of every format that others write. */
static void test_foreign__numbers_that_are_not_finite_are_refused(void **state)
{
    static unsigned char bytes[1 << 14];
    float weight[D * D] = {0}, bad[] = {NAN, INFINITY};
    const char *npy = scratch_path(state, "nan.npy"), *pt = scratch_path(state, "nan.pt");
    const jc_torch_entry entry = {"1.weight", 0, weight, 2, {D, D}};

    for (size_t i = 0; i < JC_COUNT(bad); i++) {
        size_t n = slurp(FOREIGN "one.npy", bytes, sizeof bytes);
        memcpy(bytes + n - 7 * sizeof *bad, &bad[i], sizeof *bad);
        spill(npy, bytes, n);
        check_refused(npy, "0:2", JC_E_NUMERIC, "element 569 is not finite");
        weight[30] = bad[i];
        assert_int_equal(jc_torch_write(pt, &entry, 1, NULL), JC_OK);
        check_refused(pt, NULL, JC_E_NUMERIC, "tensor '1.weight' of '");
        check_refused(pt, NULL, JC_E_NUMERIC, "element 30 is not finite");
    }
}

static void test_foreign__a_lens_cut_short_is_refused(void **state)
{
    static unsigned char bytes[1 << 16];
    const char *folder = scratch_path(state, "cut"), *to;

    assert_int_equal(mkdir(folder, 0777), 0);
    size_t n = slurp(FOREIGN "lens/config.json", bytes, sizeof bytes);
    spill(scratch_path(state, "cut/config.json"), bytes, n);
    n = slurp(FOREIGN "lens/params.pt", bytes, sizeof bytes);
    to = scratch_path(state, "cut/params.pt");
    for (size_t k = 1; k < 16; k++) {
        spill(to, bytes, n * k / 16);
        check_refused(folder, NULL, JC_E_FORMAT, "params.pt");
    }
    n = slurp(FOREIGN "one.npy", bytes, sizeof bytes);
    to = scratch_path(state, "cut.npy");
    for (size_t k = 0; k < n; k += k < 140 ? 1 : 101) {
        spill(to, bytes, k);
        check_refused(to, "0:2", JC_E_FORMAT, "cut.npy");
    }
}

static void test_foreign__an_array_of_another_kind_is_named(void **state)
{
    static const struct {
        const char *from, *to, *said;
        jc_status status;
    } rows[] = {{"'<f4'", "'>f4'", "little-endian machine; x.astype('<f4')", JC_E_FORMAT},
                {"'<f4'", "'<i4'", "are not float16, float32 or float64", JC_E_FORMAT},
                {"(24, 24)", "(576,)  ", "no matrix, nor one for each layer", JC_E_FORMAT},
                {"(24, 24)", "(48, 12)", "it is [48, 12], and a map of '", JC_E_MISMATCH}};
    static unsigned char bytes[1 << 14];
    const char *path = scratch_path(state, "kind.npy");

    for (size_t i = 0; i < JC_COUNT(rows); i++) {
        size_t n = slurp(FOREIGN "one.npy", bytes, sizeof bytes), at = 10;
        while (memcmp(bytes + at, rows[i].from, strlen(rows[i].from)) != 0)
            at++;
        memcpy(bytes + at, rows[i].to, strlen(rows[i].to));
        spill(path, bytes, n);
        check_refused(path, "0:2", rows[i].status, rows[i].said);
    }
}

/* What a file of maps to the last layer is taken for; NULL: it is refused as normed. */
static jc_shortcut *read_last(const jc_model *model, const char *path, const char *last)
{
    const jc_convert_params params = params_of(NULL, last);
    jc_shortcut *s = NULL;
    jc_error err;
    jc_status st = jc_convert_read(&s, path, model, &params, &err);

    if (st && (st != JC_E_MISMATCH || !strstr(err.message, "'--last normed' converts")))
        fail_msg("%s: %s", path, err.message);
    return s;
}

/* Of affine maps from layer 1 of normed.pt, and what became of them, against the norm's own
 * numbers: weight * (W h + c) + bias are the numbers of the file. */
static void check_taken_back(const jc_shortcut *got, const jc_shortcut *file)
{
    const jc_map *a = jc_shortcut_find(got, 1, L), *b = jc_shortcut_find(file, 1, L);
    const float *w = jc_map_floats(a, "weight"), *c = jc_map_floats(a, "bias");
    float scale[D], shift[D];
    jc_safetensors *model;

    assert_int_equal(
        jc_safetensors_open(&model, GOLDEN "models/tiny-gpt2/model.safetensors", NULL),
        JC_OK);
    jc_tensor_read(jc_safetensors_find(model, "transformer.ln_f.weight"), 0, D, scale);
    jc_tensor_read(jc_safetensors_find(model, "transformer.ln_f.bias"), 0, D, shift);
    for (size_t r = 0; r < D; r++) {
        assert_true(fabsf(c[r] * scale[r] + shift[r] - jc_map_floats(b, "bias")[r]) <
                    1e-5F);
        for (size_t k = 0; k < D; k++)
            assert_true(fabsf(w[r * D + k] * scale[r] -
                              jc_map_floats(b, "weight")[r * D + k]) < 1e-5F);
    }
    jc_safetensors_close(model);
}

static void test_foreign__maps_to_the_state_after_the_norm_are_found(void **state)
{
    jc_model *model;

    (void)state;
    assert_int_equal(jc_model_open(&model, GOLDEN "models/tiny-gpt2", NULL, NULL), JC_OK);
    assert_null(read_last(model, FOREIGN "normed.pt", "auto"));
    jc_shortcut *plain = read_last(model, FOREIGN "state.pt", "auto");
    assert_non_null(plain);
    jc_shortcut *file = read_last(model, FOREIGN "normed.pt", "state");
    jc_shortcut *back = read_last(model, FOREIGN "normed.pt", "normed");
    assert_non_null(file);
    assert_non_null(back);
    check_taken_back(back, file);
    assert_string_equal(jc_shortcut_meta(back, "converted.last"), "normed");
    jc_shortcut_free(plain);
    jc_shortcut_free(file);
    jc_shortcut_free(back);
    jc_model_close(model);
}

static void test_foreign__short_memory_is_a_status(void **state)
{
    jc_model *model = tiny();
    jc_status st = JC_E_NOMEM;
    jc_shortcut *s = NULL;
    const char *path = scratch_path(state, "lens");

    for (long n = 0; st == JC_E_NOMEM; n++) {
        jc_alloc_fail_after(n);
        st = jc_convert_read(&s, FOREIGN "layers.pt", model, NULL, NULL);
        jc_alloc_fail_after(-1);
    }
    assert_int_equal(st, JC_OK);
    st = JC_E_NOMEM;
    for (long n = 0; st == JC_E_NOMEM; n++) {
        jc_alloc_fail_after(n);
        st = jc_convert_write(s, path, "tuned-lens", NULL, NULL);
        jc_alloc_fail_after(-1);
    }
    assert_int_equal(st, JC_OK);
    jc_shortcut_free(s);
    jc_model_close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_foreign__what_others_wrote_is_read),
        SCRATCH_TEST(test_foreign__what_is_written_is_read_again),
        cmocka_unit_test(test_foreign__a_hostile_pickle_runs_nothing),
        cmocka_unit_test(test_foreign__arrays_of_numpy_are_numbers_alone),
        cmocka_unit_test(test_foreign__a_stack_must_fit_the_model),
        cmocka_unit_test(test_foreign__damaged_files_are_refused),
        SCRATCH_TEST(test_foreign__says_what_is_missing_or_wrong),
        SCRATCH_TEST(test_foreign__numbers_that_are_not_finite_are_refused),
        SCRATCH_TEST(test_foreign__a_lens_cut_short_is_refused),
        SCRATCH_TEST(test_foreign__an_array_of_another_kind_is_named),
        cmocka_unit_test(test_foreign__maps_to_the_state_after_the_norm_are_found),
        SCRATCH_TEST(test_foreign__short_memory_is_a_status),
    };
    return cmocka_run_group_tests_name("shortcut/foreign", tests, NULL, NULL);
}
