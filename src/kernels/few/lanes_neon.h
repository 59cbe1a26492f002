/* SPDX-License-Identifier: MIT */
/* lanes_neon.h: the vectors of lanes.h, by what every arm64 processor has. */
#ifndef JC_FEW_LANES_NEON_H
#define JC_FEW_LANES_NEON_H

#include <arm_neon.h>

enum { LANES = 4, DENSE_OUTPUTS = 2, REAL_ROWS = 1 };

typedef float32x4_t vf;

INLINE vf vf_load(const void *p) /* at any address */
{
    return vreinterpretq_f32_u8(vld1q_u8(p));
}
INLINE void vf_store(float *p, vf a)
{
    vst1q_f32(p, a);
}
INLINE vf vf_set(float x)
{
    return vdupq_n_f32(x);
}
INLINE vf vf_fma(vf a, vf b, vf c)
{
    return vfmaq_f32(c, a, b);
}
INLINE vf vf_f16(const unsigned char *p)
{
    return vcvt_f32_f16(vreinterpret_f16_u8(vld1_u8(p)));
}
INLINE void vf_bf16(const unsigned char *p, vf *even, vf *odd)
{
    uint32x4_t a = vreinterpretq_u32_u8(vld1q_u8(p));

    *even = vreinterpretq_f32_u32(vshlq_n_u32(a, 16));
    *odd = vreinterpretq_f32_u32(vandq_u32(a, vdupq_n_u32(0xffff0000u)));
}
INLINE void vf_sums(const vf a[4], float out[4])
{
    vst1q_f32(out, vpaddq_f32(vpaddq_f32(a[0], a[1]), vpaddq_f32(a[2], a[3])));
}

typedef struct wf {
    float32x4_t v[4];
} wf;
typedef struct wi {
    uint32x4_t v[4];
} wi;

/* z = expression of each quarter i */
#define EACH(type, expression)                                                             \
    type z;                                                                                \
    UNROLL(4)                                                                              \
    for (int i = 0; i < 4; i++)                                                            \
        z.v[i] = (expression);                                                             \
    return z

INLINE wf wf_load(const float *p)
{
    EACH(wf, vf_load(p + 4 * i));
}
INLINE void wf_store(float *p, wf x)
{
    for (int i = 0; i < 4; i++)
        vst1q_f32(p + 4 * i, x.v[i]);
}
INLINE wf wf_set(float x)
{
    EACH(wf, vdupq_n_f32(x));
}
INLINE wf wf_add(wf x, wf y)
{
    EACH(wf, vaddq_f32(x.v[i], y.v[i]));
}
INLINE wf wf_mul(wf x, wf y)
{
    EACH(wf, vmulq_f32(x.v[i], y.v[i]));
}
INLINE wf wf_fma(wf x, wf y, wf w)
{
    EACH(wf, vfmaq_f32(w.v[i], x.v[i], y.v[i]));
}
INLINE wf wf_fnma(wf x, wf y, wf w)
{
    EACH(wf, vfmsq_f32(w.v[i], x.v[i], y.v[i]));
}
INLINE wf wf_int(wi x)
{
    EACH(wf, vcvtq_f32_s32(vreinterpretq_s32_u32(x.v[i])));
}
INLINE wf wf_f16(const uint16_t *p)
{
    EACH(wf, vf_f16((const unsigned char *)p + 8 * i));
}
INLINE wf wf_f16_low(wi x)
{
    EACH(wf, vcvt_f32_f16(vreinterpret_f16_u16(vmovn_u32(x.v[i]))));
}
INLINE wi wi_load(const void *p)
{
    const unsigned char *from = p;

    EACH(wi, vreinterpretq_u32_u8(vld1q_u8(from + 16 * i)));
}
INLINE void wi_store(void *p, wi x)
{
    unsigned char *to = p;

    for (int i = 0; i < 4; i++)
        vst1q_u8(to + 16 * i, vreinterpretq_u8_u32(x.v[i]));
}
INLINE wi wi_set(uint32_t x)
{
    EACH(wi, vdupq_n_u32(x));
}
INLINE wi wi_and(wi x, uint32_t y)
{
    EACH(wi, vandq_u32(x.v[i], vdupq_n_u32(y)));
}
INLINE wi wi_or(wi x, wi y)
{
    EACH(wi, vorrq_u32(x.v[i], y.v[i]));
}
INLINE wi wi_xor(wi x, uint32_t y)
{
    EACH(wi, veorq_u32(x.v[i], vdupq_n_u32(y)));
}
INLINE wi wi_left(wi x, unsigned n)
{
    EACH(wi, vshlq_u32(x.v[i], vdupq_n_s32((int)n)));
}
INLINE wi wi_right(wi x, unsigned n)
{
    EACH(wi, vshlq_u32(x.v[i], vdupq_n_s32(-(int)n)));
}
/* Byte j of each lane, with its sign. */
INLINE uint32x4_t signed_byte(uint32x4_t x, int j)
{
    int32x4_t top = vreinterpretq_s32_u32(vshlq_u32(x, vdupq_n_s32(24 - 8 * j)));

    return vreinterpretq_u32_s32(vshrq_n_s32(top, 24));
}
INLINE wi wi_byte(wi x, int j)
{
    EACH(wi, signed_byte(x.v[i], j));
}
INLINE wi wi_add(wi x, wi y)
{
    EACH(wi, vaddq_u32(x.v[i], y.v[i]));
}
INLINE wi wi_sub(wi x, uint32_t y)
{
    EACH(wi, vsubq_u32(x.v[i], vdupq_n_u32(y)));
}
INLINE wi wi_mul(wi x, uint32_t y)
{
    EACH(wi, vmulq_u32(x.v[i], vdupq_n_u32(y)));
}
INLINE wi wi_table(wi x, const unsigned char table[16])
{
    const uint8x16_t all = vld1q_u8(table);

    EACH(wi, vreinterpretq_u32_u8(vqtbl1q_u8(all, vreinterpretq_u8_u32(x.v[i]))));
}
/* The products of two lanes' bytes, w without and x with signs, in 16 bits; each lane's
 * four are added up in pairs. */
