/* SPDX-License-Identifier: MIT */
#include "tensor/bits.h"

/* d [2], m [2], scales [12], q [128] */
static void block(const unsigned char *in, float *out)
{
    jc_k_groups(in, NULL, in + 16, out);
}

JC_BLOCKS(Q4_K, 256, 144, 12, block);
