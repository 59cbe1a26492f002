/* SPDX-License-Identifier: MIT */
/*
 * shards.c: a model in several files. model.safetensors.index.json lists them:
 *
 *     {"weight_map": {"h.0.ln_1.weight": "model-00001-of-00002.safetensors", ...}}
 *
 * The index is taken as a list of files; what is in a file decides, so that a tensor which
 * the index names and no file has is missed only where it is needed. Without an index, all
 * of model-00001-of-00002.safetensors, ... are opened.
 *
 * The index is untrusted: a shard lies in the model's own folder, or below it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "store/store_impl.h"

enum { MOST = 99999 }; /* shards: as many as five digits number */

/* A path that stays below the folder. */
static bool below(const char *name)
{
    for (const char *at = name; *at; at += *at == '/') {
        size_t n = strcspn(at, "/");
        if (n == 2 && at[0] == '.' && at[1] == '.')
            return false;
        at += n;
    }
    return name[0] && name[0] != '/';
}

/* Open a shard, unless it is among names[*n], to which it is added. */
static jc_status open_shard(jc_store *store, const char **names, size_t *n,
                            const char *name, jc_error *err)
{
    for (size_t i = *n; i > 0; i--) /* neighbours in the map share one: last one first */
        if (strcmp(names[i - 1], name) == 0)
            return JC_OK;
    jc_status st = jc_store_add(store, name, err);
    if (st == JC_OK)
        names[(*n)++] = name;
    return st;
}

static jc_status open_all(jc_store *store, json_t *map, const char **names,
                          const char *path, jc_error *err)
{
    size_t n = 0;
    const char *tensor;
    json_t *value;

    json_object_foreach(map, tensor, value)
    {
        const char *shard = json_string_value(value);
        if (!shard)
            return jc_fail(err, JC_E_FORMAT,
                           "cannot read '%s': the file of tensor '%s' is not text", path,
                           tensor);
        if (!below(shard))
            return jc_fail(
                err, JC_E_FORMAT,
                "cannot read '%s': '%s' is not the name of a file below its folder", path,
                shard);
        jc_status st = open_shard(store, names, &n, shard, err);
        if (st)
            return st;
    }
    return JC_OK;
}

jc_status jc_shards_open(jc_store *store, const char *name, jc_error *err)
{
    jc_mapped map = {0};
    json_t *json = NULL;
    const char **names = NULL;
    char *path = jc_path_join(store->path, name);
    jc_status st = path ? jc_map_open(&map, path, err) : jc_fail_nomem(err, name);

    if (st == JC_OK)
        st = jc_json_file(&json, (const char *)map.data, map.size, JSON_DECODE_INT_AS_REAL,
                          path, err);
    if (st)
        goto done;
    json_t *weights = json_object_get(json, "weight_map");
    if (!json_is_object(weights)) {
        st = jc_fail(err, JC_E_FORMAT, "cannot read '%s': 'weight_map' is not an object",
                     path);
        goto done;
    }
    names = jc_alloc_array(json_object_size(weights), sizeof(const char *));
    st = names ? open_all(store, weights, names, path, err) : jc_fail_nomem(err, path);
done:
    jc_free(names);
    json_decref(json);
    jc_map_close(&map);
    jc_free(path);
    return st;
}

bool jc_shards_count(const char *name, uint32_t *of)
{
    char again[64];
    uint32_t i = 0;

    if (sscanf(name, "model-%5" SCNu32 "-of-%5" SCNu32 ".safetensors", &i, of) != 2)
        return false;
    snprintf(again, sizeof again, "model-%05" PRIu32 "-of-%05" PRIu32 ".safetensors", i,
             *of);
    return strcmp(again, name) == 0 && i >= 1 && i <= *of && *of <= MOST;
}

jc_status jc_shards_open_numbered(jc_store *store, uint32_t of, jc_error *err)
{
    char name[64];
    jc_status st = JC_OK;

    for (uint32_t i = 1; i <= of && st == JC_OK; i++) {
        snprintf(name, sizeof name, "model-%05" PRIu32 "-of-%05" PRIu32 ".safetensors", i,
                 of);
        st = jc_store_add(store, name, err);
    }
    return st;
}
