/* SPDX-License-Identifier: MIT */
/*
 * The loss of tuned maps and its gradient: against torch's autograd in float64
 * (tests/golden/make_tuned.py), and against differences of the loss written out in double.
 *
 * Tolerances: logits are float32 sums of d products, off by about 1e-6 of their size, and
 * so is what is made of them; gradients are compared beside their norm.
 */
#include "support/check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fit/kl.h"
#include "model/model.h"
#include "model/unembed.h"
#include "store/store.h"

#define GOLDEN JC_SOURCE_DIR "/tests/golden/"

/* layer norm; RMS norm of 1 + w with a soft cap; a scale of logits; RMS norm */
static const char *const models[] = {"tiny-gpt2", "tiny-gemma2", "tiny-cohere",
                                     "tiny-llama"};

typedef struct golden {
    jc_model *model;
    jc_safetensors *file;
    float *states, *weight, *bias; /* [L + 1, n, d], [L, d, d], [L, d] */
    size_t n, d, layers;
    const float *state[16]; /* [L + 1] */
    double *sums, *biases;  /* gradients */
    jc_kl_layer layer[16];
} golden;

static float *read_floats(const golden *g, const char *name)
{
    const jc_tensor *t = jc_safetensors_find(g->file, name);
    float *x = malloc(t->count * sizeof *x);

    assert_non_null(x);
    jc_tensor_read(t, 0, t->count, x);
    return x;
}

static void open_case(golden *g, const char *name, uint32_t threads)
{
    char path[512];
    jc_model_params params;
    jc_error err;

    jc_model_params_init(&params);
    params.threads = threads;
    snprintf(path, sizeof path, GOLDEN "models/%s", name);
    if (jc_model_open(&g->model, path, &params, &err))
        fail_msg("%s", err.message);
    snprintf(path, sizeof path, GOLDEN "fits/tuned-%s.safetensors", name);
    if (jc_safetensors_open(&g->file, path, &err))
        fail_msg("%s", err.message);
    g->states = read_floats(g, "states");
    g->weight = read_floats(g, "weight");
    g->bias = read_floats(g, "bias");
    const jc_tensor *t = jc_safetensors_find(g->file, "states");
    g->layers = t->shape[0] - 1;
    g->n = t->shape[1];
    g->d = t->shape[2];
    g->sums = calloc(g->layers * g->d * g->d, sizeof *g->sums);
    g->biases = calloc(g->layers * g->d, sizeof *g->biases);
    for (size_t l = 0; l <= g->layers; l++)
        g->state[l] = g->states + l * g->n * g->d;
    for (size_t l = 0; l < g->layers; l++)
        g->layer[l] = (jc_kl_layer){.weight = g->weight + l * g->d * g->d,
                                    .bias = g->bias + l * g->d,
                                    .by_weight = g->sums + l * g->d * g->d,
                                    .by_bias = g->biases + l * g->d};
}

static void close_case(golden *g)
{
    free(g->states);
    free(g->weight);
    free(g->bias);
    free(g->sums);
    free(g->biases);
    jc_safetensors_close(g->file);
    jc_model_close(g->model);
}

static void add(golden *g)
{
    jc_kl *kl;
    jc_error err;

    if (jc_kl_new(&kl, g->model, &err) ||
        jc_kl_add(kl, g->state, g->n, g->layer, NULL, NULL, &err))
        fail_msg("%s", err.message);
    jc_kl_free(kl);
}

static const double *doubles(const golden *g, const char *name)
{
    const jc_tensor *t = jc_safetensors_find(g->file, name);
    static double x[4096];

    assert_int_equal(t->dtype, JC_F64);
    assert_true(t->count <= JC_COUNT(x));
    memcpy(x, t->data, t->count * sizeof *x);
    return x;
}

/* |got - want| <= share |want| */
static void check_norm(const double *got, const double *want, size_t n, double share,
                       const char *what)
{
    double off = 0, size = 0;

    for (size_t i = 0; i < n; i++) {
        off += (got[i] - want[i]) * (got[i] - want[i]);
        size += want[i] * want[i];
    }
    if (!(size > 0) || !(sqrt(off / size) <= share))
        fail_msg("%s is off by %g of its norm", what, sqrt(off / size));
}

static void test_tuned__loss_and_gradient_equal_autograd(void **state)
{
    (void)state;
    for (size_t m = 0; m < JC_COUNT(models); m++) {
        golden g = {.n = 0};
        open_case(&g, models[m], 0);
        add(&g);
        const double *loss = doubles(&g, "loss");
        for (size_t l = 0; l < g.layers; l++)
            check_close(&g.layer[l].loss, &loss[l], 1, 2e-5, 0);
        check_norm(g.sums, doubles(&g, "by_weight"), g.layers * g.d * g.d, 2e-5, models[m]);
        check_norm(g.biases, doubles(&g, "by_bias"), g.layers * g.d, 2e-5, models[m]);
        close_case(&g);
    }
}

