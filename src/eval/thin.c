/* SPDX-License-Identifier: MIT */
#include "eval/thin.h"

#include <string.h>

#define ROUTES_STREAM 0x726f75746573u /* of random numbers: "routes" */

struct jc_thin {
    const jc_eval_run *run;
    jc_session *session;
    size_t budget, series; /* tokens run together; series of scores */
    /* of the texts that wait */
    uint32_t *ids, *positions, *owners;
    size_t n_ids, rows, n_texts;
    jc_score *known; /* [rows, series] */
    jc_text *texts;
    size_t ids_room, positions_room, owners_room, known_room, texts_room;
    /* of those that were run last */
    jc_score *scores; /* [series, rows] */
    size_t scores_room;
    const float **taps;
    uint64_t all_texts, all_rows;
};

bool jc_thin_wanted(const jc_eval_params *params)
{
    return params->route_every > 1 || params->route_positions > 0;
}

void jc_thin_free(jc_thin *thin)
{
    if (!thin)
        return;
    jc_session_free(thin->session);
    jc_free(thin->ids);
    jc_free(thin->positions);
    jc_free(thin->owners);
    jc_free(thin->known);
    jc_free(thin->texts);
    jc_free(thin->scores);
    jc_free(thin->taps);
    jc_free(thin);
}

jc_status jc_thin_new(jc_thin **out, const jc_eval_run *run, jc_error *err)
{
    jc_thin *thin = jc_alloc_array(1, sizeof *thin);

    *out = NULL;
    if (!thin)
        return jc_fail_nomem(err, "texts for routes");
    thin->run = run;
    thin->series = run->n_methods * run->taps;
    thin->budget = run->params->batch ? run->params->batch
                                      : jc_batch_budget(run->model, run->info->layers);
    thin->taps = jc_alloc_array(run->taps, sizeof *thin->taps);
    jc_status st = thin->taps ? jc_session_new(&thin->session, run->model, err)
                              : jc_fail_nomem(err, "texts for routes");
    if (st) {
        jc_thin_free(thin);
        return st;
    }
    jc_session_keep(thin->session, true);
    *out = thin;
    return JC_OK;
}

/* ---- choosing ---- */

static bool grow(jc_thin *thin, size_t ids, size_t rows)
{
    size_t scores;

    return jc_mul(thin->rows + rows, thin->series, &scores) &&
           jc_grow(&thin->ids, &thin->ids_room, thin->n_ids + ids, sizeof *thin->ids) &&
           jc_grow(&thin->positions, &thin->positions_room, thin->rows + rows,
                   sizeof *thin->positions) &&
           jc_grow(&thin->owners, &thin->owners_room, thin->rows + rows,
                   sizeof *thin->owners) &&
           jc_grow(&thin->known, &thin->known_room, scores, sizeof *thin->known) &&
           jc_grow(&thin->texts, &thin->texts_room, thin->n_texts + 1, sizeof *thin->texts);
}

/* Keep row `row` of the batch. */
static void keep_row(jc_thin *thin, const jc_eval_batch *batch, size_t row)
{
    jc_score *known = thin->known + thin->rows * thin->series;

    thin->positions[thin->rows] = batch->positions[row];
    thin->owners[thin->rows] = (uint32_t)thin->n_texts;
    for (size_t s = 0; s < thin->series; s++)
        known[s] = batch->scores[s * batch->rows + row];
    thin->rows++;
}

/* Of a text, which has rows first .. first + n of the batch, those that are wanted. */
static jc_status keep_text(jc_thin *thin, const jc_eval_batch *batch, size_t first,
                           size_t n, jc_error *err)
{
    const jc_eval_params *params = thin->run->params;
    const jc_text *text = jc_batch_text(batch->source, batch->owners[first]);
    uint64_t number = batch->first_text + batch->owners[first];
    size_t want = params->route_positions;
    jc_rng rng = jc_rng_at(params->seed ^ ROUTES_STREAM, number);

    if (params->route_every > 1 && number % params->route_every != 0)
        return JC_OK;
    if (want == 0 || want > n)
        want = n;
    if (!grow(thin, text->n, want))
        return jc_fail_nomem(err, "texts for routes");
    memcpy(thin->ids + thin->n_ids, text->ids, text->n * sizeof *text->ids);
    double start = jc_rng_uniform(&rng);
    for (size_t k = 0; k < want; k++) { /* want <= n: no two are the same */
        size_t at = (size_t)(((double)k + start) * (double)n / (double)want);
        keep_row(thin, batch, first + (at < n ? at : n - 1));
    }
    thin->texts[thin->n_texts++] = (jc_text){.n = text->n, .n_positions = want};
    thin->n_ids += text->n;
    return JC_OK;
}

jc_status jc_thin_add(jc_thin *thin, const jc_eval_batch *batch, jc_error *err)
{
    jc_status st = JC_OK;

    for (size_t first = 0, n; first < batch->rows && st == JC_OK; first += n) {
        for (n = 1;
             first + n < batch->rows && batch->owners[first + n] == batch->owners[first];)
            n++;
        st = keep_text(thin, batch, first, n, err);
    }
    return st;
}

bool jc_thin_full(const jc_thin *thin)
{
    return thin->n_ids >= thin->budget;
}

/* ---- running ---- */

static jc_status place_scores(jc_thin *thin, jc_error *err)
{
    if (!jc_grow(&thin->scores, &thin->scores_room, thin->rows * thin->series,
                 sizeof *thin->scores))
        return jc_fail_nomem(err, "texts for routes");
    for (size_t s = 0; s < thin->series; s++)
        for (size_t r = 0; r < thin->rows; r++)
            thin->scores[s * thin->rows + r] = thin->known[r * thin->series + s];
    return JC_OK;
}

jc_status jc_thin_run(jc_thin *thin, jc_eval_batch *batch, jc_error *err)
{
    const uint32_t *ids = thin->ids, *positions = thin->positions;

    *batch = (jc_eval_batch){.rows = thin->rows};
    if (thin->rows == 0)
        return JC_OK;
    for (size_t t = 0; t < thin->n_texts; t++) { /* the arrays have moved as they grew */
        thin->texts[t].ids = ids;
        thin->texts[t].positions = positions;
        ids += thin->texts[t].n;
        positions += thin->texts[t].n_positions;
    }
    jc_status st = place_scores(thin, err);
    if (st == JC_OK)
        st = jc_session_run(thin->session, thin->texts, thin->n_texts, err);
    if (st)
        return st;
    for (uint32_t t = 0; t < thin->run->taps; t++)
        thin->taps[t] = jc_session_states(thin->session, t);
    *batch = (jc_eval_batch){.rows = thin->rows,
                             .states = thin->taps,
                             .positions = thin->positions,
                             .owners = thin->owners,
                             .first_text = thin->all_texts,
                             .scores = thin->scores,
                             .session = thin->session};
    thin->all_texts += thin->n_texts;
    thin->all_rows += thin->rows;
    thin->n_ids = thin->rows = thin->n_texts = 0;
    return JC_OK;
}

void jc_thin_count(const jc_thin *thin, uint64_t *texts, uint64_t *rows)
{
    *texts = thin->all_texts;
    *rows = thin->all_rows;
}
