/* SPDX-License-Identifier: MIT */
#include "tensor/bits.h"

/* d [4], a float, zero [2], a whole number, q [32]. No file has it: weights of 8 bits, and
 * those whose scales Q4_Z has no room for, are put into it (store/packs.c). */
static void block(const unsigned char *in, float *out)
{
    jc_around(jc_from_bits(jc_u32_at(in)), jc_u16_at(in + 4), in + 6, out);
}

JC_BLOCKS(Q8_Z, 32, 38, JC_NOT_GGUF, block);
