/* SPDX-License-Identifier: MIT */
/*
 * Linear layers for few rows, of each stored type and each instruction set that this
 * machine has, against float64; and that a row's bits depend on nothing else.
 *
 * Weights in blocks are put together from blocks of tests/golden/few, whose values the gguf
 * package gave. Tolerance: 1e-6 of the sum of the sizes of what is added, which counts the
 * least value of a block apart from its multiples.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/few/few.h"
#include "kernels/few/set.h"
#include "support/check.h"

enum { GOLDEN = 2048, MOST_OUT = 100, MOST_IN = 1280, ROWS = 32 };

typedef struct kind {
    jc_few_type type;
    const char *name; /* of its golden files; NULL where a weight is one number */
    size_t values, bytes;
    unsigned char blocks[GOLDEN * 2];
    float golden[GOLDEN];
} kind;

static kind kinds[] = {
    {JC_FEW_F32, NULL, 1, 4, {0}, {0}},
    {JC_FEW_F16, NULL, 1, 2, {0}, {0}},
    {JC_FEW_BF16, NULL, 1, 2, {0}, {0}},
    {JC_FEW_Q8_0, "q8_0", 32, 34, {0}, {0}},
    {JC_FEW_Q4_0, "q4_0", 32, 18, {0}, {0}},
    {JC_FEW_Q4_1, "q4_1", 32, 20, {0}, {0}},
    {JC_FEW_Q5_0, "q5_0", 32, 22, {0}, {0}},
    {JC_FEW_Q5_1, "q5_1", 32, 24, {0}, {0}},
    {JC_FEW_Q4_K, "q4_k", 256, 144, {0}, {0}},
    {JC_FEW_Q5_K, "q5_k", 256, 176, {0}, {0}},
    {JC_FEW_Q6_K, "q6_k", 256, 210, {0}, {0}},
    {JC_FEW_Q2_K, "q2_k", 256, 84, {0}, {0}},
    {JC_FEW_Q3_K, "q3_k", 256, 110, {0}, {0}},
    {JC_FEW_IQ4_NL, "iq4_nl", 32, 18, {0}, {0}},
    {JC_FEW_IQ4_XS, "iq4_xs", 256, 136, {0}, {0}},
    {JC_FEW_MXFP4, "mxfp4", 32, 17, {0}, {0}},
    {JC_FEW_Q4_Z, "q4_z", 32, 20, {0}, {0}},
    {JC_FEW_Q8_Z, "q8_z", 32, 38, {0}, {0}},
    {JC_FEW_F8_S, "f8_s", 32, 36, {0}, {0}},
    {JC_FEW_OTHER, "q5_1", 32, 24, {0}, {0}},
};

static void read_golden(kind *k, const char *what, void *out, size_t bytes)
{
    char path[512];

    snprintf(path, sizeof path, "%s/tests/golden/few/%s.%s", JC_SOURCE_DIR, k->name, what);
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("cannot open %s", path);
    assert_int_equal(fread(out, 1, bytes, f), bytes);
    fclose(f);
}

static int set_up(void **state)
{
    (void)state;
    for (kind *k = kinds; k < kinds + JC_COUNT(kinds); k++)
        if (k->name) {
            read_golden(k, "blocks", k->blocks, GOLDEN / k->values * k->bytes);
            read_golden(k, "values", k->golden, sizeof k->golden);
        }
    return 0;
}

/* JC_FEW_OTHER: finds each block among the golden ones. */
static void read_other(const void *blocks, size_t first, size_t n, float *out)
{
    const kind *k = &kinds[JC_FEW_OTHER];

    assert_int_equal(first % k->values, 0);
    for (size_t b = 0; b < n / k->values; b++) {
        const unsigned char *block =
            (const unsigned char *)blocks + (first / k->values + b) * k->bytes;
        size_t i = 0;
        while (memcmp(k->blocks + i * k->bytes, block, k->bytes) != 0)
            i++;
        memcpy(out + b * k->values, k->golden + i * k->values, k->values * sizeof *out);
    }
}

/* A layer, its weight in double, and rows of x. The weight's bytes start at an odd address,
 * and nothing after them may be read. */
