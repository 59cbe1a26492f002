/* SPDX-License-Identifier: MIT */
/* f32.h: weights stored as float32. */
#ifndef JC_FEW_F32_H
#define JC_FEW_F32_H

#include "kernels/few/dense.h"

INLINE void f32_load(const unsigned char *w, vf *a, vf *b)
{
    const float *p = (const float *)(const void *)w; /* at any address: vf_load() may */

    *a = vf_load(p);
    *b = vf_load(p + LANES);
}

DENSE_KERNEL(f32, f32_load, 4, dense_plain);

#endif
