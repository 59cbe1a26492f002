/* SPDX-License-Identifier: MIT */
/* q8_z.h: 32 bytes, a scale and a zero: d [4], a float, zero [2], q [32]. */
#ifndef JC_FEW_Q8_Z_H
#define JC_FEW_Q8_Z_H

#include "kernels/few/panel.h"

static void q8_z_unpack(rows16 row, size_t runs, unpacked *to)
{
    for (size_t i = 0; i < runs; i++) {
        wi head[4], part[8];
        fetch(to, 1);
        columns(row, i * 38, head);
        wi_store(to->scale[i], head[0]);
        wf_store(to->least[i],
                 wf_mul(wf_load(to->scale[i]), wf_int(wi_and(head[1], 0xffff))));
        columns_32(row, i * 38 + 6, part);
        UNROLL(8)
        for (int g = 0; g < 8; g++)
            wi_store(to->w[i] + g * FOURS, part[g]);
    }
}

PANEL_KERNELS(q8_z, 32, 38, least, 0);

#endif
