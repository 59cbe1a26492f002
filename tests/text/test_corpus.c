/* SPDX-License-Identifier: MIT */
#include "support/check.h"

#include <zlib.h>
#include <zstd.h>

#include "golden.h"
#include "support/torture.h"
#include "text/corpus.h"

static const char *const names[] = {"a.txt",      "b.txt", "a.jsonl",
                                    "a.jsonl.gz", "a.zst", "a.gz"};
enum { N_NAMES = sizeof names / sizeof *names };

static char folder_path[512];
static char path_of[N_NAMES][640];

static int make_folder(void **state)
{
    char *folder = temp_folder();

    *state = folder;
    snprintf(folder_path, sizeof folder_path, "%s", folder);
    for (size_t i = 0; i < N_NAMES; i++)
        snprintf(path_of[i], sizeof path_of[i], "%s/%s", folder, names[i]);
    return 0;
}

static int remove_folder(void **state)
{
    drop_folder(*state, names, N_NAMES);
    return 0;
}

/* The texts of the files, each followed by '|'; or the message of the failure. */
static char *texts_of(const size_t *files, size_t n, jc_unit unit, uint64_t *empty)
{
    static char out[4096];
    const char *paths[4];
    jc_corpus *c;
    jc_error err;
    size_t at = 0;

    for (size_t i = 0; i < n; i++)
        paths[i] = path_of[files[i]];
    assert_int_equal(jc_corpus_open(&c, paths, n, &(jc_corpus_params){.unit = unit}, &err),
                     JC_OK);
    for (;;) {
        const char *text;
        size_t length;
        if (jc_corpus_next(c, &text, &length, &err)) {
            snprintf(out, sizeof out, "%s", err.message);
            break;
        }
        if (!text)
            break;
        assert_true(at + length + 1 < sizeof out);
        memcpy(out + at, text, length);
        at += length;
        out[at++] = '|';
        out[at] = '\0';
    }
    if (at == 0 && empty)
        out[0] = '\0';
    if (empty)
        *empty = jc_corpus_count(c).empty;
    jc_corpus_close(c);
    return out;
}

static void check_one(size_t file, jc_unit unit, const char *text, const char *want,
                      uint64_t want_empty)
{
    uint64_t empty;

    write_text(folder_path, names[file], text);
    assert_string_equal(texts_of(&file, 1, unit, &empty), want);
    assert_int_equal(empty, want_empty);
}

static void test_corpus__lines(void **state)
{
    (void)state;
    check_one(0, JC_UNIT_LINE, "one\ntwo\n", "one|two|", 0);
    check_one(0, JC_UNIT_LINE, "one\ntwo", "one|two|", 0);
    check_one(0, JC_UNIT_LINE, "one\r\n\r\n\ntwo\r\n \n", "one|two| |", 2);
    check_one(0, JC_UNIT_LINE, "a\rb\n\r\r\n", "a\rb|\r|", 0);
    check_one(0, JC_UNIT_LINE, "\xef\xbb\xbfone\n\xef\xbb\xbftwo\n", "one|\xef\xbb\xbftwo|",
              0);
    check_one(0, JC_UNIT_LINE, "", "", 0);
    check_one(0, JC_UNIT_LINE, "\n", "", 1);
}

static void test_corpus__documents(void **state)
{
    (void)state;
    check_one(0, JC_UNIT_DOCUMENT, "a\nb\n\nc\n", "a\nb|c|", 0);
    check_one(0, JC_UNIT_DOCUMENT, "\n\n a\r\nb \r\n \t\r\n\r\n\nc", " a\nb |c|", 0);
    check_one(0, JC_UNIT_DOCUMENT, "\xef\xbb\xbf\na", "a|", 0);
    check_one(0, JC_UNIT_DOCUMENT, "\n\n\n", "", 0);
}

