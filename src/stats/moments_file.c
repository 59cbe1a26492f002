/* SPDX-License-Identifier: MIT */
/*
 * moments_file.c: sums to a safetensors file and back.
 *
 * Tensors in float64: `mean` and `square` [nodes, d], `cross.<i>.<j>` [d, d], i and j being
 * names of taps. `__metadata__`: format, model, model.fingerprint, pairs, rows, texts;
 * `from`, "0-5", where pairs are from some layers only; and, with parts of blocks,
 * `layers`, and `parts` as "1.ln1:0:1.ln1 1.attn:1.ln1:1.attn ...": a part, the tap it is
 * from, and the one it is to. The nodes are the layer taps, and then those of the parts as
 * they are first named. A file is foreign: which tensors it has and their shapes are
 * checked before memory is asked for, so that what is allocated is never more than what is
 * there; then every number is looked at.
 */
#include "stats/sums_file.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

#define FORMAT   "jumpcut-sums/1"
#define SHARES   "jumpcut-shares/1" /* of sums that are not finished: exact_file.c */
#define ORIGIN   "origin."          /* before keys of jc_stats_set_meta() */
#define ROWS_MAX ((uint64_t)1 << 53)

/* By jc_pairs. */
static const char *const pairs_names[] = {"final", "all", "none"};

/* ---- saving ---- */

static jc_status put_meta(jc_st_writer *w, const jc_stats *s, jc_error *err)
{
    char rows[24], texts[24];
    const char *meta[][2] = {
        {"format", s->exact ? SHARES : FORMAT},
        {"model", s->model},
        {"model.fingerprint", s->fingerprint},
        {"pairs", pairs_names[s->pairs]},
        {"rows", rows},
        {"texts", texts},
    };
    jc_status st = JC_OK;

    snprintf(rows, sizeof rows, "%llu", (unsigned long long)s->rows);
    snprintf(texts, sizeof texts, "%llu", (unsigned long long)s->texts);
    for (size_t i = 0; i < JC_COUNT(meta) && st == JC_OK; i++)
        st = jc_st_writer_meta(w, meta[i][0], meta[i][1], err);
    if (st == JC_OK && s->from.last != UINT32_MAX) {
        char from[32];
        snprintf(from, sizeof from, "%u-%u", s->from.first, s->from.last);
        st = jc_st_writer_meta(w, "from", from, err);
    }
    if (st == JC_OK && s->exact)
        st = jc_shares_put_meta(w, &s->shares, err);
    return st;
}

static jc_status put_origin(jc_st_writer *w, const jc_metas *origin, jc_error *err)
{
    jc_status st = JC_OK;

    for (size_t i = 0; i < origin->n && st == JC_OK; i++) {
        size_t room = sizeof ORIGIN + strlen(origin->list[i].key);
        char *key = jc_alloc_array(room, 1);
        if (!key)
            return jc_fail_nomem(err, "metadata");
        snprintf(key, room, ORIGIN "%s", origin->list[i].key);
        st = jc_st_writer_meta(w, key, origin->list[i].value, err);
        jc_free(key);
    }
    return st;
}

enum { CROSS_NAME = 2 * JC_TAP_NAME + 8 };

static void cross_name(char name[CROSS_NAME], const jc_stats *s, uint32_t i, uint32_t j)
{
    char from[JC_TAP_NAME], to[JC_TAP_NAME];

    jc_tap_name(jc_stats_tap(s, i), from);
    jc_tap_name(jc_stats_tap(s, j), to);
    snprintf(name, CROSS_NAME, "cross.%s.%s", from, to);
}

enum { PART_TEXT = 3 * JC_TAP_NAME };

