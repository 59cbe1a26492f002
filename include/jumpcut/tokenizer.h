/* SPDX-License-Identifier: MIT */
#ifndef JUMPCUT_TOKENIZER_H
#define JUMPCUT_TOKENIZER_H

/**
 * @file jumpcut/tokenizer.h
 * Texts to token ids and back.
 *
 * A tokenizer is read-only once opened and may be shared between threads.
 */

#include <stddef.h>
#include <stdint.h>

#include "jumpcut/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct jc_tokenizer jc_tokenizer;

/** A growing list of token ids. Start from {0}; release with jc_ids_free(). */
typedef struct jc_ids {
    uint32_t *id; /* [n] */
    size_t n, capacity;
} jc_ids;

JC_API void jc_ids_free(jc_ids *ids);

/** Open the tokenizer of a model folder. It needs only the tokenizer's own files there:
 *  `tokenizer.json`, or else `vocab.json` + `merges.txt`, or else `vocab.txt`, and
 *  `tokenizer_config.json` if present. */
JC_API jc_status jc_tokenizer_open(jc_tokenizer **out, const char *path,
                                   jc_error *err) JC_NODISCARD;
JC_API void jc_tokenizer_close(jc_tokenizer *tokenizer);

/** The row of the tokenizer table: "byte-bpe", "wordpiece". */
JC_API const char *jc_tokenizer_kind(const jc_tokenizer *tokenizer);

/** One more than the largest id. */
JC_API uint32_t jc_tokenizer_size(const jc_tokenizer *tokenizer);

/** The id of a special token by role: "bos", "eos", "unk", "pad", "cls", "sep", "mask".
 *  -1 when the tokenizer has none. */
JC_API int64_t jc_tokenizer_special(const jc_tokenizer *tokenizer, const char *role);

/** Append the ids of text[0..length) to *ids, with the tokens that the tokenizer puts
 * around each text, if any, such as [CLS] and [SEP]. Special tokens written out in the text
 * are recognised, as the reference implementation does. Bytes that are not UTF-8 become the
 *  tokens of those bytes ("byte-bpe"), or count as U+FFFD, which is dropped ("wordpiece").
 */
JC_API jc_status jc_tokenizer_encode(const jc_tokenizer *tokenizer, const char *text,
                                     size_t length, jc_ids *ids,
                                     jc_error *err) JC_NODISCARD;

/** The text of ids[0..n), for "wordpiece" words with spaces between, without [CLS], [SEP]
 *  and [PAD]: *text is yours (free()), zero-ended, and *length long without the
 *  zero. E_ARG for an id outside the vocabulary. */
JC_API jc_status jc_tokenizer_decode(const jc_tokenizer *tokenizer, const uint32_t *ids,
                                     size_t n, char **text, size_t *length,
                                     jc_error *err) JC_NODISCARD;

#ifdef __cplusplus
}
#endif
#endif
