/* SPDX-License-Identifier: MIT */
/* half.c: float16 to and from float32, by the machine's instruction where it has one. */
#include "kernels/half.h"

#include <stdbool.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>

__attribute__((target("avx,f16c"))) static size_t from_f16c(size_t n, const float *x,
                                                            uint16_t *out)
{
    size_t i = 0;

    for (; i + 8 <= n; i += 8)
        _mm_storeu_si128(
            (__m128i *)(void *)(out + i),
            _mm256_cvtps_ph(_mm256_loadu_ps(x + i), _MM_FROUND_TO_NEAREST_INT));
    return i;
}

__attribute__((target("avx,f16c"))) static size_t to_f16c(size_t n, const uint16_t *x,
                                                          float *out)
{
    size_t i = 0;

    for (; i + 8 <= n; i += 8)
        _mm256_storeu_ps(out + i, _mm256_cvtph_ps(_mm_loadu_si128(
                                      (const __m128i *)(const void *)(x + i))));
    return i;
}

static bool has_f16c(void)
{
    return __builtin_cpu_supports("avx2"); /* whoever has it has f16c */
}
#elif defined(__aarch64__)
#include <arm_neon.h>

static size_t from_f16c(size_t n, const float *x, uint16_t *out)
{
    size_t i = 0;

    for (; i + 4 <= n; i += 4)
        vst1_u16(out + i, vreinterpret_u16_f16(vcvt_f16_f32(vld1q_f32(x + i))));
    return i;
}

static size_t to_f16c(size_t n, const uint16_t *x, float *out)
{
    size_t i = 0;

    for (; i + 4 <= n; i += 4)
        vst1q_f32(out + i, vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(x + i))));
    return i;
}

static bool has_f16c(void)
{
    return true;
}
#else
static size_t from_f16c(size_t n, const float *x, uint16_t *out)
{
    (void)n, (void)x, (void)out;
    return 0;
}

static size_t to_f16c(size_t n, const uint16_t *x, float *out)
{
    (void)n, (void)x, (void)out;
    return 0;
}

static bool has_f16c(void)
{
    return false;
}
#endif

static uint16_t half_of(float x)
{
    uint32_t bits, sign, rest;

    memcpy(&bits, &x, sizeof bits);
    sign = bits >> 16 & 0x8000;
    rest = bits & 0x7fffffff;
    if (rest > 0x7f800000) /* NaN */
        return (uint16_t)(sign | 0x7e00 | (rest >> 13 & 0x3ff));
    if (rest >= 0x477ff000) /* rounds to more than 65504 */
        return (uint16_t)(sign | 0x7c00);
    if (rest < 0x38800000) { /* subnormal: in units of 2^-24 */
        float scaled;
        memcpy(&scaled, &rest, sizeof scaled);
        scaled += 0.5f; /* its last bit is 2^-24 there, so the sum rounds to even */
        memcpy(&rest, &scaled, sizeof rest);
        return (uint16_t)(sign | (rest - 0x3f000000));
    }
    rest += 0xfff + (rest >> 13 & 1);
    return (uint16_t)(sign | (rest - 0x38000000) >> 13);
}

static float float_of(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = h >> 10 & 31, m = h & 0x3ff;
    uint32_t bits = sign | (exponent + 112) << 23 | m << 13;
    float x;

    if (exponent == 31)
        bits = sign | 0x7f800000 | m << 13 | (m ? 0x400000 : 0);
    if (exponent == 0) {
        x = (float)m * 0x1p-24f;
        return sign ? -x : x;
    }
    memcpy(&x, &bits, sizeof x);
    return x;
}

void jc_half_from(size_t n, const float *x, uint16_t *out)
{
    for (size_t i = has_f16c() ? from_f16c(n, x, out) : 0; i < n; i++)
        out[i] = half_of(x[i]);
}

void jc_half_to(size_t n, const uint16_t *x, float *out)
{
    for (size_t i = has_f16c() ? to_f16c(n, x, out) : 0; i < n; i++)
        out[i] = float_of(x[i]);
}
