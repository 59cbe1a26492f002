/* SPDX-License-Identifier: MIT */
/* session.c: texts in, states at the wanted positions out, at every layer tap and at wanted
 * taps inside blocks. */
#include "model/session_impl.h"

#include <math.h>
#include <string.h>

#include "kernels/vector.h"

enum { SLICE_ROWS = 256 };

jc_status jc_session_new(jc_session **out, const jc_model *model, jc_error *err)
{
    jc_status st = jc_want_out(out, err);

    if (st == JC_OK)
        st = jc_model_ready(model, err);
    if (st)
        return st;
    jc_session *session = jc_alloc_array(1, sizeof *session);
    if (!session)
        return jc_fail_nomem(err, "a session");
    session->model = model;
    *out = session;
    return JC_OK;
}

void jc_session_free(jc_session *session)
{
    if (!session)
        return;
    for (size_t i = 0; i < session->slices_capacity; i++)
        jc_pass_release(&session->slices[i].pass);
    jc_free(session->slices);
    jc_free(session->spans);
    jc_free(session->picks);
    jc_free(session->want);
    jc_free(session->to);
    jc_free(session->states);
    jc_free(session->kept);
    jc_free(session->ends);
    jc_free(session->mixtures);
    jc_free(session->shares);
    jc_free(session);
}

static jc_status check_text(const jc_model *model, const jc_text *text, size_t number,
                            jc_error *err)
{
    if (text->n == 0 || text->n > model->hp.context)
        return jc_fail(err, JC_E_ARG, "text %zu of the batch has %zu tokens; 1 to %u fit",
                       number, text->n, model->hp.context);
    for (size_t i = 0; i < text->n; i++)
        if (text->ids[i] >= model->hp.vocab)
            return jc_fail(err, JC_E_ARG, "token id %u is outside the vocabulary of %u",
                           text->ids[i], model->hp.vocab);
    for (size_t i = 0; i < text->n_positions; i++)
        if (text->positions[i] >= text->n)
            return jc_fail(err, JC_E_ARG, "position %u is outside a text of %zu tokens",
                           text->positions[i], text->n);
    return JC_OK;
}

jc_slice *jc_session_slice(jc_session *s, size_t i)
{
    size_t had = s->slices_capacity;

    if (!jc_grow(&s->slices, &s->slices_capacity, i + 1, sizeof *s->slices))
        return NULL;
    memset(s->slices + had, 0, (s->slices_capacity - had) * sizeof *s->slices);
    s->slices[i].session = s;
    return &s->slices[i];
}

/* Cut the batch into slices of as many rows as the backend asks for; or of about
 * SLICE_ROWS, or, where that makes fewer of them than there are threads, into one, whose
 * products then use all threads. A mixture of experts is always run in one: each expert
 * gets few of the rows, and products are made for 64. The states are the same in any case.
 */
static jc_status cut(jc_session *s, size_t n_texts, jc_error *err)
{
    size_t total = 0;

    for (size_t t = 0; t < n_texts; t++)
        total += s->texts[t].n;
    size_t most = jc_backend_slice(s->model->backend);
    if (most == 0)
        most = total / SLICE_ROWS >= jc_threads_max() && !s->model->hp.experts ? SLICE_ROWS
                                                                               : total;
    s->n_slices = 0;
    s->n_picks = s->rows = 0;
    jc_slice *cut = NULL;
    for (size_t t = 0; t < n_texts; t++) {
        const jc_text *text = &s->texts[t];
        if (!cut || cut->rows >= most) {
            cut = jc_session_slice(s, s->n_slices++);
            if (!cut)
                return jc_fail_nomem(err, "a batch of texts");
            cut->text = t;
            cut->pick = s->n_picks;
            cut->base = s->rows;
            cut->n_texts = cut->n_picks = cut->rows = 0;
        }
        if (!jc_grow(&s->picks, &s->picks_capacity, s->n_picks + text->n_positions,
                     sizeof *s->picks))
            return jc_fail_nomem(err, "a batch of texts");
        s->spans[t] = (jc_span){.ids = text->ids, .row = cut->rows, .n = text->n};
        for (size_t i = 0; i < text->n_positions; i++)
            s->picks[s->n_picks++] = cut->rows + text->positions[i];
        cut->rows += text->n;
        s->rows += text->n;
        cut->n_texts++;
        cut->n_picks += text->n_positions;
    }
    return JC_OK;
}

