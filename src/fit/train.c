/* SPDX-License-Identifier: MIT */
/* train.c: maps by methods that see the model and texts. */
#include <stdio.h>
#include <string.h>

#include "fit/methods.h"
#include "kernels/kernels.h"
#include "model/session.h"

/* clang-format off */
static const jc_option rows[] = {
    {"method", JC_OPTION_TEXT, offsetof(jc_train_params, method), 0, 0, "tuned", jc_method_choices + 1, "how the maps are found; see 'jumpcut list methods'"},
    {"tokens", JC_OPTION_U64, offsetof(jc_train_params, tokens), 0, 1e15, "0", NULL, "vectors to train on; the texts are read again when they have fewer; 0: each once"},
    {"rate", JC_OPTION_REAL, offsetof(jc_train_params, rate), 1e-9, 1e9, "0.003", NULL, "method tuned: the largest learning rate"},
    {"step", JC_OPTION_U32, offsetof(jc_train_params, step), 1, 1e9, "512", NULL, "method tuned: vectors per step (the batch)"},
    {"noise", JC_OPTION_REAL, offsetof(jc_train_params, noise), 1e-9, 1e3, "0.02", NULL, "method jacobian: how far a coordinate is moved, as a multiple of the median standard deviation"},
    {"directions", JC_OPTION_U32, offsetof(jc_train_params, directions), 0, 1e9, "0", NULL, "method jacobian: how many coordinates are moved in each text, others in the next; 0: all"},
    {"resume", JC_OPTION_TEXT, offsetof(jc_train_params, resume), 0, 0, NULL, NULL, "keep the state of training in this file; if it exists, training continues from it"},
    {"store", JC_OPTION_TEXT, offsetof(jc_train_params, store), 0, 0, "f32", "f32|f16|bf16|int8", "the type in which matrices are stored"},
};
/* clang-format on */

const jc_option *jc_train_options(size_t *n_rows)
{
    if (n_rows)
        *n_rows = JC_COUNT(rows);
    return rows;
}

static jc_status set_meta(const jc_train_job *job, const jc_method *method)
{
    const jc_model_info *info = jc_model_get_info(job->model);
    const char *meta[][2] = {{"method", method->info.name},
                             {"model", info->path},
                             {"model.fingerprint", info->fingerprint}};
    jc_status st = JC_OK;

    for (size_t i = 0; i < JC_COUNT(meta) && st == JC_OK; i++)
        st = jc_shortcut_set_meta(job->shortcut, meta[i][0], meta[i][1], job->err);
    return st;
}

jc_status jc_train_count(const jc_train_job *job, const char *key, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    return jc_shortcut_set_meta(job->shortcut, key, text, job->err);
}

static jc_status choose(const jc_train_params *p, const jc_method **method, jc_error *err)
{
    *method = jc_method_find(p->method);
    if (!*method)
        return jc_fail(err, JC_E_ARG, "no method is called '%.40s'", p->method);
    if (!(*method)->train)
        return jc_fail(err, JC_E_ARG, "method '%s' is fitted from sums: use jc_fit()",
                       p->method);
    return JC_OK;
}

jc_status jc_train(jc_shortcut **out, const jc_model *model, const jc_texts *texts,
                   const jc_stats *stats, const jc_train_params *params, jc_error *err)
{
    JC_USE_THREADS(jc_model_threads(model));
    const jc_method *method;
    jc_train_params p;
    jc_train_job job = {
        .model = model, .texts = texts, .stats = stats, .params = &p, .err = err};

    jc_status st = jc_want_out(out, err);
    jc_train_params_init(&p);
    if (st == JC_OK)
        st = jc_model_ready(model, err);
    if (st == JC_OK)
        st = jc_want(texts, "texts", err);
    if (st == JC_OK)
        st = jc_params_take(&p, sizeof p, params, rows, JC_COUNT(rows), err);
    if (st == JC_OK)
        st = choose(&p, &method, err);
    if (st)
        return st;
    const jc_model_info *info = jc_model_get_info(model);
    if (stats && strcmp(jc_stats_fingerprint(stats), info->fingerprint) != 0)
        return jc_fail(err, JC_E_MISMATCH, "the sums are of model %s, '%s' is %s",
                       jc_stats_fingerprint(stats), info->path, info->fingerprint);
    st = jc_shortcut_new(&job.shortcut, method->form, info->layers, info->width, err);
    if (st == JC_OK)
        st = set_meta(&job, method);
    if (st == JC_OK)
        st = method->train(&job);
    if (st == JC_OK || (st == JC_E_CANCELLED && job.whole))
        *out = job.shortcut;
    else
        jc_shortcut_free(job.shortcut);
    return st;
}

/* ---- passes over the texts ---- */

/* About 2e10 flops, and 64 MiB of states; no more than a step takes, nor than `most`. */
static uint32_t batch_tokens(const jc_train_job *job, uint64_t most)
{
    const jc_model_info *info = jc_model_get_info(job->model);
    double by_work = 1e10 / (double)(info->parameters + 1);
    double by_room = 16e6 / ((double)info->width * (info->layers + 1));
    double tokens = by_work < by_room ? by_work : by_room;

    if (most > job->params->step)
        most = job->params->step;
    if (tokens < 64)
        tokens = 64;
    return tokens < (double)most ? (uint32_t)tokens : (uint32_t)most;
}

jc_status jc_reading_open(jc_reading *r, const jc_train_job *job, uint64_t skip,
                          uint64_t most, const jc_hooks *hooks)
{
    jc_sample sample = {.ids = NULL};
    jc_status st;

    *r = (jc_reading){.job = job};
    st = job->texts->open(job->texts->arg, &r->samples, job->err);
    for (uint64_t i = 0; i < skip && st == JC_OK; i++) {
        st = jc_samples_next(r->samples, &sample, job->err);
        if (st == JC_OK && !sample.ids)
            break;
    }
    if (st == JC_OK)
        st = jc_batch_new(&r->batch, job->model, r->samples, batch_tokens(job, most),
                          "training", hooks, job->err);
    return st;
}

void jc_reading_close(jc_reading *r)
{
    jc_batch_free(r->batch);
    if (r->samples)
        r->job->texts->close(r->job->texts->arg, r->samples);
    *r = (jc_reading){.batch = NULL};
}
