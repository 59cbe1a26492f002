/* SPDX-License-Identifier: MIT */
/*
 * method_tuned.c: affine maps trained so that what is read out of them is near the model's
 * own distribution: the tuned lens (Belrose et al. 2023), from the closed-form start.
 *
 * The first texts, about JC_TUNED_HELD vectors, are held out. The others are read as often
 * as the wanted number of vectors takes; after each `step` vectors all layers make a step,
 * of a size that rises over the first tenth and then falls to nothing in a straight line.
 * JC_TUNED_CHECKS times on the way the held-out loss is measured, and each layer's best
 * numbers are kept; then, and every minute, the state goes to a file. Batches, and the
 * order of all sums, are those of the texts alone, so threads change nothing, and a resumed
 * run ends with the bits of one that was not stopped.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fit/methods.h"
#include "fit/keep.h"
#include "fit/tuned.h"

enum { PATIENCE = 3 /* checks without better */ };

#define SAVE_EVERY 45  /* seconds */
#define WARM       0.1 /* of the vectors: the rate rises */

struct training {
    jc_train_job *job;
    jc_tuned *t;
    jc_kl *kl;
    jc_kl_layer *layer;    /* [n] */
    float *weight, *bias;  /* [n, d, d], [n, d]: of the maps as they are */
    double *sums, *biases; /* the same of gradients */
    const float **states;  /* [n + 1] */
    size_t rows;           /* of the present step */
    uint64_t looked;       /* vectors held out: of all looks */
    uint64_t looking;      /* and of the present one */
    double bits;           /* a byte, of a nat a token; 0: not known */
    char stage[80];
    jc_hooks hooks;
    time_t saved;   /* when the state last went to its file */
    char ended[80]; /* why, where it is not that all vectors were used */
};

/* ---- hooks ---- */

static jc_status tick(void *arg, jc_error *err)
{
    struct training *tr = arg;
    const jc_tuned *t = tr->t;
    uint64_t looking = tr->looking < t->held ? tr->looking : t->held;
    /* a look takes about half of what training on its vectors would */
    const jc_progress progress = {tr->stage, "tokens",
                                  t->vectors + tr->rows + (tr->looked + looking) / 2,
                                  t->total + (JC_TUNED_CHECKS + 1) * t->held / 2};

    return jc_report(tr->job->params->hooks, &progress, err);
}

/* Progress within a batch is reported as progress of the training. */
static bool on_batch(void *arg, const jc_progress *progress)
{
    (void)progress;
    return tick(arg, NULL) == JC_OK;
}

static void name_stage(struct training *tr)
{
    double bits = tr->bits > 0 ? tr->bits : 1, loss = 0;

    for (uint32_t l = 0; l < tr->t->n; l++)
        loss += tr->t->layer[l].least / tr->t->n;
    snprintf(tr->stage, sizeof tr->stage, "training, KL %.4f %s", loss * bits,
             tr->bits > 0 ? "bits a byte" : "nats a token");
}

/* ---- maps and losses ---- */

static void want_loss(struct training *tr, bool gradient)
{
    size_t d = tr->t->d;

    for (uint32_t l = 0; l < tr->t->n; l++)
        tr->layer[l] = (jc_kl_layer){.weight = tr->weight + l * d * d,
                                     .bias = tr->bias + l * d,
                                     .by_weight = gradient ? tr->sums + l * d * d : NULL,
                                     .by_bias = gradient ? tr->biases + l * d : NULL};
    if (gradient) {
        memset(tr->sums, 0, tr->t->n * d * d * sizeof *tr->sums);
        memset(tr->biases, 0, tr->t->n * d * sizeof *tr->biases);
    }
}

static jc_status make_maps(struct training *tr, bool best)
{
    jc_status st = JC_OK;
    size_t d = tr->t->d;

    for (uint32_t l = 0; l < tr->t->n && st == JC_OK; l++) {
        const jc_tuned_layer *layer = &tr->t->layer[l];
        st = jc_tuned_map(tr->t, l, best ? layer->best : layer->w, tr->weight + l * d * d,
                          tr->bias + l * d, tr->job->err);
    }
    return st;
}

