/* SPDX-License-Identifier: MIT */
#include "gpu.h"

#include <cublas_v2.h>
#include <cuda_bf16.h>
#include <cuda_runtime.h>

enum { N = 8192, REPEATS = 5 };

/* Numbers that are not zeros, which run faster. */
static __global__ void fill(float *x, __nv_bfloat16 *half, size_t n)
{
    for (size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x; i < n;
         i += (size_t)gridDim.x * blockDim.x) {
        unsigned bits = (unsigned)i * 2654435761u;
        float y = (float)((bits ^ bits >> 15) & 0xffff) / 32768.0f - 1;
        if (x)
            x[i] = y;
        if (half)
            half[i] = __float2bfloat16(y);
    }
}

/* Seconds between two events. */
static double between(cudaEvent_t a, cudaEvent_t b)
{
    float ms = 0;

    cudaEventSynchronize(b);
    cudaEventElapsedTime(&ms, a, b);
    return ms / 1e3;
}

const char *bench_gpu_name(void)
{
    static cudaDeviceProp device;

    return cudaGetDeviceProperties(&device, 0) == cudaSuccess ? device.name : "none";
}

double bench_gpu_memory(void)
{
    static double best;
    size_t bytes = (size_t)2 << 30;
    char *a, *b;
    cudaEvent_t from, to;

    if (best > 0 || cudaMalloc(&a, bytes))
        return best;
    if (cudaMalloc(&b, bytes) == cudaSuccess) {
        fill<<<1024, 256>>>((float *)a, NULL, bytes / 4);
        cudaEventCreate(&from);
        cudaEventCreate(&to);
        for (int r = 0; r < REPEATS; r++) {
            cudaEventRecord(from);
            cudaMemcpyAsync(b, a, bytes, cudaMemcpyDeviceToDevice, 0);
            cudaEventRecord(to);
            double rate = 2.0 * (double)bytes / between(from, to);
            best = r > 0 && rate > best ? rate : best;
        }
        cudaFree(b);
    }
    cudaFree(a);
    return best;
}

double bench_gpu_product(int bf16)
{
    static double best[2];
    size_t n = (size_t)N * N;
    float *x, *y, one = 1, zero = 0;
    __nv_bfloat16 *half;
    cublasHandle_t handle;
    cudaEvent_t from, to;

    if (best[bf16] > 0 || cublasCreate(&handle))
        return best[bf16];
    cudaMalloc(&x, n * 4);
    cudaMalloc(&y, n * 4);
    cudaMalloc(&half, n * 2);
    fill<<<1024, 256>>>(x, half, n);
    cudaEventCreate(&from);
    cudaEventCreate(&to);
    cudaDataType type = bf16 ? CUDA_R_16BF : CUDA_R_32F;
    const void *in = bf16 ? (const void *)half : (const void *)x;
    for (int r = 0; r < REPEATS; r++) {
        cudaEventRecord(from);
        cublasStatus_t st =
            cublasGemmEx(handle, CUBLAS_OP_T, CUBLAS_OP_N, N, N, N, &one, in, type, N, in, type,
                         N, &zero, y, CUDA_R_32F, N, CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT);
        cudaEventRecord(to);
        double rate = 2.0 * N * N * N / between(from, to);
        if (st == CUBLAS_STATUS_SUCCESS && r > 0 && rate > best[bf16])
            best[bf16] = rate;
    }
    cudaFree(x);
    cudaFree(y);
    cudaFree(half);
    cublasDestroy(handle);
    return best[bf16];
}
