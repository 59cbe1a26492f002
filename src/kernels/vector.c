/* SPDX-License-Identifier: MIT */
#include "kernels/vector.h"

extern const jc_vector jc_vector_base;
#if defined(__x86_64__)
extern const jc_vector jc_vector_v3, jc_vector_v4;
#endif

const jc_vector *jc_vector_get(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        return &jc_vector_v4;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return &jc_vector_v3;
#endif
    return &jc_vector_base;
}
