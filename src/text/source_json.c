/* SPDX-License-Identifier: MIT */
/* source_json.c: tokenizer.json. What is in it that is not done here is refused by name. */
#include <math.h>
#include <string.h>

#include "text/tokenizer.h"

static bool probe(const jc_tokenizer_files *files)
{
    return files->json[JC_FILE_TOKENIZER] != NULL;
}

static const char *path_of(const jc_tokenizer_files *files)
{
    return files->map[JC_FILE_TOKENIZER].path;
}

static bool is_set(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    return value && !json_is_null(value) && !json_is_false(value) &&
           !(json_is_string(value) && json_string_length(value) == 0);
}

/* The token that the model names for what is unknown, if it names one. */
static jc_status read_unknown(jc_tokenizer *t, const json_t *model, const char *path,
                              jc_error *err)
{
    const json_t *name = json_object_get(model, "unk_token");
    char quoted[JC_QUOTED];

    if (!json_is_string(name))
        return JC_OK;
    t->unknown =
        jc_vocab_find(&t->vocab, json_string_value(name), json_string_length(name));
    if (t->unknown != JC_NO_TOKEN)
        return JC_OK;
    return jc_fail(err, JC_E_FORMAT, "cannot read '%s': there is no unknown token '%s'",
                   path,
                   jc_quoted(quoted, json_string_value(name), json_string_length(name)));
}

/* ---- BPE ---- */

static jc_status check_bpe(const json_t *model, const char *path, jc_error *err)
{
    static const char *const no[][2] = {
        {"continuing_subword_prefix", "'model.continuing_subword_prefix'"},
        {"end_of_word_suffix", "'model.end_of_word_suffix'"},
    };

    for (size_t i = 0; i < JC_COUNT(no); i++)
        if (is_set(model, no[i][0]))
            return jc_tokenizer_refuse(path, no[i][1], err);
    return json_number_value(json_object_get(model, "dropout")) > 0
               ? jc_tokenizer_refuse(path, "'model.dropout'", err)
               : JC_OK;
}

static jc_status read_merges(jc_tokenizer *t, json_t *merges, const char *path,
                             jc_error *err)
{
    size_t i;
    json_t *merge;
    jc_status st = JC_OK;

    if (!json_is_array(merges))
        return jc_fail(err, JC_E_FORMAT, "cannot read '%s': 'model.merges' is not a list",
                       path);
    json_array_foreach(merges, i, merge)
    {
        json_t *left = json_array_get(merge, 0), *right = json_array_get(merge, 1);
        if (json_is_string(merge))
            st = jc_tokenizer_merge_pair(t, json_string_value(merge),
                                         json_string_length(merge), path, "merge", i, err);
        else if (json_is_string(left) && json_is_string(right) &&
                 json_array_size(merge) == 2)
            st = jc_tokenizer_merge(
                t, (jc_half){json_string_value(left), json_string_length(left)},
                (jc_half){json_string_value(right), json_string_length(right)}, path,
                "merge", i, err);
        else
            st = jc_fail(err, JC_E_FORMAT,
                         "cannot read '%s': merge %zu is neither text nor a pair", path, i);
        if (st)
            return st;
    }
    return JC_OK;
}

static jc_status read_bpe(jc_tokenizer *t, const json_t *model, const char *path,
                          jc_error *err)
{
    jc_undo_step bytes = {.kind = JC_UNDO_BYTE_LEVEL};
    jc_status st = check_bpe(model, path, err);

    t->algorithm = t->cut.bytes ? &jc_byte_bpe : &jc_char_bpe;
    if (st == JC_OK && t->cut.bytes && is_set(model, "byte_fallback"))
        st = jc_tokenizer_refuse(path, "'model.byte_fallback' with ByteLevel", err);
    if (st == JC_OK && t->cut.bytes && is_set(model, "fuse_unk"))
        st = jc_tokenizer_refuse(path, "'model.fuse_unk' with ByteLevel", err);
    if (st == JC_OK)
        st = jc_json_flag(model, "byte_fallback", path, &t->byte_fallback, err);
    if (st == JC_OK)
        st = jc_json_flag(model, "fuse_unk", path, &t->fuse_unknown, err);
    if (st == JC_OK)
        st = jc_json_flag(model, "ignore_merges", path, &t->ignore_merges, err);
    if (st == JC_OK)
        st = jc_vocab_add_json(&t->vocab, json_object_get(model, "vocab"), path, err);
    if (st == JC_OK)
        st = read_merges(t, json_object_get(model, "merges"), path, err);
    if (st == JC_OK && t->cut.bytes && t->undo.n == 0)
        st = jc_undo_add(&t->undo, &bytes, err);
    return st ? st : read_unknown(t, model, path, err);
}

