/* SPDX-License-Identifier: MIT */
/*
 * gguf_parts.c: a GGUF model in several files: x-00001-of-00003.gguf has the metadata, and
 * the others, which it does not name, are beside it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "store/store_impl.h"

enum { MOST = 99999 }; /* parts: as many as five digits number */

static jc_status add(jc_store *store, const char *path, jc_error *err)
{
    if (!jc_grow(&store->ggufs, &store->ggufs_capacity, store->n_ggufs + 1,
                 sizeof(jc_gguf *)))
        return jc_fail_nomem(err, path);
    jc_status st = jc_gguf_open(&store->ggufs[store->n_ggufs], path, err);
    if (st == JC_OK)
        store->n_ggufs++;
    return st;
}

/* Open the parts from the second on; `stem` bytes of the path are before their numbers. */
static jc_status add_others(jc_store *store, size_t stem, uint32_t n, jc_error *err)
{
    size_t room = strlen(store->path) + 1;
    char *path = jc_alloc(room);
    jc_status st = path ? JC_OK : jc_fail_nomem(err, store->path);

    for (uint32_t i = 2; i <= n && st == JC_OK; i++) {
        snprintf(path, room, "%.*s-%05" PRIu32 "-of-%05" PRIu32 ".gguf", (int)stem,
                 store->path, i, n);
        st = jc_file_exists(path)
                 ? add(store, path, err)
                 : jc_fail(err, JC_E_IO,
                           "cannot open '%s': it is not there, and the model has %" PRIu32
                           " parts: put it beside the first",
                           path, n);
    }
    jc_free(path);
    return st;
}

jc_status jc_gguf_parts_open(jc_store *store, jc_error *err)
{
    char ending[32];
    uint32_t n = 0;
    jc_status st = add(store, store->path, err);

    if (st || !jc_gguf_get(store->ggufs[0], "split.count"))
        return st;
    st = jc_gguf_u32(store->ggufs[0], "split.count", &n, err);
    if (st || n <= 1)
        return st;
    size_t length = strlen(store->path);
    int written =
        n <= MOST ? snprintf(ending, sizeof ending, "-00001-of-%05" PRIu32 ".gguf", n) : 0;
    if (written == 0 || length < (size_t)written ||
        strcmp(store->path + length - written, ending) != 0)
        return jc_fail(err, JC_E_FORMAT,
                       "'%s' is one of %" PRIu32
                       " parts: name the first, which ends in '-00001-of-%05" PRIu32
                       ".gguf'",
                       store->path, n, n);
    return add_others(store, length - (size_t)written, n, err);
}
