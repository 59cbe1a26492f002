/* SPDX-License-Identifier: MIT */
/*
 * added_read.c: tokens that are found as they stand, by the JSON files beside a vocabulary.
 *
 * tokenizer.json lists them with ids. "added_tokens_decoder" of tokenizer_config.json, or
 * in older folders added_tokens.json, may name more, and of the same tokens its flags
 * count. What tokenizer.json does not have gets the next free ids, whatever id the
 * configuration says: so does the reference. Without tokenizer.json the ids are as written.
 */
#include <stdlib.h>
#include <string.h>

#include "text/tokenizer.h"

jc_status jc_tokenizer_add_token(jc_tokenizer *t, const char *name, size_t n, uint64_t id,
                                 jc_added_token token, const char *path, jc_error *err)
{
    jc_bytes normal = {0};
    jc_status st = JC_OK;

    if (n == 0)
        return JC_OK;
    token.id = jc_vocab_find(&t->vocab, name, n);
    if (token.id == JC_NO_TOKEN) {
        if (id == JC_NO_TOKEN)
            id = t->vocab.size;
        st = jc_vocab_add(&t->vocab, name, n, id, path, err);
        token.id = (uint32_t)id;
    }
    if (st == JC_OK && token.normalized && t->normal.n > 0) {
        st = jc_normal_run(&t->normal, name, n, &normal, err);
        name = normal.data;
        n = normal.n;
    }
    if (st == JC_OK)
        st = jc_added_add(&t->added, &t->vocab, &token, name, n, err);
    jc_free(normal.data);
    return st;
}

jc_status jc_tokenizer_add_json(jc_tokenizer *t, const json_t *name, uint64_t id,
                                const json_t *flags, const char *path, jc_error *err)
{
    const char *text = json_string_value(name);
    size_t n = json_string_length(name);

    if (!text)
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read '%s': an added token has no 'content'", path);
    const jc_added_token token = {
        .single_word = json_is_true(json_object_get(flags, "single_word")),
        .lstrip = json_is_true(json_object_get(flags, "lstrip")),
        .rstrip = json_is_true(json_object_get(flags, "rstrip")),
        .normalized =
            json_is_true(json_object_get(flags, "normalized")) &&
            !(t->normal.n > 0 && t->normal.step[0].added), /* see source_model.c */
    };
    jc_status st = jc_tokenizer_add_token(t, text, n, id, token, path, err);
    if (st == JC_OK && n && json_is_true(json_object_get(flags, "special")))
        t->vocab.token[jc_vocab_find(&t->vocab, text, n)].special = true;
    return st;
}

/* ---- tokenizer.json ---- */

/* "added_tokens": [{"id": 1, "content": "<s>", "lstrip": false, ...}]. First their ids, for
 * the configuration may know other flags. */
static jc_status read_ids(jc_tokenizer *t, json_t *list, const char *path, jc_error *err)
{
    size_t i;
    json_t *token;
    char quoted[JC_QUOTED];

    if (list && !json_is_null(list) && !json_is_array(list))
        return jc_fail(err, JC_E_FORMAT, "cannot read '%s': 'added_tokens' is not a list",
                       path);
    json_array_foreach(list, i, token)
    {
        const json_t *id = json_object_get(token, "id");
        const json_t *name = json_object_get(token, "content");
        const char *text = json_string_value(name);
        size_t n = json_string_length(name);
        if (!json_is_integer(id) || json_integer_value(id) < 0)
            return jc_fail(err, JC_E_FORMAT,
                           "cannot read '%s': added token %zu has no 'id'", path, i);
        if (!text)
            return jc_fail(err, JC_E_FORMAT,
                           "cannot read '%s': added token %zu has no 'content'", path, i);
        uint64_t want = (uint64_t)json_integer_value(id);
        uint32_t known = jc_vocab_find(&t->vocab, text, n);
        if (known != JC_NO_TOKEN && known != want)
            return jc_fail(err, JC_E_FORMAT, "cannot read '%s': token '%s' has two ids",
                           path, jc_quoted(quoted, text, n));
        jc_status st = known != JC_NO_TOKEN
                           ? JC_OK
                           : jc_vocab_add(&t->vocab, text, n, want, path, err);
        if (st)
            return st;
    }
    return JC_OK;
}

static jc_status read_list(jc_tokenizer *t, const json_t *list, const char *path,
                           jc_error *err)
{
    jc_status st = JC_OK;

    for (size_t i = 0; i < json_array_size(list) && st == JC_OK; i++) {
        const json_t *token = json_array_get(list, i);
        st = jc_tokenizer_add_json(t, json_object_get(token, "content"), JC_NO_TOKEN, token,
                                   path, err);
    }
    return st;
}

