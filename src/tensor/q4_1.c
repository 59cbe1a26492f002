/* SPDX-License-Identifier: MIT */
#include "tensor/bits.h"

/* d [2], m [2], q [16] */
static void block(const unsigned char *in, float *out)
{
    unsigned char q[32];

    jc_nibbles(in + 4, q);
    jc_from_least(jc_half_at(in), jc_half_at(in + 2), q, out);
}

JC_BLOCKS(Q4_1, 32, 20, 3, block);
