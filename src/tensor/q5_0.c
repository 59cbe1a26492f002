/* SPDX-License-Identifier: MIT */
#include "tensor/bits.h"

/* d [2], bits [4], q [16] */
static void block(const unsigned char *in, float *out)
{
    unsigned char q[32];

    jc_nibbles(in + 6, q);
    jc_fifth_bits(in + 2, q);
    jc_around(jc_half_at(in), 16, q, out);
}

JC_BLOCKS(Q5_0, 32, 22, 6, block);