typedef struct layer {
    const kind *kind;
    size_t n_in, n_out;
    unsigned char *memory, *data;
    double *w; /* [n_out, n_in] */
    float x[ROWS * MOST_IN], bias[MOST_OUT];
    jc_few_spec spec;
} layer;

static float round_to(jc_few_type type, float x, void *bits)
{
    uint32_t all;
    uint16_t half;

    memcpy(&all, &x, 4);
    if (type == JC_FEW_F32) {
        memcpy(bits, &x, 4);
        return x;
    }
    if (type == JC_FEW_BF16) {
        all &= 0xffff0000u;
        half = (uint16_t)(all >> 16);
    } else { /* F16, of a multiple of 2^-10 with 1 <= |x| < 2 */
        all = (all & 0x80000000u) | 0x3f800000u | (all & 0x007fe000u);
        half = (uint16_t)((all >> 16 & 0x8000) | 15 << 10 | (all >> 13 & 0x3ff));
    }
    memcpy(bits, &half, 2);
    memcpy(&x, &all, 4);
    return x;
}

static layer *make(const kind *k, size_t n_in, size_t n_out, const jc_few_set *set)
{
    layer *l = test_calloc(1, sizeof *l);
    size_t blocks = n_in / k->values * n_out;
    uint64_t seed = n_in * 1000 + n_out;

    l->kind = k;
    l->n_in = n_in;
    l->n_out = n_out;
    l->memory = malloc(blocks * k->bytes + 1);
    l->data = l->memory + 1;
    l->w = test_malloc(n_in * n_out * sizeof *l->w);
    for (size_t i = 0; i < blocks; i++) {
        float number = check_rand(&seed);
        size_t from = (size_t)(fabsf(number) * 8388607.0f) % (GOLDEN / k->values);
        if (k->name)
            memcpy(l->data + i * k->bytes, k->blocks + from * k->bytes, k->bytes);
        else
            l->w[i] = (double)round_to(k->type, number, l->data + i * k->bytes);
        for (size_t j = 0; k->name && j < k->values; j++)
            l->w[i * k->values + j] = (double)k->golden[from * k->values + j];
    }
    for (size_t i = 0; i < ROWS * n_in; i++)
        l->x[i] = check_rand(&seed) * (i % 37 == 0 ? 20 : 1);
    for (size_t i = 0; i < n_out; i++)
        l->bias[i] = check_rand(&seed);
    l->spec = (jc_few_spec){.type = k->type,
                            .n_in = n_in,
                            .n_out = n_out,
                            .data = l->data,
                            .set = set,
                            .other = {read_other, l->data, 0}};
    return l;
}

static void drop(layer *l)
{
    free(l->memory);
    test_free(l->w);
    test_free(l);
}

/* The largest multiple that a block takes its least value from: what can cancel. */
static double least_of(const kind *k)
{
    float most = 0; /* in double gcc 12 fails to compile this for arm64 */

    if (k->type == JC_FEW_Q4_1 || k->type == JC_FEW_Q5_1 || k->type == JC_FEW_Q4_K ||
        k->type == JC_FEW_Q5_K || k->type == JC_FEW_Q2_K || k->type == JC_FEW_Q4_Z ||
        k->type == JC_FEW_Q8_Z)
        for (size_t i = 0; i < GOLDEN; i++)
            most = fmaxf(most, fabsf(k->golden[i]));
    return (double)most;
}

/* x as the int8 kernels see it: whole numbers up to 127 x 256. */
static void round_x(size_t n, const float *x, double *out)
{
    for (size_t i = 0; i < n; i += 32) {
        float most = 0;
        for (size_t j = i; j < i + 32; j++)
            most = fmaxf(most, fabsf(x[j]));
        for (size_t j = i; j < i + 32; j++)
            out[j] = most == 0 ? 0
                               : nearbyint((double)(x[j] * (32512.0f / most))) *
                                     (double)(most / 32512.0f);
    }
}

