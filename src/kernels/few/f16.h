/* SPDX-License-Identifier: MIT */
/* f16.h: weights stored as IEEE binary16. */
#ifndef JC_FEW_F16_H
#define JC_FEW_F16_H

#include "kernels/few/dense.h"

INLINE void f16_load(const unsigned char *w, vf *a, vf *b)
{
    *a = vf_f16(w);
    *b = vf_f16(w + 2 * LANES);
}

DENSE_KERNEL(f16, f16_load, 2, dense_plain);

#endif
