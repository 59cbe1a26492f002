/* SPDX-License-Identifier: MIT */
/*
 * attention.c: one head by blocks of queries. With a causal mask a block reads no key past
 * its last query, so about half of the products are never made; scores stay in cache.
 */
#include "kernels/onednn/onednn.h"

#include <string.h>

#include "kernels/vector.h"

enum { QUERIES = 64 };

static dnnl_status_t block(const jc_attention *h, size_t q0, size_t n_q, size_t seen,
                           float *scores)
{
    const jc_vector *vector = jc_vector_get();
    dnnl_status_t status =
        dnnl_sgemm('N', 'T', (dnnl_dim_t)n_q, (dnnl_dim_t)seen, (dnnl_dim_t)h->width,
                   h->scale, h->q + q0 * h->stride_q, (dnnl_dim_t)h->stride_q, h->k,
                   (dnnl_dim_t)h->stride_kv, 0.0f, scores, (dnnl_dim_t)seen);

    if (status != dnnl_success)
        return status;
    for (size_t i = 0; i < n_q; i++) {
        size_t visible = h->causal ? seen - (n_q - 1 - i) : seen;
        vector->softmax(visible, scores + i * seen);
        memset(scores + i * seen + visible, 0, (seen - visible) * sizeof *scores);
    }
    return dnnl_sgemm('N', 'N', (dnnl_dim_t)n_q, (dnnl_dim_t)h->width, (dnnl_dim_t)seen,
                      1.0f, scores, (dnnl_dim_t)seen, h->v, (dnnl_dim_t)h->stride_kv, 0.0f,
                      h->out + q0 * h->stride_out, (dnnl_dim_t)h->stride_out);
}

jc_status jc_onednn_attention(const jc_attention *head, jc_error *err)
{
    float *scores = jc_onednn_scratch(QUERIES * head->n_k * sizeof *scores);

    if (!scores)
        return jc_fail_nomem(err, "attention");
    for (size_t q0 = 0; q0 < head->n_q; q0 += QUERIES) {
        size_t n_q = head->n_q - q0 < QUERIES ? head->n_q - q0 : QUERIES;
        size_t seen = head->causal ? head->n_k - head->n_q + q0 + n_q : head->n_k;
        dnnl_status_t status = block(head, q0, n_q, seen, scores);
        if (status != dnnl_success)
            return jc_onednn_fail(err, status, "a product");
    }
    return JC_OK;
}
