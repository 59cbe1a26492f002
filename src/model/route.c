/* SPDX-License-Identifier: MIT */
/*
 * route.c: the texts of a run once more, from a layer on, with maps in the place of blocks
 * or of parts of blocks (Yom Din et al. 2024, sections 5 and 6).
 *
 * The run before has kept every row's state after each block, so the way to the layer is
 * not run again.
 */
#include "kernels/vector.h"
#include "model/session_impl.h"

struct job {
    const jc_session *session;
    const jc_route *route;
    const float *states; /* [rows, width], where it begins */
};

void jc_session_keep(jc_session *session, bool keep)
{
    session->keep = keep;
}

static jc_status run_slice(void *arg, size_t i, jc_error *err)
{
    const struct job *job = arg;
    const jc_session *s = job->session;
    jc_slice *cut = &s->slices[i];
    jc_pass *pass = &cut->pass;
    size_t d = s->model->hp.width;
    float *ends = s->ends + cut->pick * d;
    jc_status st = jc_pass_begin(pass, s->model, JC_PLAN_TEXTS, s->spans + cut->text,
                                 cut->n_texts, err);

    if (st == JC_OK)
        st =
            jc_mat_upload(jc_pass_reg(pass, JC_REG_H, d), job->states + cut->base * d, err);
    if (st == JC_OK)
        st = jc_pass_run(pass, job->route->steps, job->route->n_steps, s->picks + cut->pick,
                         cut->n_picks, err);
    if (st == JC_OK)
        st = jc_mat_download(ends, jc_pass_reg(pass, JC_REG_H, d), err);
    if (st)
        return st;
    if (!jc_vector_get()->finite(cut->n_picks * d, ends))
        return jc_fail(err, JC_E_NUMERIC,
                       "a hidden state of '%s' is not a finite number when maps stand for "
                       "blocks after layer %u",
                       s->model->path, job->route->from);
    return JC_OK;
}

static jc_status run(jc_session *session, const jc_route *route, const float *states,
                     const float **ends, jc_error *err)
{
    JC_USE_THREADS(session->model->threads);
    struct job job = {.session = session, .route = route, .states = states};
    jc_status st = jc_session_room(session, &session->ends, &session->ends_capacity,
                                   session->n_picks, 1, err);

    if (st == JC_OK)
        st = jc_session_slices(session, run_slice, &job, err);
    *ends = session->ends;
    return st;
}

jc_status jc_session_route(jc_session *session, const jc_route *route, const float **ends,
                           jc_error *err)
{
    size_t floats = session->rows * session->model->hp.width;

    return run(session, route, session->kept + route->from * floats, ends, err);
}

jc_status jc_session_from(jc_session *session, uint32_t layer, const float *states,
                          const float **ends, jc_error *err)
{
    const jc_route route = {.from = layer,
                            .steps = session->model->plain + layer,
                            .n_steps = session->model->hp.layers - layer};

    return run(session, &route, states, ends, err);
}
