/* SPDX-License-Identifier: MIT */
#include "stats/gram.h"

#include <string.h>

#include "kernels/vector.h"

/* To add a block up, all sums are read from memory and written, 16 bytes for 2 flops a row.
 * So a block is large where that costs little memory: BLOCK_BYTES, or for wide models,
 * whose sums are far larger, a quarter of the width in rows, a sixteenth of the sums. */
enum { BLOCK_BYTES = 48 << 20, MOST_ROWS = 1024, LEAST_ROWS = 64 };

struct jc_gram {
    jc_stats *stats;
    const jc_backend *backend;
    size_t block_rows;  /* rows that a full block has */
    size_t capacity;    /* rows that there is room for */
    size_t first, rows; /* rows [first, first + rows) wait */
    float *block;       /* [nodes, capacity, d] */
    float **to;         /* [nodes]: of jc_gram_room() */
    float *center;      /* [nodes, d]: the mean of the first block */
    bool centered;      /* `center` has been set */
    double *sum;        /* [nodes, d]: of rows less the center */
    jc_gram_block *products;
    size_t n_products;
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

    g->n_products = 0;
    for (uint32_t i = 0; i < s->nodes; i++)
        for (uint32_t j = 0; j < s->nodes; j++) {
            double *cross = jc_stats_cross(s, i, j);
            if (cross)
                g->products[g->n_products++] =
                    (jc_gram_block){waiting(g, i), waiting(g, j), cross, i == j};
        }
}

jc_status jc_gram_new(jc_gram **out, jc_stats *stats, const jc_backend *backend,
                      jc_error *err)
{
    size_t nodes = stats->nodes, d = stats->width, fit = BLOCK_BYTES / (nodes * d * 4);

    *out = NULL;
    jc_gram *g = jc_alloc_array(1, sizeof *g);
    if (!g)
        return jc_fail_nomem(err, "the sums");
    g->stats = stats;
    g->backend = backend;
    fit = fit < d / 4 ? d / 4 : fit;
    fit = fit < LEAST_ROWS ? LEAST_ROWS : fit / 64 * 64;
    g->block_rows = g->capacity = fit > MOST_ROWS ? MOST_ROWS : fit;
    g->block = jc_matrix_new(nodes * g->block_rows, d, sizeof *g->block);
    g->to = jc_alloc_array(nodes, sizeof(float *));
    g->center = jc_matrix_new(nodes, d, sizeof *g->center);
    g->sum = jc_matrix_new(nodes, d, sizeof *g->sum);
    jc_status st = g->block && g->to && g->center && g->sum
                       ? plan_products(g, err)
                       : jc_fail_nomem(err, "the sums");
    if (st) {
        jc_gram_free(g);
        return st;
    }
    *out = g;
    return JC_OK;
}

void jc_gram_free(jc_gram *gram)
{
    if (!gram)
        return;
    jc_free(gram->block);
    jc_free(gram->to);
    jc_free(gram->center);
    jc_free(gram->sum);
    jc_free(gram->products);
    jc_free(gram);
}

/* The center of node t: the mean of the block that waits. */
static void choose_center(jc_gram *g, size_t t)
{
    size_t d = g->stats->width;
    const float *block = waiting(g, t);

    for (size_t c = 0; c < d; c++) {
        double sum = 0;
        for (size_t r = 0; r < g->rows; r++)
            sum += (double)block[r * d + c];
        g->center[t * d + c] = (float)(sum / (double)g->rows);
    }
}

static jc_status center_node(void *arg, size_t t, jc_error *err)
{
    jc_gram *g = arg;
    size_t d = g->stats->width;
    float *block = waiting(g, t);

    (void)err;
    if (!g->centered)
        choose_center(g, t);
    for (size_t r = 0; r < g->rows; r++)
        jc_vector_get()->center(d, block + r * d, g->center + t * d, block + r * d,
                                g->sum + t * d);
    return JC_OK;
}

/* A node that is a target only has no cross of its own. */
static jc_status square_node(void *arg, size_t node, jc_error *err)
{
    jc_gram *g = arg;
    size_t d = g->stats->width;
    const float *block = waiting(g, node);
    double *square = g->stats->square + node * d;

    (void)err;
    if (jc_stats_cross(g->stats, (uint32_t)node, (uint32_t)node))
        return JC_OK;
    for (size_t r = 0; r < g->rows; r++)
        for (size_t c = 0; c < d; c++)
            square[c] += (double)block[r * d + c] * (double)block[r * d + c];
    return JC_OK;
}

/* Add up the first n rows that wait. */
static jc_status flush(jc_gram *g, size_t n, jc_error *err)
{
    size_t rest = g->rows - n;

    if (n == 0)
        return JC_OK;
    g->rows = n;
    jc_status st = jc_parallel(g->stats->nodes, center_node, g, err);
    if (st)
        return st;
    g->centered = true;
    st = jc_parallel(g->stats->nodes, square_node, g, err);
    if (st)
        return st;
    g->stats->rows += n;
    list_products(g);
    st = jc_gram_add(g->backend, g->products, g->n_products, n, g->stats->width, err);
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

/* Sums about the center -> sums about the mean: S - n a b', a and b the means less the
 * centers. */
static jc_status recenter(void *arg, size_t i, jc_error *err)
{
    const jc_gram *g = arg;
    const jc_stats *s = g->stats;
    size_t d = s->width;
    double n = (double)s->rows;

    (void)err;
    for (uint32_t j = 0; j < s->nodes; j++) {
        double *cross = jc_stats_cross(s, (uint32_t)i, j);
        if (!cross)
            continue;
        if (i == j)
            jc_gram_mirror(cross, d);
        for (size_t a = 0; a < d; a++)
            for (size_t b = 0; b < d; b++)
                cross[a * d + b] -= g->sum[i * d + a] * g->sum[j * d + b] / n;
    }
    const double *own = jc_stats_cross(s, (uint32_t)i, (uint32_t)i);
    for (size_t a = 0; a < d; a++) {
        double *square = &s->square[i * d + a];
        if (own)
            *square = own[a * d + a];
        else
            *square -= g->sum[i * d + a] * g->sum[i * d + a] / n;
        s->mean[i * d + a] = (double)g->center[i * d + a] + g->sum[i * d + a] / n;
    }
    return JC_OK;
}

jc_status jc_gram_finish(jc_gram *gram, jc_error *err)
{
    jc_status st = flush(gram, gram->rows, err);

    if (st || gram->stats->rows == 0)
        return st;
    return jc_parallel(gram->stats->nodes, recenter, gram, err);
}

/* A second gram with the sums and the rows that wait, to be finished in place of this one.
 */
jc_status jc_gram_copy(const jc_gram *gram, jc_stats **out, jc_error *err)
{
    size_t nodes = gram->stats->nodes, d = gram->stats->width;
    jc_stats *stats = NULL;
    jc_gram *copy = NULL;
    jc_status st = jc_stats_copy(&stats, gram->stats, err);

    *out = NULL;
    if (st == JC_OK)
        st = jc_gram_new(&copy, stats, gram->backend, err);
    if (st == JC_OK) {
        for (size_t t = 0; t < nodes; t++)
            memcpy(waiting(copy, t), waiting(gram, t),
                   gram->rows * d * sizeof *copy->block);
        memcpy(copy->center, gram->center, nodes * d * sizeof *copy->center);
        memcpy(copy->sum, gram->sum, nodes * d * sizeof *copy->sum);
        copy->centered = gram->centered;
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
