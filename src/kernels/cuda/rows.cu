/* SPDX-License-Identifier: MIT */
/* rows.cu: operations on each row or each number by itself. */
#include "kernels/cuda/math.cuh"

enum { THREADS = 256 };

/* ---- norms ---- */

/* The sum of x over a block, in every thread; always in the same order. */
static __device__ float block_sum(float x, float *room)
{
    int warp = threadIdx.x / 32, lane = threadIdx.x % 32;

    x = warp_sum(x);
    __syncthreads(); /* what was there is read */
    if (lane == 0)
        room[warp] = x;
    __syncthreads();
    return warp_sum(lane < (int)blockDim.x / 32 ? room[lane] : 0);
}

/* A block a run of d numbers, which it has in registers: EACH to a thread. */
template <int EACH>
static __global__ void __launch_bounds__(THREADS)
    norm(const float *x, float *y, size_t stride_x, size_t stride_y, unsigned pieces,
         unsigned d, float eps, int layer, const float *weight, const float *bias)
{
    __shared__ float room[32];
    size_t row = blockIdx.x / pieces, piece = blockIdx.x % pieces;
    float z[EACH], w[EACH], sum = 0, mean = 0;

#pragma unroll
    for (int i = 0; i < EACH; i++) {
        unsigned at = threadIdx.x + i * blockDim.x;
        w[i] = at < d ? weight[at] : 0;
    }
    wait_for_queue();
    x += row * stride_x + piece * d;
    y += row * stride_y + piece * d;
#pragma unroll
    for (int i = 0; i < EACH; i++) {
        unsigned at = threadIdx.x + i * blockDim.x;
        z[i] = at < d ? x[at] : 0;
    }
    if (layer) {
#pragma unroll
        for (int i = 0; i < EACH; i++)
            sum += z[i];
        mean = block_sum(sum, room) / (float)d;
        sum = 0;
    }
#pragma unroll
    for (int i = 0; i < EACH; i++) {
        z[i] = threadIdx.x + i * blockDim.x < d ? z[i] - mean : 0;
        sum = fmaf(z[i], z[i], sum);
    }
    float by = 1 / sqrtf(block_sum(sum, room) / (float)d + eps);
#pragma unroll
    for (int i = 0; i < EACH; i++) {
        unsigned at = threadIdx.x + i * blockDim.x;
        if (at < d)
            y[at] = z[i] * by * w[i] + (bias ? bias[at] : 0);
    }
}

/* The same of any d, read again and again. */
static __global__ void norm_long(const float *x, float *y, size_t stride_x, size_t stride_y,
                                 unsigned pieces, unsigned d, float eps, int layer,
                                 const float *weight, const float *bias)
{
    __shared__ float room[32];
    size_t row = blockIdx.x / pieces, piece = blockIdx.x % pieces;
    float sum = 0, mean = 0;

    wait_for_queue();
    x += row * stride_x + piece * d;
    y += row * stride_y + piece * d;
    if (layer) {
        for (unsigned i = threadIdx.x; i < d; i += blockDim.x)
            sum += x[i];
        mean = block_sum(sum, room) / (float)d;
    }
    sum = 0;
    for (unsigned i = threadIdx.x; i < d; i += blockDim.x)
        sum = fmaf(x[i] - mean, x[i] - mean, sum);
    float by = 1 / sqrtf(block_sum(sum, room) / (float)d + eps);
    for (unsigned i = threadIdx.x; i < d; i += blockDim.x)
        y[i] = (x[i] - mean) * by * weight[i] + (bias ? bias[i] : 0);
}

int jc_cuda_norm(jc_cuda_mat x, jc_cuda_mat y, size_t d, double eps, int layer,
                 const float *weight, const float *bias)
{
    unsigned pieces = (unsigned)(x.cols / d), threads = d <= 64 ? 32 : d <= 512 ? 128 : THREADS;
    auto kernel = d <= 4 * threads    ? norm<4>
                  : d <= 8 * threads  ? norm<8>
                  : d <= 16 * threads ? norm<16>
                  : d <= 32 * threads ? norm<32>
                                      : norm_long;

    if (x.rows * pieces == 0)
        return 0;
    return queue(kernel, (unsigned)(x.rows * pieces), threads, 0, (const float *)x.data,
                 (float *)y.data, x.stride, y.stride, pieces, (unsigned)d, (float)eps, layer,
                 weight, bias);
}

