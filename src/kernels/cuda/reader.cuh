/* SPDX-License-Identifier: MIT */
/* reader.cuh: the numbers of a weight, four at a time, whatever it is stored as. */
#ifndef JC_CUDA_READER_CUH
#define JC_CUDA_READER_CUH

#include "kernels/cuda/math.cuh"

/* k is a multiple of 4; numbers past n_in are zero. */
template <class T> struct reader {
    const T *x;
    size_t stride;

    reader(const jc_cuda_weight &w) : x((const T *)w.data), stride(w.stride)
    {
    }
    __device__ __forceinline__ float4 read(size_t row, size_t k) const
    {
        return four(x + row * stride + k);
    }
    /* The start of a row is brought near: 128 bytes a lane. */
    __device__ __forceinline__ void prefetch(size_t row, int lane, size_t n) const
    {
        size_t at = (size_t)lane * (128 / sizeof(*x));

        if (at < n)
            asm volatile("prefetch.global.L2 [%0];" ::"l"(x + row * stride + at));
    }
    /* Eight, from a multiple of eight on. */
    __device__ __forceinline__ void eight(float4 *to, size_t row, size_t k) const
    {
        struct alignas(sizeof(T) == 2 ? 16 : 4) {
            T x[8];
        } all;
        const T *from = x + row * stride + k;

        if (sizeof(T) == 2)
            *(uint4 *)&all = *(const uint4 *)from;
        to[0] = sizeof(T) == 2 ? four(all.x) : four(from);
        to[1] = sizeof(T) == 2 ? four(all.x + 4) : four(from + 4);
    }
};

template <> struct reader<int8_t> {
    const int8_t *x;
    const float *scales;
    size_t stride;

    reader(const jc_cuda_weight &w)
        : x((const int8_t *)w.data), scales(w.scales), stride(w.stride)
    {
    }
    __device__ __forceinline__ float4 read(size_t row, size_t k) const
    {
        char4 q = *(const char4 *)(x + row * stride + k);
        float s = scales[(row * stride + k) / 32];

        return make_float4(s * q.x, s * q.y, s * q.z, s * q.w);
    }
    __device__ __forceinline__ void prefetch(size_t row, int lane, size_t n) const
    {
        size_t at = (size_t)lane * (128 / sizeof(*x));

        if (at < n)
            asm volatile("prefetch.global.L2 [%0];" ::"l"(x + row * stride + at));
    }
    __device__ __forceinline__ void eight(float4 *to, size_t row, size_t k) const
    {
        uint2 bits = *(const uint2 *)(x + row * stride + k);
        float s = scales[(row * stride + k) / 32];
        char4 a = *(const char4 *)&bits.x, b = *(const char4 *)&bits.y;

        to[0] = make_float4(s * a.x, s * a.y, s * a.z, s * a.w);
        to[1] = make_float4(s * b.x, s * b.y, s * b.z, s * b.w);
    }
};

/* Four numbers of a row of n, zeros past its end. */
template <bool ALIGNED>
static __device__ __forceinline__ float4 four_of(const float *row, size_t k, size_t n)
{
    if (ALIGNED)
        return k < n ? *(const float4 *)(row + k) : make_float4(0, 0, 0, 0);
    return make_float4(k < n ? row[k] : 0, k + 1 < n ? row[k + 1] : 0,
                       k + 2 < n ? row[k + 2] : 0, k + 3 < n ? row[k + 3] : 0);
}

/* Whether rows of x can be read four at a time. */
static inline bool aligned(const void *x, size_t n)
{
    return n % 4 == 0 && (uintptr_t)x % 16 == 0;
}

#endif
