/* SPDX-License-Identifier: MIT */
/* fake_results.h: results of a model of any number of blocks that was never run, smooth
 * and monotone as real ones are, with every member of "jumpcut-results/1". */
#ifndef FAKE_RESULTS_H
#define FAKE_RESULTS_H

#include <jansson.h>
#include <math.h>
#include <string.h>

/* How good a method is with x in 0..1 of the blocks run. */
static inline double fake_score(const char *method, double x)
{
    double power = strcmp(method, "id") == 0 ? 6 : strcmp(method, "mat") == 0 ? 1.6 : 1.4;

    return 0.05 * x + 0.95 * pow(x, power);
}

static inline json_t *fake_r2(const char *method, int layers)
{
    json_t *matrix = json_array();

    for (int i = 0; i <= layers; i++) {
        json_t *row = json_array();
        for (int j = 0; j <= layers; j++) {
            double near = 1 - (double)(j - i) / (layers + 1);
            double value = strcmp(method, "id") == 0 ? 3 * near - 2 : 0.2 + 0.8 * near;
            json_array_append_new(row, j < i ? json_null() : json_real(j == i ? 1 : value));
        }
        json_array_append_new(matrix, row);
    }
    return matrix;
}

static inline json_t *fake_jump(const char *method, int layers)
{
    json_t *list = json_array();

    for (int l = 0; l <= layers; l++) {
        double p = fake_score(method, (double)l / layers);
        double surprisal = 8.3 * (1 - p) + 0.6, half = 0.04 + 0.2 * (1 - p);
        json_array_append_new(list, json_pack("{s:i,s:f,s:f,s:f,s:f,s:[f,f]}", "layer", l,
                                              "p1", p, "p5", sqrt(p), "p10", cbrt(p),
                                              "surprisal", surprisal, "surprisal_ci",
                                              surprisal - half, surprisal + half));
    }
    return list;
}

static inline json_t *fake_exit(const char *method, int layers)
{
    json_t *list = json_array();

    for (int i = 0; i <= 12; i++) {
        double lambda = i == 0 ? -1.112 : i == 12 ? 1.112 : (i - 1) / 10.0;
        double run = 1 + (layers - 1) * pow(i / 12.0, 0.5);
        json_array_append_new(list,
                              json_pack("{s:f,s:f,s:f}", "lambda", lambda, "layers", run,
                                        "p1", sqrt(fake_score(method, run / layers))));
    }
    return list;
}

static inline json_t *fake_fit(const char *method)
{
    return json_pack("{s:s,s:f,s:b,s:i,s:i,s:[s],s:s}", "method", method, "ridge",
                     strcmp(method, "ridge") == 0 ? 1e-4 : 0.0, "bias",
                     strcmp(method, "ridge") == 0, "rows", 315000, "texts", 9000, "sources",
                     "wiki.txt", "file", "shortcuts.safetensors");
}

/* `methods` of "id", "mat", "ridge", ... */
static inline json_t *fake_results(int layers, const char *const *methods, int n_methods)
{
    json_t *fits = json_object(), *r2 = json_object(), *jump = json_object();
    json_t *early = json_object(), *saved = json_pack("{s:f}", "target", 0.95);

    for (int i = 0; i < n_methods; i++) {
        const char *m = methods[i];
        if (strcmp(m, "id") != 0)
            json_object_set_new(fits, m, fake_fit(m));
        json_object_set_new(r2, m, fake_r2(m, layers));
        json_object_set_new(jump, m, fake_jump(m, layers));
        json_object_set_new(early, m, fake_exit(m, layers));
        double blocks = layers * (strcmp(m, "id") == 0 ? 0.06 : 0.14);
        json_object_set_new(
            saved, m,
            json_pack("{s:f,s:f}", "blocks", blocks, "percent", 100 * blocks / layers));
    }
    json_t *model = json_pack(
        "{s:s,s:s,s:s,s:i,s:i,s:i,s:i,s:i,s:I,s:s,s:s,s:s,s:s}", "path", "models/fake",
        "name", "fake", "architecture", "gpt2", "layers", layers, "width", 128, "heads", 4,
        "context", 256, "vocab", 4096, "parameters", (json_int_t)2936576, "stored_dtype",
        "F16", "backend", "onednn", "dtype", "f32", "fingerprint", "xxh3:1f0a9c8be52d7763");
    json_t *data = json_pack("{s:i,s:i,s:s,s:i,s:[s]}", "texts", 3000, "rows", 105000,
                             "positions", "all", "seed", 0, "sources", "wiki.txt");
    return json_pack("{s:s,s:o,s:o,s:o,s:i,s:o,s:o,s:o,s:o}", "format", "jumpcut-results/1",
                     "model", model, "data", data, "fits", fits, "n_val", 105000, "r2", r2,
                     "jump", jump, "exit", early, "saved", saved);
}

#endif
