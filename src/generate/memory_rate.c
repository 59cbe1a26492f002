/* SPDX-License-Identifier: MIT */
/* memory_rate.c: how fast all threads together read memory. */
#include <string.h>

#include "jumpcut/generate.h"
#include "kernels/kernels.h"

enum {
    MIB = 1 << 20,
    SIZE = 256, /* MiB: larger than the caches of most machines */
    PIECE = 4,  /* MiB that a thread takes at a time */
    TIMES = 4   /* the first one is not counted */
};

typedef struct reading {
    const uint64_t *data;
    uint64_t sums[SIZE / PIECE]; /* so that nothing is left out */
} reading;

static jc_status read_piece(void *arg, size_t i, jc_error *err)
{
    reading *r = arg;
    size_t n = (size_t)PIECE * MIB / sizeof *r->data;
    const uint64_t *at = r->data + i * n;
    uint64_t sum[8] = {0};

    (void)err;
    for (size_t k = 0; k < n; k += 8)
        for (size_t j = 0; j < 8; j++)
            sum[j] += at[k + j];
    for (size_t j = 0; j < 8; j++)
        r->sums[i] += sum[j];
    return JC_OK;
}

double jc_memory_rate(void)
{
    JC_USE_THREADS(0);
    reading *r = jc_alloc_array(1, sizeof *r);
    uint64_t *data = jc_matrix_new((size_t)SIZE * MIB, 1, 1);
    double best = 0;

    if (r && data) {
        memset(data, 1, (size_t)SIZE * MIB);
        r->data = data;
        for (size_t t = 0; t < TIMES; t++) {
            double start = jc_seconds();
            if (jc_parallel(SIZE / PIECE, read_piece, r, NULL))
                break;
            double rate = (double)SIZE * MIB / (jc_seconds() - start);
            best = t > 0 && rate > best ? rate : best;
        }
    }
    jc_free(data);
    jc_free(r);
    return best;
}
