/* SPDX-License-Identifier: MIT */
/*
 * attention.cu: of texts: a warp has some queries of one head, and keys come by in tiles
 * that begin at multiples of 32; of few rows: a block has one query and a run of the keys
 * that it sees, counted from its oldest, and a second kernel adds up the runs. So a row's
 * bits depend on what it sees alone: tiles and runs of which it sees nothing change nothing.
 */
#include "kernels/cuda/math.cuh"

#include <math_constants.h>

enum { SPANS = 200 }; /* of one launch, which they travel with */

struct spans {
    jc_cuda_span one[SPANS];
    uint32_t first[SPANS + 1]; /* of the launch's tiles or rows, that of each span */
    uint32_t n;
};

/* The span of a tile or row. */
static __device__ __forceinline__ unsigned find(const spans &all, unsigned at)
{
    unsigned low = 0, high = all.n;

    while (high - low > 1) {
        unsigned middle = (low + high) / 2;
        if (all.first[middle] <= at)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static __device__ __forceinline__ float capped(float s, float cap)
{
    return cap > 0 ? cap * tanhf(s / cap) : s;
}

template <class T>
static __device__ __forceinline__ float at(const void *x, size_t i)
{
    return as_float(((const T *)x)[i]);
}

/* ---- texts ---- */

enum { KEYS = 32, WARPS = 8 };

/* Numbers between rows in shared memory: reads by eight lanes hit all banks. */
static __host__ __device__ __forceinline__ unsigned padded(unsigned width)
{
    return (width + 31) / 32 * 32 + 4;
}

/* Keys [*from, *to) are seen by query i: see jc_head_sees(). */
static __device__ __forceinline__ void sees(const jc_cuda_attention &a, unsigned n_q,
                                            unsigned n_k, unsigned i, unsigned *from,
                                            unsigned *to)
{
    unsigned here = n_k - n_q + i, half = a.window / 2;
    unsigned before = a.causal ? a.window - 1 : half;

    *from = a.window && here > before ? here - before : 0;
    *to = a.causal ? here + 1 : n_k;
    if (!a.causal && a.window && here + half + 1 < n_k)
        *to = here + half + 1;
}

/* What is added to a score, by how far the key is from the query. */
static __device__ float relative(const jc_cuda_attention &a, unsigned head, const float *q,
                                 const float *k, unsigned apart)
{
    unsigned kind = a.which[a.reach + apart];
    size_t table = ((size_t)kind * a.heads + head) * a.width;
    float sum = 0;

    for (unsigned e = 0; a.rel_keys && e < a.width; e++)
        sum = fmaf(q[e], a.rel_keys[table + e], sum);
    for (unsigned e = 0; a.rel_queries && e < a.width; e++)
        sum = fmaf(k[e], a.rel_queries[table + e], sum);
    return a.scale * sum + (a.relative ? a.relative[head * a.n_relative + kind] : 0);
}

/* x [n, width] of a head into shared memory, zeros around it. */
template <class T>
static __device__ __forceinline__ void bring(float *to, unsigned stride, const void *x,
                                             size_t apart, unsigned n, unsigned most,
                                             unsigned width)
{
    unsigned wide = stride - 4;

    for (unsigned i = threadIdx.x; i < most * wide; i += WARPS * 32) {
        unsigned r = i / wide, e = i % wide;
        to[r * stride + e] = r < n && e < width ? at<T>(x, r * apart + e) : 0;
    }
}

/* A warp's queries: ROWS of them. A lane has every 32nd number of their outputs. */
template <class T, int ROWS, int OUTS>
static __global__ void __launch_bounds__(WARPS * 32)
    texts(jc_cuda_attention a, __grid_constant__ const spans all)
{
    extern __shared__ float shared[];
    unsigned s, warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    unsigned w = padded(a.width), vw = padded(a.value_width), wide = w > vw ? w : vw;
    float *qs = shared, *ks = qs + WARPS * ROWS * w, *ps = ks + KEYS * wide;

    s = find(all, blockIdx.x);
    const jc_cuda_span &span = all.one[s];
    unsigned head = blockIdx.y, kv = head / (a.heads / a.kv_heads);
    unsigned n_q = span.n, n_k = span.past + span.n;
    unsigned first = (blockIdx.x - all.first[s]) * WARPS * ROWS;
    unsigned here = n_q - first < WARPS * ROWS ? n_q - first : WARPS * ROWS;
    const T *k = (const T *)span.k + (size_t)kv * a.width;
    const T *v = (const T *)span.v + (size_t)kv * a.value_width;
    float slope = a.slopes ? a.slopes[head] : 0;
    float most[ROWS], sum[ROWS], out[ROWS][OUTS] = {};
    unsigned from[ROWS], to[ROWS], start, end, unused;

    bring<float>(qs, w, span.q + (size_t)first * a.stride_q + head * a.width, a.stride_q,
                 here, WARPS * ROWS, a.width);
    sees(a, n_q, n_k, first, &start, &unused);
    sees(a, n_q, n_k, first + here - 1, &unused, &end);
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
        unsigned i = warp * ROWS + r;
        most[r] = -CUDART_INF_F;
        sum[r] = 0;
        from[r] = to[r] = 0;
        if (i < here)
            sees(a, n_q, n_k, first + i, &from[r], &to[r]);
    }
    for (unsigned j0 = start / KEYS * KEYS; j0 < end; j0 += KEYS) {
        unsigned n = n_k - j0 < KEYS ? n_k - j0 : KEYS, j = j0 + lane;
        float p[ROWS] = {};

        __syncthreads();
        bring<T>(ks, w, k + (size_t)j0 * span.stride_k, span.stride_k, n, KEYS, a.width);
        __syncthreads();
        for (unsigned e = 0; e < w - 4; e += 4) {
            float4 b = *(float4 *)(ks + lane * w + e);
#pragma unroll
            for (int r = 0; r < ROWS; r++) {
                float4 x = *(float4 *)(qs + (warp * ROWS + r) * w + e);
                p[r] = fmaf(x.x, b.x, p[r]);
                p[r] = fmaf(x.y, b.y, p[r]);
                p[r] = fmaf(x.z, b.z, p[r]);
                p[r] = fmaf(x.w, b.w, p[r]);
            }
        }
#pragma unroll
        for (int r = 0; r < ROWS; r++) {
            unsigned i = n_k - n_q + first + warp * ROWS + r;
            bool seen = j >= from[r] && j < to[r];
            float z = a.scale * p[r];
            if (slope != 0)
                z -= slope * (float)(int)(i - j);
            if (a.which && seen)
                z += relative(a, head, qs + (warp * ROWS + r) * w, ks + lane * w, j - i);
            z = seen ? capped(z, a.softcap) : -CUDART_INF_F;
            float now = fmaxf(most[r], warp_max(z));
            float fade = most[r] == now ? 1 : expf(most[r] - now);
            z = seen ? expf(z - now) : 0;
            sum[r] = sum[r] * fade + warp_sum(z);
            most[r] = now;
            ps[(warp * ROWS + r) * KEYS + lane] = z;
#pragma unroll
            for (int c = 0; c < OUTS; c++)
                out[r][c] *= fade;
        }
        __syncthreads();
        bring<T>(ks, vw, v + (size_t)j0 * span.stride_v, span.stride_v, n, KEYS,
                 a.value_width);
        __syncthreads();
        for (unsigned i = 0; i < KEYS; i += 4) {
            float4 x[ROWS];
#pragma unroll
            for (int r = 0; r < ROWS; r++)
                x[r] = *(float4 *)(ps + (warp * ROWS + r) * KEYS + i);
#pragma unroll
            for (int c = 0; c < OUTS; c++) {
                unsigned e = c * 32 + lane;
                if (c * 32 >= a.value_width)
                    break;
                float b0 = ks[i * vw + e], b1 = ks[(i + 1) * vw + e];
                float b2 = ks[(i + 2) * vw + e], b3 = ks[(i + 3) * vw + e];
#pragma unroll
                for (int r = 0; r < ROWS; r++) {
                    float z = fmaf(x[r].x, b0, out[r][c]);
                    z = fmaf(x[r].y, b1, z);
                    z = fmaf(x[r].z, b2, z);
                    out[r][c] = fmaf(x[r].w, b3, z);
                }
            }
        }
    }
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
        unsigned i = warp * ROWS + r;
        float by = 1;
        if (i >= here)
            continue;
        if (a.sinks) {
            float now = fmaxf(most[r], a.sinks[head]);
            by = expf(most[r] - now);
            sum[r] = sum[r] * by + expf(a.sinks[head] - now);
        }
        float *y = span.out + (size_t)(first + i) * a.stride_out + head * a.value_width;
#pragma unroll
        for (int c = 0; c < OUTS; c++)
            if (c * 32 + lane < a.value_width)
                y[c * 32 + lane] = out[r][c] * by / sum[r];
    }
}

