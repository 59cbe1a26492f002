/* SPDX-License-Identifier: MIT */
/* Maps in files of other programs: what torch, numpy and the tuned-lens package wrote
 * (tests/golden/make_foreign.py) is read to the last bit, or within rounding of I + weight;
 * what is written is read again; and what is no map is refused by name. */
#include "support/scratch.h"

#include <math.h>
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

static jc_shortcut *read_file(const char *path, const char *pair)
{
    jc_model *model = tiny();
    jc_shortcut *s = NULL;
    jc_error err;

    if (jc_convert_read(&s, path, model, pair, false, &err))
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
                 {FOREIGN "old.pt", "1:2", "old", 0},
                 {FOREIGN "one.npy", "0:2", "one", 0}};

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
        bool npy = strcmp(format, "npy") == 0;
        char name[64];
        snprintf(name, sizeof name, npy ? "%s.npy" : "%s", format);
        const char *path = scratch_path(state, name);
        jc_status st = jc_convert_write(lens, path, format, npy ? "1:3" : NULL, &err);
        if (npy) { /* a lens has constants */
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
}

static void check_refused(const char *path, const char *pair, jc_status status,
                          const char *message)
{
    jc_model *model = tiny();
    jc_shortcut *s = NULL;
    jc_error err;

    assert_int_equal(jc_convert_read(&s, path, model, pair, false, &err), status);
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
    static const char *const files[] = {FOREIGN "layers.pt", FOREIGN "old.pt",
                                        FOREIGN "pickles/1_3.pickle"};
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
    jc_shortcut *s = NULL;
    jc_error err;

    check_refused(FOREIGN "old.pt", NULL, JC_E_ARG,
                  "does not say which layers its map is of: give '--pair 3:3'");
    check_refused(FOREIGN "old.pt", "2:1", JC_E_ARG, "'2:1' is no pair of layers");
    check_refused(FOREIGN "nothing", NULL, JC_E_IO, "cannot read");
    scratch_text(state, "text.npy", "no numbers at all, but some text");
    check_refused(scratch_path(state, "text.npy"), "0:1", JC_E_FORMAT,
                  "it is no .npy file");
    assert_int_equal(jc_convert_read(&s, FOREIGN "old.pt", NULL, "0:1", false, &err),
                     JC_E_ARG);
    jc_model *other;
    assert_int_equal(jc_model_inspect(&other, JC_SOURCE_DIR "/data/demo", NULL), JC_OK);
    assert_int_equal(jc_convert_read(&s, FOREIGN "lens", other, NULL, false, &err),
                     JC_E_MISMATCH);
    assert_non_null(strstr(err.message, "is of 3 layers of width 24"));
    assert_int_equal(jc_convert_read(&s, FOREIGN "old.pt", other, "0:1", false, &err),
                     JC_E_MISMATCH);
    jc_model_close(other);
}

static void test_foreign__short_memory_is_a_status(void **state)
{
    jc_model *model = tiny();
    jc_status st = JC_E_NOMEM;
    jc_shortcut *s = NULL;
    const char *path = scratch_path(state, "lens");

    for (long n = 0; st == JC_E_NOMEM; n++) {
        jc_alloc_fail_after(n);
        st = jc_convert_read(&s, FOREIGN "layers.pt", model, NULL, false, NULL);
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
        cmocka_unit_test(test_foreign__damaged_files_are_refused),
        SCRATCH_TEST(test_foreign__says_what_is_missing_or_wrong),
        SCRATCH_TEST(test_foreign__short_memory_is_a_status),
    };
    return cmocka_run_group_tests_name("shortcut/foreign", tests, NULL, NULL);
}
