/* SPDX-License-Identifier: MIT */
/*
 * linear.c: linear layers. A weight is on the GPU once, as bfloat16, float16 or Q8_0 where
 * it is stored so, else as float32, and both plans read it there. Products that are asked
 * for in bfloat16 have a copy rounded to that besides, if it is stored as something else.
 */
#include <math.h>
#include <string.h>

#include "kernels/cuda/cuda.h"
#include "kernels/half.h"

struct cuda_linear {
    jc_linear head;
    jc_cuda_weight w,
        rounded; /* the second where products are bfloat16; it may be the first */
    float *bias;
    jc_act act;
};

/* Of a number, by type. */
static const size_t bytes_of[] = {
    [JC_CUDA_F32] = 4, [JC_CUDA_F16] = 2, [JC_CUDA_BF16] = 2, [JC_CUDA_INT8] = 1};

enum { STEP = 1 << 13 };               /* outputs of a range */
enum { STRIDE = 32, PIECE = 1 << 22 }; /* numbers that are read at a time */

void jc_cuda_linear_free(jc_linear *linear)
{
    struct cuda_linear *l = (struct cuda_linear *)linear;

    if (l->rounded.data != l->w.data)
        jc_cuda_free(l->rounded.data);
    jc_cuda_free(l->w.data);
    jc_cuda_free(l->w.scales);
    jc_cuda_free(l->bias);
    jc_free(l);
}

/* ---- weights ---- */

static bool stored_as(const jc_linear_spec *spec, const char *type)
{
    for (size_t p = 0; p < spec->n_stored; p++)
        if (strcmp(spec->stored[p].type, type) != 0)
            return false;
    return spec->n_stored > 0;
}

static jc_status room_for(jc_cuda_weight *w, int type, const jc_linear_spec *spec,
                          jc_error *err)
{
    *w = (jc_cuda_weight){.type = type,
                          .n_out = spec->n_out,
                          .n_in = spec->n_in,
                          .stride = (spec->n_in + STRIDE - 1) / STRIDE * STRIDE};
    return jc_cuda_memory(&w->data, w->n_out * w->stride * bytes_of[type], "a weight", err);
}

/* The weight as float32 without gaps, [n_out, n_in], in the GPU's memory. */
static jc_status bring_floats(float **out, const jc_linear_spec *spec, jc_error *err)
{
    const jc_weight_source *source = &spec->weight;
    size_t rows = source->in_out ? spec->n_in : spec->n_out;
    size_t cols = source->in_out ? spec->n_out : spec->n_in;
    size_t all = rows * cols, most = PIECE / cols ? PIECE / cols : 1;
    float *host = jc_matrix_new(most < rows ? most : rows, cols, sizeof *host);
    void *data = NULL, *turned = NULL;
    jc_status st = host ? jc_cuda_memory(&data, all * sizeof(float), "a weight", err)
                        : jc_fail_nomem(err, "a weight");

    for (size_t first = 0; first < rows && st == JC_OK; first += most) {
        size_t n = rows - first < most ? rows - first : most;
        source->read(source->arg, first * cols, n * cols, host);
        st = jc_cuda_send((float *)data + first * cols, cols * sizeof(float), host,
                          cols * sizeof(float), n, err);
    }
    if (st == JC_OK && source->in_out) {
        st = jc_cuda_memory(&turned, all * sizeof(float), "a weight", err);
        if (st == JC_OK)
            st = jc_cuda_check(jc_cuda_transpose(turned, data, rows, cols), err);
        jc_cuda_free(data);
        data = turned;
    }
    jc_free(host);
    if (st)
        jc_cuda_free(data);
    *out = st ? NULL : data;
    return st;
}

/* As `type` where that holds all numbers, else as float32. */
static jc_status pack(jc_cuda_weight *w, int type, const float *from, bool round,
                      const jc_linear_spec *spec, jc_error *err)
{
    int inexact = 0;
    jc_status st = room_for(w, type, spec, err);

    if (st == JC_OK)
        st = jc_cuda_check(jc_cuda_pack(*w, from, &inexact), err);
    if (st || !inexact || round || type == JC_CUDA_F32)
        return st;
    jc_cuda_free(w->data);
    return pack(w, JC_CUDA_F32, from, round, spec, err);
}

/* Of a block of Q8_0, 34 bytes: a float16 scale and 32 numbers. */
static void read_block(const unsigned char *block, int8_t *numbers, float *scale)
{
    uint16_t half;

    memcpy(&half, block, sizeof half);
    jc_half_to(1, &half, scale);
    memcpy(numbers, block + 2, 32);
}

static bool is_q8_0(const jc_linear_spec *spec)
{
    return stored_as(spec, "Q8_0") && !spec->weight.in_out && spec->n_in % 32 == 0;
}

