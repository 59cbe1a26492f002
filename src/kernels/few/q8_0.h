/* SPDX-License-Identifier: MIT */
/* q8_0.h: 32 signed bytes and a scale: d [2], q [32]. */
#ifndef JC_FEW_Q8_0_H
#define JC_FEW_Q8_0_H

#include "kernels/few/panel.h"

static void q8_0_unpack(rows16 row, size_t runs, unpacked *to)
{
    for (size_t i = 0; i < runs; i++) {
        wi head[4], part[8];
        fetch(to, 1);
        columns(row, i * 34, head);
        wf_store(to->scale[i], wf_f16_low(head[0]));
        columns_32(row, i * 34 + 2, part);
        UNROLL(8)
        for (int g = 0; g < 8; g++)
            wi_store(to->w[i] + g * FOURS, wi_xor(part[g], 0x80808080));
    }
}

PANEL_KERNELS(q8_0, 32, 34, plain, 128);

#endif
