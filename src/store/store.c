/* SPDX-License-Identifier: MIT */
/* store.c: a model, a folder or a GGUF file: its configuration, and one index of the
 * tensors of all files. */
#include "store/store_impl.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/likely.h"
#include "base/sign.h"
#include "store/folder.h"

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), n_end = strlen(end);

    return n >= n_end && strcmp(s + n - n_end, end) == 0;
}

/* Whether it may be a name on the hub, "gpt2" or "org/model", rather than a path. */
static bool names_hub(const char *path)
{
    const char *slash = strchr(path, '/');

    return path[0] && slash != path && path[0] != '.' && path[0] != '~' &&
           !(slash && (!slash[1] || slash[1] == '.' || strchr(slash + 1, '/'))) &&
           !strstr(path, ".gguf") && !strstr(path, ".safetensors") && !strchr(path, ' ');
}

/* What lies beside the one that is not there, a folder or GGUF file, and has nearly its
 * name: mean is "; did you mean '...'?", or empty. */
static void look_beside(const char *path, char mean[JC_LIKELY_TEXT])
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    char *folder = jc_strdup(slash ? path : "."), nearest[JC_LIKELY_TEXT];
    jc_likely likely;

    if (folder && slash)
        folder[slash - path + 1] = '\0';
    DIR *dir = folder ? opendir(folder) : NULL;
    jc_likely_begin(&likely, name, strlen(name));
    for (const struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir)) {
        const char *before = likely.name;
        bool folder_or_link = e->d_type == DT_DIR || e->d_type == DT_LNK;
        if (e->d_name[0] == '.' || !(folder_or_link || ends_with(e->d_name, ".gguf")))
            continue;
        jc_likely_offer(&likely, e->d_name, strlen(e->d_name));
        if (likely.name != before) /* it is lost at the next one */
            likely.name = memcpy(nearest, likely.name, likely.length);
    }
    jc_likely_text(&likely, mean);
    if (dir)
        closedir(dir);
    jc_free(folder);
}

/* E_IO where a file beside, of that name and one of the ends from the i-th on, says that
 * the download is not finished. */
static jc_status check_whole(const char *path, size_t i, jc_error *err)
{
    static const char *const ends[] = {".part", ".crdownload", ".incomplete", ".download",
                                       ".aria2"};
    size_t n = strlen(path), room = n + 16;
    char *beside = jc_alloc(room);
    bool found = false;

    if (!beside)
        return jc_fail_nomem(err, path);
    for (; i < JC_COUNT(ends) && !found; i++) {
        snprintf(beside, room, "%s%s", path, ends[i]);
        found = jc_file_exists(beside);
    }
    jc_status st = found ? jc_fail(err, JC_E_IO,
                                   "cannot open '%s': its download is not finished, as "
                                   "'%s' says: download it again",
                                   path, beside)
                         : JC_OK;
    jc_free(beside);
    return st;
}

enum { NOT_THERE = 0, SET_ASIDE = 4 }; /* only aria2 gives the file its length at once */

/* What has that name and is neither a file nor a folder; JC_OK: nothing has it. */
static jc_status check_kind(const char *path, jc_error *err)
{
    struct stat info;

    if (stat(path, &info) == 0)
        return jc_fail(err, JC_E_IO,
                       "cannot open model '%s': it is a device or a pipe, and a model is a "
                       "folder or a GGUF file",
                       path);
    int why = errno;
    if (lstat(path, &info) == 0 && S_ISLNK(info.st_mode))
        return jc_fail(err, JC_E_IO,
                       "cannot open model '%s': it is a link that leads to %s", path,
                       why == ELOOP ? "itself" : "what is not there");
    return why == ENOENT || why == ENOTDIR
               ? JC_OK
               : jc_fail(err, JC_E_IO, "cannot open model '%s': %s", path, strerror(why));
}

static jc_status not_there(const char *path, jc_error *err)
{
    char mean[JC_LIKELY_TEXT];
    jc_status st = check_whole(path, NOT_THERE, err);

    if (st == JC_OK)
        st = check_kind(path, err);
    if (st)
        return st;
    if (strstr(path, "://"))
        return jc_fail(err, JC_E_IO,
                       "cannot open model '%s': it is an address; download the model, and "
                       "name its folder or GGUF file",
                       path);
    if (path[0] == '~')
        return jc_fail(err, JC_E_IO,
                       "cannot open model '%s': no such folder or file; the shell makes "
                       "your home folder of '~' only where it is not quoted",
                       path);
    look_beside(path, mean);
    if (!mean[0] && names_hub(path))
        return jc_fail(err, JC_E_IO,
                       "cannot open model '%s': no such folder or file; if it is a name on "
                       "the hub, 'hf download %s --local-dir FOLDER' fetches it",
                       path, path);
    return jc_fail(err, JC_E_IO, "cannot open model '%s': no such folder or file%s", path,
                   mean);
}

static jc_status check_folder(const char *path, jc_error *err)
{
    jc_mapped map;
    const char *sign = ends_with(path, ".safetensors") || ends_with(path, ".json")
                           ? "it is a file of a model; name the folder that it is in"
                           : NULL;

    if (jc_dir_exists(path))
        return JC_OK;
    if (!jc_file_exists(path))
        return not_there(path, err);
    jc_status st = jc_map_open(&map, path, err);
    if (st)
        return st;
    sign = sign ? sign : jc_sign_of(map.data, map.size);
    jc_map_close(&map);
    return jc_fail(err, JC_E_IO, "cannot open model '%s': %s", path,
                   sign ? sign : "it is a file, neither a folder nor GGUF");
}

