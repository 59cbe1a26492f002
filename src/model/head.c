/* SPDX-License-Identifier: MIT */
/*
 * head.c: from states that stand for the last block's output to logits: a linear layer with
 * an activation where the head is for masked tokens, a norm, the unembedding, a soft cap;
 * all but the unembedding where the model has them.
 */
#include "model/model.h"
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

/* The head's steps from h [n, width], which is lent, to logits, with room for two states
 * of each row. */
static jc_status run(const jc_model *model, jc_plan plan, jc_mat h, jc_buffer *room,
                     jc_mat logits, jc_error *err)
{
    size_t n = h.rows, d = model->hp.width;
    bool transform = model->head->transform != NULL;
    jc_mat x = jc_mat_of(room, 0, n, transform ? model->hp.embed_width : d);
    jc_mat from = h; /* of the next step */
    jc_status st = JC_OK;

    if (model->last.weight) {
        from = jc_mat_of(room, n * d, n, d);
        st = jc_model_norm(model, &model->last, h, from, err);
    }
    if (st == JC_OK && transform) {
        st = jc_linear_apply(model->head->transform, plan, from, x, err);
        from = x;
    }
    if (st == JC_OK && model->final.weight) {
        st = jc_model_norm(model, &model->final, from, x, err);
        from = x;
    }
    if (st == JC_OK)
        st = jc_linear_apply(model->head->unembed, plan, from, logits, err);
    if (st == JC_OK && model->hp.logit_scale != 1)
        st = jc_scale((float)model->hp.logit_scale, logits, err);
    if (st == JC_OK && model->hp.logit_softcap > 0)
        st = jc_softcap((float)model->hp.logit_softcap, logits, err);
    return st;
}

jc_status jc_model_logits(const jc_model *model, jc_plan plan, const float *h, size_t n,
                          float *logits, jc_error *err)
{
    JC_USE_THREADS(model->threads);
    const jc_backend *backend = model->backend;
    size_t d = model->hp.width;
    jc_loan in, out = {.home = NULL};
    jc_buffer *room = NULL;

    if (!model->blocks)
        return jc_fail(err, JC_E_ARG, "'%s' was opened to be inspected only", model->path);
    if (!model->info.has_head)
        return jc_fail(err, JC_E_UNSUPPORTED,
                       "'%s' has no masked-LM head, so its states cannot be read out",
                       model->path);
    jc_status st = prepare(model, err);
    if (st)
        return st;
    st = jc_buffer_new(&room, backend, 2 * n * d * sizeof(float), "a read-out", err);
    if (st)
        return st;
    st = jc_loan_read(&in, backend, h, n, d, err);
    if (st == JC_OK)
        st = jc_loan_write(&out, backend, logits, n, model->hp.vocab, false, err);
    if (st == JC_OK)
        st = run(model, plan, in.mat, room, out.mat, err);
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
