/* SPDX-License-Identifier: MIT */
#include "support/scratch.h"

#include <string.h>

#include "base/file.h"
#include "store/gguf.h"
#include "store/gguf_bytes.h"

#define GGUF JC_SOURCE_DIR "/tests/golden/gguf/"

static jc_status parse(jc_gguf **out, const struct bytes *b, unsigned char **copy,
                       jc_error *err)
{
    *copy = malloc(b->n ? b->n : 1);
    assert_non_null(*copy);
    memcpy(*copy, b->data, b->n);
    return jc_gguf_parse(out, *copy, b->n, "m.gguf", err);
}

static void fails(const struct bytes *b, jc_status status, const char *message)
{
    unsigned char *copy;
    jc_gguf *file;
    jc_error err = {JC_OK, ""};

    assert_int_equal(parse(&file, b, &copy, &err), status);
    assert_null(file);
    assert_string_equal(err.message, message);
    free(copy);
}

static void test_gguf__each_type_has_exactly_the_values_of_the_package(void **state)
{
    jc_gguf *file;
    jc_safetensors *golden;
    jc_error err;

    (void)state;
    assert_int_equal(jc_gguf_open(&file, GGUF "types.gguf", &err), JC_OK);
    assert_int_equal(jc_safetensors_open(&golden, GGUF "types.golden.safetensors", &err),
                     JC_OK);
    assert_int_equal(jc_gguf_version(file), 3);
    assert_int_equal(jc_gguf_count(file), 34);
    for (size_t i = 0; i < jc_gguf_count(file); i++) {
        const jc_tensor *t = jc_gguf_at(file, i);
        const jc_tensor *want = jc_safetensors_find(golden, t->name);
        assert_non_null(want);
        assert_int_equal(t->n_dims, 2);
        assert_int_equal(t->shape[0], want->shape[0]);
        assert_int_equal(t->shape[1], want->shape[1]);
        float *got = malloc(t->count * sizeof *got);
        assert_non_null(got);
        jc_tensor_read(t, 0, t->count, got);
        for (size_t k = 0; k < t->count; k++) {
            float x;
            memcpy(&x, want->data + k * sizeof x, sizeof x);
            if (memcmp(&got[k], &x, sizeof x) != 0)
                fail_msg("%s, number %zu: %.9g for %.9g", t->name, k, (double)got[k],
                         (double)x);
        }
        for (size_t first = 1; first < 700; first += 37) { /* across blocks */
            float part[300];
            size_t n = first % 299 + 1;
            jc_tensor_read(t, first, n, part);
            assert_memory_equal(part, got + first, n * sizeof *part);
        }
        free(got);
    }
    jc_gguf_close(file);
    jc_safetensors_close(golden);
}

static void check_number(const jc_gguf *file, const char *key, jc_gguf_type type, double x)
{
    const jc_gguf_value *value = jc_gguf_get(file, key);

    assert_non_null(value);
    assert_int_equal(value->type, type);
    assert_false(value->array);
    assert_true(jc_gguf_number(value, 0) == x);
}

