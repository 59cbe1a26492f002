/* SPDX-License-Identifier: MIT */
/* golden.h: files of the text tests. */
#ifndef JC_GOLDEN_H
#define JC_GOLDEN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jumpcut/tokenizer.h"

#define GOLDEN JC_SOURCE_DIR "/tests/golden/tokenizer/"

static inline void check_ids(const jc_ids *got, const json_t *want, const char *text)
{
    bool same = got->n == json_array_size(want);

    for (size_t i = 0; same && i < got->n; i++)
        same = got->id[i] == json_integer_value(json_array_get(want, i));
    if (same)
        return;
    print_error("ids of \"%s\":\n ", text);
    for (size_t i = 0; i < got->n; i++)
        print_error(" %u", got->id[i]);
    print_error("\nwant\n ");
    for (size_t i = 0; i < json_array_size(want); i++)
        print_error(" %lld", json_integer_value(json_array_get(want, i)));
    print_error("\n");
    fail();
}

/* Each line's ids, by the member `key`, where it has one; the ids decode to the member
 * `back`, unless it is NULL. How many lines have it. */
static inline size_t check_lines(const jc_tokenizer *t, const char *path, const char *key,
                                 const char *back)
{
    jc_error err;
    size_t lines = 0;
    FILE *f = fopen(path, "r");

    assert_non_null(f);
    while (!feof(f)) {
        json_t *row = json_loadf(f, JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, NULL);
        if (!row)
            break;
        if (!json_object_get(row, key)) {
            json_decref(row);
            continue;
        }
        json_t *text = json_object_get(row, "text");
        jc_ids ids = {0};
        char *again;
        size_t n;
        assert_int_equal(jc_tokenizer_encode(t, json_string_value(text),
                                             json_string_length(text), &ids, &err),
                         JC_OK);
        check_ids(&ids, json_object_get(row, key), json_string_value(text));
        assert_int_equal(jc_tokenizer_decode(t, ids.id, ids.n, &again, &n, &err), JC_OK);
        if (back) {
            const json_t *want = json_object_get(row, back);
            assert_int_equal(n, json_string_length(want));
            assert_memory_equal(again, json_string_value(want), n);
        }
        free(again);
        jc_ids_free(&ids);
        json_decref(row);
        lines++;
    }
    fclose(f);
    return lines;
}

static inline size_t check_file(const char *folder, const char *path, const char *key,
                                const char *back)
{
    jc_tokenizer *t;
    jc_error err;

    if (jc_tokenizer_open(&t, folder, &err))
        fail_msg("%s", err.message);
    size_t lines = check_lines(t, path, key, back);
    jc_tokenizer_close(t);
    return lines;
}

/* c as UTF-8; how many bytes that is. */
static inline size_t put_char(char *out, uint32_t c)
{
    if (c < 0x80)
        return out[0] = (char)c, 1;
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)((0xf00u >> n & 0xf0u) | c);
    return n;
}

/* A new folder under the build's temporary files. */
static inline char *temp_folder(void)
{
    const char *base = getenv("TMPDIR");
    char *path = malloc(512);

    assert_non_null(path);
    snprintf(path, 512, "%s/jumpcut-test-XXXXXX", base ? base : "/tmp");
    assert_non_null(mkdtemp(path));
    return path;
}

static inline void write_file(const char *folder, const char *name, const void *data,
                              size_t n)
{
    char path[1024];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static inline void write_text(const char *folder, const char *name, const char *text)
{
    write_file(folder, name, text, strlen(text));
}

/* Remove the folder and the files named, those that are there. */
static inline void drop_folder(char *folder, const char *const *names, size_t n)
{
    char path[1024];

    for (size_t i = 0; i < n; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(folder), 0);
    free(folder);
}

#endif
