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