jc_status jc_session_room(const jc_session *session, float **array, size_t *capacity,
                          size_t n, size_t m, jc_error *err)
{
    size_t floats;

    if (!jc_mul(n, m, &floats) || !jc_mul(floats, session->model->hp.width, &floats))
        return jc_fail_nomem(err, "hidden states");
    if (floats <= *capacity)
        return JC_OK;
    jc_free(*array);
    *array = jc_matrix_new(floats, 1, sizeof **array);
    *capacity = *array ? floats : 0;
    return *array ? JC_OK : jc_fail_nomem(err, "hidden states");
}

void jc_session_into(jc_session *session, float *const *to)
{
    session->given = to;
}

/* Where the states of each tap go. */
static jc_status place(jc_session *s, jc_error *err)
{
    size_t taps = (size_t)s->model->hp.layers + 1 + s->n_want;
    size_t floats = s->n_picks * s->model->hp.width;
    jc_status st = JC_OK;

    if (!jc_grow(&s->to, &s->to_capacity, taps, sizeof(float *)))
        return jc_fail_nomem(err, "hidden states");
    if (!s->given)
        st = jc_session_room(s, &s->states, &s->states_capacity, taps, s->n_picks, err);
    for (size_t i = 0; i < taps && st == JC_OK; i++)
        s->to[i] = s->given ? s->given[i] : s->states + i * floats;
    return st;
}

static jc_status plan(jc_session *s, size_t n_texts, jc_error *err)
{
    const jc_model *model = s->model;
    jc_status st = JC_OK;

    if (!jc_grow(&s->spans, &s->spans_capacity, n_texts, sizeof *s->spans))
        return jc_fail_nomem(err, "a batch of texts");
    for (size_t t = 0; t < n_texts && st == JC_OK; t++)
        st = check_text(model, &s->texts[t], t, err);
    if (st == JC_OK)
        st = cut(s, n_texts, err);
    if (st == JC_OK)
        st = place(s, err);
    if (st == JC_OK && s->n_mixtures) {
        jc_free(s->shares);
        s->shares =
            jc_matrix_new(s->n_mixtures * s->n_picks, model->hp.experts, sizeof *s->shares);
        st = s->shares ? JC_OK : jc_fail_nomem(err, "the shares of experts");
    }
    if (st == JC_OK && s->keep)
        st =
            jc_session_room(s, &s->kept, &s->kept_capacity, model->hp.layers, s->rows, err);
    return st;
}

/* Copy the rows where states are taken. `at`: of the layer taps, then of the wanted ones.
 */
static jc_status take(const jc_slice *cut, size_t at, jc_mat x, jc_error *err)
{
    const jc_session *s = cut->session;
    size_t d = s->model->hp.width;
    jc_loan loan;

    if (!s->to[at])
        return JC_OK;
    jc_status st = jc_loan_write(&loan, s->model->backend, s->to[at] + cut->pick * d,
                                 cut->n_picks, d, false, err);

    if (st == JC_OK)
        st = jc_gather(x, s->picks + cut->pick, loan.mat, err);
    return jc_loan_end(&loan, st, err);
}

/* The residual stream after a layer. */
static jc_status see_layer(const jc_slice *cut, uint32_t layer, jc_mat x, jc_error *err)
{
    const jc_session *s = cut->session;
    size_t d = s->model->hp.width;
    jc_status st = take(cut, layer, x, err);

    if (st == JC_OK && s->keep && layer < s->model->hp.layers)
        st = jc_mat_download(s->kept + (layer * s->rows + cut->base) * d, x, err);
    if (st || !s->to[layer])
        return st;
    if (!jc_vector_get()->finite(cut->n_picks * d, s->to[layer] + cut->pick * d))
        return jc_fail(err, JC_E_NUMERIC,
                       "a hidden state of '%s' at layer %u is not a finite number; its "
                       "weights overflow or hold such values",
                       s->model->path, layer);
    return JC_OK;
}

static jc_status see(void *arg, jc_tap tap, jc_mat x, jc_error *err)
{
    const jc_slice *cut = arg;
    const jc_session *s = cut->session;
    jc_status st = tap.point == JC_POINT_OUT ? see_layer(cut, tap.block, x, err) : JC_OK;

    for (size_t i = 0; i < s->n_want && st == JC_OK; i++)
        if (s->want[i].block == tap.block && s->want[i].point == tap.point)
            st = take(cut, s->model->hp.layers + 1 + i, x, err);
    return st;
}

/* Copy the rows of shares where states are taken. */
static jc_status see_shares(void *arg, uint32_t block, const float *shares, jc_error *err)
{
    const jc_slice *cut = arg;
    const jc_session *s = cut->session;
    size_t n = s->model->hp.experts;

    (void)err;
    for (size_t i = 0; i < s->n_mixtures; i++)
        for (size_t k = 0; s->mixtures[i] == block && k < cut->n_picks; k++)
            memcpy(s->shares + (i * s->n_picks + cut->pick + k) * n,
                   shares + s->picks[cut->pick + k] * n, n * sizeof *shares);
    return JC_OK;
}

