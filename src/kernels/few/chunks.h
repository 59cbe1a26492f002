/* SPDX-License-Identifier: MIT */
/* chunks.h: weights that become floats in the nearest cache, FEW_CHUNK inputs of some
 * outputs at a time, and are then multiplied as float32. */
#ifndef JC_FEW_CHUNKS_H
#define JC_FEW_CHUNKS_H

#include "kernels/few/dense.h"
#include "kernels/few/f32.h"

/* w [n] = inputs [at, at + n) of an output, n <= FEW_CHUNK. */
typedef void chunk_read(const jc_few_work *work, size_t output, size_t at, size_t n,
                        float *w);

INLINE void chunks_panel(chunk_read *read, const jc_few_work *work, size_t first, size_t n,
                         float *out)
{
    const size_t n_in = work->spec->n_in;
    float w[DENSE_OUTPUTS][FEW_CHUNK];

    for (size_t o = 0; o < n; o += DENSE_OUTPUTS) {
        dense_tile tile = {.to = 0};
        dense_sums kept;
        memset(kept, 0, work->rows * sizeof *kept);
        for (size_t at = 0; at < n_in; at += FEW_CHUNK) {
            size_t count = n_in - at < FEW_CHUNK ? n_in - at : FEW_CHUNK;
            tile.steps = dense_steps(count);
            for (size_t m = 0; m < DENSE_OUTPUTS; m++) {
                read(work, first + (o + m < n ? o + m : n - 1), at, count, w[m]);
                memset(w[m] + count, 0, (FEW_CHUNK - count) * sizeof(float));
                tile.w[m] = (const unsigned char *)w[m];
            }
            dense_all(f32_load, STEP * sizeof(float), &tile, work, at, kept);
        }
        dense_finish(work->rows, kept, out + o);
    }
}

#endif