/* ---- rotary positions ---- */

/* A grid over numbers of rows, each row in one line of blocks or several. */
static dim3 grid_of(size_t rows, size_t cols)
{
    return dim3(cuts(cols, THREADS), (unsigned)(rows < 65535 ? rows : 65535));
}

/* A thread a pair. */
static __global__ void rotate(const float *turns, size_t stride_t, float *x, size_t stride_x,
                              size_t rows, unsigned heads, unsigned width, unsigned half,
                              int interleaved)
{
    unsigned at = blockIdx.x * THREADS + threadIdx.x, i = at % half, head = at / half;

    wait_for_queue();
    for (size_t row = blockIdx.y; row < rows && head < heads; row += gridDim.y) {
        float c = turns[row * stride_t + i], s = turns[row * stride_t + half + i];
        float *first = x + row * stride_x + head * width + (interleaved ? 2 * i : i);
        float *second = first + (interleaved ? 1 : half), a = *first, b = *second;
        *first = a * c - b * s;
        *second = b * c + a * s;
    }
}

int jc_cuda_rotate(jc_cuda_mat turns, jc_cuda_mat x, size_t heads, size_t width, size_t half,
                   int interleaved)
{
    if (x.rows * heads * half == 0)
        return 0;
    return queue(rotate, grid_of(x.rows, heads * half), THREADS, 0, (const float *)turns.data, turns.stride,
                 (float *)x.data, x.stride, x.rows, (unsigned)heads, (unsigned)width,
                 (unsigned)half, interleaved);
}

/* ---- number by number ---- */

static __device__ __forceinline__ float clamped_gate(float g, float u, float limit)
{
    g = g < limit ? g : limit;
    u = u < -limit ? -limit : u > limit ? limit : u;
    return (u + 1) * g / (1 + expf(-1.702f * g));
}

template <int WHAT>
static __global__ void each(const float *from, size_t stride_x, float *to, size_t stride_y,
                            size_t rows, size_t cols, int act, float by)
{
    size_t i = (size_t)blockIdx.x * THREADS + threadIdx.x;

    wait_for_queue();
    for (size_t row = blockIdx.y; row < rows && i < cols; row += gridDim.y) {
        const float *x = from + row * stride_x + i;
        float *y = to + row * stride_y + i;
        if (WHAT == JC_CUDA_GATE)
            *y = activate(act, *x) * x[cols];
        else if (WHAT == JC_CUDA_GATE_CLAMPED)
            *y = clamped_gate(*x, x[cols], by);
        else if (WHAT == JC_CUDA_ACCUMULATE)
            *y += *x;
        else if (WHAT == JC_CUDA_SCALE)
            *y *= by;
        else if (WHAT == JC_CUDA_SOFTCAP)
            *y = by * tanhf(*y / by);
        else
            *y = *y > by ? by : *y < -by ? -by : *y;
    }
}

int jc_cuda_each(int what, jc_cuda_mat x, jc_cuda_mat y, int act, float by)
{
    static void (*const kernels[])(const float *, size_t, float *, size_t, size_t, size_t,
                                   int, float) = {
        each<JC_CUDA_GATE>,  each<JC_CUDA_GATE_CLAMPED>, each<JC_CUDA_ACCUMULATE>,
        each<JC_CUDA_SCALE>, each<JC_CUDA_SOFTCAP>,      each<JC_CUDA_CLAMP>};
    size_t n = y.rows * y.cols;

    if (n == 0)
        return 0;
    return queue(kernels[what], grid_of(y.rows, y.cols), THREADS, 0, (const float *)x.data, x.stride,
                 (float *)y.data, y.stride, y.rows, y.cols, act, by);
}

/* ---- copies ---- */

static __device__ __forceinline__ float get(const void *x, size_t at, int half)
{
    return half ? __half2float(((const __half *)x)[at]) : ((const float *)x)[at];
}

static constexpr size_t MOST = 384; /* rows of one launch, whose numbers travel with it */

struct rows_of {
    uint32_t row[MOST];
};

struct shares_of {
    uint32_t row[MOST];
    float share[MOST];
};

