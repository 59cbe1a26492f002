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
    double power = strcmp(method, "id") == 0        ? 6
                   : strchr(method, '_')            ? 0.2 * (double)strlen(method) - 1
                   : strncmp(method, "mat", 3) == 0 ? 1.6
                                                    : 1.4;

    return fmin(1, 0.05 * x + 0.95 * pow(x, power));
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

/* Of precision, wider where more is guessed. */
static inline void fake_intervals(json_t *entry, double p)
{
    const char *members[] = {"p1_ci", "p5_ci", "p10_ci"};
    double value[] = {p, sqrt(p), cbrt(p)};

    for (int i = 0; i < 3; i++) {
        double half = 0.08 * value[i] * (1 - value[i]);
        json_object_set_new(entry, members[i],
                            json_pack("[f,f]", value[i] - half, value[i] + half));
    }
}

static inline json_t *fake_jump(const char *method, int layers)
{
    json_t *list = json_array();

    for (int l = 0; l <= layers; l++) {
        double p = fake_score(method, (double)l / layers);
        double surprisal = 8.3 * (1 - p) + 0.6, half = 0.04 + 0.2 * (1 - p);
        json_t *entry = json_pack("{s:i,s:f,s:f,s:f,s:f,s:[f,f]}", "layer", l, "p1", p,
                                  "p5", sqrt(p), "p10", cbrt(p), "surprisal", surprisal,
                                  "surprisal_ci", surprisal - half, surprisal + half);
        fake_intervals(entry, p);
        json_object_set_new(entry, "kl", json_real(5 * (1 - p)));
        json_array_append_new(list, entry);
    }
    return list;
}