static jc_status add_batch(struct training *tr, const jc_batch *batch, size_t rows)
{
    for (uint32_t l = 0; l <= tr->t->n; l++)
        tr->states[l] = jc_batch_states(batch, l);
    return jc_kl_add(tr->kl, tr->states, rows, tr->layer, tick, tr, tr->job->err);
}

/* Vectors of a batch: those of a step, but where these would be most of the texts, as many
 * as are held out. */
static uint64_t batch_rows(const struct training *tr)
{
    uint64_t step = tr->job->params->step;

    return tr->t->rows > 2 * step ? step : tr->t->held;
}

/* Sum the losses of the first texts, with at least `want` vectors; *rows and *texts are
 * what they have. */
static jc_status held_out(struct training *tr, size_t want, size_t *rows, uint64_t *texts)
{
    jc_reading reading;
    jc_status st = jc_reading_open(&reading, tr->job, 0, batch_rows(tr), &tr->hooks);

    *rows = 0;
    *texts = 0;
    want_loss(tr, false);
    while (*rows < want && st == JC_OK) {
        size_t n;
        st = jc_batch_next(reading.batch, &n, tr->job->err);
        if (st || n == 0)
            break;
        st = add_batch(tr, reading.batch, n);
        *rows += n;
        tr->looking = *rows;
        *texts += jc_batch_texts(reading.batch);
    }
    jc_reading_close(&reading);
    return st;
}

/* The held-out losses now; keep what is better. *better: some layer is. */
static jc_status check(struct training *tr, bool *better)
{
    jc_tuned *t = tr->t;
    size_t rows, numbers = t->d * (t->d + 1);
    jc_status st = held_out(tr, t->held, &rows, &t->held_texts);

    *better = false;
    if (st)
        return st;
    tr->looked += t->held;
    tr->looking = 0;
    for (uint32_t l = 0; l < t->n; l++) {
        jc_tuned_layer *layer = &t->layer[l];
        double loss = tr->layer[l].loss / (double)rows;
        if (t->step == 0)
            layer->start = layer->least = loss;
        if (t->step == 0 || loss < layer->least) {
            *better |= loss < layer->least * (1 - 1e-4);
            layer->least = loss;
            memcpy(layer->best, layer->w, numbers * sizeof *layer->best);
            t->best_step = t->step;
        }
    }
    t->checked = t->vectors;
    name_stage(tr);
    return JC_OK;
}

/* How many bits a byte a nat a token is, by the held-out texts. */
static jc_status count_bytes(struct training *tr)
{
    const jc_tokenizer *tokenizer = tr->job->params->tokenizer;
    double tokens = 0, bytes = 0;
    jc_samples *samples = NULL;
    jc_sample sample;
    jc_status st = JC_OK;

    if (!tokenizer)
        return JC_OK;
    st = tr->job->texts->open(tr->job->texts->arg, &samples, tr->job->err);
    for (uint64_t i = 0; i < tr->t->held_texts && st == JC_OK; i++) {
        char *text = NULL;
        size_t length = 0;
        st = jc_samples_next(samples, &sample, tr->job->err);
        if (st == JC_OK)
            st = jc_tokenizer_decode(tokenizer, sample.ids, sample.n_ids, &text, &length,
                                     tr->job->err);
        jc_free(text);
        tokens += (double)sample.n_ids;
        bytes += (double)length;
    }
    if (samples)
        tr->job->texts->close(tr->job->texts->arg, samples);
    tr->bits = bytes > 0 ? tokens / bytes / log(2) : 0;
    name_stage(tr);
    return st;
}

/* ---- steps ---- */

static double rate_now(const struct training *tr)
{
    double done = (double)tr->t->vectors / (double)tr->t->total;
    double after = (double)(tr->t->vectors + tr->rows) / (double)tr->t->total;

    return tr->job->params->rate * fmin(1, after / WARM) * fmax(0, 1 - done);
}

