/* SPDX-License-Identifier: MIT */
/*
 * ref.c: the reference backend: each entry as its definition, in double, in plain loops.
 * Slow on purpose; other backends are tested against it.
 */
#include "kernels/backend.h"
#include "kernels/half.h"

#include <math.h>
#include <string.h>

struct ref_linear {
    jc_linear head;
    jc_act act;
    bool add;
    jc_precision precision;
    float *weight; /* [n_out, n_in] */
    float *bias;   /* [n_out], zero where the layer has none */
};

static bool has(jc_precision precision)
{
    (void)precision;
    return true;
}

static float rounded(float x, jc_precision precision)
{
    if (precision == JC_PRECISION_F32 || isnan(x))
        return x;
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static double activate(jc_act act, double x)
{
    switch (act) {
    case JC_ACT_NONE:
        return x;
    case JC_ACT_GELU:
        return 0.5 * x * (1 + erf(x * 0.70710678118654752440));
    case JC_ACT_GELU_TANH:
        return 0.5 * x * (1 + tanh(0.79788456080286535588 * (x + 0.044715 * x * x * x)));
    case JC_ACT_RELU:
        return x < 0 ? 0 : x;
    case JC_ACT_RELU2:
        return x < 0 ? 0 : x * x;
    case JC_ACT_SILU:
        return x / (1 + exp(-x));
    case JC_ACT_SIGMOID:
        return 1 / (1 + exp(-x));
    }
    return x;
}

static void linear_free(jc_linear *linear)
{
    struct ref_linear *l = (struct ref_linear *)linear;

    jc_free(l->weight);
    jc_free(l->bias);
    jc_free(l);
}

static jc_status linear_new(jc_linear **out, const jc_linear_spec *spec, jc_error *err)
{
    struct ref_linear *l = jc_alloc_array(1, sizeof *l);
    size_t n_in = spec->n_in, n_out = spec->n_out;
    const jc_weight_source *source = &spec->weight;

    if (!l)
        return jc_fail_nomem(err, "a linear layer");
    l->head = (jc_linear){.backend = &jc_backend_ref,
                          .n_in = n_in,
                          .n_out = n_out,
                          .bytes = n_in * n_out * sizeof(float)};
    l->act = spec->act;
    l->add = spec->add;
    l->precision = spec->precision;
    l->weight = jc_matrix_new(n_out, n_in, sizeof(float));
    l->bias = jc_matrix_new(n_out, 1, sizeof(float));
    float *row = jc_matrix_new(n_in > n_out ? n_in : n_out, 1, sizeof(float));
    if (!l->weight || !l->bias || !row) {
        jc_free(row);
        linear_free(&l->head);
        return jc_fail_nomem(err, "a linear layer");
    }
    for (size_t i = 0; source->in_out && i < n_in; i++) {
        source->read(source->arg, i * n_out, n_out, row);
        for (size_t o = 0; o < n_out; o++)
            l->weight[o * n_in + i] = rounded(row[o], l->precision);
    }
    for (size_t o = 0; !source->in_out && o < n_out; o++) {
        source->read(source->arg, o * n_in, n_in, row);
        for (size_t i = 0; i < n_in; i++)
            l->weight[o * n_in + i] = rounded(row[i], l->precision);
    }
    if (spec->bias)
        memcpy(l->bias, spec->bias, n_out * sizeof(float));
    jc_free(row);
    *out = &l->head;
    return JC_OK;
}

/* Row by row: the same in both plans. */
static jc_status linear_run(const jc_linear *linear, jc_plan plan, const float *x,
                            size_t rows, float *y, jc_error *err)
{
    const struct ref_linear *l = (const struct ref_linear *)linear;
    size_t n_in = linear->n_in, n_out = linear->n_out;

    (void)plan;
    (void)err;
    for (size_t r = 0; r < rows; r++)
        for (size_t o = 0; o < n_out; o++) {
            double sum = 0;
            for (size_t i = 0; i < n_in; i++)
                sum += (double)rounded(x[r * n_in + i], l->precision) *
                       (double)l->weight[o * n_in + i];
            sum = activate(l->act, sum + (double)l->bias[o]);
            y[r * n_out + o] = (float)(l->add ? (double)y[r * n_out + o] + sum : sum);
        }
    return JC_OK;
}

static void norm(const jc_norm *norm, const float *x, float *y)
{
    double mean = 0, variance = 0, d = (double)norm->d;

    for (size_t i = 0; norm->kind == JC_NORM_LAYER && i < norm->d; i++)
        mean += (double)x[i] / d;
    for (size_t i = 0; i < norm->d; i++)
        variance += ((double)x[i] - mean) * ((double)x[i] - mean) / d;
    for (size_t i = 0; i < norm->d; i++)
        y[i] = (float)(((double)x[i] - mean) / sqrt(variance + norm->eps) *
                           (double)norm->weight[i] +
                       (norm->bias ? (double)norm->bias[i] : 0));
}

static void rotate(const jc_rotation *rotation, const float *turns, float *x)
{
    size_t half = rotation->half, step = rotation->interleaved ? 2 : 1;
    size_t apart = rotation->interleaved ? 1 : half;

    for (size_t i = 0; i < half; i++) {
        float *first = x + i * step, *second = first + apart;
        double a = (double)*first, b = (double)*second;
        double c = (double)turns[i], s = (double)turns[half + i];
        *first = (float)(a * c - b * s);
        *second = (float)(b * c + a * s);
    }
}

static void gate(jc_act act, size_t n, const float *x, float *y)
{
    for (size_t i = 0; i < n; i++)
        y[i] = (float)(activate(act, (double)x[i]) * (double)x[n + i]);
}

static double capped(double x, double cap)
{
    return cap > 0 ? cap * tanh(x / cap) : x;
}

static void softcap(size_t n, float cap, float *x)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (float)capped((double)x[i], (double)cap);
}

