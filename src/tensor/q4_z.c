/* SPDX-License-Identifier: MIT */
#include "tensor/bits.h"

/* d [2], zero [2], a whole number, q [16]. No file has it: weights of GPTQ and AWQ are put
 * into it, exactly (store/packs.c). */
static void block(const unsigned char *in, float *out)
{
    const float d = jc_half_at(in);
    const int zero = jc_u16_at(in + 2);
    unsigned char q[32];

    jc_nibbles(in + 4, q);
    jc_around(d, zero, q, out);
}

JC_BLOCKS(Q4_Z, 32, 20, JC_NOT_GGUF, block);
