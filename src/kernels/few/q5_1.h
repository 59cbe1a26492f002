/* SPDX-License-Identifier: MIT */
/* q5_1.h: 32 numbers of 5 bits, a scale and a least value: d [2], m [2], bits [4], q [16].
 */
#ifndef JC_FEW_Q5_1_H
#define JC_FEW_Q5_1_H

#include "kernels/few/panel.h"

static void q5_1_unpack(rows16 row, size_t runs, unpacked *to)
{
    scales_at(row, 24, 0, runs, to->scale);
    scales_at(row, 24, 2, runs, to->least);
    negate(runs, to->least);
    for (size_t i = 0; i < runs; i++) {
        wi bits = words_at(row, i * 24 + 4);
        run_nibbles(row, i * 24 + 8, &bits, to->w[i]);
    }
}

PANEL_KERNELS(q5_1, 32, 24, least, 0);

#endif