INLINE int32x4_t dot_two(uint8x8_t w, int16x8_t x)
{
    int16x8_t wide = vreinterpretq_s16_u16(vmovl_u8(w));

    return vpaddq_s32(vmull_s16(vget_low_s16(wide), vget_low_s16(x)),
                      vmull_high_s16(wide, x));
}
INLINE uint32x4_t dot_four(uint32x4_t sum, uint32x4_t lanes, int16x8_t x)
{
    uint8x16_t w = vreinterpretq_u8_u32(lanes);
    int32x4_t all = vpaddq_s32(dot_two(vget_low_u8(w), x), dot_two(vget_high_u8(w), x));

    return vaddq_u32(sum, vreinterpretq_u32_s32(all));
}
INLINE wi wi_dot(wi sum, wi w, uint32_t x)
{
    int16x8_t four = vmovl_s8(vreinterpret_s8_u32(vdup_n_u32(x)));

    EACH(wi, dot_four(sum.v[i], w.v[i], four));
}
/* Four rows of four numbers, turned. */
INLINE void turn(const uint32x4_t row[4], uint32x4_t out[4])
{
    uint64x2_t ab = vreinterpretq_u64_u32(vtrn1q_u32(row[0], row[1]));
    uint64x2_t cd = vreinterpretq_u64_u32(vtrn1q_u32(row[2], row[3]));
    uint64x2_t ab_odd = vreinterpretq_u64_u32(vtrn2q_u32(row[0], row[1]));
    uint64x2_t cd_odd = vreinterpretq_u64_u32(vtrn2q_u32(row[2], row[3]));

    out[0] = vreinterpretq_u32_u64(vtrn1q_u64(ab, cd));
    out[1] = vreinterpretq_u32_u64(vtrn1q_u64(ab_odd, cd_odd));
    out[2] = vreinterpretq_u32_u64(vtrn2q_u64(ab, cd));
    out[3] = vreinterpretq_u32_u64(vtrn2q_u64(ab_odd, cd_odd));
}
INLINE void columns(rows16 row, size_t at, wi out[4])
{
    UNROLL(4)
    for (int i = 0; i < 4; i++) {
        uint32x4_t four[4], turned[4];
        for (int r = 0; r < 4; r++)
            four[r] = vreinterpretq_u32_u8(vld1q_u8(row_at(row, 4 * i + r) + at));
        turn(four, turned);
        for (int j = 0; j < 4; j++)
            out[j].v[i] = turned[j];
    }
}

#undef EACH
#endif
