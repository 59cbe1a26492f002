/* SPDX-License-Identifier: MIT */
/*
 * tensor.cu: products of many rows rounded to bfloat16, on the matrix units, which sum in
 * float32. A block of four warps makes a tile of 128 x 128, a warp 64 x 64 of it; tiles of x
 * and W come through shared memory, four stages deep. A number of y is summed by sixteen
 * inputs after another, wherever it is in a tile.
 */
#include "kernels/cuda/math.cuh"

enum { THREADS = 128, SIDE = 128, DEPTH = 32, STAGES = 4 };
enum { CHUNKS = DEPTH / 8 }; /* of 16 bytes, in a row of a tile */

struct tiles {
    __nv_bfloat16 x[SIDE * DEPTH], w[SIDE * DEPTH];
};

/* One thread eight numbers; the rows of `to` are as long as those of the weight. */
static __global__ void round_rows(__nv_bfloat16 *to, size_t stride, const float *x,
                                  size_t rows, size_t n_in)
{
    size_t at = ((size_t)blockIdx.x * 256 + threadIdx.x) * 8, r = at / stride, k = at % stride;
    union {
        uint4 all;
        __nv_bfloat16 one[8];
    } u;

    if (r >= rows)
        return;
#pragma unroll
    for (int i = 0; i < 8; i++)
        u.one[i] = __float2bfloat16_rn(k + i < n_in ? x[r * n_in + k + i] : 0);
    *(uint4 *)(to + at) = u.all;
}

/* Where chunk c of row r lies, so that eight rows of one column are in eight banks. */
static __device__ __forceinline__ int place(int r, int c)
{
    return r * DEPTH + (c ^ (r >> 1 & 3)) * 8;
}

static __device__ __forceinline__ void fetch(__nv_bfloat16 *to, const __nv_bfloat16 *from)
{
    unsigned at = (unsigned)__cvta_generic_to_shared(to);

    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(at), "l"(from));
}

static __device__ __forceinline__ void load(unsigned *to, const __nv_bfloat16 *from)
{
    unsigned at = (unsigned)__cvta_generic_to_shared(from);

    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"(at));
}

static __device__ __forceinline__ void multiply(float *sum, const unsigned *a,
                                                const unsigned *b)
{
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
                 "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                 : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

static __device__ __forceinline__ void fetch_tiles(tiles *to, const __nv_bfloat16 *x,
                                                   const __nv_bfloat16 *w, size_t stride,
                                                   size_t row0, size_t out0, size_t n_out,
                                                   size_t k0)
{
#pragma unroll
    for (int i = 0; i < SIDE * CHUNKS / THREADS; i++) {
        int at = threadIdx.x + i * THREADS, r = at / CHUNKS, c = at % CHUNKS;
        size_t o = out0 + r < n_out ? out0 + r : n_out - 1;

        fetch(to->x + place(r, c), x + (row0 + r) * stride + k0 + c * 8);
        fetch(to->w + place(r, c), w + o * stride + k0 + c * 8);
    }
}

static __global__ void __launch_bounds__(THREADS, 2)
    texts(const __nv_bfloat16 *x, const __nv_bfloat16 *w, const float *bias, float *y,
          size_t rows, size_t stride, size_t n_out, int act, int add)
{
    extern __shared__ tiles stage[];
    size_t row0 = (size_t)blockIdx.x * SIDE, out0 = (size_t)blockIdx.y * SIDE;
    int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    int down = warp / 2 * 64, right = warp % 2 * 64;
    int steps = (int)(stride / DEPTH);
    float sum[4][8][4] = {};

    for (int s = 0; s < STAGES - 1; s++) {
        if (s < steps)
            fetch_tiles(&stage[s], x, w, stride, row0, out0, n_out, (size_t)s * DEPTH);
        asm volatile("cp.async.commit_group;");
    }
    for (int s = 0; s < steps; s++) {
        asm volatile("cp.async.wait_group %0;" ::"n"(STAGES - 2));
        __syncthreads();
        const tiles *now = &stage[s % STAGES];
        int next = s + STAGES - 1;
        if (next < steps)
            fetch_tiles(&stage[next % STAGES], x, w, stride, row0, out0, n_out,
                        (size_t)next * DEPTH);
        asm volatile("cp.async.commit_group;");
#pragma unroll
        for (int k = 0; k < DEPTH / 16; k++) {
            unsigned a[4][4], b[4][4];
#pragma unroll
            for (int i = 0; i < 4; i++) {
                load(a[i], now->x + place(down + i * 16 + lane % 16, k * 2 + lane / 16));
                load(b[i], now->w + place(right + i * 16 + lane / 16 * 8 + lane % 8,
                                          k * 2 + lane / 8 % 2));
            }
#pragma unroll
            for (int i = 0; i < 4; i++)
#pragma unroll
                for (int j = 0; j < 8; j++)
                    multiply(sum[i][j], a[i], b[j / 2] + j % 2 * 2);
        }
    }
#pragma unroll
    for (int i = 0; i < 4; i++)
#pragma unroll
        for (int j = 0; j < 8; j++)
#pragma unroll
            for (int c = 0; c < 2; c++) {
                size_t r = row0 + down + i * 16 + lane / 4 + c * 8;
                size_t o = out0 + right + j * 8 + lane % 4 * 2;
                if (r < rows)
                    finish<2>(y + r * n_out, o, n_out, sum[i][j] + 2 * c, bias, act, add);
            }
}

int jc_cuda_texts_bf16(const jc_cuda_product *p, void *room)
{
    size_t stride = p->w.stride, bytes = STAGES * sizeof(tiles);
    __nv_bfloat16 *x = (__nv_bfloat16 *)room;
    cudaError_t e = cudaFuncSetAttribute(texts, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                         (int)bytes);

    if (e)
        return e;
    round_rows<<<cuts(p->rows * stride, 256 * 8), 256>>>(x, stride, p->x, p->rows,
                                                         p->w.n_in);
    dim3 grid(cuts(p->rows, SIDE), cuts(p->w.n_out, SIDE));
    texts<<<grid, THREADS, bytes>>>(x, (const __nv_bfloat16 *)p->w.data, p->bias, p->y,
                                    p->rows, stride, p->w.n_out, p->act, p->add);
    return launched();
}