static void test_corpus__whole_files(void **state)
{
    static const size_t both[] = {0, 1};
    uint64_t empty;

    (void)state;
    check_one(0, JC_UNIT_FILE,
              "\xef\xbb\xbf"
              "a\n\nb\r\n",
              "a\n\nb\r\n|", 0);
    check_one(1, JC_UNIT_FILE, "", "", 1);
    assert_string_equal(texts_of(both, 2, JC_UNIT_FILE, &empty), "a\n\nb\r\n|");
    assert_int_equal(empty, 1);
    check_one(1, JC_UNIT_LINE, "last", "last|", 0);
    assert_string_equal(texts_of(both, 2, JC_UNIT_LINE, &empty), "a|b|last|");
    assert_int_equal(empty, 1);
}

static void test_corpus__objects_of_json_lines(void **state)
{
    (void)state;
    for (jc_unit unit = JC_UNIT_LINE; unit <= JC_UNIT_FILE; unit++)
        check_one(2, unit,
                  "{\"text\":\"a\\nb\\n\\nc\"}\n\n{\"id\":1,\"text\":\"\"}\r\n{\"text\":"
                  "\"\\u00e9\"}",
                  "a\nb\n\nc|\xc3\xa9|", 1);
}

static void check_fails(size_t file, const char *why)
{
    char want[4096];

    snprintf(want, sizeof want, "cannot read '%s': %s", path_of[file], why);
    assert_string_equal(texts_of(&file, 1, JC_UNIT_LINE, NULL), want);
}

static void test_corpus__bad_json_lines_are_named(void **state)
{
    static const char *const bad[][2] = {
        {"{\"text\":\"a\"}\n{\"text\":\"a\"\n",
         "line 2, column 11: not JSON, it ends too early; each line must be a whole "
         "object, as 'jq -c .' writes them"},
        {"\n{\"body\":\"a\"}\n", "line 2: no text 'text'; '--field' could name 'body'"},
        {"{}\n", "line 1: no text 'text'"},
        {"{\"text\":7}\n",
         "line 1: 'text' is neither text nor a list of texts or chat messages"},
        {"7\n", "line 1 is a number, not an object"},
        {"[]\n",
         "it is a JSON list, and texts are read from JSON Lines, one object per line; "
         "\"jq -c '.[]'\" makes them"},
        {"<html>\n", "it is a web page, not JSON"},
        {"{\"text\":\"\xc3\"}\n", "line 1, column 9: not UTF-8"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        write_text(folder_path, names[2], bad[i][0]);
        check_fails(2, bad[i][1]);
    }
}

/* A line is not cut at the size of any buffer. */
static void test_corpus__lines_of_any_length(void **state)
{
    static char line[700001];
    const char *paths[] = {path_of[0]}, *text;
    size_t length;
    jc_corpus *c;

    (void)state;
    memset(line, 'x', sizeof line);
    line[65536] = '\n';  /* 65536 x */
    line[131072] = '\n'; /* 65535 x */
    line[700000] = '\n';
    write_file(folder_path, names[0], line, sizeof line);
    assert_int_equal(jc_corpus_open(&c, paths, 1, &(jc_corpus_params){0}, NULL), JC_OK);
    static const size_t want[] = {65536, 65535, 700000 - 131073};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(jc_corpus_next(c, &text, &length, NULL), JC_OK);
        assert_int_equal(length, want[i]);
    }
    assert_int_equal(jc_corpus_next(c, &text, &length, NULL), JC_OK);
    assert_null(text);
    uint64_t done, total;
    jc_corpus_bytes(c, &done, &total);
    assert_int_equal(done, sizeof line);
    assert_int_equal(total, sizeof line);
    jc_corpus_close(c);
}

/* ---- compressed ---- */

static size_t gzip(const char *text, unsigned char *out, size_t room)
{
    z_stream z = {0};

    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (Bytef *)(uintptr_t)text;
    z.avail_in = (uInt)strlen(text);
    z.next_out = out;
    z.avail_out = (uInt)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    return room - z.avail_out;
}