static __device__ __forceinline__ void put(jc_cuda_mat y, size_t at, jc_cuda_mat x, size_t from)
{
    if (y.half && x.half)
        ((__half *)y.data)[at] = ((const __half *)x.data)[from];
    else if (y.half)
        ((__half *)y.data)[at] = __float2half_rn(((const float *)x.data)[from]);
    else
        ((float *)y.data)[at] = get(x.data, from, x.half);
}

static __global__ void copy(jc_cuda_mat x, jc_cuda_mat y)
{
    size_t i = (size_t)blockIdx.x * THREADS + threadIdx.x;

    wait_for_queue();
    for (size_t row = blockIdx.y; row < y.rows && i < y.cols; row += gridDim.y)
        put(y, row * y.stride + i, x, row * x.stride + i);
}

static __global__ void gather(jc_cuda_mat x, __grid_constant__ const rows_of rows,
                              jc_cuda_mat y)
{
    size_t i = (size_t)blockIdx.x * THREADS + threadIdx.x, row = blockIdx.y;

    wait_for_queue();
    if (i < y.cols)
        put(y, row * y.stride + i, x, rows.row[row] * x.stride + i);
}

static __global__ void scatter(jc_cuda_mat x, __grid_constant__ const shares_of to,
                               jc_cuda_mat y)
{
    size_t i = (size_t)blockIdx.x * THREADS + threadIdx.x, row = blockIdx.y;

    wait_for_queue();
    if (i < x.cols)
        ((float *)y.data)[to.row[row] * y.stride + i] +=
            to.share[row] * ((const float *)x.data)[row * x.stride + i];
}

/* Rows [first, first + n) of m. */
static jc_cuda_mat part(jc_cuda_mat m, size_t first, size_t n)
{
    m.data = (char *)m.data + first * m.stride * (m.half ? 2 : 4);
    m.rows = n;
    return m;
}

int jc_cuda_gather(jc_cuda_mat x, const size_t *host_rows, jc_cuda_mat y)
{
    rows_of rows;
    int e = 0;

    if (y.rows * y.cols == 0)
        return 0;
    if (!host_rows)
        return queue(copy, grid_of(y.rows, y.cols), THREADS, 0, x, y);
    for (size_t first = 0; first < y.rows && e == 0; first += MOST) {
        size_t n = y.rows - first < MOST ? y.rows - first : MOST;
        for (size_t i = 0; i < n; i++)
            rows.row[i] = (uint32_t)host_rows[first + i];
        e = queue(gather, grid_of(n, y.cols), THREADS, 0, x, rows, part(y, first, n));
    }
    return e;
}

int jc_cuda_scatter(jc_cuda_mat x, const size_t *host_rows, const float *host_shares,
                    jc_cuda_mat y)
{
    shares_of to;
    int e = 0;

    for (size_t first = 0; first < x.rows && x.cols && e == 0; first += MOST) {
        size_t n = x.rows - first < MOST ? x.rows - first : MOST;
        for (size_t i = 0; i < n; i++) {
            to.row[i] = (uint32_t)host_rows[first + i];
            to.share[i] = host_shares[first + i];
        }
        e = queue(scatter, grid_of(n, x.cols), THREADS, 0, part(x, first, n), to, y);
    }
    return e;
}

static __global__ void finite(const float *x, size_t stride, size_t rows, size_t cols, int *bad)
{
    size_t at = (size_t)blockIdx.x * THREADS + threadIdx.x, row = at / cols, i = at % cols;

    if (row < rows && !isfinite(x[row * stride + i]))
        *bad = 1;
}

int jc_cuda_finite(jc_cuda_mat x, int *flag, int *host_finite)
{
    size_t n = x.rows * x.cols;
    int bad = 0;

    cudaError_t e = cudaMemsetAsync(flag, 0, sizeof *flag, 0);
    if (e == 0 && n) {
        finite<<<cuts(n, THREADS), THREADS>>>((const float *)x.data, x.stride, x.rows,
                                              x.cols, flag);
        e = cudaGetLastError();
    }
    if (e == 0)
        e = cudaMemcpy(&bad, flag, sizeof bad, cudaMemcpyDeviceToHost);
    *host_finite = !bad;
    return e;
}
