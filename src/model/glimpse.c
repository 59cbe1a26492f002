/* SPDX-License-Identifier: MIT */
#include "model/glimpse.h"

#include <string.h>

#include "kernels/vector.h"
#include "model/pass.h"
#include "model/unembed.h"

struct jc_glimpse {
    const jc_model *model;
    jc_pass pass;
    jc_span *spans; /* of one token each */
    size_t spans_capacity;
    uint16_t *rows; /* [n, width]: bfloat16 */
    size_t n;
    jc_linear *unembed;
    jc_buffer *normed;
    size_t normed_rows;
};

void jc_glimpse_free(jc_glimpse *g)
{
    if (!g)
        return;
    jc_linear_free(g->unembed);
    jc_buffer_free(g->normed);
    jc_pass_release(&g->pass);
    jc_free(g->spans);
    jc_free(g->rows);
    jc_free(g);
}

bool jc_glimpse_can(const jc_model *model)
{
    float *row = jc_matrix_new(1, model->hp.width, sizeof *row);
    bool can = row && jc_unembed_rows(model, 0, 1, row, NULL) == JC_OK;

    jc_free(row);
    return can;
}

static void read_rows(void *arg, size_t first, size_t n, float *out)
{
    const uint16_t *rows = arg;

    for (size_t i = 0; i < n; i++) {
        const uint32_t bits = (uint32_t)rows[first + i] << 16;
        memcpy(&out[i], &bits, sizeof bits);
    }
}

static void keep_rows(void *arg)
{
    (void)arg; /* they are the glimpse's */
}

static jc_status fill_rows(jc_glimpse *g, const uint32_t *ids, jc_error *err)
{
    size_t d = g->model->hp.width;
    float *row = jc_matrix_new(1, d, sizeof *row);
    jc_status st = row ? JC_OK : jc_fail_nomem(err, "rows of the unembedding");

    for (size_t i = 0; i < g->n && st == JC_OK; i++) {
        st = jc_unembed_rows(g->model, ids[i], 1, row, err);
        jc_vector_get()->to_bf16(d, row, g->rows + i * d);
    }
    jc_free(row);
    return st;
}

jc_status jc_glimpse_new(jc_glimpse **out, const jc_model *model, const uint32_t *ids,
                         size_t n, jc_error *err)
{
    jc_glimpse *g = jc_alloc_array(1, sizeof *g);
    size_t d = model->hp.width;

    *out = NULL;
    if (!g)
        return jc_fail_nomem(err, "a read-out");
    g->model = model;
    g->n = n;
    g->rows = jc_matrix_new(n, d, sizeof *g->rows);
    jc_status st = g->rows ? fill_rows(g, ids, err) : jc_fail_nomem(err, "a read-out");
    const jc_stored stored = {.type = "BF16", .data = g->rows, .n_out = n};
    const jc_linear_spec spec = {.n_in = d,
                                 .n_out = n,
                                 .weight = {.arg = g->rows,
                                            .read = read_rows,
                                            .release = keep_rows,
                                            .bytes = n * d * sizeof *g->rows},
                                 .stored = &stored,
                                 .n_stored = 1,
                                 .precision = JC_PRECISION_F32};
    if (st == JC_OK)
        st = jc_linear_new(&g->unembed, model->backend, &spec, err);
    if (st) {
        jc_glimpse_free(g);
        return st;
    }
    *out = g;
    return JC_OK;
}

jc_status jc_glimpse_embed(jc_glimpse *g, const uint32_t *ids, const uint32_t *positions,
                           size_t n, float *x, jc_error *err)
{
    if (!jc_grow(&g->spans, &g->spans_capacity, n, sizeof *g->spans))
        return jc_fail_nomem(err, "embeddings");
    for (size_t i = 0; i < n; i++)
        g->spans[i] = (jc_span){.ids = ids + i, .row = i, .n = 1};
    jc_status st = jc_pass_begin(&g->pass, g->model, JC_PLAN_GENERATION, g->spans, n, err);
    if (st)
        return st;
    memcpy(g->pass.positions, positions, n * sizeof *positions);
    st = jc_pass_embed(&g->pass, err);
    return st ? st
              : jc_mat_download(x, jc_pass_reg(&g->pass, JC_REG_H, g->model->hp.width),
                                err);
}

jc_status jc_glimpse_logits(jc_glimpse *g, const float *h, size_t n, float *logits,
                            jc_error *err)
{
    const jc_model *model = g->model;
    size_t d = model->hp.width;
    jc_loan in, out = {.home = NULL};
    jc_status st = JC_OK;

    if (n > g->normed_rows) {
        jc_buffer_free(g->normed);
        g->normed = NULL;
        g->normed_rows = 0;
        st =
            jc_buffer_new(&g->normed, model->backend, n * d * sizeof *h, "a read-out", err);
        if (st)
            return st;
        g->normed_rows = n;
    }
    st = jc_loan_read(&in, model->backend, h, n, d, err);
    if (st == JC_OK)
        st = jc_loan_write(&out, model->backend, logits, n, g->n, false, err);
    jc_mat x = in.mat;
    if (st == JC_OK && model->final.weight) {
        x = jc_mat_of(g->normed, 0, n, d);
        st = jc_model_norm(model, &model->final, in.mat, x, err);
    }
    if (st == JC_OK)
        st = jc_linear_apply(g->unembed, JC_PLAN_GENERATION, x, out.mat, err);
    st = jc_loan_end(&out, st, err);
    return jc_loan_end(&in, st, err);
}
