/* SPDX-License-Identifier: MIT */
/*
 * head.c: from states that stand for the last block's output to logits: a linear layer with
 * an activation where the head is for masked tokens, a norm, the unembedding, a soft cap;
 * all but the unembedding where the model has them.
 */
#include "model/model.h"
#include "model/reading.h"
#include "model/session.h"

static jc_status prepare(const jc_model *model, jc_error *err)
{
    jc_head *head = model->head;
    jc_status st = JC_OK;

    if (pthread_mutex_lock(&head->lock) != 0)
        return jc_fail(err, JC_E_NOMEM, "cannot take the lock of the head");
    /* once the unembedding is there nothing is written: others may be reading */
    if (!head->unembed && !head->transform)
        st = jc_weights_linear(&head->transform, model, JC_W_TRANSFORM, 0,
                               model->hp.head_act, false, err);
    if (st == JC_OK && !head->unembed)
        st =
            jc_weights_linear(&head->unembed, model, JC_W_HEAD, 0, JC_ACT_NONE, false, err);
    pthread_mutex_unlock(&head->lock);
    return st;
}

/* The head's steps from h [n, width], which is lent, up to the unembedding: *x, with room
 * for two states of each row. */
static jc_status run(const jc_model *model, jc_plan plan, jc_mat h, jc_buffer *room,
                     jc_mat *x, jc_error *err)
{
    size_t n = h.rows, d = model->hp.width;
    bool transform = model->head->transform != NULL;
    jc_mat out = jc_mat_of(room, 0, n, transform ? model->hp.embed_width : d);
    jc_status st = JC_OK;

    *x = h;
    if (model->last.weight) {
        *x = jc_mat_of(room, n * d, n, d);
        st = jc_model_norm(model, &model->last, h, *x, err);
    }
    if (st == JC_OK && transform) {
        st = jc_linear_apply(model->head->transform, plan, *x, out, err);
        *x = out;
    }
    if (st == JC_OK && model->final.weight) {
        st = jc_model_norm(model, &model->final, *x, out, err);
        *x = out;
    }
    return st;
}

/* What is done to logits one by one. */
static jc_status finish(const jc_model *model, jc_mat logits, jc_error *err)
{
    jc_status st = JC_OK;

    if (model->hp.logit_scale != 1)
        st = jc_scale((float)model->hp.logit_scale, logits, err);
    if (st == JC_OK && model->hp.logit_softcap > 0)
        st = jc_softcap((float)model->hp.logit_softcap, logits, err);
    return st;
}

static jc_status check(const jc_model *model, jc_error *err)
{
    if (!model->blocks)
        return jc_fail(err, JC_E_ARG, "'%s' was opened to be inspected only", model->path);
    if (!model->info.has_head)
        return jc_fail(err, JC_E_UNSUPPORTED,
                       "'%s' has no masked-LM head, so its states cannot be read out",
                       model->path);
    return prepare(model, err);
}

jc_status jc_model_logits(const jc_model *model, jc_plan plan, const float *h, size_t n,
                          float *logits, jc_error *err)
{
    JC_USE_THREADS(model->threads);
    const jc_backend *backend = model->backend;
    size_t d = model->hp.width;
    jc_loan in, out = {.home = NULL};
    jc_buffer *room = NULL;
    jc_mat x;
    jc_status st = check(model, err);

    if (st)
        return st;
    st = jc_buffer_new(&room, backend, 2 * n * d * sizeof(float), "a read-out", err);
    if (st)
        return st;
    st = jc_loan_read(&in, backend, h, n, d, err);
    if (st == JC_OK)
        st = jc_loan_write(&out, backend, logits, n, model->hp.vocab, false, err);
    if (st == JC_OK)
        st = run(model, plan, in.mat, room, &x, err);
    if (st == JC_OK)
        st = jc_linear_apply(model->head->unembed, plan, x, out.mat, err);
    if (st == JC_OK)
        st = finish(model, out.mat, err);
    st = jc_loan_end(&out, st, err);
    st = jc_loan_end(&in, st, err);
    jc_buffer_free(room);
    return st;
}

jc_status jc_model_readout(const jc_model *model, const float *h, size_t n, float *logits,
                           jc_error *err)
{
    if (jc_model_ready(model, err))
        return JC_E_ARG;
    if (jc_want(h, "h", err))
        return JC_E_ARG;
    if (jc_want(logits, "logits", err))
        return JC_E_ARG;
    return jc_model_logits(model, JC_PLAN_TEXTS, h, n, logits, err);
}

/* ---- some tokens at a time ---- */

struct jc_reading {
    const jc_model *model;
    jc_buffer *states, *room;
    jc_mat x; /* what the unembedding is applied to; in one of them */
};

void jc_reading_free(jc_reading *reading)
{
    if (!reading)
        return;
    jc_buffer_free(reading->states);
    jc_buffer_free(reading->room);
    jc_free(reading);
}

jc_status jc_reading_new(jc_reading **out, const jc_model *model, const float *h, size_t n,
                         jc_error *err)
{
    const size_t bytes = n * model->hp.width * sizeof *h;
    jc_status st = check(model, err);

    *out = NULL;
    if (st)
        return st;
    jc_reading *r = jc_alloc_array(1, sizeof *r);
    if (!r)
        return jc_fail_nomem(err, "a read-out");
    r->model = model;
    st = jc_buffer_new(&r->states, model->backend, bytes, "a read-out", err);
    if (st == JC_OK)
        st = jc_buffer_new(&r->room, model->backend, 2 * bytes, "a read-out", err);
    if (st == JC_OK) {
        jc_mat states = jc_mat_of(r->states, 0, n, model->hp.width);
        st = jc_mat_upload(states, h, err);
        if (st == JC_OK)
            st = run(model, JC_PLAN_TEXTS, states, r->room, &r->x, err);
    }
    if (st) {
        jc_reading_free(r);
        return st;
    }
    *out = r;
    return JC_OK;
}

size_t jc_reading_step(const jc_reading *reading)
{
    return jc_linear_step(reading->model->head->unembed);
}

jc_status jc_reading_logits(jc_reading *reading, size_t row, size_t rows, size_t first,
                            float *logits, jc_error *err)
{
    const jc_model *model = reading->model;
    size_t step = jc_reading_step(reading), left = model->hp.vocab - first;
    jc_loan out;
    jc_status st = jc_loan_write(&out, model->backend, logits, rows,
                                 left < step ? left : step, false, err);

    if (st == JC_OK)
        st = jc_linear_range(model->head->unembed, first,
                             jc_mat_rows(reading->x, row, rows), out.mat, err);
    if (st == JC_OK)
        st = finish(model, out.mat, err);
    return jc_loan_end(&out, st, err);
}
