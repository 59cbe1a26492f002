/* SPDX-License-Identifier: MIT */
/* gguf_pre.h: how texts are cut up, by the name that GGUF files give it. */
#ifndef JC_GGUF_PRE_H
#define JC_GGUF_PRE_H

#include "text/cut.h"
#include "text/normal.h"

enum {
    JC_PRE_NFC = 1,   /* texts are composed first */
    JC_PRE_WHOLE = 2, /* a piece that is a token is taken whole */
    JC_PRE_BOS = 4,   /* bos before each text, unless the file says otherwise */
    JC_PRE_CHARS = 8, /* merges are of characters, not of bytes; spaces are U+2581 */
    JC_PRE_DROP = 16  /* what a pattern matches is dropped, and spaces are no U+2581 */
};

typedef struct jc_gguf_pre {
    const char *name;
    const char *regex[6]; /* each isolates what it matches; "": GPT-2's pattern */
    unsigned flags;
} jc_gguf_pre;

/* NULL when the name is not known. */
const jc_gguf_pre *jc_gguf_pre_find(const char *name, size_t n);

/* How texts are cut. `path` is for messages. */
jc_status jc_gguf_pre_add(const jc_gguf_pre *pre, jc_normal *normal, jc_cut *cut,
                          const char *path, jc_error *err) JC_NODISCARD;

#endif
