/* SPDX-License-Identifier: MIT */
/* q5_1.h: 32 numbers of 5 bits, a scale and a least value: d [2], m [2], bits [4], q [16].
 */
#ifndef JC_FEW_Q5_1_H
#define JC_FEW_Q5_1_H

#include "kernels/few/panel.h"

static void q5_1_unpack(rows16 row, size_t runs, unpacked *to)
{
    for (size_t i = 0; i < runs; i++) {
        wi head[4];
        fetch(to, 1);
        columns(row, i * 24, head);
        wf_store(to->scale[i], wf_f16_low(head[0]));
        wf least = wf_f16_low(wi_right(head[0], 16)); /* what is added */
        wf_store(to->least[i], wf_mul(least, wf_set(-1)));
        run_nibbles(row, i * 24 + 8, &head[1], NULL, to->w[i]);
    }
}

PANEL_KERNELS(q5_1, 32, 24, least, 0);

#endif
