/* SPDX-License-Identifier: MIT */
/* gram.c: second moments in tiles of fixed size, one thread a tile. */
#include "kernels/backend.h"

#include "kernels/vector.h"

enum { GRAM_TILE = 256, TURN = 8 };

struct gram_job {
    const jc_host *host;
    const jc_gram_block *blocks;
    size_t rows, d, cuts; /* tiles along each side of a block */
};

/* One tile of a block: its columns from i and j on, m and n of them. */
struct tile {
    const jc_gram_block *block;
    size_t i, j, m, n;
};

static jc_status add_plain(const struct gram_job *job, const struct tile *t, jc_error *err)
{
    const jc_gram_block *b = t->block;
    float *product = jc_alloc_array(t->m * t->n, sizeof *product);

    if (!product)
        return jc_fail_nomem(err, "a tile of second moments");
    jc_status st = job->host->gram_tile(t->m, t->n, job->rows, b->x + t->i, b->y + t->j,
                                        job->d, product, err);
    for (size_t r = 0; r < t->m && st == JC_OK; r++)
        jc_vector_get()->fold(t->n, product + r * t->n, b->per_x[t->i + r], b->per_y + t->j,
                              b->sum + (t->i + r) * job->d + t->j);
    jc_free(product);
    return st;
}

/* The part of `rest` [m, n] above the diagonal, to the other side of it. */
static void turn(const struct gram_job *job, const struct tile *t, const int64_t *rest)
{
    int64_t *sum = t->block->sum;

    for (size_t c0 = 0; c0 < t->n; c0 += TURN)
        for (size_t r0 = 0; r0 < t->m; r0 += TURN)
            for (size_t c = c0; c < c0 + TURN && c < t->n; c++)
                for (size_t r = r0; r < r0 + TURN && r < t->m && t->i + r < t->j + c; r++)
                    sum[(t->j + c) * job->d + t->i + r] += rest[r * t->n + c];
}

static jc_status add_fine(const struct gram_job *job, const struct tile *t, jc_error *err)
{
    const jc_gram_block *b = t->block;
    double *product = jc_alloc_array(t->m * t->n, sizeof *product);
    int64_t *rest = jc_alloc_array(t->m * t->n, sizeof *rest);
    jc_status st = product && rest ? JC_OK : jc_fail_nomem(err, "a tile of second moments");

    if (st == JC_OK)
        st = job->host->gram_tile_double(t->m, t->n, job->rows, b->x + t->i, b->y + t->j,
                                         job->d, product, err);
    for (size_t r = 0; r < t->m && st == JC_OK; r++) {
        size_t first = t->i == t->j ? r + 1 : 0; /* above the diagonal */
        jc_vector_get()->fold_fine(t->n - first, product + r * t->n + first,
                                   b->per_x[t->i + r], b->per_y + t->j + first,
                                   b->sum + (t->i + r) * job->d + t->j + first,
                                   rest + r * t->n + first);
    }
    if (st == JC_OK)
        turn(job, t, rest);
    jc_free(product);
    jc_free(rest);
    return st;
}

static jc_status gram_tile(void *arg, size_t task, jc_error *err)
{
    const struct gram_job *job = arg;
    size_t i = task / job->cuts % job->cuts * GRAM_TILE, j = task % job->cuts * GRAM_TILE;
    const struct tile tile = {&job->blocks[task / (job->cuts * job->cuts)], i, j,
                              job->d - i < GRAM_TILE ? job->d - i : GRAM_TILE,
                              job->d - j < GRAM_TILE ? job->d - j : GRAM_TILE};

    if (!tile.block->symmetric)
        return add_plain(job, &tile, err);
    return j < i ? JC_OK : add_fine(job, &tile, err);
}

jc_status jc_gram_add(const jc_backend *backend, const jc_gram_block *blocks, size_t n,
                      size_t rows, size_t d, jc_error *err)
{
    const jc_host *host = backend->host ? backend->host : jc_backend_onednn.host;
    struct gram_job job = {host, blocks, rows, d, (d + GRAM_TILE - 1) / GRAM_TILE};

    return jc_parallel(n * job.cuts * job.cuts, gram_tile, &job, err);
}

void jc_gram_mirror(double *sum, size_t d)
{
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j < i; j++)
            sum[i * d + j] = sum[j * d + i];
}