/* Whether a layer's loss shows that the steps lead nowhere. */
static bool diverges(struct training *tr)
{
    const jc_tuned *t = tr->t;

    for (uint32_t l = 0; l < t->n; l++) {
        double loss = tr->layer[l].loss / (double)tr->rows, start = t->layer[l].start;
        if (isfinite(loss) && loss <= 4 * start + 1)
            continue;
        snprintf(tr->ended, sizeof tr->ended, "diverged at step %llu",
                 (unsigned long long)t->step + 1);
        jc_note(tr->job->params->hooks,
                "training %s: the loss of layer %u is %.3g nats, and was %.3g at the "
                "start; the best before that is kept, of step %llu; a lower '--rate' may "
                "help",
                tr->ended, l, loss, start, (unsigned long long)t->best_step);
        return true;
    }
    return false;
}

static jc_status step(struct training *tr)
{
    jc_tuned *t = tr->t;
    size_t d = t->d;
    double rate = rate_now(tr);
    jc_status st = JC_OK;

    if (diverges(tr))
        return JC_OK;
    t->step++;
    for (uint32_t l = 0; l < t->n && st == JC_OK; l++)
        st = jc_tuned_step(t, l, tr->sums + l * d * d, tr->biases + l * d, tr->rows, rate,
                           tr->job->err);
    t->vectors += tr->rows;
    tr->rows = 0;
    return st ? st : make_maps(tr, false);
}

static jc_status save(struct training *tr)
{
    const char *path = tr->job->params->resume;

    tr->saved = time(NULL);
    return path ? jc_tuned_save(tr->t, path, tr->job->model, tr->job->params, tr->job->err)
                : JC_OK;
}

/* Also where training went on from a file that was saved at its end. */
static void end_without_patience(struct training *tr)
{
    if (tr->t->patience == 0)
        snprintf(tr->ended, sizeof tr->ended, "no longer better at step %llu",
                 (unsigned long long)tr->t->step);
}

/* After a step: is it time to look at the held-out texts, and to stop? */
static jc_status look(struct training *tr)
{
    jc_tuned *t = tr->t;
    uint64_t every = t->total / JC_TUNED_CHECKS + 1;
    bool better;

    if (t->vectors == t->checked ||
        (t->vectors / every == t->checked / every && t->vectors < t->total))
        return time(NULL) - tr->saved < SAVE_EVERY ? JC_OK : save(tr);
    jc_status st = check(tr, &better);
    if (st)
        return st;
    t->patience = better ? PATIENCE : t->patience - 1;
    end_without_patience(tr);
    return save(tr);
}

/* One pass over the texts, or what is left of it. */
static jc_status pass(struct training *tr)
{
    jc_tuned *t = tr->t;
    jc_reading reading;
    uint64_t texts = 0;
    bool any = t->texts > 0, over = false;
    size_t n;
    jc_status st = jc_reading_open(&reading, tr->job, t->held_texts + t->texts,
                                   batch_rows(tr), &tr->hooks);

    tr->rows = 0;
    want_loss(tr, true);
    while (st == JC_OK && t->vectors < t->total && !tr->ended[0]) {
        st = jc_batch_next(reading.batch, &n, tr->job->err);
        over = st == JC_OK && n == 0; /* not where the reading was stopped */
        if (st == JC_OK && !over)
            st = add_batch(tr, reading.batch, n);
        if (st || (over && tr->rows == 0))
            break;
        any = true;
        tr->rows += n;
        texts += over ? 0 : jc_batch_texts(reading.batch);
        if (tr->rows < tr->job->params->step && !over)
            continue;
        st = step(tr);
        t->texts += texts;
        texts = 0;
        if (st == JC_OK && !tr->ended[0])
            st = look(tr);
        want_loss(tr, true);
    }
    jc_reading_close(&reading);
    if (over)
        t->texts = 0;
    if (st == JC_OK && !any)
        return jc_fail(tr->job->err, JC_E_ARG,
                       "cannot train: the first texts are held out, and of %llu vectors "
                       "none is left to train on; give more texts",
                       (unsigned long long)t->rows);
    return st;
}

/* ---- beginning and end ---- */

