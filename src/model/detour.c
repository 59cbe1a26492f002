/* SPDX-License-Identifier: MIT */
/*
 * detour.c: the texts of a run once more, from a layer on, with maps in the place of blocks
 * or of parts of blocks (Yom Din et al. 2024, sections 5 and 6).
 *
 * The run before has kept every row's state after each block, so the way to the layer is
 * not run again. Steps that do not mix positions, jumps and blocks whose attention is a
 * map, are run for the wanted rows alone when no step that mixes follows.
 */
#include <string.h>

#include "kernels/vector.h"
#include "model/session_impl.h"

struct job {
    const jc_session *session;
    const jc_detour *detour;
    size_t mixing; /* steps up to the last one that mixes positions */
};

void jc_session_keep(jc_session *session, bool keep)
{
    session->keep = keep;
}

static bool mixes(const jc_step *step)
{
    return step->block && !(step->parts && step->parts->map[JC_PART_ATTN]);
}

static void swap_spare(jc_work *work)
{
    float *h = work->h;

    work->h = work->spare;
    work->spare = h;
}

/* From here on h is of the rows at positions only. */
static void pick_rows(const jc_slice *cut, jc_work *work)
{
    const jc_session *s = cut->session;
    size_t d = s->model->hp.width;

    for (size_t i = 0; i < cut->n_picks; i++)
        memcpy(work->spare + i * d, work->h + s->picks[cut->pick + i] * d,
               d * sizeof *work->h);
    work->rows = cut->n_picks;
    swap_spare(work);
}

static jc_status take_step(const jc_slice *cut, const jc_step *step, jc_work *work,
                           jc_error *err)
{
    const jc_session *s = cut->session;

    if (step->block) {
        work->maps = step->parts;
        jc_status st = jc_block_run(s->model, step->block - 1, work, s->spans + cut->text,
                                    cut->n_texts, err);
        work->maps = NULL;
        return st;
    }
    if (!step->jump)
        return JC_OK;
    jc_status st = jc_linear_run(step->jump, work->h, work->rows, work->spare, err);
    swap_spare(work);
    return st;
}

static jc_status run_slice(void *arg, size_t i, jc_error *err)
{
    const struct job *job = arg;
    const jc_session *s = job->session;
    const jc_detour *detour = job->detour;
    jc_slice *cut = &s->slices[i];
    jc_work *work = &cut->work; /* as the run has left it */
    size_t d = s->model->hp.width;
    float *ends = s->ends + cut->pick * d;
    jc_status st = JC_OK;

    work->rows = cut->rows;
    memcpy(work->h, s->kept + (detour->from * s->rows + cut->base) * d,
           cut->rows * d * sizeof *ends);
    for (size_t k = 0; k <= detour->n_steps && st == JC_OK; k++) {
        if (k == job->mixing)
            pick_rows(cut, work);
        if (k < detour->n_steps)
            st = take_step(cut, &detour->steps[k], work, err);
    }
    if (st)
        return st;
    memcpy(ends, work->h, cut->n_picks * d * sizeof *ends);
    if (!jc_vector_get()->finite(cut->n_picks * d, ends))
        return jc_fail(err, JC_E_NUMERIC,
                       "a hidden state of '%s' is not a finite number when maps stand for "
                       "blocks after layer %u",
                       s->model->path, detour->from);
    return JC_OK;
}

jc_status jc_session_detour(jc_session *session, const jc_detour *detour,
                            const float **ends, jc_error *err)
{
    struct job job = {.session = session, .detour = detour};
    jc_status st = jc_session_room(session, &session->ends, &session->ends_capacity,
                                   session->n_picks, 1, err);

    for (size_t k = 0; k < detour->n_steps; k++)
        if (mixes(&detour->steps[k]))
            job.mixing = k + 1;
    if (st == JC_OK)
        st = jc_session_slices(session, run_slice, &job, err);
    *ends = session->ends;
    return st;
}
