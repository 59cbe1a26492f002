/* SPDX-License-Identifier: MIT */
/* q4_z.h: 32 numbers of 4 bits, a zero and a scale: zero [1], d [3], the upper bytes of a
 * float, q [16]. */
#ifndef JC_FEW_Q4_Z_H
#define JC_FEW_Q4_Z_H

#include "kernels/few/panel.h"

static void q4_z_unpack(rows16 row, size_t runs, unpacked *to)
{
    for (size_t i = 0; i < runs; i++) {
        wi head[4];
        fetch(to, 1);
        columns(row, i * 20, head);
        wi_store(to->scale[i], wi_and(head[0], 0xffffff00u));
        wf_store(to->least[i], wf_mul(wf_load(to->scale[i]), wf_int(wi_and(head[0], 255))));
        run_nibbles(row, i * 20 + 4, NULL, NULL, to->w[i]);
    }
}

PANEL_KERNELS(q4_z, 32, 20, least, 0);

#endif
