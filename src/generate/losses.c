/* SPDX-License-Identifier: MIT */
#include "generate/losses.h"

#include <math.h>
#include <string.h>

#include "kernels/vector.h"
#include "model/session.h"

enum { ROWS = 64 }; /* that are read out together */

/* A reading in progress. */
typedef struct reading {
    const jc_exits *exits;
    jc_exit_losses *out;
    double mean; /* N */
    jc_session *session;
    float *mapped, *before; /* [ROWS, width] */
    float *logits;          /* [ROWS, vocab] */
    jc_leader *own;         /* [ROWS]: what the full model makes of the token */
    jc_leader *last;        /* [ROWS]: the best at the exit point before */
    uint32_t *run;          /* [ROWS] */
    size_t width, vocab;
    float *score; /* [tokens of the text, points]; -INFINITY: it cannot leave */
    bool *same;   /* [the same]: the best token there is the full model's */
    size_t score_capacity, same_capacity;
    uint32_t *depth; /* [tokens] */
    size_t depth_capacity;
} reading;

void jc_exit_losses_free(jc_exit_losses *losses)
{
    jc_free(losses->loss);
    losses->loss = NULL;
}

static void release(reading *r)
{
    jc_session_free(r->session);
    jc_free(r->mapped);
    jc_free(r->before);
    jc_free(r->logits);
    jc_free(r->own);
    jc_free(r->last);
    jc_free(r->run);
    jc_free(r->score);
    jc_free(r->same);
    jc_free(r->depth);
}

static jc_status begin(reading *r, jc_error *err)
{
    const jc_model_info *info = jc_model_get_info(r->exits->model);

    r->width = info->width;
    r->vocab = info->vocab;
    r->mapped = jc_matrix_new(ROWS, r->width, sizeof *r->mapped);
    r->before = jc_matrix_new(ROWS, r->width, sizeof *r->before);
    r->logits = jc_matrix_new(ROWS, r->vocab, sizeof *r->logits);
    r->own = jc_alloc_array(ROWS, sizeof *r->own);
    r->last = jc_alloc_array(ROWS, sizeof *r->last);
    r->run = jc_alloc_array(ROWS, sizeof *r->run);
    if (!r->mapped || !r->before || !r->logits || !r->own || !r->last || !r->run)
        return jc_fail_nomem(err, "a calibration");
    return jc_session_new(&r->session, r->exits->model, err);
}

/* ---- what gates would see ---- */

static jc_status read_own(reading *r, const float *h, size_t n, jc_error *err)
{
    jc_status st = jc_model_readout(r->exits->model, h, n, r->logits, err);

    for (size_t k = 0; k < n && st == JC_OK; k++)
        if (!jc_leader_of(&r->own[k], r->logits + k * r->vocab, r->vocab))
            st = jc_fail(err, JC_E_NUMERIC, "a logit of '%s' is not a finite number",
                         jc_model_get_info(r->exits->model)->path);
    return st;
}

/* At exit point p: states h [n, width] of tokens first, first + 1, ... of the text. */
static jc_status look(reading *r, size_t p, const float *h, size_t first, size_t n,
                      jc_error *err)
{
    const jc_exits *e = r->exits;

    memcpy(r->before, r->mapped, n * r->width * sizeof *h);
    jc_status st = jc_partway_map(e->model, &e->last[p], h, n, r->mapped, err);

    if (st == JC_OK)
        st = jc_model_readout(e->model, r->mapped, n, r->logits, err);
    for (size_t k = 0; k < n && st == JC_OK; k++) {
        size_t at = (first + k) * e->n + p;
        jc_gate_view view = {.h = r->mapped + k * r->width,
                             .before = p ? r->before + k * r->width : NULL,
                             .width = r->width};
        bool fine = jc_leader_of(&view.leader, r->logits + k * r->vocab, r->vocab);
        r->run[k] = fine && p && r->run[k] && r->last[k].id == view.leader.id
                        ? r->run[k] + 1
                        : fine;
        view.run = r->run[k];
        r->last[k] = view.leader;
        bool shut = !fine || (e->gate->compares && p == 0);
        r->score[at] = shut ? -INFINITY : (float)e->gate->score(&view);
        r->same[at] = fine && view.leader.id == r->own[k].id;
    }
    return st;
}

static jc_status look_at_text(reading *r, size_t n, jc_error *err)
{
    const jc_exits *e = r->exits;
    jc_status st = JC_OK;

    for (size_t at = 0; at < n && st == JC_OK; at += ROWS) {
        size_t rows = n - at < ROWS ? n - at : ROWS;
        st = read_own(r, jc_session_states(r->session, e->layers) + at * r->width, rows,
                      err);
        for (size_t p = 0; p < e->n && st == JC_OK; p++)
            st = look(r, p, jc_session_states(r->session, e->at[p]) + at * r->width, at,
                      rows, err);
    }
    return st;
}

