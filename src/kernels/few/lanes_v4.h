/* SPDX-License-Identifier: MIT */
/* lanes_v4.h: the vectors of lanes.h, by AVX-512 with VNNI. */
#ifndef JC_FEW_LANES_V4_H
#define JC_FEW_LANES_V4_H

#include <immintrin.h>

enum { LANES = 16, DENSE_OUTPUTS = 4, REAL_ROWS = 4 };

typedef __m512 vf;

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
INLINE vf vf_fma(vf a, vf b, vf c) /* a b + c */
{
    return _mm512_fmadd_ps(a, b, c);
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

typedef __m512 wf;
typedef __m512i wi;

INLINE wf wf_load(const float *p)
{
    return _mm512_loadu_ps(p);
}
INLINE void wf_store(float *p, wf a)
{
    _mm512_storeu_ps(p, a);
}
INLINE wf wf_set(float x)
{
    return _mm512_set1_ps(x);
}
INLINE wf wf_add(wf a, wf b)
{
    return _mm512_add_ps(a, b);
}
INLINE wf wf_mul(wf a, wf b)
{
    return _mm512_mul_ps(a, b);
}
INLINE wf wf_fma(wf a, wf b, wf c) /* a b + c */
{
    return _mm512_fmadd_ps(a, b, c);
}
INLINE wf wf_fnma(wf a, wf b, wf c) /* c - a b */
{
    return _mm512_fnmadd_ps(a, b, c);
}
INLINE wf wf_int(wi a)
{
    return _mm512_cvtepi32_ps(a);
}
INLINE wf wf_f16(const uint16_t *p)
{
    return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(const void *)p));
}
INLINE wf wf_f16_low(wi a) /* of the low half of each lane */
{
    return _mm512_cvtph_ps(_mm512_cvtepi32_epi16(a));
}
INLINE wi wi_load(const void *p)
{
    return _mm512_loadu_si512(p);
}
INLINE void wi_store(void *p, wi a)
{
    _mm512_storeu_si512(p, a);
}
INLINE wi wi_set(uint32_t x)
{
    return _mm512_set1_epi32((int)x);
}
INLINE wi wi_and(wi a, uint32_t x)
{
    return _mm512_and_si512(a, wi_set(x));
}
INLINE wi wi_or(wi a, wi b)
{
    return _mm512_or_si512(a, b);
}
INLINE wi wi_xor(wi a, uint32_t x)
{
    return _mm512_xor_si512(a, wi_set(x));
}
INLINE wi wi_left(wi a, unsigned n)
{
    return _mm512_slli_epi32(a, n);
}
INLINE wi wi_right(wi a, unsigned n) /* zeros come in */
{
    return _mm512_srli_epi32(a, n);
}
INLINE wi wi_byte(wi a, int j) /* signed byte j of each lane */
{
    return _mm512_srai_epi32(_mm512_slli_epi32(a, (unsigned)(24 - 8 * j)), 24);
}
INLINE wi wi_add(wi a, wi b)
{
    return _mm512_add_epi32(a, b);
}
INLINE wi wi_sub(wi a, uint32_t x)
{
    return _mm512_sub_epi32(a, wi_set(x));
}
INLINE wi wi_mul(wi a, uint32_t x)
{
    return _mm512_mullo_epi32(a, wi_set(x));
}
INLINE wi wi_table(wi a,
                   const unsigned char table[16]) /* byte a of it, of each byte < 16 */
{
    const __m128i all = _mm_loadu_si128((const void *)table);

    return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(all), a);
}
/* sum + the four products of bytes of each lane: w unsigned, x the same four signed ones */
INLINE wi wi_dot(wi sum, wi w, uint32_t x)
{
    return _mm512_dpbusd_epi32(sum, w, wi_set(x));
}
INLINE wi wi_fifth(wi w, wi bits, int g)
{
    const __m512i byte = _mm512_set_epi32(
        0x0c0c0c0c, 0x08080808, 0x04040404, 0, 0x0c0c0c0c, 0x08080808, 0x04040404, 0,
        0x0c0c0c0c, 0x08080808, 0x04040404, 0, 0x0c0c0c0c, 0x08080808, 0x04040404, 0);
    const __m512i spread =
        _mm512_shuffle_epi8(bits, _mm512_add_epi8(byte, _mm512_set1_epi8((char)(g / 2))));
    const __mmask64 set =
        _mm512_test_epi8_mask(spread, wi_set(g % 2 ? 0x80402010 : 0x08040201));

    return _mm512_mask_add_epi8(w, set, w, _mm512_set1_epi8(16));
}
INLINE __m512i four_rows(rows16 row, int first, size_t at)
{
    __m512i a =
        _mm512_castsi128_si512(_mm_loadu_si128((const void *)(row_at(row, first) + at)));

    a = _mm512_inserti32x4(a, _mm_loadu_si128((const void *)(row_at(row, first + 4) + at)),
                           1);
    a = _mm512_inserti32x4(a, _mm_loadu_si128((const void *)(row_at(row, first + 8) + at)),
                           2);
    return _mm512_inserti32x4(
        a, _mm_loadu_si128((const void *)(row_at(row, first + 12) + at)), 3);
}
/* Of the 16 bytes at `at` in each of 16 rows: bytes 0 to 3 of all rows, then bytes 4 to 7,
 * and so on. */