static void test_gguf__values_are_those_that_the_package_wrote(void **state)
{
    jc_gguf *file;
    jc_gguf_text text;
    const jc_gguf_value *list;
    uint32_t n;
    bool flag;
    jc_error err;

    (void)state;
    assert_int_equal(jc_gguf_open(&file, GGUF "types.gguf", &err), JC_OK);
    check_number(file, "kinds.uint8", JC_GGUF_U8, 200);
    check_number(file, "kinds.int8", JC_GGUF_I8, -100);
    check_number(file, "kinds.uint16", JC_GGUF_U16, 60000);
    check_number(file, "kinds.int16", JC_GGUF_I16, -30000);
    check_number(file, "kinds.uint32", JC_GGUF_U32, 4000000000);
    check_number(file, "kinds.int32", JC_GGUF_I32, -2000000000);
    check_number(file, "kinds.float32", JC_GGUF_F32, 0.5);
    check_number(file, "kinds.bool", JC_GGUF_BOOL, 1);
    check_number(file, "kinds.uint64", JC_GGUF_U64, 0x1p60);
    check_number(file, "kinds.int64", JC_GGUF_I64, -0x1p60);
    check_number(file, "kinds.float64", JC_GGUF_F64, 1.0 / 3);

    assert_int_equal(jc_gguf_text_of(file, "kinds.string", &text, &err), JC_OK);
    assert_int_equal(text.n, 6);
    assert_memory_equal(text.text, "K\xc3\xa4se\n", 6);
    assert_int_equal(jc_gguf_u32(file, "kinds.uint8", &n, &err), JC_OK);
    assert_int_equal(n, 200);
    assert_int_equal(jc_gguf_bool(file, "kinds.bool", &flag, &err), JC_OK);
    assert_true(flag);

    static const struct {
        const char *text;
        size_t n;
    } want[] = {{"", 0}, {"two", 3}, {"three\0", 6}};
    size_t at = 0;
    assert_int_equal(jc_gguf_list(file, "lists.text", true, &list, &err), JC_OK);
    assert_int_equal(list->n, 3);
    for (size_t i = 0; i < 3; i++) {
        text = jc_gguf_next(list, &at);
        assert_int_equal(text.n, want[i].n);
        assert_memory_equal(text.text, want[i].text, text.n);
    }
    assert_int_equal(jc_gguf_list(file, "lists.i32", false, &list, &err), JC_OK);
    assert_int_equal(list->n, 3);
    assert_true(jc_gguf_number(list, 1) == -2);
    assert_int_equal(jc_gguf_list(file, "lists.f32", false, &list, &err), JC_OK);
    assert_true(jc_gguf_number(list, 1) == -1.5);
    assert_null(jc_gguf_get(file, "lists"));
    assert_null(jc_gguf_value_at(file, jc_gguf_value_count(file)));
    jc_gguf_close(file);
}

static void test_gguf__what_a_key_lacks_is_said(void **state)
{
    const jc_gguf_value *list;
    jc_gguf *file;
    jc_gguf_text text;
    jc_error err;
    uint32_t n;
    bool flag;

    (void)state;
    assert_int_equal(jc_gguf_open(&file, GGUF "types.gguf", &err), JC_OK);
#define READ(key) "cannot read '" key "' of '" GGUF "types.gguf': "
    assert_int_equal(jc_gguf_u32(file, "none", &n, &err), JC_E_FORMAT);
    assert_string_equal(err.message, READ("none") "it is missing");
    static const char *const not_whole[] = {"kinds.int8", "kinds.float32", "kinds.uint64",
                                            "kinds.bool", "kinds.string",  "lists.i32"};
    for (size_t i = 0; i < JC_COUNT(not_whole); i++)
        assert_int_equal(jc_gguf_u32(file, not_whole[i], &n, &err), JC_E_FORMAT);
    assert_string_equal(err.message,
                        READ("lists.i32") "it is not a whole number from 0 to 4294967295");
    assert_int_equal(jc_gguf_bool(file, "kinds.uint8", &flag, &err), JC_E_FORMAT);
    assert_string_equal(err.message, READ("kinds.uint8") "it is not a boolean");
    assert_int_equal(jc_gguf_text_of(file, "lists.text", &text, &err), JC_E_FORMAT);
    assert_string_equal(err.message, READ("lists.text") "it is not text");
    assert_int_equal(jc_gguf_list(file, "lists.f32", true, &list, &err), JC_E_FORMAT);
    assert_string_equal(err.message, READ("lists.f32") "it is not a list of texts");
    assert_int_equal(jc_gguf_list(file, "kinds.uint8", false, &list, &err), JC_E_FORMAT);
    assert_string_equal(err.message, READ("kinds.uint8") "it is not a list of numbers");
    jc_gguf_close(file);
}

