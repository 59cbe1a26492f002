/* SPDX-License-Identifier: MIT */
/* Files that are no texts, members of JSON, and texts that are too long. */
#include "support/check.h"

#include <zstd.h>

#include "golden.h"
#include "text/corpus.h"
#include "text/member.h"

static const char *const names[] = {"a.txt", "a.jsonl", "a.json", "a.txt.zst"};
static char folder_path[512];

static int make_folder(void **state)
{
    *state = temp_folder();
    snprintf(folder_path, sizeof folder_path, "%s", (char *)*state);
    return 0;
}

static int remove_folder(void **state)
{
    drop_folder(*state, names, JC_COUNT(names));
    return 0;
}

/* The texts of a file, each followed by '|', then the message of the failure, if any. */
static const char *texts_of(const char *name, const jc_corpus_params *params,
                            jc_corpus_counts *count)
{
    static char out[4096];
    char path[640];
    const char *const paths[] = {path}, *text = "";
    size_t at = 0, length;
    jc_corpus *c;
    jc_error err;

    snprintf(path, sizeof path, "%s/%s", folder_path, name);
    assert_int_equal(jc_corpus_open(&c, paths, 1, params, &err), JC_OK);
    while (text) {
        jc_status st = jc_corpus_next(c, &text, &length, &err);
        if (st)
            snprintf(out + at, sizeof out - at, "%s", err.message + strlen(path) + 13);
        if (st || !text)
            break;
        assert_true(at + length + 1 < sizeof out);
        memcpy(out + at, text, length);
        at += length;
        out[at++] = '|';
        out[at] = '\0';
    }
    if (count)
        *count = jc_corpus_count(c);
    jc_corpus_close(c);
    return out;
}

/* ---- what is no text ---- */

static void test_kinds__other_encodings_and_formats_are_refused(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
        const char *what;
    } bad[] = {
        {"\xff\xfeT\0h\0e\0", 8, "UTF-16,"},
        {"\xfe\xff\0T\0h\0e", 8, "UTF-16,"},
        {"\xff\xfe\0\0T\0\0\0", 8, "UTF-32,"},
        {"\0\0\xfe\xff\0\0\0T", 8, "UTF-32,"},
        {"T\0h\0e\0 \0c\0a\0t\0\n\0", 16, "UTF-16LE"},
        {"\0T\0h\0e\0 \0c\0a\0t\0\n", 16, "UTF-16BE"},
        {"T\0\0\0h\0\0\0e\0\0\0\n\0\0\0", 16, "UTF-32LE"},
        {"\0\0\0T\0\0\0h\0\0\0e\0\0\0\n", 16, "UTF-32BE"},
        {"PAR1\x15\x04", 6, "a Parquet file"},
        {"ARROW1\0\0", 8, "an Arrow file"},
        {"PK\x03\x04\x14", 5, "a ZIP archive"},
        {"BZh91AY&SY", 10, "bzip2"},
        {"\xfd"
         "7zXZ\0\0",
         7, "xz data"},
        {"%PDF-1.7", 8, "a PDF"},
        {"SQLite format 3\0", 16, "an SQLite database"},
        {"GGUF\3\0\0\0", 8, "a GGUF model"},
        {"\x80\4\x95\0", 4, "a pickle"},
        {"RIFF\1\0\0\0WAVEfmt ", 16, "a recording (WAV)"},
        {"ID3\3\0", 5, "a recording (MP3)"},
        {"OggS\0", 5, "a recording (Ogg)"},
        {"MMIDIDX\0\0", 9, "an index of Megatron's data"},
        {"\0asm\1\0\0\0", 8, "a program"},
        {"version https://git-lfs.github.com/spec/v1\n", 43, "a git-lfs pointer"},
    };

    (void)state;
    for (size_t i = 0; i < JC_COUNT(bad); i++) {
        write_file(folder_path, names[0], bad[i].bytes, bad[i].n);
        const char *got = texts_of(names[0], &(jc_corpus_params){0}, NULL);
        if (strncmp(got, "': it is ", 9) != 0 ||
            strncmp(got + 9, bad[i].what, strlen(bad[i].what)) != 0)
            fail_msg("\"%s\", not '%s'", got, bad[i].what);
    }
    /* also inside compressed data */
    char packed[256];
    size_t n = ZSTD_compress(packed, sizeof packed, "PAR1\0\0\0\0", 8, 3);
    write_file(folder_path, names[3], packed, n);
    assert_non_null(strstr(texts_of(names[3], &(jc_corpus_params){0}, NULL), "Parquet"));
}

static void test_kinds__texts_that_only_begin_alike_are_read(void **state)
{
    static const char *const good[] = {"PK is a name",
                                       "GGUF is a format",
                                       "BZh9 1AY",
                                       "[{\"a\": 1}]",
                                       "\xe4\xbd\xa0\xe5\xa5\xbd",
                                       "ID3 tags",
                                       "RIFF and WAVEfmt ",
                                       "ARROW",
                                       "%PDF",
                                       "a\xff\xfe",
                                       "<html>"};

    (void)state;
    for (size_t i = 0; i < JC_COUNT(good); i++) {
        char want[64];
        write_text(folder_path, names[0], good[i]);
        snprintf(want, sizeof want, "%s|", good[i]);
        assert_string_equal(texts_of(names[0], &(jc_corpus_params){0}, NULL), want);
    }
}

