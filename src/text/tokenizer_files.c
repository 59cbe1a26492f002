/* SPDX-License-Identifier: MIT */
/* tokenizer_files.c: the files of a tokenizer's folder, and what they say of tokens that
 * are found as they stand (added tokens) and of tokens with a role (bos, eos, ...). */
#include "text/tokenizer.h"

#include <stdlib.h>
#include <string.h>

static const char *const file_name[JC_TOKENIZER_FILES] = {
    [JC_FILE_TOKENIZER] = "tokenizer.json",
    [JC_FILE_VOCAB] = "vocab.json",
    [JC_FILE_MERGES] = "merges.txt",
    [JC_FILE_CONFIG] = "tokenizer_config.json",
    [JC_FILE_SPECIAL] = "special_tokens_map.json",
};

static const char *const role_name[JC_ROLES] = {"bos", "eos", "unk", "pad",
                                                "cls", "sep", "mask"};

const char *jc_tokenizer_role_name(size_t i)
{
    return i < JC_ROLES ? role_name[i] : NULL;
}

jc_status jc_tokenizer_files_parse(jc_tokenizer_files *files, jc_error *err)
{
    for (size_t i = 0; i < JC_TOKENIZER_FILES; i++) {
        const jc_map *map = &files->map[i];
        /* where tokenizer.json is, it is the vocabulary */
        if (!map->data || i == JC_FILE_MERGES ||
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

jc_status jc_tokenizer_files_open(jc_tokenizer_files *files, const char *folder,
                                  jc_error *err)
{
    *files = (jc_tokenizer_files){.folder = folder};
    if (!jc_dir_exists(folder))
        return jc_fail(err, JC_E_IO, "cannot open '%s': no such folder", folder);
    for (size_t i = 0; i < JC_TOKENIZER_FILES; i++) {
        char *path = jc_path_join(folder, file_name[i]);
        if (!path)
            return jc_fail_nomem(err, "a path");
        jc_status st =
            jc_file_exists(path) ? jc_map_open(&files->map[i], path, err) : JC_OK;
        jc_free(path);
        if (st)
            return st;
    }
    return jc_tokenizer_files_parse(files, err);
}

void jc_tokenizer_files_close(jc_tokenizer_files *files)
{
    for (size_t i = 0; i < JC_TOKENIZER_FILES; i++) {
        json_decref(files->json[i]);
        jc_map_close(&files->map[i]);
    }
}

const char *jc_tokenizer_files_model(const jc_tokenizer_files *files)
{
    json_t *model = json_object_get(files->json[JC_FILE_TOKENIZER], "model");
    const char *type = json_string_value(json_object_get(model, "type"));

    if (!files->json[JC_FILE_TOKENIZER])
        return NULL;
    if (!type) /* files of the first releases leave it out */
        return json_object_get(model, "merges") ? "BPE" : "";
    return type;
}

/* ---- added tokens ---- */

/* id JC_NO_TOKEN: only if the vocabulary has it. */
static jc_status add(jc_tokenizer *t, const json_t *name, uint64_t id, const json_t *flags,
                     const char *path, jc_error *err)
{
    const char *text = json_string_value(name);
    size_t length = json_string_length(name);
    char quoted[JC_QUOTED];

    if (!text)
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read '%s': an added token has no 'content'", path);
    uint32_t known = jc_vocab_find(&t->vocab, text, length);
    if (known == JC_NO_TOKEN && id == JC_NO_TOKEN)
        return JC_OK;
    if (known == JC_NO_TOKEN) {
        jc_status st = jc_vocab_add(&t->vocab, text, length, id, path, err);
        if (st)
            return st;
        known = (uint32_t)id;
    }
    if (id != JC_NO_TOKEN && id != known)
        return jc_fail(err, JC_E_FORMAT, "cannot read '%s': token '%s' has two ids", path,
                       jc_quoted(quoted, text, length));
    jc_added_token token = {
        .id = known,
        .single_word = json_is_true(json_object_get(flags, "single_word")),
        .lstrip = json_is_true(json_object_get(flags, "lstrip")),
        .rstrip = json_is_true(json_object_get(flags, "rstrip")),
        .normalized = json_is_true(json_object_get(flags, "normalized")),
    };
    return jc_added_add(&t->added, &t->vocab, &token, err);
}

/* "added_tokens": [{"id": 1, "content": "<s>", "lstrip": false, ...}] of tokenizer.json */
static jc_status add_list(jc_tokenizer *t, json_t *list, const char *path, jc_error *err)
{
    size_t i;
    json_t *token;

    if (list && !json_is_null(list) && !json_is_array(list))
        return jc_fail(err, JC_E_FORMAT, "cannot read '%s': 'added_tokens' is not a list",
                       path);
    json_array_foreach(list, i, token)
    {
        json_t *id = json_object_get(token, "id");
        if (!json_is_integer(id) || json_integer_value(id) < 0)
            return jc_fail(err, JC_E_FORMAT,
                           "cannot read '%s': added token %zu has no 'id'", path, i);
        jc_status st = add(t, json_object_get(token, "content"),
                           (uint64_t)json_integer_value(id), token, path, err);
        if (st)
            return st;
    }
    return JC_OK;
}

/* "added_tokens_decoder": {"1": {"content": "<s>", ...}} of tokenizer_config.json */
static jc_status add_decoder(jc_tokenizer *t, json_t *decoder, const char *path,
                             jc_error *err)
{
    const char *key;
    json_t *token;

    json_object_foreach(decoder, key, token)
    {
        char *end;
        char quoted[JC_QUOTED];
        unsigned long id = strtoul(key, &end, 10);
        if (*end || key[0] < '0' || key[0] > '9' || id >= JC_VOCAB_LIMIT)
            return jc_fail(err, JC_E_FORMAT, "cannot read '%s': '%s' is no token id", path,
                           jc_quoted(quoted, key, strlen(key)));
        jc_status st = add(t, json_object_get(token, "content"), id, token, path, err);
        if (st)
            return st;
    }
    return JC_OK;
}

/* ---- roles ---- */

/* "bos_token": "<s>" or {"content": "<s>", ...} */
static const json_t *role_value(const json_t *config, size_t role)
{
    char key[16];

    snprintf(key, sizeof key, "%s_token", role_name[role]);
    const json_t *value = json_object_get(config, key);
    return json_is_object(value) ? json_object_get(value, "content") : value;
}

/* Without tokenizer.json, a token with a role is an added token, when the vocabulary has
 * it. */
static jc_status read_roles(jc_tokenizer *t, const jc_tokenizer_files *files,
                            jc_tokenizer_file file, jc_error *err)
{
    for (size_t i = 0; i < JC_ROLES; i++) {
        const json_t *name = role_value(files->json[file], i);
        if (!json_is_string(name))
            continue;
        if (!files->json[JC_FILE_TOKENIZER]) {
            jc_status st = add(t, name, JC_NO_TOKEN, NULL, files->map[file].path, err);
            if (st)
                return st;
        }
        if (t->role[i] == JC_NO_TOKEN)
            t->role[i] =
                jc_vocab_find(&t->vocab, json_string_value(name), json_string_length(name));
    }
    return JC_OK;
}

/* GPT-2 as first published is vocab.json and merges.txt, with nothing said of this token.
 */
static jc_status gpt2_default(jc_tokenizer *t, jc_error *err)
{
    static const char name[] = "<|endoftext|>";
    jc_added_token token = {.id = jc_vocab_find(&t->vocab, name, sizeof name - 1)};

    if (token.id == JC_NO_TOKEN)
        return JC_OK;
    for (size_t i = 0; i < 3; i++) /* bos, eos, unk */
        if (t->role[i] == JC_NO_TOKEN)
            t->role[i] = token.id;
    return jc_added_add(&t->added, &t->vocab, &token, err);
}

jc_status jc_tokenizer_read_added(jc_tokenizer *t, const jc_tokenizer_files *files,
                                  jc_error *err)
{
    const json_t *whole = files->json[JC_FILE_TOKENIZER];
    const json_t *config = files->json[JC_FILE_CONFIG];
    jc_status st = JC_OK;

    for (size_t i = 0; i < JC_ROLES; i++)
        t->role[i] = JC_NO_TOKEN;
    if (whole)
        st = add_list(t, json_object_get(whole, "added_tokens"),
                      files->map[JC_FILE_TOKENIZER].path, err);
    else if (config)
        st = add_decoder(t, json_object_get(config, "added_tokens_decoder"),
                         files->map[JC_FILE_CONFIG].path, err);
    if (st == JC_OK)
        st = read_roles(t, files, JC_FILE_CONFIG, err);
    if (st == JC_OK)
        st = read_roles(t, files, JC_FILE_SPECIAL, err);
    if (st == JC_OK && !whole && files->json[JC_FILE_VOCAB])
        st = gpt2_default(t, err);
    if (st == JC_OK)
        jc_added_sort(&t->added, &t->vocab);
    return st;
}