/* Rows as they are stored; numbers and scales apart. */
static jc_status bring_q8_0(jc_cuda_weight *w, const jc_linear_spec *spec, jc_error *err)
{
    size_t blocks = spec->n_in / 32, at = 0;
    int8_t *numbers = jc_matrix_new(spec->n_out, spec->n_in, 1);
    float *scales = jc_matrix_new(spec->n_out, blocks, sizeof *scales);
    void *on_gpu = NULL;
    jc_status st = numbers && scales ? room_for(w, JC_CUDA_INT8, spec, err)
                                     : jc_fail_nomem(err, "a weight");

    if (st == JC_OK)
        st =
            jc_cuda_memory(&on_gpu, spec->n_out * blocks * sizeof *scales, "a weight", err);
    w->scales = on_gpu;
    for (size_t p = 0; p < spec->n_stored && st == JC_OK; p++) {
        const jc_stored *part = &spec->stored[p];
        for (size_t o = 0; o < part->n_out; o++)
            for (size_t b = 0; b < blocks; b++, at++)
                read_block((const unsigned char *)part->data +
                               (o * (part->step ? part->step : 1) * blocks + b) * 34,
                           numbers + at * 32, scales + at);
    }
    if (st == JC_OK)
        st = jc_cuda_send(w->data, spec->n_in, numbers, spec->n_in, spec->n_out, err);
    if (st == JC_OK)
        st = jc_cuda_send(w->scales, blocks * sizeof *scales, scales,
                          blocks * sizeof *scales, spec->n_out, err);
    jc_free(numbers);
    jc_free(scales);
    return st;
}

static jc_status bring_weights(struct cuda_linear *l, const jc_linear_spec *spec,
                               jc_error *err)
{
    bool q8_0 = is_q8_0(spec), round = spec->precision == JC_PRECISION_BF16;
    int type = stored_as(spec, "BF16")  ? JC_CUDA_BF16
               : stored_as(spec, "F16") ? JC_CUDA_F16
                                        : JC_CUDA_F32;
    float *floats = NULL;
    jc_status st = q8_0 ? bring_q8_0(&l->w, spec, err) : JC_OK;

    if (st == JC_OK && (!q8_0 || round))
        st = bring_floats(&floats, spec, err);
    if (st == JC_OK && !q8_0)
        st = pack(&l->w, type, floats, false, spec, err);
    if (st == JC_OK && round && l->w.type == JC_CUDA_BF16)
        l->rounded = l->w;
    else if (st == JC_OK && round)
        st = pack(&l->rounded, JC_CUDA_BF16, floats, true, spec, err);
    jc_cuda_free(floats);
    return st;
}

static jc_status bring_bias(struct cuda_linear *l, const jc_linear_spec *spec,
                            jc_error *err)
{
    size_t bytes = spec->n_out * sizeof(float);
    void *data;

    if (!spec->bias)
        return JC_OK;
    jc_status st = jc_cuda_memory(&data, bytes, "a bias", err);
    l->bias = data;
    return st ? st : jc_cuda_send(data, bytes, spec->bias, bytes, 1, err);
}

jc_status jc_cuda_linear_new(jc_linear **out, const jc_backend *backend,
                             const jc_linear_spec *spec, jc_error *err)
{
    struct cuda_linear *l = jc_alloc_array(1, sizeof *l);

    if (!l)
        return jc_fail_nomem(err, "a linear layer");
    l->head = (jc_linear){.backend = backend,
                          .n_in = spec->n_in,
                          .n_out = spec->n_out,
                          .bytes = spec->weight.bytes ? spec->weight.bytes
                                                      : spec->n_in * spec->n_out * 4,
                          .step = spec->n_out > STEP ? STEP : 0,
                          .add = spec->add};
    l->act = spec->act;
    jc_status st = bring_weights(l, spec, err);
    if (st == JC_OK)
        st = bring_bias(l, spec, err);
    if (st) {
        jc_cuda_linear_free(&l->head);
        return st;
    }
    *out = &l->head;
    return JC_OK;
}

/* ---- products ---- */

/* Outputs [first, first + n) of a weight. */
static jc_cuda_weight some_of(jc_cuda_weight w, size_t first, size_t n)
{
    w.data = (char *)w.data + first * w.stride * bytes_of[w.type];
    w.scales = w.scales ? w.scales + first * w.stride / 32 : NULL;
    w.n_out = n;
    return w;
}

/* Outputs [first, first + n). */
static jc_status run(const struct cuda_linear *l, jc_plan plan, size_t first, size_t n,
                     jc_mat x, jc_mat y, jc_error *err)
{
    enum { TILE = 128 };
    bool rounded = plan == JC_PLAN_TEXTS && l->rounded.data;
    const jc_cuda_product product = {.w = some_of(rounded ? l->rounded : l->w, first, n),
                                     .x = jc_cuda_view(x).data,
                                     .bias = l->bias ? l->bias + first : NULL,
                                     .y = jc_cuda_view(y).data,
                                     .rows = x.rows,
                                     .act = (int)l->act,
                                     .add = l->head.add};

    if (x.rows == 0)
        return JC_OK;
    if (!rounded)
        return jc_cuda_check(
            plan == JC_PLAN_TEXTS ? jc_cuda_texts(&product) : jc_cuda_few(&product), err);
    void *room;
    jc_cuda_begin();
    jc_status st = jc_cuda_scratch(
        &room, (x.rows + TILE - 1) / TILE * TILE * l->rounded.stride * 2, err);
    if (st == JC_OK)
        st = jc_cuda_check(jc_cuda_texts_bf16(&product, room), err);
    jc_cuda_end();
    return st;
}

jc_status jc_cuda_linear(const jc_linear *linear, jc_plan plan, jc_mat x, jc_mat y,
                         jc_error *err)
{
    return run((const struct cuda_linear *)linear, plan, 0, linear->n_out, x, y, err);
}

jc_status jc_cuda_linear_range(const jc_linear *linear, size_t first, jc_mat x, jc_mat y,
                               jc_error *err)
{
    size_t left = linear->n_out - first, n = left < linear->step ? left : linear->step;

    return run((const struct cuda_linear *)linear, JC_PLAN_TEXTS, first, n, x, y, err);
}
