/* SPDX-License-Identifier: MIT */
#include "tensor/bits.h"

/* d [2], q [16] */
static void block(const unsigned char *in, float *out)
{
    unsigned char q[32];

    jc_nibbles(in + 2, q);
    jc_around(jc_half_at(in), 8, q, out);
}

JC_BLOCKS(Q4_0, 32, 18, 2, block);
