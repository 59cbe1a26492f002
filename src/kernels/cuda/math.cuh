/* SPDX-License-Identifier: MIT */
/* math.cuh: what several kernels compute. */
#ifndef JC_CUDA_MATH_CUH
#define JC_CUDA_MATH_CUH

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include "kernels/cuda/launch.h"

#define ALL_LANES 0xffffffffu

/* In the order of jc_act. */
enum { ACT_NONE, ACT_GELU, ACT_GELU_TANH, ACT_RELU, ACT_RELU2, ACT_SILU, ACT_SIGMOID };

/* A call, since products have many numbers to a thread, and code for each would not fit in
 * the cache of instructions. */
static __device__ __noinline__ float activate(int act, float x)
{
    switch (act) {
    case ACT_GELU:
        return 0.5f * x * (1 + erff(x * 0.70710678f));
    case ACT_GELU_TANH:
        return x - x / (1 + expf(1.5957691f * (x + 0.044715f * x * x * x)));
    case ACT_RELU:
        return x < 0 ? 0 : x;
    case ACT_RELU2:
        return x < 0 ? 0 : x * x;
    case ACT_SILU:
        return x / (1 + expf(-x));
    case ACT_SIGMOID:
        return 1 / (1 + expf(-x));
    default:
        return x;
    }
}

/* N neighbouring outputs of a row from `o` on, with what a layer does to sums. */
template <int N>
static __device__ __forceinline__ void finish(float *y, size_t o, size_t n_out,
                                              const float *sums, const float *bias, int act,
                                              int add)
{
    float z[N];

    if (o >= n_out)
        return;
#pragma unroll
    for (int i = 0; i < N; i++) {
        z[i] = sums[i] + (bias && o + i < n_out ? bias[o + i] : 0);
        if (act != ACT_NONE)
            z[i] = activate(act, z[i]);
    }
    if (n_out % N || (size_t)y % (4 * N)) {
#pragma unroll
        for (int i = 0; i < N; i++)
            if (o + i < n_out)
                y[o + i] = add ? y[o + i] + z[i] : z[i];
        return;
    }
    struct alignas(4 * N) run {
        float x[N];
    } *to = (run *)(y + o), all;
    if (add) {
        all = *to;
#pragma unroll
        for (int i = 0; i < N; i++)
            z[i] = all.x[i] + z[i];
    }
#pragma unroll
    for (int i = 0; i < N; i++)
        all.x[i] = z[i];
    *to = all;
}

/* A kernel that is launched by queue() begins with this: it may start while the one before
 * it ends, and waits here until that is done, and all before it. Kernels after it may start
 * likewise. */
static __device__ __forceinline__ void wait_for_queue(void)
{
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;");
    asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

template <class... P, class... A>
static int queue(void (*kernel)(P...), dim3 grid, unsigned threads, size_t shared,
                 const A &...arguments)
{
    cudaLaunchAttribute early = {};
    cudaLaunchConfig_t config = {};

    early.id = cudaLaunchAttributeProgrammaticStreamSerialization;
    early.val.programmaticStreamSerializationAllowed = 1;
    config.gridDim = grid;
    config.blockDim = dim3(threads);
    config.dynamicSmemBytes = shared;
    config.attrs = &early;
    config.numAttrs = 1;
    return cudaLaunchKernelEx(&config, kernel, static_cast<P>(arguments)...);
}

/* The sum over a warp, in every lane; always in the same order. */
static __device__ __forceinline__ float warp_sum(float x)
{
    for (int apart = 16; apart > 0; apart /= 2)
        x += __shfl_xor_sync(ALL_LANES, x, apart);
    return x;
}

static __device__ __forceinline__ float warp_max(float x)
{
    for (int apart = 16; apart > 0; apart /= 2)
        x = fmaxf(x, __shfl_xor_sync(ALL_LANES, x, apart));
    return x;
}

static __device__ __forceinline__ float as_float(float x)
{
    return x;
}

static __device__ __forceinline__ float as_float(__half x)
{
    return __half2float(x);
}

static __device__ __forceinline__ float as_float(__nv_bfloat16 x)
{
    return __bfloat162float(x);
}

/* Four neighbouring numbers of a weight, at an element whose number is a multiple of 4. */
static __device__ __forceinline__ float4 four(const float *x)
{
    return *(const float4 *)x;
}

static __device__ __forceinline__ float4 four(const __half *x)
{
    uint2 bits = *(const uint2 *)x;
    float2 a = __half22float2(*(const __half2 *)&bits.x);
    float2 b = __half22float2(*(const __half2 *)&bits.y);

    return make_float4(a.x, a.y, b.x, b.y);
}

static __device__ __forceinline__ float4 four(const __nv_bfloat16 *x)
{
    uint2 bits = *(const uint2 *)x;

    return make_float4(__uint_as_float(bits.x << 16), __uint_as_float(bits.x & 0xffff0000),
                       __uint_as_float(bits.y << 16), __uint_as_float(bits.y & 0xffff0000));
}

static inline int launched(void)
{
    return cudaGetLastError();
}

static inline unsigned cuts(size_t n, size_t each)
{
    return (unsigned)((n + each - 1) / each);
}

#endif
