/* SPDX-License-Identifier: MIT */
/*
 * metric_exit.c: early exit (Yom Din et al. 2024, section 5): leave at the first layer
 * l = 1..L-1 where the gap of the two largest probabilities of the mapped state is over
 * 0.9 lambda + 0.1 exp(-tau t / N), t the token's position and N the mean of position + 1.
 *
 * The gaps do not depend on lambda, so one pass gives every point of the curve; but N is
 * known at its end only. So the pass writes gaps to a temporary file, 4 bytes a row, method
 * and layer, and the curve is made from there: memory does not grow with the corpus.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "eval/run.h"
#include "eval/saved.h"

enum { MOST_POINTS = 32 };

enum { PAPER_POSITION = 3 }; /* what the paper's code passes for every mask */

struct exits {
    FILE *spill; /* for each row: position, then [n_methods, L - 1] gaps; the sign is set
                    where top-1 is not the full model's */
    uint64_t rows;
    double positions; /* sum of position + 1 */
    float *gaps;      /* [n_methods, L - 1] of one row */
    size_t n_gaps;
};

struct curve {
    jc_exit_point points[MOST_POINTS];
    size_t n;
};

static void release(void *state)
{
    struct exits *s = state;

    if (s) {
        if (s->spill)
            fclose(s->spill);
        jc_free(s->gaps);
    }
    jc_free(s);
}

int64_t jc_eval_exit_position(const jc_eval_run *run)
{
    return run->params->paper && !run->info->causal ? PAPER_POSITION : -1;
}

static jc_status spill_failed(jc_error *err)
{
    return jc_fail(err, JC_E_IO, "cannot keep exit gaps in a temporary file: %s",
                   strerror(errno));
}

static jc_status begin(void **state, const jc_eval_run *run, jc_error *err)
{
    struct exits *s = jc_alloc_array(1, sizeof *s);

    *state = s;
    if (!s)
        return jc_fail_nomem(err, "early exit");
    s->n_gaps = run->n_methods * (run->taps - 2);
    s->gaps = jc_alloc_array(s->n_gaps, sizeof *s->gaps);
    if (!s->gaps)
        return jc_fail_nomem(err, "early exit");
    s->spill = tmpfile();
    return s->spill ? JC_OK : spill_failed(err);
}

static jc_status add(void *state, const jc_eval_run *run, const jc_eval_batch *batch,
                     jc_error *err)
{
    struct exits *s = state;
    size_t between = run->taps - 2; /* layers 1..L-1 */

    for (size_t r = 0; r < batch->rows; r++) {
        for (size_t g = 0; g < s->n_gaps; g++) {
            size_t at = g / between * run->taps + g % between + 1;
            const jc_score *score = &batch->scores[at * batch->rows + r];
            s->gaps[g] = score->rank ? -score->gap : score->gap;
        }
        if (fwrite(&batch->positions[r], sizeof *batch->positions, 1, s->spill) != 1 ||
            fwrite(s->gaps, sizeof *s->gaps, s->n_gaps, s->spill) != s->n_gaps)
            return spill_failed(err);
        s->positions += (double)batch->positions[r] + 1;
    }
    s->rows += batch->rows;
    return JC_OK;
}

/* -1.112 always leaves at 1, 1.112 never leaves; the identity is over-confident and needs
 * more points near 1. Ascending. */
static void make_grid(struct curve *curve, bool identity)
{
    curve->points[curve->n++].lambda = -1.112;
    for (int k = 0; k <= 10; k++)
        curve->points[curve->n++].lambda = k / 10.0;
    for (int k = 1; identity && k <= 9; k++)
        curve->points[curve->n++].lambda = 1 + 0.112 * k / 10;
    curve->points[curve->n++].lambda = 1.112;
}

/* One row and method: gaps [L - 1] of layers 1..L-1. A larger lambda never leaves
 * earlier, so the layer only moves forward along the grid. */
static void add_row(struct curve *curve, const float *gaps, size_t between, double offset)
{
    size_t l = 0;

    for (size_t p = 0; p < curve->n; p++) {
        double threshold = 0.9 * curve->points[p].lambda + offset;
        while (l < between && !(fabs((double)gaps[l]) > threshold))
            l++;
        curve->points[p].layers += (double)l + 1;
        curve->points[p].p1 += l == between || !signbit(gaps[l]);
    }
}

static jc_status make_curves(struct exits *s, const jc_eval_run *run, struct curve *curves,
                             jc_error *err)
{
    size_t between = run->taps - 2;
    double mean = s->positions / (double)s->rows;
    int64_t fixed = jc_eval_exit_position(run);
    uint32_t position;

    if (fflush(s->spill) != 0 || fseek(s->spill, 0, SEEK_SET) != 0)
        return spill_failed(err);
    for (uint64_t r = 0; r < s->rows; r++) {
        if (fread(&position, sizeof position, 1, s->spill) != 1 ||
            fread(s->gaps, sizeof *s->gaps, s->n_gaps, s->spill) != s->n_gaps)
            return spill_failed(err);
        double t = fixed < 0 ? (double)position : (double)fixed;
        double offset = 0.1 * exp(-run->params->tau * t / mean);
        for (size_t m = 0; m < run->n_methods; m++)
            add_row(&curves[m], s->gaps + m * between, between, offset);
    }
    for (size_t m = 0; m < run->n_methods; m++)
        for (size_t p = 0; p < curves[m].n; p++) {
            curves[m].points[p].layers /= (double)s->rows;
            curves[m].points[p].p1 /= (double)s->rows;
        }
    return JC_OK;
}

static json_t *curve_json(const struct curve *curve)
{
    json_t *list = json_array();

    for (size_t p = 0; p < curve->n; p++)
        json_array_append_new(
            list, json_pack("{s:f,s:f,s:f}", "lambda", curve->points[p].lambda, "layers",
                            curve->points[p].layers, "p1", curve->points[p].p1));
    return list;
}

static jc_status finish(void *state, const jc_eval_run *run, json_t *results, jc_error *err)
{
    double layers = run->taps - 1, target = run->params->target;
    struct curve *curves = jc_alloc_array(run->n_methods, sizeof *curves);
    json_t *exit_section = jc_json_section(results, "exit");
    json_t *saved_section = jc_json_section(results, "saved");

    if (!curves)
        return jc_fail_nomem(err, "early exit");
    for (size_t m = 0; m < run->n_methods; m++)
        make_grid(&curves[m], !run->methods[m].shortcut);
    jc_status st = make_curves(state, run, curves, err);
    int failed = json_object_set_new(saved_section, "target", json_real(target));
    for (size_t m = 0; m < run->n_methods && st == JC_OK; m++) {
        const char *name = run->methods[m].name;
        failed |= json_object_set_new(exit_section, name, curve_json(&curves[m]));
        double blocks = jc_blocks_saved(curves[m].points, curves[m].n, layers, target);
        failed |= json_object_set_new(
            saved_section, name,
            json_pack("{s:f,s:f}", "blocks", blocks, "percent", 100 * blocks / layers));
    }
    jc_free(curves);
    return failed ? jc_fail_nomem(err, "early exit") : st;
}

const jc_metric jc_metric_exit = {
    .info = {"exit", "early exit: mean blocks run against precision@1, and blocks saved at "
                     "the target precision"},
    .begin = begin,
    .add = add,
    .finish = finish,
    .release = release,
};
