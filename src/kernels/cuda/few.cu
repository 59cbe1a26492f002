/* SPDX-License-Identifier: MIT */
/*
 * few.cu: products of few rows, in which the weight is what takes time: a warp reads the
 * inputs of some outputs once, as they are stored, for up to eight rows. A lane sums every
 * 32nd run of eight inputs in their order, and the lanes are added up in one order, so that
 * a row's bits do not depend on how many rows there are.
 */
#include "kernels/cuda/reader.cuh"

enum { WARPS = 4, RUN = 8 };

template <class W, int ROWS, int OUTS, bool ALIGNED>
static __global__ void __launch_bounds__(WARPS * 32)
    few(reader<W> w, const float *x, const float *bias, float *y, size_t n_in, size_t n_out,
        int act, int add)
{
    int lane = threadIdx.x % 32;
    size_t out0 = ((size_t)blockIdx.x * WARPS + threadIdx.x / 32) * OUTS;
    float sum[ROWS][OUTS] = {};

    if (out0 < n_out) /* weights are there before the inputs */
        w.prefetch(out0, lane, n_in);
    wait_for_queue();
    if (out0 >= n_out)
        return;
#pragma unroll(ROWS == 1 ? 8 : ROWS == 2 ? 4 : 2)
    for (size_t k = lane * RUN; k < n_in; k += 32 * RUN) {
        float4 a[OUTS][2];
#pragma unroll
        for (int o = 0; o < OUTS; o++) {
            size_t out = out0 + o < n_out ? out0 + o : n_out - 1;
            w.eight(a[o], out, k);
        }
#pragma unroll
        for (int r = 0; r < ROWS; r++) {
            float4 b0 = four_of<ALIGNED>(x + r * n_in, k, n_in);
            float4 b1 = four_of<ALIGNED>(x + r * n_in, k + 4, n_in);
#pragma unroll
            for (int o = 0; o < OUTS; o++) {
                float s = sum[r][o];
                s = fmaf(a[o][0].x, b0.x, s);
                s = fmaf(a[o][0].y, b0.y, s);
                s = fmaf(a[o][0].z, b0.z, s);
                s = fmaf(a[o][0].w, b0.w, s);
                s = fmaf(a[o][1].x, b1.x, s);
                s = fmaf(a[o][1].y, b1.y, s);
                s = fmaf(a[o][1].z, b1.z, s);
                sum[r][o] = fmaf(a[o][1].w, b1.w, s);
            }
        }
    }
#pragma unroll
    for (int r = 0; r < ROWS; r++)
#pragma unroll
        for (int o = 0; o < OUTS; o++) {
            float z = warp_sum(sum[r][o]);
            if (lane == (r * OUTS + o) % 32)
                finish<1>(y + r * n_out, out0 + o, n_out, &z, bias, act, add);
        }
}

template <class W, int ROWS, int OUTS> static int launch(const jc_cuda_product *p)
{
    auto kernel = aligned(p->x, p->w.n_in) ? few<W, ROWS, OUTS, true>
                                           : few<W, ROWS, OUTS, false>;

    return queue(kernel, cuts(p->w.n_out, WARPS * OUTS), WARPS * 32, 0, reader<W>(p->w), p->x,
                 p->bias, p->y, p->w.n_in, p->w.n_out, p->act, p->add);
}

/* Eight rows at a time, then what is left. */
template <class W> static int all_rows(const jc_cuda_product *p)
{
    jc_cuda_product part = *p;
    int e = 0;

    for (size_t left = p->rows, n; left > 0 && e == 0; left -= n) {
        n = left >= 8 ? 8 : left >= 4 ? 4 : left >= 2 ? 2 : 1;
        e = n == 8   ? launch<W, 8, 4>(&part)
            : n == 4 ? launch<W, 4, 2>(&part)
            : n == 2 ? launch<W, 2, 1>(&part)
                     : launch<W, 1, 1>(&part);
        part.x += n * p->w.n_in;
        part.y += n * p->w.n_out;
    }
    return e;
}

int jc_cuda_few(const jc_cuda_product *p)
{
    switch (p->w.type) {
    case JC_CUDA_F32:
        return all_rows<float>(p);
    case JC_CUDA_F16:
        return all_rows<__half>(p);
    case JC_CUDA_BF16:
        return all_rows<__nv_bfloat16>(p);
    default:
        return all_rows<int8_t>(p);
    }
}
