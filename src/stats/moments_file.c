/* SPDX-License-Identifier: MIT */
/*
 * moments_file.c: sums to a safetensors file and back.
 *
 * Tensors in float64: `mean` and `square` [L+1, d], `cross.<i>.<j>` [d, d]. `__metadata__`:
 * format, model, model.fingerprint, pairs, rows, texts. A file is foreign: which tensors it
 * has and their shapes are checked before memory is asked for, so that what is allocated is
 * never more than what is there; then every number is looked at.
 */
#include "stats/moments.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "store/store.h"

#define FORMAT   "jumpcut-sums/1"
#define ROWS_MAX ((uint64_t)1 << 53)

/* ---- saving ---- */

static jc_status put_meta(jc_st_writer *w, const jc_stats *s, jc_error *err)
{
    char rows[24], texts[24];
    const char *meta[][2] = {
        {"format", FORMAT},
        {"model", s->model},
        {"model.fingerprint", s->fingerprint},
        {"pairs", s->all_pairs ? "all" : "final"},
        {"rows", rows},
        {"texts", texts},
    };
    jc_status st = JC_OK;

    snprintf(rows, sizeof rows, "%llu", (unsigned long long)s->rows);
    snprintf(texts, sizeof texts, "%llu", (unsigned long long)s->texts);
    for (size_t i = 0; i < JC_COUNT(meta) && st == JC_OK; i++)
        st = jc_st_writer_meta(w, meta[i][0], meta[i][1], err);
    return st;
}

static void cross_name(char name[48], uint32_t i, uint32_t j)
{
    snprintf(name, 48, "cross.%u.%u", i, j);
}

