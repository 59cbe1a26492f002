/* SPDX-License-Identifier: MIT */
/*
 * attention.c: one head by blocks of queries. With a causal mask a block reads no key past
 * its last query and none before its first query's window, so about half of the products,
 * or more, are never made; scores stay in cache.
 */
#include "kernels/onednn/onednn.h"

#include <string.h>

#include "kernels/vector.h"

enum { QUERIES = 64 };

/* The first key that a query sees which sees none from `end` on. */
static size_t first_key(const jc_head_job *h, size_t end)
{
    return h->window && end > h->window ? end - h->window : 0;
}

/* softmax of a row's scores, the sink among them; spare is [n + 1]. */
static void weigh(const jc_head_job *h, size_t n, float *scores, float *spare)
{
    if (!h->sink) {
        jc_vector_get()->softmax(n, scores);
        return;
    }
    memcpy(spare, scores, n * sizeof *spare);
    spare[n] = *h->sink;
    jc_vector_get()->softmax(n + 1, spare);
    memcpy(scores, spare, n * sizeof *spare);
}

/* Queries q0 .. q0 + n_q, of which the last sees no key from `end` on. */
static dnnl_status_t block(const jc_head_job *h, size_t q0, size_t n_q, size_t end,
                           float *scores)
{
    const jc_vector *vector = jc_vector_get();
    size_t first = h->causal ? first_key(h, end - (n_q - 1)) : 0, n_k = end - first;
    dnnl_status_t status = dnnl_sgemm(
        'N', 'T', (dnnl_dim_t)n_q, (dnnl_dim_t)n_k, (dnnl_dim_t)h->width, h->scale,
        h->q + q0 * h->stride_q, (dnnl_dim_t)h->stride_q, h->k + first * h->stride_kv,
        (dnnl_dim_t)h->stride_kv, 0.0f, scores, (dnnl_dim_t)n_k);

    if (status != dnnl_success)
        return status;
    for (size_t i = 0; h->slope != 0 && i < n_q; i++)
        for (size_t j = 0; j < n_k; j++)
            scores[i * n_k + j] -=
                h->slope * ((float)(h->n_k - h->n_q + q0 + i) - (float)(first + j));
    if (h->softcap > 0)
        vector->softcap(n_q * n_k, h->softcap, scores);
    for (size_t i = 0; i < n_q; i++) {
        size_t to = h->causal ? end - (n_q - 1 - i) : end;
        size_t from = (h->causal ? first_key(h, to) : 0) - first;
        float *row = scores + i * n_k;
        to -= first;
        memset(row, 0, from * sizeof *row);
        weigh(h, to - from, row + from, scores + n_q * n_k);
        memset(row + to, 0, (n_k - to) * sizeof *row);
    }
    return dnnl_sgemm('N', 'N', (dnnl_dim_t)n_q, (dnnl_dim_t)h->width, (dnnl_dim_t)n_k,
                      1.0f, scores, (dnnl_dim_t)n_k, h->v + first * h->stride_kv,
                      (dnnl_dim_t)h->stride_kv, 0.0f, h->out + q0 * h->stride_out,
                      (dnnl_dim_t)h->stride_out);
}

jc_status jc_onednn_head(const jc_head_job *head, jc_error *err)
{
    float *scores = jc_onednn_scratch(((QUERIES + 1) * head->n_k + 1) * sizeof *scores);

    if (!scores)
        return jc_fail_nomem(err, "attention");
    for (size_t q0 = 0; q0 < head->n_q; q0 += QUERIES) {
        size_t n_q = head->n_q - q0 < QUERIES ? head->n_q - q0 : QUERIES;
        size_t end = head->causal ? head->n_k - head->n_q + q0 + n_q : head->n_k;
        dnnl_status_t status = block(head, q0, n_q, end, scores);
        if (status != dnnl_success)
            return jc_onednn_fail(err, status, "a product");
    }
    return JC_OK;
}
