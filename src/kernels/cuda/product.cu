/* SPDX-License-Identifier: MIT */
/*
 * product.cu: products of many rows in float32: a block of threads makes a tile of y, a
 * thread a part of it in registers. Every number of y is summed from the first input to the
 * last, one after another, so that it does not depend on which tile it is in, nor on the
 * size of tiles, which goes by the size of y.
 */
#include "kernels/cuda/reader.cuh"

enum { THREADS = 256, DEPTH = 16 }; /* inputs that are in shared memory at a time */

/* A tile of SIDE x SIDE; a thread has PART x PART of it, in pieces of 4 x 4. */
template <int SIDE> struct tile {
    enum { PART = SIDE / 16, PIECES = PART / 4, APART = SIDE / PIECES };
    enum { LOADS = SIDE * DEPTH / 4 / THREADS, ROW = SIDE + 4 };
};

template <int SIDE>
static __device__ __forceinline__ void keep(float (*to)[tile<SIDE>::ROW], int i, float4 x)
{
    int row = i / (DEPTH / 4), k = i % (DEPTH / 4) * 4;

    to[k][row] = x.x;
    to[k + 1][row] = x.y;
    to[k + 2][row] = x.z;
    to[k + 3][row] = x.w;
}

template <int SIDE, class W, bool ALIGNED>
static __global__ void __launch_bounds__(THREADS, 2)
    texts(reader<W> w, const float *x, const float *bias, float *y, size_t rows, size_t n_in,
          size_t n_out, int act, int add)
{
    typedef tile<SIDE> T;
    __shared__ float xs[2][DEPTH][T::ROW], ws[2][DEPTH][T::ROW];
    size_t row0 = (size_t)blockIdx.y * SIDE, out0 = (size_t)blockIdx.x * SIDE;
    int me = threadIdx.x, down = me / 16 * 4, right = me % 16 * 4;
    float sum[T::PART][T::PART] = {};
    float4 xn[T::LOADS], wn[T::LOADS];

    for (size_t k0 = 0, now = 0;; k0 += DEPTH, now ^= 1) {
        if (k0 < n_in) {
#pragma unroll
            for (int i = 0; i < T::LOADS; i++) {
                int at = me + i * THREADS;
                size_t r = row0 + at / (DEPTH / 4), o = out0 + at / (DEPTH / 4);
                size_t k = k0 + at % (DEPTH / 4) * 4;
                r = r < rows ? r : rows - 1;
                o = o < n_out ? o : n_out - 1;
                xn[i] = four_of<ALIGNED>(x + r * n_in, k, n_in);
                wn[i] = k < n_in ? w.read(o, k) : make_float4(0, 0, 0, 0);
            }
        }
        if (k0 > 0) { /* what was loaded in the last round */
            size_t last = now ^ 1;
#pragma unroll
            for (int k = 0; k < DEPTH; k++) {
                float a[T::PART], b[T::PART];
#pragma unroll
                for (int p = 0; p < T::PIECES; p++) {
                    *(float4 *)(a + 4 * p) = *(float4 *)&xs[last][k][p * T::APART + down];
                    *(float4 *)(b + 4 * p) = *(float4 *)&ws[last][k][p * T::APART + right];
                }
#pragma unroll
                for (int i = 0; i < T::PART; i++)
#pragma unroll
                    for (int j = 0; j < T::PART; j++)
                        sum[i][j] = fmaf(a[i], b[j], sum[i][j]);
            }
        }
        if (k0 >= n_in)
            break;
#pragma unroll
        for (int i = 0; i < T::LOADS; i++) {
            keep<SIDE>(xs[now], me + i * THREADS, xn[i]);
            keep<SIDE>(ws[now], me + i * THREADS, wn[i]);
        }
        __syncthreads();
    }
#pragma unroll
    for (int i = 0; i < T::PART; i++) {
        size_t r = row0 + i / 4 * T::APART + down + i % 4;
#pragma unroll
        for (int p = 0; p < T::PIECES && r < rows; p++)
            finish<4>(y + r * n_out, out0 + p * T::APART + right, n_out, sum[i] + 4 * p, bias,
                      act, add);
    }
}

template <int SIDE, class W> static int launch(const jc_cuda_product *p)
{
    dim3 grid(cuts(p->w.n_out, SIDE), cuts(p->rows, SIDE));
    bool can = aligned(p->x, p->w.n_in);
    auto kernel = can ? texts<SIDE, W, true> : texts<SIDE, W, false>;

    kernel<<<grid, THREADS>>>(reader<W>(p->w), p->x, p->bias, p->y, p->rows, p->w.n_in,
                              p->w.n_out, p->act, p->add);
    return launched();
}

/* Large tiles where there are enough of them for all multiprocessors. */
template <class W> static int choose(const jc_cuda_product *p)
{
    static int processors;

    if (processors == 0)
        cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, 0);
    size_t tiles = (size_t)cuts(p->w.n_out, 128) * cuts(p->rows, 128);
    return tiles >= (size_t)processors ? launch<128, W>(p) : launch<64, W>(p);
}

int jc_cuda_texts(const jc_cuda_product *p)
{
    jc_cuda_product part = *p;
    int e = 0;

    const size_t MOST = 65535 * 64; /* rows of one launch */
    for (size_t first = 0; first < p->rows && e == 0; first += MOST) {
        part.rows = p->rows - first < MOST ? p->rows - first : MOST;
        part.x = p->x + first * p->w.n_in;
        part.y = p->y + first * p->w.n_out;
        switch (p->w.type) {
        case JC_CUDA_F32:
            e = choose<float>(&part);
            break;
        case JC_CUDA_F16:
            e = choose<__half>(&part);
            break;
        case JC_CUDA_BF16:
            e = choose<__nv_bfloat16>(&part);
            break;
        default:
            e = choose<int8_t>(&part);
        }
    }
    return e;
}