/* Both passes over the tensors in one order: declare them, or give their data. */
static jc_status put_tensors(jc_st_writer *w, const jc_stats *s, bool declare,
                             jc_error *err)
{
    size_t d = s->width, flat[2] = {s->taps, d}, square[2] = {d, d};
    size_t bytes = s->taps * d * sizeof(double);
    jc_status st;

    st = declare ? jc_st_writer_declare(w, "mean", JC_F64, flat, 2, err)
                 : jc_st_writer_data(w, s->mean, bytes, err);
    if (st == JC_OK)
        st = declare ? jc_st_writer_declare(w, "square", JC_F64, flat, 2, err)
                     : jc_st_writer_data(w, s->square, bytes, err);
    for (uint32_t i = 0; i < s->taps; i++) {
        for (uint32_t j = i; j < s->taps && st == JC_OK; j++) {
            const double *cross = jc_stats_cross(s, i, j);
            char name[48];

            if (!cross)
                continue;
            cross_name(name, i, j);
            st = declare ? jc_st_writer_declare(w, name, JC_F64, square, 2, err)
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
        st = put_tensors(w, stats, true, err);
    if (st == JC_OK)
        st = put_tensors(w, stats, false, err);
    if (st == JC_OK)
        return jc_st_writer_commit(w, err);
    jc_st_writer_discard(w);
    return st;
}

/* ---- loading ---- */

typedef struct reader {
    const jc_safetensors *file;
    const char *path;
    uint32_t taps, width;
    bool all_pairs;
    uint64_t rows, texts;
    jc_error *err;
} reader;

static jc_status text_meta(reader *r, const char *key, const char **value)
{
    *value = jc_safetensors_meta(r->file, key);
    if (*value)
        return JC_OK;
    return jc_fail(r->err, JC_E_FORMAT, "'%s' is no file of sums: metadata '%s' is missing",
                   r->path, key);
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
                       "cannot read sums of '%s': metadata '%s' is no count: '%.40s'",
                       r->path, key, value);
    return JC_OK;
}

static jc_status read_meta(reader *r)
{
    const char *format, *model, *fingerprint, *pairs;
    jc_status st = text_meta(r, "format", &format);

    if (st == JC_OK && strcmp(format, FORMAT) != 0)
        return jc_fail(r->err, JC_E_FORMAT,
                       "'%s' is no file of sums: format '%.40s', not '%s'", r->path, format,
                       FORMAT);
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
    if (st == JC_OK && strcmp(pairs, "all") != 0 && strcmp(pairs, "final") != 0)
        return jc_fail(
            r->err, JC_E_FORMAT,
            "cannot read sums of '%s': metadata 'pairs' is neither all nor final: "
            "'%.40s'",
            r->path, pairs);
    if (st)
        return st;
    r->all_pairs = pairs[0] == 'a';
    st = count_meta(r, "rows", &r->rows);
    return st ? st : count_meta(r, "texts", &r->texts);
}

/* The tensor called name, which must be float64 and [rows, cols]. */
static jc_status find(const reader *r, const char *name, size_t rows, size_t cols,
                      const jc_tensor **tensor)
{
    const jc_tensor *t = jc_safetensors_find(r->file, name);

    *tensor = t;
    if (!t)
        return jc_fail(r->err, JC_E_FORMAT,
                       "cannot read sums of '%s': tensor '%s' is missing", r->path, name);
    if (t->dtype != JC_F64)
        return jc_fail(r->err, JC_E_FORMAT,
                       "cannot read tensor '%s' of '%s': it is %s, not F64", name, r->path,
                       jc_dtype_name(t->dtype));
    if (t->n_dims != 2)
        return jc_fail(r->err, JC_E_FORMAT,
                       "cannot read tensor '%s' of '%s': it has %u dimensions, not 2", name,
                       r->path, t->n_dims);
    if (t->shape[0] != rows || t->shape[1] != cols)
        return jc_fail(r->err, JC_E_FORMAT,
                       "cannot read tensor '%s' of '%s': its shape is [%zu, %zu], not "
                       "[%zu, %zu]",
                       name, r->path, t->shape[0], t->shape[1], rows, cols);
    return JC_OK;
}

/* Sizes from `mean`; then every tensor is there, as it should be, and there are no others.
 */
static jc_status check_tensors(reader *r)
{
    const jc_tensor *t = jc_safetensors_find(r->file, "mean");
    size_t n = 2;

    if (t && (t->n_dims != 2 || t->shape[0] < 2 || t->shape[0] > UINT16_MAX ||
              t->shape[1] < 1 || t->shape[1] > INT32_MAX))
        return jc_fail(r->err, JC_E_FORMAT,
                       "cannot read tensor 'mean' of '%s': its shape is not [taps, width]",
                       r->path);
    r->taps = t ? (uint32_t)t->shape[0] : 0;
    r->width = t ? (uint32_t)t->shape[1] : 0;
    jc_status st = find(r, "mean", r->taps, r->width, &t);
    if (st == JC_OK)
        st = find(r, "square", r->taps, r->width, &t);
    for (uint32_t i = 0; i < r->taps; i++) {
        for (uint32_t j = i; j < r->taps && st == JC_OK; j++) {
            char name[48];

            if (!jc_stats_keeps(r->taps, r->all_pairs, i, j))
                continue;
            cross_name(name, i, j);
            st = find(r, name, r->width, r->width, &t);
            n++;
        }
    }
    if (st == JC_OK && jc_safetensors_count(r->file) != n)
        return jc_fail(r->err, JC_E_FORMAT,
                       "cannot read sums of '%s': %zu tensors, not %zu", r->path,
                       jc_safetensors_count(r->file), n);
    return st;
}

static jc_status copy(const reader *r, const char *name, double *to, bool signed_numbers)
{
    const jc_tensor *t = jc_safetensors_find(r->file, name);

    memcpy(to, t->data, t->bytes);
    for (size_t i = 0; i < t->count; i++) {
        if (!isfinite(to[i]))
            return jc_fail(r->err, JC_E_NUMERIC,
                           "cannot read tensor '%s' of '%s': element %zu is not finite",
                           name, r->path, i);
        if (!signed_numbers && to[i] < 0)
            return jc_fail(r->err, JC_E_FORMAT,
                           "cannot read tensor '%s' of '%s': element %zu is below zero",
                           name, r->path, i);
    }
    return JC_OK;
}

static jc_status copy_all(const reader *r, jc_stats *s)
{
    jc_status st = copy(r, "mean", s->mean, true);

    if (st == JC_OK)
        st = copy(r, "square", s->square, false);
    for (uint32_t i = 0; i < s->taps; i++) {
        for (uint32_t j = i; j < s->taps && st == JC_OK; j++) {
            char name[48];

            cross_name(name, i, j);
            if (jc_stats_cross(s, i, j))
                st = copy(r, name, jc_stats_cross(s, i, j), true);
        }
    }
    s->rows = r->rows;
    s->texts = r->texts;
    return st;
}

jc_status jc_stats_load(jc_stats **out, const char *path, jc_error *err)
{
    jc_safetensors *file = NULL;
    jc_stats *s = NULL;
    jc_status st = jc_safetensors_open(&file, path, err);

    if (st)
        return st;
    reader r = {.file = file, .path = path, .err = err};
    st = read_meta(&r);
    if (st == JC_OK)
        st = check_tensors(&r);
    if (st == JC_OK)
        st = jc_stats_new(&s, r.taps, r.width, r.all_pairs,
                          jc_safetensors_meta(file, "model.fingerprint"),
                          jc_safetensors_meta(file, "model"), err);
    if (st == JC_OK)
        st = copy_all(&r, s);
    jc_safetensors_close(file);
    if (st) {
        jc_stats_free(s);
        return st;
    }
    *out = s;
    return JC_OK;
}