static void test_corpus__gzip_with_members_one_after_another(void **state)
{
    unsigned char data[4096];
    size_t n = gzip("one\ntw", data, sizeof data);

    (void)state;
    n += gzip("", data + n, sizeof data - n);
    n += gzip("o\nthree\n", data + n, sizeof data - n);
    memset(data + n, 0, 512);
    for (size_t name = 0; name < 6; name += 5) { /* by its bytes, not by its name */
        write_file(folder_path, names[name], data, n);
        assert_string_equal(texts_of(&name, 1, JC_UNIT_LINE, NULL), "one|two|three|");
        write_file(folder_path, names[name], data, n + 512); /* padded, as on tapes */
        assert_string_equal(texts_of(&name, 1, JC_UNIT_LINE, NULL), "one|two|three|");
    }
}

static void test_corpus__json_lines_in_gzip(void **state)
{
    unsigned char data[4096];
    size_t file = 3;

    (void)state;
    write_file(folder_path, names[3], data, gzip("{\"text\":\"a\"}\n", data, sizeof data));
    assert_string_equal(texts_of(&file, 1, JC_UNIT_LINE, NULL), "a|");
}

static void test_corpus__cut_or_damaged_gzip_is_refused(void **state)
{
    unsigned char data[4096];
    size_t n = gzip("one\ntwo\nthree\n", data, sizeof data);

    (void)state;
    for (size_t cut = 2; cut < n; cut++) {
        write_file(folder_path, names[5], data, cut);
        check_fails(5, "the gzip data ends too early");
    }
    data[n - 8] ^= 1; /* its checksum */
    write_file(folder_path, names[5], data, n);
    check_fails(5, "the gzip data is damaged");
    data[n - 8] ^= 1;
    memcpy(data + n, "more", 4);
    write_file(folder_path, names[5], data, n + 4);
    check_fails(5, "the gzip data is damaged");
}

static size_t zstd(const char *text, unsigned char *out, size_t room)
{
    ZSTD_CCtx *z = ZSTD_createCCtx();

    assert_non_null(z);
    ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1);
    size_t n = ZSTD_compress2(z, out, room, text, strlen(text));
    assert_false(ZSTD_isError(n));
    ZSTD_freeCCtx(z);
    return n;
}

static void test_corpus__zstd_with_frames_one_after_another(void **state)
{
    static const unsigned char skipped[] = {0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 'x', 'x'};
    unsigned char data[4096];
    size_t n = sizeof skipped, file = 4;

    (void)state;
    memcpy(data, skipped, n);
    n += zstd("one\ntw", data + n, sizeof data - n);
    n += zstd("o\nthree\n", data + n, sizeof data - n);
    write_file(folder_path, names[4], data, n);
    assert_string_equal(texts_of(&file, 1, JC_UNIT_LINE, NULL), "one|two|three|");
}

static void test_corpus__cut_or_damaged_zstd_is_refused(void **state)
{
    unsigned char data[4096];
    size_t n = zstd("one\ntwo\nthree\n", data, sizeof data);

    (void)state;
    for (size_t cut = 4; cut < n; cut++) {
        write_file(folder_path, names[4], data, cut);
        check_fails(4, "the zstd data ends too early");
    }
    data[n - 1] ^= 1; /* its checksum */
    write_file(folder_path, names[4], data, n);
    check_fails(4, "the zstd data is damaged");
}

/* What a name promises must be there: not a page that says there is no such file. */
static void test_corpus__a_name_of_compressed_data_wants_it(void **state)
{
    (void)state;
    write_text(folder_path, names[4], "plain\n");
    check_fails(4, "it is not zstd data");
    write_text(folder_path, names[5], "");
    check_fails(5, "it is not gzip data");
    write_text(folder_path, names[3], "{\"text\":\"a\"}\n");
    check_fails(3, "it is not gzip data");
}

