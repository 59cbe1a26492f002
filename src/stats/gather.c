/* SPDX-License-Identifier: MIT */
/* gather.c: one pass over the samples, from texts to sums. */
#include "stats/batch.h"
#include "stats/gram.h"

#include <string.h>

#include "kernels/kernels.h"

/* clang-format off */
static const jc_option rows[] = {
    {"pairs", JC_OPTION_TEXT, offsetof(jc_stats_params, pairs), 0, 0, "final", "final|all", "pairs of layers to map: every layer to the last, or every layer to every later one"},
    {"parts", JC_OPTION_BOOL, offsetof(jc_stats_params, parts), 0, 0, "false", NULL, "maps of the parts of each block: norms, attention, MLP"},
    {"batch", JC_OPTION_U32,  offsetof(jc_stats_params, batch), 0, 1e6, "0", NULL, "tokens run together, 0 to choose; results do not depend on it"},
};
/* clang-format on */

const jc_option *jc_stats_options(size_t *n_rows)
{
    *n_rows = JC_COUNT(rows);
    return rows;
}

/* The pass. */
struct pass {
    jc_stats *stats;
    jc_gram *gram;
    jc_batch *batch;
    const float **states; /* [nodes] */
    const jc_milestones *milestones;
    size_t reached; /* milestones told of */
    uint64_t rows;  /* given to the gram */
};

/* How many of the n rows to add before the next milestone is told of. */
static size_t step_of(const struct pass *p, size_t n)
{
    if (p->reached == p->milestones->n)
        return n;
    uint64_t left = p->milestones->at[p->reached] - p->rows;
    return left < n ? (size_t)left : n;
}

static jc_status tell(struct pass *p, uint64_t texts, jc_error *err)
{
    const jc_milestones *m = p->milestones;
    jc_stats *sums;

    if (p->reached == m->n || m->at[p->reached] != p->rows)
        return JC_OK;
    jc_status st = jc_gram_copy(p->gram, &sums, err);
    if (st)
        return st;
    p->reached++;
    sums->texts = texts;
    st = m->reached(m->arg, sums, err);
    jc_stats_free(sums);
    return st;
}

/* The n rows of a batch, cut where a milestone lies. */
static jc_status add_batch(struct pass *p, size_t n, jc_error *err)
{
    const jc_session *session = jc_batch_session(p->batch);
    const uint32_t *owners = jc_batch_owners(p->batch), taps = p->stats->taps;
    jc_status st = JC_OK;

    for (size_t done = 0, step; done < n && st == JC_OK; done += step) {
        step = step_of(p, n - done);
        for (uint32_t t = 0; t < p->stats->nodes; t++)
            p->states[t] = (t < taps ? jc_session_states(session, t)
                                     : jc_session_wanted(session, t - taps)) +
                           done * p->stats->width;
        st = jc_gram_rows(p->gram, p->states, step, err);
        p->rows += step;
        if (st == JC_OK)
            st = tell(p, p->stats->texts + owners[done + step - 1] + 1, err);
    }
    p->stats->texts += jc_batch_texts(p->batch);
    return st;
}

static jc_status gather(struct pass *p, jc_error *err)
{
    size_t n;
    jc_status st = JC_OK;

    p->states = jc_alloc_array(p->stats->nodes, sizeof *p->states);
    if (!p->states)
        return jc_fail_nomem(err, "the sums");
    while (st == JC_OK) {
        st = jc_batch_next(p->batch, &n, err);
        if (st || n == 0)
            break;
        st = add_batch(p, n, err);
    }
    jc_free(p->states);
    if (st == JC_OK)
        st = jc_gram_finish(p->gram, err);
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

static jc_status check_milestones(const jc_milestones *m, jc_error *err)
{
    for (size_t i = 0; i < m->n; i++)
        if (m->at[i] <= (i ? m->at[i - 1] : 0))
            return jc_fail(err, JC_E_ARG, "milestones must ascend, from 1 on");
    return JC_OK;
}

jc_status jc_stats_gather_at(jc_stats **out, const jc_model *model, jc_samples *samples,
                             const jc_milestones *milestones, const jc_stats_params *params,
                             jc_error *err)
{
    const jc_model_info *info = jc_model_get_info(model);
    jc_stats_params defaults;
    struct pass pass = {.milestones = milestones};
    jc_status st = check_milestones(milestones, err);

    *out = NULL;
    if (!params) {
        jc_stats_params_init(&defaults);
        params = &defaults;
    }
    if (st == JC_OK)
        st = jc_stats_new(&pass.stats, info->layers + 1, info->width,
                          strcmp(params->pairs, "all") == 0, info->fingerprint, info->path,
                          err);
    if (st == JC_OK && params->parts)
        st = add_parts(pass.stats, model, err);
    if (st == JC_OK)
        st = jc_gram_new(&pass.gram, pass.stats, jc_backend_find(info->backend), err);
    if (st == JC_OK)
        st = jc_batch_new(&pass.batch, model, samples, params->batch, "gathering sums",
                          params->hooks, err);
    if (st == JC_OK && pass.stats->n_parts)
        st = jc_batch_want(pass.batch, pass.stats->inner,
                           pass.stats->nodes - pass.stats->taps, err);
    if (st == JC_OK)
        st = gather(&pass, err);
    jc_batch_free(pass.batch);
    jc_gram_free(pass.gram);
    if (st) {
        jc_stats_free(pass.stats);
        return st;
    }
    *out = pass.stats;
    return JC_OK;
}

jc_status jc_stats_gather(jc_stats **out, const jc_model *model, jc_samples *samples,
                          const jc_stats_params *params, jc_error *err)
{
    static const jc_milestones none;

    return jc_stats_gather_at(out, model, samples, &none, params, err);
}
