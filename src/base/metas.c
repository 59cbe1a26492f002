/* SPDX-License-Identifier: MIT */
#include "base/metas.h"

#include <string.h>

static jc_meta *find(const jc_metas *metas, const char *key)
{
    for (size_t i = 0; i < metas->n; i++)
        if (strcmp(metas->list[i].key, key) == 0)
            return &metas->list[i];
    return NULL;
}

static void free_meta(jc_meta *meta)
{
    jc_free(meta->key);
    jc_free(meta->value);
}

jc_status jc_metas_set(jc_metas *metas, const char *key, const char *value, jc_error *err)
{
    jc_meta *there = find(metas, key),
            made = {there ? NULL : jc_strdup(key), jc_strdup(value)};

    if (!made.value || (!there && !made.key))
        goto short_of_memory;
    if (there) {
        jc_free(there->value);
        there->value = made.value;
        return JC_OK;
    }
    if (!jc_grow(&metas->list, &metas->capacity, metas->n + 1, sizeof *metas->list))
        goto short_of_memory;
    metas->list[metas->n++] = made;
    return JC_OK;

short_of_memory:
    free_meta(&made);
    return jc_fail_nomem(err, "metadata");
}

const char *jc_metas_get(const jc_metas *metas, const char *key)
{
    const jc_meta *meta = find(metas, key);

    return meta ? meta->value : NULL;
}

void jc_metas_agree(jc_metas *metas, const jc_metas *other)
{
    size_t kept = 0;

    for (size_t i = 0; i < metas->n; i++) {
        jc_meta *meta = &metas->list[i];
        const char *value = jc_metas_get(other, meta->key);
        if (value && strcmp(value, meta->value) == 0)
            metas->list[kept++] = *meta;
        else
            free_meta(meta);
    }
    metas->n = kept;
}

void jc_metas_free(jc_metas *metas)
{
    for (size_t i = 0; i < metas->n; i++)
        free_meta(&metas->list[i]);
    jc_free(metas->list);
    *metas = (jc_metas){0};
}
