/* SPDX-License-Identifier: MIT */
/* q6_k.h: 256 numbers of 6 bits around 32, in groups of 16: q [128], bits [64], scales [16]
 * (signed), d [2]. Of each half of a block, runs of 32: 0 and 1 are the low halves of 64
 * bytes of q, 2 and 3 their high halves, and two further bits of number i of run r are at
 * 2 r of byte i of 32 bytes of `bits`. */
#ifndef JC_FEW_Q6_K_H
#define JC_FEW_Q6_K_H

#include "kernels/few/panel.h"

INLINE void q6_k_unpack(const unsigned char *const *row, size_t runs, unpacked *to)
{
    unsigned char bits[RUN_BYTES], scales[256];
    uint16_t halves[FEW_PANEL];
    float d[FEW_PANEL];

    (void)runs; /* RUNS: a block */
    halves_at(row, 208, halves);
    halves_to_floats(halves, d);
    columns(row, 192, scales);
    for (int part = 0; part < 16; part++)
        for (int o = 0; o < FEW_PANEL; o++)
            to->scale[part][o] =
                d[o] * (float)(signed char)scales[part / 4 * 64 + 4 * o + part % 4];
    for (int half = 0; half < 2; half++) {
        unsigned char(*w)[RUN_BYTES] = to->w + 4 * half;
        columns(row, (size_t)half * 32 + 128, bits);
        columns(row, (size_t)half * 32 + 144, bits + RUN_BYTES / 2);
        for (int side = 0; side < 2; side++) {
            size_t at = (size_t)half * 64 + (size_t)side * 32;
            columns(row, at, w[side]);
            columns(row, at + 16, w[side] + RUN_BYTES / 2);
            for (int k = 0; k < RUN_BYTES; k++) {
                unsigned char q = w[side][k], b = (unsigned char)(bits[k] >> 2 * side);
                w[side][k] = (unsigned char)((q & 15) | (b & 3) << 4);
                w[side + 2][k] = (unsigned char)(q >> 4 | (b >> 4 & 3) << 4);
            }
        }
    }
}

PANEL_KERNELS(q6_k, 256, 210, 16, 32, false);

#endif
