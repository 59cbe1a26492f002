/* SPDX-License-Identifier: MIT */
/* other.h: any type, read FEW_CHUNK inputs at a time by a function that the caller gives.
 */
#ifndef JC_FEW_OTHER_H
#define JC_FEW_OTHER_H

#include "kernels/few/dense.h"
#include "kernels/few/f32.h"

static void other_panel(const jc_few_work *work, size_t first, size_t n,
                        const unsigned char *next, float *out)
{
    const jc_few_spec *spec = work->spec;
    const size_t n_in = spec->n_in, step = spec->step ? spec->step : 1;
    float w[DENSE_OUTPUTS][FEW_CHUNK];

    (void)next; /* `read` waits for memory anyway */
    for (size_t o = 0; o < n; o += DENSE_OUTPUTS) {
        dense_tile tile = {.to = 0};
        dense_sums kept;
        memset(kept, 0, work->rows * sizeof *kept);
        for (size_t at = 0; at < n_in; at += FEW_CHUNK) {
            size_t count = n_in - at < FEW_CHUNK ? n_in - at : FEW_CHUNK;
            tile.steps = dense_steps(count);
            for (size_t m = 0; m < DENSE_OUTPUTS; m++) {
                size_t output = first + (o + m < n ? o + m : n - 1);
                spec->other.read(spec->other.arg,
                                 spec->other.from + output * step * n_in + at, count, w[m]);
                memset(w[m] + count, 0, (FEW_CHUNK - count) * sizeof(float));
                tile.w[m] = (const unsigned char *)w[m];
            }
            dense_all(f32_load, STEP * sizeof(float), &tile, work, at, kept);
        }
        dense_finish(work->rows, kept, out + o);
    }
}

static const jc_few_kernel other_kernel = {1,           1,           NULL, dense_row,
                                           dense_plain, other_panel, NULL};

#endif