/* Much larger than every buffer on the way, and hard to compress. */
static void test_corpus__large_compressed_files(void **state)
{
    enum { LINES = 60000 };
    static char text[LINES * 17 + 1];
    static unsigned char data[sizeof text * 2];
    uint64_t seed = 7;

    (void)state;
    for (size_t i = 0; i < sizeof text - 1; i++)
        text[i] = i % 17 == 16 ? '\n' : (char)('!' + (int)((check_rand(&seed) + 1) * 46));
    for (size_t file = 4; file <= 5; file++) {
        const char *paths[] = {path_of[file]}, *got;
        size_t length, n = 0;
        jc_corpus *c;
        write_file(folder_path, names[file], data,
                   file == 4 ? zstd(text, data, sizeof data)
                             : gzip(text, data, sizeof data));
        assert_int_equal(jc_corpus_open(&c, paths, 1, &(jc_corpus_params){0}, NULL), JC_OK);
        for (;; n++) {
            assert_int_equal(jc_corpus_next(c, &got, &length, NULL), JC_OK);
            if (!got)
                break;
            assert_int_equal(length, 16);
            assert_memory_equal(got, text + n * 17, 16);
        }
        assert_int_equal(n, LINES);
        jc_corpus_close(c);
    }
}

/* arg: the path. */
static jc_status read_all(void *arg)
{
    const char *path = arg, *text = "";
    size_t length;
    jc_corpus *c;
    jc_status st = jc_corpus_open(&c, &path, 1, &(jc_corpus_params){0}, NULL);

    while (st == JC_OK && text)
        st = jc_corpus_next(c, &text, &length, NULL);
    jc_corpus_close(c);
    return st;
}

/* The decoders' own allocations among them. */
static void test_corpus__every_failed_allocation_is_reported(void **state)
{
    unsigned char data[200];

    (void)state;
    write_file(folder_path, names[4], data, zstd("one\ntwo\n", data, sizeof data));
    check_torture(read_all, (void *)(uintptr_t)path_of[4], 100);
    write_file(folder_path, names[5], data, gzip("one\ntwo\n", data, sizeof data));
    check_torture(read_all, (void *)(uintptr_t)path_of[5], 100);
}

static void test_corpus__what_cannot_be_read_is_named(void **state)
{
    const char *none[] = {"/no/such"}, *folder[] = {"/"};
    const char *text;
    size_t length;
    jc_corpus *c;
    jc_error err;

    (void)state;
    assert_int_equal(jc_corpus_open(&c, none, 1, &(jc_corpus_params){0}, &err), JC_OK);
    assert_int_equal(jc_corpus_next(c, &text, &length, &err), JC_E_IO);
    assert_string_equal(err.message, "cannot open '/no/such': No such file or directory");
    jc_corpus_close(c);
    assert_int_equal(jc_corpus_open(&c, folder, 1, &(jc_corpus_params){0}, &err), JC_OK);
    assert_int_equal(jc_corpus_next(c, &text, &length, &err), JC_E_IO);
    assert_string_equal(err.message, "cannot read '/': Is a directory");
    jc_corpus_close(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_corpus__lines),
        cmocka_unit_test(test_corpus__documents),
        cmocka_unit_test(test_corpus__whole_files),
        cmocka_unit_test(test_corpus__objects_of_json_lines),
        cmocka_unit_test(test_corpus__bad_json_lines_are_named),
        cmocka_unit_test(test_corpus__lines_of_any_length),
        cmocka_unit_test(test_corpus__gzip_with_members_one_after_another),
        cmocka_unit_test(test_corpus__json_lines_in_gzip),
        cmocka_unit_test(test_corpus__cut_or_damaged_gzip_is_refused),
        cmocka_unit_test(test_corpus__zstd_with_frames_one_after_another),
        cmocka_unit_test(test_corpus__cut_or_damaged_zstd_is_refused),
        cmocka_unit_test(test_corpus__every_failed_allocation_is_reported),
        cmocka_unit_test(test_corpus__a_name_of_compressed_data_wants_it),
        cmocka_unit_test(test_corpus__large_compressed_files),
        cmocka_unit_test(test_corpus__what_cannot_be_read_is_named),
    };
    return cmocka_run_group_tests_name("text/corpus", tests, make_folder, remove_folder);
}
