/* SPDX-License-Identifier: MIT */
/*
 * metric_surprisal.c: -ln p_full(top-1 token through a map), nats, and its 95% interval.
 *
 * Rows of one text are not independent, so the interval is that of a ratio of sums over
 * texts: with s_t the sum and n_t the number of rows of text t, mu = sum s / sum n and
 * var(mu) = T/(T-1) * sum (s_t - mu n_t)^2 / (sum n)^2. One row a text gives the usual one.
 */
#include <math.h>

#include "eval/run.h"

struct sums {
    double s, ss, sn; /* of s_t, s_t^2, s_t n_t */
};

struct surprisal {
    double texts, n, nn; /* T, sum n_t, sum n_t^2 */
    struct sums *sums;   /* [n_methods, taps] */
};

static void release(void *state)
{
    struct surprisal *s = state;

    if (s)
        jc_free(s->sums);
    jc_free(s);
}

static jc_status begin(void **state, const jc_eval_run *run, jc_error *err)
{
    struct surprisal *s = jc_alloc_array(1, sizeof *s);

    *state = s;
    if (s)
        s->sums = jc_alloc_array(run->n_methods * run->taps, sizeof *s->sums);
    return s && s->sums ? JC_OK : jc_fail_nomem(err, "surprisal");
}

static void add_text(struct surprisal *s, const jc_eval_run *run,
                     const jc_eval_batch *batch, size_t first, size_t n)
{
    s->texts += 1;
    s->n += (double)n;
    s->nn += (double)n * (double)n;
    for (size_t at = 0; at < run->n_methods * run->taps; at++) {
        const jc_score *scores = batch->scores + at * batch->rows + first;
        double sum = 0;
        for (size_t r = 0; r < n; r++)
            sum += (double)scores[r].surprisal;
        s->sums[at].s += sum;
        s->sums[at].ss += sum * sum;
        s->sums[at].sn += sum * (double)n;
    }
}

static jc_status add(void *state, const jc_eval_run *run, const jc_eval_batch *batch,
                     jc_error *err)
{
    (void)err;
    for (size_t first = 0, n; first < batch->rows; first += n) {
        for (n = 1; first + n < batch->rows; n++)
            if (batch->owners[first + n] != batch->owners[first])
                break;
        add_text(state, run, batch, first, n);
    }
    return JC_OK;
}

static jc_status finish(void *state, const jc_eval_run *run, json_t *results, jc_error *err)
{
    const struct surprisal *s = state;
    int failed = 0;

    for (size_t m = 0; m < run->n_methods; m++)
        for (uint32_t l = 0; l < run->taps; l++) {
            const struct sums *sums = &s->sums[m * run->taps + l];
            json_t *entry = jc_json_jump(results, run, m, l);
            double mu = sums->s / s->n;
            double squares = sums->ss - 2 * mu * sums->sn + mu * mu * s->nn;
            double variance = s->texts / (s->texts - 1) * squares / (s->n * s->n);
            double half = 1.96 * sqrt(fmax(variance, 0));
            failed |= json_object_set_new(entry, "surprisal", jc_json_number(mu));
            failed |= json_object_set_new(entry, "surprisal_ci",
                                          isfinite(mu) && isfinite(half)
                                              ? json_pack("[f,f]", mu - half, mu + half)
                                              : json_null());
        }
    return failed ? jc_fail_nomem(err, "surprisal") : JC_OK;
}

const jc_metric jc_metric_surprisal = {
    .info = {"surprisal", "mean -ln p_full of the top token, in nats, with a 95% interval "
                          "over texts"},
    .begin = begin,
    .add = add,
    .finish = finish,
    .release = release,
};
