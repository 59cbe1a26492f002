/* SPDX-License-Identifier: MIT */
/*
 * shards.c: a model in several files, listed by model.safetensors.index.json:
 *
 *     {"weight_map": {"h.0.ln_1.weight": "model-00001-of-00002.safetensors", ...}}
 *
 * The index is untrusted: a shard is a plain name in the model's own folder.
 */
#include "store/store_impl.h"

#include <string.h>

static bool plain(const char *name)
{
    return name[0] && !strchr(name, '/') && !strstr(name, "..");
}

/* The place of a shard in names[*n], its file opened when it is new. */
static jc_status open_shard(jc_store *store, const char **names, size_t *n,
                            const char *name, size_t *place, jc_error *err)
{
    for (*place = *n; *place > 0;) /* neighbours in the map share a shard: last one first */
        if (strcmp(names[--*place], name) == 0)
            return JC_OK;
    *place = *n;
    jc_status st = jc_store_add(store, name, err);
    if (st == JC_OK)
        names[(*n)++] = name;
    return st;
}

static jc_status open_all(jc_store *store, json_t *map, const char **names,
                          const char *path, jc_error *err)
{
    const size_t first = store->n_files;
    size_t n = 0;
    const char *tensor;
    json_t *value;

    json_object_foreach(map, tensor, value)
    {
        const char *shard = json_string_value(value);
        size_t place;
        if (!shard)
            return jc_fail(err, JC_E_FORMAT,
                           "cannot read '%s': the file of tensor '%s' is not text", path,
                           tensor);
        if (!plain(shard))
            return jc_fail(err, JC_E_FORMAT,
                           "cannot read '%s': '%s' is not the name of a file in its folder",
                           path, shard);
        jc_status st = open_shard(store, names, &n, shard, &place, err);
        if (st)
            return st;
        if (!jc_safetensors_find(store->files[first + place], tensor))
            return jc_fail(err, JC_E_FORMAT, "cannot read '%s': tensor '%s' is not in '%s'",
                           path, tensor, shard);
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
        st = jc_json_parse(&json, (const char *)map.data, map.size, JSON_DECODE_INT_AS_REAL,
                           path, "it", err);
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
