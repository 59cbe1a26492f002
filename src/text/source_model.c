/* SPDX-License-Identifier: MIT */
/*
 * source_model.c: tokenizer.model, a protocol buffer that sentencepiece writes: pieces with
 * scores and types, how they were trained, and how texts are made normal.
 *
 * Control and unknown pieces written out in a text are found as they stand, which is what
 * model folders expect; sentencepiece itself does not look for them.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "text/proto.h"
#include "text/tokenizer.h"

enum { UNIGRAM = 1, BPE = 2 };                        /* TrainerSpec.model_type */
enum { PIECES = 1, TRAINER = 2, NORMALIZER = 3 };     /* of the whole */
enum { PIECE_TEXT = 1, PIECE_SCORE = 2, PIECE_TYPE }; /* of a piece */

typedef struct text {
    const char *data;
    size_t n;
} text;

typedef struct model {
    const char *path;
    uint64_t type;
    bool byte_fallback, suffix;
    text surface, name[4]; /* of unk, bos, eos, pad */
    bool dummy_prefix, remove_extra, escape;
    text map;
    unsigned char *types; /* [n]: jc_piece_type */
    size_t n, capacity, score_capacity;
} model;

static bool probe(const jc_tokenizer_files *files)
{
    return files->map[JC_FILE_MODEL].data != NULL;
}

static const char *path_of(const jc_tokenizer_files *files)
{
    return files->map[JC_FILE_MODEL].path;
}

static jc_status damaged(const model *m, const char *what, jc_error *err)
{
    return jc_fail(err, JC_E_FORMAT,
                   "cannot read '%s': %s is cut short or no protocol buffer", m->path,
                   what);
}

static text text_of(const jc_proto *field)
{
    return (text){(const char *)field->bytes.data, field->bytes.size};
}

/* ---- pieces ---- */

static jc_status add_piece(jc_tokenizer *t, model *m, text name, float score, uint64_t type,
                           jc_error *err)
{
    char quoted[JC_QUOTED];

    jc_quoted(quoted, name.data, name.n);
    if (jc_utf8_span(name.data, name.n) < name.n || name.n == 0)
        return jc_fail(err, JC_E_FORMAT, "cannot read '%s': piece %zu, '%s', is not text",
                       m->path, m->n, quoted);
    if (type < JC_PIECE_NORMAL || type > JC_PIECE_BYTE)
        return jc_fail(err, JC_E_UNSUPPORTED,
                       "cannot read '%s': type %" PRIu64 " of piece '%s' is not known",
                       m->path, type, quoted);
    if (!isfinite(score))
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read '%s': the score of piece '%s' is not a number", m->path,
                       quoted);
    if (!jc_grow(&m->types, &m->capacity, m->n + 1, 1) ||
        !jc_grow(&t->score, &m->score_capacity, m->n + 1, sizeof *t->score))
        return jc_fail_nomem(err, "a vocabulary");
    t->score[m->n] = type == JC_PIECE_NORMAL ? (double)score : JC_NO_SCORE;
    m->types[m->n] = (unsigned char)type;
    if (type == JC_PIECE_UNKNOWN && t->unknown == JC_NO_TOKEN)
        t->unknown = (uint32_t)m->n;
    jc_status st = jc_vocab_add(&t->vocab, name.data, name.n, m->n, m->path, err);
    t->n_scores = (uint32_t)++m->n;
    return st;
}

static jc_status read_piece(jc_tokenizer *t, model *m, jc_cursor c, jc_error *err)
{
    jc_proto field;
    text name = {"", 0};
    float score = 0;
    uint64_t type = JC_PIECE_NORMAL;
    uint32_t bits;
    bool got;

    do {
        if (!jc_proto_next(&c, &field, &got))
            return damaged(m, "a piece", err);
        if (field.field == PIECE_TEXT && field.wire == JC_PROTO_BYTES)
            name = text_of(&field);
        if (field.field == PIECE_SCORE && field.wire == JC_PROTO_FIXED32) {
            bits = (uint32_t)field.value;
            memcpy(&score, &bits, sizeof score);
        }
        if (field.field == PIECE_TYPE && field.wire == JC_PROTO_VARINT)
            type = field.value;
    } while (got);
    return add_piece(t, m, name, score, type, err);
}