static void check_values(const layer *l, const float *y, bool int8)
{
    double least = least_of(l->kind), x[MOST_IN];

    for (size_t r = 0; r < ROWS; r++) {
        for (size_t i = 0; i < l->n_in; i++)
            x[i] = (double)l->x[r * l->n_in + i];
        if (int8)
            round_x(l->n_in, l->x + r * l->n_in, x);
        for (size_t o = 0; o < l->n_out; o++) {
            double want = 0, size = 0;
            for (size_t i = 0; i < l->n_in; i++) {
                want += l->w[o * l->n_in + i] * x[i];
                size += (fabs(l->w[o * l->n_in + i]) + least) * fabs(x[i]);
            }
            double got = (double)y[r * l->n_out + o];
            if (!(fabs(got - want) <= 1e-6 * size))
                fail_msg("type %d, %zu x %zu, int8 %d, set %s: row %zu, output %zu is %.9g "
                         "instead of %.9g, which is off by %.2g",
                         (int)l->kind->type, l->n_out, l->n_in, int8, l->spec.set->name, r,
                         o, got, want, fabs(got - want) / size);
        }
    }
}

static jc_few *few_new(const layer *l)
{
    jc_few *w;
    jc_error err;

    if (jc_few_new(&w, &l->spec, &err) != JC_OK)
        fail_msg("%s", err.message);
    return w;
}

static void run(const jc_few *w, size_t first, size_t n, const float *x, size_t x_stride,
                size_t rows, bool add, float *y, size_t y_stride)
{
    jc_error err;

    if (jc_few_run(w, first, n, x, x_stride, rows, add, y, y_stride, &err) != JC_OK)
        fail_msg("%s", err.message);
}

static void check_equal(const float *a, const float *b, size_t n, const char *what,
                        int type)
{
    if (memcmp(a, b, n * sizeof *a) != 0)
        fail_msg("%s: other bits, type %d", what, type);
}

/* Any number of rows, any range of outputs, one thread or two. */
static void check_bits(const layer *l, const jc_few *w, const float *want)
{
    float *y = test_malloc(ROWS * l->n_out * sizeof *y);

    for (uint32_t threads = 1; threads <= 2; threads++) {
        jc_threads_enter(threads);
        for (size_t k = 1; k <= ROWS; k += l->spec.set == jc_few_set_get() ? 1 : 5) {
            size_t from = (ROWS - k) / 2; /* rows in other places */
            run(w, 0, l->n_out, l->x + from * l->n_in, l->n_in, k, false, y, l->n_out);
            check_equal(y, want + from * l->n_out, k * l->n_out, "rows",
                        (int)l->kind->type);
        }
        for (size_t first = 0; first < l->n_out; first += 7) {
            size_t n = 1 + first * 5 % (l->n_out - first);
            run(w, first, n, l->x, l->n_in, 3, false, y, n);
            for (size_t r = 0; r < 3; r++)
                check_equal(y + r * n, want + r * l->n_out + first, n, "outputs",
                            (int)l->kind->type);
        }
    }
    jc_threads_enter(0);
    test_free(y);
}

static void check_layer(layer *l)
{
    float *y = test_malloc(ROWS * l->n_out * sizeof *y);
    bool blocks =
        l->kind->name && l->kind->type != JC_FEW_OTHER && l->kind->type != JC_FEW_F8_S;

    for (int int8 = 0; int8 <= blocks; int8++) {
        l->spec.int8 = int8;
        jc_few *w = few_new(l);
        for (size_t r = 0; r < ROWS; r++)
            run(w, 0, l->n_out, l->x + r * l->n_in, 0, 1, false, y + r * l->n_out, 0);
        check_values(l, y, int8);
        check_bits(l, w, y);
        jc_few_free(w);
    }
    test_free(y);
}

static void test_few__is_the_product_and_a_row_depends_on_itself_alone(void **state)
{
    static const size_t in[] = {1, 31, 33, 640, 1001}, blocks[] = {1, 2, 3, 5};
    static const size_t out[] = {1, 16, 23, MOST_OUT};

    (void)state;
    for (const jc_few_set *const *set = jc_few_sets(); *set; set++) {
        if (!jc_few_set_runs(*set))
            continue;
        for (const kind *k = kinds; k < kinds + JC_COUNT(kinds); k++) {
            size_t n = k->name ? JC_COUNT(blocks) : JC_COUNT(in);
            for (size_t i = 0; i < n; i++) {
                size_t n_in = !k->name          ? in[i]
                              : k->values == 32 ? 96 * i * i + blocks[i] * 32
                                                : blocks[i] * 256;
                layer *l = make(k, n_in, out[i % JC_COUNT(out)], *set);
                check_layer(l);
                drop(l);
            }
        }
    }
}

