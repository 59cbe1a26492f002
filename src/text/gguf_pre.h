/* SPDX-License-Identifier: MIT */
/* gguf_pre.h: how texts are cut up, by the name that GGUF files give it. */
#ifndef JC_GGUF_PRE_H
#define JC_GGUF_PRE_H

#include "text/cut.h"
#include "text/normal.h"

typedef struct jc_gguf_pre {
    const char *name;
    const char *regex[5]; /* each isolates what it matches; "": GPT-2's pattern */
    bool nfc;             /* texts are composed first */
    bool ignore_merges;   /* a piece that is a token is taken whole */
    bool bos;             /* unless the file says otherwise */
} jc_gguf_pre;

/* NULL when the name is not known. */
const jc_gguf_pre *jc_gguf_pre_find(const char *name, size_t n);

/* Its steps, for byte-level BPE. `path` is for messages. */
jc_status jc_gguf_pre_add(const jc_gguf_pre *pre, jc_normal *normal, jc_cut *cut,
                          const char *path, jc_error *err) JC_NODISCARD;

#endif
