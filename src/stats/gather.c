/* SPDX-License-Identifier: MIT */
/* gather.c: one pass over the samples, from texts to sums. */
#include "stats/batch.h"
#include "stats/gram.h"
#include "stats/near_gather.h"

#include <stdio.h>
#include <string.h>

#include "kernels/kernels.h"
#include "model/session.h"

/* clang-format off */
static const jc_option rows[] = {
    {"pairs", JC_OPTION_TEXT, offsetof(jc_stats_params, pairs), 0, 0, NULL, "final|all|none", "pairs of layers to map: every layer to the last, every layer to every later one, or none; final, unless other maps are named"},
    {"maps", JC_OPTION_TEXT, offsetof(jc_stats_params, maps), 0, 0, NULL, NULL, "maps from several taps, or of other tokens, as '0,12@-1:12 6:12@+1'"},
    {"parts", JC_OPTION_BOOL, offsetof(jc_stats_params, parts), 0, 0, "false", NULL, "maps of the parts of each block: norms, attention, MLP"},
    {"batch", JC_OPTION_U32,  offsetof(jc_stats_params, batch), 0, 1e6, "0", NULL, "tokens run together, 0 to choose; results do not depend on it"},
    {"layers", JC_OPTION_TEXT, offsetof(jc_stats_params, layers), 0, 0, NULL, NULL, "pairs from these layers only, as 0-5: the others can be fitted elsewhere, where one machine cannot hold all"},
    {"shard", JC_OPTION_TEXT, offsetof(jc_stats_params, shard), 0, 0, NULL, NULL, "run only this share of the texts, as 2/8 for the second of eight, and keep its sums for 'merge'"},
};
/* clang-format on */

const jc_option *jc_stats_options(size_t *n_rows)
{
    if (n_rows)
        *n_rows = JC_COUNT(rows);
    return rows;
}

/* The pass. */
struct pass {
    jc_stats *stats;
    jc_gram *gram;
    jc_batch *batch;
    jc_near_pass *near;
    const float **states; /* [nodes] */
    const jc_milestones *milestones;
    size_t reached; /* milestones that `reached` was called for */
    uint64_t rows;  /* given to the gram */
    jc_share share;
    uint64_t chunk; /* that is run now */
    bool begun, framing;
};

/* How many of the n rows to add before the next milestone. */
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

/* A batch's states go where they wait to be added up. */
static jc_status place(void *arg, size_t n, float *const **to, jc_error *err)
{
    struct pass *p = arg;

    return jc_gram_room(p->gram, n, to, err);
}

/* Rows done .. done + n of a batch; those that maps from several taps want, too, are with
 * the session. */
static jc_status add_rows(struct pass *p, size_t done, size_t n, jc_error *err)
{
    uint32_t taps = p->stats->taps;

    if (p->stats->n_near == 0)
        return jc_gram_take(p->gram, n, err);
    for (uint32_t t = 0; t < p->stats->nodes; t++)
        p->states[t] = (t < taps ? jc_batch_states(p->batch, t)
                                 : jc_batch_wanted(p->batch, t - taps)) +
                       done * p->stats->width;
    return jc_gram_rows(p->gram, p->states, n, err);
}

/* Texts of one chunk, neighbours in a batch. */
struct run {
    size_t row, rows, text, texts;
};

/* Their rows, cut where a milestone lies. */
static jc_status add_texts(struct pass *p, const struct run *run, jc_error *err)
{
    const uint32_t *owners = jc_batch_owners(p->batch);
    jc_status st = JC_OK;

    for (size_t done = 0, step; done < run->rows && st == JC_OK; done += step) {
        step = step_of(p, run->rows - done);
        st = add_rows(p, run->row + done, step, err);
        p->rows += step;
        if (st == JC_OK)
            st = tell(p,
                      p->stats->texts + owners[run->row + done + step - 1] + 1 - run->text,
                      err);
    }
    return st ? st : jc_near_pass_add(p->near, run->row, run->rows, err);
}

/* Whether all sums have their frame, which every share needs. */
static bool is_framed(const struct pass *p)
{
    bool framed = p->stats->exact->framed;

    for (size_t g = 0; g < p->stats->n_near; g++)
        framed &= p->stats->near[g].sums->exact->framed;
    return framed;
}

/* Before the first text of a chunk. */
static jc_status begin_chunk(struct pass *p, uint64_t chunk, jc_error *err)
{
    jc_status st = jc_gram_cut(p->gram, err);

    if (st == JC_OK)
        st = jc_near_pass_cut(p->near, !jc_share_has(&p->share, chunk), err);
    jc_gram_only_frame(p->gram, !jc_share_has(&p->share, chunk));
    p->chunk = chunk;
    p->begun = true;
    return st;
}

static jc_status add_run(struct pass *p, const struct run *run, jc_error *err)
{
    uint64_t chunk = jc_batch_chunk(p->batch, run->text);
    jc_status st = p->begun && chunk == p->chunk ? JC_OK : begin_chunk(p, chunk, err);

    if (st == JC_OK)
        st = add_texts(p, run, err);
    if (jc_share_has(&p->share, chunk))
        p->stats->texts += run->texts;
    return st;
}

