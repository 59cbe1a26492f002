/* SPDX-License-Identifier: MIT */
/*
 * head.c: from states that stand for the last block's output to logits: a linear layer with
 * an activation where the head is for masked tokens, a norm, the unembedding, a soft cap;
 * all but the unembedding where the model has them.
 */
#include "model/model.h"

static jc_status prepare(const jc_model *model, jc_error *err)
{
    jc_head *head = model->head;
    jc_status st = JC_OK;

    if (mtx_lock(&head->lock) != thrd_success)
        return jc_fail(err, JC_E_NOMEM, "cannot take the lock of the head");
    if (!head->transform)
        st = jc_weights_linear(&head->transform, model, JC_W_TRANSFORM, 0,
                               model->hp.head_act, false, err);
    if (st == JC_OK && !head->unembed)
        st =
            jc_weights_linear(&head->unembed, model, JC_W_HEAD, 0, JC_ACT_NONE, false, err);
    mtx_unlock(&head->lock);
    return st;
}

jc_status jc_model_readout(const jc_model *model, const float *h, size_t n, float *logits,
                           jc_error *err)
{
    size_t d = model->hp.width;

    if (!model->blocks)
        return jc_fail(err, JC_E_ARG, "'%s' was opened to be inspected only", model->path);
    if (!model->info.has_head)
        return jc_fail(err, JC_E_UNSUPPORTED,
                       "'%s' has no masked-LM head, so its states cannot be read out",
                       model->path);
    jc_status st = prepare(model, err);
    if (st)
        return st;
    float *x = jc_matrix_new(n, d, sizeof *x);
    if (!x)
        return jc_fail_nomem(err, "a read-out");
    const float *from = h; /* of the next step */
    if (model->head->transform) {
        st = jc_linear_run(model->head->transform, h, n, x, err);
        from = x;
    }
    if (st == JC_OK && model->final.weight) {
        jc_model_norm(model, &model->final, n, 1, d, from, x);
        from = x;
    }
    if (st == JC_OK)
        st = jc_linear_run(model->head->unembed, from, n, logits, err);
    if (st == JC_OK && model->hp.logit_softcap > 0)
        jc_softcap(model->backend, n * model->hp.vocab, (float)model->hp.logit_softcap,
                   logits);
    jc_free(x);
    return st;
}
