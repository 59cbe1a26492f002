/* SPDX-License-Identifier: MIT */
/*
 * metric_exit.c: early exit (Yom Din et al. 2024, section 5): leave at the first layer
 * l = 1..L-1 where the gap of the two largest probabilities of the mapped state is over
 * 0.9 lambda + 0.1 exp(-tau t / N), t the token's position and N the mean of position + 1.
 *
 * The gaps do not depend on lambda, so one pass gives every point of the curve; but N is
 * known at its end only. So the pass writes gaps to a temporary file, 4 bytes a row, method
 * and layer, and the curve is made from there: memory does not grow with the corpus.
 *
 * The figures are sums over texts, so texts are drawn again for their intervals
 * (bootstrap.h); N stays that of all rows.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "eval/bootstrap.h"
#include "eval/net.h"
#include "eval/run.h"
#include "eval/saved.h"

enum { MOST_POINTS = 32 };

enum { PAPER_POSITION = 3 }; /* what the paper's code passes for every mask */

struct row {
    uint32_t position, text; /* the text's number, modulo 2^32 */
};

struct exits {
    FILE *spill; /* for each row: a struct row, then [n_methods, L - 1] gaps; the sign is
                    set where top-1 is not the full model's */
    uint64_t rows;
    double positions; /* sum of position + 1 */
    float *gaps;      /* [n_methods, L - 1] of one row */
    size_t n_gaps;
};

/* The sums of a text: its rows; then of each method's points, blocks run and hits. */
enum { ROWS, FIRST_POINT };

struct curve {
    double lambda[MOST_POINTS]; /* [n], ascending */
    size_t n;
    size_t first; /* of its sums, [n, 2] */
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
        const struct row row = {batch->positions[r],
                                (uint32_t)(batch->first_text + batch->owners[r])};
        if (fwrite(&row, sizeof row, 1, s->spill) != 1 ||
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
    curve->lambda[curve->n++] = -1.112;
    for (int k = 0; k <= 10; k++)
        curve->lambda[curve->n++] = k / 10.0;
    for (int k = 1; identity && k <= 9; k++)
        curve->lambda[curve->n++] = 1 + 0.112 * k / 10;
    curve->lambda[curve->n++] = 1.112;
}

/* Grids for all methods; *n_sums is how many sums they take. */
static struct curve *make_curves(const jc_eval_run *run, size_t *n_sums)
{
    struct curve *curves = jc_alloc_array(run->n_methods, sizeof *curves);

