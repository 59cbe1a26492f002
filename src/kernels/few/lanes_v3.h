/* SPDX-License-Identifier: MIT */
/* lanes_v3.h: the vectors of lanes.h, by AVX2. */
#ifndef JC_FEW_LANES_V3_H
#define JC_FEW_LANES_V3_H

#include <immintrin.h>

enum { LANES = 8, DENSE_OUTPUTS = 2, REAL_ROWS = 1 };

typedef __m256 vf;

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
INLINE vf vf_fma(vf a, vf b, vf c)
{
    return _mm256_fmadd_ps(a, b, c);
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

typedef struct wf {
    __m256 a, b;
} wf;
typedef struct wi {
    __m256i a, b;
} wi;

INLINE wf wf_load(const float *p)
{
    return (wf){_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)};
}
INLINE void wf_store(float *p, wf x)
{
    _mm256_storeu_ps(p, x.a);
    _mm256_storeu_ps(p + 8, x.b);
}
INLINE wf wf_set(float x)
{
    return (wf){_mm256_set1_ps(x), _mm256_set1_ps(x)};
}
INLINE wf wf_add(wf x, wf y)
{
    return (wf){_mm256_add_ps(x.a, y.a), _mm256_add_ps(x.b, y.b)};
}
INLINE wf wf_mul(wf x, wf y)
{
    return (wf){_mm256_mul_ps(x.a, y.a), _mm256_mul_ps(x.b, y.b)};
}
INLINE wf wf_fma(wf x, wf y, wf z)
{
    return (wf){_mm256_fmadd_ps(x.a, y.a, z.a), _mm256_fmadd_ps(x.b, y.b, z.b)};
}
INLINE wf wf_fnma(wf x, wf y, wf z)
{
    return (wf){_mm256_fnmadd_ps(x.a, y.a, z.a), _mm256_fnmadd_ps(x.b, y.b, z.b)};
}
INLINE wf wf_int(wi x)
{
    return (wf){_mm256_cvtepi32_ps(x.a), _mm256_cvtepi32_ps(x.b)};
}
INLINE wf wf_f16(const uint16_t *p)
{
    return (wf){vf_f16((const void *)p), vf_f16((const void *)(p + 8))};
}
INLINE wf wf_f16_low(wi x)
{
    __m256i low = _mm256_set1_epi32(0xffff);
    __m256i both = _mm256_permute4x64_epi64(
        _mm256_packus_epi32(_mm256_and_si256(x.a, low), _mm256_and_si256(x.b, low)), 0xd8);

    return (wf){_mm256_cvtph_ps(_mm256_castsi256_si128(both)),
                _mm256_cvtph_ps(_mm256_extracti128_si256(both, 1))};
}
INLINE wi wi_load(const void *p)
{
    const __m256i *from = p;

    return (wi){_mm256_loadu_si256(from), _mm256_loadu_si256(from + 1)};
}
INLINE void wi_store(void *p, wi x)
{
    __m256i *to = p;

    _mm256_storeu_si256(to, x.a);
    _mm256_storeu_si256(to + 1, x.b);
}
INLINE wi wi_set(uint32_t x)
{
    return (wi){_mm256_set1_epi32((int)x), _mm256_set1_epi32((int)x)};
}
INLINE wi wi_and(wi x, uint32_t y)
{
    __m256i all = _mm256_set1_epi32((int)y);

    return (wi){_mm256_and_si256(x.a, all), _mm256_and_si256(x.b, all)};
}
INLINE wi wi_or(wi x, wi y)
{
    return (wi){_mm256_or_si256(x.a, y.a), _mm256_or_si256(x.b, y.b)};
}
INLINE wi wi_xor(wi x, uint32_t y)
{
    __m256i all = _mm256_set1_epi32((int)y);

    return (wi){_mm256_xor_si256(x.a, all), _mm256_xor_si256(x.b, all)};
}
INLINE wi wi_left(wi x, unsigned n)
{
    return (wi){_mm256_slli_epi32(x.a, (int)n), _mm256_slli_epi32(x.b, (int)n)};
}
INLINE wi wi_right(wi x, unsigned n)
{
    return (wi){_mm256_srli_epi32(x.a, (int)n), _mm256_srli_epi32(x.b, (int)n)};
}
INLINE wi wi_byte(wi x, int j)
{
    return (wi){_mm256_srai_epi32(_mm256_slli_epi32(x.a, 24 - 8 * j), 24),
                _mm256_srai_epi32(_mm256_slli_epi32(x.b, 24 - 8 * j), 24)};
}
INLINE wi wi_add(wi x, wi y)
{
    return (wi){_mm256_add_epi32(x.a, y.a), _mm256_add_epi32(x.b, y.b)};
}
INLINE wi wi_sub(wi x, uint32_t y)
{
    __m256i all = _mm256_set1_epi32((int)y);

    return (wi){_mm256_sub_epi32(x.a, all), _mm256_sub_epi32(x.b, all)};
}
INLINE wi wi_mul(wi x, uint32_t y)
{
    __m256i all = _mm256_set1_epi32((int)y);

    return (wi){_mm256_mullo_epi32(x.a, all), _mm256_mullo_epi32(x.b, all)};
}
INLINE wi wi_table(wi x, const unsigned char table[16])
{
    __m256i all = _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)table));

    return (wi){_mm256_shuffle_epi8(all, x.a), _mm256_shuffle_epi8(all, x.b)};
}
/* By 16-bit products, which cannot overflow, of the even and of the odd bytes. */
INLINE __m256i dot_half(__m256i sum, __m256i w, __m256i x)
{
    __m256i even = _mm256_madd_epi16(_mm256_and_si256(w, _mm256_set1_epi16(255)),
                                     _mm256_srai_epi16(_mm256_slli_epi16(x, 8), 8));
    __m256i odd = _mm256_madd_epi16(_mm256_srli_epi16(w, 8), _mm256_srai_epi16(x, 8));

    return _mm256_add_epi32(sum, _mm256_add_epi32(even, odd));
}
INLINE wi wi_dot(wi sum, wi w, uint32_t x)
{
    __m256i four = _mm256_set1_epi32((int)x);

    return (wi){dot_half(sum.a, w.a, four), dot_half(sum.b, w.b, four)};
}
INLINE __m256i two_rows(rows16 row, int first, size_t at)
{
    __m256i a =
        _mm256_castsi128_si256(_mm_loadu_si128((const void *)(row_at(row, first) + at)));

    return _mm256_inserti128_si256(
        a, _mm_loadu_si128((const void *)(row_at(row, first + 4) + at)), 1);
}
INLINE void columns_half(rows16 row, int first, size_t at, __m256i out[4])
{
    __m256i a = two_rows(row, first, at), b = two_rows(row, first + 1, at);
    __m256i c = two_rows(row, first + 2, at), d = two_rows(row, first + 3, at);
    __m256i ab = _mm256_unpacklo_epi32(a, b), cd = _mm256_unpacklo_epi32(c, d);

    out[0] = _mm256_unpacklo_epi64(ab, cd);
    out[1] = _mm256_unpackhi_epi64(ab, cd);
    ab = _mm256_unpackhi_epi32(a, b);
    cd = _mm256_unpackhi_epi32(c, d);
    out[2] = _mm256_unpacklo_epi64(ab, cd);
    out[3] = _mm256_unpackhi_epi64(ab, cd);
}
INLINE void columns(rows16 row, size_t at, wi out[4])
{
    __m256i a[4], b[4];

    columns_half(row, 0, at, a);
    columns_half(row, 8, at, b);
    for (int j = 0; j < 4; j++)
        out[j] = (wi){a[j], b[j]};
}

#endif