/* ---- unigram ---- */

static jc_status read_piece(jc_tokenizer *t, const json_t *piece, size_t id,
                            const char *path, jc_error *err)
{
    const json_t *name = json_array_get(piece, 0), *score = json_array_get(piece, 1);
    double x = json_number_value(score);

    if (!json_is_string(name) || !json_is_number(score) || !isfinite(x))
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read '%s': piece %zu is not a token with its score", path,
                       id);
    t->score[id] = x;
    return jc_vocab_add(&t->vocab, json_string_value(name), json_string_length(name), id,
                        path, err);
}

static jc_status read_unigram(jc_tokenizer *t, const json_t *model, const char *path,
                              jc_error *err)
{
    const json_t *pieces = json_object_get(model, "vocab");
    const json_t *unknown = json_object_get(model, "unk_id");
    size_t n = json_array_size(pieces);
    jc_status st = jc_json_flag(model, "byte_fallback", path, &t->byte_fallback, err);

    t->algorithm = &jc_unigram;
    t->fuse_unknown = true;
    if (st)
        return st;
    if (n == 0 || n > JC_VOCAB_LIMIT)
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read '%s': 'model.vocab' is not a list of pieces", path);
    t->score = jc_alloc_array(n, sizeof *t->score);
    if (!t->score)
        return jc_fail_nomem(err, "a vocabulary");
    t->n_scores = (uint32_t)n;
    for (size_t i = 0; i < n && st == JC_OK; i++)
        st = read_piece(t, json_array_get(pieces, i), i, path, err);
    if (st || !unknown || json_is_null(unknown))
        return st;
    json_int_t id = json_integer_value(unknown);
    if (!json_is_integer(unknown) || id < 0 || (size_t)id >= n)
        return jc_fail(err, JC_E_FORMAT, "cannot read '%s': 'model.unk_id' is not a piece",
                       path);
    t->unknown = (uint32_t)id;
    return JC_OK;
}

/* ---- WordPiece ---- */

static jc_status read_wordpiece(jc_tokenizer *t, const json_t *model, const char *path,
                                jc_error *err)
{
    const json_t *inside = json_object_get(model, "continuing_subword_prefix");
    const json_t *limit = json_object_get(model, "max_input_chars_per_word");
    jc_undo_step words = {.kind = JC_UNDO_WORDPIECE, .extra = true};
    jc_status st = jc_vocab_add_json(&t->vocab, json_object_get(model, "vocab"), path, err);

    t->algorithm = &jc_wordpiece;
    t->roles = jc_roles_bert;
    t->inside = jc_strdup(json_is_string(inside) ? json_string_value(inside) : "##");
    t->word_limit = 100;
    if (json_is_integer(limit) && json_integer_value(limit) >= 0)
        t->word_limit = (uint64_t)json_integer_value(limit);
    if (st == JC_OK)
        st = read_unknown(t, model, path, err);
    if (st == JC_OK && t->unknown == JC_NO_TOKEN) {
        t->unknown = jc_vocab_find(&t->vocab, "[UNK]", 5);
        if (t->unknown == JC_NO_TOKEN)
            st = jc_fail(err, JC_E_FORMAT,
                         "cannot read '%s': there is no unknown token '[UNK]'", path);
    }
    if (st == JC_OK && !t->inside)
        st = jc_fail_nomem(err, "a tokenizer");
    if (st || t->undo.n > 0)
        return st;
    words.text = jc_strdup(t->inside);
    if (!words.text)
        return jc_fail_nomem(err, "a tokenizer");
    words.n_text = strlen(words.text);
    return jc_undo_add(&t->undo, &words, err);
}

