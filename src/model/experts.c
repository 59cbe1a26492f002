/* SPDX-License-Identifier: MIT */
/*
 * experts.c: a mixture of experts in the place of a block's MLP (Shazeer et al. 2017).
 *
 * A router, a linear layer in float32, scores the experts for each row; the row takes the
 * best few, and the softmax of their scores says what share each has. The rows of an expert
 * are gathered and run as one, and an expert that no row takes is not read. A row adds up
 * its experts in their order, so its bits do not depend on which other rows there are.
 */
#include <math.h>
#include <string.h>

#include "model/ops.h"

/* ---- loading ---- */

jc_status jc_mixture_load(jc_mixture **out, const jc_model *model, uint32_t block,
                          jc_error *err)
{
    jc_status st = JC_OK;

    *out = NULL;
    if (!jc_hparams_sparse(&model->hp, block))
        return JC_OK;
    jc_mixture *m = *out = jc_alloc_array(1, sizeof *m);
    if (m)
        m->experts = jc_alloc_array(model->hp.experts, sizeof *m->experts);
    if (!m || !m->experts)
        return jc_fail_nomem(err, "the experts");
    m->n = model->hp.experts;
    st = jc_weights_router(&m->router, model, JC_W_ROUTER, block, err);
    size_t n_bias;
    if (st == JC_OK)
        st = jc_weights_vector(model, JC_W_CHOICE_BIAS, block, 0, &m->choice_bias, &n_bias,
                               err);
    if (st == JC_OK)
        st = jc_weights_router(&m->shared_gate, model, JC_W_SHARED_GATE, block, err);
    if (st == JC_OK)
        st = jc_weights_expert(&m->shared_up, model, JC_W_SHARED_UP, block, 0, err);
    if (st == JC_OK)
        st = jc_weights_expert(&m->shared_down, model, JC_W_SHARED_DOWN, block, 0, err);
    for (uint32_t e = 0; e < m->n && st == JC_OK; e++) {
        st = jc_weights_expert(&m->experts[e].up, model, JC_W_EXPERT_UP, block, e, err);
        if (st == JC_OK)
            st = jc_weights_expert(&m->experts[e].down, model, JC_W_EXPERT_DOWN, block, e,
                                   err);
    }
    return st;
}

void jc_mixture_free(jc_mixture *m)
{
    if (!m)
        return;
    for (size_t e = 0; e < m->n; e++) {
        jc_linear_free(m->experts[e].up);
        jc_linear_free(m->experts[e].down);
    }
    jc_linear_free(m->router);
    jc_free(m->choice_bias);
    jc_linear_free(m->shared_gate);
    jc_linear_free(m->shared_up);
    jc_linear_free(m->shared_down);
    jc_free(m->experts);
    jc_free(m);
}

size_t jc_mixture_bytes(const jc_mixture *m)
{
    size_t bytes = 0;

    if (!m)
        return 0;
    for (size_t e = 0; e < m->n; e++)
        bytes += jc_linear_bytes(m->experts[e].up) + jc_linear_bytes(m->experts[e].down);
    return bytes + jc_linear_bytes(m->router) + jc_linear_bytes(m->shared_gate) +
           jc_linear_bytes(m->shared_up) + jc_linear_bytes(m->shared_down);
}

/* ---- running ---- */

/* The sum of the best scores of a group of experts. */
static double group_score(const jc_hparams *hp, const float *scores, size_t group)
{
    size_t n = hp->experts / hp->expert_groups;
    double best[2] = {-HUGE_VAL, -HUGE_VAL};

    for (size_t e = group * n; e < (group + 1) * n; e++) {
        double x = (double)scores[e];
        if (x > best[0]) {
            best[1] = best[0];
            best[0] = x;
        } else if (x > best[1]) {
            best[1] = x;
        }
    }
    return hp->expert_group_best > 1 ? best[0] + best[1] : best[0];
}

