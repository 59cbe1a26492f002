/* SPDX-License-Identifier: MIT */
/* store.c: a model, a folder or a GGUF file: its configuration, and one index of the
 * tensors of all files. */
#include "store/store_impl.h"

#include <string.h>

#define CONFIG  "config.json"
#define WEIGHTS "model.safetensors"
#define INDEX   "model.safetensors.index.json"

static jc_status check_folder(const char *path, jc_error *err)
{
    if (jc_dir_exists(path))
        return JC_OK;
    return jc_fail(err, JC_E_IO, "cannot open model '%s': %s", path,
                   jc_file_exists(path) ? "it is a file, neither a folder nor GGUF"
                                        : "no such folder or file");
}

static jc_status open_config(jc_store *store, jc_error *err)
{
    char *path = jc_path_join(store->path, CONFIG);
    jc_status st;

    if (!path)
        return jc_fail_nomem(err, store->path);
    if (jc_file_exists(path))
        st = jc_config_open(&store->config, path, err);
    else
        st = jc_fail(err, JC_E_IO, "cannot open model '%s': it has no '" CONFIG "'",
                     store->path);
    jc_free(path);
    return st;
}

jc_status jc_store_add(jc_store *store, const char *name, jc_error *err)
{
    char *path = jc_path_join(store->path, name);
    jc_safetensors *file = NULL;
    jc_status st = JC_OK;

    if (!path || !jc_grow(&store->files, &store->files_capacity, store->n_files + 1,
                          sizeof(jc_safetensors *)))
        st = jc_fail_nomem(err, name);
    if (st == JC_OK)
        st = jc_safetensors_open(&file, path, err);
    if (st == JC_OK)
        store->files[store->n_files++] = file;
    jc_free(path);
    return st;
}

static jc_status refuse_pickle(jc_store *store, const char *name, jc_error *err)
{
    return jc_fail(
        err, JC_E_UNSUPPORTED,
        "cannot open model '%s': '%s' is a PyTorch pickle; convert it to safetensors",
        store->path, name);
}

static jc_status refuse_pickles(jc_store *store, const char *name, jc_error *err)
{
    return jc_fail(err, JC_E_UNSUPPORTED,
                   "cannot open model '%s': '%s' lists PyTorch pickles; convert them to "
                   "safetensors",
                   store->path, name);
}

/* The first of these that the folder has. */
static const struct {
    const char *name;
    jc_status (*open)(jc_store *store, const char *name, jc_error *err);
} kinds[] = {
    {WEIGHTS, jc_store_add},
    {INDEX, jc_shards_open},
    {"pytorch_model.bin", refuse_pickle},
    {"pytorch_model.bin.index.json", refuse_pickles},
};

static jc_status open_files(jc_store *store, jc_error *err)
{
    for (size_t i = 0; i < JC_COUNT(kinds); i++) {
        char *path = jc_path_join(store->path, kinds[i].name);
        if (!path)
            return jc_fail_nomem(err, store->path);
        bool has = jc_file_exists(path);
        jc_free(path);
        if (has)
            return kinds[i].open(store, kinds[i].name, err);
    }
    return jc_fail(err, JC_E_IO,
                   "cannot open model '%s': it has neither '" WEIGHTS "' nor '" INDEX "'",
                   store->path);
}

static jc_status index_tensors(jc_store *store, jc_error *err)
{
    size_t count = 0;

    for (size_t i = 0; i < store->n_files; i++)
        count += jc_safetensors_count(store->files[i]);
    for (size_t i = 0; i < store->n_ggufs; i++)
        count += jc_gguf_count(store->ggufs[i]);
    store->by_name = jc_alloc_array(count, sizeof(const jc_tensor *));
    if (!store->by_name)
        return jc_fail_nomem(err, store->path);
    for (size_t i = 0; i < store->n_files; i++)
        for (size_t j = 0; j < jc_safetensors_count(store->files[i]); j++)
            store->by_name[store->count++] = jc_safetensors_at(store->files[i], j);
    for (size_t i = 0; i < store->n_ggufs; i++)
        for (size_t j = 0; j < jc_gguf_count(store->ggufs[i]); j++)
            store->by_name[store->count++] = jc_gguf_at(store->ggufs[i], j);
    jc_tensors_sort(store->by_name, store->count);
    for (size_t i = 1; i < store->count; i++) {
        const jc_tensor *a = store->by_name[i - 1], *b = store->by_name[i];
        if (strcmp(a->name, b->name) == 0)
            return jc_fail(err, JC_E_FORMAT,
                           "cannot open model '%s': tensor '%s' is in '%s' and in '%s'",
                           store->path, a->name, a->file, b->file);
    }
    return JC_OK;
}

jc_status jc_store_open(jc_store **out, const char *path, jc_error *err)
{
    *out = NULL;
    bool gguf = jc_gguf_is(path);
    jc_status st = gguf ? JC_OK : check_folder(path, err);
    if (st)
        return st;
    jc_store *store = jc_alloc_array(1, sizeof *store);
    if (!store)
        return jc_fail_nomem(err, path);
    store->path = jc_strdup(path);
    if (!store->path)
        st = jc_fail_nomem(err, path);
    if (st == JC_OK && gguf)
        st = jc_gguf_parts_open(store, err);
    if (st == JC_OK && gguf)
        st = jc_config_of_gguf(&store->config, store->ggufs[0], err);
    if (st == JC_OK && !gguf)
        st = open_config(store, err);
    if (st == JC_OK && !gguf)
        st = open_files(store, err);
    if (st == JC_OK)
        st = index_tensors(store, err);
    if (st)
        jc_store_close(store);
    else
        *out = store;
    return st;
}

void jc_store_close(jc_store *store)
{
    if (!store)
        return;
    for (size_t i = 0; i < store->n_files; i++)
        jc_safetensors_close(store->files[i]);
    for (size_t i = 0; i < store->n_ggufs; i++)
        jc_gguf_close(store->ggufs[i]);
    jc_free(store->files);
    jc_free(store->ggufs);
    jc_free(store->by_name);
    jc_config_close(store->config);
    jc_free(store->path);
    jc_free(store);
}

const char *jc_store_path(const jc_store *store)
{
    return store->path;
}

const jc_config *jc_store_config(const jc_store *store)
{
    return store->config;
}

const jc_gguf *jc_store_gguf(const jc_store *store)
{
    return store->n_ggufs ? store->ggufs[0] : NULL;
}

size_t jc_store_count(const jc_store *store)
{
    return store->count;
}

const jc_tensor *jc_store_at(const jc_store *store, size_t i)
{
    return i < store->count ? store->by_name[i] : NULL;
}

const jc_tensor *jc_store_find(const jc_store *store, const char *name)
{
    return jc_tensors_find(store->by_name, store->count, name);
}
