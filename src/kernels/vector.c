/* SPDX-License-Identifier: MIT */
#include "kernels/vector.h"

extern const jc_vector jc_vector_base;
#if defined(__x86_64__)
extern const jc_vector jc_vector_v3, jc_vector_v4;
#endif

static bool usable(const jc_vector *set)
{
#if defined(__x86_64__)
    if (set == &jc_vector_v4)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    if (set == &jc_vector_v3)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
    return set == &jc_vector_base;
}

const jc_vector *jc_vector_at(size_t i)
{
    static const jc_vector *const sets[] = {
#if defined(__x86_64__)
        &jc_vector_v4,
        &jc_vector_v3,
#endif
        &jc_vector_base,
    };

    for (size_t s = 0; s < JC_COUNT(sets); s++)
        if (usable(sets[s]) && i-- == 0)
            return sets[s];
    return NULL;
}

const jc_vector *jc_vector_get(void)
{
    return jc_vector_at(0);
}
