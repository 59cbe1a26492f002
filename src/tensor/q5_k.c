/* SPDX-License-Identifier: MIT */
#include "tensor/bits.h"

/* d [2], m [2], scales [12], bits [32], q [128] */
static void block(const unsigned char *in, float *out)
{
    jc_k_groups(in, in + 16, in + 48, out);
}

JC_BLOCKS(Q5_K, 256, 176, 13, block);
