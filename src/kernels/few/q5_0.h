/* SPDX-License-Identifier: MIT */
/* q5_0.h: 32 numbers of 5 bits around 16, and a scale: d [2], bits [4], q [16]. */
#ifndef JC_FEW_Q5_0_H
#define JC_FEW_Q5_0_H

#include "kernels/few/panel.h"

static void q5_0_unpack(rows16 row, size_t runs, unpacked *to)
{
    for (size_t i = 0; i < runs; i++) {
        wi head[4];
        fetch(to, 1);
        columns(row, i * 22, head);
        wf_store(to->scale[i], wf_f16_low(head[0]));
        wi bits = wi_or(wi_right(head[0], 16), wi_left(head[1], 16));
        run_nibbles(row, i * 22 + 6, &bits, NULL, to->w[i]);
    }
}

PANEL_KERNELS(q5_0, 32, 22, plain, 16);

#endif
