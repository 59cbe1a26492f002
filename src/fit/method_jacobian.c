/* SPDX-License-Identifier: MIT */
/*
 * method_jacobian.c: the mean Jacobian of the last layer by each other one, J_l = mean over
 * texts, positions t and t' >= t of d h_L(t') / d h_l(t), without derivatives.
 *
 * If the states of all positions of a text at layer l are moved by the same small vector
 * e, the sum of h_L over all positions changes by the sum over the pairs t <= t' of
 * d h_L(t') / d h_l(t), times e: the very sum that is wanted, with no noise from other
 * positions. So two passes, by e and by -e, over n tokens give a column of J_l for that
 * text, e along one coordinate; terms of even order in e cancel. All coordinates of all
 * texts are d columns; with fewer `directions` a text, texts take them in turn, and a
 * column is the mean over the texts that had it.
 *
 * Copies of a text are run side by side, RUN_TOKENS tokens at a time. Cost: of each text
 * and layer 2 d passes through the blocks after it.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fit/keep.h"
#include "fit/methods.h"
#include "model/session.h"

enum { RUN_TOKENS = 1024 };

struct work {
    jc_train_job *job;
    const jc_model_info *info;
    jc_session *session;
    size_t d, copies;    /* of the text that is run; even */
    uint32_t *positions; /* [context]: 0, 1, 2, ... */
    jc_text *texts;      /* [copies], all alike */
    float *moved;        /* [copies, n, d] */
    size_t moved_room;
    double *deviation; /* [d] */
    double *columns;   /* [layers, d, d]: row k is the sum over texts of column k */
    uint64_t *count;   /* [d]: texts that had coordinate k */
    uint64_t next;     /* the coordinate whose turn it is, over all texts */
    uint64_t vectors, n_texts, wanted;
    jc_progress before, after; /* of the text that is run, how far its reading was */
};

