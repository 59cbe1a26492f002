/* SPDX-License-Identifier: MIT */
/* files.h: tokenizers of a few short files that are strings. */
#ifndef JC_TEST_FILES_H
#define JC_TEST_FILES_H

#include <string.h>

#include "text/tokenizer.h"

typedef const char *file_texts[JC_TOKENIZER_FILES]; /* NULL: there is no such file */

static inline jc_status open_files(const char *const text[JC_TOKENIZER_FILES],
                                   jc_tokenizer **out, jc_error *err)
{
    static const char *const names[] = {"tokenizer.json",
                                        "vocab.json",
                                        "merges.txt",
                                        "tokenizer_config.json",
                                        "special_tokens_map.json",
                                        "vocab.txt",
                                        "tokenizer.model",
                                        "added_tokens.json",
                                        "tekken.json",
                                        "x.tiktoken"};
    jc_tokenizer_files files = {.folder = "d"};

    *out = NULL;
    for (size_t i = 0; i < JC_TOKENIZER_FILES; i++)
        if (text[i])
            files.map[i] = (jc_mapped){.data = (const unsigned char *)text[i],
                                       .size = strlen(text[i]),
                                       .path = (char *)(uintptr_t)names[i]};
    jc_status st = jc_tokenizer_files_parse(&files, err);
    if (st == JC_OK)
        st = jc_tokenizer_make(out, &files, err);
    for (size_t i = 0; i < JC_TOKENIZER_FILES; i++)
        json_decref(files.json[i]);
    return st;
}

/* Two arguments: a list of ids and its length. */
#define CIDS(...)                                                                          \
    ((const uint32_t[]){__VA_ARGS__}),                                                     \
        (sizeof(const uint32_t[]){__VA_ARGS__} / sizeof(uint32_t))

static inline void check_small(const char *const files[JC_TOKENIZER_FILES],
                               const char *text, const uint32_t *want, size_t n)
{
    jc_tokenizer *t;
    jc_ids ids = {0};
    jc_error err;

    if (open_files(files, &t, &err) ||
        jc_tokenizer_encode(t, text, strlen(text), &ids, &err))
        fail_msg("%s", err.message);
    assert_int_equal(ids.n, n);
    if (n)
        assert_memory_equal(ids.id, want, n * sizeof *want);
    jc_ids_free(&ids);
    jc_tokenizer_close(t);
}

#endif
