/* SPDX-License-Identifier: MIT */
/* q5_k.h: 256 numbers of 5 bits in groups of 32: d [2], m [2], scales [12], bits [32], q
 * [128]. Bit g of byte i of `bits` is the fifth bit of number i of group g. */
#ifndef JC_FEW_Q5_K_H
#define JC_FEW_Q5_K_H

#include "kernels/few/panel.h"

INLINE void q5_k_unpack(const unsigned char *const *row, size_t runs, unpacked *to)
{
    unsigned char bits[RUN_BYTES];

    (void)runs; /* RUNS: a block */
    k_scales(row, to);
    columns(row, 16, bits);
    columns(row, 32, bits + RUN_BYTES / 2);
    for (int pair = 0; pair < 4; pair++)
        k_nibbles(row, 48 + (size_t)pair * 32, to->w + 2 * pair);
    for (int g = 0; g < 8; g++)
        for (int k = 0; k < RUN_BYTES; k++)
            to->w[g][k] |= (unsigned char)((bits[k] >> g & 1) << 4);
}

PANEL_KERNELS(q5_k, 256, 176, 32, 0, true);

#endif
