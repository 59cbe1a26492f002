/* SPDX-License-Identifier: MIT */
#include "support/scratch.h"

#include <string.h>

#include "store/store.h"

/* A file of `header` and n_data bytes, parsed from exactly as much memory as it needs. */
static jc_status parse(jc_safetensors **out, unsigned char **bytes, const char *header,
                       size_t n_data, jc_error *err)
{
    size_t n = strlen(header);

    *bytes = malloc(8 + n + n_data);
    assert_non_null(*bytes);
    for (size_t i = 0; i < 8; i++)
        (*bytes)[i] = (unsigned char)(n >> 8 * i);
    memcpy(*bytes + 8, header, n);
    for (size_t i = 0; i < n_data; i++)
        (*bytes)[8 + n + i] = (unsigned char)i;
    return jc_safetensors_parse(out, *bytes, 8 + n + n_data, "m.safetensors", err);
}

static void test_safetensors__tensors_are_found_with_their_bytes(void **state)
{
    unsigned char *bytes;
    jc_safetensors *file;
    jc_error err;

    (void)state;
    assert_int_equal(
        parse(&file, &bytes,
              "{\"b\":{\"dtype\":\"F16\",\"shape\":[2,3],\"data_offsets\":[4,16]},"
              "\"__metadata__\":{\"k\":\"v\",\"format\":\"pt\"},"
              "\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]},"
              "\"c\":{\"dtype\":\"I64\",\"shape\":[7,0,1,2],\"data_offsets\":[16,16],\"x\":"
              "1}}  ",
              16, &err),
        JC_OK);
    assert_int_equal(jc_safetensors_count(file), 3);
    static const char *const order[] = {"a", "b", "c"}; /* of the data */
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(jc_safetensors_at(file, i)->name, order[i]);
        assert_ptr_equal(jc_safetensors_find(file, order[i]), jc_safetensors_at(file, i));
    }
    assert_null(jc_safetensors_at(file, 3));
    assert_null(jc_safetensors_find(file, "d"));
    assert_null(jc_safetensors_find(file, "__metadata__"));

    const jc_tensor *b = jc_safetensors_find(file, "b");
    assert_int_equal(b->dtype, JC_F16);
    assert_int_equal(b->n_dims, 2);
    assert_int_equal(b->shape[0], 2);
    assert_int_equal(b->shape[1], 3);
    assert_int_equal(b->shape[2], 1);
    assert_int_equal(b->shape[3], 1);
    assert_int_equal(b->count, 6);
    assert_int_equal(b->bytes, 12);
    assert_int_equal(b->data[0], 4);
    assert_string_equal(b->file, "m.safetensors");
    const jc_tensor *a = jc_safetensors_at(file, 0), *c = jc_safetensors_at(file, 2);
    assert_int_equal(a->n_dims, 0);
    assert_int_equal(a->count, 1);
    assert_int_equal(c->count, 0);
    assert_int_equal(c->n_dims, 4);
    assert_string_equal(jc_safetensors_meta(file, "format"), "pt");
    assert_null(jc_safetensors_meta(file, "none"));
    assert_string_equal(jc_safetensors_meta_key(file, 0), "k");
    assert_string_equal(jc_safetensors_meta_key(file, 1), "format");
    assert_null(jc_safetensors_meta_key(file, 2));
    jc_safetensors_close(file);
    free(bytes);
}

static void test_safetensors__an_empty_file_has_no_tensors_nor_metadata(void **state)
{
    unsigned char *bytes;
    jc_safetensors *file;

    (void)state;
    assert_int_equal(parse(&file, &bytes, "{}", 0, NULL), JC_OK);
    assert_int_equal(jc_safetensors_count(file), 0);
    assert_null(jc_safetensors_at(file, 0));
    assert_null(jc_safetensors_find(file, "a"));
    assert_null(jc_safetensors_meta(file, "a"));
    assert_null(jc_safetensors_meta_key(file, 0));
    jc_safetensors_close(file);
    jc_safetensors_close(NULL);
    free(bytes);
}

#define T(name, dtype, shape, offsets)                                                     \
    "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets  \
    "}"
#define READ_A "cannot read tensor 'a' of 'm.safetensors': "
#define READ   "cannot read 'm.safetensors': "

