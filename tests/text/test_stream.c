/* SPDX-License-Identifier: MIT */
/* Decoding id by id: for any ids of any tokenizer the parts make up the whole, and none
 * ends inside a character. */
#include "support/check.h"

#include <dirent.h>

#include "base/base.h"
#include "files.h"
#include "golden.h"
#include "text/text.h"

enum { TOKENIZERS = 37, ROUNDS = 300, MOST = 40 };

/* No cut is inside a character of the text. */
static void check_cuts(const jc_bytes *all, const size_t *cut, size_t n)
{
    for (size_t at = 0, i = 0; at < all->n;) {
        uint32_t c;
        size_t length = jc_utf8_next(all->data + at, all->n - at, &c);
        for (; i < n && cut[i] < at + (length ? length : 1); i++)
            assert_true(cut[i] <= at);
        at += length ? length : 1;
    }
}

static void add_part(jc_bytes *all, const char *part, size_t n)
{
    assert_true(jc_bytes_add(all, part, n));
}

static void check_stream(const jc_tokenizer *t, jc_text_stream *s, const uint32_t *ids,
                         size_t n, const char *name)
{
    jc_bytes all = {0};
    char *whole;
    const char *part;
    size_t length, cut[256];
    jc_error err;

    for (size_t i = 0; i < n; i++) {
        if (jc_text_stream_push(s, ids[i], &part, &length, &err))
            fail_msg("%s", err.message);
        add_part(&all, part, length);
        if (i < JC_COUNT(cut))
            cut[i] = all.n;
    }
    assert_int_equal(jc_text_stream_end(s, &part, &length, NULL), JC_OK);
    add_part(&all, part, length);
    assert_int_equal(jc_tokenizer_decode(t, ids, n, &whole, &length, NULL), JC_OK);
    if (length != all.n || memcmp(whole, all.data, length) != 0)
        fail_msg("%s: '%.*s', not '%s'", name, (int)all.n, all.data, whole);
    check_cuts(&all, cut, n < JC_COUNT(cut) ? n : JC_COUNT(cut));
    free(whole);
    jc_free(all.data);
}

/* Ids of texts, cut anywhere, and any ids, with more of the tokens that are bytes. */
static void check_tokenizer(const char *path, const json_t *texts)
{
    jc_rng rng = jc_rng_at(11, 0);
    jc_tokenizer *t;
    jc_text_stream *s;
    uint32_t ids[MOST];
    jc_error err;

    if (jc_tokenizer_open(&t, path, &err) || jc_text_stream_new(&s, t, &err))
        fail_msg("%s", err.message);
    for (size_t i = 0; i < json_array_size(texts); i++) {
        const json_t *text = json_array_get(texts, i);
        jc_ids of = {0};
        assert_int_equal(jc_tokenizer_encode(t, json_string_value(text),
                                             json_string_length(text), &of, NULL),
                         JC_OK);
        check_stream(t, s, of.id, of.n, path);
        check_stream(t, s, of.id, (size_t)jc_rng_below(&rng, of.n + 1), path);
        jc_ids_free(&of);
    }
    for (size_t round = 0; round < ROUNDS; round++) {
        uint32_t below = jc_tokenizer_size(t);
        size_t n = (size_t)jc_rng_below(&rng, MOST + 1);
        if (round % 2 && below > 270)
            below = 270;
        for (size_t i = 0; i < n; i++) {
            const char *part;
            size_t length;
            do /* ids without a token are refused, and change nothing */
                ids[i] = (uint32_t)jc_rng_below(&rng, below);
            while (jc_text_stream_push(s, ids[i], &part, &length, NULL));
            assert_int_equal(jc_text_stream_end(s, &part, &length, NULL), JC_OK);
        }
        check_stream(t, s, ids, n, path);
    }
    jc_text_stream_free(s);
    jc_tokenizer_close(t);
}

static json_t *hard_texts(void)
{
    json_t *texts = json_array(), *row;
    FILE *f = fopen(GOLDEN "hard.jsonl", "r");

    assert_non_null(f);
    for (size_t i = 0;; i++) {
        row = json_loadf(f, JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, NULL);
        if (!row)
            break;
        if (i % 4 == 0)
            json_array_append(texts, json_object_get(row, "text"));
        json_decref(row);
    }
    fclose(f);
    assert_true(json_array_size(texts) > 200);
    return texts;
}

static void test_stream__of_every_tokenizer_the_parts_make_up_the_whole(void **state)
{
    json_t *texts = hard_texts();
    DIR *folder = opendir(GOLDEN);
    size_t n = 0;

    (void)state;
    assert_non_null(folder);
    for (struct dirent *e = readdir(folder); e; e = readdir(folder)) {
        const char *dot = strrchr(e->d_name, '.');
        char path[1024];
        if (dot && strcmp(dot, ".gguf") != 0)
            continue;
        snprintf(path, sizeof path, GOLDEN "%s", e->d_name);
        check_tokenizer(path, texts);
        n++;
    }
    closedir(folder);
    check_tokenizer(JC_SOURCE_DIR "/data/demo", texts);
    json_decref(texts);
    assert_true(n >= TOKENIZERS);
}

/* ---- by hand ---- */

#define BPE(tokens, decoder)                                                               \
    "{\"decoder\":" decoder ",\"pre_tokenizer\":null,\"model\":{\"type\":\"BPE\","         \
    "\"vocab\":{" tokens "},\"merges\":[]}}"
