/* SPDX-License-Identifier: MIT */
#include "kernels/few/set.h"

extern const jc_few_set jc_few_base;
#if defined(__x86_64__)
extern const jc_few_set jc_few_v3, jc_few_v4;
#endif

bool jc_few_set_runs(const jc_few_set *set)
{
#if defined(__x86_64__)
    if (set == &jc_few_v4)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
               __builtin_cpu_supports("avx512vnni");
    if (set == &jc_few_v3)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
    (void)set;
    return true;
}

const jc_few_set *jc_few_set_get(void)
{
    const jc_few_set *const *set = jc_few_sets();

    while (!jc_few_set_runs(*set))
        set++;
    return *set;
}

const jc_few_set *const *jc_few_sets(void)
{
    static const jc_few_set *const sets[] = {
#if defined(__x86_64__)
        &jc_few_v4,
        &jc_few_v3,
#endif
        &jc_few_base,
        NULL
    };

    return sets;
}
