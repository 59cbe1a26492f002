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

/** Open the tokenizer of a model: of a GGUF file, which holds it, or of a folder. It needs
 *  only the tokenizer's own files there: `tokenizer.json`, or else `tokenizer.model`
 *  (sentencepiece's, or tiktoken's), `tekken.json`, `*.tiktoken`, `vocab.json` +
 *  `merges.txt`, or `vocab.txt`; and, if present,
 *  `tokenizer_config.json`, `special_tokens_map.json` and `added_tokens.json`, whose tokens
 *  and settings count as in the transformers package. */
JC_API jc_status jc_tokenizer_open(jc_tokenizer **out, const char *path,
                                   jc_error *err) JC_NODISCARD;
JC_API void jc_tokenizer_close(jc_tokenizer *tokenizer);

/** The algorithm: "byte-bpe", "bpe" (of characters, as sentencepiece has it), "unigram",
 *  "wordpiece", "wordlevel" (a word is a token). */
JC_API const char *jc_tokenizer_kind(const jc_tokenizer *tokenizer);

/** One more than the largest id. */
JC_API uint32_t jc_tokenizer_size(const jc_tokenizer *tokenizer);

/** E_MISMATCH, naming the token, when one of ids[0..n) has no row in an embedding of `rows`
 *  rows. A tokenizer may well have more tokens than the model has rows, or fewer: what
 *  counts is what a text has. */
JC_API jc_status jc_tokenizer_check(const jc_tokenizer *tokenizer, const uint32_t *ids,
                                    size_t n, uint32_t rows, jc_error *err) JC_NODISCARD;

/** The id of a special token by role: "bos", "eos", "unk", "pad", "cls", "sep", "mask".
 *  -1 when the tokenizer has none. */
JC_API int64_t jc_tokenizer_special(const jc_tokenizer *tokenizer, const char *role);

/** The token that decodes to exactly text[0..length), where a space before a word counts
 *  (" France"), or the special token of this name. E_ARG where there is none; the message
 *  says what tokens the text is made of. */
JC_API jc_status jc_tokenizer_find(const jc_tokenizer *tokenizer, const char *text,
                                   size_t length, uint32_t *id, jc_error *err) JC_NODISCARD;

/** Append the ids of text[0..length) to *ids, with the tokens that the tokenizer puts
 *  around each text, if any, such as <s>, or [CLS] and [SEP]. Special tokens written out in
 *  the text are recognised, as the reference implementation does. Bytes that are not UTF-8
 *  become the tokens of those bytes ("byte-bpe"), or count as U+FFFD each (the others).
 *  E_FORMAT when a character has no token, and the tokenizer none for the unknown, and when
 *  a piece that is tokenized as one, such as a word, is longer than 8 MiB. */
JC_API jc_status jc_tokenizer_encode(const jc_tokenizer *tokenizer, const char *text,
                                     size_t length, jc_ids *ids,
                                     jc_error *err) JC_NODISCARD;

/** The text of ids[0..n), as the tokenizer's decoder writes it: of "byte-bpe" what was
 *  encoded, byte for byte (but for a normaliser); of "bpe" and "unigram" mostly without the
 *  space that stands before a text; of "wordpiece" words with spaces between, without
 * [CLS], [SEP] and [PAD]. *text is yours (free()), zero-ended, and *length long without the
 *  zero. E_ARG for an id outside the vocabulary. */
JC_API jc_status jc_tokenizer_decode(const jc_tokenizer *tokenizer, const uint32_t *ids,
                                     size_t n, char **text, size_t *length,
                                     jc_error *err) JC_NODISCARD;

/** Decodes ids one at a time, for text that is shown while a model writes it. What the
 * calls give, one after the other, is what jc_tokenizer_decode() makes of all the ids, and
 * none of it ends inside a UTF-8 character. To continue a prompt, push its ids first. */
typedef struct jc_text_stream jc_text_stream;

/** The tokenizer is borrowed until free. */
JC_API jc_status jc_text_stream_new(jc_text_stream **out, const jc_tokenizer *tokenizer,
                                    jc_error *err) JC_NODISCARD;
JC_API void jc_text_stream_free(jc_text_stream *stream); /* takes NULL */

/** Take the next id. (*text)[0..*length) is the text that is certain now, often empty; it
 * is not zero-ended, and valid until the next call. E_ARG for an id outside the vocabulary.
 */
JC_API jc_status jc_text_stream_push(jc_text_stream *stream, uint32_t id, const char **text,
                                     size_t *length, jc_error *err) JC_NODISCARD;

/** Give what is still held back, such as the bytes of half a character; then the stream is
 *  as new. */
JC_API jc_status jc_text_stream_end(jc_text_stream *stream, const char **text,
                                    size_t *length, jc_error *err) JC_NODISCARD;

#ifdef __cplusplus
}
#endif
#endif
