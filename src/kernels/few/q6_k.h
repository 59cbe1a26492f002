/* SPDX-License-Identifier: MIT */
/* q6_k.h: 256 numbers of 6 bits around 32, in groups of 16: q [128], bits [64], scales [16]
 * (signed), d [2]. Of each half of a block, runs of 32: 0 and 1 are the low halves of 64
 * bytes of q, 2 and 3 their high halves, and two further bits of number i of run r are at
 * 2 r of byte i of 32 bytes of `bits`. */
#ifndef JC_FEW_Q6_K_H
#define JC_FEW_Q6_K_H

#include "kernels/few/panel.h"

INLINE void q6_k_scales(rows16 row, unpacked *to)
{
    wi scales[4], last[4];

    columns(row, 192, scales);
    columns(row, 194, last);
    const wf d = wf_f16_low(wi_right(last[3], 16));
    UNROLL(16)
    for (int i = 0; i < 16; i++)
        wf_store(to->scale[i], wf_mul(d, wf_int(wi_byte(scales[i / 4], i % 4))));
}

/* The four runs of a half block. */
INLINE void q6_k_half(rows16 row, size_t half, unsigned char (*w)[RUN_BYTES])
{
    wi bits[8], a[8], b[8];

    columns_32(row, 64 * half, a);
    columns_32(row, 64 * half + 32, b);
    columns_32(row, 128 + 32 * half, bits);
    UNROLL(8)
    for (size_t g = 0; g < 8; g++) {
        size_t to = g * FOURS;
        const wi two = bits[g];
        wi_store(w[0] + to,
                 wi_or(wi_and(a[g], 0x0f0f0f0f), wi_left(wi_and(two, 0x03030303), 4)));
        wi_store(w[1] + to,
                 wi_or(wi_and(b[g], 0x0f0f0f0f), wi_left(wi_and(two, 0x0c0c0c0c), 2)));
        wi_store(w[2] + to,
                 wi_or(wi_and(wi_right(a[g], 4), 0x0f0f0f0f), wi_and(two, 0x30303030)));
        wi_store(w[3] + to, wi_or(wi_and(wi_right(b[g], 4), 0x0f0f0f0f),
                                  wi_right(wi_and(two, 0xc0c0c0c0), 2)));
    }
}

static void q6_k_unpack(rows16 row, size_t runs, unpacked *to)
{
    (void)runs; /* RUNS: a block */
    q6_k_scales(row, to);
    for (size_t half = 0; half < 2; half++) {
        fetch(to, 4);
        q6_k_half(row, half, to->w + 4 * half);
    }
}

PANEL_KERNELS(q6_k, 256, 210, halves, 32);

#endif
