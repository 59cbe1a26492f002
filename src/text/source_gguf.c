/* SPDX-License-Identifier: MIT */
/*
 * source_gguf.c: the tokenizer in the metadata of a GGUF file, under tokenizer.ggml.
 *
 * Tokens, their types and scores are lists of the same length. Special tokens are found as
 * they stand; merges are as in merges.txt.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "text/gguf_pre.h"
#include "text/tokenizer.h"

#define KEY(name) "tokenizer.ggml." name

typedef struct source {
    const jc_gguf *file;
    const char *path;
    const jc_gguf_value *tokens, *types, *scores; /* the latter two NULL if not there */
} source;

static bool probe(const jc_tokenizer_files *files)
{
    return files->gguf != NULL;
}

static const char *path_of(const jc_tokenizer_files *files)
{
    return jc_gguf_path(files->gguf);
}

static jc_status bad(const source *s, const char *key, const char *why, jc_error *err)
{
    return jc_fail(err, JC_E_FORMAT, "cannot read '%s' of '%s': %s", key, s->path, why);
}

/* ---- what the keys hold ---- */

static jc_status read_flag(const source *s, const char *key, bool *flag, jc_error *err)
{
    return jc_gguf_get(s->file, key) ? jc_gguf_bool(s->file, key, flag, err) : JC_OK;
}

/* A list that, where it is there, is as long as that of the tokens. */
static jc_status read_list(const source *s, const char *key, const jc_gguf_value **list,
                           jc_error *err)
{
    *list = NULL;
    if (!jc_gguf_get(s->file, key))
        return JC_OK;
    jc_status st = jc_gguf_list(s->file, key, false, list, err);
    if (st == JC_OK && (*list)->n != s->tokens->n)
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read '%s' of '%s': it has %zu elements, and there are %zu "
                       "tokens",
                       key, s->path, (*list)->n, s->tokens->n);
    return st;
}

static jc_status open_lists(source *s, jc_error *err)
{
    jc_status st = jc_gguf_list(s->file, KEY("tokens"), true, &s->tokens, err);

    if (st == JC_OK && s->tokens->n == 0)
        return bad(s, KEY("tokens"), "it is empty", err);
    if (st == JC_OK && s->tokens->n > JC_VOCAB_LIMIT)
        return bad(s, KEY("tokens"), "there are too many", err);
    if (st == JC_OK)
        st = read_list(s, KEY("token_type"), &s->types, err);
    return st ? st : read_list(s, KEY("scores"), &s->scores, err);
}

static bool is_text(jc_gguf_text text, const char *name)
{
    return text.n == strlen(name) && memcmp(text.text, name, text.n) == 0;
}

static unsigned type_of(const source *s, size_t id)
{
    double type = s->types ? jc_gguf_number(s->types, id) : JC_PIECE_NORMAL;

    return type >= JC_PIECE_NORMAL && type <= JC_PIECE_BYTE ? (unsigned)type : 0;
}

/* ---- the vocabulary ---- */

/* How the name of a token in the file is written for the algorithm. */
typedef bool rename_fn(const char *name, size_t n, unsigned type, jc_bytes *out);

static bool as_it_is(const char *name, size_t n, unsigned type, jc_bytes *out)
{
    (void)type;
    return jc_bytes_add(out, name, n);
}

/* The spaces of what a user defined are spaces in the file. */
static bool with_signs(const char *name, size_t n, unsigned type, jc_bytes *out)
{
    for (size_t i = 0; i < n; i++) {
        bool space = type == JC_PIECE_USER && name[i] == ' ';
        if (!jc_bytes_add(out, space ? "\xe2\x96\x81" : name + i, space ? 3 : 1))
            return false;
    }
    return true;
}

