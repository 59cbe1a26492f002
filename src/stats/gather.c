/* SPDX-License-Identifier: MIT */
/* gather.c: one pass over the samples, from texts to sums. */
#include "stats/batch.h"
#include "stats/gram.h"

#include <string.h>

#include "kernels/kernels.h"

/* clang-format off */
static const jc_option rows[] = {
    {"pairs", JC_OPTION_TEXT, offsetof(jc_stats_params, pairs), 0, 0, "final", "final|all", "pairs of layers to map: every layer to the last, or every layer to every later one"},
    {"parts", JC_OPTION_BOOL, offsetof(jc_stats_params, parts), 0, 0, "false", NULL, "also for maps of the parts of each block: norms, attention, MLP"},
    {"batch", JC_OPTION_U32,  offsetof(jc_stats_params, batch), 0, 1e6, "0", NULL, "tokens run together, 0 to choose; results do not depend on it"},
};
/* clang-format on */

const jc_option *jc_stats_options(size_t *n_rows)
{
    *n_rows = JC_COUNT(rows);
    return rows;
}

static jc_status gather(jc_stats *stats, jc_gram *gram, jc_batch *batch, jc_error *err)
{
    const float **states = jc_alloc_array(stats->nodes, sizeof *states);
    size_t n;
    jc_status st = states ? JC_OK : jc_fail_nomem(err, "the sums");

    while (st == JC_OK) {
        st = jc_batch_next(batch, &n, err);
        if (st || n == 0)
            break;
        for (uint32_t t = 0; t < stats->taps; t++)
            states[t] = jc_session_states(jc_batch_session(batch), t);
        for (uint32_t t = stats->taps; t < stats->nodes; t++)
            states[t] = jc_session_wanted(jc_batch_session(batch), t - stats->taps);
        stats->texts += jc_batch_texts(batch);
        st = jc_gram_rows(gram, states, n, err);
    }
    jc_free(states);
    if (st == JC_OK)
        st = jc_gram_finish(gram, err);
    return st;
}

static jc_status add_parts(jc_stats *stats, const jc_model *model, jc_error *err)
{
    jc_stats_part *parts;
    size_t n;
    jc_status st = jc_stats_parts_of(model, &parts, &n, err);

    if (st == JC_OK)
        st = jc_stats_add_parts(stats, parts, n, err);
    jc_free(parts);
    return st;
}

jc_status jc_stats_gather(jc_stats **out, const jc_model *model, jc_samples *samples,
                          const jc_stats_params *params, jc_error *err)
{
    const jc_model_info *info = jc_model_get_info(model);
    jc_stats_params defaults;
    jc_stats *stats = NULL;
    jc_gram *gram = NULL;
    jc_batch *batch = NULL;

    *out = NULL;
    if (!params) {
        jc_stats_params_init(&defaults);
        params = &defaults;
    }
    jc_status st =
        jc_stats_new(&stats, info->layers + 1, info->width,
                     strcmp(params->pairs, "all") == 0, info->fingerprint, info->path, err);
    if (st == JC_OK && params->parts)
        st = add_parts(stats, model, err);
    if (st == JC_OK)
        st = jc_gram_new(&gram, stats, jc_backend_find(info->backend), err);
    if (st == JC_OK)
        st = jc_batch_new(&batch, model, samples, params->batch, "gathering sums",
                          params->hooks, err);
    if (st == JC_OK && stats->n_parts)
        st = jc_batch_want(batch, stats->inner, stats->nodes - stats->taps, err);
    if (st == JC_OK)
        st = gather(stats, gram, batch, err);
    jc_batch_free(batch);
    jc_gram_free(gram);
    if (st) {
        jc_stats_free(stats);
        return st;
    }
    *out = stats;
    return JC_OK;
}
