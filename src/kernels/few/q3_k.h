/* SPDX-License-Identifier: MIT */
/* q3_k.h: 256 numbers of 3 bits around 4, in groups of 16: bits [32], q [64], scales [12],
 * d [2]. Of run r of 32 the low two bits are at 2 (r mod 4) of 32 bytes of q, of which each
 * half of a block has its own, and the third is bit r of the bytes in `bits`. */
#ifndef JC_FEW_Q3_K_H
#define JC_FEW_Q3_K_H

#include "kernels/few/panel.h"

/* Scales of 6 bits around 32: the low four of group i are a half of byte i mod 8, the high
 * two are in byte 8 + i mod 4. */
INLINE void q3_k_scales(rows16 row, unpacked *to)
{
    wi tail[4]; /* two bytes of q, the scales, d */

    columns(row, 94, tail);
    const wf d = wf_f16_low(wi_right(tail[3], 16));
    UNROLL(16)
    for (int i = 0; i < 16; i++) {
        int l = 2 + i % 8, h = 10 + i % 4;
        wi low = wi_right(tail[l / 4], (unsigned)(l % 4 * 8 + i / 8 * 4));
        wi high = wi_right(tail[h / 4], (unsigned)(h % 4 * 8 + i / 4 * 2));
        wi scale = wi_or(wi_and(low, 15), wi_left(wi_and(high, 3), 4));
        wf_store(to->scale[i], wf_mul(d, wf_int(wi_sub(scale, 32))));
    }
}

/* The four runs of a half block. */
INLINE void q3_k_half(rows16 row, unsigned half, const wi bits[8],
                      unsigned char (*w)[RUN_BYTES])
{
    wi q[8];

    columns_32(row, 32 + 32 * (size_t)half, q);
    for (unsigned r = 0; r < 4; r++) {
        UNROLL(8)
        for (int g = 0; g < 8; g++) {
            wi low = wi_and(wi_right(q[g], 2 * r), 0x03030303);
            wi third = wi_and(wi_right(bits[g], 4 * half + r), 0x01010101);
            wi_store(w[r] + g * FOURS, wi_or(low, wi_left(third, 2)));
        }
    }
}

static void q3_k_unpack(rows16 row, size_t runs, unpacked *to)
{
    wi bits[8];

    (void)runs; /* RUNS: a block */
    q3_k_scales(row, to);
    columns_32(row, 0, bits);
    for (unsigned half = 0; half < 2; half++) {
        fetch(to, 4);
        q3_k_half(row, half, bits, to->w + 4 * half);
    }
}

PANEL_KERNELS(q3_k, 256, 110, halves, 4);

#endif
