/* SPDX-License-Identifier: MIT */
/*
 * foreign_last.c: maps of others to the last layer that give the state after the final
 * norm.
 *
 * Who takes the last of the `hidden_states` of transformers for the last layer's state fits
 * maps to norm(h_L), which a lens would norm once more. The numbers of a map do not tell,
 * so a text is run: the map from the latest layer, which is the most exact, is held against
 * h_L and against norm(h_L), whatever the constant. It counts as normed where that leaves
 * less than half of what h_L leaves.
 */
#include <math.h>
#include <string.h>

#include "model/session.h"
#include "model/unembed.h"
#include "shortcut/foreign.h"

enum { TOKENS = 256 }; /* at most */

#define LEFT_OF_STATE 0.5 /* the share of what h_L leaves */

/* |y - x|^2 over |x|^2, each coordinate of the states y and x [n, d] less its mean. */
static double left(const float *y, const float *x, size_t n, size_t d)
{
    double off = 0, all = 0;

    for (size_t c = 0; c < d; c++) {
        double mx = 0, my = 0;
        for (size_t i = c; i < n * d; i += d) {
            mx += (double)x[i] / (double)n;
            my += (double)y[i] / (double)n;
        }
        for (size_t i = c; i < n * d; i += d) {
            double a = (double)x[i] - mx, b = (double)y[i] - my - a;
            off += b * b;
            all += a * a;
        }
    }
    return all > 0 ? off / all : 1;
}

static const jc_map *latest(const jc_shortcut *s)
{
    for (uint32_t from = s->layers; from-- > 0;)
        if (jc_shortcut_find(s, from, s->layers))
            return jc_shortcut_find(s, from, s->layers);
    return NULL;
}

/* The text, or random tokens; not its first state, which is unlike the others. */
static jc_status run_text(jc_session *session, const jc_foreign_job *job)
{
    uint32_t ids[TOKENS], positions[TOKENS];
    size_t n = job->info->context < TOKENS ? job->info->context : TOKENS;
    jc_rng rng = jc_rng_at(0, 0);

    if (job->n_ids && job->n_ids < n)
        n = job->n_ids;
    for (size_t i = 0; i < n; i++) {
        ids[i] = job->n_ids ? job->ids[i] : (uint32_t)jc_rng_below(&rng, job->info->vocab);
        positions[i] = (uint32_t)i;
    }
    return jc_session_run(session, &(jc_text){ids, n, positions + (n > 1), n - (n > 1)}, 1,
                          job->err);
}

static jc_status is_normed(const jc_foreign_job *job, const jc_model *model, bool *normed)
{
    const jc_map *map = latest(job->shortcut);
    size_t d = job->info->width;
    jc_session *session;
    jc_status st = jc_session_new(&session, model, job->err);

    if (st)
        return st;
    st = run_text(session, job);
    size_t n = st ? 0 : jc_session_rows(session);
    float *after = jc_matrix_new(2 * n + 1, d, sizeof *after);
    if (st == JC_OK && !after)
        st = jc_fail_nomem(job->err, job->path);
    const float *h = st ? NULL : jc_session_states(session, job->info->layers);
    if (st == JC_OK)
        st = jc_final_norm_run(model, h, n, after, job->err);
    if (st == JC_OK)
        st = jc_map_run(map, jc_session_states(session, map->place.from[0].tap.block), n,
                        after + n * d, job->err);
    if (st == JC_OK) {
        const float *y = after + n * d;
        *normed = left(y, after, n, d) < LEFT_OF_STATE * left(y, h, n, d);
    }
    jc_free(after);
    jc_session_free(session);
    return st;
}

/* y = W h + c, the norm's output, becomes (y - shift) / scale. */
static jc_status before_norm(const jc_foreign_job *job, jc_map *map, const float *scale,
                             const float *shift)
{
    size_t d = job->info->width;
    float *w = jc_map_fill(map, "weight"), *b = jc_map_fill(map, "bias");

    for (size_t r = 0; r < d; r++) {
        if (fabsf(scale[r]) < 1e-6F)
            return jc_fail(job->err, JC_E_NUMERIC,
                           "cannot take the final norm of '%s' back: its weight %zu is %g",
                           job->info->path, r, (double)scale[r]);
        for (size_t c = 0; c < d; c++)
            w[r * d + c] /= scale[r];
        b[r] = (b[r] - (shift ? shift[r] : 0)) / scale[r];
    }
    return JC_OK;
}

static jc_status convert(jc_foreign_job *job, const float *scale, const float *shift)
{
    jc_shortcut *s = job->shortcut, *made;
    jc_status st = jc_shortcut_new(&made, s->form, s->layers, s->width, job->err);

    if (st)
        return st;
    for (size_t i = 0; i < s->n && st == JC_OK; i++) {
        const jc_map *map = s->maps[i];
        const jc_map_spec spec = {.form = &jc_form_affine, .place = map->place};
        jc_map *to = NULL;
        if (map->place.to.tap.block != s->layers) {
            st = jc_shortcut_copy_map(made, map, job->err);
            continue;
        }
        st = jc_shortcut_add(made, &spec, &to, job->err);
        if (st == JC_OK)
            st = jc_map_dense(map, jc_map_fill(to, "weight"), jc_map_fill(to, "bias"),
                              job->err);
        if (st == JC_OK)
            st = before_norm(job, to, scale, shift);
    }
    for (size_t i = 0; i < s->meta.n && st == JC_OK; i++)
        if (!jc_shortcut_meta_fixed(s->meta.list[i].key))
            st = jc_shortcut_set_meta(made, s->meta.list[i].key, s->meta.list[i].value,
                                      job->err);
    if (st == JC_OK)
        st = jc_shortcut_set_meta(made, "converted.last", "normed", job->err);
    if (st) {
        jc_shortcut_free(made);
        return st;
    }
    job->shortcut = made;
    jc_shortcut_free(s);
    return JC_OK;
}

jc_status jc_foreign_last(jc_foreign_job *job, const jc_model *model, const char *last)
{
    const float *scale, *shift;
    bool has = jc_final_norm(model, &scale, &shift), run = !jc_model_ready(model, NULL);
    bool normed = false;

    if (strcmp(last, "normed") == 0) {
        if (!run)
            return jc_model_ready(model, job->err);
        return has ? convert(job, scale, shift)
                   : jc_fail(job->err, JC_E_ARG,
                             "'%s' has no final norm, so no map gives a state after it",
                             job->info->path);
    }
    if (strcmp(last, "auto") != 0 || !run || !has || !latest(job->shortcut))
        return JC_OK;
    jc_status st = is_normed(job, model, &normed);
    if (st || !normed)
        return st;
    return jc_fail(
        job->err, JC_E_MISMATCH,
        "the maps of '%s' give the state after the final norm (hidden_states[-1] "
        "of transformers), which would be normed once more: '--last normed' "
        "converts them, '--last state' takes them as they are",
        job->path);
}
