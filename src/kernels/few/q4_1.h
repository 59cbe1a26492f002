/* SPDX-License-Identifier: MIT */
/* q4_1.h: 32 numbers of 4 bits, a scale and a least value: d [2], m [2], q [16]. */
#ifndef JC_FEW_Q4_1_H
#define JC_FEW_Q4_1_H

#include "kernels/few/panel.h"

static void q4_1_unpack(rows16 row, size_t runs, unpacked *to)
{
    scales_at(row, 20, 0, runs, to->scale);
    scales_at(row, 20, 2, runs, to->least);
    negate(runs, to->least);
    for (size_t i = 0; i < runs; i++)
        run_nibbles(row, i * 20 + 4, NULL, to->w[i]);
}

PANEL_KERNELS(q4_1, 32, 20, least, 0);

#endif
