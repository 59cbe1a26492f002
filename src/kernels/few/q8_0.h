/* SPDX-License-Identifier: MIT */
/* q8_0.h: 32 signed bytes and a scale: d [2], q [32]. */
#ifndef JC_FEW_Q8_0_H
#define JC_FEW_Q8_0_H

#include "kernels/few/panel.h"

INLINE void q8_0_unpack(const unsigned char *const *row, size_t runs, unpacked *to)
{
    scales_at(row, 34, 0, runs, to->scale);
    for (size_t i = 0; i < runs; i++) {
        unsigned char *w = to->w[i];
        columns(row, i * 34 + 2, w);
        columns(row, i * 34 + 18, w + RUN_BYTES / 2);
        for (int k = 0; k < RUN_BYTES; k++)
            w[k] ^= 128;
    }
}

PANEL_KERNELS(q8_0, 32, 34, 32, 128, false);

#endif
