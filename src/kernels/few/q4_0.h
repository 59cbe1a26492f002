/* SPDX-License-Identifier: MIT */
/* q4_0.h: 32 numbers of 4 bits around 8, and a scale: d [2], q [16]. */
#ifndef JC_FEW_Q4_0_H
#define JC_FEW_Q4_0_H

#include "kernels/few/panel.h"

static void q4_0_unpack(rows16 row, size_t runs, unpacked *to)
{
    for (size_t i = 0; i < runs; i++) {
        wi head[4];
        fetch(to, 1);
        columns(row, i * 18, head);
        wf_store(to->scale[i], wf_f16_low(head[0]));
        run_nibbles(row, i * 18 + 2, NULL, NULL, to->w[i]);
    }
}

PANEL_KERNELS(q4_0, 32, 18, plain, 8);

#endif
