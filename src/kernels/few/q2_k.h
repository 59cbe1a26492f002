/* SPDX-License-Identifier: MIT */
/* q2_k.h: 256 numbers of 2 bits in groups of 16: scales [16], q [64], d [2], m [2]. A
 * group's scale is the low half of its byte, its least value the high one. Run r of 32 is
 * bits 2 (r mod 4) of 32 bytes of q, of which each half of a block has its own. */
#ifndef JC_FEW_Q2_K_H
#define JC_FEW_Q2_K_H

#include "kernels/few/panel.h"

INLINE void q2_k_scales(rows16 row, unpacked *to)
{
    wi both[4], tail[4];

    columns(row, 0, both);
    columns(row, 68, tail);
    const wf d = wf_f16_low(tail[3]), m = wf_f16_low(wi_right(tail[3], 16));
    UNROLL(16)
    for (int i = 0; i < 16; i++) {
        wi byte = wi_right(both[i / 4], (unsigned)(i % 4 * 8));
        wf_store(to->scale[i], wf_mul(d, wf_int(wi_and(byte, 15))));
        wf_store(to->least[i], wf_mul(m, wf_int(wi_and(wi_right(byte, 4), 15))));
    }
}

static void q2_k_unpack(rows16 row, size_t runs, unpacked *to)
{
    (void)runs; /* RUNS: a block */
    q2_k_scales(row, to);
    for (unsigned half = 0; half < 2; half++) {
        wi q[8];
        columns_32(row, 16 + 32 * (size_t)half, q);
        fetch(to, 4);
        for (unsigned r = 0; r < 4; r++) {
            UNROLL(8)
            for (int g = 0; g < 8; g++)
                wi_store(to->w[4 * half + r] + g * FOURS,
                         wi_and(wi_right(q[g], 2 * r), 0x03030303));
        }
    }
}

PANEL_KERNELS(q2_k, 256, 84, halves_least, 0);

#endif