static jc_status put_parts(jc_st_writer *w, const jc_stats *s, jc_error *err)
{
    char layers[16], from[JC_TAP_NAME], to[JC_TAP_NAME];
    size_t room = s->n_parts * PART_TEXT + 1, n = 0;

    if (s->n_parts == 0)
        return JC_OK;
    char *text = jc_alloc_array(room, 1);
    if (!text)
        return jc_fail_nomem(err, "metadata");
    for (size_t i = 0; i < s->n_parts; i++) {
        const jc_stats_part *p = &s->parts[i];
        jc_tap_name(p->from, from);
        jc_tap_name(p->to, to);
        n += (size_t)snprintf(text + n, room - n, "%s%u.%s:%s:%s", i ? " " : "", p->block,
                              jc_part_name(p->part), from, to);
    }
    snprintf(layers, sizeof layers, "%u", s->taps - 1);
    jc_status st = jc_st_writer_meta(w, "layers", layers, err);
    if (st == JC_OK)
        st = jc_st_writer_meta(w, "parts", text, err);
    jc_free(text);
    return st;
}

/* Both passes over the tensors in one order: declare them, or give their data. */
static jc_status put_nodes(jc_st_writer *w, const jc_stats *s, bool declare, jc_error *err)
{
    size_t flat[2] = {s->nodes, s->width}, bytes = s->nodes * s->width * sizeof(double);
    jc_status st;

    if (s->exact)
        return jc_exact_put(w, s, "", declare, err);
    st = declare ? jc_st_writer_declare(w, "mean", JC_F64, flat, 2, err)
                 : jc_st_writer_data(w, s->mean, bytes, err);
    if (st == JC_OK)
        st = declare ? jc_st_writer_declare(w, "square", JC_F64, flat, 2, err)
                     : jc_st_writer_data(w, s->square, bytes, err);
    return st;
}

static jc_status put_tensors(jc_st_writer *w, const jc_stats *s, bool declare,
                             jc_error *err)
{
    size_t d = s->width, square[2] = {d, d};
    jc_status st = put_nodes(w, s, declare, err);

    for (uint32_t i = 0; i < s->nodes; i++) {
        for (uint32_t j = 0; j < s->nodes && st == JC_OK; j++) {
            const double *cross = jc_stats_cross(s, i, j);
            char name[CROSS_NAME];

            if (!cross)
                continue;
            cross_name(name, s, i, j);
            st = declare ? jc_st_writer_declare(w, name, jc_sums_dtype(s), square, 2, err)
                         : jc_st_writer_data(w, cross, d * d * sizeof *cross, err);
        }
    }
    return st;
}

jc_status jc_stats_save(const jc_stats *stats, const char *path, jc_error *err)
{
    jc_st_writer *w = NULL;
    jc_status st = jc_st_writer_new(&w, path, err);

    if (st == JC_OK)
        st = put_meta(w, stats, err);
    if (st == JC_OK)
        st = put_origin(w, &stats->origin, err);
    if (st == JC_OK)
        st = put_parts(w, stats, err);
    if (st == JC_OK)
        st = jc_near_put_meta(w, stats, err);
    for (int data = 0; data < 2 && st == JC_OK; data++) {
        st = put_tensors(w, stats, !data, err);
        if (st == JC_OK)
            st = jc_near_put(w, stats, !data, err);
    }
    if (st == JC_OK)
        return jc_st_writer_commit(w, err);
    jc_st_writer_discard(w);
    return st;
}

/* ---- loading ---- */

typedef struct reader {
    const jc_safetensors *file;
    const char *path;
    uint32_t taps, nodes, width;
    jc_pairs pairs;
    jc_layers from;
    uint64_t rows, texts;
    const char *parts; /* of the metadata, or NULL */
    bool shares;       /* sums that are not finished */
    jc_error *err;
} reader;

static jc_status text_meta(reader *r, const char *key, const char **value)
{
    *value = jc_safetensors_meta(r->file, key);
    if (*value)
        return JC_OK;
    return jc_fail(r->err, JC_E_FORMAT,
                   "'%s' is not a file of sums: metadata '%s' is missing", r->path, key);
}

static jc_status count_meta(reader *r, const char *key, uint64_t *count)
{
    const char *value;
    jc_status st = text_meta(r, key, &value);

    if (st)
        return st;
    char *end;
    errno = 0;
    *count = strtoull(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end || errno || *count > ROWS_MAX)
        return jc_fail(r->err, JC_E_FORMAT,
                       "cannot read sums of '%s': metadata '%s' is not a count: '%.40s'",
                       r->path, key, value);
    return JC_OK;
}

