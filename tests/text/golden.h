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
