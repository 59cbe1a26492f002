/* SPDX-License-Identifier: MIT */
/*
 * lanes.h: vectors of floats, and of int32 sums of products of bytes, of the instruction
 * set that the including file is compiled for. A vf holds LANES floats.
 */
#ifndef JC_FEW_LANES_H
#define JC_FEW_LANES_H

#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

INLINE float float_of_bits(uint32_t bits)
{
    float x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

#if defined(__AVX512VNNI__) && defined(__AVX512BW__) && defined(__AVX512DQ__)
#include <immintrin.h>

enum { LANES = 16, DENSE_OUTPUTS = 4, INT_ROWS = 8, REAL_ROWS = 4 };

typedef __m512 vf;
typedef __m512i vi;

INLINE vf vf_load(const void *p) /* at any address */
{
    return _mm512_loadu_ps(p);
}
INLINE void vf_store(float *p, vf a)
{
    _mm512_storeu_ps(p, a);
}
INLINE vf vf_set(float x)
{
    return _mm512_set1_ps(x);
}
INLINE vf vf_add(vf a, vf b)
{
    return _mm512_add_ps(a, b);
}
INLINE vf vf_mul(vf a, vf b)
{
    return _mm512_mul_ps(a, b);
}
INLINE vf vf_fma(vf a, vf b, vf c) /* a b + c */
{
    return _mm512_fmadd_ps(a, b, c);
}
INLINE vf vf_fnma(vf a, vf b, vf c) /* c - a b */
{
    return _mm512_fnmadd_ps(a, b, c);
}
INLINE vf vf_f16(const unsigned char *p)
{
    return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(const void *)p));
}
/* The even and the odd ones of 2 LANES bfloat16 numbers. */
INLINE void vf_bf16(const unsigned char *p, vf *even, vf *odd)
{
    __m512i a = _mm512_loadu_si512(p);

    *even = _mm512_castsi512_ps(_mm512_slli_epi32(a, 16));
    *odd = _mm512_castsi512_ps(_mm512_and_si512(a, _mm512_set1_epi32((int)0xffff0000u)));
}
/* The sums of the lanes of each of four vectors, always in one order. */
INLINE void vf_sums(const vf a[4], float out[4])
{
    __m512 ab =
        _mm512_add_ps(_mm512_unpacklo_ps(a[0], a[1]), _mm512_unpackhi_ps(a[0], a[1]));
    __m512 cd =
        _mm512_add_ps(_mm512_unpacklo_ps(a[2], a[3]), _mm512_unpackhi_ps(a[2], a[3]));
    __m512d p = _mm512_castps_pd(ab), q = _mm512_castps_pd(cd);
    __m512 all = _mm512_add_ps(_mm512_castpd_ps(_mm512_unpacklo_pd(p, q)),
                               _mm512_castpd_ps(_mm512_unpackhi_pd(p, q)));
    __m256 half =
        _mm256_add_ps(_mm512_castps512_ps256(all), _mm512_extractf32x8_ps(all, 1));
    _mm_storeu_ps(out,
                  _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1)));
}
INLINE vi vi_set(int x)
{
    return _mm512_set1_epi32(x);
}
/* sum + the four products of bytes of each lane: w unsigned, x the same four signed ones */
INLINE vi vi_dot(vi sum, const unsigned char *w, int x)
{
    return _mm512_dpbusd_epi32(sum, _mm512_loadu_si512(w), _mm512_set1_epi32(x));
}
INLINE vf vf_int(vi a)
{
    return _mm512_cvtepi32_ps(a);
}
/* Byte j of each lane of w, less `zero`, as floats. */
INLINE void vf_bytes(const unsigned char *w, int zero, vf out[4])
{
    __m512i a = _mm512_loadu_si512(w), low = _mm512_set1_epi32(255), z = vi_set(zero);

    out[0] = vf_int(_mm512_sub_epi32(_mm512_and_si512(a, low), z));
    out[1] = vf_int(_mm512_sub_epi32(_mm512_and_si512(_mm512_srli_epi32(a, 8), low), z));
    out[2] = vf_int(_mm512_sub_epi32(_mm512_and_si512(_mm512_srli_epi32(a, 16), low), z));
    out[3] = vf_int(_mm512_sub_epi32(_mm512_srli_epi32(a, 24), z));
}
INLINE __m512i four_rows(const unsigned char *const *row, int first, size_t at)
{
    __m512i a = _mm512_castsi128_si512(_mm_loadu_si128((const void *)(row[first] + at)));

    a = _mm512_inserti32x4(a, _mm_loadu_si128((const void *)(row[first + 4] + at)), 1);
    a = _mm512_inserti32x4(a, _mm_loadu_si128((const void *)(row[first + 8] + at)), 2);
    return _mm512_inserti32x4(a, _mm_loadu_si128((const void *)(row[first + 12] + at)), 3);
}
/* Of the 16 bytes at `at` in each of 16 rows: out [4][16][4], first bytes 0 to 3 of all
 * rows, then bytes 4 to 7, and so on. */
