/* SPDX-License-Identifier: MIT */
/* seq.c: keys and values of a sequence: in, out, copied, cut. */
#include "model/scan.h"
#include "model/session.h"

#include <string.h>

/* The params as they are meant: room within the context, and the type. */
static jc_status settle(const jc_model *model, const jc_seq_params *params, size_t *room,
                        bool *half, jc_error *err)
{
    jc_seq_params own;

    jc_seq_params_init(&own);
    jc_status st = jc_params_take(&own, sizeof own, params, NULL, 0, err);
    if (st)
        return st;
    const char *kv = own.kv ? own.kv : "f32";
    st = jc_model_ready(model, err);
    if (st)
        return st;
    if (!model->info.causal)
        return jc_fail(err, JC_E_UNSUPPORTED, "'%s' is an encoder and cannot write texts",
                       model->path);
    if (strcmp(kv, "f32") != 0 && strcmp(kv, "f16") != 0)
        return jc_fail(err, JC_E_ARG, "keys and values cannot be kept as '%s': f32 or f16",
                       kv);
    *half = strcmp(kv, "f16") == 0;
    *room = own.room && own.room < model->hp.context ? own.room : model->hp.context;
    return JC_OK;
}

/* Of a block: keys and values; of latents, which are both, or of a convolution, one. */
static size_t caches(const jc_model *model, uint32_t l)
{
    return model->hp.latent || jc_hparams_conv(&model->hp, l) ? 1 : 2;
}

/* Numbers of a token in any block: as many as the block with the most has. */
static size_t kept(const jc_model *model)
{
    const jc_hparams *hp = &model->hp;
    size_t n = (hp->latent ? 1 : 2) * hp->kv_width;

    size_t other = jc_hparams_kept(hp);

    return other > n || hp->conv_all ? other : n;
}

static uint64_t state_bytes(const jc_model *model)
{
    uint64_t n = 0;

    for (uint32_t l = 0; l < model->hp.layers; l++)
        n += jc_hparams_conv(&model->hp, l) ? 2 : 0;
    return n * jc_scan_size(&model->hp) * sizeof(float);
}

static bool count_bytes(const jc_model *model, size_t room, bool half, size_t *bytes)
{
    return jc_mul(room, kept(model), bytes) && jc_mul(*bytes, half ? 2 : 4, bytes) &&
           jc_mul(*bytes, model->hp.layers, bytes);
}

uint64_t jc_seq_bytes(const jc_model *model, const jc_seq_params *params)
{
    size_t room = 0, bytes = 0;
    bool half = false;

    if (settle(model, params, &room, &half, NULL) ||
        !count_bytes(model, room, half, &bytes))
        return 0;
    return bytes + state_bytes(model);
}

jc_status jc_seq_new(jc_seq **out, const jc_model *model, const jc_seq_params *params,
                     jc_error *err)
{
    size_t room = 0, bytes = 0;
    bool half = false;

    jc_status st = jc_want_out(out, err);
    if (st == JC_OK)
        st = settle(model, params, &room, &half, err);
    if (st)
        return st;
    jc_seq *seq = jc_alloc_array(1, sizeof *seq);
    if (!seq || !count_bytes(model, room, half, &bytes)) {
        jc_free(seq);
        return jc_fail_nomem(err, "keys and values");
    }
    *seq = (jc_seq){.model = model, .room = room, .half = half};
    st = jc_buffer_new(&seq->buffer, model->backend, bytes, "keys and values", err);
    if (st == JC_OK)
        st = jc_scan_states_new(&seq->states, model, err);
    if (st) {
        jc_seq_free(seq);
        return st;
    }
    *out = seq;
    return JC_OK;
}

void jc_seq_free(jc_seq *seq)
{
    if (!seq)
        return;
    jc_buffer_free(seq->buffer);
    jc_scan_states_free(seq->states, seq->model->hp.layers);
    jc_free(seq);
}

size_t jc_seq_length(const jc_seq *seq)
{
    if (!seq)
        return 0;
    return seq->length;
}

