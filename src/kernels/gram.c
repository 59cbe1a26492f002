/* SPDX-License-Identifier: MIT */
/* gram.c: second moments in tiles of fixed size, one thread a tile. */
#include "kernels/backend.h"

enum { GRAM_TILE = 256 };

struct gram_job {
    const jc_host *host;
    const jc_gram_block *blocks;
    size_t rows, d, cuts; /* tiles along each side of a block */
};

static jc_status gram_tile(void *arg, size_t task, jc_error *err)
{
    const struct gram_job *job = arg;
    const jc_gram_block *block = &job->blocks[task / (job->cuts * job->cuts)];
    size_t i = task / job->cuts % job->cuts * GRAM_TILE, j = task % job->cuts * GRAM_TILE;
    size_t m = job->d - i < GRAM_TILE ? job->d - i : GRAM_TILE;
    size_t n = job->d - j < GRAM_TILE ? job->d - j : GRAM_TILE;

    if (block->symmetric && j < i)
        return JC_OK;
    return (block->symmetric ? job->host->gram_tile_double : job->host->gram_tile)(
        m, n, job->rows, block->x + i, block->y + j, job->d, block->sum + i * job->d + j,
        job->d, err);
}

jc_status jc_gram_add(const jc_backend *backend, const jc_gram_block *blocks, size_t n,
                      size_t rows, size_t d, jc_error *err)
{
    const jc_host *host = backend->host ? backend->host : jc_backend_ref.host;
    struct gram_job job = {host, blocks, rows, d, (d + GRAM_TILE - 1) / GRAM_TILE};

    return jc_parallel(n * job.cuts * job.cuts, gram_tile, &job, err);
}

void jc_gram_mirror(double *sum, size_t d)
{
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j < i; j++)
            sum[i * d + j] = sum[j * d + i];
}
