/* SPDX-License-Identifier: MIT */
/*
 * gguf.h: one GGUF file, versions 2 and 3: metadata by key, and tensors.
 *
 * The file is mapped and untrusted. After open, each value and each tensor's bytes lie
 * inside the file; values are read where they lie.
 */
#ifndef JC_GGUF_H
#define JC_GGUF_H

#include "store/store.h"

/* In the order of the format's numbers: name and bytes (0: of no fixed size). */
#define JC_GGUF_TYPE_LIST(X)                                                               \
    X(U8, "u8", 1)                                                                         \
    X(I8, "i8", 1)                                                                         \
    X(U16, "u16", 2)                                                                       \
    X(I16, "i16", 2)                                                                       \
    X(U32, "u32", 4)                                                                       \
    X(I32, "i32", 4)                                                                       \
    X(F32, "f32", 4)                                                                       \
    X(BOOL, "bool", 1)                                                                     \
    X(TEXT, "text", 0)                                                                     \
    X(ARRAY, "array", 0)                                                                   \
    X(U64, "u64", 8)                                                                       \
    X(I64, "i64", 8)                                                                       \
    X(F64, "f64", 8)

typedef enum jc_gguf_type {
#define JC_X(id, name, bytes) JC_GGUF_##id,
    JC_GGUF_TYPE_LIST(JC_X)
#undef JC_X
} jc_gguf_type;

typedef struct jc_gguf_value {
    const char *key;
    jc_gguf_type type; /* of the value, or of the elements of an array; never ARRAY */
    bool array;
    size_t n;                  /* elements of an array; otherwise 1 */
    const unsigned char *data; /* of the elements, unaligned */
} jc_gguf_value;

/* Any bytes, not ended by a zero: NUL and what is not UTF-8 may be among them. */
typedef struct jc_gguf_text {
    const char *text;
    size_t n;
} jc_gguf_text;

typedef struct jc_gguf jc_gguf;

/* Whether the file begins as GGUF does; false when it cannot be read. */
bool jc_gguf_is(const char *path);

jc_status jc_gguf_open(jc_gguf **out, const char *path, jc_error *err) JC_NODISCARD;
/* The same over bytes already in memory, borrowed; `path` is for messages. */
jc_status jc_gguf_parse(jc_gguf **out, const unsigned char *data, size_t size,
                        const char *path, jc_error *err) JC_NODISCARD;
void jc_gguf_close(jc_gguf *file); /* takes NULL */
const char *jc_gguf_path(const jc_gguf *file);
uint32_t jc_gguf_version(const jc_gguf *file);

/* In order of name; NULL past the end, or when there is none. */
size_t jc_gguf_count(const jc_gguf *file);
const jc_tensor *jc_gguf_at(const jc_gguf *file, size_t i);
const jc_tensor *jc_gguf_find(const jc_gguf *file, const char *name);

/* The same of metadata. */
size_t jc_gguf_value_count(const jc_gguf *file);
const jc_gguf_value *jc_gguf_value_at(const jc_gguf *file, size_t i);
const jc_gguf_value *jc_gguf_get(const jc_gguf *file, const char *key);

const char *jc_gguf_type_name(jc_gguf_type type);
size_t jc_gguf_type_bytes(jc_gguf_type type); /* of an element; 0: of no fixed size */
/* Element i < n (0 of what is no array) of a value of numbers or booleans. */
double jc_gguf_number(const jc_gguf_value *value, size_t i);
/* The text at byte *at of a value of texts, and *at moves to the next: start at 0, n times.
 */
jc_gguf_text jc_gguf_next(const jc_gguf_value *value, size_t *at);

/* What `key` holds, or E_FORMAT naming file and key when it is absent or of another kind. A
 * list is an array of texts, or of numbers. */
jc_status jc_gguf_u32(const jc_gguf *file, const char *key, uint32_t *out,
                      jc_error *err) JC_NODISCARD;
jc_status jc_gguf_bool(const jc_gguf *file, const char *key, bool *out,
                       jc_error *err) JC_NODISCARD;
jc_status jc_gguf_text_of(const jc_gguf *file, const char *key, jc_gguf_text *out,
                          jc_error *err) JC_NODISCARD;
jc_status jc_gguf_list(const jc_gguf *file, const char *key, bool texts,
                       const jc_gguf_value **out, jc_error *err) JC_NODISCARD;

#endif
