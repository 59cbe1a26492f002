/* SPDX-License-Identifier: MIT */
/* q4_k.h: 256 numbers of 4 bits in groups of 32: d [2], m [2], scales [12], q [128]. */
#ifndef JC_FEW_Q4_K_H
#define JC_FEW_Q4_K_H

#include "kernels/few/panel.h"

INLINE void q4_k_unpack(const unsigned char *const *row, size_t runs, unpacked *to)
{
    (void)runs; /* RUNS: a block */
    k_scales(row, to);
    for (int pair = 0; pair < 4; pair++)
        k_nibbles(row, 16 + (size_t)pair * 32, to->w + 2 * pair);
}

PANEL_KERNELS(q4_k, 256, 144, 32, 0, true);

#endif