#define IT     "cannot read 'm.gguf': "
#define KEY    "cannot read 'k' of 'm.gguf': "
#define SHORT  IT "it is cut short: tensor 't' "
#define TENSOR "cannot read tensor 't' of 'm.gguf': "

static void test_gguf__bad_headers_are_refused(void **state)
{
    struct bytes b = {.n = 0};

    (void)state;
    fails(&b, JC_E_FORMAT, IT "it is not a GGUF file");
    put_header(&b, 3, 0, 0);
    b.n = 4;
    fails(&b, JC_E_FORMAT, IT "it ends within its header");
    b.n = 16;
    fails(&b, JC_E_FORMAT, IT "it ends within its header");
    put_header(&b, 1, 0, 0);
    fails(&b, JC_E_UNSUPPORTED, IT "version 1 of GGUF is not supported, only 2 and 3");
    put_header(&b, 3u << 24, 0, 0);
    fails(&b, JC_E_UNSUPPORTED,
          IT "version 50331648 of GGUF is not supported, only 2 and 3 (it may be of "
             "big-endian order)");
    put_header(&b, 3, UINT64_MAX, 0);
    fails(&b, JC_E_FORMAT,
          IT "18446744073709551615 tensors do not fit in the 0 bytes left: the file is cut "
             "short, or damaged");
    put_header(&b, 3, 0, 1u << 30);
    fails(&b, JC_E_FORMAT,
          IT "1073741824 keys do not fit in the 0 bytes left: the file is cut short, or "
             "damaged");
}

static void one_value(struct bytes *b, uint32_t type)
{
    put_header(b, 3, 0, 1);
    put_text(b, "k");
    put(b, type, 4);
}

static void test_gguf__bad_metadata_is_refused(void **state)
{
    struct bytes b;

    (void)state;
    put_header(&b, 3, 0, 1);
    put(&b, 1ull << 60, 8);
    put(&b, 0, 8);
    fails(&b, JC_E_FORMAT,
          IT "a key has a name of 1152921504606846976 bytes, and 8 are left: the file is "
             "cut short, or damaged");
    put_header(&b, 3, 0, 1);
    put_text(&b, "a\nb");
    put(&b, 0, 5);
    fails(&b, JC_E_FORMAT, IT "a key has a control character in its name");
    one_value(&b, 13);
    put(&b, 0, 8);
    fails(&b, JC_E_UNSUPPORTED, KEY "a value of type 13 is not known");
    one_value(&b, JC_GGUF_TEXT);
    put(&b, 1ull << 60, 8);
    fails(&b, JC_E_FORMAT,
          KEY "a text of 1152921504606846976 bytes does not fit in the 0 bytes left: the "
              "file is cut short, or damaged");
    one_value(&b, JC_GGUF_ARRAY);
    put(&b, JC_GGUF_ARRAY, 4);
    put(&b, 1, 8);
    fails(&b, JC_E_UNSUPPORTED, KEY "arrays of arrays are not supported");
    one_value(&b, JC_GGUF_ARRAY);
    put(&b, JC_GGUF_U32, 4);
    put(&b, 1ull << 62, 8);
    put(&b, 7, 4);
    fails(&b, JC_E_FORMAT,
          KEY "4611686018427387904 elements do not fit in the 4 bytes left: the file is "
              "cut short, or damaged");
    one_value(&b, JC_GGUF_ARRAY);
    put(&b, JC_GGUF_TEXT, 4);
    put(&b, 1ull << 62, 8);
    fails(&b, JC_E_FORMAT,
          KEY "4611686018427387904 elements do not fit in the 0 bytes left: the file is "
              "cut short, or damaged");
    one_value(&b, JC_GGUF_BOOL);
    put(&b, 2, 1);
    fails(&b, JC_E_FORMAT, KEY "a boolean is neither 0 nor 1");
    put_header(&b, 3, 0, 2);
    for (int i = 0; i < 2; i++) {
        put_text(&b, "k");
        put(&b, JC_GGUF_U32, 4);
        put(&b, 7, 4);
    }
    fails(&b, JC_E_FORMAT, KEY "the key is there twice");
}