/* Scores of experts outside the best groups become -infinity. */
static void limit_groups(const jc_hparams *hp, float *scores)
{
    size_t groups = hp->expert_groups, n = hp->experts / groups;

    for (size_t drop = hp->expert_groups_used; drop < groups; drop++) {
        size_t worst = groups;
        double least = HUGE_VAL;
        for (size_t g = groups; g-- > 0;) {
            double score = group_score(hp, scores, g);
            if (isfinite(score) && score < least) {
                least = score;
                worst = g;
            }
        }
        for (size_t e = worst * n; worst < groups && e < (worst + 1) * n; e++)
            scores[e] = -INFINITY;
    }
}

/* The best few of scores [n]. */
static void take_best(const jc_hparams *hp, const float *scores, bool *taken)
{
    size_t n = hp->experts;

    memset(taken, 0, n * sizeof *taken);
    for (size_t k = 0; k < hp->experts_used; k++) {
        size_t at = n;
        for (size_t e = 0; e < n; e++)
            if (!taken[e] && (at == n || scores[e] > scores[at]))
                at = e;
        taken[at] = true;
    }
}

/* Scores [n] as the router gives them become parts of one, or sigmoids. */
static void weigh(const jc_hparams *hp, float *scores)
{
    size_t n = hp->experts;
    double best = -HUGE_VAL, sum = 0;

    for (size_t e = 0; e < n; e++)
        best = fmax(best, (double)scores[e]);
    for (size_t e = 0; e < n; e++)
        sum += exp((double)scores[e] - best);
    for (size_t e = 0; e < n; e++)
        scores[e] = (float)(hp->router_sigmoid ? 1 / (1 + exp(-(double)scores[e]))
                                               : exp((double)scores[e] - best) / sum);
}

/* One row's scores [n] become shares: 0 for experts that it does not take. `spare` [n]. */
static void choose(const jc_hparams *hp, const jc_mixture *m, float *scores, bool *taken,
                   float *spare)
{
    size_t n = hp->experts;
    double sum = 0;

    memcpy(spare, scores,
           n * sizeof *spare); /* parts of one may be the same after rounding */
    weigh(hp, scores);
    for (size_t e = 0; m->choice_bias && e < n; e++)
        spare[e] = scores[e] + m->choice_bias[e];
    if (hp->expert_groups > 1)
        limit_groups(hp, spare);
    take_best(hp, spare, taken);
    for (size_t e = 0; e < n; e++)
        sum += taken[e] ? (double)scores[e] : 0;
    double scale = hp->routed_scale / (hp->shares_chosen ? sum : 1);
    for (size_t e = 0; e < n; e++)
        scores[e] = taken[e] ? (float)((double)scores[e] * scale) : 0;
}

/* Rows of an expert: scratch of one run. */
struct group {
    float *scores; /* [rows, experts] */
    float *shares; /* [rows] */
    size_t *rows;  /* [rows] */
    bool *taken;   /* [rows, experts] */
    float *spare;  /* [experts] */
    size_t n;
};

static void release(struct group *g)
{
    jc_free(g->scores);
    jc_free(g->shares);
    jc_free(g->rows);
    jc_free(g->taken);
    jc_free(g->spare);
}

static jc_status reserve(struct group *g, size_t rows, size_t experts, jc_error *err)
{
    g->scores = jc_matrix_new(rows, experts, sizeof *g->scores);
    g->taken = jc_matrix_new(rows, experts, sizeof *g->taken);
    g->shares = jc_matrix_new(rows, 1, sizeof *g->shares);
    g->spare = jc_matrix_new(experts, 1, sizeof *g->spare);
    g->rows = jc_matrix_new(rows, 1, sizeof *g->rows);
    return g->scores && g->taken && g->shares && g->rows && g->spare
               ? JC_OK
               : jc_fail_nomem(err, "the experts");
}

/* Rows [n] of what an expert reads *= their shares, which are then 1. */
static jc_status share_before(const struct group *g, jc_mat y, jc_error *err)
{
    jc_status st = jc_scale_rows(g->shares, y, err);

    for (size_t r = 0; r < g->n; r++)
        g->shares[r] = 1;
    return st;
}