    *n_sums = FIRST_POINT;
    for (size_t m = 0; curves && m < run->n_methods; m++) {
        make_grid(&curves[m], !run->methods[m].shortcut);
        curves[m].first = *n_sums;
        *n_sums += 2 * curves[m].n;
    }
    return curves;
}

/* One row and method: gaps [L - 1] of layers 1..L-1. A larger lambda never leaves
 * earlier, so the layer only moves forward along the grid. */
static void add_row(const struct curve *curve, double *sums, const float *gaps,
                    size_t between, double offset)
{
    size_t l = 0;

    for (size_t p = 0; p < curve->n; p++) {
        double threshold = 0.9 * curve->lambda[p] + offset;
        while (l < between && !(fabs((double)gaps[l]) > threshold))
            l++;
        sums[curve->first + 2 * p] += (double)l + 1;
        sums[curve->first + 2 * p + 1] += l == between || !signbit(gaps[l]);
    }
}

/* Read the rows again, and add them up text by text; sums [n_sums] is room for one. */
static jc_status add_rows(struct exits *s, const jc_eval_run *run,
                          const struct curve *curves, jc_bootstrap *bootstrap, double *sums,
                          size_t n_sums, jc_error *err)
{
    size_t between = run->taps - 2;
    double mean = s->positions / (double)s->rows;
    int64_t fixed = jc_eval_exit_position(run);
    struct row row;
    uint32_t text = 0;

    if (fflush(s->spill) != 0 || fseek(s->spill, 0, SEEK_SET) != 0)
        return spill_failed(err);
    for (uint64_t r = 0; r < s->rows; r++) {
        if (fread(&row, sizeof row, 1, s->spill) != 1 ||
            fread(s->gaps, sizeof *s->gaps, s->n_gaps, s->spill) != s->n_gaps)
            return spill_failed(err);
        if (r > 0 && row.text != text) {
            jc_status st = jc_bootstrap_add(bootstrap, sums, err);
            if (st)
                return st;
            memset(sums, 0, n_sums * sizeof *sums);
        }
        text = row.text;
        double t = fixed < 0 ? (double)row.position : (double)fixed;
        double offset = 0.1 * exp(-run->params->tau * t / mean);
        sums[ROWS]++;
        for (size_t m = 0; m < run->n_methods; m++)
            add_row(&curves[m], sums, s->gaps + m * between, between, offset);
    }
    jc_status st = jc_bootstrap_add(bootstrap, sums, err);
    return st ? st : jc_bootstrap_end(bootstrap, err);
}

struct saving {
    const struct curve *curve;
    double layers, target;
    double scale; /* of blocks in the figure */
};

static double saved_of(const jc_bootstrap *b, size_t replicate, const void *arg)
{
    const struct saving *saving = arg;
    const struct curve *curve = saving->curve;
    double rows = jc_bootstrap_sum(b, ROWS, replicate);
    jc_exit_point points[MOST_POINTS];

    if (!(rows > 0))
        return (double)NAN;
    for (size_t p = 0; p < curve->n; p++)
        points[p] = (jc_exit_point){
            .layers = jc_bootstrap_sum(b, curve->first + 2 * p, replicate) / rows,
            .p1 = jc_bootstrap_sum(b, curve->first + 2 * p + 1, replicate) / rows,
        };
    return saving->scale *
           jc_blocks_saved(points, curve->n, saving->layers, saving->target);
}

/* What the results hold of a method: its points, and the blocks saved. */
typedef struct exit_curve {
    size_t n;
    double lambda[MOST_POINTS];
    jc_estimate layers[MOST_POINTS], p1[MOST_POINTS];
    jc_estimate blocks, percent;
    jc_cost net; /* with a map and a read-out after each layer; of the full model's work */
} exit_curve;

typedef struct figures {
    double target;
    exit_curve *curve; /* [n_methods] */
} figures;

static exit_curve measure(const struct curve *curve, const jc_eval_run *run,
                          jc_bootstrap *bootstrap)
{
    double layers = run->taps - 1;
    struct saving blocks = {curve, layers, run->params->target, 1}, percent = blocks;
    exit_curve out = {.n = curve->n};

    percent.scale = 100 / layers;
    for (size_t p = 0; p < curve->n; p++) {
        const jc_ratio run_blocks = {curve->first + 2 * p, ROWS};
        const jc_ratio hits = {curve->first + 2 * p + 1, ROWS};
        out.lambda[p] = curve->lambda[p];
        out.layers[p] = jc_bootstrap_estimate(bootstrap, jc_statistic_ratio, &run_blocks);
        out.p1[p] = jc_bootstrap_estimate(bootstrap, jc_statistic_ratio, &hits);
    }
    out.blocks = jc_bootstrap_estimate(bootstrap, saved_of, &blocks);
    out.percent = jc_bootstrap_estimate(bootstrap, saved_of, &percent);
    return out;
}

static jc_status measure_all(const struct curve *curves, const jc_eval_run *run,
                             jc_bootstrap *bootstrap, jc_section *section, jc_error *err)
{
    figures *f = jc_section_room(section, 1, sizeof *f);
    uint32_t layers = run->taps - 1;
    jc_net_costs costs;

    if (f)
        f->curve = jc_section_room(section, run->n_methods, sizeof *f->curve);
    if (!f || !f->curve)
        return jc_fail_nomem(err, "early exit");
    jc_status st = jc_net_costs_of(&costs, run, err);
    if (st)
        return st;
    f->target = run->params->target;
    for (size_t m = 0; m < run->n_methods; m++) {
        f->curve[m] = measure(&curves[m], run, bootstrap);
        f->curve[m].net =
            jc_net_every_layer(&costs, layers - f->curve[m].blocks.value, layers, m);
    }
    jc_net_costs_free(&costs);
    section->figures = f;
    return JC_OK;
}

static jc_status finish(void *state, const jc_eval_run *run, jc_section *section,
                        jc_error *err)
{
    size_t n_sums;
    struct curve *curves = make_curves(run, &n_sums);
    double *sums = jc_alloc_array(n_sums, sizeof *sums);
    jc_bootstrap *bootstrap = NULL;
    jc_status st = curves && sums
                       ? jc_bootstrap_new(&bootstrap, n_sums, run->params->bootstrap,
                                          run->params->seed, err)
                       : jc_fail_nomem(err, "early exit");

    if (st == JC_OK)
        st = add_rows(state, run, curves, bootstrap, sums, n_sums, err);
    if (st == JC_OK)
        st = measure_all(curves, run, bootstrap, section, err);
    jc_bootstrap_free(bootstrap);
    jc_free(sums);
    jc_free(curves);
    return st;
}

static void write(const jc_section *section, jc_json *json, json_t *root)
{
    const figures *f = section->figures;
    json_t *exits = jc_put_object(json, root, "exit");
    json_t *all_saved = jc_put_object(json, root, "saved");

    jc_put_number(json, all_saved, "target", f->target);
    for (size_t m = 0; m < section->n_methods; m++) {
        const exit_curve *curve = &f->curve[m];
        json_t *points = jc_put_list(json, exits, section->methods[m]);
        json_t *saved = jc_put_object(json, all_saved, section->methods[m]);
        for (size_t p = 0; p < curve->n; p++) {
            json_t *point = jc_put_object(json, points, NULL);
            jc_put_number(json, point, "lambda", curve->lambda[p]);
            jc_put_estimate(json, point, "layers", "layers_ci", curve->layers[p]);
            jc_put_estimate(json, point, "p1", "p1_ci", curve->p1[p]);
        }
        jc_put_estimate(json, saved, "blocks", "blocks_ci", curve->blocks);
        jc_put_estimate(json, saved, "percent", "percent_ci", curve->percent);
        jc_put_number(json, saved, "flops", curve->net.flops);
        jc_put_number(json, saved, "bytes", curve->net.bytes);
    }
}

const jc_metric jc_metric_exit = {
    .info = {"exit", "early exit: mean blocks run against precision@1, and blocks saved at "
                     "the target precision"},
    .reads_out = true,
    .begin = begin,
    .add = add,
    .finish = finish,
    .write = write,
    .release = release,
};
