/* SPDX-License-Identifier: MIT */
/* tokenizer_files.c: the files of a tokenizer's folder. */
#include "text/tokenizer.h"

static const char *const file_name[JC_TOKENIZER_FILES] = {
    [JC_FILE_TOKENIZER] = "tokenizer.json",
    [JC_FILE_VOCAB] = "vocab.json",
    [JC_FILE_MERGES] = "merges.txt",
    [JC_FILE_CONFIG] = "tokenizer_config.json",
    [JC_FILE_SPECIAL] = "special_tokens_map.json",
    [JC_FILE_WORDS] = "vocab.txt",
    [JC_FILE_MODEL] = "tokenizer.model",
    [JC_FILE_ADDED] = "added_tokens.json",
};

jc_status jc_tokenizer_files_parse(jc_tokenizer_files *files, jc_error *err)
{
    for (size_t i = 0; i < JC_TOKENIZER_FILES; i++) {
        const jc_mapped *map = &files->map[i];
        /* where tokenizer.json is, it is the vocabulary */
        if (!map->data || i == JC_FILE_MERGES || i == JC_FILE_WORDS || i == JC_FILE_MODEL ||
            (i == JC_FILE_VOCAB && files->map[JC_FILE_TOKENIZER].data))
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

jc_status jc_tokenizer_files_open(jc_tokenizer_files *files, const char *path,
                                  jc_error *err)
{
    *files = (jc_tokenizer_files){.folder = path};
    if (jc_gguf_is(path))
        return jc_gguf_open(&files->gguf, path, err);
    if (!jc_dir_exists(path))
        return jc_fail(err, JC_E_IO, "cannot open '%s': %s", path,
                       jc_file_exists(path) ? "it is a file, neither a folder nor GGUF"
                                            : "no such folder");
    for (size_t i = 0; i < JC_TOKENIZER_FILES; i++) {
        char *file = jc_path_join(path, file_name[i]);
        if (!file)
            return jc_fail_nomem(err, "a path");
        jc_status st =
            jc_file_exists(file) ? jc_map_open(&files->map[i], file, err) : JC_OK;
        jc_free(file);
        if (st)
            return st;
    }
    return jc_tokenizer_files_parse(files, err);
}

void jc_tokenizer_files_close(jc_tokenizer_files *files)
{
    jc_gguf_close(files->gguf);
    for (size_t i = 0; i < JC_TOKENIZER_FILES; i++) {
        json_decref(files->json[i]);
        jc_map_close(&files->map[i]);
    }
}
