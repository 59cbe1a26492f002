/* SPDX-License-Identifier: MIT */
/* tokenizer_files.c: the files of a tokenizer's folder. */
#include "text/tokenizer.h"

#include <dirent.h>
#include <string.h>

#include "store/folder.h"

static const char *const file_name[JC_TOKENIZER_FILES] = {
    [JC_FILE_TOKENIZER] = "tokenizer.json",
    [JC_FILE_VOCAB] = "vocab.json",
    [JC_FILE_MERGES] = "merges.txt",
    [JC_FILE_CONFIG] = "tokenizer_config.json",
    [JC_FILE_SPECIAL] = "special_tokens_map.json",
    [JC_FILE_WORDS] = "vocab.txt",
    [JC_FILE_MODEL] = "tokenizer.model",
    [JC_FILE_ADDED] = "added_tokens.json",
    [JC_FILE_TEKKEN] = "tekken.json",
    [JC_FILE_RANKS] = "tiktoken.model", /* or any of tiktoken's: see find_ranks() */
};

jc_status jc_tokenizer_files_parse(jc_tokenizer_files *files, jc_error *err)
{
    for (size_t i = 0; i < JC_TOKENIZER_FILES; i++) {
        const jc_mapped *map = &files->map[i];
        bool json = i != JC_FILE_MERGES && i != JC_FILE_WORDS && i != JC_FILE_MODEL &&
                    i != JC_FILE_RANKS;
        /* where tokenizer.json is, it is the vocabulary */
        if (!map->data || !json ||
            ((i == JC_FILE_VOCAB || i == JC_FILE_TEKKEN) &&
             files->map[JC_FILE_TOKENIZER].data))
            continue;
        jc_status st = jc_text_json(&files->json[i], (const char *)map->data, map->size,
                                    map->path, 0, err);
        if (st)
            return st;
        if (!json_is_object(files->json[i]))
            return jc_fail(err, JC_E_FORMAT, "cannot read '%s': it is not a JSON object",
                           map->path);
    }
    return JC_OK;
}

/* tiktoken's lines, "IQ== 0", where a protocol buffer might be. */
static bool is_ranks(const jc_mapped *map)
{
    size_t n = 0;

    while (n < map->size && n < 64 && map->data[n] > ' ' && map->data[n] < 0x7f)
        n++;
    return n > 0 && n + 1 < map->size && map->data[n] == ' ' && map->data[n + 1] >= '0' &&
           map->data[n + 1] <= '9';
}

/* A file of ranks may have any name that ends in ".tiktoken". */
static jc_status find_ranks(jc_tokenizer_files *files, const char *folder, jc_error *err)
{
    jc_mapped *ranks = &files->map[JC_FILE_RANKS], *model = &files->map[JC_FILE_MODEL];
    char *file = NULL;
    jc_status st = JC_OK;

    if (!ranks->data && model->data && is_ranks(model)) {
        *ranks = *model;
        *model = (jc_mapped){0};
    }
    DIR *dir = ranks->data ? NULL : opendir(folder);
    for (struct dirent *e = dir ? readdir(dir) : NULL; e && !file; e = readdir(dir)) {
        const char *dot = strrchr(e->d_name, '.');
        if (!dot || strcmp(dot, ".tiktoken") != 0)
            continue;
        file = jc_path_join(folder, e->d_name);
        st = file ? jc_map_open(ranks, file, err) : jc_fail_nomem(err, "a path");
        if (!file)
            break;
    }
    if (dir)
        closedir(dir);
    jc_free(file);
    return st;
}

/* Map those of the folder; *n is how many there are. */
static jc_status map_files(jc_tokenizer_files *files, const char *folder, size_t *n,
                           jc_error *err)
{
    *n = 0;
    for (size_t i = 0; i < JC_TOKENIZER_FILES; i++) {
        char *file = jc_path_join(folder, file_name[i]);
        if (!file)
            return jc_fail_nomem(err, "a path");
        bool has = jc_file_exists(file);
        jc_status st = has ? jc_map_open(&files->map[i], file, err) : JC_OK;
        jc_free(file);
        if (st)
            return st;
        *n += has;
    }
    jc_status st = find_ranks(files, folder, err);
    *n += st == JC_OK && files->map[JC_FILE_RANKS].data;
    return st;
}

/* A folder without any, such as one of the hub's cache, may lead to another or to a file.
 */
static jc_status open_what_it_means(jc_tokenizer_files *files, const char *path,
                                    jc_error *err)
{
    char *found;
    size_t n;
    jc_status st = jc_folder_find(&found, path, err);

    if (st == JC_OK && jc_gguf_is(found))
        st = jc_gguf_open(&files->gguf, found, err);
    else if (st == JC_OK && strcmp(found, path) != 0)
        st = map_files(files, found, &n, err);
    jc_free(found);
    return st;
}

jc_status jc_tokenizer_files_open(jc_tokenizer_files *files, const char *path,
                                  jc_error *err)
{
    size_t n;

    *files = (jc_tokenizer_files){.folder = path};
    if (jc_gguf_is(path))
        return jc_gguf_open(&files->gguf, path, err);
    if (!jc_dir_exists(path))
        return jc_fail(err, JC_E_IO, "cannot open '%s': %s", path,
                       jc_file_exists(path) ? "it is a file, neither a folder nor GGUF"
                                            : "no such folder");
    jc_status st = map_files(files, path, &n, err);
    if (st == JC_OK && n == 0)
        st = open_what_it_means(files, path, err);
    return st ? st : jc_tokenizer_files_parse(files, err);
}

void jc_tokenizer_files_close(jc_tokenizer_files *files)
{
    jc_gguf_close(files->gguf);
    for (size_t i = 0; i < JC_TOKENIZER_FILES; i++) {
        json_decref(files->json[i]);
        jc_map_close(&files->map[i]);
    }
}