static void test_kinds__json_holds_objects_line_by_line(void **state)
{
    (void)state;
    write_text(folder_path, names[2], " {\"text\": \"a\"}\n{\"text\": \"b\"}\n");
    assert_string_equal(texts_of(names[2], &(jc_corpus_params){0}, NULL), "a|b|");
    write_text(folder_path, names[2], "\n[{\"text\": \"a\"}]\n");
    assert_non_null(
        strstr(texts_of(names[2], &(jc_corpus_params){0}, NULL), "a JSON list"));
    write_text(folder_path, names[2], "no JSON\n");
    assert_string_equal(texts_of(names[2], &(jc_corpus_params){0}, NULL), "no JSON|");
}

/* ---- members ---- */

static void test_kinds__a_field_may_be_inside_and_a_chat(void **state)
{
    static const char *const rows[][3] = {
        {"a.b.c", "{\"a\":{\"b\":{\"c\":\"x\"}}}", "x|"},
        {"a.b.c", "{\"a.b\":{\"c\":\"x\"},\"a\":{}}", "x|"},
        {"a.b", "{\"a.b\":\"x\",\"a\":{\"b\":\"y\"}}", "x|"},
        {"a.1.b", "{\"a\":[{},{\"b\":\"x\"}]}", "x|"},
        {"list", "{\"list\":[\"x\",null,\"y\"]}", "x\ny|"},
        {"messages",
         "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"},{\"role\":\"assistant\","
         "\"content\":null},{\"role\":\"assistant\",\"content\":\"y\"}]}",
         "x\ny|"},
        {"c", "{\"c\":[{\"from\":\"human\",\"value\":\"x\"},{\"value\":\"y\"}]}", "x\ny|"},
        {"m",
         "{\"m\":[{\"role\":\"user\",\"content\":[{\"type\":\"image\"},{\"type\":\"text\","
         "\"text\":\"x\"}]}]}",
         "x|"},
        {"m.0", "{\"m\":[{\"role\":\"user\",\"content\":\"x\"}]}", "x|"},
        {"a.b", "{\"a\":{}}", "': line 1: no text 'a.b'; '--field' could name 'a'"},
        {"a", "{\"b\":1,\"c\":2,\"d\":3,\"e\":4,\"f\":5}",
         "': line 1: no text 'a'; '--field' could name 'b', 'c', 'd', 'e' or 1 more"},
        {"a.x", "{\"a\":[\"x\"]}", "': line 1: no text 'a.x'; '--field' could name 'a'"},
        {"a", "{\"a\":[1,2]}",
         "': line 1: 'a' is neither text nor a list of texts or chat messages"},
        {"a", "{\"a\":{\"b\":\"x\"}}",
         "': line 1: 'a' is neither text nor a list of texts or chat messages"},
        {"a", "{\"a\":[[[[[[\"x\"]]]]]]}",
         "': line 1: 'a' is neither text nor a list of texts or chat messages"},
    };

    (void)state;
    for (size_t i = 0; i < JC_COUNT(rows); i++) {
        write_text(folder_path, names[1], rows[i][1]);
        assert_string_equal(
            texts_of(names[1], &(jc_corpus_params){.field = rows[i][0]}, NULL), rows[i][2]);
    }
}

static void test_kinds__null_is_passed_over_and_counted(void **state)
{
    jc_corpus_counts count;

    (void)state;
    write_text(folder_path, names[1],
               "{\"text\":\"a\"}\n{\"text\":null}\nnull\n{\"text\":\"\"}\n{\"text\":[]}\n"
               "{\"text\":\"b\"}\n");
    for (int keep = 0; keep < 2; keep++) {
        assert_string_equal(
            texts_of(names[1], &(jc_corpus_params){.keep_empty = keep}, &count),
            keep ? "a||b|" : "a|b|");
        assert_int_equal(count.null, 3);
        assert_int_equal(count.empty, !keep);
    }
}

/* A surrogate without its other half is no character: it is counted where it is read. */
static void test_kinds__half_a_surrogate_pair_is_counted(void **state)
{
    jc_corpus_counts count;

    (void)state;
    write_text(folder_path, names[1],
               "{\"text\":\"a\\ud83d\"}\n{\"text\":\"\\ud83d\\ude00\"}\n"
               "{\"text\":\"b\\uFFFD\",\"x\":\"\\udc00\"}\n{\"text\":\"\xef\xbf\xbd\"}\n");
    assert_string_equal(texts_of(names[1], &(jc_corpus_params){0}, &count),
                        "a\xef\xbf\xbd|\xf0\x9f\x98\x80|b\xef\xbf\xbd|\xef\xbf\xbd|");
    assert_int_equal(count.halved, 1);
}

/* ---- what is too long ---- */

#define E "\xc3\xa9"

