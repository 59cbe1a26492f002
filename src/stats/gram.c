/* SPDX-License-Identifier: MIT */
#include "stats/gram.h"

#include <string.h>

#include "base/spill.h"
#include "kernels/vector.h"

/* To add a block up, all sums are read from memory and written, 16 bytes for 2 flops a row.
 * So a block is large where that costs little memory: BLOCK_BYTES, or for wide models,
 * whose sums are far larger, a quarter of the width in rows, a sixteenth of the sums. */
enum { BLOCK_BYTES = 48 << 20, MOST_ROWS = 1024, LEAST_ROWS = 64 };

enum { SPILLED = 8 /* products that are added together where sums lie in files */ };

struct jc_gram {
    jc_stats *stats;
    const jc_backend *backend;
    size_t bytes;       /* of the block, about */
    size_t block_rows;  /* rows that a full block has */
    size_t capacity;    /* rows that there is room for */
    size_t first, rows; /* rows [first, first + rows) wait */
    float *block;       /* [nodes, capacity, d] */
    float **to;         /* [nodes]: of jc_gram_room() */
    double *sums;       /* [nodes, 2, d]: of the block's rows and of their squares */
    jc_gram_block *products;
    size_t n_products;
    bool only_frame;
};

/* The rows of node t that wait. */
static float *waiting(const jc_gram *g, size_t t)
{
    return g->block + (t * g->capacity + g->first) * g->stats->width;
}

static jc_status plan_products(jc_gram *g, jc_error *err)
{
    const jc_stats *s = g->stats;

    g->products = jc_alloc_array((size_t)s->nodes * s->nodes, sizeof *g->products);
    return g->products ? JC_OK : jc_fail_nomem(err, "the sums");
}

/* The products of the rows that wait. */
static void list_products(jc_gram *g)
{
    const jc_stats *s = g->stats;
    size_t d = s->width;

    g->n_products = 0;
    for (uint32_t i = 0; i < s->nodes; i++)
        for (uint32_t j = 0; j < s->nodes; j++) {
            int64_t *cross = jc_exact_cross(s, i, j);
            if (cross)
                g->products[g->n_products++] = (jc_gram_block){
                    waiting(g, i),         waiting(g, j), s->exact->per + i * d,
                    s->exact->per + j * d, cross,         i == j};
        }
}

static jc_status make(jc_gram **out, jc_stats *stats, const jc_backend *backend,
                      size_t bytes, jc_error *err)
{
    size_t nodes = stats->nodes, d = stats->width, fit = bytes / (nodes * d * 4);
    jc_status st = stats->exact ? JC_OK : jc_exact_new(stats, err);

    *out = NULL;
    if (st)
        return st;
    jc_gram *g = jc_alloc_array(1, sizeof *g);
    if (!g)
        return jc_fail_nomem(err, "the sums");
    g->stats = stats;
    g->backend = backend;
    g->bytes = bytes;
    fit = fit < d / 4 ? d / 4 : fit;
    fit = fit < LEAST_ROWS ? LEAST_ROWS : fit / 64 * 64;
    g->block_rows = g->capacity = fit > MOST_ROWS ? MOST_ROWS : fit;
    g->block = jc_matrix_new(nodes * g->block_rows, d, sizeof *g->block);
    g->to = jc_alloc_array(nodes, sizeof(float *));
    g->sums = jc_matrix_new(2 * nodes, d, sizeof *g->sums);
    st = g->block && g->to && g->sums ? plan_products(g, err)
                                      : jc_fail_nomem(err, "the sums");
    if (st) {
        jc_gram_free(g);
        return st;
    }
    *out = g;
    return JC_OK;
}

jc_status jc_gram_new(jc_gram **out, jc_stats *stats, const jc_backend *backend,
                      jc_error *err)
{
    return make(out, stats, backend, BLOCK_BYTES, err);
}

jc_status jc_gram_new_of(jc_gram **out, jc_stats *stats, const jc_backend *backend,
                         size_t n, jc_error *err)
{
    return make(out, stats, backend, BLOCK_BYTES / n, err);
}

void jc_gram_free(jc_gram *gram)
{
    if (!gram)
        return;
    jc_free(gram->block);
    jc_free(gram->to);
    jc_free(gram->sums);
    jc_free(gram->products);
    jc_free(gram);
}

static jc_status center_node(void *arg, size_t t, jc_error *err)
{
    jc_gram *g = arg;
    size_t d = g->stats->width;
    float *block = waiting(g, t);
    double *sum = g->sums + 2 * t * d;

    (void)err;
    if (!g->stats->exact->framed)
        jc_exact_frame(g->stats, (uint32_t)t, block, g->rows);
    if (g->only_frame)
        return JC_OK;
    memset(sum, 0, 2 * d * sizeof *sum);
    for (size_t r = 0; r < g->rows; r++)
        jc_vector_get()->center(d, block + r * d, g->stats->exact->center + t * d,
                                block + r * d, sum, sum + d);
    return JC_OK;
}

/* Add the products up; where some lie in files, a few at a time, and not all are ever in
 * memory. */