static jc_status read_meta(reader *r)
{
    const char *format, *model, *fingerprint, *pairs;
    jc_status st = text_meta(r, "format", &format);

    r->shares = st == JC_OK && strcmp(format, SHARES) == 0;
    if (st == JC_OK && !r->shares && strcmp(format, FORMAT) != 0)
        return jc_fail(r->err, JC_E_FORMAT,
                       "'%s' is not a file of sums: format '%.40s', not '%s'", r->path,
                       format, FORMAT);
    if (st == JC_OK)
        st = text_meta(r, "model", &model);
    if (st == JC_OK)
        st = text_meta(r, "model.fingerprint", &fingerprint);
    if (st == JC_OK && strlen(fingerprint) != 32)
        return jc_fail(r->err, JC_E_FORMAT,
                       "cannot read sums of '%s': metadata 'model.fingerprint' has %zu "
                       "characters, not 32",
                       r->path, strlen(fingerprint));
    if (st == JC_OK)
        st = text_meta(r, "pairs", &pairs);
    if (st)
        return st;
    while (r->pairs <= JC_PAIRS_NONE && strcmp(pairs, pairs_names[r->pairs]) != 0)
        r->pairs++;
    if (r->pairs > JC_PAIRS_NONE)
        return jc_fail(
            r->err, JC_E_FORMAT,
            "cannot read sums of '%s': metadata 'pairs' is none of all, final and none: "
            "'%.40s'",
            r->path, pairs);
    st = count_meta(r, "rows", &r->rows);
    return st ? st : count_meta(r, "texts", &r->texts);
}

jc_status jc_sums_find(const jc_safetensors *file, const char *path, const char *name,
                       jc_dtype dtype, size_t rows, size_t cols, const jc_tensor **tensor,
                       jc_error *err)
{
    const jc_tensor *t = jc_safetensors_find(file, name);

    *tensor = t;
    if (!t)
        return jc_fail(err, JC_E_FORMAT, "cannot read sums of '%s': tensor '%s' is missing",
                       path, name);
    if (t->dtype != dtype)
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read tensor '%s' of '%s': it is %s, not %s", name, path,
                       jc_tensor_type(t), jc_dtype_name(dtype));
    if (t->n_dims != 2)
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read tensor '%s' of '%s': it has %u dimensions, not 2", name,
                       path, t->n_dims);
    if (t->shape[0] != rows || t->shape[1] != cols)
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read tensor '%s' of '%s': its shape is [%zu, %zu], not "
                       "[%zu, %zu]",
                       name, path, t->shape[0], t->shape[1], rows, cols);
    return JC_OK;
}

static jc_status find(const reader *r, const char *name, size_t rows, size_t cols,
                      const jc_tensor **tensor)
{
    return jc_sums_find(r->file, r->path, name, r->shares ? JC_I64 : JC_F64, rows, cols,
                        tensor, r->err);
}

/* Sizes from `mean`, and, where there are parts, layers from the metadata. */
static jc_status read_sizes(reader *r)
{
    const char *first = r->shares ? "center" : "mean";
    const jc_tensor *t = jc_safetensors_find(r->file, first);
    uint64_t layers = 0;

    if (t && (t->n_dims != 2 || t->shape[0] < 2 || t->shape[0] > UINT16_MAX ||
              t->shape[1] < 1 || t->shape[1] > INT32_MAX))
        return jc_fail(r->err, JC_E_FORMAT,
                       "cannot read tensor '%s' of '%s': its shape is not [taps, width]",
                       first, r->path);
    r->nodes = r->taps = t ? (uint32_t)t->shape[0] : 0;
    r->width = t ? (uint32_t)t->shape[1] : 0;
    r->parts = jc_safetensors_meta(r->file, "parts");
    jc_status st = jc_sums_find(r->file, r->path, first, r->shares ? JC_F32 : JC_F64,
                                r->nodes, r->width, &t, r->err);
    if (st == JC_OK)
        st = find(r, "square", r->shares ? 2 * (size_t)r->nodes : r->nodes, r->width, &t);
    if (st || !r->parts)
        return st;
    st = count_meta(r, "layers", &layers);
    if (st == JC_OK && (layers < 1 || layers >= r->nodes))
        return jc_fail(r->err, JC_E_FORMAT,
                       "cannot read sums of '%s': metadata 'layers' must be from 1 to %u",
                       r->path, r->nodes - 1);
    r->taps = (uint32_t)layers + 1;
    return st;
}