/* BERT's tokens have a sign where a word begins, in place of "##" where none does. */
static bool as_wordpiece(const char *name, size_t n, unsigned type, jc_bytes *out)
{
    bool begins = n > 3 && memcmp(name, "\xe2\x96\x81", 3) == 0;
    bool special =
        type != JC_PIECE_NORMAL || (n > 2 && name[0] == '[' && name[n - 1] == ']');

    if (begins)
        return jc_bytes_add(out, name + 3, n - 3);
    return (special || jc_bytes_add(out, "##", 2)) && jc_bytes_add(out, name, n);
}

static jc_status read_tokens(jc_tokenizer *t, const source *s, rename_fn *rename,
                             jc_error *err)
{
    jc_bytes name = {0};
    size_t at = 0;
    jc_status st = JC_OK;
    char quoted[JC_QUOTED];

    for (size_t id = 0; id < s->tokens->n && st == JC_OK; id++) {
        jc_gguf_text text = jc_gguf_next(s->tokens, &at);
        unsigned type = type_of(s, id);
        name.n = 0;
        if (type == 0)
            st = jc_fail(err, JC_E_UNSUPPORTED,
                         "cannot read '%s' of '%s': the type of token '%s' is not known",
                         KEY("token_type"), s->path, jc_quoted(quoted, text.text, text.n));
        else if (jc_utf8_span(text.text, text.n) < text.n)
            st = jc_fail(err, JC_E_FORMAT,
                         "cannot read '%s' of '%s': token %zu, '%s', is not UTF-8",
                         KEY("tokens"), s->path, id, jc_quoted(quoted, text.text, text.n));
        else if (!rename(text.text, text.n, type, &name))
            st = jc_fail_nomem(err, "a vocabulary");
        else /* of tokens that are the same, the last is found */
            st = jc_vocab_put(&t->vocab, name.data ? name.data : "", name.n, id, s->path,
                              err);
    }
    jc_free(name.data);
    return st;
}

static jc_status read_scores(jc_tokenizer *t, const source *s, jc_error *err)
{
    if (!s->scores)
        return bad(s, KEY("scores"), "it is missing", err);
    t->score = jc_alloc_array(s->tokens->n, sizeof *t->score);
    if (!t->score)
        return jc_fail_nomem(err, "a vocabulary");
    t->n_scores = (uint32_t)s->tokens->n;
    for (size_t id = 0; id < s->tokens->n; id++) {
        float score = (float)jc_gguf_number(s->scores, id);
        if (!isfinite(score))
            return jc_fail(err, JC_E_FORMAT,
                           "cannot read '%s' of '%s': score %zu is not a number",
                           KEY("scores"), s->path, id);
        t->score[id] = type_of(s, id) == JC_PIECE_NORMAL ? (double)score : JC_NO_SCORE;
    }
    return JC_OK;
}

/* ---- the kinds ---- */

static jc_status read_merges(jc_tokenizer *t, const source *s, jc_error *err)
{
    const jc_gguf_value *merges;
    size_t at = 0;
    jc_status st = jc_gguf_list(s->file, KEY("merges"), true, &merges, err);

    for (size_t i = 0; st == JC_OK && i < merges->n; i++) {
        jc_gguf_text text = jc_gguf_next(merges, &at);
        st = jc_tokenizer_merge_pair(t, text.text, text.n, s->path, "merge", i, err);
    }
    return st;
}

/* The model "gemma4" says how texts are cut. */
static jc_status find_pre(const source *s, const jc_gguf_pre **pre, jc_error *err)
{
    jc_gguf_text name = {"gpt-2", 5}, arch = {"", 0}, model;
    char quoted[JC_QUOTED];
    jc_status st = jc_gguf_text_of(s->file, KEY("model"), &model, err);

    if (st == JC_OK && is_text(model, "gemma4"))
        name = model;
    else if (st == JC_OK && jc_gguf_get(s->file, KEY("pre")))
        st = jc_gguf_text_of(s->file, KEY("pre"), &name, err);
    else if (st == JC_OK &&
             (jc_gguf_text_of(s->file, "general.architecture", &arch, NULL) ||
              !is_text(arch, "gpt2")))
        st = bad(s, KEY("pre"),
                 "it is missing, as older converters left it; '--tokenizer' can name the "
                 "model's folder",
                 err);
    if (st)
        return st;
    *pre = jc_gguf_pre_find(name.text, name.n);
    if (*pre)
        return JC_OK;
    return jc_fail(err, JC_E_UNSUPPORTED, "cannot read '%s' of '%s': '%s' is not known",
                   KEY("pre"), s->path, jc_quoted(quoted, name.text, name.n));
}