static jc_status add_products(jc_gram *g, jc_error *err)
{
    const jc_stats *s = g->stats;
    size_t together = jc_spill_any() ? SPILLED : g->n_products;
    jc_status st = JC_OK;

    for (size_t at = 0, some; at < g->n_products && st == JC_OK; at += some) {
        some = g->n_products - at < together ? g->n_products - at : together;
        st = jc_gram_add(g->backend, g->products + at, some, g->rows, s->width, err);
        for (size_t k = 0; k < some; k++)
            jc_spill_rest(g->products[at + k].sum);
    }
    return st;
}

/* Add up the rows that wait, which are centred. */
static jc_status add_block(jc_gram *g, jc_error *err)
{
    size_t d = g->stats->width;
    jc_status st = JC_OK;

    for (uint32_t t = 0; t < g->stats->nodes && st == JC_OK; t++)
        st = jc_exact_add(g->stats, t, g->sums + 2 * t * d, g->sums + (2 * t + 1) * d, err);
    list_products(g);
    if (st == JC_OK)
        st = add_products(g, err);
    g->stats->rows += g->rows;
    return st;
}

/* Add up the first n rows that wait. */
static jc_status flush(jc_gram *g, size_t n, jc_error *err)
{
    size_t rest = g->rows - n;

    if (n == 0)
        return JC_OK;
    g->rows = n;
    jc_status st = jc_parallel(g->stats->nodes, center_node, g, err);
    g->stats->exact->framed = true;
    if (st == JC_OK && !g->only_frame)
        st = add_block(g, err);
    g->first += n;
    g->rows = rest;
    return st;
}

/* Move what waits to the front. */
static void compact(jc_gram *g)
{
    size_t d = g->stats->width;

    for (size_t t = 0; t < g->stats->nodes && g->first > 0; t++)
        memmove(g->block + t * g->capacity * d, waiting(g, t),
                g->rows * d * sizeof *g->block);
    g->first = 0;
}

/* Room for so many rows in all. */
static jc_status grow(jc_gram *g, size_t rows, jc_error *err)
{
    size_t d = g->stats->width, nodes = g->stats->nodes, n;
    float *block = jc_mul(nodes, rows, &n) ? jc_matrix_new(n, d, sizeof *block) : NULL;

    if (!block)
        return jc_fail_nomem(err, "the sums");
    for (size_t t = 0; t < nodes; t++)
        memcpy(block + t * rows * d, waiting(g, t), g->rows * d * sizeof *block);
    jc_free(g->block);
    g->block = block;
    g->capacity = rows;
    g->first = 0;
    return JC_OK;
}

jc_status jc_gram_room(jc_gram *gram, size_t rows, float *const **to, jc_error *err)
{
    size_t d = gram->stats->width, want;
    jc_status st = JC_OK;

    compact(gram);
    if (!jc_add(gram->rows, rows, &want))
        return jc_fail_nomem(err, "the sums");
    if (want > gram->capacity) /* never more than a block waits when a batch begins */
        st = grow(gram, gram->block_rows + rows, err);
    for (size_t t = 0; t < gram->stats->nodes; t++)
        gram->to[t] = waiting(gram, t) + gram->rows * d;
    *to = gram->to;
    return st;
}

jc_status jc_gram_take(jc_gram *gram, size_t n, jc_error *err)
{
    jc_status st = JC_OK;

    gram->rows += n;
    while (gram->rows >= gram->block_rows && st == JC_OK)
        st = flush(gram, gram->block_rows, err);
    return st;
}

void jc_gram_only_frame(jc_gram *gram, bool only)
{
    gram->only_frame = only;
}

jc_status jc_gram_cut(jc_gram *gram, jc_error *err)
{
    return flush(gram, gram->rows, err);
}

jc_status jc_gram_rows(jc_gram *gram, const float *const *states, size_t rows,
                       jc_error *err)
{
    size_t d = gram->stats->width;
    jc_status st = JC_OK;

    for (size_t done = 0, n; done < rows && st == JC_OK; done += n) {
        size_t room = gram->block_rows - gram->rows;
        float *const *to;
        n = rows - done < room ? rows - done : room;
        st = jc_gram_room(gram, n, &to, err);
        for (size_t t = 0; t < gram->stats->nodes && st == JC_OK; t++)
            memcpy(to[t], states[t] + done * d, n * d * sizeof(float));
        if (st == JC_OK)
            st = jc_gram_take(gram, n, err);
    }
    return st;
}

jc_status jc_gram_finish(jc_gram *gram, jc_error *err)
{
    jc_status st = flush(gram, gram->rows, err);

    return st ? st : jc_exact_finish(gram->stats, err);
}

/* A second gram with the sums and the rows that wait, to be finished in place of this one.
 */
jc_status jc_gram_copy(const jc_gram *gram, jc_stats **out, jc_error *err)
{
    jc_stats *stats = NULL;
    jc_gram *copy = NULL;
    jc_status st = jc_stats_copy(&stats, gram->stats, err);

    *out = NULL;
    if (st == JC_OK)
        st = make(&copy, stats, gram->backend, gram->bytes, err);
    if (st == JC_OK) {
        for (size_t t = 0; t < stats->nodes; t++)
            memcpy(waiting(copy, t), waiting(gram, t),
                   gram->rows * stats->width * sizeof *copy->block);
        copy->rows = gram->rows;
        st = jc_gram_finish(copy, err);
    }
    jc_gram_free(copy);
    if (st) {
        jc_stats_free(stats);
        return st;
    }
    *out = stats;
    return JC_OK;
}
