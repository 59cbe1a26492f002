/* SPDX-License-Identifier: MIT */
/*
 * Mean Jacobians found by moving states against those by torch's autograd in float64
 * (tests/golden/make_jacobian.py). Two passes differ by float32 rounding, about 1e-7 of a
 * state, over a move of a fiftieth of it; what is of third order in the move is as small.
 */
#include "support/scratch.h"

#include <math.h>

#include "fit/methods.h"
#include "store/store.h"

#define GOLDEN JC_SOURCE_DIR "/tests/golden/"

static jc_error err;

static void must(jc_status st)
{
    if (st != JC_OK)
        fail_msg("%s: %s", jc_status_name(st), err.message);
}

static jc_status open_texts(void *arg, jc_samples **samples, jc_error *why)
{
    return jc_samples_from_file(samples, arg, NULL, why);
}

static void close_texts(void *arg, jc_samples *samples)
{
    (void)arg;
    jc_samples_close(samples);
}

static jc_model *open_model(const char *name)
{
    jc_model *model;
    char path[512];

    snprintf(path, sizeof path, GOLDEN "%s", name);
    must(jc_model_open(&model, path, NULL, &err));
    return model;
}

/* The golden texts as a file of samples. */
static void write_samples(const jc_safetensors *file, const char *path)
{
    const jc_tensor *ids = jc_safetensors_find(file, "ids");
    FILE *f = fopen(path, "w");
    int64_t id;

    assert_non_null(f);
    for (size_t i = 0; i < ids->shape[0]; i++) {
        for (size_t t = 0; t < ids->shape[1]; t++) {
            memcpy(&id, (const char *)ids->data + (i * ids->shape[1] + t) * sizeof id,
                   sizeof id);
            fprintf(f, "%s%d", t ? "," : "{\"ids\":[", (int)id);
        }
        fprintf(f, "],\"positions\":[0]}\n");
    }
    fclose(f);
}

/* |got - want| over |want|, of a layer. */
static double apart(const jc_shortcut *s, uint32_t layer, const double *want)
{
    size_t d = jc_shortcut_width(s);
    float *got = calloc(d * (d + 1), sizeof *got);
    double off = 0, size = 0;

    must(jc_map_dense(jc_shortcut_find(s, layer, jc_shortcut_layers(s)), got, got + d * d,
                      &err));
    for (size_t i = 0; i < d * d; i++) {
        off += pow((double)got[i] - want[i], 2);
        size += want[i] * want[i];
    }
    free(got);
    assert_true(size > 0);
    return sqrt(off / size);
}

/* A model, and the end of the name of its truth. */
static void check_model(const char *path_of_model, const char *name, char *samples)
{
    jc_model *model = open_model(path_of_model);
    const jc_texts texts = {open_texts, close_texts, samples};
    jc_safetensors *file;
    jc_train_params p;
    jc_shortcut *s;
    char path[512];
    static double want[4096];

    snprintf(path, sizeof path, GOLDEN "fits/jacobian-%s.safetensors", name);
    must(jc_safetensors_open(&file, path, &err));
    write_samples(file, samples);
    jc_train_params_init(&p);
    p.method = "jacobian";
    must(jc_train(&s, model, &texts, NULL, &p, &err));
    const jc_tensor *j = jc_safetensors_find(file, "jacobian");
    assert_true(j->count <= JC_COUNT(want));
    memcpy(want, j->data, j->count * sizeof *want);
    for (uint32_t l = 0; l < j->shape[0]; l++)
        if (!(apart(s, l, want + l * j->shape[1] * j->shape[2]) < 2e-3))
            fail_msg("%s layer %u is off by %g", name, l,
                     apart(s, l, want + l * j->shape[1] * j->shape[2]));
    jc_shortcut_free(s);
    jc_safetensors_close(file);
    jc_model_close(model);
}

static void test_jacobian__equals_the_mean_of_autograd(void **state)
{
    char samples[600];

    snprintf(samples, sizeof samples, "%s/samples.jsonl", (const char *)*state);
    check_model("models/tiny-gpt2", "tiny-gpt2", samples);
    check_model("models/tiny-llama", "tiny-llama", samples);
}

/* It has no derivatives, and none are wanted: the states alone are moved. */
static void test_jacobian__of_a_quantised_model(void **state)
{
    char samples[600];

    snprintf(samples, sizeof samples, "%s/samples.jsonl", (const char *)*state);
    check_model("fits/jacobian-q8_0.gguf", "q8_0", samples);
}

static void test_jacobian__what_it_cannot_do_is_told(void **state)
{
    jc_model *model = open_model("models/tiny-gpt2"),
             *encoder = open_model("models/tiny-bert");
    char samples[] = GOLDEN "eval/tiny.samples.jsonl";
    const jc_texts texts = {open_texts, close_texts, samples};
    jc_train_params p;
    jc_shortcut *s;

    (void)state;
    jc_train_params_init(&p);
    p.method = "jacobian";
    assert_int_equal(jc_train(&s, encoder, &texts, NULL, &p, &err), JC_E_UNSUPPORTED);
    assert_non_null(strstr(err.message, "method 'jacobian' is of decoders"));
    p.tokens = 1;
    p.directions = 5;
    assert_int_equal(jc_train(&s, model, &texts, NULL, &p, &err), JC_E_ARG);
    assert_non_null(strstr(err.message, "19 were never moved"));
    jc_model_close(model);
    jc_model_close(encoder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(test_jacobian__equals_the_mean_of_autograd),
        SCRATCH_TEST(test_jacobian__of_a_quantised_model),
        cmocka_unit_test(test_jacobian__what_it_cannot_do_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