static const struct {
    const char *header;
    size_t n_data;
    jc_status status;
    const char *message;
} bad[] = {
    {"", 0, JC_E_FORMAT,
     READ "it begins with zeros: the download was not finished; download it again"},
    {"<", 0, JC_E_FORMAT,
     READ "its header is not valid JSON: '[' or '{' expected near '<' (line 1, column 1)"},
    {"[]", 0, JC_E_FORMAT, READ "its header is not a JSON object"},
    {"{} x", 0, JC_E_FORMAT,
     READ "its header is not valid JSON: end of file expected near 'x' (line 1, column 4)"},
    {"{\"a\":3}", 0, JC_E_FORMAT, READ_A "its entry is not an object"},
    {"{\"a\":{\"shape\":[],\"data_offsets\":[0,0]}}", 0, JC_E_FORMAT,
     READ_A "it has no dtype"},
    {"{\"a\":{\"dtype\":7,\"shape\":[],\"data_offsets\":[0,0]}}", 0, JC_E_FORMAT,
     READ_A "it has no dtype"},
    {"{\"a\":{\"dtype\":\"U8\",\"data_offsets\":[0,1]}}", 1, JC_E_FORMAT,
     READ_A "it has no shape"},
    {"{" T("a", "U8", "{}", "[0,1]") "}", 1, JC_E_FORMAT, READ_A "it has no shape"},
    {"{" T("a", "U8", "[1,1,1,1,2]", "[0,1]") "}", 1, JC_E_FORMAT,
     READ_A "it has 1 bytes where its dtype and shape need 2"},
    {"{" T("a", "U8", "[-1]", "[0,1]") "}", 1, JC_E_FORMAT,
     READ_A "its shape is not made of whole numbers"},
    {"{" T("a", "U8", "[1.0]", "[0,1]") "}", 1, JC_E_FORMAT,
     READ_A "its shape is not made of whole numbers"},
    {"{" T("a", "U8", "[\"1\"]", "[0,1]") "}", 1, JC_E_FORMAT,
     READ_A "its shape is not made of whole numbers"},
    {"{" T("a", "U8", "[4294967296,4294967296]", "[0,1]") "}", 1, JC_E_FORMAT,
     READ_A "its shape is too large"},
    {"{" T("a", "F64", "[2305843009213693952]", "[0,0]") "}", 0, JC_E_FORMAT,
     READ_A "its shape is too large"}, /* 2^61 x 8 bytes is 0 in 64 bits */
    {"{\"a\":{\"dtype\":\"U8\",\"shape\":[]}}", 1, JC_E_FORMAT,
     READ_A "its data_offsets are not two whole numbers"},
    {"{" T("a", "U8", "[]", "[0]") "}", 1, JC_E_FORMAT,
     READ_A "its data_offsets are not two whole numbers"},
    {"{" T("a", "U8", "[]", "[0,1,2]") "}", 1, JC_E_FORMAT,
     READ_A "its data_offsets are not two whole numbers"},
    {"{" T("a", "U8", "[]", "[-1,0]") "}", 1, JC_E_FORMAT,
     READ_A "its data_offsets are not two whole numbers"},
    {"{" T("a", "U8", "[]", "[0,1.5]") "}", 1, JC_E_FORMAT,
     READ_A "its data_offsets are not two whole numbers"},
    {"{" T("a", "U8", "[]", "[1,0]") "}", 1, JC_E_FORMAT,
     READ_A "its data_offsets run backwards"},
    {"{" T("a", "F32", "[2]", "[0,8]") "}", 7, JC_E_FORMAT,
     READ "it is cut short: tensor 'a' ends at byte 8 of the data, of which there are 7; "
          "download it again"},
    {"{" T("a", "U8", "[]", "[9223372036854775806,9223372036854775807]") "}", 1,
     JC_E_FORMAT,
     READ "it is cut short: tensor 'a' ends at byte 9223372036854775807 of the data, of "
          "which there are 1; download it again"},
    {"{" T("a", "F32", "[2]", "[0,4]") "}", 4, JC_E_FORMAT,
     READ_A "it has 4 bytes where its dtype and shape need 8"},
    {"{" T("a", "U8", "[0]", "[0,4]") "}", 4, JC_E_FORMAT,
     READ_A "it has 4 bytes where its dtype and shape need 0"},
    {"{" T("b", "U8", "[4]", "[0,4]") "," T("a", "U8", "[4]", "[3,7]") "}", 7, JC_E_FORMAT,
     READ_A "it overlaps tensor 'b'"},
    {"{" T("b", "U8", "[4]", "[0,4]") "," T("a", "U8", "[0]", "[2,2]") "}", 4, JC_E_FORMAT,
     READ_A "it overlaps tensor 'b'"},
    {"{" T("a", "U8", "[4]", "[0,4]") "," T("b", "U8", "[4]", "[0,4]") "}", 4, JC_E_FORMAT,
     "cannot read tensor 'b' of 'm.safetensors': it overlaps tensor 'a'"},
    {"{" T("a", "U8", "[4]", "[0,4]") "," T("b", "U8", "[4]", "[6,10]") "}", 10,
     JC_E_FORMAT, READ "bytes 4 to 6 of its data belong to no tensor"},
    {"{" T("a", "U8", "[4]", "[1,5]") "}", 5, JC_E_FORMAT,
     READ "bytes 0 to 1 of its data belong to no tensor"},
    {"{" T("a", "U8", "[4]", "[0,4]") "}", 9, JC_E_FORMAT,
     READ "bytes 4 to 9 of its data belong to no tensor"},
    {"{}", 3, JC_E_FORMAT, READ "bytes 0 to 3 of its data belong to no tensor"},
    {"{\"__metadata__\":[]}", 0, JC_E_FORMAT, READ "'__metadata__' is not an object"},
    {"{\"__metadata__\":{\"n\":3}}", 0, JC_E_FORMAT,
     READ "value 'n' of '__metadata__' is not text"},
    {"{\"a\\nb\":1}", 0, JC_E_FORMAT,
     "cannot read tensor 'a?b' of 'm.safetensors': its entry is not an object"},
};