size_t jc_seq_room(const jc_seq *seq)
{
    if (!seq)
        return 0;
    return seq->room;
}

void jc_seq_truncate(jc_seq *seq, size_t length)
{
    if (!seq)
        return;
    seq->length = length < seq->length ? length : seq->length;
    seq->pending = 0;
}

jc_mat jc_seq_cache(const jc_seq *seq, uint32_t l, int which, size_t n)
{
    const jc_model *model = seq->model;
    size_t width =
        jc_hparams_conv(&model->hp, l) ? jc_hparams_kept(&model->hp) : model->hp.kv_width;
    size_t at = caches(model, l) > 1 ? (size_t)which * width : 0;
    jc_mat mat = jc_mat_of(seq->buffer, (kept(model) * l + at) * seq->room, n, width);

    mat.half = seq->half;
    if (which && seq->model->hp.latent)
        mat = jc_mat_cols(mat, 0, seq->model->hp.latent);
    return mat;
}

jc_status jc_seq_put(jc_seq *seq, uint32_t l, size_t first, jc_mat keys, jc_mat values,
                     jc_error *err)
{
    size_t n = keys.rows;
    jc_status st =
        jc_copy(keys, jc_mat_rows(jc_seq_cache(seq, l, 0, first + n), first, n), err);

    return st || caches(seq->model, l) == 1
               ? st
               : jc_copy(values, jc_mat_rows(jc_seq_cache(seq, l, 1, first + n), first, n),
                         err);
}

jc_status jc_seq_fork(jc_seq **out, const jc_seq *seq, jc_error *err)
{
    jc_seq_params params;

    if (jc_want_out(out, err))
        return JC_E_ARG;
    if (jc_want(seq, "seq", err))
        return JC_E_ARG;
    jc_seq_params_init(&params);
    params.room = (uint32_t)seq->room;
    params.kv = seq->half ? "f16" : "f32";
    jc_status st = jc_seq_new(out, seq->model, &params, err);
    for (uint32_t l = 0; l < seq->model->hp.layers && st == JC_OK; l++)
        for (int which = 0; which < (int)caches(seq->model, l) && st == JC_OK; which++)
            st = jc_copy(jc_seq_cache(seq, l, which, seq->length),
                         jc_seq_cache(*out, l, which, seq->length), err);
    if (st) {
        jc_seq_free(*out);
        *out = NULL;
        return st;
    }
    (*out)->length = seq->length;
    jc_scan_states_copy((*out)->states, seq->states, seq->model);
    return JC_OK;
}

jc_status jc_seq_move(jc_seq *seq, uint32_t blocks, const uint32_t *rows, size_t n,
                      jc_error *err)
{
    jc_status st = JC_OK;

    for (uint32_t l = 0; seq->states && l < blocks; l++)
        jc_scan_forget(&seq->states[l], seq->length);
    for (uint32_t l = 0; l < blocks && st == JC_OK; l++)
        for (size_t i = 0; i < n && st == JC_OK; i++)
            for (int which = 0;
                 which < (int)caches(seq->model, l) && st == JC_OK && rows[i] != i;
                 which++) {
                jc_mat all = jc_seq_cache(seq, l, which, seq->length + rows[i] + 1);
                st = jc_copy(jc_mat_rows(all, seq->length + rows[i], 1),
                             jc_mat_rows(all, seq->length + i, 1), err);
            }
    return st;
}

jc_status jc_seq_commit(jc_seq *seq, const uint32_t *path, size_t n, jc_error *err)
{
    if (!seq || (n && !path))
        return jc_fail(err, JC_E_ARG, "there is no path to commit");
    for (size_t i = 0; i < n; i++)
        if (path[i] >= seq->pending || (i > 0 && path[i] <= path[i - 1]))
            return jc_fail(err, JC_E_ARG,
                           "row %u is not the next of a path through the %zu rows of the "
                           "last pass",
                           path[i], seq->pending);
    jc_status st = jc_seq_move(seq, seq->model->hp.layers, path, n, err);
    if (st == JC_OK)
        seq->length += n;
    seq->pending = 0;
    return st;
}