static jc_status read_wordlevel(jc_tokenizer *t, const json_t *model, const char *path,
                                jc_error *err)
{
    jc_status st = jc_vocab_add_json(&t->vocab, json_object_get(model, "vocab"), path, err);
    const json_t *name = json_object_get(model, "unk_token");

    t->algorithm = &jc_wordlevel;
    if (st == JC_OK && json_is_string(name)) /* which need not be there */
        t->unknown =
            jc_vocab_find(&t->vocab, json_string_value(name), json_string_length(name));
    return st;
}

/* ---- the file ---- */

static const struct {
    const char *type;
    jc_status (*read)(jc_tokenizer *t, const json_t *model, const char *path,
                      jc_error *err);
} models[] = {
    {"BPE", read_bpe},
    {"Unigram", read_unigram},
    {"WordPiece", read_wordpiece},
    {"WordLevel", read_wordlevel},
};

static jc_status read_model(jc_tokenizer *t, const json_t *model, const char *path,
                            jc_error *err)
{
    const char *type = json_string_value(json_object_get(model, "type"));
    char quoted[JC_QUOTED];

    if (!type) /* files of the first releases leave it out */
        type = json_object_get(model, "merges") ? "BPE" : "";
    for (size_t i = 0; i < JC_COUNT(models); i++)
        if (strcmp(models[i].type, type) == 0)
            return models[i].read(t, model, path, err);
    return jc_fail(err, JC_E_UNSUPPORTED,
                   "cannot read '%s': model type '%s' is not supported", path,
                   jc_quoted(quoted, type, strlen(type)));
}

/* Of a ByteLevel pre-tokenizer the configuration counts, as in the reference. */
static jc_status set_prefix(jc_tokenizer *t, const jc_tokenizer_files *files,
                            const json_t *cut, jc_error *err)
{
    const json_t *config = files->json[JC_FILE_CONFIG];
    bool space = true;
    jc_status st = jc_json_flag(cut, "add_prefix_space", path_of(files), &space, err);

    if (st == JC_OK)
        st = jc_json_flag(config, "add_prefix_space", files->map[JC_FILE_CONFIG].path,
                          &space, err);
    return st || !jc_json_is_type(cut, "ByteLevel")
               ? st
               : jc_cut_set_prefix(&t->cut, space, err);
}

static jc_status read(jc_tokenizer *t, const jc_tokenizer_files *files, jc_error *err)
{
    const char *path = path_of(files);
    const json_t *root = files->json[JC_FILE_TOKENIZER];
    const json_t *normalizer = json_object_get(root, "normalizer");
    const json_t *post = json_object_get(root, "post_processor");
    jc_status st = jc_normal_read(&t->normal, normalizer, path, err);

    if (st == JC_OK && jc_json_is_type(normalizer, "BertNormalizer"))
        st = jc_bert_normal_read(&t->normal.step[0].bert, normalizer, files, err);
    if (st == JC_OK)
        st = jc_cut_read(&t->cut, json_object_get(root, "pre_tokenizer"), path, err);
    if (st == JC_OK)
        st = set_prefix(t, files, json_object_get(root, "pre_tokenizer"), err);
    if (st == JC_OK)
        st = jc_undo_read(&t->undo, json_object_get(root, "decoder"), path, err);
    if (st == JC_OK)
        st = read_model(t, json_object_get(root, "model"), path, err);
    if (jc_json_is_type(post, "RobertaProcessing"))
        t->roles = jc_roles_roberta;
    return st;
}

const jc_source jc_source_json = {
    .probe = probe,
    .path = path_of,
    .read = read,
    .finish = jc_tokenizer_finish,
};
