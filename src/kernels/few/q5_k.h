/* SPDX-License-Identifier: MIT */
/* q5_k.h: 256 numbers of 5 bits in groups of 32: d [2], m [2], scales [12], bits [32], q
 * [128]. Bit g of byte i of `bits` is the fifth bit of number i of group g. */
#ifndef JC_FEW_Q5_K_H
#define JC_FEW_Q5_K_H

#include "kernels/few/panel.h"

static void q5_k_unpack(rows16 row, size_t runs, unpacked *to)
{
    wi bits[8];

    (void)runs; /* RUNS: a block */
    k_scales(row, to);
    columns_32(row, 16, bits);
    for (int k = 0; k < 4; k++) {
        fetch(to, 2);
        k_nibbles(row, 48 + (size_t)k * 32, bits, k, to->w + 2 * k);
    }
}

PANEL_KERNELS(q5_k, 256, 176, least, 0);

#endif