static void one_tensor(struct bytes *b, uint64_t rows, uint64_t columns, uint32_t number,
                       uint64_t offset, size_t data)
{
    put_header(b, 3, 1, 0);
    put_tensor(b, "t", rows, columns, number, offset);
    pad(b, 32, data);
}

static void test_gguf__bad_tensors_are_refused(void **state)
{
    struct bytes b;

    (void)state;
    one_tensor(&b, 2, 4, 0, 0, 31);
    fails(&b, JC_E_FORMAT,
          SHORT "has 32 bytes from offset 0 on, and the data 31; download it again");
    one_tensor(&b, 2, 4, 0, 1ull << 63, 32);
    fails(&b, JC_E_FORMAT,
          SHORT "has 32 bytes from offset 9223372036854775808 on, and the data 32; "
                "download it again");
    one_tensor(&b, 2, 4, 0, 16, 64);
    fails(&b, JC_E_FORMAT, TENSOR "its offset 16 is not a multiple of 32");
    one_tensor(&b, 2, 0, 0, 0, 32);
    fails(&b, JC_E_FORMAT, TENSOR "its shape has a zero");
    one_tensor(&b, 0, 4, 0, 0, 32);
    fails(&b, JC_E_FORMAT, TENSOR "its shape has a zero");
    one_tensor(&b, 1ull << 33, 1ull << 33, 0, 0, 32);
    fails(&b, JC_E_FORMAT, TENSOR "its shape is too large");
    one_tensor(&b, 1ull << 31, 1ull << 31, 0, 0, 32);
    fails(&b, JC_E_FORMAT, TENSOR "its shape is too large");
    one_tensor(&b, 2, 33, 8, 0, 96);
    fails(&b, JC_E_FORMAT, TENSOR "a row of 33 is not made of Q8_0 blocks of 32");
    put_header(&b, 3, 1, 0);
    put_text(&b, "t");
    put(&b, 5, 4);
    put(&b, 0, 64);
    fails(&b, JC_E_UNSUPPORTED, TENSOR "it has 5 dimensions, at most 4 are supported");
    put_header(&b, 3, 1, 0); /* the data would begin after the end */
    put_tensor(&b, "t", 2, 4, 0, 0);
    fails(&b, JC_E_FORMAT,
          SHORT "has 32 bytes from offset 0 on, and the data 0; download it again");
    put_header(&b, 3, 2, 0); /* one more than there is */
    put_tensor(&b, "t", 2, 4, 0, 0);
    fails(&b, JC_E_FORMAT,
          IT
          "2 tensors do not fit in the 41 bytes left: the file is cut short, or damaged");
    put(&b, 0, 32);
    fails(&b, JC_E_FORMAT, IT "a tensor has an empty name");
    put_header(&b, 3, 1, 0);
    put(&b, 1ull << 60, 8);
    put(&b, 0, 24);
    fails(&b, JC_E_FORMAT,
          IT "a tensor has a name of 1152921504606846976 bytes, and 24 are left: the file "
             "is cut short, or damaged");
    put_header(&b, 3, 2, 0);
    put_tensor(&b, "t", 2, 4, 0, 0);
    put_tensor(&b, "t", 2, 4, 0, 32);
    pad(&b, 32, 64);
    fails(&b, JC_E_FORMAT, TENSOR "it is there twice");
}

