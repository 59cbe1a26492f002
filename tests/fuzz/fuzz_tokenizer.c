/* SPDX-License-Identifier: MIT */
/* fuzz_tokenizer.c: any bytes as the files of a tokenizer and a text, each ended by a zero
 * byte: tokenizer.json, vocab.json, merges.txt, tokenizer_config.json,
 * special_tokens_map.json, vocab.txt, text. An empty file is one that is not there. */
#include <stdlib.h>
#include <string.h>

#include "text/tokenizer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

static void check_failure(jc_status st, const jc_error *err)
{
    check(err->status == st && err->message[0] && !strchr(err->message, '\n'));
}

/* Decoded one by one, the ids give the same text. */
static void check_stream(const jc_tokenizer *t, const jc_ids *ids, const char *want,
                         size_t n)
{
    jc_text_stream *s;
    const char *part;
    size_t at = 0, length;
    jc_error err;

    check(jc_text_stream_new(&s, t, &err) == JC_OK);
    for (size_t i = 0; i <= ids->n; i++) {
        jc_status st = i < ids->n ? jc_text_stream_push(s, ids->id[i], &part, &length, &err)
                                  : jc_text_stream_end(s, &part, &length, &err);
        check(st == JC_OK && length <= n - at && memcmp(part, want + at, length) == 0);
        at += length;
    }
    check(at == n);
    jc_text_stream_free(s);
}

/* `exact`: the text must come back as it is. */
static void run(const jc_tokenizer *t, const char *text, size_t n, bool exact)
{
    jc_ids ids = {0};
    jc_error err = {JC_OK, ""};
    char *again;
    size_t length;
    jc_status st = jc_tokenizer_encode(t, text, n, &ids, &err);

    if (st) {
        check_failure(st, &err);
        check(ids.n == 0);
    } else {
        for (size_t i = 0; i < ids.n; i++)
            check(ids.id[i] < jc_tokenizer_size(t));
        check(jc_tokenizer_decode(t, ids.id, ids.n, &again, &length, &err) == JC_OK);
        check_stream(t, &ids, again, length);
        check(!exact || (length == n && memcmp(again, text, n) == 0));
        free(again);
    }
    jc_ids_free(&ids);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char path[] = "fuzz";
    jc_tokenizer_files files = {.folder = path};
    jc_tokenizer *t = NULL;
    jc_error err = {JC_OK, ""};
    size_t at = 0;

    for (size_t i = 0; i < JC_FILE_MODEL && at < size; i++) {
        const uint8_t *end = memchr(data + at, 0, size - at);
        size_t n = end ? (size_t)(end - data) - at : size - at;
        if (n > 0)
            files.map[i] = (jc_mapped){.data = data + at, .size = n, .path = path};
        at += n + (end != NULL);
    }
    jc_status st = jc_tokenizer_files_parse(&files, &err);
    if (st == JC_OK)
        st = jc_tokenizer_make(&t, &files, &err);
    if (st)
        check_failure(st, &err);
    else /* a setting may take spaces away, add them, or name an unknown */
        run(t, (const char *)data + at, size - at,
            !files.json[JC_FILE_TOKENIZER] && files.json[JC_FILE_VOCAB] &&
                t->before.n == 0 && !files.map[JC_FILE_CONFIG].data &&
                !files.map[JC_FILE_SPECIAL].data);
    jc_tokenizer_close(t);
    for (size_t i = 0; i < JC_TOKENIZER_FILES; i++)
        json_decref(files.json[i]);
    return 0;
}
