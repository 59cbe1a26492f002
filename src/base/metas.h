/* SPDX-License-Identifier: MIT */
/* metas.h: metadata: texts by key, in the order in which they were set. */
#ifndef JC_METAS_H
#define JC_METAS_H

#include "base/base.h"

typedef struct jc_meta {
    char *key, *value;
} jc_meta;

/* Start from {0}. */
typedef struct jc_metas {
    jc_meta *list; /* [n] */
    size_t n, capacity;
} jc_metas;

/* Both are copied; a value that is there is replaced in its place. E_NOMEM. */
jc_status jc_metas_set(jc_metas *metas, const char *key, const char *value,
                       jc_error *err) JC_NODISCARD;
const char *jc_metas_get(const jc_metas *metas, const char *key); /* NULL: none */
/* Take out what `other` does not say in the same words. */
void jc_metas_agree(jc_metas *metas, const jc_metas *other);
void jc_metas_free(jc_metas *metas);

#endif
