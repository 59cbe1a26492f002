/* SPDX-License-Identifier: MIT */
/*
 * states.c: hidden states of a corpus to a file.
 *
 * How many rows there are is known only when the stream has ended, and a safetensors file
 * holds one tap after another; so each tap goes into a part of its own beside the file, and
 * the parts are put together in the end. A .npy file is one part, whose head is filled in
 * last.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "lens/lens.h"
#include "model/session.h"
#include "stats/batch.h"
#include "store/store.h"

enum { NPY_HEAD = 128 }; /* bytes: room for any shape, and data is aligned */

/* Parts behind those of the taps, where the format has them: of each row its text and
 * position; the ids of all texts; where each text's begin, and the last one's end. */
enum { ROWS, IDS, TEXTS, NUMBERS };

typedef struct output output;

typedef struct format {
    const char *suffix;
    size_t head;  /* bytes kept free at the start of each part */
    bool one_tap; /* and no numbers */
    jc_status (*finish)(output *out, jc_error *err);
} format;

struct output {
    const format *format;
    const char *path;
    const jc_model_info *info;
    jc_taps taps;      /* as they were asked for */
    jc_outfile *parts; /* [n_parts]: of each tap; then, unless one_tap, [NUMBERS] */
    size_t n_parts;
    uint64_t rows, texts, tokens;
};

/* ---- taps ---- */

static jc_status read_taps(output *out, const jc_model *model, const char *text,
                           jc_error *err)
{
    uint32_t layers = out->info->layers;

    if (strcmp(text, "all") != 0) {
        jc_status st = jc_taps_read(&out->taps, model, text, err);
        if (st)
            return st;
    } else {
        out->taps.tap = jc_alloc_array((size_t)layers + 1, sizeof *out->taps.tap);
        if (!out->taps.tap)
            return jc_fail_nomem(err, "the taps");
        for (uint32_t l = 0; l <= layers; l++)
            out->taps.tap[out->taps.n++] = (jc_tap){l, 0};
    }
    if (out->format->one_tap && out->taps.n != 1)
        return jc_fail(
            err, JC_E_ARG,
            "'%s' holds the states of one tap, not of %zu: choose one, or a name "
            "that ends in .safetensors",
            out->path, out->taps.n);
    return JC_OK;
}

/* Keep the states of the taps inside blocks too. */
static jc_status want(const output *out, jc_batch *batch, jc_error *err)
{
    jc_tap *inner = jc_alloc_array(out->taps.n, sizeof *inner);
    size_t n = 0;

    if (!inner)
        return jc_fail_nomem(err, "the taps");
    for (size_t i = 0; i < out->taps.n; i++)
        if (out->taps.tap[i].point)
            inner[n++] = out->taps.tap[i];
    jc_status st = jc_batch_want(batch, inner, n, err);
    jc_free(inner);
    return st;
}

/* ---- parts ---- */

static jc_status cannot_write(const output *out, jc_error *err)
{
    return jc_fail(err, JC_E_IO, "cannot write '%s': %s", out->path, strerror(errno));
}

static jc_status open_parts(output *out, jc_error *err)
{
    static const char head[NPY_HEAD];
    size_t n = out->taps.n + (out->format->one_tap ? 0 : NUMBERS);

    out->parts = jc_alloc_array(n, sizeof *out->parts);
    if (!out->parts)
        return jc_fail_nomem(err, out->path);
    while (out->n_parts < n) {
        jc_outfile *part = &out->parts[out->n_parts];
        jc_status st = jc_outfile_open(part, out->path, err);
        if (st)
            return st;
        out->n_parts++;
        if (fwrite(head, 1, out->format->head, part->f) != out->format->head)
            return cannot_write(out, err);
    }
    return JC_OK;
}

static void close_parts(output *out)
{
    for (size_t i = 0; i < out->n_parts; i++)
        jc_outfile_discard(&out->parts[i]);
    jc_free(out->parts);
    jc_free(out->taps.tap);
}

static jc_status put(const output *out, size_t part, const int64_t *numbers, size_t n,
                     jc_error *err)
{
    return fwrite(numbers, sizeof *numbers, n, out->parts[out->taps.n + part].f) == n
               ? JC_OK
               : cannot_write(out, err);
}