static bool falls_back(const source *s)
{
    for (size_t id = 0; id < s->tokens->n; id++)
        if (type_of(s, id) == JC_PIECE_BYTE)
            return true;
    return false;
}

/* Merges of characters. */
static jc_status read_chars(jc_tokenizer *t, const source *s, const jc_gguf_pre *pre,
                            jc_error *err)
{
    jc_sentencepiece how = {.escape = !(pre->flags & JC_PRE_DROP),
                            .unknown = " \xe2\x81\x87 "};
    jc_status st = read_tokens(t, s, with_signs, err);

    t->algorithm = &jc_char_bpe;
    t->byte_fallback = falls_back(s);
    if (st == JC_OK)
        st = read_merges(t, s, err);
    if (st == JC_OK)
        st = jc_tokenizer_sentencepiece(t, &how, err);
    return st ? st : jc_gguf_pre_add(pre, &t->normal, &t->cut, s->path, err);
}

static jc_status read_bytes(jc_tokenizer *t, const source *s, jc_error *err)
{
    jc_cut_step prefix = {.kind = JC_CUT_PREFIX};
    jc_undo_step undo = {.kind = JC_UNDO_BYTE_LEVEL};
    const jc_gguf_pre *pre;
    bool space = false;
    jc_status st = find_pre(s, &pre, err);

    if (st == JC_OK && pre->flags & JC_PRE_CHARS)
        return read_chars(t, s, pre, err);
    t->algorithm = &jc_byte_bpe;
    if (st == JC_OK)
        st = read_flag(s, KEY("add_space_prefix"), &space, err);
    if (st == JC_OK)
        st = read_tokens(t, s, as_it_is, err);
    if (st == JC_OK)
        st = read_merges(t, s, err);
    if (st == JC_OK && space)
        st = jc_cut_add(&t->cut, &prefix, err);
    if (st == JC_OK)
        st = jc_gguf_pre_add(pre, &t->normal, &t->cut, s->path, err);
    if (st)
        return st;
    t->ignore_merges = (pre->flags & JC_PRE_WHOLE) != 0;
    return jc_undo_add(&t->undo, &undo, err);
}

static jc_status read_charsmap(const source *s, jc_charsmap *map, jc_error *err)
{
    const jc_gguf_value *bytes;

    if (!jc_gguf_get(s->file, KEY("precompiled_charsmap")))
        return JC_OK;
    jc_status st = jc_gguf_list(s->file, KEY("precompiled_charsmap"), false, &bytes, err);
    if (st)
        return st;
    if (jc_gguf_type_bytes(bytes->type) != 1)
        return bad(s, KEY("precompiled_charsmap"), "it is not a list of bytes", err);
    return jc_charsmap_read(map, bytes->data, bytes->n, s->path, err);
}

/* sentencepiece's two models. */
static jc_status read_pieces(jc_tokenizer *t, const source *s, jc_error *err)
{
    jc_sentencepiece how = {
        .dummy_prefix = true, .escape = true, .unknown = " \xe2\x81\x87 "};
    jc_status st = read_tokens(t, s, with_signs, err);

    if (st == JC_OK)
        st = read_scores(t, s, err);
    if (st == JC_OK)
        st = read_flag(s, KEY("add_space_prefix"), &how.dummy_prefix, err);
    if (st == JC_OK)
        st = read_flag(s, KEY("remove_extra_whitespaces"), &how.remove_extra, err);
    if (st == JC_OK)
        st = read_charsmap(s, &how.map, err);
    t->byte_fallback = falls_back(s);
    return st ? st : jc_tokenizer_sentencepiece(t, &how, err);
}

