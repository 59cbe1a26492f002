/* SPDX-License-Identifier: MIT */
/*
 * vector_impl.h: the loops of vector.h, written so that the compiler turns them into vector
 * code. Included once by each vector_*.c, which is compiled for one instruction set and
 * defines JC_VECTOR_NAME.
 */
#include "kernels/vector.h"

#include <math.h>
#include <string.h>

/* e^x by x = n ln 2 + r, |r| <= ln 2 / 2, and Taylor's series of e^r to r^7 (next term
 * 5e-9). Below -87 it stays at e^-87, which no sum of ours can see. */
static inline float exponential(float x)
{
    float c = x > 88.0f ? 88.0f : x;
    c = c < -87.0f ? -87.0f : c;                   /* a NaN passes both */
    float shifted = c * 1.44269504f + 12582912.0f; /* rounds to a whole number */
    float n = shifted - 12582912.0f;
    float r = c - n * 0.693359375f;
    r = r + n * 2.12194440e-4f;
    float p = 1.0f / 5040;
    p = p * r + 1.0f / 720;
    p = p * r + 1.0f / 120;
    p = p * r + 1.0f / 24;
    p = p * r + 1.0f / 6;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    uint32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits + 127) << 23; /* the low bits of `shifted` are n */
    float scale;
    memcpy(&scale, &bits, sizeof scale);
    return p * scale;
}

/* erfc(z) for z >= 0 as e^(-z^2) p(t), t = 1 / (1 + z/2). p was fitted to that form by
 * iterated least squares; the relative error is below 1e-7 up to z = 14. */
static inline float erfc_positive(float z)
{
    float t = 1.0f / (1.0f + 0.5f * z);
    float p = -0.0601976736f;
    p = p * t + 0.289718492f;
    p = p * t - 0.497103369f;
    p = p * t + 0.288553032f;
    p = p * t - 0.0332775407f;
    p = p * t + 0.20526507f;
    p = p * t + 0.242509963f;
    p = p * t + 0.282449342f;
    p = p * t + 0.282082602f;
    return p * t * exponential(-z * z);
}

/* Near 0, where the definition by exponentials loses digits, x + x^3 p(x^2); p was fitted
 * to that form on |x| <= 0.625, with an error below 5e-9. */
static inline float hyperbolic_tangent(float x)
{
    float z = x * x, size = fabsf(x), t = exponential(-2.0f * size);
    float p = -0.00571702157f;
    p = p * z + 0.0206505643f;
    p = p * z - 0.0537434903f;
    p = p * z + 0.133314912f;
    p = p * z - 0.333332839f;
    float far = (1.0f - t) / (1.0f + t);
    return size <= 0.625f ? x + x * z * p : copysignf(far, x);
}

static void layer_norm(size_t d, const float *x, const float *weight, const float *bias,
                       double eps, float *y)
{
    float sum = 0, squares = 0;

#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < d; i++)
        sum += x[i];
    float mean = sum / (float)d;
#pragma omp simd reduction(+ : squares)
    for (size_t i = 0; i < d; i++)
        squares += (x[i] - mean) * (x[i] - mean);
    float scale = (float)(1.0 / sqrt((double)squares / (double)d + eps));
#pragma omp simd
    for (size_t i = 0; i < d; i++)
        y[i] = (x[i] - mean) * scale * weight[i] + bias[i];
}

static void rms_norm(size_t d, const float *x, const float *weight, double eps, float *y)
{
    float squares = 0;

#pragma omp simd reduction(+ : squares)
    for (size_t i = 0; i < d; i++)
        squares += x[i] * x[i];
    float scale = (float)(1.0 / sqrt((double)squares / (double)d + eps));
#pragma omp simd
    for (size_t i = 0; i < d; i++)
        y[i] = x[i] * scale * weight[i];
}

static void norm(const jc_norm *n, const float *x, float *y)
{
    switch (n->kind) {
    case JC_NORM_LAYER:
        layer_norm(n->d, x, n->weight, n->bias, n->eps, y);
        break;
    case JC_NORM_RMS:
        rms_norm(n->d, x, n->weight, n->eps, y);
        break;
    }
}

