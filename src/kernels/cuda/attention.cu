/* SPDX-License-Identifier: MIT */
/*
 * attention.cu: of texts: a warp has some queries of one head, and keys come by in tiles
 * that begin at multiples of 32; of few rows: a block has one query and a run of the keys
 * that it sees, counted from its oldest, and a second kernel adds up the runs. So a row's
 * bits depend on what it sees alone: tiles and runs of which it sees nothing change nothing.
 */
#include "kernels/cuda/math.cuh"

#include <math_constants.h>

enum { FEW = 8, MANY = 200 }; /* spans of one launch, which they travel with */

template <int N> struct spans {
    jc_cuda_span one[N];
    uint32_t first[N + 1]; /* of the launch's tiles or rows, that of each span */
    uint32_t n;
};

/* The span of a tile or row. */
template <int N>
static __device__ __forceinline__ unsigned find(const spans<N> &all, unsigned at)
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

/* See jc_window_first(). */
static __device__ __forceinline__ unsigned window_first(const jc_cuda_attention &a, unsigned at)
{
    if (a.chunked)
        return a.window ? at / a.window * a.window : 0;
    return a.window && at >= a.window ? at + 1 - a.window : 0;
}

/* Keys [*from, *to) are seen by query i: see jc_head_sees(). */
static __device__ __forceinline__ void sees(const jc_cuda_attention &a, unsigned n_q,
                                            unsigned n_k, unsigned i, unsigned *from,
                                            unsigned *to)
{
    unsigned here = n_k - n_q + i, half = a.window / 2;

    *from = a.causal ? window_first(a, here) : a.window && here > half ? here - half : 0;
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
    texts(jc_cuda_attention a, __grid_constant__ const spans<MANY> all)
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
    unsigned from[ROWS], to[ROWS], start, end, unused, last = 0;

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
        last = to[r] > last ? to[r] : last;
    }
    for (unsigned j0 = start / KEYS * KEYS; j0 < end; j0 += KEYS) {
        unsigned n = n_k - j0 < KEYS ? n_k - j0 : KEYS, j = j0 + lane;
        float p[ROWS] = {};

        __syncthreads();
        bring<T>(ks, w, k + (size_t)j0 * span.stride_k, span.stride_k, n, KEYS, a.width);
        __syncthreads();
        bool any = j0 < last; /* of the warp's queries sees a key of the tile */
        for (unsigned e = 0; any && e < w - 4; e += 4) {
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
        for (int r = 0; any && r < ROWS; r++) {
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
        for (unsigned i = 0; any && i < KEYS; i += 4) {
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

    for (size_t first = 0; first < n && e == 0; first += MANY) {
        spans<MANY> some;
        some.n = some.first[0] = 0;
        for (size_t i = first; i < n && i < first + MANY; i++) {
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

enum { RUN = 256, THREADS = 256 }; /* WARPS of them */

struct run_of { /* what a run of keys gives: [rows, heads, runs] */
    float most, sum;
};

/* How many keys a row could see but for the window, and the first that it does see. */
static __device__ __forceinline__ unsigned reach_of(const jc_cuda_attention &a,
                                                    const jc_cuda_span &span, unsigned i,
                                                    unsigned *first)
{
    unsigned n = span.past + (span.line ? (unsigned)span.depth[i] : i + 1);

    *first = window_first(a, n - 1);
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

/* Four numbers of a head from e on, zeros past its end. */
static __device__ __forceinline__ float4 some(const float *x, unsigned e, unsigned n, bool fast)
{
    if (fast)
        return e < n ? *(const float4 *)(x + e) : make_float4(0, 0, 0, 0);
    return make_float4(e < n ? x[e] : 0, e + 1 < n ? x[e + 1] : 0, e + 2 < n ? x[e + 2] : 0,
                       e + 3 < n ? x[e + 3] : 0);
}

static __device__ __forceinline__ float4 some(const __half *x, unsigned e, unsigned n,
                                              bool fast)
{
    if (fast)
        return e < n ? four(x + e) : make_float4(0, 0, 0, 0);
    return make_float4(e < n ? as_float(x[e]) : 0, e + 1 < n ? as_float(x[e + 1]) : 0,
                       e + 2 < n ? as_float(x[e + 2]) : 0, e + 3 < n ? as_float(x[e + 3]) : 0);
}

/* Whether rows of keys or values can be read four at a time. */
template <class T>
static __device__ __forceinline__ bool fast(const T *x, unsigned stride, unsigned width)
{
    return stride % 4 == 0 && width % 4 == 0 && (size_t)x % (4 * sizeof(T)) == 0;
}

/* A lane's numbers of keys at, at + WARPS, ... of a run; zeros of those that are not seen. */
template <class T, int PARTS, int TOGETHER>
static __device__ __forceinline__ void
bring_some(float4 (*b)[PARTS], const T *x, unsigned stride, const unsigned *rows, unsigned at,
           unsigned begin, unsigned end, unsigned width, bool fast)
{
#pragma unroll
    for (int t = 0; t < TOGETHER; t++, at += WARPS) {
        bool seen = at >= begin && at < end;
        const T *row = x + (size_t)(seen ? rows[at] : 0) * stride;
#pragma unroll
        for (int c = 0; c < PARTS; c++)
            b[t][c] = some(row, c * 128 + threadIdx.x % 32 * 4, seen ? width : 0, fast);
    }
}

/* PARTS: runs of 128 numbers in a head. A warp takes every eighth key, a lane four of each
 * 128 numbers of it. */
template <class T, int PARTS, int N>
static __global__ void __launch_bounds__(THREADS)
    few(jc_cuda_attention a, __grid_constant__ const spans<N> all, run_of *runs, float *parts)
{
    enum { TOGETHER = PARTS == 1 ? 8 : PARTS == 2 ? 4 : 1 }; /* keys that are fetched at once */
    extern __shared__ float sums[]; /* [WARPS, 128 PARTS], of the values */
    __shared__ float p[RUN], room[WARPS];
    __shared__ unsigned rows[RUN];
    unsigned s = find(all, blockIdx.x), head = blockIdx.y, run = blockIdx.z, first;
    const jc_cuda_span &span = all.one[s];
    unsigned i = blockIdx.x - all.first[s], me = threadIdx.x, warp = me / 32, lane = me % 32;
    unsigned kv = head / (a.heads / a.kv_heads), from = run * RUN;
    const T *k = (const T *)span.k + (size_t)kv * a.width;
    const T *v = (const T *)span.v + (size_t)kv * a.value_width;
    bool fast_k = fast(k, span.stride_k, a.width);
    bool fast_v = fast(v, span.stride_v, a.value_width);
    size_t place = ((size_t)blockIdx.x * a.heads + head) * gridDim.z + run;
    float4 q[PARTS], y[PARTS];

    wait_for_queue();
    unsigned n = reach_of(a, span, i, &first);
    if (from >= n || from + RUN <= first)
        return;
    unsigned j = from + me; /* the key of this thread, counted along the row's line */
    rows[me] = j < span.past || !span.line || j >= n
                   ? j
                   : span.past + (unsigned)span.line[(size_t)i * span.n + j - span.past];
    const float *x = span.q + (size_t)i * a.stride_q + head * a.width;
#pragma unroll
    for (int c = 0; c < PARTS; c++) {
        q[c] = some(x, c * 128 + lane * 4, a.width, false);
        y[c] = make_float4(0, 0, 0, 0);
    }
    unsigned begin = first > from ? first - from : 0, end = n - from < RUN ? n - from : RUN;
    __syncthreads();
    for (unsigned at = warp; at < end; at += WARPS * TOGETHER) {
        float4 b[TOGETHER][PARTS];
        bring_some<T, PARTS, TOGETHER>(b, k, span.stride_k, rows, at, begin, end, a.width,
                                       fast_k);
#pragma unroll
        for (int t = 0; t < TOGETHER; t++) {
            float sum = 0;
#pragma unroll
            for (int c = 0; c < PARTS; c++) {
                sum = fmaf(q[c].x, b[t][c].x, sum);
                sum = fmaf(q[c].y, b[t][c].y, sum);
                sum = fmaf(q[c].z, b[t][c].z, sum);
                sum = fmaf(q[c].w, b[t][c].w, sum);
            }
            sum = warp_sum(sum);
            if (lane == 0 && at + t * WARPS < RUN)
                p[at + t * WARPS] = sum;
        }
    }
    __syncthreads();
    bool seen = me >= begin && me < end;
    float z = seen ? a.scale * p[me] : 0;
    if (a.slopes)
        z -= a.slopes[head] * (float)(int)(n - 1 - j);
    z = seen ? capped(z, a.softcap) : -CUDART_INF_F;
    float most = warp_max(z);
    if (lane == 0)
        room[warp] = most;
    __syncthreads();
    most = room[0];
    for (unsigned w = 1; w < WARPS; w++)
        most = fmaxf(most, room[w]);
    p[me] = seen ? expf(z - most) : 0;
    __syncthreads();
    float sum = 0;
    for (unsigned w = 0; w < RUN / 32; w++)
        sum += warp_sum(p[w * 32 + lane]);
    if (me == 0)
        runs[place] = run_of{most, sum};
    for (unsigned at = warp; at < end; at += WARPS * TOGETHER) {
        float4 b[TOGETHER][PARTS];
        bring_some<T, PARTS, TOGETHER>(b, v, span.stride_v, rows, at, begin, end,
                                       a.value_width, fast_v);
#pragma unroll
        for (int t = 0; t < TOGETHER; t++) {
            float by = at + t * WARPS < RUN ? p[at + t * WARPS] : 0;
#pragma unroll
            for (int c = 0; c < PARTS; c++) {
                y[c].x = fmaf(by, b[t][c].x, y[c].x);
                y[c].y = fmaf(by, b[t][c].y, y[c].y);
                y[c].z = fmaf(by, b[t][c].z, y[c].z);
                y[c].w = fmaf(by, b[t][c].w, y[c].w);
            }
        }
    }
#pragma unroll
    for (int c = 0; c < PARTS; c++)
        *(float4 *)(sums + warp * PARTS * 128 + c * 128 + lane * 4) = y[c];
    __syncthreads();
    float all_most = most, all_sum = sum;
    if (gridDim.z == 1)
        whole(a, head, &all_most, &all_sum);
    for (unsigned e = me; e < a.value_width; e += THREADS) {
        float mix = 0;
        for (unsigned w = 0; w < WARPS; w++)
            mix += sums[w * PARTS * 128 + e];
        if (gridDim.z == 1) /* as add_runs() does */
            span.out[(size_t)i * a.stride_out + head * a.value_width + e] =
                fmaf(expf(most - all_most), mix, 0) / all_sum;
        else
            parts[place * a.value_width + e] = mix;
    }
}

template <class T, int N> static auto kernel_of(unsigned width)
{
    return width <= 128 ? few<T, 1, N> : width <= 256 ? few<T, 2, N> : few<T, 6, N>;
}

template <int N>
static __global__ void add_runs(jc_cuda_attention a, __grid_constant__ const spans<N> all,
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
template <int N>
static int launch_few(const jc_cuda_attention *a, const spans<N> *some, unsigned n_runs,
                      void *room)
{
    unsigned rows = some->first[some->n];
    run_of *runs = (run_of *)room;
    float *parts = (float *)(runs + (size_t)rows * a->heads * n_runs);
    dim3 grid(rows, a->heads, n_runs);
    unsigned width = a->width > a->value_width ? a->width : a->value_width;
    size_t bytes = WARPS * (width <= 128 ? 128 : width <= 256 ? 256 : 768) * sizeof(float);

    if (rows == 0)
        return 0;
    int e = queue(a->half ? kernel_of<__half, N>(width) : kernel_of<float, N>(width), grid, THREADS,
                  bytes, *a, *some, runs, parts);
    if (e || n_runs == 1)
        return e;
    return queue(add_runs<N>, dim3(rows, a->heads), THREADS, 0, *a, *some,
                 (const run_of *)runs, (const float *)parts, n_runs);
}

template <int N>
static int attend_few(const jc_cuda_attention *a, const jc_cuda_span *all, size_t n, void *room)
{
    unsigned n_runs = runs_of(all, n);
    int e = 0;

    for (size_t first = 0; first < n && e == 0; first += N) {
        spans<N> some;
        some.n = some.first[0] = 0;
        for (size_t i = first; i < n && i < first + N; i++) {
            some.one[some.n++] = all[i];
            some.first[some.n] = some.first[some.n - 1] + all[i].n;
        }
        e = launch_few(a, &some, n_runs, room);
    }
    return e;
}

int jc_cuda_attend_few(const jc_cuda_attention *a, const jc_cuda_span *host_spans, size_t n,
                       void *room)
{
    return n <= FEW ? attend_few<FEW>(a, host_spans, n, room)
                    : attend_few<MANY>(a, host_spans, n, room);
}