template <class T, int ROWS, int OUTS>
static int launch_texts(const jc_cuda_attention *a, const jc_cuda_span *spans_, size_t n)
{
    unsigned w = padded(a->width), vw = padded(a->value_width), wide = w > vw ? w : vw;
    size_t bytes = (WARPS * ROWS * (size_t)w + KEYS * (size_t)wide + WARPS * ROWS * KEYS) * 4;
    auto kernel = texts<T, ROWS, OUTS>;
    cudaError_t e =
        cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, (int)bytes);

    for (size_t first = 0; first < n && e == 0; first += SPANS) {
        spans some = {};
        for (size_t i = first; i < n && i < first + SPANS; i++) {
            some.one[some.n++] = spans_[i];
            some.first[some.n] = some.first[some.n - 1] + cuts(spans_[i].n, WARPS * ROWS);
        }
        if (some.first[some.n] == 0)
            continue;
        kernel<<<dim3(some.first[some.n], a->heads), WARPS * 32, bytes>>>(*a, some);
        e = cudaGetLastError();
    }
    return e;
}

template <class T>
static int attend_texts(const jc_cuda_attention *a, const jc_cuda_span *spans_, size_t n)
{
    unsigned w = a->width > a->value_width ? a->width : a->value_width;

    if (w <= 64)
        return launch_texts<T, 4, 2>(a, spans_, n);
    if (w <= 128)
        return launch_texts<T, 4, 4>(a, spans_, n);
    if (w <= 256)
        return launch_texts<T, 2, 8>(a, spans_, n);
    return launch_texts<T, 1, 24>(a, spans_, n); /* up to 768 */
}