static void rotate(const jc_rotation *rotation, const float *turns, float *x)
{
    size_t half = rotation->half;
    const float *c = turns, *s = turns + half;

    if (rotation->interleaved) {
        for (size_t i = 0; i < half; i++) {
            float a = x[2 * i], b = x[2 * i + 1];
            x[2 * i] = a * c[i] - b * s[i];
            x[2 * i + 1] = b * c[i] + a * s[i];
        }
        return;
    }
#pragma omp simd
    for (size_t i = 0; i < half; i++) {
        float a = x[i], b = x[half + i];
        x[i] = a * c[i] - b * s[i];
        x[half + i] = b * c[i] + a * s[i];
    }
}

static void act(jc_act which, size_t n, float *x)
{
    switch (which) {
    case JC_ACT_NONE:
        break;
    case JC_ACT_RELU:
#pragma omp simd
        for (size_t i = 0; i < n; i++)
            x[i] = x[i] < 0 ? 0 : x[i];
        break;
    case JC_ACT_RELU2:
#pragma omp simd
        for (size_t i = 0; i < n; i++)
            x[i] = x[i] < 0 ? 0 : x[i] * x[i];
        break;
    case JC_ACT_GELU:
#pragma omp simd
        for (size_t i = 0; i < n; i++) {
            float half = 0.5f * erfc_positive(fabsf(x[i]) * 0.707106781f);
            x[i] *= x[i] > 0 ? 1.0f - half : half;
        }
        break;
    case JC_ACT_GELU_TANH: /* (1 + tanh u) / 2 = 1 / (1 + e^-2u) */
#pragma omp simd
        for (size_t i = 0; i < n; i++) {
            float u2 = 1.59576912f * (x[i] + 0.044715f * x[i] * x[i] * x[i]);
            x[i] = x[i] / (1.0f + exponential(-u2));
        }
        break;
    case JC_ACT_SILU:
#pragma omp simd
        for (size_t i = 0; i < n; i++)
            x[i] = x[i] / (1.0f + exponential(-x[i]));
        break;
    case JC_ACT_SIGMOID:
#pragma omp simd
        for (size_t i = 0; i < n; i++)
            x[i] = 1.0f / (1.0f + exponential(-x[i]));
        break;
    }
}

static void gate(jc_act which, size_t n, const float *x, float *y)
{
    memcpy(y, x, n * sizeof *y);
    act(which, n, y);
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        y[i] *= x[n + i];
}

static void softcap(size_t n, float cap, float *x)
{
    float scale = 1.0f / cap;

#pragma omp simd
    for (size_t i = 0; i < n; i++)
        x[i] = cap * hyperbolic_tangent(x[i] * scale);
}

static float largest(size_t n, const float *x)
{
    float max = x[0];

#pragma omp simd reduction(max : max)
    for (size_t i = 1; i < n; i++)
        max = x[i] > max ? x[i] : max;
    return max;
}

static void softmax(size_t n, float *x)
{
    float max = largest(n, x), sum = 0;

#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < n; i++) {
        x[i] = exponential(x[i] - max);
        sum += x[i];
    }
    float scale = 1.0f / sum;
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        x[i] *= scale;
}

static void to_bf16(size_t n, const float *x, uint16_t *out)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
        uint32_t quiet = (bits >> 16) | 0x40; /* a NaN must not round to infinity */
        out[i] = (uint16_t)((bits & 0x7fffffff) > 0x7f800000 ? quiet : rounded);
    }
}

static void center(size_t n, const float *x, const float *middle, float *z, double *sum,
                   double *square)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        z[i] = x[i] - middle[i];
        sum[i] += (double)z[i];
        square[i] += (double)z[i] * (double)z[i];
    }
}

/* Adding 1.5 * 2^52 leaves a whole number in the low bits of a double, rounded to nearest
 * even: the difference of the bits is that number. */
#define WHOLE 6755399441055744.0 /* 1.5 * 2^52 */

static inline int64_t bits_of(double x)
{
    int64_t bits;

    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static void fold(size_t n, const float *x, double per, const double *each, int64_t *sum)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        sum[i] += bits_of((double)x[i] * (per * each[i]) + WHOLE) - bits_of(WHOLE);
}