static inline json_t *fake_exit(const char *method, int layers)
{
    json_t *list = json_array();

    for (int i = 0; i <= 12; i++) {
        double lambda = i == 0 ? -1.112 : i == 12 ? 1.112 : (i - 1) / 10.0;
        double run = 1 + (layers - 1) * pow(i / 12.0, 0.5);
        double p = sqrt(fake_score(method, run / layers));
        json_array_append_new(list,
                              json_pack("{s:f,s:f,s:f,s:[f,f],s:[f,f]}", "lambda", lambda,
                                        "layers", run, "p1", p, "layers_ci", 0.98 * run,
                                        1.02 * run, "p1_ci", 0.97 * p, fmin(1, 1.03 * p)));
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

static inline json_t *fake_schedule(const char *map, const char *kind, int run, int jump,
                                    int blocks, int layers)
{
    double p = fake_score("mat", 0.2 + 0.8 * blocks / layers) * (kind[0] == 'a' ? 0.8 : 1);
    json_t *jumps = json_array();
    json_t *entry = json_pack("{s:s,s:s,s:i,s:f,s:f,s:f,s:f,s:f,s:[f,f]}", "map", map,
                              "kind", kind, "blocks", blocks, "r2_product", 0.5 + 0.5 * p,
                              "p1", p, "p5", sqrt(p), "p10", cbrt(p), "surprisal",
                              9 - 8 * p, "surprisal_ci", 8.8 - 8 * p, 9.2 - 8 * p);

    if (kind[0] == 'a') {
        json_object_set_new(entry, "run", json_integer(run));
        json_object_set_new(entry, "jump", json_integer(jump));
        for (int l = run; l + jump <= layers; l += run + jump)
            json_array_append_new(jumps, json_pack("[i,i]", l, l + jump));
    } else if (blocks < layers) {
        json_array_append_new(jumps, json_pack("[i,i]", blocks, layers));
    }
    json_object_set_new(entry, "jumps", jumps);
    fake_intervals(entry, p);
    return entry;
}

static inline json_t *fake_schedules(int layers)
{
    json_t *list = json_array();

    for (int l = 0; l <= layers; l++) {
        json_array_append_new(list, fake_schedule("mat", "exit", 0, 0, l, layers));
        json_array_append_new(list, fake_schedule("mat", "best", 0, 0, l, layers));
    }
    for (int run = 1; run < layers; run++)
        for (int jump = 1; run + jump <= layers; jump++)
            if (layers % (run + jump) == 0)
                json_array_append_new(list,
                                      fake_schedule("mat", "alternate", run, jump,
                                                    layers / (run + jump) * run, layers));
    return list;
}

static inline json_t *fake_transfer(const char *a, const char *b, int layers)
{
    json_t *maps = json_object();
    const char *const names[] = {"mat", "id"};

    for (int m = 0; m < 2; m++) {
        json_t *curves = json_array();
        for (int on = 0; on < 2; on++) {
            json_t *row = json_pack("[[],[]]");
            for (int i = 0; i < 2 * (layers + 1); i++)
                json_array_append_new(
                    json_array_get(row, (size_t)(i % 2)),
                    json_real((on == i % 2 ? 0.9 : 0.7) *
                              fake_score(names[m], (double)(i / 2) / layers)));
            json_array_append_new(curves, row);
        }
        json_object_set_new(
            maps, names[m],
            json_pack("{s:[[f,f],[f,f]],s:[[[f,f],[f,f]],[[f,f],[f,f]]],s:o}", "p1_mean",
                      0.61, 0.43, 0.47, 0.58, "p1_mean_ci", 0.60, 0.62, 0.42, 0.44, 0.46,
                      0.48, 0.57, 0.59, "p1", curves));
    }
    return json_pack("{s:[s,s],s:o}", "texts", a, b, "map", maps);
}

static inline json_t *fake_sizes(void)
{
    static const char *const names[] = {"mat, one position a text", "mat, all positions",
                                        "ridge 0.01, all positions"};
    json_t *list = json_array();

    for (int i = 0; i < 3; i++) {
        json_t *points = json_array();
        for (double n = 128; n < 300000; n *= 2) {
            double p = (0.75 + 0.05 * i) * (1 - exp(-n / (3000.0 - 500 * i)));
            json_array_append_new(points, json_pack("{s:i,s:f,s:f,s:[f,f]}", "vectors",
                                                    (int)n, "r2", 1.2 * p - 0.2, "p1", p,
                                                    "p1_ci", 0.97 * p, 1.03 * p));
        }
        json_array_append_new(
            list, json_pack("{s:s,s:s,s:f,s:b,s:s,s:i,s:i,s:o}", "name", names[i], "method",
                            i == 2 ? "ridge" : "mat", "ridge", i == 2 ? 0.01 : 0.0, "bias",
                            0, "positions", i == 0 ? "one" : "all", "val_texts", 300,
                            "val_vectors", 300, "points", points));
    }
    return list;
}

/* Of a rank; share of what a whole map reaches. */
static inline json_t *fake_cost(int rank, double share, int layers)
{
    json_t *list = fake_jump("mat", layers), *layer;
    json_t *entry =
        json_pack("{s:i,s:i,s:i,s:f,s:f,s:[f,f],s:o}", "parameters", 256 * rank * layers,
                  "bytes", 1024 * rank * layers, "flops", 512 * rank, "r2", 0.7 * share,
                  "p1", 0.5 * share, "p1_ci", 0.48 * share, 0.52 * share, "layers", list);
    size_t l;

    json_array_foreach(list, l, layer)
    {
        json_object_set_new(layer, "r2", json_real(share * (double)(l + 1) / (layers + 1)));
        json_object_set_new(layer, "p1", json_real(share * (double)(l + 1) / (layers + 1)));
    }
    if (rank > 0)
        json_object_set_new(entry, "rank", json_integer(rank));
    return entry;
}

static inline json_t *fake_ranks(int layers)
{
    json_t *points = json_array();

    for (int rank = 1; rank <= 128; rank *= 2)
        json_array_append_new(points, fake_cost(rank, 1 - exp(-rank / 8.0), layers));
    json_t *mat = fake_cost(0, 1, layers), *id = fake_cost(0, 0.4, layers);
    json_object_set_new(mat, "parameters", json_integer((json_int_t)128 * 128 * layers));
    return json_pack("{s:i,s:i,s:b,s:i,s:[f],s:o,s:{s:o,s:o}}", "width", 128, "paper", 1,
                     "bias", 0, "val_vectors", 300, "train_r2", 0.5, "points", points,
                     "beside", "mat", mat, "id", id);
}

/* R2 to the last layer, and of each method what has an interval. */
static inline void fake_summaries(json_t *root, int layers)
{
    json_t *last = json_object(), *means = json_object(), *r2;
    const char *m;

    json_object_foreach(json_object_get(root, "r2"), m, r2)
    {
        json_t *list = json_array();
        double blocks = layers * (strcmp(m, "id") == 0 ? 0.06 : 0.14);
        for (int l = 0; l <= layers; l++) {
            json_t *x = json_array_get(json_array_get(r2, (size_t)l), (size_t)layers);
            double value = json_number_value(x), half = 0.02 * (1 - value);
            json_array_append_new(list,
                                  json_pack("{s:i,s:f,s:[f,f]}", "layer", l, "r2", value,
                                            "r2_ci", value - half, value + half));
        }
        json_object_set_new(last, m, list);
        json_object_set_new(means, m,
                            json_pack("{s:f,s:[f,f]}", "p1", blocks / layers + 0.2, "p1_ci",
                                      blocks / layers + 0.19, blocks / layers + 0.22));
        json_t *saved = json_object_get(json_object_get(root, "saved"), m);
        json_object_set_new(saved, "blocks_ci",
                            json_pack("[f,f]", 0.9 * blocks, 1.2 * blocks));
        json_object_set_new(
            saved, "percent_ci",
            json_pack("[f,f]", 90 * blocks / layers, 120 * blocks / layers));
    }
    json_object_set_new(root, "r2_last", last);
    json_object_set_new(root, "jump_mean", means);
}

/* Two choices of exits for each method, and what leaving after any layer costs. */
static inline void fake_net(json_t *root)
{
    json_t *net = json_object(), *saved;
    const char *m;

    json_object_foreach(json_object_get(root, "jump"), m, saved)
    {
        saved = json_object_get(json_object_get(root, "saved"), m);
        json_object_set_new(saved, "flops", json_real(2.5));
        json_object_set_new(saved, "bytes", json_real(2.25));
        const char point[] = "{s:[i,i],s:f,s:f,s:f,s:f}";
        json_t *few = json_pack(point, "at", 6, 9, "gap", 0.5, "p1", 0.96, "flops", 0.875,
                                "bytes", 0.9375);
        json_t *least = json_pack("{s:[i],s:f,s:f,s:f,s:f}", "at", 3, "gap", 0.25, "p1",
                                  0.625, "flops", 0.75, "bytes", 0.8125);
        json_object_set_new(net, m,
                            json_pack("{s:[O,O],s:[O,O],s:O}", "by_flops", few, least,
                                      "by_bytes", few, least, "best", few));
        json_decref(few);
        json_decref(least);
    }
    json_object_set_new(root, "net", net);
}

/* Add all sections that results may lack. */
static inline void fake_sections(json_t *root, int layers)
{
    fake_summaries(root, layers);
    json_t *parts = json_object();
    const char *const names[] = {"mat_attn", "mat_ffn", "mat_ln1_ln2"};

    for (int i = 0; i < 3; i++)
        json_object_set_new(parts, names[i], fake_jump(names[i], layers));
    json_object_set_new(root, "parts", parts);
    json_object_set_new(root, "schedules", fake_schedules(layers));
    json_object_set_new(root, "transfer",
                        fake_transfer("wiki.txt",
                                      "a-file-of-other-texts-with-a-long-name-"
                                      "that-does-not-fit-anywhere.jsonl",
                                      layers));
    json_object_set_new(root, "training_size", fake_sizes());
    json_object_set_new(root, "ranks", fake_ranks(layers));
    fake_net(root);
    json_object_set_new(root, "made",
                        json_pack("{s:s,s:[s,s,s,s]}", "version", "0.1.0", "command",
                                  "jumpcut", "study", "models/fake",
                                  "--out=/home/me/fake"));
}

static inline void fake_swap(json_t *of, const char *a, const char *b)
{
    json_t *was = json_incref(json_object_get(of, a));

    json_object_set(of, a, json_object_get(of, b));
    json_object_set_new(of, b, was);
}

/* As they seldom are: mat worse than id, all parts alike, schedules unknown, R2 to the
 * last layer unknown, and the most text worse than less. */
static inline void fake_worse(json_t *root)
{
    static const char *const lists[] = {"jump", "exit", "r2", "jump_mean"};
    json_t *parts = json_object_get(root, "parts"), *entry, *last;
    const char *name;
    size_t i;

    for (i = 0; i < 4; i++)
        fake_swap(json_object_get(root, lists[i]), "id", "mat");
    json_object_foreach(parts, name, entry)
    {
        json_object_set(parts, name, json_object_get(parts, "mat_attn"));
    }
    json_array_foreach(json_object_get(root, "schedules"), i, entry)
    {
        json_object_set_new(entry, "p1", json_null());
        json_object_set_new(entry, "surprisal", json_null());
    }
    json_array_foreach(json_object_get(json_object_get(root, "r2_last"), "mat"), i, entry)
    {
        json_object_set_new(entry, "r2", json_null());
        json_object_set_new(entry, "r2_ci", json_null());
    }
    last = json_object_get(json_array_get(json_object_get(root, "training_size"), 0),
                           "points");
    last = json_array_get(last, json_array_size(last) - 1);
    json_object_set_new(last, "r2", json_real(-3));
}

/* As of a model without a head: R2 is all there is. */
static inline void fake_headless(json_t *root)
{
    static const char *const read_out[] = {"jump",  "jump_mean", "exit",    "saved",
                                           "parts", "schedules", "transfer"};
    json_t *ranks = json_object_get(root, "ranks"), *entry, *point;
    size_t i, k;
    const char *name;

    for (i = 0; i < sizeof read_out / sizeof *read_out; i++)
        json_object_del(root, read_out[i]);
    json_object_set_new(json_object_get(root, "model"), "head", json_false());
    json_array_foreach(json_object_get(root, "training_size"), i, entry)
        json_array_foreach(json_object_get(entry, "points"), k, point)
    {
        json_object_set_new(point, "p1", json_null());
        json_object_del(point, "p1_ci");
    }
    json_array_foreach(json_object_get(ranks, "points"), i, entry)
    {
        json_object_del(entry, "p1");
        json_object_del(entry, "layers");
    }
    json_object_foreach(json_object_get(ranks, "beside"), name, entry)
    {
        json_object_del(entry, "p1");
        json_object_del(entry, "layers");
    }
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
