/* SPDX-License-Identifier: MIT */
/* mxfp4.h: 32 numbers of E2M1 and a power of two: e [1], q [16]. */
#ifndef JC_FEW_MXFP4_H
#define JC_FEW_MXFP4_H

#include "kernels/few/panel.h"

enum { E2M1_ZERO = 12 };

/* twice the numbers, and E2M1_ZERO */
static const unsigned char e2m1_doubled[16] = {12, 13, 14, 15, 16, 18, 20, 24,
                                               12, 11, 10, 9,  8,  6,  4,  0};

/* scale [HALF] = 2^(e - 128), which may be subnormal, by two factors that are not. */
INLINE void mxfp4_scales(wi e, float *scale)
{
    float factors[2][HALF];

    wi_store(factors[0], wi_left(wi_sub(wi_right(e, 1), (uint32_t)(64 - 127)), 23));
    wi_store(
        factors[1],
        wi_left(wi_sub(wi_right(wi_sub(e, (uint32_t)-1), 1), (uint32_t)(64 - 127)), 23));
    wf_store(scale, wf_mul(wf_load(factors[0]), wf_load(factors[1])));
}

static void mxfp4_unpack(rows16 row, size_t runs, unpacked *to)
{
    for (size_t i = 0; i < runs; i++) {
        wi head[4];
        fetch(to, 1);
        columns(row, i * 17, head);
        mxfp4_scales(wi_and(head[0], 255), to->scale[i]);
        run_nibbles(row, i * 17 + 1, NULL, e2m1_doubled, to->w[i]);
    }
}

PANEL_KERNELS(mxfp4, 32, 17, plain, E2M1_ZERO);

#endif