static void fold_fine(size_t n, const double *x, double per, const double *each,
                      int64_t *sum, int64_t *rest)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        double units = x[i] * (per * each[i]), whole = units + WHOLE;
        sum[i] += bits_of(whole) - bits_of(WHOLE);
        double left = (units - (whole - WHOLE)) * 0x1p40;
        rest[i] = bits_of(left + WHOLE) - bits_of(WHOLE);
    }
}

#include "kernels/vector_product.h"

static bool all_finite(size_t n, const float *x)
{
    uint32_t worst = 0;

#pragma omp simd reduction(max : worst)
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        bits &= 0x7fffffff;
        worst = bits > worst ? bits : worst;
    }
    return worst < 0x7f800000;
}

static jc_top top(size_t n, const float *x)
{
    float max = largest(n, x);
    size_t index = 0;

    while (index + 1 < n && x[index] != max)
        index++;
    float second = -INFINITY;
#pragma omp simd reduction(max : second)
    for (size_t i = 0; i < n; i++) {
        float v = i == index ? -INFINITY : x[i];
        second = v > second ? v : second;
    }
    return (jc_top){(uint32_t)index, max, second};
}

static double sum_exp(size_t n, const float *x, float max)
{
    double sum = 0;

    for (size_t at = 0; at < n; at += 1024) {
        size_t end = n - at < 1024 ? n : at + 1024;
        float part = 0;
#pragma omp simd reduction(+ : part)
        for (size_t i = at; i < end; i++)
            part += exponential(x[i] - max);
        sum += (double)part;
    }
    return sum;
}

static double exps(size_t n, const float *x, float max, float scale, float *out)
{
    double sum = 0;

    for (size_t at = 0; at < n; at += 1024) {
        size_t end = n - at < 1024 ? n : at + 1024;
        float part = 0;
#pragma omp simd reduction(+ : part)
        for (size_t i = at; i < end; i++) {
            out[i] = exponential(x[i] - max) * scale;
            part += out[i];
        }
        sum += (double)part;
    }
    return sum;
}

static size_t count_above(size_t n, const float *x, float bound)
{
    size_t count = 0;

    for (size_t at = 0; at < n; at += 4096) {
        size_t end = n - at < 4096 ? n : at + 4096;
        uint32_t part = 0;
#pragma omp simd reduction(+ : part)
        for (size_t i = at; i < end; i++)
            part += x[i] > bound;
        count += part;
    }
    return count;
}

static jc_row_sums row_sums(size_t n, const float *x, float max, const float *p,
                            float bound)
{
    jc_row_sums sums = {0};

    for (size_t at = 0; at < n; at += 1024) {
        size_t end = n - at < 1024 ? n : at + 1024;
        float exp = 0, exp_z = 0, p_z = 0;
        uint32_t above = 0;
#pragma omp simd reduction(+ : exp, exp_z, above)
        for (size_t i = at; i < end; i++) {
            float z = x[i] - max, e = exponential(z);
            exp += e;
            exp_z += e * z;
            above += x[i] > bound;
        }
        if (p) {
#pragma omp simd reduction(+ : p_z)
            for (size_t i = at; i < end; i++)
                p_z += p[i] * (x[i] - max);
        }
        sums.exp += (double)exp;
        sums.exp_z += (double)exp_z;
        sums.p_z += (double)p_z;
        sums.above += above;
    }
    return sums;
}