/* ---- the two specifications ---- */

/* Where each field goes that counts; all others are passed over. */
typedef struct row {
    uint32_t field;
    uint64_t *number;
    bool *flag;
    text *text;
} row;

static jc_status read_rows(const model *m, jc_cursor c, const char *what, const row *rows,
                           size_t n, jc_error *err)
{
    jc_proto field;
    bool got;

    do {
        if (!jc_proto_next(&c, &field, &got))
            return damaged(m, what, err);
        for (size_t i = 0; i < n; i++) {
            if (rows[i].field != field.field ||
                (field.wire == JC_PROTO_BYTES) != (rows[i].text != NULL))
                continue;
            if (rows[i].text)
                *rows[i].text = text_of(&field);
            else if (rows[i].flag)
                *rows[i].flag = field.value != 0;
            else
                *rows[i].number = field.value;
        }
    } while (got);
    return JC_OK;
}

static jc_status read_trainer(model *m, jc_cursor c, jc_error *err)
{
    const row rows[] = {
        {3, &m->type, NULL, NULL},           {24, NULL, &m->suffix, NULL},
        {35, NULL, &m->byte_fallback, NULL}, {44, NULL, NULL, &m->surface},
        {45, NULL, NULL, &m->name[0]},       {46, NULL, NULL, &m->name[1]},
        {47, NULL, NULL, &m->name[2]},       {48, NULL, NULL, &m->name[3]},
    };

    return read_rows(m, c, "'trainer_spec'", rows, JC_COUNT(rows), err);
}

static jc_status read_normalizer(model *m, jc_cursor c, jc_error *err)
{
    const row rows[] = {
        {2, NULL, NULL, &m->map},
        {3, NULL, &m->dummy_prefix, NULL},
        {4, NULL, &m->remove_extra, NULL},
        {5, NULL, &m->escape, NULL},
    };

    return read_rows(m, c, "'normalizer_spec'", rows, JC_COUNT(rows), err);
}

/* ---- the whole ---- */

static jc_status read_model(jc_tokenizer *t, model *m, jc_cursor c, jc_error *err)
{
    jc_proto field;
    bool got;
    jc_status st = JC_OK;

    do {
        if (!jc_proto_next(&c, &field, &got))
            return damaged(m, "it", err);
        if (!got || field.wire != JC_PROTO_BYTES)
            continue;
        if (field.field == PIECES)
            st = read_piece(t, m, field.bytes, err);
        else if (field.field == TRAINER)
            st = read_trainer(m, field.bytes, err);
        else if (field.field == NORMALIZER)
            st = read_normalizer(m, field.bytes, err);
    } while (got && st == JC_OK);
    return st;
}

static jc_status check(const jc_tokenizer *t, const model *m, jc_error *err)
{
    jc_fallback fallback;

    if (m->n == 0)
        return jc_fail(err, JC_E_FORMAT, "cannot read '%s': it has no pieces", m->path);
    if (m->type != BPE && m->type != UNIGRAM)
        return jc_fail(err, JC_E_UNSUPPORTED,
                       "cannot read '%s': model type %" PRIu64
                       " is not supported, only 1 (unigram) and 2 (BPE)",
                       m->path, m->type);
    if (m->suffix)
        return jc_tokenizer_refuse(m->path, "'treat_whitespace_as_suffix'", err);
    for (size_t i = 0; m->type == BPE && i < m->n; i++)
        if (m->types[i] == JC_PIECE_UNUSED)
            return jc_tokenizer_refuse(m->path, "an unused piece in a model of BPE", err);
    if (t->unknown == JC_NO_TOKEN)
        return jc_fail(err, JC_E_FORMAT, "cannot read '%s': it has no unknown piece",
                       m->path);
    jc_fallback_find(&fallback, &t->vocab, true);
    if (m->byte_fallback && !jc_fallback_all(&fallback))
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read '%s': it falls back to bytes, and has no piece for "
                       "some",
                       m->path);
    return JC_OK;
}