static void test_safetensors__each_bad_header_has_its_message(void **state)
{
    (void)state;
    for (size_t i = 0; i < JC_COUNT(bad); i++) {
        unsigned char *bytes;
        jc_safetensors *file = (jc_safetensors *)&file;
        jc_error err = {JC_OK, ""};
        assert_int_equal(parse(&file, &bytes, bad[i].header, bad[i].n_data, &err),
                         bad[i].status);
        assert_string_equal(err.message, bad[i].message);
        assert_null(file);
        free(bytes);
    }
}

/* What the safetensors package opens: null for no metadata, a name twice, members that are
 * not known, types and numbers of dimensions that only other programs read. */
static void test_safetensors__what_nobody_needs_does_no_harm(void **state)
{
    unsigned char *bytes;
    jc_safetensors *file;
    jc_error err;

    (void)state;
    assert_int_equal(
        parse(&file, &bytes,
              "{\"__metadata__\":null,"
              "\"a\":{\"dtype\":\"F32\",\"shape\":[9],\"data_offsets\":[0,4]},"
              "\"a\":{\"dtype\":\"U8\",\"shape\":[1,1,2,3,1,2],"
              "\"data_offsets\":[0,12],\"big\":123456789012345678901234567890}"
              "," T("b", "F4", "[4,2]", "[12,16]") "," T("c", "NEW", "[7]", "[16,19]") "}",
              19, &err),
        JC_OK);
    assert_int_equal(jc_safetensors_count(file), 3);
    assert_null(jc_safetensors_meta_key(file, 0));
    const jc_tensor *a = jc_safetensors_find(file, "a");
    assert_int_equal(a->n_dims, 4);
    assert_int_equal(a->count, 12);
    assert_int_equal(a->shape[2], 2);
    assert_int_equal(a->shape[3], 6);
    assert_string_equal(jc_tensor_type(a), "U8");
    const jc_tensor *b = jc_safetensors_find(file, "b");
    assert_int_equal(b->dtype, JC_OTHER);
    assert_string_equal(jc_tensor_type(b), "F4");
    assert_int_equal(b->bytes, 4);
    assert_int_equal(b->count, 8);
    assert_string_equal(jc_tensor_type(jc_safetensors_find(file, "c")), "NEW");
    jc_safetensors_close(file);
    free(bytes);
}

static void check_bytes(const void *bytes, size_t size, const char *message)
{
    jc_safetensors *file;
    jc_error err = {JC_OK, ""};
    unsigned char *copy =
        malloc(size ? size : 1); /* of the exact size, for the sanitizer */

    assert_non_null(copy);
    memcpy(copy, bytes, size);
    assert_int_equal(jc_safetensors_parse(&file, copy, size, "m.safetensors", &err),
                     JC_E_FORMAT);
    assert_string_equal(err.message, message);
    free(copy);
}

