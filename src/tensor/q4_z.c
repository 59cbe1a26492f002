/* SPDX-License-Identifier: MIT */
#include "tensor/bits.h"

/* zero [1], a whole number, d [3], the upper bytes of a float, q [16]. No file has it:
 * weights of GPTQ and its kin are put into it, exactly (store/packs.c), as three bytes hold
 * any float16 and bfloat16. */
static void block(const unsigned char *in, float *out)
{
    const uint32_t head = jc_u32_at(in);
    unsigned char q[32];

    jc_nibbles(in + 4, q);
    jc_around(jc_from_bits(head & 0xffffff00u), (int)(head & 255), q, out);
}

JC_BLOCKS(Q4_Z, 32, 20, JC_NOT_GGUF, block);
