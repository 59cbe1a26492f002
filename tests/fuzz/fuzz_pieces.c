/* SPDX-License-Identifier: MIT */
/* fuzz_pieces.c: any bytes as a GGUF file, where they begin as one, or else as a
 * tokenizer.model; texts are a fixed one and the end of the bytes. */
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

static void run(const jc_tokenizer *t, const char *text, size_t n)
{
    jc_ids ids = {0};
    jc_error err = {JC_OK, ""};
    char *again;
    size_t length;
    jc_status st = jc_tokenizer_encode(t, text, n, &ids, &err);

    if (st)
        check_failure(st, &err);
    for (size_t i = 0; i < ids.n; i++)
        check(ids.id[i] < jc_tokenizer_size(t));
    check(jc_tokenizer_decode(t, ids.id, ids.n, &again, &length, &err) == JC_OK);
    free(again);
    jc_ids_free(&ids);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char text[] = "a  b\xcc\x81 <s>\xe2\x96\x81\n\xf0\x9f\x98\x80"
                               "12\xff ab.";
    static char path[] = "fuzz";
    jc_tokenizer_files files = {.folder = path};
    jc_tokenizer *t = NULL;
    jc_error err = {JC_OK, ""};
    jc_status st = JC_OK;
    size_t tail = size < 32 ? size : 32;

    if (size >= 4 && memcmp(data, "GGUF", 4) == 0)
        st = jc_gguf_parse(&files.gguf, data, size, path, &err);
    else
        files.map[JC_FILE_MODEL] = (jc_mapped){.data = data, .size = size, .path = path};
    if (st == JC_OK)
        st = jc_tokenizer_make(&t, &files, &err);
    if (st) {
        check_failure(st, &err);
    } else {
        run(t, text, sizeof text - 1);
        run(t, (const char *)data + size - tail, tail);
    }
    jc_tokenizer_close(t);
    jc_gguf_close(files.gguf);
    return 0;
}