/* What a piece is besides its place in the vocabulary. */
static jc_status add_types(jc_tokenizer *t, const model *m, jc_error *err)
{
    jc_status st = JC_OK;

    for (uint32_t id = 0; id < m->n && st == JC_OK; id++) {
        size_t n;
        const char *name = jc_vocab_name(&t->vocab, id, &n);
        jc_added_token token = {.id = id, .normalized = m->types[id] == JC_PIECE_USER};
        if (m->types[id] == JC_PIECE_CONTROL)
            t->vocab.token[id].special = true;
        if (m->types[id] == JC_PIECE_CONTROL || m->types[id] == JC_PIECE_UNKNOWN ||
            m->types[id] == JC_PIECE_USER)
            st = jc_added_add(&t->added, &t->vocab, &token, name, n, err);
    }
    return st;
}

static void add_roles(jc_tokenizer *t, const model *m)
{
    static const jc_role roles[] = {JC_ROLE_UNK, JC_ROLE_BOS, JC_ROLE_EOS, JC_ROLE_PAD};

    for (size_t i = 0; i < JC_COUNT(roles); i++) {
        uint32_t id = jc_vocab_find(&t->vocab, m->name[i].data, m->name[i].n);
        if (id < m->n && m->types[id] == JC_PIECE_CONTROL)
            t->role[roles[i]] = id;
    }
    t->role[JC_ROLE_UNK] = t->unknown;
}

/* "legacy" and "add_prefix_space" of tokenizer_config.json, as the classes read them that
 * know these settings. */
static jc_status read_settings(const model *m, const jc_tokenizer_files *files,
                               jc_sentencepiece *how, jc_error *err)
{
    const json_t *config = files->json[JC_FILE_CONFIG];
    const char *path = files->map[JC_FILE_CONFIG].path;
    const char *class = json_string_value(json_object_get(config, "tokenizer_class"));
    bool legacy = true;

    how->dummy_prefix = m->dummy_prefix;
    how->remove_extra = m->remove_extra;
    how->escape = m->escape;
    if (class && strncmp(class, "Gemma", 5) == 0)
        return JC_OK;
    jc_status st = jc_json_flag(config, "legacy", path, &legacy, err);
    how->prefix_once = !legacy;
    how->dummy_prefix |= !legacy;
    return st ? st
              : jc_json_flag(config, "add_prefix_space", path, &how->dummy_prefix, err);
}

static jc_status read_all(jc_tokenizer *t, model *m, const jc_tokenizer_files *files,
                          jc_error *err)
{
    const jc_mapped *map = &files->map[JC_FILE_MODEL];
    jc_sentencepiece how = {0};
    char *surface = NULL;
    jc_status st = read_model(t, m, (jc_cursor){.data = map->data, .size = map->size}, err);

    if (st == JC_OK)
        st = check(t, m, err);
    if (st == JC_OK)
        st = read_settings(m, files, &how, err);
    if (st == JC_OK)
        st = jc_charsmap_read(&how.map, m->map.data, m->map.n, m->path, err);
    if (st)
        return st;
    surface = jc_alloc_array(m->surface.n + 1, 1);
    if (surface)
        memcpy(surface, m->surface.data, m->surface.n);
    how.unknown = surface ? surface : "";
    st = jc_tokenizer_sentencepiece(t, &how, err);
    if (st == JC_OK && !surface)
        st = jc_fail_nomem(err, "a tokenizer");
    jc_free(surface);
    t->algorithm = m->type == BPE ? &jc_char_bpe : &jc_unigram;
    t->byte_fallback = m->byte_fallback;
    if (st == JC_OK)
        st = add_types(t, m, err);
    if (st == JC_OK)
        add_roles(t, m);
    return st;
}

static jc_status read(jc_tokenizer *t, const jc_tokenizer_files *files, jc_error *err)
{
    model m = {
        .path = path_of(files),
        .type = UNIGRAM,
        .surface = {" \xe2\x81\x87 ", 5},
        .name = {{"<unk>", 5}, {"<s>", 3}, {"</s>", 4}, {"<pad>", 5}},
        .dummy_prefix = true,
        .remove_extra = true,
        .escape = true,
    };
    jc_status st = read_all(t, &m, files, err);

    jc_free(m.types);
    return st;
}

const jc_source jc_source_model = {
    .probe = probe,
    .path = path_of,
    .read = read,
    .finish = jc_tokenizer_finish,
};
