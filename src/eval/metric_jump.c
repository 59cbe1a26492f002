/* SPDX-License-Identifier: MIT */
/*
 * metric_jump.c: precision, surprisal and KL of a jump from each layer to the end: how well
 * the top-1 token through a map agrees with the full model (Yom Din et al. 2024, section
 * 4).
 */
#include "eval/run.h"
#include "eval/tally.h"

static void release(void *state)
{
    jc_tally_free(state);
}

static jc_status begin(void **state, const jc_eval_run *run, jc_error *err)
{
    jc_tally *tally;
    jc_status st = jc_tally_new(&tally, run->n_methods * run->taps, run->params->bootstrap,
                                run->params->seed, err);

    *state = tally;
    return st;
}

static jc_status add(void *state, const jc_eval_run *run, const jc_eval_batch *batch,
                     jc_error *err)
{
    (void)run;
    return jc_tally_add(state, batch->scores, batch->owners, batch->rows, err);
}

static jc_status finish(void *state, const jc_eval_run *run, jc_section *section,
                        jc_error *err)
{
    jc_tally *tally = state;
    jc_jump_figures *f = jc_section_room(section, 1, sizeof *f);
    jc_status st = jc_tally_end(tally, err);

    if (st)
        return st;
    if (!f)
        return jc_fail_nomem(err, "precision and surprisal");
    f->layer = jc_section_room(section, run->n_methods * run->taps, sizeof *f->layer);
    f->mean = jc_section_room(section, run->n_methods, sizeof *f->mean);
    if (!f->layer || !f->mean)
        return jc_fail_nomem(err, "precision and surprisal");
    for (size_t i = 0; i < run->n_methods * run->taps; i++)
        f->layer[i] = jc_tally_scores(tally, i);
    for (size_t m = 0; m < run->n_methods; m++)
        f->mean[m] = jc_tally_mean(tally, m * run->taps, run->taps - 1);
    section->figures = f;
    return JC_OK;
}

static void write(const jc_section *section, jc_json *json, json_t *root)
{
    const jc_jump_figures *f = section->figures;
    json_t *jump = jc_put_object(json, root, "jump");
    json_t *means = jc_put_object(json, root, "jump_mean");

    for (size_t m = 0; m < section->n_methods; m++) {
        const char *name = section->methods[m];
        json_t *mean = jc_put_object(json, means, name);
        jc_put_estimate(json, mean, "p1", "p1_ci", f->mean[m]);
        jc_scores_write_layers(f->layer + m * section->taps, section->taps, json, jump,
                               name);
    }
}

const jc_metric jc_metric_jump = {
    .info = {"jump",
             "precision@1, 5, 10 and surprisal of the top token by layer, and KL, beside "
             "the full model"},
    .reads_out = true,
    .begin = begin,
    .add = add,
    .finish = finish,
    .write = write,
    .release = release,
};
