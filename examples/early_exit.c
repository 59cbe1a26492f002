/* SPDX-License-Identifier: MIT */
/*
 * early_exit.c: how far must a model run before a shortcut's guess is sure enough? For each
 * position of a text, the first layer at which the mapped state's best token is ahead of
 * the second by a margin in probability, and whether the whole model says the same.
 *
 *     cc early_exit.c $(pkg-config --cflags --libs jumpcut) -lm -o early_exit
 *     ./early_exit MODEL shortcuts.safetensors 0.5 "The river flows through the city of"
 *
 * All layers are run here, to compare; `jumpcut generate --exit` leaves early in earnest.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jumpcut.h>

typedef struct guess {
    uint32_t id;
    double gap; /* between the probabilities of the best token and the second */
} guess;

static guess guess_of(const float *logits, size_t vocab)
{
    guess g = {0, 0};
    double sum = 0;
    float first = logits[0], second = -HUGE_VALF;

    for (size_t i = 1; i < vocab; i++) {
        if (logits[i] > first) {
            second = first;
            first = logits[i];
            g.id = (uint32_t)i;
        } else if (logits[i] > second) {
            second = logits[i];
        }
    }
    for (size_t i = 0; i < vocab; i++)
        sum += exp((double)(logits[i] - first));
    g.gap = (1 - exp((double)(second - first))) / sum;
    return g;
}

typedef struct work {
    jc_model *model;
    jc_tokenizer *tokenizer;
    jc_shortcut *shortcut;
    jc_session *session;
    jc_ids ids;
    uint32_t *positions; /* [ids.n] */
    float *state;        /* [width] */
    float *logits;       /* [vocab] */
} work;

/* The map from `layer` to the last one. */
static const jc_map *map_from(const work *w, uint32_t layer)
{
    const jc_map *map;

    for (size_t i = 0; (map = jc_shortcut_map(w->shortcut, i)) != NULL; i++)
        if (jc_map_sources(map) == 1 && jc_map_source(map, 0).tap.block == layer &&
            jc_map_source(map, 0).tap.point == 0 &&
            jc_map_target(map).tap.block == jc_shortcut_layers(w->shortcut))
            return map;
    return NULL;
}

/* The guess at a position from the state after `layer`; the last layer's is the model's. */
static jc_status guess_at(work *w, uint32_t layer, size_t row, guess *g, jc_error *err)
{
    const jc_model_info *info = jc_model_get_info(w->model);
    const float *h = jc_session_states(w->session, layer) + row * info->width;
    jc_status st = JC_OK;

    if (layer < info->layers) {
        st = jc_map_run(map_from(w, layer), h, 1, w->state, err);
        h = w->state;
    }
    if (st == JC_OK)
        st = jc_model_readout(w->model, h, 1, w->logits, err);
    if (st == JC_OK)
        *g = guess_of(w->logits, info->vocab);
    return st;
}

static jc_status show(work *w, double margin, jc_error *err)
{
    const uint32_t layers = jc_model_get_info(w->model)->layers;
    size_t run = 0, same = 0;

    for (size_t row = 0; row < w->ids.n; row++) {
        guess early = {0, 0}, last;
        uint32_t layer = 0;
        jc_status st = guess_at(w, layers, row, &last, err);

        while (st == JC_OK && layer < layers && early.gap <= margin)
            st = guess_at(w, ++layer, row, &early, err);
        if (st)
            return st;
        run += layer;
        same += early.id == last.id;
        printf("position %zu: after %u of %u blocks%s\n", row, (unsigned)layer,
               (unsigned)layers, early.id == last.id ? "" : ", not as the whole model");
    }
    printf("%.1f blocks on average; %zu of %zu tokens are the whole model's\n",
           (double)run / (double)w->ids.n, same, w->ids.n);
    return JC_OK;
}

static jc_status prepare(work *w, char **argv, jc_error *err)
{
    jc_status st = jc_model_open(&w->model, argv[1], NULL, err);

    if (st == JC_OK)
        st = jc_tokenizer_open(&w->tokenizer, argv[1], err);
    if (st == JC_OK)
        st = jc_shortcut_open(&w->shortcut, argv[2], err);
    if (st == JC_OK)
        st = jc_shortcut_check(w->shortcut, w->model, err);
    if (st == JC_OK)
        st = jc_session_new(&w->session, w->model, err);
    if (st == JC_OK)
        st = jc_tokenizer_encode(w->tokenizer, argv[4], strlen(argv[4]), &w->ids, err);
    if (st)
        return st;
    const jc_model_info *info = jc_model_get_info(w->model);
    w->positions = calloc(w->ids.n, sizeof *w->positions);
    w->state = malloc(info->width * sizeof *w->state);
    w->logits = malloc(info->vocab * sizeof *w->logits);
    if (!w->positions || !w->state || !w->logits)
        return JC_E_NOMEM;
    for (size_t i = 0; i < w->ids.n; i++)
        w->positions[i] = (uint32_t)i;
    for (uint32_t layer = 1; layer < info->layers; layer++) {
        if (!map_from(w, layer)) {
            snprintf(err->message, sizeof err->message, "'%s' has no map from layer %u",
                     argv[2], (unsigned)layer);
            return JC_E_ARG;
        }
    }
    const jc_text text = {w->ids.id, w->ids.n, w->positions, w->ids.n};
    return jc_session_run(w->session, &text, 1, err);
}

int main(int argc, char **argv)
{
    work w = {0};
    jc_error err = {JC_OK, "out of memory"};

    if (argc != 5) {
        fprintf(stderr, "usage: %s MODEL SHORTCUTS MARGIN TEXT\n", argv[0]);
        return 2;
    }
    jc_status st = prepare(&w, argv, &err);
    if (st == JC_OK)
        st = show(&w, strtod(argv[3], NULL), &err);
    if (st)
        fprintf(stderr, "%s: %s\n", argv[0], err.message);
    free(w.positions);
    free(w.state);
    free(w.logits);
    jc_ids_free(&w.ids);
    jc_session_free(w.session);
    jc_shortcut_free(w.shortcut);
    jc_tokenizer_close(w.tokenizer);
    jc_model_close(w.model);
    return st ? 1 : 0;
}
