/* SPDX-License-Identifier: MIT */
/* q4_1.h: 32 numbers of 4 bits, a scale and a least value: d [2], m [2], q [16]. */
#ifndef JC_FEW_Q4_1_H
#define JC_FEW_Q4_1_H

#include "kernels/few/panel.h"

static void q4_1_unpack(rows16 row, size_t runs, unpacked *to)
{
    for (size_t i = 0; i < runs; i++) {
        wi head[4];
        fetch(to, 1);
        columns(row, i * 20, head);
        wf_store(to->scale[i], wf_f16_low(head[0]));
        wf least = wf_f16_low(wi_right(head[0], 16)); /* what is added */
        wf_store(to->least[i], wf_mul(least, wf_set(-1)));
        run_nibbles(row, i * 20 + 4, NULL, NULL, to->w[i]);
    }
}

PANEL_KERNELS(q4_1, 32, 20, least, 0);

#endif
