/* SPDX-License-Identifier: MIT */
/* lanes_base.h: the vectors of lanes.h, by plain C. */
#ifndef JC_FEW_LANES_BASE_H
#define JC_FEW_LANES_BASE_H

enum { LANES = 4, DENSE_OUTPUTS = 2, REAL_ROWS = 1 };

typedef float vf __attribute__((vector_size(16)));

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
INLINE vf vf_fma(vf a, vf b, vf c)
{
    return a * b + c;
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

typedef struct wf {
    float v[16];
} wf;
typedef struct wi {
    uint32_t v[16];
} wi;

INLINE wf wf_load(const float *p)
{
    wf z;

    for (int i = 0; i < 16; i++)
        z.v[i] = p[i];
    return z;
}
INLINE wf wf_set(float x)
{
    wf z;

    for (int i = 0; i < 16; i++)
        z.v[i] = x;
    return z;
}
INLINE wf wf_add(wf x, wf y)
{
    wf z;

    for (int i = 0; i < 16; i++)
        z.v[i] = x.v[i] + y.v[i];
    return z;
}
INLINE wf wf_mul(wf x, wf y)
{
    wf z;

    for (int i = 0; i < 16; i++)
        z.v[i] = x.v[i] * y.v[i];
    return z;
}
INLINE wf wf_fma(wf x, wf y, wf w)
{
    wf z;

    for (int i = 0; i < 16; i++)
        z.v[i] = x.v[i] * y.v[i] + w.v[i];
    return z;
}
INLINE wf wf_fnma(wf x, wf y, wf w)
{
    wf z;

    for (int i = 0; i < 16; i++)
        z.v[i] = w.v[i] - x.v[i] * y.v[i];
    return z;
}
INLINE wf wf_int(wi x)
{
    wf z;

    for (int i = 0; i < 16; i++)
        z.v[i] = (float)(int32_t)x.v[i];
    return z;
}
INLINE wf wf_f16(const uint16_t *p)
{
    wf z;

    for (int i = 0; i < 16; i++)
        z.v[i] = float_of_half(p[i]);
    return z;
}
INLINE wf wf_f16_low(wi x)
{
    wf z;

    for (int i = 0; i < 16; i++)
        z.v[i] = float_of_half(x.v[i] & 0xffff);
    return z;
}
INLINE wi wi_set(uint32_t x)
{
    wi z;

    for (int i = 0; i < 16; i++)
        z.v[i] = x;
    return z;
}
INLINE wi wi_and(wi x, uint32_t y)
{
    wi z;

    for (int i = 0; i < 16; i++)
        z.v[i] = x.v[i] & y;
    return z;
}
INLINE wi wi_or(wi x, wi y)
{
    wi z;

    for (int i = 0; i < 16; i++)
        z.v[i] = x.v[i] | y.v[i];
    return z;
}
INLINE wi wi_xor(wi x, uint32_t y)
{
    wi z;

    for (int i = 0; i < 16; i++)
        z.v[i] = x.v[i] ^ y;
    return z;
}
INLINE wi wi_left(wi x, unsigned n)
{
    wi z;

    for (int i = 0; i < 16; i++)
        z.v[i] = x.v[i] << n;
    return z;
}
INLINE wi wi_right(wi x, unsigned n)
{
    wi z;

    for (int i = 0; i < 16; i++)
        z.v[i] = x.v[i] >> n;
    return z;
}
INLINE wi wi_byte(wi x, int j)
{
    wi z;

    for (int i = 0; i < 16; i++)
        z.v[i] = (uint32_t)(int8_t)(x.v[i] >> 8 * j & 255);
    return z;
}
INLINE wi wi_add(wi x, wi y)
{
    wi z;

    for (int i = 0; i < 16; i++)
        z.v[i] = x.v[i] + y.v[i];
    return z;
}
INLINE wi wi_sub(wi x, uint32_t y)
{
    wi z;

    for (int i = 0; i < 16; i++)
        z.v[i] = x.v[i] - y;
    return z;
}
INLINE wi wi_mul(wi x, uint32_t y)
{
    wi z;

    for (int i = 0; i < 16; i++)
        z.v[i] = x.v[i] * y;
    return z;
}
INLINE wi wi_table(wi x, const unsigned char table[16])
{
    wi z;

    for (int i = 0; i < 16; i++) {
        z.v[i] = 0;
        for (int j = 0; j < 32; j += 8)
            z.v[i] |= (uint32_t)table[x.v[i] >> j & 15] << j;
    }
    return z;
}
INLINE void wf_store(float *p, wf x)
{
    memcpy(p, x.v, sizeof x.v);
}
INLINE wi wi_load(const void *p)
{
    wi x;

    memcpy(x.v, p, sizeof x.v);
    return x;
}
INLINE void wi_store(void *p, wi x)
{
    memcpy(p, x.v, sizeof x.v);
}
INLINE wi wi_dot(wi sum, wi w, uint32_t x)
{
    for (int j = 0; j < 32; j += 8)
        for (int i = 0; i < 16; i++)
            sum.v[i] += (uint32_t)((int)(w.v[i] >> j & 255) * (int8_t)(x >> j & 255));
    return sum;
}
INLINE void columns(rows16 row, size_t at, wi out[4])
{
    for (int o = 0; o < 16; o++)
        for (int j = 0; j < 4; j++)
            memcpy(&out[j].v[o], row_at(row, o) + at + 4 * j, 4);
}

#endif
