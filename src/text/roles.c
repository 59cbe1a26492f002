/* SPDX-License-Identifier: MIT */
/* roles.c: tokens with a role (bos, eos, ...), and other special tokens that only the
 * configuration names. As in the reference, one that the vocabulary lacks is added. */
#include <stdio.h>
#include <string.h>

#include "text/tokenizer.h"

static const char *const role_name[JC_ROLES] = {"bos", "eos", "unk", "pad",
                                                "cls", "sep", "mask"};

jc_role_names jc_roles_gpt2 = {"<|endoftext|>", "<|endoftext|>", "<|endoftext|>"};
jc_role_names jc_roles_roberta = {"<s>", "</s>", "<unk>", "<pad>", "<s>", "</s>", "<mask>"};
jc_role_names jc_roles_bert = {NULL, NULL, "[UNK]", "[PAD]", "[CLS]", "[SEP]", "[MASK]"};

/* The order in which the reference adds them. */
static const jc_role order[JC_ROLES] = {JC_ROLE_BOS, JC_ROLE_EOS, JC_ROLE_UNK, JC_ROLE_SEP,
                                        JC_ROLE_PAD, JC_ROLE_CLS, JC_ROLE_MASK};

const char *jc_tokenizer_role_name(size_t i)
{
    return i < JC_ROLES ? role_name[i] : NULL;
}

const json_t *jc_tokenizer_content(const json_t *value)
{
    const json_t *name = json_is_object(value) ? json_object_get(value, "content") : value;

    return json_is_string(name) ? name : NULL;
}

/* "bos_token": "<s>" or {"content": "<s>", "lstrip": false, ...} */
const json_t *jc_tokenizer_files_role(const jc_tokenizer_files *files, jc_role role)
{
    static const jc_tokenizer_file in[] = {JC_FILE_CONFIG, JC_FILE_SPECIAL};
    char key[16];

    snprintf(key, sizeof key, "%s_token", role_name[role]);
    for (size_t i = 0; i < JC_COUNT(in); i++) {
        const json_t *value = json_object_get(files->json[in[i]], key);
        if (jc_tokenizer_content(value))
            return value;
    }
    return NULL;
}

static const char *path_of(const jc_tokenizer *t, const jc_tokenizer_files *files)
{
    const char *config = files->map[JC_FILE_CONFIG].path;

    return config ? config : t->path;
}

static jc_status read_role(jc_tokenizer *t, const jc_tokenizer_files *files, jc_role role,
                           jc_error *err)
{
    const json_t *value = jc_tokenizer_files_role(files, role);
    const json_t *name = jc_tokenizer_content(value);

    if (!name)
        return JC_OK;
    jc_status st =
        jc_tokenizer_add_json(t, name, JC_NO_TOKEN, value, path_of(t, files), err);
    if (st == JC_OK)
        t->role[role] =
            jc_vocab_find(&t->vocab, json_string_value(name), json_string_length(name));
    return st;
}

/* Tokenizers as first published are a vocabulary, with nothing said of these tokens. */
static jc_status default_role(jc_tokenizer *t, bool whole, jc_role role, jc_error *err)
{
    const char *name = t->roles ? t->roles[role] : NULL;

    if (!name || t->role[role] != JC_NO_TOKEN)
        return JC_OK;
    t->role[role] = jc_vocab_find(&t->vocab, name, strlen(name));
    if (t->role[role] == JC_NO_TOKEN || whole)
        return JC_OK;
    const jc_added_token token = {.lstrip =
                                      t->roles == jc_roles_roberta && role == JC_ROLE_MASK};
    return jc_tokenizer_add_token(t, name, strlen(name), JC_NO_TOKEN, token, t->path, err);
}

/* ---- special tokens without a role ---- */

/* "additional_special_tokens": ["<a>", {"content": "<b>", ...}], of late
 * "extra_special_tokens", which may be an object of such. List `i` of 4. */
static json_t *more_of(const jc_tokenizer_files *files, size_t i)
{
    static const char *const key[] = {"additional_special_tokens", "extra_special_tokens"};

    return json_object_get(files->json[i < 2 ? JC_FILE_CONFIG : JC_FILE_SPECIAL],
                           key[i % 2]);
}

/* The next value of such a list; start with *at NULL and *i 0. NULL at the end. */
static const json_t *next_of(json_t *list, void **at, size_t *i)
{
    if (!json_is_object(list))
        return json_array_get(list, (*i)++);
    *at = *i ? json_object_iter_next(list, *at) : json_object_iter(list);
    ++*i;
    return json_object_iter_value(*at);
}

static jc_status read_more(jc_tokenizer *t, const jc_tokenizer_files *files, json_t *list,
                           jc_error *err)
{
    void *at = NULL;
    size_t i = 0;
    jc_status st = JC_OK;

    for (const json_t *value; st == JC_OK && (value = next_of(list, &at, &i));) {
        const json_t *name = jc_tokenizer_content(value);
        const char *text = json_string_value(name);
        size_t n = json_string_length(name);
        if (n == 0)
            continue;
        st = jc_tokenizer_add_json(t, name, JC_NO_TOKEN, value, path_of(t, files), err);
        if (st == JC_OK)
            t->vocab.token[jc_vocab_find(&t->vocab, text, n)].special = true;
    }
    return st;
}

bool jc_tokenizer_files_special(const jc_tokenizer_files *files, const char *name)
{
    for (size_t i = 0; i < JC_ROLES; i++) {
        const json_t *other =
            jc_tokenizer_content(jc_tokenizer_files_role(files, (jc_role)i));
        if (other && strcmp(json_string_value(other), name) == 0)
            return true;
    }
    for (size_t list = 0; list < 4; list++) {
        void *at = NULL;
        size_t i = 0;
        for (const json_t *value; (value = next_of(more_of(files, list), &at, &i));) {
            const json_t *other = jc_tokenizer_content(value);
            if (other && strcmp(json_string_value(other), name) == 0)
                return true;
        }
    }
    return false;
}

/* ---- all ---- */

jc_status jc_tokenizer_read_roles(jc_tokenizer *t, const jc_tokenizer_files *files,
                                  jc_error *err)
{
    jc_status st = JC_OK;

    for (size_t i = 0; i < JC_ROLES && st == JC_OK; i++)
        st = read_role(t, files, order[i], err);
    for (size_t i = 0; i < JC_ROLES && st == JC_OK; i++)
        st = default_role(t, files->json[JC_FILE_TOKENIZER] != NULL, order[i], err);
    for (size_t i = 0; i < 4 && st == JC_OK; i++)
        st = read_more(t, files, more_of(files, i), err);
    if (t->role[JC_ROLE_UNK] != JC_NO_TOKEN)
        t->vocab.token[t->role[JC_ROLE_UNK]].special = false;
    for (size_t i = 0; i < JC_ROLES; i++)
        if (i != JC_ROLE_UNK && t->role[i] != JC_NO_TOKEN)
            t->vocab.token[t->role[i]].special = true;
    return st;
}