/* x large enough for several tasks. */
static void test_few__is_the_same_when_cut_for_threads(void **state)
{
    enum { OUT = 1500, IN = 512 };
    float *y = test_malloc(OUT * sizeof *y), *z = test_malloc(OUT * sizeof *z);

    (void)state;
    for (const kind *k = kinds; k < kinds + JC_COUNT(kinds); k++) {
        layer *l = make(k, IN, OUT / 15, NULL);
        unsigned char *data = test_malloc(OUT * IN / k->values * k->bytes);
        for (size_t i = 0; i < 15; i++)
            memcpy(data + OUT / 15 * i * IN / k->values * k->bytes, l->data,
                   OUT / 15 * IN / k->values * k->bytes);
        l->spec.n_out = OUT;
        l->spec.data = data;
        l->spec.other.arg = data;
        jc_few *w = few_new(l);
        jc_threads_enter(1);
        run(w, 0, OUT, l->x, IN, 1, false, y, OUT);
        jc_threads_enter(2);
        run(w, 0, OUT, l->x, IN, 1, false, z, OUT);
        jc_threads_enter(0);
        check_equal(y, z, OUT, "threads", (int)k->type);
        for (size_t i = 1; i < 15; i++)
            check_equal(y, y + OUT / 15 * i, OUT / 15, "places", (int)k->type);
        jc_few_free(w);
        test_free(data);
        drop(l);
    }
    test_free(y);
    test_free(z);
}

static void test_few__takes_a_matrix_of_inputs_by_outputs(void **state)
{
    enum { OUT = 37, IN = 70 };
    float y[3 * OUT], z[3 * OUT];

    (void)state;
    for (const kind *k = kinds; k < kinds + 3; k++) {
        layer *l = make(k, IN, OUT, NULL);
        jc_few *w = few_new(l);
        run(w, 0, OUT, l->x, IN, 3, false, y, OUT);
        jc_few_free(w);
        unsigned char *turned = test_malloc(IN * OUT * k->bytes);
        for (size_t o = 0; o < OUT; o++)
            for (size_t i = 0; i < IN; i++)
                memcpy(turned + (i * OUT + o) * k->bytes, l->data + (o * IN + i) * k->bytes,
                       k->bytes);
        l->spec.in_out = true;
        l->spec.data = turned;
        w = few_new(l);
        test_free(turned); /* not needed any more */
        assert_true(jc_few_bytes(w) >= IN * OUT * k->bytes);
        run(w, 0, OUT, l->x, IN, 3, false, z, OUT);
        check_equal(y, z, 3 * OUT, "transposed", (int)k->type);
        jc_few_free(w);
        drop(l);
    }
}

/* Two types in one call, and a weight's even outputs before its odd ones. */
static void test_few__runs_parts_of_several_weights_as_it_runs_each(void **state)
{
    enum { OUT = 46, IN = 512, K = 5 };
    const kind *few[] = {&kinds[JC_FEW_Q6_K], &kinds[JC_FEW_F16], &kinds[JC_FEW_OTHER],
                         &kinds[JC_FEW_Q6_K]};
    float want[K * OUT], y[4][K * OUT], z[4][K * OUT];
    jc_few_part parts[9];
    layer *l[4];
    jc_error err;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        l[i] = make(few[i], IN, OUT, NULL);
        jc_few *whole = few_new(l[i]);
        run(whole, 0, OUT, l[0]->x, IN, K, false, want, OUT);
        jc_few_free(whole);
        l[i]->spec.step = 2;
        l[i]->spec.n_out = OUT / 2;
        for (size_t odd = 0; odd < 2; odd++) {
            l[i]->spec.data = l[i]->data + odd * IN / few[i]->values * few[i]->bytes;
            l[i]->spec.other.from = odd * IN;
            parts[2 * i + odd] =
                (jc_few_part){few_new(l[i]), 0, OUT / 2, y[i] + odd * OUT / 2};
        }
        for (size_t r = 0; r < K; r++)
            for (size_t o = 0; o < OUT; o++)
                z[i][r * OUT + o / 2 + o % 2 * OUT / 2] = want[r * OUT + o];
    }
    parts[8] = (jc_few_part){parts[0].w, 3, 0, NULL};
    assert_int_equal(jc_few_run_parts(parts, 9, l[0]->x, IN, K, false, OUT, &err), JC_OK);
    for (size_t i = 0; i < 4; i++)
        check_equal(y[i], z[i], K * OUT, "parts", (int)few[i]->type);
    parts[8].n = OUT;
    assert_int_equal(jc_few_run_parts(parts, 9, l[0]->x, IN, K, false, OUT, &err),
                     JC_E_ARG);
    for (size_t i = 0; i < 4; i++) {
        jc_few_free((jc_few *)(uintptr_t)parts[2 * i].w);
        jc_few_free((jc_few *)(uintptr_t)parts[2 * i + 1].w);
        drop(l[i]);
    }
}