static void test_kinds__a_limit_cuts_lines_and_files_and_parts_documents(void **state)
{
    static const struct {
        jc_unit unit;
        const char *text, *want;
        uint64_t parted;
    } rows[] = {
        {JC_UNIT_LINE, "abcdefghijk\nl\nabcdefgh\n", "abcdefgh|l|abcdefgh|", 0},
        {JC_UNIT_LINE, "abcdefg" E "k\nl", "abcdefg|l|", 0},
        {JC_UNIT_LINE, "abcdef" E "k", "abcdef" E "|", 0},
        {JC_UNIT_FILE, "ab\n\ncdefghijk\nl\n", "ab\n\ncdef|", 0},
        {JC_UNIT_FILE, "ab\n\ncde" E "ghijk\nl\n", "ab\n\ncde|", 0},
        {JC_UNIT_DOCUMENT, "ab\ncd\nefg\nh\n\ni\n", "ab\ncd|efg\nh|i|", 1},
        {JC_UNIT_DOCUMENT, "abcdefg" E "hijklmnopqr\ns\n\nt\n",
         "abcdefg|" E "hijklm|nopqr\ns|t|", 2},
    };

    (void)state;
    for (size_t i = 0; i < JC_COUNT(rows); i++) {
        jc_corpus_counts count;
        write_text(folder_path, names[0], rows[i].text);
        assert_string_equal(texts_of(names[0],
                                     &(jc_corpus_params){.unit = rows[i].unit, .limit = 8},
                                     &count),
                            rows[i].want);
        assert_int_equal(count.parted, rows[i].parted);
    }
    write_text(folder_path, names[1], "{\"text\":\"abcdefg" E "hij\"}\n{\"text\":\"k\"}\n");
    assert_string_equal(texts_of(names[1], &(jc_corpus_params){.limit = 8}, NULL),
                        "abcdefg|k|");
    assert_string_equal(
        texts_of(names[1], &(jc_corpus_params){.unit = JC_UNIT_DOCUMENT, .limit = 8}, NULL),
        "abcdefg|" E "hij|k|");
}

/* A file of zeros, some 70 MiB, in a few kilobytes. */
static void write_zeros(void)
{
    size_t n = (size_t)70 << 20, room = 1 << 16;
    char *zeros = calloc(n, 1), *packed = malloc(room);

    assert_true(zeros && packed);
    memset(zeros, 'x', 64);
    write_file(folder_path, names[3], packed, ZSTD_compress(packed, room, zeros, n, 3));
    free(zeros);
    free(packed);
}

static void test_kinds__more_than_any_text_is_refused(void **state)
{
    (void)state;
    write_zeros();
    assert_string_equal(texts_of(names[3], &(jc_corpus_params){0}, NULL),
                        "': line 1 is longer than 64 MiB");
    assert_string_equal(texts_of(names[3], &(jc_corpus_params){.unit = JC_UNIT_FILE}, NULL),
                        "' as one text: it is longer than 64 MiB; '--unit line' or '--unit "
                        "document' reads it in parts");
}

static bool stop(void *arg, const jc_progress *progress)
{
    assert_true(progress->done <= 1 << 16);
    return --*(int *)arg > 0;
}

/* The first text ends at the limit; what is behind it is looked through for the next. */
static void test_kinds__the_work_can_be_stopped_inside_a_line(void **state)
{
    char path[640];
    const char *const paths[] = {path}, *text;
    int left = 5;
    const jc_hooks hooks = {.progress = stop, .arg = &left};
    size_t length;
    jc_corpus *c;
    jc_error err;

    (void)state;
    write_zeros();
    snprintf(path, sizeof path, "%s/%s", folder_path, names[3]);
    assert_int_equal(jc_corpus_open(&c, paths, 1,
                                    &(jc_corpus_params){.limit = 64, .hooks = &hooks},
                                    &err),
                     JC_OK);
    assert_int_equal(jc_corpus_next(c, &text, &length, &err), JC_OK);
    assert_int_equal(length, 64);
    assert_true(jc_corpus_was_cut(c));
    assert_int_equal(left, 5);
    assert_int_equal(jc_corpus_next(c, &text, &length, &err), JC_E_CANCELLED);
    assert_int_equal(left, 0);
    jc_corpus_close(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds__other_encodings_and_formats_are_refused),
        cmocka_unit_test(test_kinds__texts_that_only_begin_alike_are_read),
        cmocka_unit_test(test_kinds__json_holds_objects_line_by_line),
        cmocka_unit_test(test_kinds__a_field_may_be_inside_and_a_chat),
        cmocka_unit_test(test_kinds__null_is_passed_over_and_counted),
        cmocka_unit_test(test_kinds__half_a_surrogate_pair_is_counted),
        cmocka_unit_test(test_kinds__a_limit_cuts_lines_and_files_and_parts_documents),
        cmocka_unit_test(test_kinds__more_than_any_text_is_refused),
        cmocka_unit_test(test_kinds__the_work_can_be_stopped_inside_a_line),
    };
    return cmocka_run_group_tests_name("text/corpus_kinds", tests, make_folder,
                                       remove_folder);
}
