/* SPDX-License-Identifier: MIT */
/* fuzz_ranks.c: any bytes as tiktoken's file or, where they begin with '{', tekken.json;
 * then, each after a zero byte, tokenizer_config.json, added_tokens.json and a text. */
#include <stdlib.h>
#include <string.h>

#include "text/tokenizer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

/* Of tokens that are bytes, the ids decode to the text, unless it is composed first. */
static void run(const jc_tokenizer *t, const char *text, size_t n)
{
    jc_ids ids = {0};
    jc_error err = {JC_OK, ""};
    char *again;
    size_t length;
    bool exact = t->normal.n == 0 && t->before.n == 0 && t->after.n == 0;

    if (jc_tokenizer_encode(t, text, n, &ids, &err) == JC_OK) {
        check(jc_tokenizer_decode(t, ids.id, ids.n, &again, &length, &err) == JC_OK);
        for (size_t pass = 0; pass < 2; pass++) /* they may take spaces along */
            for (size_t i = 0; i < t->added.pass[pass].n; i++)
                exact &= !t->added.pass[pass].token[i].lstrip &&
                         !t->added.pass[pass].token[i].rstrip;
        check(!exact || (length == n && memcmp(again, text, n) == 0));
        free(again);
    }
    jc_ids_free(&ids);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char path[] = "qwen.tiktoken";
    jc_tokenizer_files files = {.folder = path};
    jc_tokenizer *t = NULL;
    jc_error err = {JC_OK, ""};
    size_t at = 0;

    for (size_t i = 0; i < 3 && at < size; i++) {
        const uint8_t *end = memchr(data + at, 0, size - at);
        size_t n = end ? (size_t)(end - data) - at : size - at;
        jc_tokenizer_file file = i == 1            ? JC_FILE_CONFIG
                                 : i == 2          ? JC_FILE_ADDED
                                 : data[at] == '{' ? JC_FILE_TEKKEN
                                                   : JC_FILE_RANKS;
        if (n > 0)
            files.map[file] = (jc_mapped){.data = data + at, .size = n, .path = path};
        at += n + (end != NULL);
    }
    jc_status st = jc_tokenizer_files_parse(&files, &err);
    if (st == JC_OK)
        st = jc_tokenizer_make(&t, &files, &err);
    if (st)
        check(err.status == st && err.message[0] && !strchr(err.message, '\n'));
    else
        run(t, (const char *)data + at, size - at);
    jc_tokenizer_close(t);
    for (size_t i = 0; i < JC_TOKENIZER_FILES; i++)
        json_decref(files.json[i]);
    return 0;
}
