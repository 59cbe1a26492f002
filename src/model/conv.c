/* SPDX-License-Identifier: MIT */
/*
 * conv.c: a short convolution along the text in the place of attention (LFM2, 2025).
 *
 * A layer makes three vectors b, c, x of a token; u = b x, by number, goes through a filter
 * of its own for each number, over this token and the few before it, and c lets through
 * what comes out. A sequence keeps u of every token, where attention keeps keys and values,
 * so that it is cut, forked and extended by a tree in the same way: the few tokens before a
 * row are those of its line of parents.
 */
#include <string.h>

#include "model/along.h"

void jc_conv_free(jc_conv *conv)
{
    if (!conv)
        return;
    jc_linear_free(conv->in);
    jc_linear_free(conv->out);
    jc_free(conv->weight);
    jc_free(conv->bias);
    jc_free(conv);
}

size_t jc_conv_bytes(const jc_conv *conv)
{
    return conv ? jc_linear_bytes(conv->in) + jc_linear_bytes(conv->out) : 0;
}

jc_status jc_conv_load(jc_conv **out, const jc_model *model, uint32_t block, jc_error *err)
{
    *out = NULL;
    if (model->hp.scan || !jc_hparams_conv(&model->hp, block))
        return JC_OK;
    jc_conv *conv = *out = jc_alloc_array(1, sizeof *conv);
    if (!conv)
        return jc_fail_nomem(err, "a convolution");
    jc_status st =
        jc_weights_linear(&conv->in, model, JC_W_CONV_IN, block, JC_ACT_NONE, false, err);
    if (st == JC_OK)
        st = jc_weights_linear(&conv->out, model, JC_W_CONV_OUT, block, JC_ACT_NONE, true,
                               err);
    if (st == JC_OK)
        st = jc_weights_floats(&conv->weight, model, JC_W_CONV, block, err);
    size_t n;
    return st ? st
              : jc_weights_vector(model, JC_W_CONV_BIAS, block, 0, &conv->bias, &n, err);
}

/* ---- running ---- */

/* What the layer makes, in host memory: scratch of one run. */
struct made {
    float *bcx;  /* [rows, 3 width] */
    float *u;    /* [rows, width] */
    float *seen; /* [most tokens of a span, width]: u as a sequence keeps it */
};

static void release(struct made *m)
{
    jc_free(m->bcx);
    jc_free(m->u);
    jc_free(m->seen);
}

/* How many tokens before a span its rows may read. */
static size_t before(const jc_pass *pass, const jc_span *span)
{
    size_t most = pass->model->hp.conv_tokens - 1;

    return span->seq ? (span->past < most ? span->past : most) : 0;
}

static jc_status reserve(struct made *m, const jc_pass *pass, jc_error *err)
{
    size_t d = pass->model->hp.width, most = 0;

    for (size_t s = 0; s < pass->n_spans; s++) {
        size_t n = before(pass, &pass->spans[s]) + pass->spans[s].n;
        most = n > most ? n : most;
    }
    m->bcx = jc_matrix_new(pass->rows, 3 * d, sizeof *m->bcx);
    m->u = jc_matrix_new(pass->rows, d, sizeof *m->u);
    m->seen = jc_matrix_new(most, d, sizeof *m->seen);
    return m->bcx && m->u && m->seen ? JC_OK : jc_fail_nomem(err, "a convolution");
}

/* b, c, x and u of all rows, and u in the sequences. */
static jc_status make(const jc_op *op, jc_pass *pass, struct made *m, jc_error *err)
{
    size_t d = pass->model->hp.width;
    jc_mat bcx = jc_pass_reg(pass, JC_REG_QKV, 3 * d);
    jc_status st = reserve(m, pass, err);

    if (st == JC_OK)
        st = jc_linear_apply(op->conv->in, pass->plan, jc_pass_reg(pass, op->in, d), bcx,
                             err);
    if (st == JC_OK)
        st = jc_mat_download(m->bcx, bcx, err);
    for (size_t r = 0; r < pass->rows && st == JC_OK; r++)
        for (size_t i = 0; i < d; i++)
            m->u[r * d + i] = m->bcx[3 * r * d + i] * m->bcx[(3 * r + 2) * d + i];
    for (size_t s = 0; s < pass->n_spans && st == JC_OK; s++)
        st = jc_along_keep(op, pass, &pass->spans[s], m->u, d, err);
    return st;
}

/* y = c (filter of u) of a span's rows, in the place of u. */
static void filter(const jc_op *op, const jc_pass *pass, const jc_span *span,
                   struct made *m)
{
    size_t d = pass->model->hp.width, n = pass->model->hp.conv_tokens;
    size_t past = before(pass, span);
    long line[JC_CONV_MOST];

    for (size_t i = 0; i < span->n; i++) {
        const float *c = m->bcx + (3 * (span->row + i) + 1) * d;
        float *y = m->u + (span->row + i) * d;
        jc_along_line(span, past, past + i, n, line);
        for (size_t k = 0; k < d; k++) {
            float sum = op->conv->bias ? op->conv->bias[k] : 0;
            for (size_t t = 0; t < n; t++)
                if (line[t] >= 0)
                    sum += op->conv->weight[k * n + t] * m->seen[(size_t)line[t] * d + k];
            y[k] = c[k] * sum;
        }
    }
}

jc_status jc_op_conv_keys(const jc_op *op, jc_pass *pass, jc_error *err)
{
    struct made made = {NULL, NULL, NULL};
    jc_status st = make(op, pass, &made, err);

    release(&made);
    return st;
}

jc_status jc_op_conv(const jc_op *op, jc_pass *pass, jc_error *err)
{
    struct made made = {NULL, NULL, NULL};

    if (pass->maps && pass->maps->map[JC_PART_ATTN])
        return JC_OK;
    jc_status st = make(op, pass, &made, err);
    for (size_t s = 0; s < pass->n_spans && st == JC_OK; s++) {
        const jc_span *span = &pass->spans[s];
        st = jc_along_see(op, pass, span, before(pass, span), made.u, pass->model->hp.width,
                          made.seen, err);
        if (st == JC_OK)
            filter(op, pass, &pass->spans[s], &made);
    }
    if (st == JC_OK)
        st = jc_mat_upload(jc_pass_reg(pass, op->out, pass->model->hp.width), made.u, err);
    release(&made);
    return st;
}