static jc_status read_llama(jc_tokenizer *t, const source *s, jc_error *err)
{
    t->algorithm = &jc_char_bpe;
    return read_pieces(t, s, err);
}

static jc_status read_t5(jc_tokenizer *t, const source *s, jc_error *err)
{
    t->algorithm = &jc_unigram;
    return read_pieces(t, s, err);
}

static jc_status read_bert(jc_tokenizer *t, const source *s, jc_error *err)
{
    static const jc_bert_normal normal = {true, true, true, true};
    jc_status st = read_tokens(t, s, as_wordpiece, err);

    t->framed = true;
    return st ? st : jc_tokenizer_bert(t, &normal, err);
}

/* What holds where the file does not say: ids of roles, whether the first role stands
 * before each text and the second after it. */
typedef struct kind {
    const char *name;
    jc_status (*read)(jc_tokenizer *t, const source *s, jc_error *err);
    uint32_t bos, eos, unk;
    bool first, second;
    jc_role role[2];
    const char *key[2]; /* which say so */
} kind;

#define BOS_EOS                                                                            \
    {JC_ROLE_BOS, JC_ROLE_EOS},                                                            \
    {                                                                                      \
        KEY("add_bos_token"), KEY("add_eos_token")                                         \
    }
#define CLS_SEP                                                                            \
    {JC_ROLE_CLS, JC_ROLE_SEP},                                                            \
    {                                                                                      \
        KEY("add_bos_token"), KEY("add_sep_token")                                         \
    }

static const kind kinds[] = {
    {"gpt2", read_bytes, JC_NO_TOKEN, JC_NO_TOKEN, JC_NO_TOKEN, false, false, BOS_EOS},
    {"gemma4", read_bytes, JC_NO_TOKEN, JC_NO_TOKEN, JC_NO_TOKEN, false, false, BOS_EOS},
    {"llama", read_llama, 1, 2, 0, true, false, BOS_EOS},
    {"t5", read_t5, JC_NO_TOKEN, 1, 2, false, true, BOS_EOS},
    {"bert", read_bert, 101, JC_NO_TOKEN, 100, true, true, CLS_SEP},
};

static jc_status find_kind(const source *s, const kind **found, jc_error *err)
{
    jc_gguf_text model;
    char quoted[JC_QUOTED];
    jc_status st = jc_gguf_text_of(s->file, KEY("model"), &model, err);

    if (st)
        return st;
    for (size_t i = 0; i < JC_COUNT(kinds); i++) {
        *found = &kinds[i];
        if (is_text(model, kinds[i].name))
            return JC_OK;
    }
    return jc_fail(err, JC_E_UNSUPPORTED, "cannot read '%s' of '%s': '%s' is not supported",
                   KEY("model"), s->path, jc_quoted(quoted, model.text, model.n));
}

/* ---- roles, added tokens, what stands around a text ---- */