static jc_status add_batch(struct pass *p, size_t n_rows, jc_error *err)
{
    const uint32_t *owners = jc_batch_owners(p->batch);
    size_t n = jc_batch_texts(p->batch);
    struct run run = {0};
    jc_status st = JC_OK;

    while (run.text < n && st == JC_OK) {
        run.texts = run.rows = 0;
        while (run.text + run.texts < n && jc_batch_chunk(p->batch, run.text + run.texts) ==
                                               jc_batch_chunk(p->batch, run.text))
            run.texts++;
        while (run.row + run.rows < n_rows &&
               owners[run.row + run.rows] < run.text + run.texts)
            run.rows++;
        st = add_run(p, &run, err);
        run.text += run.texts;
        run.row += run.rows;
    }
    return st;
}

static jc_status gather(struct pass *p, jc_error *err)
{
    size_t n;
    jc_status st = JC_OK;

    p->states = jc_alloc_array(p->stats->nodes, sizeof *p->states);
    if (!p->states)
        return jc_fail_nomem(err, "the sums");
    if (p->stats->n_near == 0)
        jc_batch_into(p->batch, place, p);
    while (st == JC_OK) {
        st = jc_batch_next(p->batch, &n, err);
        if (st || jc_batch_texts(p->batch) == 0)
            break;
        st = add_batch(p, n, err);
        if (p->framing && is_framed(p)) {
            p->framing = false;
            jc_batch_framed(p->batch);
        }
    }
    jc_free(p->states);
    if (st == JC_OK)
        st = jc_gram_cut(p->gram, err);
    if (st == JC_OK)
        st = jc_near_pass_cut(p->near, false, err);
    for (size_t g = 0; g < p->stats->n_near; g++)
        p->stats->near[g].sums->texts = p->stats->texts;
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

/* "1 token back and 2 ahead: ", and where a text has none. */
static void say_reach(const struct jc_near *near, char *text, size_t size)
{
    int back = near->before, ahead = near->after;
    char first[40] = "", last[40] = "";

    if (back)
        snprintf(first, sizeof first, "%d token%s back", back, back == 1 ? "" : "s");
    if (ahead && back)
        snprintf(last, sizeof last, " and %d ahead", ahead);
    else if (ahead)
        snprintf(last, sizeof last, "%d token%s ahead", ahead, ahead == 1 ? "" : "s");
    snprintf(text, size, "%s%s: the %s of a text has none there", first, last,
             back && ahead ? "start or end"
             : back        ? "start"
                           : "end");
}

/* Rows that some maps could not use. */
static void note_unused(const struct pass *p, const jc_hooks *hooks)
{
    for (size_t g = 0; g < p->stats->n_near; g++) {
        const struct jc_near *near = &p->stats->near[g];
        char reach[160];
        if (near->sums->rows == p->stats->rows)
            continue;
        say_reach(near, reach, sizeof reach);
        jc_note(hooks, "%llu of %llu vectors are left out of maps that look %s",
                (unsigned long long)(p->stats->rows - near->sums->rows),
                (unsigned long long)p->stats->rows, reach);
    }
}

/* The sums stay as they are, for others to be added. */
static jc_status keep_share(struct pass *p, const char *work, jc_error *err)
{
    p->stats->shares.hash = jc_batch_cutter(p->batch)->hash;
    return jc_shares_set(&p->stats->shares, &p->share, work, err);
}

static jc_status check_milestones(const jc_milestones *m, const jc_stats_params *params,
                                  jc_error *err)
{
    if (m->n && params->maps && *params->maps)
        return jc_fail(err, JC_E_ARG, "milestones are of pairs of layers, not of 'maps'");
    for (size_t i = 0; i < m->n; i++)
        if (m->at[i] <= (i ? m->at[i - 1] : 0))
            return jc_fail(err, JC_E_ARG, "milestones must ascend, from 1 on");
    return JC_OK;
}

static jc_status choose_pairs(jc_pairs *pairs, const jc_stats_params *params, jc_error *err)
{
    static const char *const names[] = {"final", "all", "none"};
    const char *name = params->pairs;

    *pairs = JC_PAIRS_FINAL;
    if (!name) {
        *pairs = params->maps && *params->maps ? JC_PAIRS_NONE : JC_PAIRS_FINAL;
        return JC_OK;
    }
    while (*pairs <= JC_PAIRS_NONE && strcmp(names[*pairs], name) != 0)
        ++*pairs;
    return *pairs <= JC_PAIRS_NONE
               ? JC_OK
               : jc_fail(err, JC_E_ARG, "'pairs' must be final, all or none, not '%.40s'",
                         name);
}

/* Zeroed sums, as the params want them. */
static jc_status make_sums(jc_stats **out, const jc_model *model,
                           const jc_stats_params *params, jc_error *err)
{
    const jc_model_info *info = jc_model_get_info(model);
    jc_place *places = NULL;
    jc_pairs pairs;
    jc_layers from;
    size_t n;
    jc_status st = choose_pairs(&pairs, params, err);

    if (st == JC_OK)
        st = jc_places_parse(&places, &n, params->maps, info->layers, err);
    if (st == JC_OK)
        st = jc_layers_read(&from, params->layers, info->layers + 1, err);
    if (st == JC_OK && params->layers && params->parts)
        st = jc_fail(err, JC_E_ARG, "'layers' is of pairs of layers, not of 'parts'");
    if (st == JC_OK)
        st = jc_stats_new_from(out, info->layers + 1, info->width, pairs, from,
                               info->fingerprint, info->path, err);
    if (st == JC_OK && params->parts)
        st = add_parts(*out, model, err);
    if (st == JC_OK)
        st = jc_stats_add_near(*out, places, n, err);
    jc_free(places);
    return st;
}

static bool alike(const jc_stats *a, const jc_stats *b)
{
    return b->exact && a->nodes == b->nodes && a->width == b->width;
}

/* The frame of another share, in place of one from the first texts; where some sums have
 * none yet, as no text had a vector for them, the first texts are run after all. */
static jc_status take_frame(struct pass *p, const jc_stats *from, jc_error *err)
{
    jc_stats *stats = p->stats;
    bool same = p->framing && alike(stats, from) && stats->n_near == from->n_near;
    bool framed = same && from->exact->framed;

    for (size_t g = 0; same && g < stats->n_near; g++) {
        same = alike(stats->near[g].sums, from->near[g].sums);
        framed &= same && from->near[g].sums->exact->framed;
    }
    if (!same)
        return jc_fail(err, JC_E_ARG,
                       "'frame' must be unfinished sums of another shard, with the same "
                       "pairs, parts and maps");
    if (!framed)
        return JC_OK;
    jc_exact_take_frame(stats, from);
    for (size_t g = 0; g < stats->n_near; g++)
        jc_exact_take_frame(stats->near[g].sums, from->near[g].sums);
    p->framing = false;
    jc_batch_framed(p->batch);
    return JC_OK;
}

jc_status jc_stats_gather_at(jc_stats **out, const jc_model *model, jc_samples *samples,
                             const jc_milestones *milestones, const jc_stats_params *params,
                             jc_error *err)
{
    JC_USE_THREADS(jc_model_threads(model));
    jc_stats_params p;
    struct pass pass = {.milestones = milestones};

    jc_status st = jc_want_out(out, err);
    jc_stats_params_init(&p);
    if (st == JC_OK)
        st = jc_model_ready(model, err);
    if (st == JC_OK)
        st = jc_want(samples, "samples", err);
    if (st == JC_OK)
        st = jc_want(milestones, "milestones", err);
    if (st == JC_OK)
        st = jc_params_take(&p, sizeof p, params, rows, JC_COUNT(rows), err);
    if (st)
        return st;
    const jc_backend *backend = jc_backend_find(jc_model_get_info(model)->backend);
    st = jc_share_read(&pass.share, p.shard, err);
    pass.framing = pass.share.of > 1;
    if (st == JC_OK)
        st = check_milestones(milestones, &p, err);
    if (st == JC_OK)
        st = make_sums(&pass.stats, model, &p, err);
    if (st == JC_OK)
        st = jc_gram_new(&pass.gram, pass.stats, backend, err);
    if (st == JC_OK)
        st = jc_batch_new(&pass.batch, model, samples, p.batch, "gathering sums", p.hooks,
                          err);
    if (st == JC_OK)
        jc_batch_watch(pass.batch);
    if (st == JC_OK && pass.share.of > 1)
        jc_batch_share(pass.batch, &pass.share);
    if (st == JC_OK && pass.stats->n_parts)
        st = jc_batch_want(pass.batch, pass.stats->inner,
                           pass.stats->nodes - pass.stats->taps, err);
    if (st == JC_OK)
        st = jc_near_pass_new(&pass.near, pass.stats, pass.batch, backend,
                              pass.stats->inner, pass.stats->nodes - pass.stats->taps, err);
    if (st == JC_OK && p.frame)
        st = take_frame(&pass, p.frame, err);
    if (st == JC_OK)
        st = gather(&pass, err);
    if (st == JC_OK)
        st = pass.share.of > 1 ? keep_share(&pass, p.work, err)
                               : jc_stats_finish(pass.stats, err);
    if (st == JC_OK)
        note_unused(&pass, p.hooks);
    jc_near_pass_free(pass.near);
    jc_batch_free(pass.batch);
    jc_gram_free(pass.gram);
    if (st) {
        jc_stats_free(pass.stats);
        return st;
    }
    pass.stats->threads = jc_threads_max();
    *out = pass.stats;
    return JC_OK;
}

jc_status jc_stats_gather(jc_stats **out, const jc_model *model, jc_samples *samples,
                          const jc_stats_params *params, jc_error *err)
{
    static const jc_milestones none;

    return jc_stats_gather_at(out, model, samples, &none, params, err);
}
