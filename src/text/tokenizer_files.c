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
    [JC_FILE_WORDS] = "vocab.txt",
    [JC_FILE_MODEL] = "tokenizer.model",
};

static const char *const role_name[JC_ROLES] = {"bos", "eos", "unk", "pad",
                                                "cls", "sep", "mask"};

jc_role_names jc_roles_gpt2 = {"<|endoftext|>", "<|endoftext|>", "<|endoftext|>"};
jc_role_names jc_roles_roberta = {"<s>", "</s>", "<unk>", "<pad>", "<s>", "</s>", "<mask>"};
jc_role_names jc_roles_bert = {NULL, NULL, "[UNK]", "[PAD]", "[CLS]", "[SEP]", "[MASK]"};

const char *jc_tokenizer_role_name(size_t i)
{
    return i < JC_ROLES ? role_name[i] : NULL;
}

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

/* ---- added tokens ---- */

/* Find `token` where `name`, made normal if the token is of the second pass, stands. */
static jc_status find_in_texts(jc_tokenizer *t, const jc_added_token *token,
                               const char *name, size_t n, jc_error *err)
{
    jc_bytes normal = {0};
    jc_status st = JC_OK;

    if (token->normalized && t->normal.n > 0) {
        st = jc_normal_run(&t->normal, name, n, &normal, err);
        name = normal.data;
        n = normal.n;
    }
    if (st == JC_OK)
        st = jc_added_add(&t->added, &t->vocab, token, name, n, err);
    jc_free(normal.data);
    return st;
}

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
        .normalized =
            json_is_true(json_object_get(flags, "normalized")) &&
            !(t->normal.n > 0 && t->normal.step[0].added), /* see source_model.c */
    };
    if (json_is_true(json_object_get(flags, "special")))
        t->vocab.token[known].special = true;
    return find_in_texts(t, &token, text, length, err);
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

/* "bos_token": "<s>" or {"content": "<s>", "lstrip": false, ...} */
static const json_t *role_value(const jc_tokenizer_files *files, jc_tokenizer_file file,
                                size_t role)
{
    char key[16];

    snprintf(key, sizeof key, "%s_token", role_name[role]);
    return json_object_get(files->json[file], key);
}

static const json_t *role_content(const json_t *value)
{
    const json_t *name = json_is_object(value) ? json_object_get(value, "content") : value;

    return json_is_string(name) ? name : NULL;
}

const json_t *jc_tokenizer_files_role(const jc_tokenizer_files *files, jc_role role)
{
    const json_t *name = role_content(role_value(files, JC_FILE_CONFIG, role));

    return name ? name : role_content(role_value(files, JC_FILE_SPECIAL, role));
}

/* Without tokenizer.json, a token with a role is an added token, when the vocabulary has
 * it. */
static jc_status read_role(jc_tokenizer *t, const jc_tokenizer_files *files,
                           jc_tokenizer_file file, size_t role, jc_error *err)
{
    const json_t *value = role_value(files, file, role), *name = role_content(value);
    jc_status st = JC_OK;

    if (!name)
        return JC_OK;
    if (!files->json[JC_FILE_TOKENIZER])
        st = add(t, name, JC_NO_TOKEN, value, files->map[file].path, err);
    if (st == JC_OK && t->role[role] == JC_NO_TOKEN)
        t->role[role] =
            jc_vocab_find(&t->vocab, json_string_value(name), json_string_length(name));
    return st;
}

/* Tokenizers as first published are a vocabulary, with nothing said of these tokens. */
static jc_status default_role(jc_tokenizer *t, bool whole, size_t role, jc_error *err)
{
    const char *name = t->roles ? t->roles[role] : NULL;

    if (!name || t->role[role] != JC_NO_TOKEN)
        return JC_OK;
    jc_added_token token = {.id = jc_vocab_find(&t->vocab, name, strlen(name))};
    t->role[role] = token.id;
    if (token.id == JC_NO_TOKEN || whole)
        return JC_OK;
    token.lstrip = t->roles == jc_roles_roberta && role == JC_ROLE_MASK;
    return find_in_texts(t, &token, name, strlen(name), err);
}

static jc_status read_roles(jc_tokenizer *t, const jc_tokenizer_files *files, jc_error *err)
{
    static const jc_tokenizer_file in[] = {JC_FILE_CONFIG, JC_FILE_SPECIAL};
    uint32_t source[JC_ROLES]; /* what the source says, where these files say nothing */
    jc_status st = JC_OK;

    memcpy(source, t->role, sizeof source);
    for (size_t i = 0; i < JC_ROLES; i++)
        t->role[i] = JC_NO_TOKEN;
    for (size_t f = 0; f < JC_COUNT(in); f++)
        for (size_t i = 0; i < JC_ROLES && st == JC_OK; i++)
            st = read_role(t, files, in[f], i, err);
    for (size_t i = 0; i < JC_ROLES; i++)
        if (t->role[i] == JC_NO_TOKEN)
            t->role[i] = source[i];
    for (size_t i = 0; i < JC_ROLES && st == JC_OK; i++)
        st = default_role(t, files->json[JC_FILE_TOKENIZER] != NULL, i, err);
    if (t->role[JC_ROLE_UNK] != JC_NO_TOKEN)
        t->vocab.token[t->role[JC_ROLE_UNK]].special = false;
    for (size_t i = 0; i < JC_ROLES; i++)
        if (i != JC_ROLE_UNK && t->role[i] != JC_NO_TOKEN)
            t->vocab.token[t->role[i]].special = true;
    return st;
}

jc_status jc_tokenizer_read_added(jc_tokenizer *t, const jc_tokenizer_files *files,
                                  jc_error *err)
{
    const json_t *whole = files->json[JC_FILE_TOKENIZER];
    const json_t *config = files->json[JC_FILE_CONFIG];
    jc_status st = JC_OK;

    if (whole)
        st = add_list(t, json_object_get(whole, "added_tokens"),
                      files->map[JC_FILE_TOKENIZER].path, err);
    else if (config)
        st = add_decoder(t, json_object_get(config, "added_tokens_decoder"),
                         files->map[JC_FILE_CONFIG].path, err);
    if (st == JC_OK)
        st = read_roles(t, files, err);
    if (st == JC_OK)
        jc_added_sort(&t->added);
    return st;
}