static int ascending(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

/* The median over coordinates of the standard deviation of h [n, d]. */
static double median_deviation(struct work *w, const float *h, size_t n)
{
    for (size_t k = 0; k < w->d; k++) {
        double mean = 0, square = 0;
        for (size_t t = 0; t < n; t++)
            mean += (double)h[t * w->d + k] / (double)n;
        for (size_t t = 0; t < n; t++) {
            double x = (double)h[t * w->d + k] - mean;
            square += x * x / (double)n;
        }
        w->deviation[k] = sqrt(square);
    }
    qsort(w->deviation, w->d, sizeof *w->deviation, ascending);
    return w->deviation[w->d / 2];
}

/* The copies moved along coordinates first, first + 1, ...: a pair of copies each. */
static void move_copies(struct work *w, const float *h, size_t n, size_t first,
                        size_t pairs, float by)
{
    size_t floats = n * w->d;

    for (size_t c = 0; c < w->copies; c++) {
        float *copy = w->moved + c * floats;
        memcpy(copy, h, floats * sizeof *copy);
        for (size_t t = 0; t < n && c / 2 < pairs; t++)
            copy[t * w->d + (first + c / 2) % w->d] += c % 2 ? -by : by;
    }
}

/* Columns first .. first + pairs of a layer, from the states h [n, d] of the text. */
static jc_status some_columns(struct work *w, uint32_t layer, const float *h, size_t n,
                              size_t first, size_t pairs, double by)
{
    double scale = 1 / (2 * by * ((double)n * ((double)n + 1) / 2));
    const float *ends;

    move_copies(w, h, n, first, pairs, (float)by);
    jc_status st = jc_session_from(w->session, layer, w->moved, &ends, w->job->err);
    for (size_t p = 0; p < pairs && st == JC_OK; p++) {
        double *column = w->columns + (layer * w->d + (first + p) % w->d) * w->d;
        const float *up = ends + 2 * p * n * w->d, *down = up + n * w->d;
        for (size_t i = 0; i < n * w->d; i++)
            column[i % w->d] += ((double)up[i] - (double)down[i]) * scale;
    }
    return st;
}

/* `part` of the text with n tokens is done. Where no number of tokens is wanted, all that
 * is read counts. */
static jc_status report(const struct work *w, size_t n, double part)
{
    jc_progress progress = {.stage = "training, moving states",
                            .unit = "tokens",
                            .done = w->vectors + (uint64_t)(part * (double)n),
                            .total = w->wanted};

    if (w->wanted == 0) {
        uint64_t end = w->after.done, start = w->before.done < end ? w->before.done : end;
        progress.unit = w->after.unit;
        progress.done = start + (uint64_t)(part * (double)(end - start));
        progress.total = w->after.total;
    }
    return jc_report(w->job->params->hooks, &progress, w->job->err);
}

static jc_status all_layers(struct work *w, size_t n, size_t first, size_t directions)
{
    double noise = w->job->params->noise;
    jc_status st = JC_OK;

    for (uint32_t l = 0; l < w->info->layers && st == JC_OK; l++) {
        const float *h = jc_session_states(w->session, l); /* of the first copy */
        double by = noise * median_deviation(w, h, n);
        size_t pairs = w->copies / 2;
        if (!(by > 0))
            by = noise; /* a text of one token */
        for (size_t k = 0, some; k < directions && st == JC_OK; k += some) {
            some = directions - k < pairs ? directions - k : pairs;
            st = some_columns(w, l, h, n, first + k, some, by);
            if (st == JC_OK)
                st = report(
                    w, n, (l + (double)(k + some) / (double)directions) / w->info->layers);
        }
    }
    return st;
}

static jc_status one_text(struct work *w, const jc_sample *sample)
{
    size_t n = sample->n_ids, d = w->d, most = w->job->params->directions, floats;
    size_t directions = most && most < d ? most : d, first = w->next % d;

    w->copies = 2 * (RUN_TOKENS / 2 / n < 1 ? 1 : RUN_TOKENS / 2 / n);
    if (w->copies > 2 * directions)
        w->copies = 2 * directions;
    if (!jc_mul(w->copies * n, d, &floats) ||
        !jc_grow(&w->moved, &w->moved_room, floats, sizeof *w->moved))
        return jc_fail_nomem(w->job->err, "moved states");
    for (size_t c = 0; c < w->copies; c++)
        w->texts[c] = (jc_text){sample->ids, n, w->positions, n};
    jc_status st = jc_session_run(w->session, w->texts, w->copies, w->job->err);
    if (st == JC_OK)
        st = all_layers(w, n, first, directions);
    for (size_t k = 0; k < directions && st == JC_OK; k++)
        w->count[(first + k) % d]++;
    w->next += directions;
    w->vectors += n;
    w->n_texts++;
    return st;
}

static jc_status all_texts(struct work *w)
{
    const jc_texts *texts = w->job->texts;
    jc_samples *samples = NULL;
    jc_sample sample;
    jc_status st = texts->open(texts->arg, &samples, w->job->err);

    w->wanted = w->job->params->tokens;
    while (st == JC_OK && (!w->wanted || w->vectors < w->wanted)) {
        w->before = w->after;
        st = jc_samples_next(samples, &sample, w->job->err);
        if (st || !sample.ids)
            break;
        jc_samples_position(samples, &w->after);
        if (sample.n_ids > 0)
            st = one_text(w, &sample);
    }
    if (samples)
        texts->close(texts->arg, samples);
    return st;
}

static jc_status make_maps(const struct work *w)
{
    size_t d = w->d;
    jc_status st = JC_OK;

    for (uint32_t l = 0; l < w->info->layers && st == JC_OK; l++) {
        jc_map *map;
        st = jc_shortcut_add_pair(w->job->shortcut, l, w->info->layers, &map, w->job->err);
        float *weight = st ? NULL : jc_map_fill(map, "weight");
        for (size_t k = 0; weight && k < d; k++)
            for (size_t i = 0; i < d; i++)
                weight[i * d + k] = (float)(w->columns[(l * d + k) * d + i] /
                                            (double)(w->count[k] ? w->count[k] : 1));
    }
    return st;
}

static jc_status check_columns(const struct work *w)
{
    size_t none = 0;

    for (size_t k = 0; k < w->d; k++)
        none += w->count[k] == 0;
    return none == 0
               ? JC_OK
               : jc_fail(w->job->err, JC_E_ARG,
                         "the texts are too few for all %zu coordinates: %zu were "
                         "never moved; give more texts, or more '--directions' a text",
                         w->d, none);
}

static jc_status make(struct work *w)
{
    size_t d = w->d, layers = w->info->layers;

    if (!w->info->causal)
        return jc_fail(w->job->err, JC_E_UNSUPPORTED,
                       "'%s' is an encoder: method 'jacobian' is of decoders",
                       w->info->path);
    w->positions = jc_alloc_array(w->info->context, sizeof *w->positions);
    w->texts = jc_alloc_array(RUN_TOKENS + 2, sizeof *w->texts);
    w->deviation = jc_alloc_array(d, sizeof *w->deviation);
    w->columns = jc_matrix_new(layers * d, d, sizeof *w->columns);
    w->count = jc_alloc_array(d, sizeof *w->count);
    if (!w->positions || !w->texts || !w->deviation || !w->columns || !w->count)
        return jc_fail_nomem(w->job->err, "a mean Jacobian");
    for (uint32_t t = 0; t < w->info->context; t++)
        w->positions[t] = t;
    return jc_session_new(&w->session, w->job->model, w->job->err);
}

static jc_status train(jc_train_job *job)
{
    const jc_model_info *info = jc_model_get_info(job->model);
    struct work w = {.job = job, .info = info, .d = info->width};
    jc_status st = make(&w);

    if (st == JC_OK)
        st = all_texts(&w);
    if (st == JC_OK)
        st = check_columns(&w);
    if (st == JC_OK)
        st = make_maps(&w);
    if (st == JC_OK)
        st = jc_train_count(job, "rows", w.vectors);
    if (st == JC_OK)
        st = jc_train_count(job, "rows.texts", w.n_texts);
    if (st == JC_OK)
        st = jc_keep(job->shortcut, job->params->store, job->model, job->texts,
                     job->params->hooks, job->err);
    jc_session_free(w.session);
    jc_free(w.positions);
    jc_free(w.texts);
    jc_free(w.moved);
    jc_free(w.deviation);
    jc_free(w.columns);
    jc_free(w.count);
    return st;
}

const jc_method jc_method_jacobian = {
    .info = {.name = "jacobian",
             .summary = "the mean derivative of the last layer's states by each layer's",
             .texts = true,
             .options = "noise|directions",
             .last = true},
    .form = &jc_form_dense,
    .form_bias = &jc_form_dense,
    .train = train,
};
