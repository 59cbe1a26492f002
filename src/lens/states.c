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
#include "jumpcut/lens.h"
#include "stats/batch.h"
#include "store/store.h"

enum { NPY_HEAD = 128 }; /* bytes: room for any shape, and data is aligned */

typedef struct output output;

typedef struct format {
    const char *suffix;
    size_t head;  /* bytes kept free at the start of each part */
    bool one_tap; /* and no numbers of texts and positions */
    jc_status (*finish)(output *out, jc_error *err);
} format;

struct output {
    const format *format;
    const char *path;
    const jc_model_info *info;
    uint32_t *taps; /* [n_taps], as they were asked for */
    size_t n_taps;
    jc_outfile *parts; /* [n_parts]: of each tap; then, unless one_tap, of the numbers */
    size_t n_parts;
    uint64_t rows, texts;
};

/* ---- taps ---- */

static jc_status no_tap(const output *out, const char *text, size_t n, jc_error *err)
{
    uint32_t last = out->info->layers;

    return jc_fail(
        err, JC_E_ARG,
        "'%.*s' is no tap of '%s': its taps are 0 (embeddings) to %u (after block "
        "%u)",
        (int)(n < 32 ? n : 32), text, out->info->path, last, last);
}

static jc_status add_tap(output *out, const char *text, size_t n, jc_error *err)
{
    uint32_t tap = 0;

    for (size_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9')
            return no_tap(out, text, n, err);
        tap = 10 * tap + (uint32_t)(text[i] - '0');
        if (tap > out->info->layers)
            return no_tap(out, text, n, err);
    }
    if (n == 0)
        return no_tap(out, text, n, err);
    for (size_t i = 0; i < out->n_taps; i++)
        if (out->taps[i] == tap)
            return jc_fail(err, JC_E_ARG, "tap %u is asked for twice", tap);
    out->taps[out->n_taps++] = tap;
    return JC_OK;
}

static jc_status read_taps(output *out, const char *text, jc_error *err)
{
    jc_status st = JC_OK;

    out->taps = jc_alloc_array((size_t)out->info->layers + 1, sizeof *out->taps);
    if (!out->taps)
        return jc_fail_nomem(err, "the taps");
    if (strcmp(text, "all") == 0) {
        for (uint32_t tap = 0; tap <= out->info->layers; tap++)
            out->taps[out->n_taps++] = tap;
    } else {
        for (const char *at = text; st == JC_OK; at++) {
            size_t n = strcspn(at, ",");
            st = add_tap(out, at, n, err);
            at += n;
            if (!*at)
                break;
        }
    }
    if (st == JC_OK && out->format->one_tap && out->n_taps != 1)
        st = jc_fail(err, JC_E_ARG,
                     "'%s' holds the states of one tap, not of %zu: choose one, or a name "
                     "that ends in .safetensors",
                     out->path, out->n_taps);
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
    size_t n = out->n_taps + !out->format->one_tap;

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
    jc_free(out->taps);
}

static jc_status add_batch(output *out, const jc_batch *batch, size_t rows, jc_error *err)
{
    size_t floats = rows * out->info->width;

    for (size_t i = 0; i < out->n_taps; i++) {
        const float *states = jc_session_states(jc_batch_session(batch), out->taps[i]);
        if (fwrite(states, sizeof *states, floats, out->parts[i].f) != floats)
            return cannot_write(out, err);
    }
    for (size_t r = 0; r < rows && !out->format->one_tap; r++) {
        int64_t numbers[] = {(int64_t)(out->texts + jc_batch_owners(batch)[r]),
                             jc_batch_positions(batch)[r]};
        if (fwrite(numbers, sizeof numbers, 1, out->parts[out->n_taps].f) != 1)
            return cannot_write(out, err);
    }
    out->rows += rows;
    out->texts += jc_batch_texts(batch);
    return JC_OK;
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
    char name[32];
    jc_status st = jc_st_writer_meta(w, "format", "jumpcut-states/1", err);

    if (st == JC_OK)
        st = jc_st_writer_meta(w, "model", out->info->path, err);
    if (st == JC_OK)
        st = jc_st_writer_meta(w, "model.fingerprint", out->info->fingerprint, err);
    for (size_t i = 0; i < out->n_taps && st == JC_OK; i++) {
        snprintf(name, sizeof name, "states.%u", out->taps[i]);
        st = jc_st_writer_declare(w, name, JC_F32, states, 2, err);
    }
    return st ? st : jc_st_writer_declare(w, "rows", JC_I64, numbers, 2, err);
}

/* Add what a part holds, and give up its place on the disk. */
static jc_status add_part(const output *out, jc_outfile *part, jc_st_writer *w,
                          jc_error *err)
{
    jc_map map = {0};
    jc_status st = fflush(part->f) == 0 ? JC_OK : cannot_write(out, err);

    if (st == JC_OK)
        st = jc_map_open(&map, part->temp, err);
    if (st == JC_OK)
        st = jc_st_writer_data(w, map.data, map.size, err);
    jc_map_close(&map);
    jc_outfile_discard(part);
    return st;
}

static jc_status finish_safetensors(output *out, jc_error *err)
{
    jc_st_writer *w = NULL;
    jc_status st = jc_st_writer_new(&w, out->path, err);

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
    {"taps",  JC_OPTION_TEXT, offsetof(jc_states_params, taps), 0, 0, "all", NULL, "where to take states: all, or numbers from 0 (embeddings) to the last block's, as 0,6,12"},
    {"batch", JC_OPTION_U32,  offsetof(jc_states_params, batch), 0, 1e6, "0", NULL, "tokens run together, 0 to choose; the states do not depend on it"},
};
/* clang-format on */

const jc_option *jc_states_options(size_t *n_rows)
{
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
    output out = {.path = path, .info = jc_model_get_info(model)};
    jc_states_params defaults;

    if (!params) {
        jc_states_params_init(&defaults);
        params = &defaults;
    }
    jc_status st = find_format(&out.format, path, err);
    if (st == JC_OK)
        st = read_taps(&out, params->taps, err);
    if (st == JC_OK)
        st = open_parts(&out, err);
    if (st == JC_OK)
        st = run(&out, model, samples, params, err);
    close_parts(&out);
    return st;
}