/* Its own order of inputs, beside a weight of the same type in theirs. */
static void test_few__takes_inputs_in_a_weights_order(void **state)
{
    enum { OUT = 50, IN = 512, K = 4 };
    float x[K * IN], want[K * OUT], y[2][K * OUT];
    uint32_t order[IN];
    jc_error err;

    (void)state;
    for (uint32_t i = 0; i < IN; i++)
        order[i] = i * 77 % IN;
    for (const kind *k = kinds; k < kinds + JC_COUNT(kinds); k++) {
        layer *l = make(k, IN, OUT, NULL);
        jc_few *plain = few_new(l);
        for (size_t i = 0; i < JC_COUNT(x); i++)
            x[i] = l->x[i / IN * IN + order[i % IN]];
        run(plain, 0, OUT, x, IN, K, false, want, OUT);
        l->spec.order = order;
        jc_few *ordered = few_new(l);
        const jc_few_part parts[] = {{plain, 0, OUT, y[0]}, {ordered, 0, OUT, y[1]}};
        assert_int_equal(jc_few_run_parts(parts, 2, l->x, IN, K, false, OUT, &err), JC_OK);
        check_equal(y[1], want, K * OUT, "order", (int)k->type);
        run(plain, 0, OUT, l->x, IN, K, false, want, OUT);
        check_equal(y[0], want, K * OUT, "beside an order", (int)k->type);
        jc_few_free(plain);
        jc_few_free(ordered);
        drop(l);
    }
}

static double act(jc_act which, double x)
{
    switch (which) {
    case JC_ACT_GELU:
        return 0.5 * x * (1 + erf(x / sqrt(2)));
    case JC_ACT_RELU:
        return x > 0 ? x : 0;
    case JC_ACT_SILU:
        return x / (1 + exp(-x));
    default:
        return x;
    }
}

static void test_few__adds_the_bias_then_acts_then_adds_to_y(void **state)
{
    enum { OUT = 37, IN = 70, STRIDE = 45, WIDE = 80 };
    static const jc_act acts[] = {JC_ACT_NONE, JC_ACT_GELU, JC_ACT_RELU, JC_ACT_SILU};
    layer *l = make(&kinds[0], IN, OUT, NULL);
    float x[3 * WIDE] = {0}, y[3 * STRIDE], part[3];

    (void)state;
    for (size_t r = 0; r < 3; r++)
        memcpy(x + r * WIDE, l->x + r * IN, IN * sizeof *x);
    l->spec.bias = l->bias;
    for (size_t a = 0; a < JC_COUNT(acts); a++) {
        l->spec.act = acts[a];
        jc_few *w = few_new(l);
        for (size_t i = 0; i < 3 * STRIDE; i++)
            y[i] = 2;
        run(w, 0, OUT, x, WIDE, 3, true, y, STRIDE);
        for (size_t r = 0; r < 3; r++)
            for (size_t o = 0; o < STRIDE; o++) {
                double want = o < OUT ? (double)l->bias[o] : 0;
                for (size_t i = 0; o < OUT && i < IN; i++)
                    want += l->w[o * IN + i] * (double)l->x[r * IN + i];
                want = o < OUT ? act(acts[a], want) + 2 : 2; /* nothing beyond */
                if (!(fabs((double)y[r * STRIDE + o] - want) < 1e-5))
                    fail_msg("%.9g instead of %.9g", (double)y[r * STRIDE + o], want);
            }
        for (size_t o = 0; o < OUT; o++) { /* the same bits wherever a lane is */
            part[0] = part[1] = part[2] = 2;
            run(w, o, 1, x, WIDE, 3, true, part, 1);
            for (size_t r = 0; r < 3; r++)
                check_equal(&part[r], &y[r * STRIDE + o], 1, "an output alone", 0);
        }
        jc_few_free(w);
    }
    drop(l);
}