INLINE void columns(const unsigned char *const *row, size_t at, unsigned char *out)
{
    __m512i a = four_rows(row, 0, at), b = four_rows(row, 1, at);
    __m512i c = four_rows(row, 2, at), d = four_rows(row, 3, at);
    __m512i ab = _mm512_unpacklo_epi32(a, b), cd = _mm512_unpacklo_epi32(c, d);

    _mm512_storeu_si512(out, _mm512_unpacklo_epi64(ab, cd));
    _mm512_storeu_si512(out + 64, _mm512_unpackhi_epi64(ab, cd));
    ab = _mm512_unpackhi_epi32(a, b);
    cd = _mm512_unpackhi_epi32(c, d);
    _mm512_storeu_si512(out + 128, _mm512_unpacklo_epi64(ab, cd));
    _mm512_storeu_si512(out + 192, _mm512_unpackhi_epi64(ab, cd));
}

#elif defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)
#include <immintrin.h>

enum { LANES = 8, DENSE_OUTPUTS = 2, INT_ROWS = 4, REAL_ROWS = 2 };

typedef __m256 vf;
typedef __m256i vi;

INLINE vf vf_load(const void *p) /* at any address */
{
    return _mm256_loadu_ps(p);
}
INLINE void vf_store(float *p, vf a)
{
    _mm256_storeu_ps(p, a);
}
INLINE vf vf_set(float x)
{
    return _mm256_set1_ps(x);
}
INLINE vf vf_add(vf a, vf b)
{
    return _mm256_add_ps(a, b);
}
INLINE vf vf_mul(vf a, vf b)
{
    return _mm256_mul_ps(a, b);
}
INLINE vf vf_fma(vf a, vf b, vf c)
{
    return _mm256_fmadd_ps(a, b, c);
}
INLINE vf vf_fnma(vf a, vf b, vf c)
{
    return _mm256_fnmadd_ps(a, b, c);
}
INLINE vf vf_f16(const unsigned char *p)
{
    return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)p));
}
INLINE void vf_bf16(const unsigned char *p, vf *even, vf *odd)
{
    __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)p);

    *even = _mm256_castsi256_ps(_mm256_slli_epi32(a, 16));
    *odd = _mm256_castsi256_ps(_mm256_and_si256(a, _mm256_set1_epi32((int)0xffff0000u)));
}
INLINE void vf_sums(const vf a[4], float out[4])
{
    __m256 all = _mm256_hadd_ps(_mm256_hadd_ps(a[0], a[1]), _mm256_hadd_ps(a[2], a[3]));

    _mm_storeu_ps(out,
                  _mm_add_ps(_mm256_castps256_ps128(all), _mm256_extractf128_ps(all, 1)));
}
INLINE vi vi_set(int x)
{
    return _mm256_set1_epi32(x);
}
/* By 16-bit products, which cannot overflow, of the even and of the odd bytes. */
INLINE vi vi_dot(vi sum, const unsigned char *w, int x)
{
    __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)w);
    __m256i b = _mm256_set1_epi32(x);
    __m256i even = _mm256_madd_epi16(_mm256_and_si256(a, _mm256_set1_epi16(255)),
                                     _mm256_srai_epi16(_mm256_slli_epi16(b, 8), 8));
    __m256i odd = _mm256_madd_epi16(_mm256_srli_epi16(a, 8), _mm256_srai_epi16(b, 8));

    return _mm256_add_epi32(sum, _mm256_add_epi32(even, odd));
}
INLINE vf vf_int(vi a)
{
    return _mm256_cvtepi32_ps(a);
}
INLINE void vf_bytes(const unsigned char *w, int zero, vf out[4])
{
    __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)w);
    __m256i low = _mm256_set1_epi32(255), z = vi_set(zero);

    out[0] = vf_int(_mm256_sub_epi32(_mm256_and_si256(a, low), z));
    out[1] = vf_int(_mm256_sub_epi32(_mm256_and_si256(_mm256_srli_epi32(a, 8), low), z));
    out[2] = vf_int(_mm256_sub_epi32(_mm256_and_si256(_mm256_srli_epi32(a, 16), low), z));
    out[3] = vf_int(_mm256_sub_epi32(_mm256_srli_epi32(a, 24), z));
}
INLINE __m256i two_rows(const unsigned char *const *row, size_t at)
{
    __m256i a = _mm256_castsi128_si256(_mm_loadu_si128((const void *)(row[0] + at)));

    return _mm256_inserti128_si256(a, _mm_loadu_si128((const void *)(row[4] + at)), 1);
}
INLINE void columns(const unsigned char *const *row, size_t at, unsigned char *out)
{
    for (int half = 0; half < 2; half++, row += 8, out += 32) {
        __m256i a = two_rows(row, at), b = two_rows(row + 1, at);
        __m256i c = two_rows(row + 2, at), d = two_rows(row + 3, at);
        __m256i ab = _mm256_unpacklo_epi32(a, b), cd = _mm256_unpacklo_epi32(c, d);
        _mm256_storeu_si256((void *)out, _mm256_unpacklo_epi64(ab, cd));
        _mm256_storeu_si256((void *)(out + 64), _mm256_unpackhi_epi64(ab, cd));
        ab = _mm256_unpackhi_epi32(a, b);
        cd = _mm256_unpackhi_epi32(c, d);
        _mm256_storeu_si256((void *)(out + 128), _mm256_unpacklo_epi64(ab, cd));
        _mm256_storeu_si256((void *)(out + 192), _mm256_unpackhi_epi64(ab, cd));
    }
}