#define SIGN "\xe2\x96\x81"
#define NAMES                                                                              \
    "\"" SIGN "\":0,\"" SIGN "a\":1,\"b\":2,\"<0xE2>\":3,\"<0x82>\":4,\"<0xAC>\":5,"       \
    "\"<s>\":6"
#define LLAMA                                                                              \
    "{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Replace\",\"pattern\":{\"String\":"  \
    "\"" SIGN "\"},\"content\":\" \"},{\"type\":\"ByteFallback\"},{\"type\":\"Fuse\"},"    \
    "{\"type\":\"Strip\",\"content\":\" \",\"start\":1,\"stop\":%d}]}"

/* `want`: the part after each id, and at the end; NULL: the id is refused. */
static void check_parts(const char *file, const uint32_t *ids, size_t n,
                        const char *const *want)
{
    const file_texts files = {file};
    jc_tokenizer *t;
    jc_text_stream *s;
    const char *part;
    size_t length;
    jc_error err;

    if (open_files(files, &t, &err) || jc_text_stream_new(&s, t, &err))
        fail_msg("%s", err.message);
    for (size_t i = 0; i <= n; i++) {
        jc_status st = i < n ? jc_text_stream_push(s, ids[i], &part, &length, &err)
                             : jc_text_stream_end(s, &part, &length, &err);
        assert_int_equal(st, want[i] ? JC_OK : JC_E_ARG);
        assert_int_equal(length, want[i] ? strlen(want[i]) : 0);
        assert_memory_equal(part, want[i] ? want[i] : "", length);
    }
    jc_text_stream_free(s);
    jc_tokenizer_close(t);
}

static void test_stream__bytes_are_held_until_they_are_a_character(void **state)
{
    /* the bytes of U+20AC, then of "a", of the half of a character */
    static const char *const want[] = {"", "", "\xe2\x82\xac", "a", "", "\xe2"};

    (void)state;
    check_parts(BPE("\"\xc3\xa2\":0,\"\xc4\xa4\":1,\"\xc2\xac\":2,\"a\":3",
                    "{\"type\":\"ByteLevel\"}"),
                CIDS(0, 1, 2, 3, 0), want);
    static const char *const again[] = {"", NULL, "", "\xe2\x82"};
    check_parts(BPE("\"\xc3\xa2\":0,\"\xc4\xa4\":1,\"\xc2\xac\":2,\"a\":3",
                    "{\"type\":\"ByteLevel\"}"),
                CIDS(0, 4, 1), again);
}

static void test_stream__the_space_before_a_text_is_dropped_once(void **state)
{
    char file[1024];
    static const char *const want[] = {"", " a", " a", "b", ""};

    (void)state;
    snprintf(file, sizeof file, BPE(NAMES, LLAMA), 0);
    check_parts(file, CIDS(0, 1, 1, 2), want);
}

/* A byte that makes the run bad turns all of it into U+FFFD, as in the reference. */
static void test_stream__a_run_of_named_bytes_comes_whole(void **state)
{
    char file[1024];
    static const char *const want[] = {"", "", "",
                                       ("\xe2\x82\xac"
                                        "b"),
                                       ""};
    static const char *const bad[] = {"",
                                      "",
                                      "",
                                      "",
                                      ("\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
                                       "b"),
                                      ""};

    (void)state;
    snprintf(file, sizeof file, BPE(NAMES, LLAMA), 0);
    check_parts(file, CIDS(3, 4, 5, 2), want);
    check_parts(file, CIDS(3, 4, 5, 3, 2), bad);
}

static void test_stream__what_needs_the_end_comes_at_the_end(void **state)
{
    char file[1024];
    static const char *const want[] = {"", "", "", "b a"};

    (void)state;
    snprintf(file, sizeof file, BPE(NAMES, LLAMA), 1);
    check_parts(file, CIDS(2, 1, 0), want);
}

static void test_stream__every_failed_allocation_is_reported(void **state)
{
    jc_tokenizer *t;
    jc_status st = JC_E_NOMEM;

    (void)state;
    assert_int_equal(jc_tokenizer_open(&t, GOLDEN "llama", NULL), JC_OK);
    for (long n = 0; st != JC_OK; n++) {
        jc_text_stream *s = NULL;
        const char *part;
        size_t length;
        assert_true(n < 1000);
        jc_alloc_fail_after(n);
        st = jc_text_stream_new(&s, t, NULL);
        for (uint32_t id = 200; id < 280 && st == JC_OK; id++)
            st = jc_text_stream_push(s, id, &part, &length, NULL);
        if (st == JC_OK)
            st = jc_text_stream_end(s, &part, &length, NULL);
        jc_alloc_fail_after(-1);
        assert_true(st == JC_OK || st == JC_E_NOMEM);
        jc_text_stream_free(s);
    }
    jc_tokenizer_close(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stream__of_every_tokenizer_the_parts_make_up_the_whole),
        cmocka_unit_test(test_stream__bytes_are_held_until_they_are_a_character),
        cmocka_unit_test(test_stream__the_space_before_a_text_is_dropped_once),
        cmocka_unit_test(test_stream__a_run_of_named_bytes_comes_whole),
        cmocka_unit_test(test_stream__what_needs_the_end_comes_at_the_end),
        cmocka_unit_test(test_stream__every_failed_allocation_is_reported),
    };
    return cmocka_run_group_tests_name("text/stream", tests, NULL, NULL);
}