static jc_status open_config(jc_store *store, jc_error *err)
{
    char *path = jc_path_join(store->path, JC_CONFIG);
    jc_status st;

    if (!path)
        return jc_fail_nomem(err, store->path);
    st = jc_file_exists(path) ? jc_config_open(&store->config, path, err)
                              : jc_folder_no_config(store->path, err);
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
        st = jc_folder_check_link(store->path, name, err);
    if (st == JC_OK)
        st = check_whole(path, SET_ASIDE, err);
    if (st == JC_OK)
        st = jc_safetensors_open(&file, path, err);
    if (st == JC_OK)
        store->files[store->n_files++] = file;
    jc_free(path);
    return st;
}

/* Shards that no index lists, or the reason why the folder has no weights. */
static jc_status open_numbered(jc_store *store, jc_error *err)
{
    jc_listing listing;
    uint32_t of = 0;
    bool listed = jc_listing_open(&listing, store->path), found = false;

    for (size_t i = 0; i < listing.n && !found; i++)
        found = jc_shards_count(listing.names[i], &of);
    jc_listing_close(&listing);
    if (!listed)
        return jc_fail_nomem(err, store->path);
    return found ? jc_shards_open_numbered(store, of, err)
                 : jc_folder_no_weights(store->path, err);
}

static jc_status open_files(jc_store *store, jc_error *err)
{
    jc_status st;

    if (jc_file_in(store->path, JC_WEIGHTS))
        st = jc_store_add(store, JC_WEIGHTS, err);
    else if (jc_file_in(store->path, JC_WEIGHTS_MAP))
        st = jc_shards_open(store, JC_WEIGHTS_MAP, err);
    else
        st = open_numbered(store, err);
    if (st == JC_OK && jc_file_in(store->path, JC_ADAPTER_INFO))
        st = jc_notes_add(&store->notes, err,
                          "'%s' has an adapter (LoRA) beside its weights, which is not "
                          "applied: merge it into them first",
                          store->path);
    return st;
}

static jc_status index_tensors(jc_store *store, jc_error *err)
{
    size_t count = 0;

    for (size_t i = 0; i < store->n_files; i++)
        count += jc_safetensors_count(store->files[i]);
    for (size_t i = 0; i < store->n_ggufs; i++)
        count += jc_gguf_count(store->ggufs[i]);
    store->stored = jc_alloc_array(count, sizeof(const jc_tensor *));
    store->by_name = jc_alloc_array(count, sizeof(const jc_tensor *));
    if (!store->stored || !store->by_name)
        return jc_fail_nomem(err, store->path);
    for (size_t i = 0; i < store->n_files; i++)
        for (size_t j = 0; j < jc_safetensors_count(store->files[i]); j++)
            store->stored[store->n_stored++] = jc_safetensors_at(store->files[i], j);
    for (size_t i = 0; i < store->n_ggufs; i++)
        for (size_t j = 0; j < jc_gguf_count(store->ggufs[i]); j++)
            store->stored[store->n_stored++] = jc_gguf_at(store->ggufs[i], j);
    jc_tensors_sort(store->stored, store->n_stored);
    for (size_t i = 1; i < store->n_stored; i++) {
        const jc_tensor *a = store->stored[i - 1], *b = store->stored[i];
        if (strcmp(a->name, b->name) == 0)
            return jc_fail(err, JC_E_FORMAT,
                           "cannot open model '%s': tensor '%s' is in '%s' and in '%s'",
                           store->path, a->name, a->file, b->file);
    }
    store->count = store->n_stored;
    for (size_t i = 0; i < store->count; i++)
        store->by_name[i] = store->stored[i];
    return JC_OK;
}

static jc_status open_model(jc_store *store, jc_error *err)
{
    if (jc_gguf_is(store->path)) {
        jc_status st = check_whole(store->path, SET_ASIDE, err);
        if (st == JC_OK)
            st = jc_gguf_parts_open(store, err);
        return st ? st
                  : jc_config_of_gguf(&store->config, store->ggufs, store->n_ggufs,
                                      &store->notes, err);
    }
    jc_status st = check_folder(store->path, err);
    if (st == JC_OK)
        st = open_config(store, err);
    return st ? st : open_files(store, err);
}

jc_status jc_store_open(jc_store **out, const char *path, jc_error *err)
{
    jc_store *store = jc_alloc_array(1, sizeof *store);

    *out = NULL;
    if (!store)
        return jc_fail_nomem(err, path);
    jc_status st = jc_folder_find(&store->path, path, err);
    if (st == JC_OK)
        st = open_model(store, err);
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
    jc_free(store->stored);
    jc_free(store->by_name);
    jc_config_close(store->config);
    jc_packs_free(store);
    jc_notes_free(&store->notes);
    jc_free(store->path);
    jc_free(store);
}

const char *jc_store_path(const jc_store *store)
{
    return store->path;
}

const char *jc_store_note(const jc_store *store, size_t i)
{
    return i < store->notes.n ? store->notes.text[i] : NULL;
}

const jc_config *jc_store_config(const jc_store *store)
{
    return store->config;
}

const jc_gguf *jc_store_gguf(const jc_store *store)
{
    return store->n_ggufs ? store->ggufs[0] : NULL;
}

size_t jc_store_stored(const jc_store *store)
{
    return store->n_stored;
}

const jc_tensor *jc_store_stored_at(const jc_store *store, size_t i)
{
    return i < store->n_stored ? store->stored[i] : NULL;
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

size_t jc_store_place(const jc_store *store, const char *name)
{
    return jc_tensors_place(store->by_name, store->count, name);
}
