/* SPDX-License-Identifier: MIT */
/* iq4_xs.h: 256 numbers of 4 bits, each one of IQ4_NL's levels, in groups of 32: d [2],
 * high [2], low [4], q [128]. A group's scale has 6 bits, around 32: four of `low`, two of
 * `high`. */
#ifndef JC_FEW_IQ4_XS_H
#define JC_FEW_IQ4_XS_H

#include "kernels/few/iq4_nl.h"

static void iq4_xs_unpack(rows16 row, size_t runs, unpacked *to)
{
    wi head[4];

    (void)runs; /* RUNS: a block */
    columns(row, 0, head);
    const wf d = wf_f16_low(head[0]);
    UNROLL(8)
    for (unsigned g = 0; g < 8; g++) {
        wi low = wi_and(wi_right(head[1], 4 * g), 15);
        wi high = wi_and(wi_right(head[0], 16 + 2 * g), 3);
        wi scale = wi_sub(wi_or(low, wi_left(high, 4)), 32);
        wf_store(to->scale[g], wf_mul(d, wf_int(scale)));
    }
    for (size_t g = 0; g < 8; g++) {
        fetch(to, 1);
        run_nibbles(row, 8 + 16 * g, NULL, iq4_levels, to->w[g]);
    }
}

PANEL_KERNELS(iq4_xs, 256, 136, plain, IQ4_ZERO);

#endif
