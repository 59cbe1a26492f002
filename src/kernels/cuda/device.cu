/* SPDX-License-Identifier: MIT */
/* device.cu: the GPU itself: whether there is one, its memory, and copies. */
#include <cuda_runtime.h>
#include <stdio.h>
#include <string.h>

#include "kernels/cuda/launch.h"

/* What is large comes and goes through memory that the GPU reads and writes by itself, in two
 * halves: while it has one, the processor has the other. */
static constexpr size_t STAGE = 4 << 20, SMALL = 64 << 10;

static char *stage[2];
static cudaEvent_t written[2];

const char *jc_cuda_words(int error)
{
    return cudaGetErrorString((cudaError_t)error);
}

int jc_cuda_memory_short(int error)
{
    return error == cudaErrorMemoryAllocation;
}

void jc_cuda_room(size_t *free_bytes, size_t *all_bytes)
{
    *free_bytes = *all_bytes = 0;
    cudaMemGetInfo(free_bytes, all_bytes);
}

/* Memory that is freed is kept for the next buffer. */
static cudaError_t keep_memory(void)
{
    unsigned long long all = ~0ull;
    cudaMemPool_t pool;
    cudaError_t e = cudaDeviceGetDefaultMemPool(&pool, 0);

    return e ? e : cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &all);
}

int jc_cuda_start(char *why, size_t size)
{
    int n = 0, driver = 0, runtime = 0, pools = 0;
    cudaDeviceProp device;
    cudaError_t e = cudaGetDeviceCount(&n);

    cudaDriverGetVersion(&driver);
    cudaRuntimeGetVersion(&runtime);
    if (e == cudaErrorInsufficientDriver && driver) {
        snprintf(why, size, "the driver is for CUDA %d.%d, and %d.%d or later is needed",
                 driver / 1000, driver % 1000 / 10, runtime / 1000, runtime % 1000 / 10);
        return e;
    }
    if (e == cudaErrorInsufficientDriver || e == cudaErrorNoDevice || (e == 0 && n == 0)) {
        snprintf(why, size, driver ? "the driver finds no GPU"
                                   : "there is no NVIDIA driver on this machine");
        return e ? e : cudaErrorNoDevice;
    }
    if (e == 0)
        e = cudaGetDeviceProperties(&device, 0);
    if (e == 0)
        e = cudaDeviceGetAttribute(&pools, cudaDevAttrMemoryPoolsSupported, 0);
    if (e == 0 && (device.major < 8 || !pools)) {
        snprintf(why, size, "'%s' is of compute capability %d.%d; 8.0 or later is needed",
                 device.name, device.major, device.minor);
        return cudaErrorInvalidDevice;
    }
    if (e == 0)
        e = keep_memory();
    for (int i = 0; i < 2 && e == 0; i++) {
        e = cudaMallocHost((void **)&stage[i], STAGE);
        if (e == 0)
            e = cudaEventCreateWithFlags(&written[i], cudaEventDisableTiming);
    }
    if (e)
        snprintf(why, size, "the GPU cannot be used: %s", cudaGetErrorString(e));
    return e;
}

int jc_cuda_new(void **out, size_t bytes)
{
    cudaError_t e = cudaMallocAsync(out, bytes ? bytes : 1, 0);

    if (e == cudaErrorMemoryAllocation) {
        cudaGetLastError(); /* it is not remembered */
        *out = NULL;
    }
    return e;
}

void jc_cuda_free(void *p)
{
    if (p)
        cudaFreeAsync(p, 0);
}

int jc_cuda_fill_zero(void *p, size_t stride, size_t width, size_t rows)
{
    if (rows == 0 || width == 0)
        return 0;
    if (stride == width || rows == 1)
        return cudaMemsetAsync(p, 0, width * rows, 0);
    return cudaMemset2DAsync(p, stride, 0, width, rows, 0);
}

int jc_cuda_put(void *to, size_t stride, const void *host, size_t width, size_t rows)
{
    const char *x = (const char *)host;
    size_t bytes = width * rows;
    cudaError_t e = cudaSuccess;

    if (bytes == 0)
        return 0;
    if (stride != width && rows > 1)
        return cudaMemcpy2DAsync(to, stride, host, width, width, rows,
                                 cudaMemcpyHostToDevice, 0);
    if (bytes <= SMALL)
        return cudaMemcpyAsync(to, host, bytes, cudaMemcpyHostToDevice, 0);
    for (size_t first = 0, h = 0; first < bytes && e == 0; first += STAGE, h = !h) {
        size_t n = bytes - first < STAGE ? bytes - first : STAGE;
        e = cudaEventSynchronize(written[h]); /* what was there is on its way */
        if (e)
            break;
        memcpy(stage[h], x + first, n);
        e = cudaMemcpyAsync((char *)to + first, stage[h], n, cudaMemcpyHostToDevice, 0);
        if (e == 0)
            e = cudaEventRecord(written[h], 0);
    }
    return e;
}

/* Rows [first, first + n) to half `h` of the stage. */
static cudaError_t begin_piece(int h, const char *from, size_t stride, size_t width, size_t n)
{
    cudaError_t e =
        stride == width || n == 1
            ? cudaMemcpyAsync(stage[h], from, width * n, cudaMemcpyDeviceToHost, 0)
            : cudaMemcpy2DAsync(stage[h], width, from, stride, width, n,
                                cudaMemcpyDeviceToHost, 0);

    return e ? e : cudaEventRecord(written[h], 0);
}

int jc_cuda_get(void *host, const void *from, size_t stride, size_t width, size_t rows)
{
    const char *x = (const char *)from;
    char *to = (char *)host;

    if (rows == 0 || width == 0)
        return 0;
    for (int h = 0; h < 2; h++)
        if (cudaError_t e = cudaEventSynchronize(written[h]))
            return e;
    if (width > STAGE)
        return cudaMemcpy2D(host, width, from, stride, width, rows, cudaMemcpyDeviceToHost);
    size_t piece = STAGE / width, n = piece < rows ? piece : rows;
    cudaError_t e = begin_piece(0, x, stride, width, n);
    for (size_t first = 0, h = 0; first < rows && e == 0; h = !h) {
        size_t next = first + n;
        size_t m = rows - next < piece ? rows - next : piece;
        if (m)
            e = begin_piece(!h, x + next * stride, stride, width, m);
        if (e == 0)
            e = cudaEventSynchronize(written[h]);
        if (e == 0)
            memcpy(to + first * width, stage[h], n * width);
        first = next;
        n = m;
    }
    return e;
}