static jc_status add_text(output *out, const jc_text *text, jc_error *err)
{
    const int64_t begins = (int64_t)out->tokens;
    jc_status st = put(out, TEXTS, &begins, 1, err);

    for (size_t i = 0; i < text->n && st == JC_OK; i++) {
        const int64_t id = text->ids[i];
        st = put(out, IDS, &id, 1, err);
    }
    out->tokens += text->n;
    return st;
}

static jc_status add_numbers(output *out, const jc_batch *batch, size_t rows, jc_error *err)
{
    jc_status st = JC_OK;

    for (size_t r = 0; r < rows && st == JC_OK; r++) {
        const int64_t numbers[] = {(int64_t)(out->texts + jc_batch_owners(batch)[r]),
                                   jc_batch_positions(batch)[r]};
        st = put(out, ROWS, numbers, 2, err);
    }
    for (size_t t = 0; t < jc_batch_texts(batch) && st == JC_OK; t++)
        st = add_text(out, jc_batch_text(batch, t), err);
    return st;
}

static jc_status add_batch(output *out, const jc_batch *batch, size_t rows, jc_error *err)
{
    const jc_session *session = jc_batch_session(batch);
    size_t floats = rows * out->info->width, inner = 0;

    for (size_t i = 0; i < out->taps.n; i++) {
        jc_tap tap = out->taps.tap[i];
        const float *states = tap.point ? jc_session_wanted(session, inner++)
                                        : jc_session_states(session, tap.block);
        if (fwrite(states, sizeof *states, floats, out->parts[i].f) != floats)
            return cannot_write(out, err);
    }
    jc_status st = out->format->one_tap ? JC_OK : add_numbers(out, batch, rows, err);
    out->rows += rows;
    out->texts += jc_batch_texts(batch);
    return st;
}

/* ---- .npy ---- */

static jc_status finish_npy(output *out, jc_error *err)
{
    jc_outfile *part = &out->parts[0];
    char head[NPY_HEAD + 1] = "\x93NUMPY\x01"; /* version 1.0: two bytes */

    head[8] = NPY_HEAD - 10; /* what follows, little-endian in two bytes */
    int n = snprintf(head + 10, sizeof head - 10,
                     "{'descr': '<f4', 'fortran_order': False, 'shape': (%llu, %u), }",
                     (unsigned long long)out->rows, out->info->width);
    memset(head + 10 + n, ' ', sizeof head - 10 - (size_t)n);
    head[NPY_HEAD - 1] = '\n';
    if (fseek(part->f, 0, SEEK_SET) != 0 || fwrite(head, 1, NPY_HEAD, part->f) != NPY_HEAD)
        return cannot_write(out, err);
    return jc_outfile_commit(part, err);
}

/* ---- .safetensors ---- */

static jc_status declare(const output *out, jc_st_writer *w, jc_error *err)
{
    const size_t states[] = {out->rows, out->info->width}, numbers[] = {out->rows, 2};
    const size_t ids[] = {out->tokens}, texts[] = {out->texts + 1};
    char name[32], tap[JC_TAP_NAME];
    jc_status st = jc_st_writer_meta(w, "format", "jumpcut-states/1", err);

    if (st == JC_OK)
        st = jc_st_writer_meta(w, "model", out->info->path, err);
    if (st == JC_OK)
        st = jc_st_writer_meta(w, "model.fingerprint", out->info->fingerprint, err);
    for (size_t i = 0; i < out->taps.n && st == JC_OK; i++) {
        jc_tap_name(out->taps.tap[i], tap);
        snprintf(name, sizeof name, "states.%s", tap);
        st = jc_st_writer_declare(w, name, JC_F32, states, 2, err);
    }
    if (st == JC_OK)
        st = jc_st_writer_declare(w, "rows", JC_I64, numbers, 2, err);
    if (st == JC_OK)
        st = jc_st_writer_declare(w, "ids", JC_I64, ids, 1, err);
    return st ? st : jc_st_writer_declare(w, "texts", JC_I64, texts, 1, err);
}

enum { PIECE = 16 << 20 }; /* bytes of a part that are in memory at a time */

