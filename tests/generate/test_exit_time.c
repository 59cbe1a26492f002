/* SPDX-License-Identifier: MIT */
/*
 * What the cost model predicts against the clock: a step of few rows takes time by the
 * bytes that it reads. Two random models larger than caches are, one with a small and one
 * with a large read-out, and exits that every token takes. Plain generation and exits
 * alternate in one run and medians are compared, so a busy machine slows both; a try in
 * which it did not is repeated.
 */
#include "support/scratch.h"

#include <math.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "jumpcut/generate.h"
#include "shortcut/shortcut.h"
#include "store/store.h"
#include "support/shortcuts.h"

enum { TOKENS = 6, TIMES = 7, TRIES = 6 };

struct shape {
    size_t layers, width, vocab;
    const char *exit_at;
};

/* ---- a model of random numbers ---- */

static void put(jc_st_writer *w, const char *name, size_t rows, size_t cols, const float *x,
                bool declare)
{
    const size_t shape[2] = {rows, cols};

    assert_int_equal(
        declare ? jc_st_writer_declare(w, name, JC_F32, shape, cols > 1 ? 2 : 1, NULL)
                : jc_st_writer_data(w, x, rows * cols * sizeof *x, NULL),
        JC_OK);
}

static void put_all(jc_st_writer *w, const struct shape *s, const float *x, bool declare)
{
    static const struct {
        const char *name;
        size_t rows, cols; /* in widths; cols 0: a vector */
    } parts[] = {{"ln_1.weight", 1, 0},        {"ln_1.bias", 1, 0},
                 {"attn.c_attn.weight", 1, 3}, {"attn.c_attn.bias", 3, 0},
                 {"attn.c_proj.weight", 1, 1}, {"attn.c_proj.bias", 1, 0},
                 {"ln_2.weight", 1, 0},        {"ln_2.bias", 1, 0},
                 {"mlp.c_fc.weight", 1, 4},    {"mlp.c_fc.bias", 4, 0},
                 {"mlp.c_proj.weight", 4, 1},  {"mlp.c_proj.bias", 1, 0}};
    size_t d = s->width;
    char name[64];

    put(w, "wte.weight", s->vocab, d, x, declare);
    put(w, "wpe.weight", 64, d, x, declare);
    put(w, "ln_f.weight", d, 1, x, declare);
    put(w, "ln_f.bias", d, 1, x, declare);
    for (size_t l = 0; l < s->layers; l++)
        for (size_t i = 0; i < JC_COUNT(parts); i++) {
            snprintf(name, sizeof name, "h.%zu.%s", l, parts[i].name);
            put(w, name, parts[i].rows * d, parts[i].cols ? parts[i].cols * d : 1, x,
                declare);
        }
}

static void write_model(const char *folder, const struct shape *s)
{
    size_t most = (s->vocab > 4 * s->width ? s->vocab : 4 * s->width) * s->width;
    float *x = malloc(most * sizeof *x);
    char path[128];
    jc_st_writer *w;
    jc_rng rng = {1};

    assert_non_null(x);
    for (size_t i = 0; i < most; i++)
        x[i] = 0.1F * ((float)jc_rng_uniform(&rng) - 0.5F);
    snprintf(path, sizeof path, "%s/config.json", folder);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f,
            "{\"model_type\":\"gpt2\",\"n_layer\":%zu,\"n_embd\":%zu,\"n_head\":8,"
            "\"n_positions\":64,\"vocab_size\":%zu}",
            s->layers, s->width, s->vocab);
    fclose(f);
    snprintf(path, sizeof path, "%s/model.safetensors", folder);
    assert_int_equal(jc_st_writer_new(&w, path, NULL), JC_OK);
    put_all(w, s, x, true);
    put_all(w, s, x, false);
    assert_int_equal(jc_st_writer_commit(w, NULL), JC_OK);
    free(x);
}

static void remove_model(const char *folder)
{
    char path[128];

    snprintf(path, sizeof path, "%s/config.json", folder);
    unlink(path);
    snprintf(path, sizeof path, "%s/model.safetensors", folder);
    unlink(path);
    rmdir(folder);
}

/* ---- time ---- */

struct span {
    double first, last;
    size_t n;
};

static bool take(void *arg, const jc_token *token)
{
    struct span *span = arg;
    struct timespec t;

    (void)token;
    clock_gettime(CLOCK_MONOTONIC, &t);
    span->last = (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
    if (span->n++ == 0)
        span->first = span->last;
    return true;
}

static double seconds(const jc_model *model, const jc_generate_params *params)
{
    static const uint32_t ids[] = {1, 2, 3};
    const jc_prompt prompt = {ids, 3};
    struct span span = {.n = 0};
    jc_error err;

    if (jc_generate(model, &prompt, 1, params, take, &span, &err))
        fail_msg("%s", err.message);
    return span.last - span.first;
}

static int by_size(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* Plain time over time with exits: what was measured, and what bytes predict. */
static double measure(const jc_model *model, const jc_generate_params *with,
                      double *predicted)
{
    jc_generate_params plain = *with;
    double ratio[TIMES];
    const jc_generate_stats *s = with->stats;

    plain.exit = "none";
    plain.stats = NULL;
    seconds(model, &plain); /* weights are packed */
    for (size_t i = 0; i < TIMES; i++) {
        double full = seconds(model, &plain);
        ratio[i] = full / seconds(model, with);
    }
    assert_int_equal(s->left[0], TOKENS);
    *predicted = s->plain.bytes /
                 (s->blocks.bytes + s->maps.bytes + s->readouts.bytes + s->fills.bytes);
    qsort(ratio, TIMES, sizeof ratio[0], by_size);
    return ratio[TIMES / 2];
}

static void check_shape(const struct shape *shape)
{
    char folder[] = "/tmp/jc-exit-time-XXXXXX";
    jc_generate_params params;
    jc_generate_stats stats = {.size = sizeof stats};
    jc_model *model;
    jc_shortcut *maps;
    double measured = 0, predicted = 0;

    assert_non_null(mkdtemp(folder));
    write_model(folder, shape);
    jc_status st = jc_model_open(&model, folder, NULL, NULL);
    remove_model(folder);
    assert_int_equal(st, JC_OK);
    maps = shortcut_of(model, &jc_form_identity);
    jc_generate_params_init(&params);
    params.tokens = TOKENS;
    params.shortcut = maps;
    params.exit = "max";
    params.exit_at = shape->exit_at;
    params.exit_threshold = -1;
    params.stats = &stats;
    for (size_t t = 0; t < TRIES; t++) {
        measured = measure(model, &params, &predicted);
        if (fabs(measured / predicted - 1) <= 0.25)
            break;
    }
    print_message("%zu blocks of %zu, %zu tokens, exit after %s: %.2f times as fast, "
                  "predicted %.2f\n",
                  shape->layers, shape->width, shape->vocab, shape->exit_at, measured,
                  predicted);
    if (!(fabs(measured / predicted - 1) <= 0.25))
        fail_msg("measured %.3f, predicted %.3f", measured, predicted);
    assert_true(predicted > 1.2);
    jc_shortcut_free(maps);
    jc_model_close(model);
}

static void test_exit_time__goes_with_the_bytes(void **state)
{
    static const struct shape shapes[] = {{12, 512, 4000, "6"}, {6, 640, 48000, "2"}};

    (void)state;
    if (getenv("JC_TEST_GUARD"))
        skip(); /* its pages change their permissions all the time */
    for (size_t i = 0; i < JC_COUNT(shapes); i++)
        check_shape(&shapes[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exit_time__goes_with_the_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