static void test_few__a_number_that_is_not_finite_shows(void **state)
{
    float y[16];

    (void)state;
    for (const kind *k = kinds; k < kinds + JC_COUNT(kinds); k++)
        for (int int8 = 0; int8 < 2; int8++) {
            layer *l = make(k, 256, 16, NULL);
            l->spec.int8 = int8;
            l->x[3] = int8 ? INFINITY : NAN;
            jc_few *w = few_new(l);
            run(w, 0, 16, l->x, 256, 1, false, y, 16);
            for (size_t o = 0; o < 16; o++)
                assert_true(!isfinite(y[o]));
            jc_few_free(w);
            drop(l);
        }
}

static void test_few__refuses_what_it_cannot_do(void **state)
{
    layer *l = make(&kinds[JC_FEW_Q4_K], 256, 16, NULL);
    jc_few_spec spec = l->spec;
    jc_few *w;
    float y[16];

    (void)state;
    spec.n_in = 255;
    assert_int_equal(jc_few_new(&w, &spec, NULL), JC_E_ARG);
    spec.n_in = 0;
    assert_int_equal(jc_few_new(&w, &spec, NULL), JC_E_ARG);
    spec.n_in = 256;
    spec.in_out = true;
    assert_int_equal(jc_few_new(&w, &spec, NULL), JC_E_ARG);
    spec.in_out = false;
    spec.type = JC_FEW_TYPES;
    assert_int_equal(jc_few_new(&w, &spec, NULL), JC_E_UNSUPPORTED);
    assert_null(w);
    spec.type = JC_FEW_OTHER;
    spec.other.read = NULL;
    assert_int_equal(jc_few_new(&w, &spec, NULL), JC_E_ARG);
    jc_few_free(w);
    w = few_new(l);
    assert_int_equal(jc_few_run(w, 10, 7, l->x, 256, 1, false, y, 16, NULL), JC_E_ARG);
    assert_int_equal(jc_few_run(w, 17, 0, l->x, 256, 1, false, y, 16, NULL), JC_E_ARG);
    assert_int_equal(jc_few_run(w, 1, (size_t)-1, l->x, 256, 1, false, y, 16, NULL),
                     JC_E_ARG);
    jc_few_free(w);
    drop(l);
}

static void test_few__frees_what_it_made_when_memory_is_short(void **state)
{
    layer *l = make(&kinds[0], 40, 16, NULL);
    jc_few *w = NULL;
    float y[16];
    long n = 0;

    (void)state;
    l->spec.bias = l->bias;
    l->spec.in_out = true;
    for (jc_status st = JC_E_NOMEM; st != JC_OK; n++) {
        jc_alloc_fail_after(n);
        st = jc_few_new(&w, &l->spec, NULL);
        jc_alloc_fail_after(-1);
        assert_true(st == JC_OK || st == JC_E_NOMEM);
    }
    assert_int_equal(n, 4);
    jc_alloc_fail_after(0);
    assert_int_equal(jc_few_run(w, 0, 16, l->x, 40, 1, false, y, 16, NULL), JC_E_NOMEM);
    jc_alloc_fail_after(-1);
    jc_few_free(w);
    drop(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_few__is_the_product_and_a_row_depends_on_itself_alone),
        cmocka_unit_test(test_few__is_the_same_when_cut_for_threads),
        cmocka_unit_test(test_few__takes_a_matrix_of_inputs_by_outputs),
        cmocka_unit_test(test_few__takes_inputs_in_a_weights_order),
        cmocka_unit_test(test_few__runs_parts_of_several_weights_as_it_runs_each),
        cmocka_unit_test(test_few__adds_the_bias_then_acts_then_adds_to_y),
        cmocka_unit_test(test_few__a_number_that_is_not_finite_shows),
        cmocka_unit_test(test_few__refuses_what_it_cannot_do),
        cmocka_unit_test(test_few__frees_what_it_made_when_memory_is_short),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