static void test_safetensors__a_header_must_be_inside_its_file(void **state)
{
    (void)state;
#define LONGER(header, file)                                                               \
    READ "it is not a safetensors file, or it is cut short: its header would have " header \
         " bytes, and the file has " file
    check_bytes("", 0, READ "it is empty (0 bytes)");
    check_bytes("\1\0\0\0\0\0\0", 7, READ "it is not a safetensors file: it is too short");
    check_bytes("\3\0\0\0\0\0\0\0{}", 10, LONGER("3", "10"));
    check_bytes("\xff\xff\xff\xff\xff\xff\xff\xff{}", 10,
                LONGER("18446744073709551615", "10"));
    check_bytes("GGUF\3\0\0\0\0\0", 10,
                READ "it is a GGUF file; its name should end in '.gguf'");
}

static void test_safetensors__a_header_too_long_to_be_one_is_refused(void **state)
{
    const char *path = scratch_path(state, "m");
    jc_safetensors *file;
    jc_error err;
    char want[1200];

    /* 2^27 bytes, nearly all of them a hole that takes no disk */
    scratch_write(state, "m", "\0\0\0\x07\0\0\0\0{}", 10);
    assert_int_equal(truncate(path, 1 << 27), 0);
    assert_int_equal(jc_safetensors_open(&file, path, &err), JC_E_FORMAT);
    snprintf(want, sizeof want,
             "cannot read '%s': its header of 117440512 bytes is longer than 100000000",
             path);
    assert_string_equal(err.message, want);
}

static void test_safetensors__every_truncation_of_a_file_is_refused(void **state)
{
    static const char header[] = "{" T("a", "F32", "[2]", "[0,8]") "}";
    unsigned char *bytes;
    jc_safetensors *file;
    size_t size = 8 + strlen(header) + 8;

    (void)state;
    assert_int_equal(parse(&file, &bytes, header, 8, NULL), JC_OK);
    jc_safetensors_close(file);
    for (size_t n = 0; n < size; n++) {
        unsigned char *cut = malloc(n ? n : 1);
        assert_non_null(cut);
        memcpy(cut, bytes, n);
        assert_int_equal(jc_safetensors_parse(&file, cut, n, "m", NULL), JC_E_FORMAT);
        free(cut);
    }
    free(bytes);
}

static void test_safetensors__a_missing_file_is_named(void **state)
{
    jc_safetensors *file;
    jc_error err;

    (void)state;
    assert_int_equal(jc_safetensors_open(&file, "/nowhere/m.safetensors", &err), JC_E_IO);
    assert_string_equal(err.message,
                        "cannot open '/nowhere/m.safetensors': No such file or directory");
}

/* Files that the safetensors package wrote. */
static void test_safetensors__reads_what_the_python_package_writes(void **state)
{
    jc_safetensors *file;
    jc_error err;

    (void)state;
    assert_int_equal(
        jc_safetensors_open(
            &file, JC_SOURCE_DIR "/tests/golden/models/tiny-gpt2-bf16/model.safetensors",
            &err),
        JC_OK);
    const jc_tensor *wpe = jc_safetensors_find(file, "transformer.wpe.weight");
    assert_non_null(wpe);
    assert_int_equal(wpe->dtype, JC_BF16);
    assert_int_equal(wpe->n_dims, 2);
    assert_string_equal(jc_safetensors_meta(file, "format"), "pt");
    jc_safetensors_close(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_safetensors__tensors_are_found_with_their_bytes),
        cmocka_unit_test(test_safetensors__an_empty_file_has_no_tensors_nor_metadata),
        cmocka_unit_test(test_safetensors__each_bad_header_has_its_message),
        cmocka_unit_test(test_safetensors__what_nobody_needs_does_no_harm),
        cmocka_unit_test(test_safetensors__a_header_must_be_inside_its_file),
        SCRATCH_TEST(test_safetensors__a_header_too_long_to_be_one_is_refused),
        cmocka_unit_test(test_safetensors__every_truncation_of_a_file_is_refused),
        cmocka_unit_test(test_safetensors__a_missing_file_is_named),
        cmocka_unit_test(test_safetensors__reads_what_the_python_package_writes),
    };
    return cmocka_run_group_tests_name("store/safetensors", tests, NULL, NULL);
}