int jc_cuda_attend_texts(const jc_cuda_attention *a, const jc_cuda_span *host_spans, size_t n)
{
    return a->half ? attend_texts<__half>(a, host_spans, n)
                   : attend_texts<float>(a, host_spans, n);
}

/* ---- few rows ---- */

enum { RUN = 256, THREADS = 256 };

struct run_of { /* what a run of keys gives: [rows, heads, runs] */
    float most, sum;
};

/* How many keys a row could see but for the window, and the first that it does see. */
static __device__ __forceinline__ unsigned reach_of(const jc_cuda_attention &a,
                                                    const jc_cuda_span &span, unsigned i,
                                                    unsigned *first)
{
    unsigned n = span.past + (span.line ? (unsigned)span.depth[i] : i + 1);

    *first = a.window && n > a.window ? n - a.window : 0;
    return n;
}

/* The largest score and the sum of one run that is all there is, with the sink. */
static __device__ __forceinline__ void whole(const jc_cuda_attention &a, unsigned head,
                                             float *most, float *sum)
{
    float was = *most, sink = a.sinks ? a.sinks[head] : -CUDART_INF_F;

    *most = fmaxf(sink, was);
    *sum = fmaf(expf(was - *most), *sum, a.sinks ? expf(sink - *most) : 0);
}

template <class T>
static __global__ void __launch_bounds__(THREADS)
    few(jc_cuda_attention a, __grid_constant__ const spans all, run_of *runs, float *parts)
{
    extern __shared__ float q[]; /* [width] */
    __shared__ float p[RUN], room[THREADS / 32];
    __shared__ unsigned rows[RUN];
    unsigned i, first, head = blockIdx.y, run = blockIdx.z;
    unsigned s = find(all, blockIdx.x);
    const jc_cuda_span &span = all.one[s];

    wait_for_queue();
    i = blockIdx.x - all.first[s];
    unsigned n = reach_of(a, span, i, &first), kv = head / (a.heads / a.kv_heads);
    unsigned from = run * RUN, me = threadIdx.x;
    const T *k = (const T *)span.k + (size_t)kv * a.width;
    const T *v = (const T *)span.v + (size_t)kv * a.value_width;
    size_t place = ((size_t)blockIdx.x * a.heads + head) * gridDim.z + run;

    if (from >= n || from + RUN <= first)
        return;
    for (unsigned e = me; e < a.width; e += THREADS)
        q[e] = span.q[(size_t)i * a.stride_q + head * a.width + e];
    __syncthreads();
    unsigned j = from + me; /* the key of this thread, counted along the row's line */
    bool seen = j >= first && j < n;
    float z = -CUDART_INF_F;
    if (seen) {
        unsigned row = j < span.past || !span.line
                           ? j
                           : span.past + (unsigned)span.line[(size_t)i * span.n + j - span.past];
        float sum = 0;
        for (unsigned e = 0; e < a.width; e++)
            sum = fmaf(q[e], as_float(k[(size_t)row * span.stride_k + e]), sum);
        z = a.scale * sum;
        if (a.slopes)
            z -= a.slopes[head] * (float)(n - 1 - j);
        z = capped(z, a.softcap);
        rows[me] = row;
    }
    float most = warp_max(z);
    if (me % 32 == 0)
        room[me / 32] = most;
    __syncthreads();
    most = room[0];
    for (unsigned x = 1; x < THREADS / 32; x++)
        most = fmaxf(most, room[x]);
    p[me] = seen ? expf(z - most) : 0;
    __syncthreads();
    float sum = 0;
    for (unsigned x = 0; x < RUN / 32; x++)
        sum += warp_sum(p[x * 32 + me % 32]);
    if (me == 0)
        runs[place] = run_of{most, sum};
    float all_most = most, all_sum = sum;
    if (gridDim.z == 1)
        whole(a, head, &all_most, &all_sum);
    unsigned begin = first > from ? first - from : 0, end = n - from < RUN ? n - from : RUN;
    for (unsigned e = me; e < a.value_width; e += THREADS) {
        float y = 0;
        for (unsigned x = begin; x < end; x++)
            y = fmaf(p[x], as_float(v[(size_t)rows[x] * span.stride_v + e]), y);
        parts[place * a.value_width + e] = y;
        if (gridDim.z == 1) /* as add_runs() does */
            span.out[(size_t)i * a.stride_out + head * a.value_width + e] =
                fmaf(expf(most - all_most), y, 0) / all_sum;
    }
}

