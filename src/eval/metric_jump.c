/* SPDX-License-Identifier: MIT */
/*
 * metric_jump.c: precision, surprisal and KL of a jump from each layer to the end: how well
 * the top-1 token through a map agrees with the full model (Yom Din et al. 2024, section
 * 4).
 */
#include "eval/json.h"
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

static jc_status finish(void *state, const jc_eval_run *run, json_t *results, jc_error *err)
{
    jc_tally *tally = state;
    json_t *jump = jc_json_section(results, "jump");
    json_t *means = jc_json_section(results, "jump_mean");
    jc_status st = jc_tally_end(tally, err);
    bool written = true;

    for (size_t m = 0; m < run->n_methods && st == JC_OK; m++) {
        const char *name = run->methods[m].name;
        json_t *mean = jc_json_section(means, name);
        written &= jc_tally_write_mean(tally, m * run->taps, run->taps - 1, mean);
        written &= json_object_set_new(
                       jump, name, jc_tally_layers(tally, m * run->taps, run->taps)) == 0;
    }
    return st || written ? st : jc_fail_nomem(err, "precision and surprisal");
}

const jc_metric jc_metric_jump = {
    .info = {"jump",
             "precision@1, 5, 10 and surprisal of the top token by layer, and KL, beside "
             "the full model"},
    .reads_out = true,
    .begin = begin,
    .add = add,
    .finish = finish,
    .release = release,
};