#else /* any machine: four lanes, which a compiler may or may not keep in one register */

enum { LANES = 4, DENSE_OUTPUTS = 2, INT_ROWS = 2, REAL_ROWS = 2 };

typedef float vf __attribute__((vector_size(16)));
typedef int32_t vi __attribute__((vector_size(16)));

INLINE vf vf_load(const void *p) /* at any address */
{
    vf a;

    memcpy(&a, p, sizeof a);
    return a;
}
INLINE void vf_store(float *p, vf a)
{
    memcpy(p, &a, sizeof a);
}
INLINE vf vf_set(float x)
{
    return (vf){x, x, x, x};
}
INLINE vf vf_add(vf a, vf b)
{
    return a + b;
}
INLINE vf vf_mul(vf a, vf b)
{
    return a * b;
}
INLINE vf vf_fma(vf a, vf b, vf c)
{
    return a * b + c;
}
INLINE vf vf_fnma(vf a, vf b, vf c)
{
    return c - a * b;
}
INLINE float float_of_half(uint32_t half)
{
    uint32_t sign = (half & 0x8000) << 16, rest = half & 0x7fff;

    if (rest < 0x0400) /* subnormal: exact as a product */
        return (sign ? -1.0f : 1.0f) * (float)rest * 0x1p-24f;
    if (rest >= 0x7c00)
        return float_of_bits(sign | 0x7f800000u | rest << 13);
    return float_of_bits(sign | ((rest << 13) + ((127u - 15u) << 23)));
}
INLINE uint32_t u16_at(const unsigned char *p)
{
    uint16_t x;

    memcpy(&x, p, sizeof x);
    return x;
}
INLINE vf vf_f16(const unsigned char *p)
{
    return (vf){float_of_half(u16_at(p)), float_of_half(u16_at(p + 2)),
                float_of_half(u16_at(p + 4)), float_of_half(u16_at(p + 6))};
}
INLINE void vf_bf16(const unsigned char *p, vf *even, vf *odd)
{
    uint32_t bits[LANES], low[LANES];

    memcpy(bits, p, sizeof bits);
    for (int i = 0; i < LANES; i++) {
        low[i] = bits[i] << 16;
        bits[i] &= 0xffff0000u;
    }
    memcpy(even, low, sizeof *even);
    memcpy(odd, bits, sizeof *odd);
}
INLINE void vf_sums(const vf a[4], float out[4])
{
    for (int i = 0; i < 4; i++)
        out[i] = (a[i][0] + a[i][2]) + (a[i][1] + a[i][3]);
}
INLINE vi vi_set(int x)
{
    return (vi){x, x, x, x};
}
INLINE vi vi_dot(vi sum, const unsigned char *w, int x)
{
    signed char b[4];

    memcpy(b, &x, sizeof b);
    for (int i = 0; i < LANES; i++)
        for (int j = 0; j < 4; j++)
            sum[i] += w[4 * i + j] * b[j];
    return sum;
}
INLINE vf vf_int(vi a)
{
    return (vf){(float)a[0], (float)a[1], (float)a[2], (float)a[3]};
}
INLINE void vf_bytes(const unsigned char *w, int zero, vf out[4])
{
    for (int j = 0; j < 4; j++)
        out[j] = (vf){(float)(w[j] - zero), (float)(w[4 + j] - zero),
                      (float)(w[8 + j] - zero), (float)(w[12 + j] - zero)};
}
INLINE void columns(const unsigned char *const *row, size_t at, unsigned char *out)
{
    for (int o = 0; o < 16; o++)
        for (int j = 0; j < 4; j++)
            memcpy(out + 64 * j + 4 * o, row[o] + at + 4 * j, 4);
}
#endif

INLINE void prefetch(const void *p)
{
    __builtin_prefetch(p, 0, 3);
}

#endif
