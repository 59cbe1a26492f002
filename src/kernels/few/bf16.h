/* SPDX-License-Identifier: MIT */
/* bf16.h: weights stored as bfloat16, which are the high halves of floats: a vector of
 * pairs is two of floats by a shift and a mask, with the even and the odd inputs. */
#ifndef JC_FEW_BF16_H
#define JC_FEW_BF16_H

#include "kernels/few/dense.h"

/* Of each STEP numbers first the even, then the odd ones. */
static void dense_apart(const jc_few_kernel *kernel, size_t n_in, const float *x, void *out)
{
    float *to = out;

    (void)kernel;
    for (size_t i = 0; i < dense_steps(n_in); i++, to += STEP)
        for (size_t k = 0; k < STEP; k++) {
            size_t from = i * STEP + k % LANES * 2 + k / LANES;
            to[k] = from < n_in ? x[from] : 0;
        }
}

DENSE_KERNEL(bf16, vf_bf16, 2, dense_apart);

#endif