static double dot(size_t n, const float *a, const float *b)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

/* What is added to a score, by how far the key is from the query. */
static double relative(const jc_head_job *head, size_t i, size_t j)
{
    const jc_relative *r = head->relative;
    size_t class = r->which[r->reach + j - (head->n_k - head->n_q + i)], w = head->width;
    size_t at = class * head->stride_relative + head->head * w;
    double sum = 0;

    if (r->keys)
        sum += dot(w, head->q + i * head->stride_q, r->keys + at);
    if (r->queries)
        sum += dot(w, head->k + j * head->stride_k, r->queries + at);
    return (double)head->scale * sum +
           (r->bias ? (double)r->bias[head->head * r->n + class] : 0);
}

static jc_status head(const jc_head_job *head, jc_error *err)
{
    double *p = jc_matrix_new(head->n_k, 1, sizeof *p);

    if (!p)
        return jc_fail_nomem(err, "attention");
    for (size_t i = 0; i < head->n_q; i++) {
        size_t first, seen;
        double max = -HUGE_VAL, sum = 0;

        jc_head_sees(head, i, &first, &seen);

        for (size_t j = first; j < seen; j++) {
            p[j] = (double)head->scale * dot(head->width, head->q + i * head->stride_q,
                                             head->k + j * head->stride_k);
            if (head->slope != 0)
                p[j] -= (double)head->slope * (double)(head->n_k - head->n_q + i - j);
            if (head->relative)
                p[j] += relative(head, i, j);
            p[j] = capped(p[j], (double)head->softcap);
            max = p[j] > max ? p[j] : max;
        }
        if (head->sink)
            max = fmax(max, (double)*head->sink);
        sum = head->sink ? exp((double)*head->sink - max) : 0;
        for (size_t j = first; j < seen; j++) {
            p[j] = exp(p[j] - max);
            sum += p[j];
        }
        for (size_t c = 0; c < head->value_width; c++) {
            double mix = 0;
            for (size_t j = first; j < seen; j++)
                mix += p[j] / sum * (double)head->v[j * head->stride_v + c];
            head->out[i * head->stride_out + c] = (float)mix;
        }
    }
    jc_free(p);
    return JC_OK;
}