/* out's rows += their shares of down(gate(up(in's rows))). */
static jc_status add_mlp(const jc_op *op, jc_pass *pass, const jc_linear *up,
                         const jc_linear *down, size_t width, const struct group *g,
                         jc_error *err)
{
    const jc_hparams *hp = &pass->model->hp;
    size_t n = g->n, d = hp->width;
    jc_mat y = jc_mat_rows(jc_pass_reg(pass, JC_REG_Y, d), 0, n);
    jc_mat both = jc_mat_rows(jc_pass_reg(pass, JC_REG_GATED, 2 * width), 0, n);
    jc_mat ff = jc_mat_rows(jc_pass_reg(pass, JC_REG_FF, width), 0, n);
    jc_status st = jc_gather(jc_pass_reg(pass, op->in, d), g->rows, y, err);

    if (st == JC_OK && hp->shares_before)
        st = share_before(g, y, err);
    if (st == JC_OK)
        st = jc_linear_apply(up, pass->plan, y, both, err);
    if (st == JC_OK)
        st = hp->gate_limit > 0 ? jc_gate_clamped((float)hp->gate_limit, both, ff, err)
                                : jc_gate(hp->act, both, ff, err);
    if (st == JC_OK)
        st = jc_linear_apply(down, pass->plan, ff, y, err);
    return st ? st : jc_scatter(y, g->rows, g->shares, jc_pass_reg(pass, op->out, d), err);
}

/* What every row takes, with a share of its own where there is a gate. */
static jc_status add_shared(const jc_op *op, jc_pass *pass, struct group *g, jc_error *err)
{
    const jc_mixture *m = op->mixture;
    jc_mat in = jc_pass_reg(pass, op->in, pass->model->hp.width);
    jc_mat gate = jc_pass_reg(pass, JC_REG_ROUTER, 1);
    jc_status st = JC_OK;

    if (m->shared_gate)
        st = jc_linear_apply(m->shared_gate, pass->plan, in, gate, err);
    if (st == JC_OK && m->shared_gate)
        st = jc_mat_download(g->shares, gate, err);
    g->n = pass->rows;
    for (size_t r = 0; r < g->n; r++) {
        double x = (double)g->shares[r];
        g->shares[r] = m->shared_gate ? (float)(1 / (1 + exp(-x))) : 1;
        g->rows[r] = r;
    }
    return st ? st
              : add_mlp(op, pass, m->shared_up, m->shared_down,
                        pass->model->hp.shared_width, g, err);
}

static jc_status mix(const jc_op *op, jc_pass *pass, struct group *g, jc_error *err)
{
    const jc_hparams *hp = &pass->model->hp;
    size_t n = hp->experts;
    jc_mat scores = jc_pass_reg(pass, JC_REG_ROUTER, n);
    jc_status st = jc_linear_apply(op->mixture->router, pass->plan,
                                   jc_pass_reg(pass, op->in, hp->width), scores, err);

    if (st == JC_OK)
        st = jc_mat_download(g->scores, scores, err);
    if (st == JC_OK)
        st = jc_zero(jc_pass_reg(pass, op->out, hp->width), err);
    for (size_t r = 0; r < pass->rows && st == JC_OK; r++)
        choose(hp, op->mixture, g->scores + r * n, g->taken + r * n, g->spare);
    if (st == JC_OK && pass->sink.shares)
        st = pass->sink.shares(pass->sink.arg, op->block, g->scores, err);
    for (size_t e = 0; e < n && st == JC_OK; e++) {
        g->n = 0;
        for (size_t r = 0; r < pass->rows; r++)
            if (g->taken[r * n + e]) {
                g->rows[g->n] = r;
                g->shares[g->n++] = g->scores[r * n + e];
            }
        if (g->n)
            st = add_mlp(op, pass, op->mixture->experts[e].up, op->mixture->experts[e].down,
                         hp->expert_width, g, err);
    }
    if (st == JC_OK && op->mixture->shared_up)
        st = add_shared(op, pass, g, err);
    return st;
}

jc_status jc_op_experts(const jc_op *op, jc_pass *pass, jc_error *err)
{
    struct group group = {.n = 0};

    if (pass->maps && pass->maps->map[JC_PART_MLP])
        return JC_OK;
    jc_status st = reserve(&group, pass->rows, pass->model->hp.experts, err);
    if (st == JC_OK)
        st = mix(op, pass, &group, err);
    release(&group);
    return st;
}