/* ---- what exits would do ---- */

/* Costs of a token that leaves at point p (the last: of one that runs all blocks). */
static void spend(const jc_exits *e, jc_exit_sums *sums, size_t p, double late)
{
    uint32_t depth = p < e->n ? e->at[p] : e->layers;
    size_t met = p < e->n ? p + 1 : e->n; /* exit points that it came to */
    double reads = e->gate->reads_out ? (double)met + (p == e->n) : 1;

    sums->blocks += depth;
    sums->late += late;
    for (uint32_t l = 0; l < depth; l++) {
        sums->flops += e->block[l].flops;
        sums->bytes += e->block[l].bytes;
    }
    for (uint32_t l = depth; l < depth + (uint32_t)late; l++)
        sums->flops += e->block[l].flops; /* their weights are read anyway */
    for (size_t q = 0; q < met; q++) {
        sums->flops += e->map[q].flops;
        sums->bytes += e->map[q].bytes;
    }
    sums->flops += reads * e->readout.flops;
    sums->bytes += reads * e->readout.bytes;
}

/* The share of the text's tokens that exits change at this lambda. */
static double leave(reading *r, size_t g, const uint32_t *positions, size_t n)
{
    const jc_exits *e = r->exits;
    double lambda = r->out->lambda[g];
    size_t wrong = 0;
    uint32_t deepest = 0;

    for (size_t k = 0; k < n; k++) {
        double decay = exp(-JC_EXIT_TAU * (double)positions[k] / r->mean);
        double level = e->gate->level ? e->gate->level(lambda, decay) : lambda;
        size_t p = 0;
        while (p < e->n && !((double)r->score[k * e->n + p] > level))
            p++;
        r->depth[k] = (uint32_t)p;
        wrong += p < e->n && !r->same[k * e->n + p];
    }
    for (size_t k = n; k-- > 0;) { /* the deepest of those after it takes a token along */
        size_t p = r->depth[k];
        uint32_t depth = p < e->n ? e->at[p] : e->layers;
        spend(e, &r->out->sums[g], p, deepest > depth ? deepest - depth : 0);
        deepest = depth > deepest ? depth : deepest;
    }
    return (double)wrong / (double)n;
}

static jc_status add_text(reading *r, const jc_sample *sample, jc_error *err)
{
    const jc_text text = {.ids = sample->ids,
                          .n = sample->n_ids,
                          .positions = sample->positions,
                          .n_positions = sample->n_positions};
    jc_exit_losses *out = r->out;
    size_t n = sample->n_positions;

    if (!jc_grow(&r->score, &r->score_capacity, n * r->exits->n, sizeof *r->score) ||
        !jc_grow(&r->same, &r->same_capacity, n * r->exits->n, sizeof *r->same) ||
        !jc_grow(&r->depth, &r->depth_capacity, n, sizeof *r->depth) ||
        !jc_grow(&out->loss, &out->capacity, (out->n_texts + 1) * out->n,
                 sizeof *out->loss))
        return jc_fail_nomem(err, "a calibration");
    jc_status st = jc_session_run(r->session, &text, 1, err);
    if (st == JC_OK)
        st = look_at_text(r, n, err);
    for (size_t g = 0; g < out->n && st == JC_OK; g++)
        out->loss[out->n_texts * out->n + g] = leave(r, g, sample->positions, n);
    out->n_texts += st == JC_OK;
    out->tokens += n;
    return st;
}

static void count_plain(jc_exit_losses *out, const jc_exits *e)
{
    double tokens = (double)out->tokens;

    out->plain = (jc_exit_sums){.blocks = tokens * e->layers,
                                .flops = tokens * e->readout.flops,
                                .bytes = tokens * e->readout.bytes};
    for (uint32_t l = 0; l < e->layers; l++) {
        out->plain.flops += tokens * e->block[l].flops;
        out->plain.bytes += tokens * e->block[l].bytes;
    }
}

jc_status jc_exit_losses_gather(jc_exit_losses *losses, const jc_exits *exits,
                                jc_samples *samples, double length, const jc_hooks *hooks,
                                jc_error *err)
{
    reading r = {.exits = exits, .out = losses, .mean = length / 2};
    jc_progress progress = {.stage = "reading", .unit = "texts"};
    jc_sample sample = {.ids = NULL};

    *losses = (jc_exit_losses){.n = 0};
    while (losses->n < JC_LAMBDAS &&
           exits->gate->grid(losses->n, &losses->lambda[losses->n]))
        losses->n++;
    jc_status st = begin(&r, err);
    while (st == JC_OK) {
        st = jc_samples_next(samples, &sample, err);
        if (st || !sample.ids)
            break;
        if (sample.n_positions)
            st = add_text(&r, &sample, err);
        progress.done = losses->n_texts;
        if (st == JC_OK)
            st = jc_report(hooks, &progress, err);
    }
    count_plain(losses, exits);
    release(&r);
    return st;
}
