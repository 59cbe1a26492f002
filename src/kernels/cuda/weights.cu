/* SPDX-License-Identifier: MIT */
/* weights.cu: float32 matrices into the types that weights are kept in. */
#include "kernels/cuda/math.cuh"

enum { SIDE = 32, THREADS = 256 };

static __global__ void transpose(float *to, const float *from, size_t rows, size_t cols)
{
    __shared__ float tile[SIDE][SIDE + 1];
    size_t r0 = (size_t)blockIdx.y * SIDE, c0 = (size_t)blockIdx.x * SIDE;

    for (size_t i = threadIdx.y; i < SIDE; i += blockDim.y)
        if (r0 + i < rows && c0 + threadIdx.x < cols)
            tile[i][threadIdx.x] = from[(r0 + i) * cols + c0 + threadIdx.x];
    __syncthreads();
    for (size_t i = threadIdx.y; i < SIDE; i += blockDim.y)
        if (c0 + i < cols && r0 + threadIdx.x < rows)
            to[(c0 + i) * rows + r0 + threadIdx.x] = tile[threadIdx.x][i];
}

int jc_cuda_transpose(float *to, const float *from, size_t rows, size_t cols)
{
    enum { MOST = 65535 * SIDE };

    if (rows > MOST) /* no layer is as wide */
        return cudaErrorInvalidValue;
    transpose<<<dim3(cuts(cols, SIDE), cuts(rows, SIDE)), dim3(SIDE, 8)>>>(to, from, rows,
                                                                          cols);
    return launched();
}

static __device__ __forceinline__ void set(float *to, float x)
{
    *to = x;
}

static __device__ __forceinline__ void set(__half *to, float x)
{
    *to = __float2half_rn(x);
}

static __device__ __forceinline__ void set(__nv_bfloat16 *to, float x)
{
    *to = __float2bfloat16_rn(x);
}

/* One thread a number of w. */
template <class T>
static __global__ void pack(T *to, size_t stride, const float *from, size_t n_out,
                            size_t n_in, int *inexact)
{
    size_t i = (size_t)blockIdx.x * THREADS + threadIdx.x;
    size_t o = i / stride, k = i % stride;

    if (o >= n_out)
        return;
    float x = k < n_in ? from[o * n_in + k] : 0;
    set(to + i, x);
    if (as_float(to[i]) != x)
        *inexact = 1;
}

int jc_cuda_pack(jc_cuda_weight w, const float *from, int *host_inexact)
{
    unsigned blocks = cuts(w.n_out * w.stride, THREADS);
    int *flag;
    cudaError_t e = cudaMallocAsync((void **)&flag, sizeof *flag, 0);

    if (e)
        return e;
    cudaMemsetAsync(flag, 0, sizeof *flag, 0);
    if (w.type == JC_CUDA_F32)
        pack<<<blocks, THREADS>>>((float *)w.data, w.stride, from, w.n_out, w.n_in, flag);
    else if (w.type == JC_CUDA_F16)
        pack<<<blocks, THREADS>>>((__half *)w.data, w.stride, from, w.n_out, w.n_in, flag);
    else
        pack<<<blocks, THREADS>>>((__nv_bfloat16 *)w.data, w.stride, from, w.n_out, w.n_in,
                                  flag);
    e = cudaGetLastError();
    if (e == 0)
        e = cudaMemcpyAsync(host_inexact, flag, sizeof *flag, cudaMemcpyDeviceToHost, 0);
    if (e == 0)
        e = cudaStreamSynchronize(0);
    cudaFreeAsync(flag, 0);
    return e;
}
