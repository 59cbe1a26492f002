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

/* c [n_x, n_y] = scale * x y'; rows of x and y are strides apart. */
static dnnl_status_t products(const jc_head_job *h, const float *x, size_t n_x,
                              size_t stride_x, const float *y, size_t n_y, size_t stride_y,
                              float *c)
{
    return dnnl_sgemm('N', 'T', (dnnl_dim_t)n_x, (dnnl_dim_t)n_y, (dnnl_dim_t)h->width,
                      h->scale, x, (dnnl_dim_t)stride_x, y, (dnnl_dim_t)stride_y, 0.0f, c,
                      (dnnl_dim_t)n_y);
}

/* Products with the keys and queries of distances: those of a block's queries, and those of
 * all keys. */
struct relative {
    float *of_queries; /* [QUERIES, n] */
    float *of_keys;    /* [n_k, n] */
};

static dnnl_status_t relative_keys(const jc_head_job *h, const struct relative *spare)
{
    const jc_relative *r = h->relative;

    if (!r || !r->queries)
        return dnnl_success;
    return products(h, h->k, h->n_k, h->stride_k, r->queries + h->head * h->width, r->n,
                    h->stride_relative, spare->of_keys);
}

/* Scores [n_q, n_k] of queries q0 on and keys `first` on: what distances add to them. */
static dnnl_status_t add_relative(const jc_head_job *h, size_t q0, size_t n_q, size_t first,
                                  size_t n_k, const struct relative *spare, float *scores)
{
    const jc_relative *r = h->relative;
    const float *bias = r->bias ? r->bias + h->head * r->n : NULL;
    dnnl_status_t status = dnnl_success;

    if (r->keys)
        status = products(h, h->q + q0 * h->stride_q, n_q, h->stride_q,
                          r->keys + h->head * h->width, r->n, h->stride_relative,
                          spare->of_queries);
    for (size_t i = 0; i < n_q && status == dnnl_success; i++)
        for (size_t j = 0; j < n_k; j++) {
            size_t at = h->n_k - h->n_q + q0 + i;
            size_t class = r->which[r->reach + first + j - at];
            float *score = &scores[i * n_k + j];
            *score += r->keys ? spare->of_queries[i * r->n + class] : 0;
            *score += r->queries ? spare->of_keys[(first + j) * r->n + class] : 0;
            *score += bias ? bias[class] : 0;
        }
    return status;
}

/* Queries q0 .. q0 + n_q. */
static dnnl_status_t block(const jc_head_job *h, size_t q0, size_t n_q,
                           const struct relative *spare, float *scores)
{
    const jc_vector *vector = jc_vector_get();
    size_t first, end, from, to;

    jc_head_sees(h, q0, &first, &to);
    jc_head_sees(h, q0 + n_q - 1, &from, &end);
    size_t n_k = end - first;
    dnnl_status_t status = products(h, h->q + q0 * h->stride_q, n_q, h->stride_q,
                                    h->k + first * h->stride_k, n_k, h->stride_k, scores);
    if (status == dnnl_success && h->relative)
        status = add_relative(h, q0, n_q, first, n_k, spare, scores);
    if (status != dnnl_success)
        return status;
    for (size_t i = 0; h->slope != 0 && i < n_q; i++)
        for (size_t j = 0; j < n_k; j++)
            scores[i * n_k + j] -=
                h->slope * ((float)(h->n_k - h->n_q + q0 + i) - (float)(first + j));
    if (h->softcap > 0)
        vector->softcap(n_q * n_k, h->softcap, scores);
    for (size_t i = 0; i < n_q; i++) {
        float *row = scores + i * n_k;
        jc_head_sees(h, q0 + i, &from, &to);
        from -= first;
        to -= first;
        memset(row, 0, from * sizeof *row);
        weigh(h, to - from, row + from, scores + n_q * n_k);
        memset(row + to, 0, (n_k - to) * sizeof *row);
    }
    return dnnl_sgemm('N', 'N', (dnnl_dim_t)n_q, (dnnl_dim_t)h->value_width,
                      (dnnl_dim_t)n_k, 1.0f, scores, (dnnl_dim_t)n_k,
                      h->v + first * h->stride_v, (dnnl_dim_t)h->stride_v, 0.0f,
                      h->out + q0 * h->stride_out, (dnnl_dim_t)h->stride_out);
}

jc_status jc_onednn_head(const jc_head_job *head, jc_error *err)
{
    size_t classes = head->relative ? head->relative->n : 0;
    size_t n_scores = (QUERIES + 1) * head->n_k + 1;
    float *scores =
        jc_onednn_scratch((n_scores + (QUERIES + head->n_k) * classes) * sizeof *scores);

    if (!scores)
        return jc_fail_nomem(err, "attention");
    JC_ONEDNN_QUIET();
    const struct relative spare = {scores + n_scores,
                                   scores + n_scores + QUERIES * classes};
    dnnl_status_t status = relative_keys(head, &spare);
    for (size_t q0 = 0; q0 < head->n_q && status == dnnl_success; q0 += QUERIES) {
        size_t n_q = head->n_q - q0 < QUERIES ? head->n_q - q0 : QUERIES;
        status = block(head, q0, n_q, &spare, scores);
    }
    return status == dnnl_success ? JC_OK : jc_onednn_fail(err, status, "a product");
}
