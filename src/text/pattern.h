/* SPDX-License-Identifier: MIT */
/* pattern.h: cutting a text into pieces by a regular expression, which is data. */
#ifndef JC_PATTERN_H
#define JC_PATTERN_H

#include "text/text.h"

/* White space as Unicode's White_Space has it; PCRE2's own \s also takes U+180E. For use in
 * a class: "[" JC_PATTERN_SPACE "]". */
#define JC_PATTERN_SPACE "\\t-\\r\\x{85}\\p{Z}"

/* The pattern that GPT-2 was published with. */
#define JC_PATTERN_GPT2                                                                    \
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^" JC_PATTERN_SPACE                    \
    "\\p{L}\\p{N}]+|[" JC_PATTERN_SPACE "]+(?![^" JC_PATTERN_SPACE "])|[" JC_PATTERN_SPACE \
    "]+"

typedef struct jc_pattern jc_pattern;

jc_status jc_pattern_new(jc_pattern **out, const char *regex, jc_error *err) JC_NODISCARD;
void jc_pattern_free(jc_pattern *pattern); /* takes NULL */

/* The same of the regular expressions of tokenizer.json, which are Oniguruma's: regex.c.
 * `path` is for messages. */
jc_status jc_pattern_regex(jc_pattern **out, const char *regex, size_t n, const char *path,
                           jc_error *err) JC_NODISCARD;
/* The pattern of text[0..n) itself. */
jc_status jc_pattern_text(jc_pattern **out, const char *text, size_t n,
                          jc_error *err) JC_NODISCARD;

/* A piece of the text, 1 byte or more; `match`: the pattern is what found it. */
typedef jc_status jc_piece_fn(void *arg, const char *piece, size_t n, bool match,
                              jc_error *err);

/* Give the pieces of text[0..n) in order; together they are the whole text. What the
 * pattern does not match is a piece, and so is a run of bytes that are not UTF-8. */
jc_status jc_pattern_split(const jc_pattern *pattern, const char *text, size_t n,
                           jc_piece_fn *piece, void *arg, jc_error *err) JC_NODISCARD;

#endif
