/* SPDX-License-Identifier: MIT */
/* store_impl.h: what the files of this room share. */
#ifndef JC_STORE_IMPL_H
#define JC_STORE_IMPL_H

#include <jansson.h>

#include "base/file.h"
#include "base/notes.h"
#include "store/gguf.h"
#include "store/json.h"

/* A configuration of the object `root`, which is taken, also on failure; its numbers are
 * doubles. */
jc_status jc_config_take(jc_config **out, json_t *root, const char *path,
                         jc_error *err) JC_NODISCARD;
/* Of a file and its further parts, [n]; keys that nothing reads are noted. E_UNSUPPORTED
 * for a file that is no language model, such as a projector or an adapter. */
jc_status jc_config_of_gguf(jc_config **out, jc_gguf *const *files, size_t n,
                            jc_notes *notes, jc_error *err) JC_NODISCARD;

/* Tensors in order of name, for bsearch. Duplicates are neighbours afterwards. */
void jc_tensors_sort(const jc_tensor **tensors, size_t count);
size_t jc_tensors_place(const jc_tensor *const *sorted, size_t count, const char *name);
const jc_tensor *jc_tensors_find(const jc_tensor *const *sorted, size_t count,
                                 const char *name);

struct jc_store {
    char *path; /* of the folder or file, as jc_folder_find() found it */
    jc_notes notes;
    jc_config *config;
    jc_safetensors **files; /* [n_files] */
    size_t n_files, files_capacity;
    jc_gguf **ggufs; /* [n_ggufs]: the file and its further parts, or none: a folder */
    size_t n_ggufs, ggufs_capacity;
    const jc_tensor **stored; /* [n_stored] in order of name, borrowed from the files */
    size_t n_stored;
    struct jc_packed_weight *
        *packed; /* [n_packed], owned: weights that are made of several */
    size_t n_packed, packed_capacity;
    const jc_tensor **by_name; /* [count]: the same with packed weights in their place */
    size_t count;
};

void jc_packs_free(jc_store *store);

/* Open one file of the store's folder and append it to store->files. */
jc_status jc_store_add(jc_store *store, const char *name, jc_error *err) JC_NODISCARD;

/* Open every shard that index file `name` of the store's folder lists. */
jc_status jc_shards_open(jc_store *store, const char *name, jc_error *err) JC_NODISCARD;

/* Whether it is the name of a shard, and of how many: "model-00001-of-00002.safetensors".
 */
bool jc_shards_count(const char *name, uint32_t *of);
/* Open all of so many shards. */
jc_status jc_shards_open_numbered(jc_store *store, uint32_t of, jc_error *err) JC_NODISCARD;

/* Open the GGUF file that is the store's path, its further parts and its configuration. */
jc_status jc_gguf_parts_open(jc_store *store, jc_error *err) JC_NODISCARD;

#endif
