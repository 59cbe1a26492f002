/* SPDX-License-Identifier: MIT */
/*
 * lens_tool.c: pages for screenshot.sh.
 *
 *   lens_tool demo MODEL [TAPS] > PAGE      a text through id and through maps that shrink,
 *                                           and at taps inside blocks
 *   lens_tool fake VOCAB LAYERS COLUMNS > PAGE
 *                                           random numbers for a model that was never run,
 *                                           with the tokens of the folder VOCAB
 */
#include <stdlib.h>
#include <string.h>

#include "lens/lens.h"
#include "shortcut/shortcut.h"

static void die(const jc_error *err)
{
    fprintf(stderr, "lens_tool: %s\n", err->message);
    exit(1);
}

static void write_page(const jc_lens *lens)
{
    jc_error err;

    if (jc_lens_write(lens, "html", &(jc_lens_look){0}, stdout, &err))
        die(&err);
}

/* Maps that leave 0.9 of a state. */
static jc_shortcut *shrinking(const jc_model *model)
{
    const jc_model_info *info = jc_model_get_info(model);
    jc_shortcut *made;
    jc_map *map;
    jc_error err;

    if (jc_shortcut_new(&made, &jc_form_affine, info->layers, info->width, &err) ||
        jc_shortcut_set_meta(made, "method", "shrink", &err) ||
        jc_shortcut_set_meta(made, "model.fingerprint", info->fingerprint, &err))
        die(&err);
    for (uint32_t l = 0; l < info->layers; l++) {
        if (jc_shortcut_add_pair(made, l, info->layers, &map, &err))
            die(&err);
        float *weight = jc_map_fill(map, "weight"), *bias = jc_map_fill(map, "bias");
        memset(bias, 0, info->width * sizeof *bias);
        for (size_t i = 0; i < (size_t)info->width * info->width; i++)
            weight[i] = i % (info->width + 1) == 0 ? 0.9F : 0;
    }
    return made;
}

static void demo(const char *path, const char *at)
{
    const char *text = "The first of the three cities lies on a river in the north of the "
                       "country, and \"the\" <b>second</b> is near the sea.";
    jc_lens_params params;
    jc_tokenizer *tokenizer = NULL;
    jc_ids ids = {0};
    jc_model *model;
    jc_lens *lens;
    jc_error err;

    static const uint32_t targets[] = {1233, 9};
    jc_lens_params_init(&params);
    params.targets = targets;
    params.n_targets = 2;
    params.map = "all";
    params.at = at;
    if (jc_model_open(&model, path, NULL, &err) ||
        jc_tokenizer_open(&tokenizer, path, &err) ||
        jc_tokenizer_encode(tokenizer, text, strlen(text), &ids, &err))
        die(&err);
    jc_shortcut *made = shrinking(model);
    if (jc_lens_new(&lens, model, tokenizer, (const jc_shortcut *const *)&made, 1, ids.id,
                    ids.n, &params, &err))
        die(&err);
    write_page(lens);
    jc_lens_free(lens);
    jc_ids_free(&ids);
    jc_shortcut_free(made);
    jc_tokenizer_close(tokenizer);
    jc_model_close(model);
}

static void *make(size_t n, size_t size)
{
    void *made = jc_alloc_array(n, size);

    if (!made)
        exit(1);
    return made;
}

/* Guesses agree more often, and are surer, the later the layer. */
static void fill(jc_lens *lens, uint32_t vocab)
{
    jc_rng rng = {7};

    for (size_t c = 0; c < lens->columns; c++) {
        lens->ids[c] = (uint32_t)(jc_rng_uniform(&rng) * vocab);
        lens->positions[c] = (uint32_t)c;
        lens->answers[c] = (uint32_t)(jc_rng_uniform(&rng) * vocab);
    }
    for (size_t i = 0; i < lens->n_maps * lens->rows * lens->columns; i++) {
        double depth = (double)(i / lens->columns % lens->rows) / (double)(lens->rows - 1);
        double p = 0.02 + 0.97 * depth * jc_rng_uniform(&rng);
        bool agrees = depth >= 1 || jc_rng_uniform(&rng) < depth;
        lens->readings[i] = (jc_reading){.rank = agrees ? 1 : 2 + (uint32_t)(40 * p),
                                         .entropy = 5 * (1 - p),
                                         .kl = 12 * (1 - depth) * jc_rng_uniform(&rng)};
        if (i % lens->columns + 1 < lens->columns)
            lens->traces[i] = (jc_trace){1 + (uint32_t)(vocab * (1 - p)), 9 * (1 - p)};
        for (size_t k = 0; k < lens->top; k++) {
            lens->guesses[i * lens->top + k] =
                k == 0 && agrees ? lens->answers[i % lens->columns]
                                 : (uint32_t)(jc_rng_uniform(&rng) * vocab);
            lens->p[i * lens->top + k] = (float)p;
            p *= 0.4;
        }
    }
}

static void fake(const char *tokens, uint32_t layers, size_t columns)
{
    /* a name that would be markup, and one too long for its place */
    static char names[2][sizeof((jc_packed *)0)->name] = {
        "</script><b>\"&amp;", "as-long-as-a-name-may-be-1234567"};
    jc_model_info info = {.path = "models/<script>alert(1)</script>/fake",
                          .architecture = "gpt2",
                          .fingerprint = "none",
                          .layers = layers,
                          .causal = true};
    jc_tokenizer *tokenizer = NULL;
    jc_error err;

    if (jc_tokenizer_open(&tokenizer, tokens, &err))
        die(&err);
    info.vocab = jc_tokenizer_size(tokenizer);
    jc_lens lens = {.info = &info,
                    .tokenizer = tokenizer,
                    .names = names,
                    .n_maps = 2,
                    .n_ids = columns,
                    .columns = columns,
                    .top = 10,
                    .rows = layers + 1};
    size_t cells = lens.n_maps * lens.rows * columns;
    lens.taps = make(lens.rows, sizeof *lens.taps);
    for (uint32_t l = 0; l <= layers; l++)
        lens.taps[l].block = l;
    lens.ids = make(columns, sizeof *lens.ids);
    lens.positions = make(columns, sizeof *lens.positions);
    lens.answers = make(columns, sizeof *lens.answers);
    lens.readings = make(cells, sizeof *lens.readings);
    lens.guesses = make(cells * lens.top, sizeof *lens.guesses);
    lens.p = make(cells * lens.top, sizeof *lens.p);
    lens.traces = make(cells, sizeof *lens.traces);
    fill(&lens, info.vocab);
    write_page(&lens);
    jc_free(lens.taps);
    jc_free(lens.ids);
    jc_free(lens.positions);
    jc_free(lens.answers);
    jc_free(lens.readings);
    jc_free(lens.guesses);
    jc_free(lens.p);
    jc_free(lens.traces);
    jc_tokenizer_close(tokenizer);
}

int main(int argc, char **argv)
{
    if (argc >= 3 && argc <= 4 && strcmp(argv[1], "demo") == 0) {
        demo(argv[2], argv[3]); /* NULL ends them */
    } else if (argc == 5 && strcmp(argv[1], "fake") == 0) {
        fake(argv[2], (uint32_t)strtoul(argv[3], NULL, 10), strtoul(argv[4], NULL, 10));
    } else {
        fprintf(stderr, "usage: lens_tool demo|fake ...\n");
        return 2;
    }
    return 0;
}