/* ---- the definition in double, and its differences ---- */

static void read_out(const golden *g, const double *y, double *logits)
{
    const jc_model *m = g->model;
    bool centred = m->arch->norm == JC_NORM_LAYER;
    double mean = 0, square = 0, x[64], cap = m->hp.logit_softcap;
    float row[64];

    for (size_t i = 0; i < g->d; i++)
        mean += centred ? y[i] / (double)g->d : 0;
    for (size_t i = 0; i < g->d; i++)
        square += (y[i] - mean) * (y[i] - mean) / (double)g->d;
    for (size_t i = 0; i < g->d; i++) {
        x[i] = (y[i] - mean) / sqrt(square + m->hp.eps) * (double)m->final.weight[i];
        x[i] += m->final.bias ? (double)m->final.bias[i] : 0;
    }
    for (size_t v = 0; v < m->hp.vocab; v++) {
        double z = 0;
        assert_int_equal(jc_unembed_rows(m, v, 1, row, NULL), JC_OK);
        for (size_t i = 0; i < g->d; i++)
            z += (double)row[i] * x[i];
        logits[v] = cap > 0 ? cap * tanh(z / cap) : z;
    }
}

/* Logarithms of probabilities. */
static void log_softmax(size_t n, double *z)
{
    double max = z[0], sum = 0;

    for (size_t i = 1; i < n; i++)
        max = fmax(max, z[i]);
    for (size_t i = 0; i < n; i++)
        sum += exp(z[i] - max);
    for (size_t i = 0; i < n; i++)
        z[i] -= max + log(sum);
}

/* Of layer l, with `more` added to number `at` of its weight. */
static double loss_of(const golden *g, size_t l, size_t at, double more)
{
    double p[256], q[256], y[64], loss = 0;
    size_t d = g->d, vocab = g->model->hp.vocab;

    assert_true(vocab <= 256 && d <= 64);
    for (size_t r = 0; r < g->n; r++) {
        const float *h = g->state[l] + r * d;
        for (size_t i = 0; i < d; i++)
            y[i] = (double)g->state[g->layers][r * d + i];
        read_out(g, y, p);
        log_softmax(vocab, p);
        for (size_t i = 0; i < d; i++) {
            y[i] = (double)g->layer[l].bias[i];
            for (size_t k = 0; k < d; k++)
                y[i] +=
                    ((double)g->layer[l].weight[i * d + k] + (i * d + k == at ? more : 0)) *
                    (double)h[k];
        }
        read_out(g, y, q);
        log_softmax(vocab, q);
        for (size_t v = 0; v < vocab; v++)
            loss += exp(p[v]) * (p[v] - q[v]);
    }
    return loss;
}

static void test_tuned__gradient_is_that_of_differences(void **state)
{
    const double step = 1e-5;

    (void)state;
    for (size_t m = 0; m < JC_COUNT(models); m++) {
        golden g = {.n = 0};
        double got[12], want[12];
        open_case(&g, models[m], 1);
        add(&g);
        for (size_t i = 0; i < JC_COUNT(got); i++) {
            size_t l = i % g.layers, at = (i * 37 + 5) % (g.d * g.d);
            got[i] = g.layer[l].by_weight[at];
            want[i] = (loss_of(&g, l, at, step) - loss_of(&g, l, at, -step)) / (2 * step);
        }
        check_norm(got, want, JC_COUNT(got), 2e-5, models[m]);
        close_case(&g);
    }
}

static void test_tuned__gradient_does_not_depend_on_threads(void **state)
{
    golden one = {.n = 0}, more = {.n = 0};

    (void)state;
    open_case(&one, "tiny-gpt2", 1);
    open_case(&more, "tiny-gpt2", 3);
    add(&one);
    add(&more);
    assert_memory_equal(one.sums, more.sums, one.layers * one.d * one.d * sizeof *one.sums);
    assert_memory_equal(one.biases, more.biases, one.layers * one.d * sizeof *one.biases);
    close_case(&one);
    close_case(&more);
}

static void test_tuned__encoders_are_refused(void **state)
{
    jc_model *model;
    jc_kl *kl;
    jc_error err;

    (void)state;
    assert_int_equal(jc_model_open(&model, GOLDEN "models/tiny-bert", NULL, &err), JC_OK);
    assert_int_equal(jc_kl_new(&kl, model, &err), JC_E_UNSUPPORTED);
    assert_non_null(strstr(err.message, "norm and an unembedding alone"));
    jc_model_close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tuned__loss_and_gradient_equal_autograd),
        cmocka_unit_test(test_tuned__gradient_is_that_of_differences),
        cmocka_unit_test(test_tuned__gradient_does_not_depend_on_threads),
        cmocka_unit_test(test_tuned__encoders_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