/* Where x[i] belongs in top[0..n): after all that are not less. */
static size_t place(const float *x, const uint32_t *top, size_t n, size_t i)
{
    size_t low = 0;

    while (low < n) {
        size_t middle = (low + n) / 2;
        if (x[top[middle]] < x[i])
            n = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* Most runs of x have no number larger than the k-th so far, and are passed over whole. */
static void top_k(size_t n, const float *x, size_t k, uint32_t *top)
{
    size_t had = 0;

    for (size_t at = 0; at < n; at += 256) {
        size_t end = n - at < 256 ? n : at + 256;
        if (had == k && !(largest(end - at, x + at) > x[top[k - 1]]))
            continue;
        for (size_t i = at; i < end; i++) {
            if (had == k && !(x[i] > x[top[k - 1]]))
                continue;
            had += had < k;
            size_t to = place(x, top, had - 1, i);
            memmove(top + to + 1, top + to, (had - 1 - to) * sizeof *top);
            top[to] = (uint32_t)i;
        }
    }
}

static void dots(size_t n, size_t width, size_t stride, const float *k, const float *q,
                 float scale, float *out)
{
    for (size_t j = 0; j < n; j++) {
        const float *x = k + j * stride;
        float sum = 0;
#pragma omp simd reduction(+ : sum)
        for (size_t i = 0; i < width; i++)
            sum += x[i] * q[i];
        out[j] = scale * sum;
    }
}

static void mix(size_t n, size_t width, size_t stride, const float *v, const float *p,
                float *out)
{
    enum { BLOCK = 64 };
    size_t at = 0;

    for (; at + BLOCK <= width; at += BLOCK) {
        float sums[BLOCK];
        memcpy(sums, out + at, sizeof sums);
        for (size_t j = 0; j < n; j++) {
            const float *x = v + j * stride + at;
#pragma omp simd
            for (size_t i = 0; i < BLOCK; i++)
                sums[i] += p[j] * x[i];
        }
        memcpy(out + at, sums, sizeof sums);
    }
    for (size_t j = 0; j < n && at < width; j++)
        for (size_t i = at; i < width; i++)
            out[i] += p[j] * v[j * stride + i];
}

typedef float lanes8 __attribute__((vector_size(32)));

/* Of 8 rows of 8: pairs of rows change places by 1, by 2 and by 4 columns. */
static void turn_block(size_t n, const float *x, float *out, size_t stride)
{
    lanes8 a[8], b[8];

    for (size_t r = 0; r < 8; r++)
        memcpy(&a[r], x + r * n, sizeof a[r]);
    for (size_t r = 0; r < 8; r += 2) {
        b[r] = __builtin_shufflevector(a[r], a[r + 1], 0, 8, 2, 10, 4, 12, 6, 14);
        b[r + 1] = __builtin_shufflevector(a[r], a[r + 1], 1, 9, 3, 11, 5, 13, 7, 15);
    }
    for (size_t k = 0; k < 4; k++) {
        size_t r = k / 2 * 4 + k % 2;
        a[r] = __builtin_shufflevector(b[r], b[r + 2], 0, 1, 8, 9, 4, 5, 12, 13);
        a[r + 2] = __builtin_shufflevector(b[r], b[r + 2], 2, 3, 10, 11, 6, 7, 14, 15);
    }
    for (size_t r = 0; r < 4; r++) {
        b[r] = __builtin_shufflevector(a[r], a[r + 4], 0, 1, 2, 3, 8, 9, 10, 11);
        b[r + 4] = __builtin_shufflevector(a[r], a[r + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    }
    for (size_t r = 0; r < 8; r++)
        memcpy(out + r * stride, &b[r], sizeof b[r]);
}

static void turn(size_t rows, size_t n, const float *x, float *out, size_t stride)
{
    size_t r_end = rows / 8 * 8, i_end = n / 8 * 8;

    for (size_t i = 0; i < i_end; i += 8)
        for (size_t r = 0; r < r_end; r += 8)
            turn_block(n, x + r * n + i, out + i * stride + r, stride);
    for (size_t r = 0; r < rows; r++)
        for (size_t i = r < r_end ? i_end : 0; i < n; i++)
            out[i * stride + r] = x[r * n + i];
}

static void renew(size_t n, size_t width, float keep, const float *k, const float *v,
                  float *s)
{
    for (size_t j = 0; j < n; j++)
#pragma omp simd
        for (size_t i = 0; i < width; i++)
            s[j * width + i] = keep * s[j * width + i] + k[j] * v[i];
}

extern const jc_vector JC_VECTOR_NAME;
const jc_vector JC_VECTOR_NAME = {
    .name = JC_VECTOR_TEXT,
    .norm = norm,
    .rotate = rotate,
    .gate = gate,
    .softcap = softcap,
    .act = act,
    .softmax = softmax,
    .dots = dots,
    .mix = mix,
    .renew = renew,
    .turn = turn,
    .to_bf16 = to_bf16,
    .center = center,
    .fold = fold,
    .fold_fine = fold_fine,
    .product = product_add,
    .finite = all_finite,
    .top = top,
    .sum_exp = sum_exp,
    .exps = exps,
    .count_above = count_above,
    .row_sums = row_sums,
    .top_k = top_k,
};