static jc_status run_slice(void *arg, size_t i, jc_error *err)
{
    const jc_session *s = arg;
    const jc_model *model = s->model;
    jc_slice *cut = &s->slices[i];
    jc_pass *pass = &cut->pass;
    jc_status st =
        jc_pass_begin(pass, model, JC_PLAN_TEXTS, s->spans + cut->text, cut->n_texts, err);

    pass->sink = (jc_sink){.take = see,
                           .arg = cut,
                           .points = s->n_want > 0,
                           .added = s->want_added,
                           .shares = s->n_mixtures ? see_shares : NULL};
    if (st == JC_OK)
        st = jc_pass_embed(pass, err);
    if (st == JC_OK)
        st = jc_pass_run(pass, model->plain, model->hp.layers, NULL, 0, err);
    pass->sink = (jc_sink){.take = NULL};
    return st;
}

jc_status jc_session_slices(jc_session *session, jc_task_fn *task, void *arg, jc_error *err)
{
    return session->n_slices == 1 ? task(arg, 0, err)
                                  : jc_parallel(session->n_slices, task, arg, err);
}

jc_status jc_session_run(jc_session *session, const jc_text *texts, size_t n_texts,
                         jc_error *err)
{
    if (jc_want(session, "session", err))
        return JC_E_ARG;
    JC_USE_THREADS(session->model->threads);
    session->texts = texts;
    jc_status st = plan(session, n_texts, err);

    return st ? st : jc_session_slices(session, run_slice, session, err);
}

jc_status jc_session_want(jc_session *session, const jc_tap *taps, size_t n, jc_error *err)
{
    if (jc_want(session, "session", err))
        return JC_E_ARG;
    const jc_hparams *hp = &session->model->hp;

    session->n_want = 0;
    session->want_added = false;
    if (!jc_grow(&session->want, &session->want_capacity, n, sizeof *session->want))
        return jc_fail_nomem(err, "taps");
    for (size_t i = 0; i < n; i++) {
        uint32_t point = taps[i].point;
        if (taps[i].block > hp->layers || !jc_point_name(point) ||
            (taps[i].block == 0 && point != JC_POINT_OUT))
            return jc_fail(err, JC_E_ARG, "there is no tap at point %u of block %u", point,
                           taps[i].block);
        if (jc_tap_check(session->model, taps[i], err))
            return JC_E_ARG;
        session->want_added |= point == JC_POINT_ATTN || point == JC_POINT_MLP;
        session->want[i] = taps[i];
    }
    session->n_want = n;
    return JC_OK;
}

size_t jc_model_experts(const jc_model *model, uint32_t block)
{
    return block > 0 && jc_hparams_sparse(&model->hp, block - 1) ? model->hp.experts_used
                                                                 : 0;
}

jc_status jc_session_want_experts(jc_session *session, const uint32_t *blocks, size_t n,
                                  jc_error *err)
{
    uint32_t *mixtures = jc_alloc_array(n, sizeof *mixtures);

    if (!mixtures)
        return jc_fail_nomem(err, "the shares of experts");
    for (size_t i = 0; i < n; i++)
        mixtures[i] = blocks[i];
    jc_free(session->mixtures);
    session->mixtures = mixtures;
    session->n_mixtures = n;
    return JC_OK;
}

void jc_session_experts(const jc_session *session, size_t i, size_t row, uint32_t *experts,
                        float *shares)
{
    const jc_hparams *hp = &session->model->hp;
    const float *all = session->shares + (i * session->n_picks + row) * hp->experts;

    for (size_t k = 0; k < hp->experts_used; k++) { /* the best after the one before */
        uint32_t best = hp->experts;
        for (uint32_t e = 0; e < hp->experts; e++) {
            bool after = k == 0 || all[e] < shares[k - 1] ||
                         (all[e] == shares[k - 1] && e > experts[k - 1]);
            if (after && (best == hp->experts || all[e] > all[best]))
                best = e;
        }
        experts[k] = best;
        shares[k] = all[best];
    }
}

size_t jc_session_rows(const jc_session *session)
{
    if (!session)
        return 0;
    return session->n_picks;
}

const float *jc_session_states(const jc_session *session, uint32_t layer)
{
    if (!session)
        return NULL;
    return session->to[layer];
}

const float *jc_session_wanted(const jc_session *session, size_t i)
{
    if (!session)
        return NULL;
    return session->to[session->model->hp.layers + 1 + i];
}
