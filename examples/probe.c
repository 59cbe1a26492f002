/* SPDX-License-Identifier: MIT */
/*
 * probe.c: states of a corpus as they come, without a file: at which layer do the states
 * before a word's first token differ most from those inside a word? The measure is the
 * distance of the two means over the spread within them, on all positions of the texts.
 *
 *     cc probe.c $(pkg-config --cflags --libs jumpcut) -lm -o probe
 *     ./probe MODEL TEXTS
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jumpcut.h>

/* Count, sum and sum of squares of the states of a class at a layer. */
typedef struct moments {
    double n;
    double *sum, *square; /* [width] */
} moments;

typedef struct work {
    jc_model *model;
    jc_tokenizer *tokenizer;
    jc_samples *samples;
    jc_session *session;
    double *numbers;  /* of all moments */
    moments *moments; /* [layers + 1][2] */
} work;

static int begins_word(const work *w, uint32_t id)
{
    jc_error err;
    char *text = NULL;
    size_t length;
    int begins = jc_tokenizer_decode(w->tokenizer, &id, 1, &text, &length, &err) == JC_OK &&
                 text[0] == ' ';

    free(text);
    return begins;
}

static void add(moments *m, const float *h, size_t width)
{
    m->n++;
    for (size_t i = 0; i < width; i++) {
        m->sum[i] += (double)h[i];
        m->square[i] += (double)h[i] * (double)h[i];
    }
}

static jc_status take(work *w, const jc_sample *sample, jc_error *err)
{
    const jc_model_info *info = jc_model_get_info(w->model);
    const jc_text text = {sample->ids, sample->n_ids, sample->positions,
                          sample->n_positions};
    jc_status st = jc_session_run(w->session, &text, 1, err);

    for (uint32_t layer = 0; st == JC_OK && layer <= info->layers; layer++) {
        const float *h = jc_session_states(w->session, layer);
        for (size_t row = 0; row < sample->n_positions; row++) {
            size_t next = sample->positions[row] + 1;
            if (next < sample->n_ids)
                add(&w->moments[2 * layer + begins_word(w, sample->ids[next])],
                    h + row * info->width, info->width);
        }
    }
    return st;
}

/* (mean difference)^2 / mean variance, averaged over coordinates. */
static double separation(const moments m[2], size_t width)
{
    double all = 0;

    for (size_t i = 0; i < width; i++) {
        double mean[2], spread = 0;
        for (int k = 0; k < 2; k++) {
            mean[k] = m[k].sum[i] / m[k].n;
            spread += (m[k].square[i] / m[k].n - mean[k] * mean[k]) / 2;
        }
        all += (mean[1] - mean[0]) * (mean[1] - mean[0]) / (spread + 1e-12);
    }
    return all / (double)width;
}

static jc_status prepare(work *w, char **argv, jc_error *err)
{
    const char *path = argv[2];
    jc_samples_params params;
    jc_status st = jc_model_open(&w->model, argv[1], NULL, err);

    if (st == JC_OK)
        st = jc_tokenizer_open(&w->tokenizer, argv[1], err);
    if (st == JC_OK)
        st = jc_session_new(&w->session, w->model, err);
    if (st)
        return st;
    const jc_model_info *info = jc_model_get_info(w->model);
    size_t classes = 2 * ((size_t)info->layers + 1);
    w->numbers = calloc(2 * classes * info->width, sizeof *w->numbers);
    w->moments = calloc(classes, sizeof *w->moments);
    if (!w->numbers || !w->moments)
        return JC_E_NOMEM;
    for (size_t k = 0; k < classes; k++) {
        w->moments[k].sum = w->numbers + 2 * k * info->width;
        w->moments[k].square = w->moments[k].sum + info->width;
    }
    jc_samples_params_init(&params);
    params.context = info->context;
    params.vocab = info->vocab;
    return jc_samples_from_text(&w->samples, w->tokenizer, &path, 1, &params, err);
}

int main(int argc, char **argv)
{
    work w = {0};
    jc_error err = {JC_OK, "out of memory"};
    jc_sample sample;

    if (argc != 3) {
        fprintf(stderr, "usage: %s MODEL TEXTS\n", argv[0]);
        return 2;
    }
    jc_status st = prepare(&w, argv, &err);
    while (st == JC_OK && (st = jc_samples_next(w.samples, &sample, &err)) == JC_OK &&
           sample.ids)
        st = take(&w, &sample, &err);
    if (st == JC_OK) {
        const jc_model_info *info = jc_model_get_info(w.model);
        printf("%.0f positions, %.0f before a new word\n", w.moments[0].n + w.moments[1].n,
               w.moments[1].n);
        for (uint32_t layer = 0; layer <= info->layers; layer++)
            printf("layer %2u: %.3f\n", (unsigned)layer,
                   separation(w.moments + 2 * layer, info->width));
    } else {
        fprintf(stderr, "%s: %s\n", argv[0], err.message);
    }
    free(w.numbers);
    free(w.moments);
    jc_samples_close(w.samples);
    jc_session_free(w.session);
    jc_tokenizer_close(w.tokenizer);
    jc_model_close(w.model);
    return st ? 1 : 0;
}
