/* SPDX-License-Identifier: MIT */
/* gguf_bytes.h: GGUF files put together byte by byte, also such as no writer makes. */
#ifndef JC_TEST_GGUF_BYTES_H
#define JC_TEST_GGUF_BYTES_H

#include <stdint.h>
#include <string.h>

#include "support/check.h"

/* A file being written: its bytes are given to the reader in memory of exact size. */
struct bytes {
    unsigned char data[4096];
    size_t n;
};

static inline void put(struct bytes *b, uint64_t x, size_t bytes)
{
    assert_true(b->n + bytes <= sizeof b->data);
    for (size_t i = 0; i < bytes; i++)
        b->data[b->n++] = (unsigned char)(i < 8 ? x >> 8 * i : 0);
}

static inline void put_text(struct bytes *b, const char *text)
{
    size_t n = strlen(text);

    put(b, n, 8);
    memcpy(b->data + b->n, text, n);
    b->n += n;
}

static inline void put_header(struct bytes *b, uint32_t version, uint64_t tensors,
                              uint64_t keys)
{
    b->n = 0;
    memcpy(b->data, "GGUF", 4);
    b->n = 4;
    put(b, version, 4);
    put(b, tensors, 8);
    put(b, keys, 8);
}

/* A tensor [rows, columns] of type `number` of GGUF. */
static inline void put_tensor(struct bytes *b, const char *name, uint64_t rows,
                              uint64_t columns, uint32_t number, uint64_t offset)
{
    put_text(b, name);
    put(b, 2, 4);
    put(b, columns, 8);
    put(b, rows, 8);
    put(b, number, 4);
    put(b, offset, 8);
}

static inline void pad(struct bytes *b, size_t alignment, size_t data)
{
    while (b->n % alignment)
        put(b, 0xee, 1);
    put(b, 0, data);
}

#endif