static __global__ void add_runs(jc_cuda_attention a, __grid_constant__ const spans all,
                                const run_of *runs, const float *parts, unsigned n_runs)
{
    unsigned i, first, head = blockIdx.y;
    unsigned s = find(all, blockIdx.x);
    const jc_cuda_span &span = all.one[s];

    wait_for_queue();
    i = blockIdx.x - all.first[s];
    unsigned n = reach_of(a, span, i, &first), end = (n + RUN - 1) / RUN;
    size_t place = ((size_t)blockIdx.x * a.heads + head) * n_runs;
    float most = a.sinks ? a.sinks[head] : -CUDART_INF_F, sum = 0;

    for (unsigned r = first / RUN; r < end; r++)
        most = fmaxf(most, runs[place + r].most);
    if (a.sinks)
        sum = expf(a.sinks[head] - most);
    for (unsigned r = first / RUN; r < end; r++)
        sum = fmaf(expf(runs[place + r].most - most), runs[place + r].sum, sum);
    for (unsigned e = threadIdx.x; e < a.value_width; e += THREADS) {
        float y = 0;
        for (unsigned r = first / RUN; r < end; r++)
            y = fmaf(expf(runs[place + r].most - most), parts[(place + r) * a.value_width + e],
                     y);
        span.out[(size_t)i * a.stride_out + head * a.value_width + e] = y / sum;
    }
}

static unsigned runs_of(const jc_cuda_span *one, size_t n)
{
    size_t most = 0;

    for (size_t i = 0; i < n; i++)
        most = one[i].past + one[i].n > most ? one[i].past + one[i].n : most;
    return cuts(most, RUN);
}

size_t jc_cuda_few_room(const jc_cuda_attention *a, const jc_cuda_span *host_spans, size_t n)
{
    size_t rows = 0;

    for (size_t i = 0; i < n; i++)
        rows += host_spans[i].n;
    return rows * a->heads * runs_of(host_spans, n) *
           (sizeof(run_of) + a->value_width * sizeof(float));
}

/* Spans [0, n) of one launch, which have `rows` rows. */
static int launch_few(const jc_cuda_attention *a, const spans *some, unsigned n_runs,
                      void *room)
{
    unsigned rows = some->first[some->n];
    run_of *runs = (run_of *)room;
    float *parts = (float *)(runs + (size_t)rows * a->heads * n_runs);
    dim3 grid(rows, a->heads, n_runs);
    size_t bytes = a->width * sizeof(float);

    if (rows == 0)
        return 0;
    int e = queue(a->half ? few<__half> : few<float>, grid, THREADS, bytes, *a, *some, runs,
                  parts);
    if (e || n_runs == 1)
        return e;
    return queue(add_runs, dim3(rows, a->heads), THREADS, 0, *a, *some,
                 (const run_of *)runs, (const float *)parts, n_runs);
}

int jc_cuda_attend_few(const jc_cuda_attention *a, const jc_cuda_span *host_spans, size_t n,
                       void *room)
{
    unsigned n_runs = runs_of(host_spans, n);
    int e = 0;

    for (size_t first = 0; first < n && e == 0; first += SPANS) {
        spans some = {};
        for (size_t i = first; i < n && i < first + SPANS; i++) {
            some.one[some.n++] = host_spans[i];
            some.first[some.n] = some.first[some.n - 1] + host_spans[i].n;
        }
        e = launch_few(a, &some, n_runs, room);
    }
    return e;
}
