/* SPDX-License-Identifier: MIT */
/* iq.c: what the IQ2 and IQ3 types share: vectors of 8 or 4 numbers from a grid, whose
 * signs are stored beside them. */
#include "tensor/bits.h"

static const float levels[4] = {8, 25, 43, 0}; /* the fourth is never stored */

void jc_iq2_eight(uint16_t entry, float scale, unsigned signs, float *out)
{
    for (int i = 0; i < 8; i++) {
        float x = scale * levels[entry >> 2 * i & 3];
        out[i] = signs >> i & 1 ? -x : x;
    }
}

void jc_iq3_four(uint16_t entry, const float level[8], float scale, unsigned signs,
                 float *out)
{
    for (int i = 0; i < 4; i++) {
        float x = scale * level[entry >> 4 * i & 7];
        out[i] = signs >> i & 1 ? -x : x;
    }
}

unsigned jc_iq_signs(unsigned seven)
{
    unsigned odd = seven ^ seven >> 4;

    odd ^= odd >> 2;
    odd ^= odd >> 1;
    return seven | (odd & 1) << 7;
}
