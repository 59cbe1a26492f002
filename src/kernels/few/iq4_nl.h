/* SPDX-License-Identifier: MIT */
/* iq4_nl.h: 32 numbers of 4 bits, each one of sixteen levels, and a scale: d [2], q [16].
 */
#ifndef JC_FEW_IQ4_NL_H
#define JC_FEW_IQ4_NL_H

#include "kernels/few/panel.h"

enum { IQ4_ZERO = 127 };

/* the levels, and IQ4_ZERO */
static const unsigned char iq4_levels[16] = {0,   23,  44,  62,  78,  92,  105, 117,
                                             128, 140, 152, 165, 180, 196, 216, 240};

static void iq4_nl_unpack(rows16 row, size_t runs, unpacked *to)
{
    for (size_t i = 0; i < runs; i++) {
        wi head[4];
        fetch(to, 1);
        columns(row, i * 18, head);
        wf_store(to->scale[i], wf_f16_low(head[0]));
        run_nibbles(row, i * 18 + 2, NULL, iq4_levels, to->w[i]);
    }
}

PANEL_KERNELS(iq4_nl, 32, 18, plain, IQ4_ZERO);

#endif