INLINE void columns(rows16 row, size_t at, wi out[4])
{
    __m512i a = four_rows(row, 0, at), b = four_rows(row, 1, at);
    __m512i c = four_rows(row, 2, at), d = four_rows(row, 3, at);
    __m512i ab = _mm512_unpacklo_epi32(a, b), cd = _mm512_unpacklo_epi32(c, d);

    out[0] = _mm512_unpacklo_epi64(ab, cd);
    out[1] = _mm512_unpackhi_epi64(ab, cd);
    ab = _mm512_unpackhi_epi32(a, b);
    cd = _mm512_unpackhi_epi32(c, d);
    out[2] = _mm512_unpacklo_epi64(ab, cd);
    out[3] = _mm512_unpackhi_epi64(ab, cd);
}

INLINE __m512i two_rows(rows16 row, int first, size_t at)
{
    __m512i a =
        _mm512_castsi256_si512(_mm256_loadu_si256((const void *)(row_at(row, first) + at)));

    return _mm512_inserti64x4(
        a, _mm256_loadu_si256((const void *)(row_at(row, first + 4) + at)), 1);
}
INLINE void eight_rows(rows16 row, int first, size_t at, __m512i out[4])
{
    __m512i a = two_rows(row, first, at), b = two_rows(row, first + 1, at);
    __m512i c = two_rows(row, first + 2, at), d = two_rows(row, first + 3, at);
    __m512i ab = _mm512_unpacklo_epi32(a, b), cd = _mm512_unpacklo_epi32(c, d);

    out[0] = _mm512_unpacklo_epi64(ab, cd);
    out[1] = _mm512_unpackhi_epi64(ab, cd);
    ab = _mm512_unpackhi_epi32(a, b);
    cd = _mm512_unpackhi_epi32(c, d);
    out[2] = _mm512_unpacklo_epi64(ab, cd);
    out[3] = _mm512_unpackhi_epi64(ab, cd);
}
/* The same of 32 bytes. */
INLINE void columns_32(rows16 row, size_t at, wi out[8])
{
    __m512i low[4], high[4];

    eight_rows(row, 0, at, low);
    eight_rows(row, 8, at, high);
    UNROLL(4)
    for (int j = 0; j < 4; j++) {
        out[j] = _mm512_shuffle_i32x4(low[j], high[j], 0x88);
        out[4 + j] = _mm512_shuffle_i32x4(low[j], high[j], 0xdd);
    }
}

#endif
