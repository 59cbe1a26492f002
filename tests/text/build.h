/* SPDX-License-Identifier: MIT */
/* build.h: the bytes of a small tokenizer.model and of the metadata of a GGUF file. */
#ifndef JC_TEST_BUILD_H
#define JC_TEST_BUILD_H

#include <string.h>

#include "text/tokenizer.h"

#define SIGN "\xe2\x96\x81" /* U+2581, sentencepiece's space */

typedef struct built {
    char data[16384];
    size_t n;
} built;

static inline void put_bytes(built *b, const void *data, size_t n)
{
    assert_true(b->n + n <= sizeof b->data);
    memcpy(b->data + b->n, data, n);
    b->n += n;
}

static inline void put_u(built *b, uint64_t x, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        put_bytes(b, &(unsigned char){(unsigned char)(x >> 8 * i)}, 1);
}

/* ---- protocol buffers ---- */

static inline void put_varint(built *b, uint64_t x)
{
    for (; x > 0x7f; x >>= 7)
        put_u(b, (x & 0x7f) | 0x80, 1);
    put_u(b, x, 1);
}

static inline void put_number(built *b, uint32_t field, uint64_t x)
{
    put_varint(b, field << 3);
    put_varint(b, x);
}

static inline void put_field(built *b, uint32_t field, const void *data, size_t n)
{
    put_varint(b, field << 3 | 2);
    put_varint(b, n);
    put_bytes(b, data, n);
}

static inline void put_piece(built *b, const char *name, float score, uint32_t type)
{
    built piece = {.n = 0};
    uint32_t bits;

    memcpy(&bits, &score, sizeof bits);
    put_field(&piece, 1, name, strlen(name));
    put_varint(&piece, 2 << 3 | 5);
    put_u(&piece, bits, 4);
    put_number(&piece, 3, type);
    put_field(b, 1, piece.data, piece.n);
}

/* `flags`: of the normalizer: add_dummy_prefix, remove_extra_whitespaces. */
static inline void put_specs(built *b, uint32_t type, bool dummy, bool extra)
{
    built trainer = {.n = 0}, normalizer = {.n = 0};

    put_number(&trainer, 3, type);
    put_field(b, 2, trainer.data, trainer.n);
    put_number(&normalizer, 3, dummy);
    put_number(&normalizer, 4, extra);
    put_field(b, 3, normalizer.data, normalizer.n);
}

static inline jc_status open_model(const built *b, const char *config, jc_tokenizer **out,
                                   jc_error *err)
{
    static char names[2][32] = {"tokenizer.model", "tokenizer_config.json"};
    jc_tokenizer_files files = {.folder = "d"};

    *out = NULL;
    files.map[JC_FILE_MODEL] =
        (jc_mapped){.data = (const unsigned char *)b->data, .size = b->n, .path = names[0]};
    if (config)
        files.map[JC_FILE_CONFIG] = (jc_mapped){.data = (const unsigned char *)config,
                                                .size = strlen(config),
                                                .path = names[1]};
    jc_status st = jc_tokenizer_files_parse(&files, err);
    if (st == JC_OK)
        st = jc_tokenizer_make(out, &files, err);
    json_decref(files.json[JC_FILE_CONFIG]);
    return st;
}

/* ---- GGUF ---- */

static inline void put_text(built *b, const char *text)
{
    put_u(b, strlen(text), 8);
    put_bytes(b, text, strlen(text));
}

static inline void put_key(built *b, const char *name, uint32_t type)
{
    built key = {.n = 0};

    if (strncmp(name, "general.", 8) != 0)
        put_bytes(&key, "tokenizer.ggml.", 15);
    put_bytes(&key, name, strlen(name) + 1);
    put_text(b, key.data);
    put_u(b, type, 4);
}

static inline void put_key_text(built *b, const char *name, const char *text)
{
    put_key(b, name, JC_GGUF_TEXT);
    put_text(b, text);
}

static inline void put_key_u32(built *b, const char *name, uint32_t x)
{
    put_key(b, name, JC_GGUF_U32);
    put_u(b, x, 4);
}

static inline void put_key_bool(built *b, const char *name, bool x)
{
    put_key(b, name, JC_GGUF_BOOL);
    put_u(b, x, 1);
}

/* `texts`: one a line. */
static inline void put_key_texts(built *b, const char *name, const char *texts)
{
    size_t n = 0, at;

    put_key(b, name, JC_GGUF_ARRAY);
    put_u(b, JC_GGUF_TEXT, 4);
    at = b->n;
    put_u(b, 0, 8);
    for (const char *end; *texts; texts = end + 1, n++) {
        end = strchr(texts, '\n');
        put_u(b, (size_t)(end - texts), 8);
        put_bytes(b, texts, (size_t)(end - texts));
    }
    b->data[at] = (char)n;
}

static inline void put_key_types(built *b, const char *name, const char *digits)
{
    put_key(b, name, JC_GGUF_ARRAY);
    put_u(b, JC_GGUF_I32, 4);
    put_u(b, strlen(digits), 8);
    for (; *digits; digits++)
        put_u(b, (uint32_t)(*digits - '0'), 4);
}

static inline void put_key_scores(built *b, const char *name, const float *x, size_t n)
{
    put_key(b, name, JC_GGUF_ARRAY);
    put_u(b, JC_GGUF_F32, 4);
    put_u(b, n, 8);
    put_bytes(b, x, n * sizeof *x);
}

static inline jc_status open_gguf(const built *keys, uint64_t n_keys, jc_tokenizer **out,
                                  jc_error *err)
{
    built whole = {.n = 0};
    jc_tokenizer_files files = {.folder = "x.gguf"};

    *out = NULL;
    put_bytes(&whole, "GGUF", 4);
    put_u(&whole, 3, 4);
    put_u(&whole, 0, 8);
    put_u(&whole, n_keys, 8);
    put_bytes(&whole, keys->data, keys->n);
    jc_status st = jc_gguf_parse(&files.gguf, (const unsigned char *)whole.data, whole.n,
                                 "x.gguf", err);
    if (st == JC_OK)
        st = jc_tokenizer_make(out, &files, err);
    jc_gguf_close(files.gguf);
    return st;
}

static inline void check_text_ids(const jc_tokenizer *t, const char *text,
                                  const uint32_t *want, size_t n)
{
    jc_ids ids = {0};
    jc_error err;

    if (jc_tokenizer_encode(t, text, strlen(text), &ids, &err))
        fail_msg("%s", err.message);
    assert_int_equal(ids.n, n);
    assert_memory_equal(ids.id, want, n * sizeof *want);
    jc_ids_free(&ids);
}

#endif