static jc_status read_roles(jc_tokenizer *t, const source *s, const kind *k, jc_error *err)
{
    static const char *const keys[JC_ROLES] = {
        [JC_ROLE_BOS] = KEY("bos_token_id"),
        [JC_ROLE_EOS] = KEY("eos_token_id"),
        [JC_ROLE_UNK] = KEY("unknown_token_id"),
        [JC_ROLE_PAD] = KEY("padding_token_id"),
        [JC_ROLE_CLS] = KEY("cls_token_id"),
        [JC_ROLE_SEP] = KEY("seperator_token_id"), /* so the format spells it */
        [JC_ROLE_MASK] = KEY("mask_token_id"),
    };
    size_t n;

    t->role[JC_ROLE_BOS] = k->bos;
    t->role[JC_ROLE_EOS] = k->eos;
    t->role[JC_ROLE_UNK] = k->unk;
    for (size_t i = 0; i < JC_ROLES; i++) {
        uint32_t id = JC_NO_TOKEN;
        bool named = jc_gguf_get(s->file, keys[i]) != NULL;
        jc_status st = named ? jc_gguf_u32(s->file, keys[i], &id, err) : JC_OK;
        if (st)
            return st;
        named &= id != UINT32_MAX; /* -1, llama.cpp's "none" */
        if (named)
            t->role[i] = id;
        if (jc_vocab_name(&t->vocab, t->role[i], &n))
            continue;
        if (named && i != JC_ROLE_PAD) /* which no text needs */
            return jc_fail(err, JC_E_FORMAT,
                           "cannot read '%s' of '%s': there is no token %" PRIu32, keys[i],
                           s->path, t->role[i]);
        t->role[i] = JC_NO_TOKEN;
    }
    if (k->role[0] == JC_ROLE_CLS && t->role[JC_ROLE_CLS] == JC_NO_TOKEN)
        t->role[JC_ROLE_CLS] = t->role[JC_ROLE_BOS];
    t->unknown = t->role[JC_ROLE_UNK];
    if (t->unknown == JC_NO_TOKEN && t->algorithm == &jc_wordpiece)
        return bad(s, KEY("unknown_token_id"), "it is missing", err);
    return JC_OK;
}

static jc_status read(jc_tokenizer *t, const jc_tokenizer_files *files, jc_error *err)
{
    source s = {.file = files->gguf, .path = path_of(files)};
    const kind *k;
    jc_status st = find_kind(&s, &k, err);

    if (st == JC_OK)
        st = open_lists(&s, err);
    if (st == JC_OK)
        st = k->read(t, &s, err);
    return st ? st : read_roles(t, &s, k, err);
}

/* Types of tokens; those of which there is no list have a role. */
static jc_status add_tokens(jc_tokenizer *t, const source *s, jc_error *err)
{
    jc_status st = JC_OK;

    for (uint32_t id = 0; id < s->tokens->n && st == JC_OK; id++) {
        size_t n;
        const char *name = jc_vocab_name(&t->vocab, id, &n);
        unsigned type = type_of(s, id);
        bool pieces = t->normal.n > 0 && t->normal.step[0].added;
        jc_added_token token = {.id = id, .normalized = pieces && type == JC_PIECE_USER};
        if (name && type == JC_PIECE_CONTROL)
            t->vocab.token[id].special = true;
        if (name &&
            (type == JC_PIECE_CONTROL || type == JC_PIECE_USER || type == JC_PIECE_UNKNOWN))
            st = jc_added_add(&t->added, &t->vocab, &token, name, n, err);
    }
    for (size_t i = 0; i < JC_ROLES; i++)
        if (t->role[i] != JC_NO_TOKEN)
            t->vocab.token[t->role[i]].special = i != JC_ROLE_UNK;
    jc_added_sort(&t->added);
    return st;
}

static jc_status finish(jc_tokenizer *t, const jc_tokenizer_files *files, jc_error *err)
{
    source s = {.file = files->gguf, .path = path_of(files)};
    const jc_gguf_pre *pre;
    const kind *k;
    jc_status st = find_kind(&s, &k, err);

    if (st == JC_OK)
        st = open_lists(&s, err);
    if (st == JC_OK)
        st = add_tokens(t, &s, err);
    for (size_t i = 0; st == JC_OK && i < 2; i++) {
        bool add = i ? k->second : k->first;
        if (i == 0 && k->read == read_bytes) {
            st = find_pre(&s, &pre, err);
            add = st == JC_OK && pre->flags & JC_PRE_BOS;
        }
        if (st == JC_OK)
            st = read_flag(&s, k->key[i], &add, err);
        if (st == JC_OK && add)
            st = jc_tokenizer_frame_role(t, i ? &t->after : &t->before, k->role[i], err);
    }
    return st;
}

const jc_source jc_source_gguf = {
    .probe = probe,
    .path = path_of,
    .read = read,
    .finish = finish,
};