/* Add what a part holds, and give up its place on the disk. */
static jc_status add_part(const output *out, jc_outfile *part, jc_st_writer *w,
                          jc_error *err)
{
    jc_mapped map = {0};
    jc_status st = fflush(part->f) == 0 ? JC_OK : cannot_write(out, err);

    if (st == JC_OK)
        st = jc_map_open(&map, part->temp, err);
    for (size_t at = 0, n; at < map.size && st == JC_OK; at += n) {
        n = map.size - at < PIECE ? map.size - at : PIECE;
        st = jc_st_writer_data(w, map.data + at, n, err);
        jc_map_release(map.data + at, n);
    }
    jc_map_close(&map);
    jc_outfile_discard(part);
    return st;
}

static jc_status finish_safetensors(output *out, jc_error *err)
{
    const int64_t end = (int64_t)out->tokens;
    jc_st_writer *w = NULL;
    jc_status st = put(out, TEXTS, &end, 1, err);

    if (st == JC_OK)
        st = jc_st_writer_new(&w, out->path, err);
    if (st == JC_OK)
        st = declare(out, w, err);
    for (size_t i = 0; i < out->n_parts && st == JC_OK; i++)
        st = add_part(out, &out->parts[i], w, err);
    if (st == JC_OK)
        return jc_st_writer_commit(w, err);
    jc_st_writer_discard(w);
    return st;
}

/* ---- the pass ---- */

static const format formats[] = {
    {".safetensors", 0, false, finish_safetensors},
    {".npy", NPY_HEAD, true, finish_npy},
};

static jc_status find_format(const format **found, const char *path, jc_error *err)
{
    size_t n = strlen(path);

    for (size_t i = 0; i < JC_COUNT(formats); i++) {
        size_t suffix = strlen(formats[i].suffix);
        if (n > suffix && strcmp(path + n - suffix, formats[i].suffix) == 0) {
            *found = &formats[i];
            return JC_OK;
        }
    }
    return jc_fail(err, JC_E_ARG,
                   "cannot tell the format of '%s': its name must end in .safetensors or "
                   ".npy",
                   path);
}

/* clang-format off */
static const jc_option rows[] = {
    {"taps",  JC_OPTION_TEXT, offsetof(jc_states_params, taps), 0, 0, "all", NULL, "where to take states: all layers, or a list of layers from 0 (the embedding) and of points in blocks, as 0,6,6.attn,12; a point alone, as mlp, is that of every block"},
    {"batch", JC_OPTION_U32,  offsetof(jc_states_params, batch), 0, 1e6, "0", NULL, "tokens run together, 0 to choose; the states do not depend on it"},
};
/* clang-format on */

const jc_option *jc_states_options(size_t *n_rows)
{
    if (n_rows)
        *n_rows = JC_COUNT(rows);
    return rows;
}

static jc_status run(output *out, const jc_model *model, jc_samples *samples,
                     const jc_states_params *params, jc_error *err)
{
    jc_batch *batch = NULL;
    size_t n = 0;
    jc_status st = jc_batch_new(&batch, model, samples, params->batch, "writing states",
                                params->hooks, err);

    if (st == JC_OK)
        st = want(out, batch, err);
    while (st == JC_OK) {
        st = jc_batch_next(batch, &n, err);
        if (st || n == 0)
            break;
        st = add_batch(out, batch, n, err);
    }
    jc_batch_free(batch);
    return st ? st : out->format->finish(out, err);
}

jc_status jc_states_save(const jc_model *model, jc_samples *samples, const char *path,
                         const jc_states_params *params, jc_error *err)
{
    JC_USE_THREADS(jc_model_threads(model));
    jc_states_params p;

    jc_states_params_init(&p);
    jc_status st = jc_model_ready(model, err);
    if (st == JC_OK)
        st = jc_want(samples, "samples", err);
    if (st == JC_OK)
        st = jc_want(path, "path", err);
    if (st == JC_OK)
        st = jc_params_take(&p, sizeof p, params, rows, JC_COUNT(rows), err);
    if (st)
        return st;
    output out = {.path = path, .info = jc_model_get_info(model)};
    params = &p;
    st = find_format(&out.format, path, err);
    if (st == JC_OK)
        st = read_taps(&out, model, params->taps, err);
    if (st == JC_OK)
        st = open_parts(&out, err);
    if (st == JC_OK)
        st = run(&out, model, samples, params, err);
    close_parts(&out);
    return st;
}