static jc_status start(struct training *tr)
{
    jc_train_job *job = tr->job;
    jc_stats_params params;
    jc_stats *own = NULL;
    jc_samples *samples = NULL;
    const jc_stats *stats = job->stats;
    jc_status st = JC_OK;

    if (!stats) {
        jc_stats_params_init(&params);
        params.pairs = "final";
        params.hooks = job->params->hooks;
        st = job->texts->open(job->texts->arg, &samples, job->err);
        if (st == JC_OK)
            st = jc_stats_gather(&own, job->model, samples, &params, job->err);
        if (samples)
            job->texts->close(job->texts->arg, samples);
        stats = own;
    }
    if (st == JC_OK && stats->rows == 0)
        st = jc_fail(job->err, JC_E_ARG, "cannot train: the sums are of no vectors");
    if (st == JC_OK && !jc_stats_cross(stats, 0, tr->t->n))
        st = jc_fail(job->err, JC_E_ARG,
                     "cannot train: the sums have no maps from each layer to the last");
    if (st == JC_OK)
        st = jc_tuned_start(tr->t, stats, job->err);
    if (st == JC_OK) {
        tr->t->rows = stats->rows;
        tr->t->rows_texts = stats->texts;
        tr->t->total = job->params->tokens ? job->params->tokens : stats->rows;
        tr->t->held = stats->rows / 8 < JC_TUNED_HELD ? stats->rows / 8 + 1 : JC_TUNED_HELD;
        tr->t->patience = PATIENCE;
    }
    jc_stats_free(own);
    return st;
}

static jc_status begin(struct training *tr)
{
    jc_train_job *job = tr->job;
    const jc_model_info *info = jc_model_get_info(job->model);
    size_t d = info->width, n = info->layers;
    const char *resume = job->params->resume;
    bool better, resumed = resume && access(resume, F_OK) == 0;
    jc_status st = jc_kl_new(&tr->kl, job->model, job->err);

    if (st == JC_OK)
        st = jc_tuned_new(&tr->t, info->layers, d, job->err);
    if (st)
        return st;
    tr->layer = jc_alloc_array(n, sizeof *tr->layer);
    tr->weight = jc_matrix_new(n * d, d, sizeof *tr->weight);
    tr->bias = jc_matrix_new(n, d, sizeof *tr->bias);
    tr->sums = jc_matrix_new(n * d, d, sizeof *tr->sums);
    tr->biases = jc_matrix_new(n, d, sizeof *tr->biases);
    tr->states = jc_alloc_array(n + 1, sizeof *tr->states);
    if (!tr->layer || !tr->weight || !tr->bias || !tr->sums || !tr->biases || !tr->states)
        return jc_fail_nomem(job->err, "maps that are trained");
    snprintf(tr->stage, sizeof tr->stage, "training");
    tr->hooks = (jc_hooks){.progress = on_batch, .arg = tr};
    st = resumed ? jc_tuned_load(tr->t, resume, job->model, job->params, job->err)
                 : start(tr);
    job->whole = st == JC_OK && tr->t->step > 0;
    tr->saved = time(NULL);
    if (resumed && st == JC_OK) {
        end_without_patience(tr);
        tr->looked = (tr->t->checked / (tr->t->total / JC_TUNED_CHECKS + 1) + 1) *
                     (uint64_t)tr->t->held;
    }
    if (st == JC_OK)
        st = make_maps(tr, false);
    if (st == JC_OK && !resumed)
        st = check(tr, &better);
    for (uint32_t l = 0; l < n && st == JC_OK; l++)
        if (!isfinite(tr->t->layer[l].start))
            st = jc_fail(job->err, JC_E_NUMERIC,
                         "cannot train: the loss of layer %u is not a finite number at the "
                         "start",
                         l);
    if (st == JC_OK)
        st = count_bytes(tr);
    job->whole |= st == JC_OK;
    return st || resumed ? st : save(tr);
}

