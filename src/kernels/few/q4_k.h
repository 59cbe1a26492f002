/* SPDX-License-Identifier: MIT */
/* q4_k.h: 256 numbers of 4 bits in groups of 32: d [2], m [2], scales [12], q [128]. */
#ifndef JC_FEW_Q4_K_H
#define JC_FEW_Q4_K_H

#include "kernels/few/panel.h"

static void q4_k_unpack(rows16 row, size_t runs, unpacked *to)
{
    (void)runs; /* RUNS: a block */
    k_scales(row, to);
    for (int k = 0; k < 4; k++) {
        fetch(to, 2);
        k_nibbles(row, 16 + (size_t)k * 32, NULL, k, to->w + 2 * k);
    }
}

PANEL_KERNELS(q4_k, 256, 144, least, 0);

#endif