static jc_status read_from(reader *r)
{
    jc_error why;
    jc_status st =
        jc_layers_read(&r->from, jc_safetensors_meta(r->file, "from"), r->taps, &why);

    return st ? jc_fail(r->err, JC_E_FORMAT, "cannot read sums of '%s': %s", r->path,
                        why.message)
              : JC_OK;
}

/* The products of layer taps are there, as they should be. */
static jc_status check_layers(const reader *r)
{
    const jc_tensor *t;
    char name[CROSS_NAME];
    jc_status st = JC_OK;

    for (uint32_t i = 0; i < r->taps; i++)
        for (uint32_t j = i; j < r->taps && st == JC_OK; j++) {
            if (!jc_stats_keeps(r->taps, r->pairs, r->from, i, j))
                continue;
            snprintf(name, sizeof name, "cross.%u.%u", i, j);
            st = find(r, name, r->width, r->width, &t);
        }
    return st;
}

/* One of the words of `parts`, and its products. */
static jc_status read_part(const reader *r, const char *word, size_t n, jc_stats_part *part)
{
    const char *from = memchr(word, ':', n), *end = word + n;
    const char *to = from ? memchr(from + 1, ':', (size_t)(end - from - 1)) : NULL;
    char name[CROSS_NAME], quoted[JC_TAP_NAME];
    const jc_tensor *t;
    uint32_t layers = r->taps - 1;

    snprintf(quoted, sizeof quoted, "%.*s", (int)(n < 20 ? n : 20), word);
    if (!to ||
        !jc_part_read(&part->block, &part->part, word, (size_t)(from - word), layers) ||
        !jc_tap_read(&part->from, from + 1, (size_t)(to - from - 1), layers) ||
        !jc_tap_read(&part->to, to + 1, (size_t)(end - to - 1), layers) ||
        (part->from.point == JC_POINT_OUT && part->from.block == layers))
        return jc_fail(r->err, JC_E_FORMAT,
                       "cannot read sums of '%s': '%s' in metadata 'parts' is not a part",
                       r->path, quoted);
    snprintf(name, sizeof name, "cross.%.*s.%.*s", (int)(to - from - 1), from + 1,
             (int)(to - from - 1), from + 1);
    jc_status st = find(r, name, r->width, r->width, &t);
    snprintf(name, sizeof name, "cross.%.*s.%.*s", (int)(to - from - 1), from + 1,
             (int)(end - to - 1), to + 1);
    return st ? st : find(r, name, r->width, r->width, &t);
}

static jc_status add_parts(const reader *r, jc_stats *s)
{
    size_t most = (size_t)(r->taps - 1) * JC_PARTS, n = 0;
    jc_stats_part *parts = jc_alloc_array(most, sizeof *parts);
    jc_status st = parts ? JC_OK : jc_fail_nomem(r->err, "parts of blocks");

    for (const char *word = r->parts; st == JC_OK && *word;) {
        size_t length = strcspn(word, " ");
        if (n == most)
            st = jc_fail(r->err, JC_E_FORMAT,
                         "cannot read sums of '%s': metadata 'parts' has more than %zu",
                         r->path, most);
        else
            st = read_part(r, word, length, &parts[n++]);
        word += length + (word[length] == ' ');
    }
    if (st == JC_OK)
        st = jc_stats_add_parts(s, parts, n, r->err);
    jc_free(parts);
    return st;
}