/* Copy the keys or values of one head that a row sees: the cached ones from `first` on,
 * then its line. */
static void collect(const jc_mat *from, const void *x, size_t head, size_t width,
                    size_t first, size_t past, const size_t *line, size_t n, float *to)
{
    for (size_t i = 0; i < past - first + n; i++) {
        size_t row = first + i < past ? first + i : past + line[first + i - past];
        size_t at = row * from->stride + head * width;
        if (from->half)
            jc_half_to(width, (const uint16_t *)x + at, to + i * width);
        else
            memcpy(to + i * width, (const float *)x + at, width * sizeof *to);
    }
}

jc_status jc_ref_few_rows(const jc_attention *a, const jc_attended *span, const float *q,
                          size_t stride_q, const void *k, const void *v, float *out,
                          size_t stride_out, jc_error *err)
{
    size_t most = span->past + span->n, w = a->width, vw = jc_value_width(a), first, past;
    size_t *line = jc_alloc_array(span->n, sizeof *line);
    float *keys = jc_matrix_new(most, w, sizeof *keys);
    float *values = jc_matrix_new(most, vw, sizeof *values);
    jc_status st = line && keys && values ? JC_OK : jc_fail_nomem(err, "attention");

    for (size_t r = 0; r < span->n && st == JC_OK; r++) {
        size_t n = jc_attended_line(a, span, r, &first, &past, line);
        for (size_t h = 0; h < a->heads && st == JC_OK; h++) {
            size_t shared = h / (a->heads / a->kv_heads);
            collect(&span->keys, k, shared, w, first, past, line, n, keys);
            collect(&span->values, v, shared, vw, first, past, line, n, values);
            const jc_head_job one = {.q = q + r * stride_q + h * w,
                                     .k = keys,
                                     .v = values,
                                     .out = out + r * stride_out + h * vw,
                                     .n_q = 1,
                                     .n_k = past - first + n,
                                     .width = w,
                                     .value_width = vw,
                                     .stride_k = w,
                                     .stride_v = vw,
                                     .scale = a->scale,
                                     .softcap = a->softcap,
                                     .sink = a->sinks ? a->sinks + h : NULL,
                                     .slope = a->slopes ? a->slopes[h] : 0};
            st = head(&one, err);
        }
    }
    jc_free(line);
    jc_free(keys);
    jc_free(values);
    return st;
}

static jc_status gram_tile_double(size_t m, size_t n, size_t rows, const float *x,
                                  const float *y, size_t stride, double *product,
                                  jc_error *err)
{
    (void)err;
    memset(product, 0, m * n * sizeof *product);
    for (size_t r = 0; r < rows; r++)
        for (size_t i = 0; i < m; i++)
            for (size_t j = 0; j < n; j++)
                product[i * n + j] += (double)x[r * stride + i] * (double)y[r * stride + j];
    return JC_OK;
}

static jc_status gram_tile(size_t m, size_t n, size_t rows, const float *x, const float *y,
                           size_t stride, float *product, jc_error *err)
{
    (void)err;
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) {
            double sum = 0;
            for (size_t r = 0; r < rows; r++)
                sum += (double)x[r * stride + i] * (double)y[r * stride + j];
            product[i * n + j] = (float)sum;
        }
    return JC_OK;
}

static const jc_host host = {
    .linear_new = linear_new,
    .linear_free = linear_free,
    .linear_run = linear_run,
    .norm = norm,
    .rotate = rotate,
    .gate = gate,
    .softcap = softcap,
    .head = head,
    .few_rows = jc_ref_few_rows,
    .gram_tile = gram_tile,
    .gram_tile_double = gram_tile_double,
};

const jc_backend jc_backend_ref = {
    .name = "ref",
    .about = "plain C, float32; slow, and the same on every machine",
    .has = has,
    .borrows = true,
    JC_HOST_OPERATIONS,
    .host = &host,
};
