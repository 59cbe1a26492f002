/* SPDX-License-Identifier: MIT */
/* rng.c: splitmix64 (Steele, Lea and Flood 2014). */
#include "base/base.h"

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint64_t jc_rng_next(jc_rng *rng)
{
    rng->state += 0x9e3779b97f4a7c15u;
    return mix(rng->state);
}

double jc_rng_uniform(jc_rng *rng)
{
    return (double)(jc_rng_next(rng) >> 11) * 0x1p-53;
}

uint64_t jc_rng_below(jc_rng *rng, uint64_t n)
{
    uint64_t limit = UINT64_MAX - UINT64_MAX % n; /* a multiple of n */
    uint64_t x = jc_rng_next(rng);

    while (x >= limit)
        x = jc_rng_next(rng);
    return x % n;
}

jc_rng jc_rng_at(uint64_t seed, uint64_t index)
{
    return (jc_rng){
        mix(mix(seed + 0x9e3779b97f4a7c15u) ^ mix(index + 0xd1b54a32d192ed03u))};
}