/* There are no other tensors than these and `more`, and as many rows as nodes. */
static jc_status check_counts(const reader *r, const jc_stats *s, size_t more)
{
    size_t n = (r->shares ? 4 : 2) + more;

    if (s->nodes != r->nodes)
        return jc_fail(r->err, JC_E_FORMAT,
                       "cannot read tensor '%s' of '%s': it has %u rows, not %u",
                       r->shares ? "center" : "mean", r->path, r->nodes, s->nodes);
    for (size_t k = 0; k < (size_t)s->nodes * s->nodes; k++)
        n += s->cross[k] != NULL;
    if (jc_safetensors_count(r->file) != n)
        return jc_fail(r->err, JC_E_FORMAT,
                       "cannot read sums of '%s': %zu tensors, not %zu", r->path,
                       jc_safetensors_count(r->file), n);
    return JC_OK;
}

jc_status jc_sums_copy(const jc_tensor *t, double *to, bool negative, jc_error *err)
{
    memcpy(to, t->data, t->bytes);
    if (t->dtype == JC_I64)
        return jc_sums_whole(t, err);
    for (size_t i = 0; i < t->count; i++) {
        if (!isfinite(to[i]))
            return jc_fail(err, JC_E_NUMERIC,
                           "cannot read tensor '%s' of '%s': element %zu is not finite",
                           t->name, t->file, i);
        if (!negative && to[i] < 0)
            return jc_fail(err, JC_E_FORMAT,
                           "cannot read tensor '%s' of '%s': element %zu is below zero",
                           t->name, t->file, i);
    }
    return JC_OK;
}

static jc_status take_origin(const reader *r, jc_stats *s)
{
    jc_status st = JC_OK;
    const char *key;

    for (size_t i = 0; st == JC_OK && (key = jc_safetensors_meta_key(r->file, i)); i++)
        if (strncmp(key, ORIGIN, strlen(ORIGIN)) == 0)
            st = jc_metas_set(&s->origin, key + strlen(ORIGIN),
                              jc_safetensors_meta(r->file, key), r->err);
    return st;
}

static jc_status copy(const reader *r, const char *name, double *to, bool negative)
{
    return jc_sums_copy(jc_safetensors_find(r->file, name), to, negative, r->err);
}

static jc_status copy_all(const reader *r, jc_stats *s)
{
    jc_status st = s->exact ? JC_OK : copy(r, "mean", s->mean, true);

    if (st == JC_OK && !s->exact)
        st = copy(r, "square", s->square, false);
    for (uint32_t i = 0; i < s->nodes; i++) {
        for (uint32_t j = 0; j < s->nodes && st == JC_OK; j++) {
            char name[CROSS_NAME];

            cross_name(name, s, i, j);
            if (jc_stats_cross(s, i, j))
                st = copy(r, name, jc_stats_cross(s, i, j), true);
        }
    }
    return st;
}

jc_status jc_stats_load(jc_stats **out, const char *path, jc_error *err)
{
    jc_safetensors *file = NULL;
    jc_stats *s = NULL;
    size_t near = 0;
    jc_status st = jc_want_out(out, err);

    if (st == JC_OK)
        st = jc_safetensors_open(&file, path, err);
    if (st)
        return st;
    reader r = {.file = file, .path = path, .err = err};
    st = read_meta(&r);
    if (st == JC_OK)
        st = read_sizes(&r);
    if (st == JC_OK)
        st = read_from(&r);
    if (st == JC_OK)
        st = check_layers(&r);
    if (st == JC_OK)
        st = jc_stats_new_from(&s, r.taps, r.width, r.pairs, r.from,
                               jc_safetensors_meta(file, "model.fingerprint"),
                               jc_safetensors_meta(file, "model"), err);
    if (st == JC_OK && r.parts)
        st = add_parts(&r, s);
    if (st == JC_OK) {
        s->rows = r.rows;
        s->texts = r.texts;
        if (r.shares)
            st = jc_exact_take(s, file, path, "", err);
        if (st == JC_OK && r.shares)
            st = jc_shares_take_meta(&s->shares, file, path, err);
        if (st == JC_OK)
            st = jc_near_take(s, file, path, &near, err);
    }
    if (st == JC_OK)
        st = check_counts(&r, s, near);
    if (st == JC_OK)
        st = copy_all(&r, s);
    if (st == JC_OK)
        st = take_origin(&r, s);
    jc_safetensors_close(file);
    if (st) {
        jc_stats_free(s);
        return st;
    }
    *out = s;
    return JC_OK;
}