/* They may be of no use; who needs one says that it cannot be read. */
static void test_gguf__tensors_of_other_types_do_no_harm(void **state)
{
    struct bytes b;
    unsigned char *copy;
    jc_gguf *file;

    (void)state;
    put_header(&b, 3, 3, 0);
    put_tensor(&b, "a", 2, 256, 41, 0);
    put_tensor(&b, "b", 1, 5, 4000000000, 64);
    put_tensor(&b, "c", 1, 1, 0, 96);
    pad(&b, 32, 96);
    put(&b, 0x3f800000, 4);
    assert_int_equal(parse(&file, &b, &copy, NULL), JC_OK);
    assert_int_equal(jc_gguf_find(file, "a")->dtype, JC_OTHER);
    assert_string_equal(jc_tensor_type(jc_gguf_find(file, "a")), "41 of GGUF");
    assert_string_equal(jc_tensor_type(jc_gguf_find(file, "b")), "4000000000 of GGUF");
    assert_false(jc_dtype_real(JC_OTHER));
    float one = 0;
    jc_tensor_read(jc_gguf_find(file, "c"), 0, 1, &one);
    assert_true(one == 1);
    jc_gguf_close(file);
    free(copy);
}

static void test_gguf__the_alignment_is_that_of_its_key(void **state)
{
    static const uint32_t bad[] = {0, 48};
    struct bytes b;
    unsigned char *copy;
    jc_gguf *file;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        put_header(&b, 2, 1, 1);
        put_text(&b, "general.alignment");
        put(&b, JC_GGUF_U32, 4);
        put(&b, i < 2 ? bad[i] : 128, 4);
        put_tensor(&b, "t", 1, 4, 24, 128);
        pad(&b, 128, 128);
        put(&b, 0x04030201, 4);
        if (i < 2)
            fails(&b, JC_E_FORMAT,
                  "cannot read 'general.alignment' of 'm.gguf': it is not a power of two");
    }
    assert_int_equal(parse(&file, &b, &copy, NULL), JC_OK);
    assert_int_equal(jc_gguf_version(file), 2);
    assert_int_equal(jc_gguf_find(file, "t")->data[3], 4);
    jc_gguf_close(file);
    jc_gguf_close(NULL);
    free(copy);
}

static void test_gguf__every_truncation_of_a_file_is_refused(void **state)
{
    jc_mapped map;
    jc_gguf *file;

    (void)state;
    assert_int_equal(jc_map_open(&map, GGUF "types.gguf", NULL), JC_OK);
    for (size_t n = 0; n < map.size; n = n < 2500 ? n + 1 : n + 997) {
        unsigned char *cut = malloc(n ? n : 1);
        assert_non_null(cut);
        memcpy(cut, map.data, n);
        assert_int_equal(jc_gguf_parse(&file, cut, n, "m", NULL), JC_E_FORMAT);
        free(cut);
    }
    jc_map_close(&map);
}

static void test_gguf__a_file_is_known_by_its_beginning(void **state)
{
    scratch_text(state, "short", "GG");
    scratch_text(state, "other", "GGUX and more");
    assert_true(jc_gguf_is(GGUF "types.gguf"));
    assert_false(jc_gguf_is(GGUF "types.golden.safetensors"));
    assert_false(jc_gguf_is(GGUF));
    assert_false(jc_gguf_is(scratch_path(state, "short")));
    assert_false(jc_gguf_is(scratch_path(state, "other")));
    assert_false(jc_gguf_is(scratch_path(state, "none")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gguf__each_type_has_exactly_the_values_of_the_package),
        cmocka_unit_test(test_gguf__values_are_those_that_the_package_wrote),
        cmocka_unit_test(test_gguf__what_a_key_lacks_is_said),
        cmocka_unit_test(test_gguf__bad_headers_are_refused),
        cmocka_unit_test(test_gguf__bad_metadata_is_refused),
        cmocka_unit_test(test_gguf__bad_tensors_are_refused),
        cmocka_unit_test(test_gguf__tensors_of_other_types_do_no_harm),
        cmocka_unit_test(test_gguf__the_alignment_is_that_of_its_key),
        cmocka_unit_test(test_gguf__every_truncation_of_a_file_is_refused),
        SCRATCH_TEST(test_gguf__a_file_is_known_by_its_beginning),
    };
    return cmocka_run_group_tests_name("store/gguf", tests, NULL, NULL);
}