static jc_status note_training(const struct training *tr)
{
    const jc_tuned *t = tr->t;
    jc_shortcut *s = tr->job->shortcut;
    double before = 0, after = 0;
    char text[2][32];

    for (uint32_t l = 0; l < t->n; l++) {
        before += t->layer[l].start / t->n;
        after += t->layer[l].least / t->n;
    }
    jc_real_format(before, text[0]);
    jc_real_format(after, text[1]);
    jc_status st = jc_train_count(tr->job, "rows", t->rows);
    if (st == JC_OK)
        st = jc_train_count(tr->job, "rows.texts", t->rows_texts);
    if (st == JC_OK)
        st = jc_train_count(tr->job, "train.steps", t->step);
    if (st == JC_OK)
        st = jc_train_count(tr->job, "train.vectors", t->vectors);
    if (st == JC_OK)
        st = jc_train_count(tr->job, "train.best-step", t->best_step);
    if (st == JC_OK)
        st = jc_shortcut_set_meta(s, "train.kl-start", text[0], tr->job->err);
    if (st == JC_OK)
        st = jc_shortcut_set_meta(s, "train.kl", text[1], tr->job->err);
    return st ? st
              : jc_shortcut_set_meta(s, "train.end", tr->ended[0] ? tr->ended : "complete",
                                     tr->job->err);
}

/* Keep the maps as the params say, and note what that adds to the held-out loss. */
static jc_status store_maps(struct training *tr)
{
    jc_train_job *job = tr->job;
    jc_tuned *t = tr->t;
    size_t rows, d = t->d;
    uint64_t texts;
    double loss = 0;
    char text[32];
    jc_status st = jc_keep(job->shortcut, job->params->store, job->model, job->texts,
                           job->params->hooks, job->err);

    for (uint32_t l = 0; l < t->n && st == JC_OK; l++)
        st = jc_map_dense(jc_shortcut_find(job->shortcut, l, t->n), tr->weight + l * d * d,
                          tr->bias + l * d, job->err);
    if (st == JC_OK)
        st = held_out(tr, t->held, &rows, &texts);
    for (uint32_t l = 0; l < t->n && st == JC_OK; l++)
        loss += (tr->layer[l].loss / (double)rows - t->layer[l].least) / t->n;
    jc_real_format(loss, text);
    return st ? st : jc_shortcut_set_meta(job->shortcut, "store.kl-loss", text, job->err);
}

/* The best maps, into the shortcut. */
static jc_status finish(struct training *tr)
{
    jc_train_job *job = tr->job;
    jc_status st = JC_OK;

    for (uint32_t l = 0; l < tr->t->n && st == JC_OK; l++) {
        jc_map *map;
        st = jc_shortcut_add_pair(job->shortcut, l, tr->t->n, &map, job->err);
        if (st == JC_OK)
            st = jc_tuned_map(tr->t, l, tr->t->layer[l].best, jc_map_fill(map, "weight"),
                              jc_map_fill(map, "bias"), job->err);
    }
    return st ? st : note_training(tr);
}

static bool narrows(const struct training *tr)
{
    return strcmp(tr->job->params->store, "f32") != 0;
}

static jc_status train(jc_train_job *job)
{
    struct training tr = {.job = job};
    jc_error why;
    jc_status st = begin(&tr);

    if (st == JC_OK)
        st = look(&tr); /* due where training was stopped just then */
    while (st == JC_OK && tr.t->vectors < tr.t->total && !tr.ended[0])
        st = pass(&tr);
    if (st == JC_E_CANCELLED && job->whole) {
        why = *job->err;
        snprintf(tr.ended, sizeof tr.ended, "stopped at step %llu",
                 (unsigned long long)tr.t->step);
        st = save(&tr);
        if (st == JC_OK)
            st = finish(&tr);
        if (st == JC_OK) {
            *job->err = why;
            st = JC_E_CANCELLED;
        }
    } else if (st == JC_OK) {
        st = finish(&tr);
        if (st == JC_OK && narrows(&tr))
            st = store_maps(&tr);
    }
    jc_kl_free(tr.kl);
    jc_tuned_free(tr.t);
    jc_free(tr.layer);
    jc_free(tr.weight);
    jc_free(tr.bias);
    jc_free(tr.sums);
    jc_free(tr.biases);
    jc_free(tr.states);
    return st;
}

const jc_method jc_method_tuned = {
    .info = {.name = "tuned",
             .summary =
                 "affine maps to the last layer, trained to read out as the model does",
             .texts = true,
             .options = "rate|step|resume",
             .last = true},
    .form = &jc_form_affine,
    .form_bias = &jc_form_affine,
    .train = train,
};
