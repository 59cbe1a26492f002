/* SPDX-License-Identifier: MIT */
/* q4_1.h: 32 numbers of 4 bits, a scale and a least value: d [2], m [2], q [16]. */
#ifndef JC_FEW_Q4_1_H
#define JC_FEW_Q4_1_H

#include "kernels/few/panel.h"

INLINE void q4_1_unpack(const unsigned char *const *row, size_t runs, unpacked *to)
{
    scales_at(row, 20, 0, runs, to->scale);
    scales_at(row, 20, 2, runs, to->least);
    for (size_t i = 0; i < runs; i++) {
        columns(row, i * 20 + 4, to->w[i]);
        split_nibbles(to->w[i]);
    }
    negate(runs, to->least);
}

PANEL_KERNELS(q4_1, 32, 20, 32, 0, true);

#endif
