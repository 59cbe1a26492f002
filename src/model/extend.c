/* SPDX-License-Identifier: MIT */
/* extend.c: rows behind sequences: prompts, steps and trees of drafts, in one pass. */
#include "model/session_impl.h"

static jc_status check_tree(const jc_feed *feed, jc_error *err)
{
    for (size_t i = 0; feed->parents && i < feed->n; i++)
        if (feed->parents[i] < -1 || feed->parents[i] >= (int32_t)i)
            return jc_fail(err, JC_E_ARG,
                           "row %zu of a tree has the parent %d, which is not before it", i,
                           (int)feed->parents[i]);
    return JC_OK;
}

static jc_status check_feeds(const jc_session *session, const jc_feed *feeds, size_t n,
                             jc_error *err)
{
    jc_status st = JC_OK;

    for (size_t f = 0; f < n && st == JC_OK; f++) {
        const jc_feed *feed = &feeds[f];
        if (!feed->seq || !feed->ids || feed->n == 0)
            return jc_fail(err, JC_E_ARG, "feed %zu has no sequence or no tokens", f);
        if (feed->seq->model != session->model)
            return jc_fail(err, JC_E_ARG, "the sequence of feed %zu is of another model",
                           f);
        for (size_t g = 0; g < f; g++)
            if (feeds[g].seq == feed->seq)
                return jc_fail(err, JC_E_ARG, "feeds %zu and %zu have one sequence", g, f);
        for (size_t i = 0; i < feed->n; i++)
            if (feed->ids[i] >= session->model->hp.vocab)
                return jc_fail(err, JC_E_ARG, "token id %u is outside the vocabulary of %u",
                               feed->ids[i], session->model->hp.vocab);
        st = check_tree(feed, err);
    }
    return st;
}

static jc_plan plan_of(jc_pass_kind kind)
{
    return kind == JC_PASS_STEP ? JC_PLAN_GENERATION : JC_PLAN_PROMPT;
}

static jc_status run(jc_session *session, const jc_feed *feeds, size_t n_feeds,
                     jc_plan plan, jc_pass *pass, jc_error *err)
{
    size_t rows = 0, d = session->model->hp.width;

    if (!jc_grow(&session->spans, &session->spans_capacity, n_feeds,
                 sizeof *session->spans))
        return jc_fail_nomem(err, "a pass");
    for (size_t f = 0; f < n_feeds; f++) {
        session->spans[f] = (jc_span){.ids = feeds[f].ids,
                                      .row = rows,
                                      .n = feeds[f].n,
                                      .seq = feeds[f].seq,
                                      .past = feeds[f].seq->length,
                                      .parents = feeds[f].parents};
        feeds[f].seq->pending = 0; /* rows behind it are written over */
        rows += feeds[f].n;
    }
    bool finite = true;
    pass->sink = (jc_sink){.take = NULL};
    session->n_ends = rows;
    jc_status st =
        jc_session_room(session, &session->ends, &session->ends_capacity, rows, 1, err);
    if (st == JC_OK)
        st = jc_pass_begin(pass, session->model, plan, session->spans, n_feeds, err);
    if (st == JC_OK)
        st = jc_pass_embed(pass, err);
    if (st == JC_OK)
        st = jc_pass_run(pass, session->model->plain, session->model->hp.layers, NULL, 0,
                         err);
    if (st == JC_OK)
        st = jc_all_finite(jc_pass_reg(pass, JC_REG_H, d), &finite, err);
    if (st == JC_OK && !finite)
        return jc_fail(err, JC_E_NUMERIC,
                       "a hidden state of '%s' after its last block is not a finite number",
                       session->model->path);
    return st ? st : jc_mat_download(session->ends, jc_pass_reg(pass, JC_REG_H, d), err);
}

jc_status jc_session_extend(jc_session *session, const jc_feed *feeds, size_t n_feeds,
                            jc_pass_kind kind, const float **h, jc_error *err)
{
    if (jc_want_out(h, err))
        return JC_E_ARG;
    if (!session || !feeds || n_feeds == 0)
        return jc_fail(err, JC_E_ARG, "a pass needs a session and feeds");
    JC_USE_THREADS(session->model->threads);
    jc_slice *first = jc_session_slice(session, 0);
    if (!first)
        return jc_fail_nomem(err, "a pass");
    jc_status st = check_feeds(session, feeds, n_feeds, err);
    session->n_ends = 0;
    if (st == JC_OK)
        st = run(session, feeds, n_feeds, plan_of(kind), &first->pass, err);
    if (st) {
        session->n_ends = 0;
        return st;
    }
    for (size_t f = 0; f < n_feeds; f++) {
        jc_seq *seq = feeds[f].seq;
        seq->pending = feeds[f].parents ? feeds[f].n : 0;
        seq->length += feeds[f].parents ? 0 : feeds[f].n;
    }
    session->extend = kind;
    *h = session->ends;
    return JC_OK;
}

jc_status jc_session_logits(jc_session *session, size_t first, size_t n, float *logits,
                            jc_error *err)
{
    if (!session || !logits || first > session->n_ends || n > session->n_ends - first)
        return jc_fail(err, JC_E_ARG, "rows %zu to %zu are not of the last pass", first,
                       first + n);
    return jc_model_logits(session->model, plan_of(session->extend),
                           session->ends + first * session->model->hp.width, n, logits,
                           err);
}