/* ---- beside it ---- */

typedef struct entry {
    uint64_t id;
    const char *name; /* of added_tokens.json; NULL: `flags` has it */
    const json_t *flags;
} entry;

static int by_id(const void *a, const void *b)
{
    const entry *x = a, *y = b;

    return (x->id > y->id) - (x->id < y->id);
}

/* "added_tokens_decoder": {"1": {"content": "<s>", ...}} */
static jc_status read_decoder_entry(entry *e, const char *key, const json_t *token,
                                    const char *path, jc_error *err)
{
    char *end;
    char quoted[JC_QUOTED];

    *e = (entry){.id = strtoul(key, &end, 10), .flags = token};
    if (*end || key[0] < '0' || key[0] > '9' || e->id >= JC_VOCAB_LIMIT)
        return jc_fail(err, JC_E_FORMAT, "cannot read '%s': '%s' is not a token id", path,
                       jc_quoted(quoted, key, strlen(key)));
    return JC_OK;
}

/* added_tokens.json: {"<s>": 1} */
static jc_status read_file_entry(entry *e, const char *key, const json_t *id,
                                 const char *path, jc_error *err)
{
    json_int_t value = json_integer_value(id);
    char quoted[JC_QUOTED];

    *e = (entry){.id = (uint64_t)value, .name = key};
    if (!json_is_integer(id) || value < 0 || value >= JC_VOCAB_LIMIT)
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read '%s': the id of token '%s' is not a whole number", path,
                       jc_quoted(quoted, key, strlen(key)));
    return JC_OK;
}

typedef jc_status read_entry_fn(entry *e, const char *key, const json_t *value,
                                const char *path, jc_error *err);

static jc_status add_entry(jc_tokenizer *t, const jc_tokenizer_files *files, const entry *e,
                           const char *path, jc_error *err)
{
    uint64_t id = files->json[JC_FILE_TOKENIZER] ? JC_NO_TOKEN : e->id;

    if (!e->name)
        return jc_tokenizer_add_json(t, json_object_get(e->flags, "content"), id, e->flags,
                                     path, err);
    const jc_added_token token = {.normalized =
                                      !jc_tokenizer_files_special(files, e->name) &&
                                      !(t->normal.n > 0 && t->normal.step[0].added)};
    return jc_tokenizer_add_token(t, e->name, strlen(e->name), id, token, path, err);
}

static jc_status read_object(jc_tokenizer *t, const jc_tokenizer_files *files,
                             json_t *object, read_entry_fn *read, const char *path,
                             jc_error *err)
{
    size_t n = 0;
    entry *all = jc_alloc_array(json_object_size(object) + 1, sizeof *all);
    jc_status st = all ? JC_OK : jc_fail_nomem(err, "the added tokens");
    const char *key;
    json_t *value;

    if (st)
        return st;
    json_object_foreach(object, key, value)
    {
        if (st == JC_OK)
            st = read(&all[n++], key, value, path, err);
    }
    if (st == JC_OK)
        qsort(all, n, sizeof *all, by_id);
    for (size_t i = 0; i < n && st == JC_OK; i++)
        st = add_entry(t, files, &all[i], path, err);
    jc_free(all);
    return st;
}

static jc_status read_beside(jc_tokenizer *t, const jc_tokenizer_files *files,
                             jc_error *err)
{
    json_t *decoder = json_object_get(files->json[JC_FILE_CONFIG], "added_tokens_decoder");

    if (json_is_object(decoder))
        return read_object(t, files, decoder, read_decoder_entry,
                           files->map[JC_FILE_CONFIG].path, err);
    return read_object(t, files, files->json[JC_FILE_ADDED], read_file_entry,
                       files->map[JC_FILE_ADDED].path, err);
}

jc_status jc_tokenizer_read_added(jc_tokenizer *t, const jc_tokenizer_files *files,
                                  jc_error *err)
{
    json_t *list = json_object_get(files->json[JC_FILE_TOKENIZER], "added_tokens");
    const char *path = files->map[JC_FILE_TOKENIZER].path;
    jc_status st = read_ids(t, list, path, err);

    if (st == JC_OK)
        st = read_beside(t, files, err);
    if (st == JC_OK)
        st = read_list(t, list, path, err);
    if (st == JC_OK)
        st = jc_tokenizer_read_roles(t, files, err);
    if (st == JC_OK)
        jc_added_sort(&t->added);
    return st;
}
