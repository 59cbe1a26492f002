/* SPDX-License-Identifier: MIT */
/* metric_precision.c: precision@k: the share of rows whose top-1 token through a map is
 * among the full model's k best. Agreement with the model, not correctness. */
#include "eval/run.h"

static const struct {
    const char *name;
    uint32_t k;
} cuts[] = {{"p1", 1}, {"p5", 5}, {"p10", 10}};

struct precision {
    uint64_t rows;
    uint64_t *hits; /* [n_methods, taps, cuts] */
};

static void release(void *state)
{
    struct precision *p = state;

    if (p)
        jc_free(p->hits);
    jc_free(p);
}

static jc_status begin(void **state, const jc_eval_run *run, jc_error *err)
{
    struct precision *p = jc_alloc_array(1, sizeof *p);

    *state = p;
    if (p)
        p->hits =
            jc_alloc_array(run->n_methods * run->taps * JC_COUNT(cuts), sizeof *p->hits);
    return p && p->hits ? JC_OK : jc_fail_nomem(err, "precision");
}

static jc_status add(void *state, const jc_eval_run *run, const jc_eval_batch *batch,
                     jc_error *err)
{
    struct precision *p = state;

    (void)err;
    p->rows += batch->rows;
    for (size_t at = 0; at < run->n_methods * run->taps; at++)
        for (size_t r = 0; r < batch->rows; r++)
            for (size_t c = 0; c < JC_COUNT(cuts); c++)
                p->hits[at * JC_COUNT(cuts) + c] +=
                    batch->scores[at * batch->rows + r].rank < cuts[c].k;
    return JC_OK;
}

static jc_status finish(void *state, const jc_eval_run *run, json_t *results, jc_error *err)
{
    const struct precision *p = state;
    int failed = 0;

    for (size_t m = 0; m < run->n_methods; m++)
        for (uint32_t l = 0; l < run->taps; l++) {
            const uint64_t *hits = p->hits + (m * run->taps + l) * JC_COUNT(cuts);
            json_t *entry = jc_json_jump(results, run, m, l);
            for (size_t c = 0; c < JC_COUNT(cuts); c++)
                failed |= json_object_set_new(entry, cuts[c].name,
                                              json_real((double)hits[c] / (double)p->rows));
        }
    return failed ? jc_fail_nomem(err, "precision") : JC_OK;
}

const jc_metric jc_metric_precision = {
    .info = {"precision", "precision@1, 5, 10 by layer: how often the top token is among "
                          "the full model's k best"},
    .begin = begin,
    .add = add,
    .finish = finish,
    .release = release,
};
