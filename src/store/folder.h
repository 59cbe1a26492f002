/* SPDX-License-Identifier: MIT */
/* folder.h: folders that hold a model, or nearly one. */
#ifndef JC_FOLDER_H
#define JC_FOLDER_H

#include "base/base.h"

#define JC_CONFIG       "config.json"
#define JC_WEIGHTS      "model.safetensors"
#define JC_WEIGHTS_MAP  "model.safetensors.index.json"
#define JC_ADAPTER_INFO "adapter_config.json"

/* The names in a folder, in order of name; none where it cannot be read. */
typedef struct jc_listing {
    char **names; /* [n] */
    size_t n, capacity;
} jc_listing;

/* False when memory is short. Must be released, even then. */
bool jc_listing_open(jc_listing *listing, const char *folder) JC_NODISCARD;
void jc_listing_close(jc_listing *listing);
/* The i-th name that matches the pattern (fnmatch), or NULL. */
const char *jc_listing_match(const jc_listing *listing, const char *pattern, size_t i);

/* What `path` means where it is not itself a model folder or a file: the snapshot of a
 * folder of the hub's cache, the GGUF file of a folder that has one. *out is `path` where
 * it means itself; jc_free(). E_ARG where there are several, naming them. */
jc_status jc_folder_find(char **out, const char *path, jc_error *err) JC_NODISCARD;

/* E_IO where the folder has `name` as a link that leads nowhere. */
jc_status jc_folder_check_link(const char *folder, const char *name, jc_error *err);

/* Why the folder has no configuration, or no weights: what it is, and what to do. */
jc_status jc_folder_no_config(const char *path, jc_error *err);
jc_status jc_folder_no_weights(const char *path, jc_error *err);

/* The same of an adapter: its model is named. */
jc_status jc_folder_adapter(const char *path, jc_error *err);

#endif
