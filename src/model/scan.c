/* SPDX-License-Identifier: MIT */
/*
 * scan.c: a recurrence along the text in the place of attention: the state spaces of Mamba
 * 2 (2024) and the gated delta net of Qwen 3 Next (2025).
 *
 * A layer makes queries, keys, values, gates and steps of a token. Queries, keys and values
 * go through a short convolution; each head then has a state, which a token lets decay,
 * writes to and reads. A sequence keeps what the layer made of every token, and beside it a
 * state (scan.h). Tokens go through a state one after another by the same arithmetic in all
 * plans, so that a text that is cut, forked or extended along a path of a tree has the bits
 * of a fresh one.
 */
#include <math.h>
#include <string.h>

#include "kernels/vector.h"
#include "model/scan.h"

/* Scratch of one run, in host memory. */
struct made {
    float *row;  /* [rows, n_in]: what the layer makes */
    float *u;    /* [rows, kept] */
    float *seen; /* [tokens, kept]: of those from `from` on that the convolution reads */
    float *mixed;
    float *y; /* [rows, values] */
};

/* A span being run. */
struct run {
    const jc_op *op;
    const jc_pass *pass;
    const jc_span *span;
    struct made *made;
    jc_scan_state *state; /* NULL: the rows are the whole text */
    size_t from, before;  /* the first token of `mixed`, and tokens of `seen` before it */
    size_t channels, kept, values, size;
};

static void release(struct made *m)
{
    jc_free(m->row);
    jc_free(m->u);
    jc_free(m->seen);
    jc_free(m->mixed);
    jc_free(m->y);
}

/* ---- what is kept of a token ---- */

static void gather_row(const jc_model *model, const float *row, float *u)
{
    const jc_hparams *hp = &model->hp;
    size_t keys = hp->scan_keys * sizeof *u, width = hp->scan_width * sizeof *u;

    for (size_t h = 0; h < hp->scan_heads; h++) {
        jc_scan_at at = jc_scan_made(hp, h), to = jc_scan_kept(hp, h);
        memcpy(u + to.query, row + at.query, keys);
        memcpy(u + to.key, row + at.key, keys);
        memcpy(u + to.value, row + at.value, width);
        u[to.step] = row[at.step];
        if (hp->scan == JC_SCAN_DELTA)
            u[to.beta] = row[at.beta];
    }
}

static jc_status make(const jc_op *op, jc_pass *pass, struct made *m, jc_error *err)
{
    const jc_model *model = pass->model;
    size_t n = jc_rows_dim(&model->hp, JC_DIM_SCAN_IN), kept = jc_hparams_kept(&model->hp);
    jc_mat made = jc_pass_reg(pass, JC_REG_QKV, n);

    m->row = jc_matrix_new(pass->rows, n, sizeof *m->row);
    m->u = jc_matrix_new(pass->rows, kept, sizeof *m->u);
    if (!m->row || !m->u)
        return jc_fail_nomem(err, "a recurrent block");
    jc_status st = jc_linear_apply(op->scan->in, pass->plan,
                                   jc_pass_reg(pass, op->in, model->hp.width), made, err);
    if (st == JC_OK)
        st = jc_mat_download(m->row, made, err);
    for (size_t r = 0; r < pass->rows && st == JC_OK; r++)
        gather_row(model, m->row + r * n, m->u + r * kept);
    return st;
}

/* ---- the convolution ---- */

enum { ROWS = 32 }; /* of a task */

static jc_status convolve(void *arg, size_t task, jc_error *err)
{
    const struct run *r = arg;
    const jc_scan *scan = r->op->scan;
    size_t n = r->pass->model->hp.conv_tokens;
    size_t rows = r->span->past - r->from + r->span->n;
    long line[JC_CONV_MOST];

    (void)err;
    for (size_t t = task * ROWS; t < (task + 1) * ROWS && t < rows; t++) {
        float *out = r->made->mixed + t * r->kept;
        size_t at = r->before + t;
        jc_along_line(r->span, r->before + r->span->past - r->from, at, n, line);
        memcpy(out, r->made->seen + at * r->kept, r->kept * sizeof *out);
        for (size_t c = 0; c < r->channels; c++) {
            float sum = scan->bias ? scan->bias[c] : 0;
            for (size_t k = 0; k < n; k++)
                if (line[k] >= 0)
                    sum += scan->weight[c * n + k] *
                           r->made->seen[(size_t)line[k] * r->kept + c];
            out[c] = sum;
        }
        jc_vector_get()->act(JC_ACT_SILU, r->channels, out);
    }
    return JC_OK;
}

/* ---- heads ---- */

static double softplus(double x)
{
    return x > 30 ? x : log1p(exp(x));
}

/* x / sqrt(sum of x^2 + 1e-6), times `scale` */
static void normalise(const float *x, size_t n, double scale, float *out)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    float by = (float)(scale / sqrt(sum + 1e-6));
    for (size_t i = 0; i < n; i++)
        out[i] = by * x[i];
}

/* Row t of `mixed` for a head; `spare` [2 keys] holds what is made for it. */
static jc_recurrence token_of(const struct run *r, size_t h, size_t t, float *spare)
{
    const jc_hparams *hp = &r->pass->model->hp;
    const jc_scan *scan = r->op->scan;
    jc_scan_at at = jc_scan_kept(hp, h);
    const float *x = r->made->mixed + t * r->kept;
    double step = softplus((double)x[at.step] + (double)scan->step[h]);
    jc_recurrence token = {.n = hp->scan_keys,
                           .width = hp->scan_width,
                           .delta = hp->scan == JC_SCAN_DELTA,
                           .key = x + at.key,
                           .query = x + at.query,
                           .value = x + at.value};

    if (!token.delta)
        step = fmin(fmax(step, hp->step_least), hp->step_most);
    token.keep = (float)exp(step * (double)scan->decay[h]);
    token.write = (float)step;
    if (!token.delta)
        return token;
    token.write = (float)(1 / (1 + exp(-(double)x[at.beta])));
    normalise(token.key, token.n, 1, spare);
    normalise(token.query, token.n, 1 / sqrt((double)token.n), spare + token.n);
    token.key = spare;
    token.query = spare + token.n;
    return token;
}

/* Scratch of a head: a state for each row of a tree, or one. */
struct head {
    float *states, *spare, *keys;
};

static bool reserve_head(struct head *s, const struct run *r)
{
    const jc_hparams *hp = &r->pass->model->hp;
    size_t n = r->span->parents ? r->span->n : 1;

    s->states = jc_matrix_new(n + 1, r->size, sizeof *s->states);
    s->spare = jc_matrix_new(hp->scan_width, 1, sizeof *s->spare);
    s->keys = jc_matrix_new(2, hp->scan_keys, sizeof *s->keys);
    return s->states && s->spare && s->keys;
}

/* The tokens of the past that the base lacks, then the rows: y [rows, values]. */
static void run_tokens(const struct run *r, size_t h, struct head *s)
{
    const jc_span *span = r->span;
    size_t caught_up = span->past - r->from, bytes = r->size * sizeof(float);
    size_t width = r->pass->model->hp.scan_width;
    float *base = r->state ? r->state->base + h * r->size : s->states;
    float *now = s->states + r->size;

    if (!r->state)
        memset(base, 0, bytes);
    for (size_t t = 0; t < caught_up; t++) {
        const jc_recurrence token = token_of(r, h, t, s->keys);
        jc_recur(&token, base, NULL, s->spare);
    }
    for (size_t i = 0; i < span->n; i++) {
        const jc_recurrence token = token_of(r, h, caught_up + i, s->keys);
        if (span->parents) {
            now = s->states + (i + 1) * r->size;
            int32_t parent = span->parents[i];
            memcpy(now, parent < 0 ? base : s->states + (size_t)(parent + 1) * r->size,
                   bytes);
        } else if (i == 0) {
            memcpy(now, base, bytes);
        }
        float *y = r->made->y + (span->row + i) * r->values + h * width;
        jc_recur(&token, now, y, s->spare);
        if (r->op->scan->skip)
            for (size_t k = 0; k < width; k++)
                y[k] += r->op->scan->skip[h] * token.value[k];
    }
    if (r->state && !span->parents)
        memcpy(r->state->tip + h * r->size, now, bytes);
}

static jc_status run_head(void *arg, size_t h, jc_error *err)
{
    const struct run *r = arg;
    struct head scratch = {NULL, NULL, NULL};
    bool ok = reserve_head(&scratch, r);

    if (ok)
        run_tokens(r, h, &scratch);
    jc_free(scratch.states);
    jc_free(scratch.spare);
    jc_free(scratch.keys);
    return ok ? JC_OK : jc_fail_nomem(err, "a recurrent block");
}

/* ---- a span ---- */

/* Its state, and from which token on the convolution and the heads have to go. */
static void settle(struct run *r)
{
    size_t past = r->span->past, most = r->pass->model->hp.conv_tokens - 1;

    r->from = past;
    if (r->span->seq) {
        r->state = &r->span->seq->states[r->op->block - 1];
        jc_scan_settle(r->state, past, jc_scan_size(&r->pass->model->hp));
        r->from = r->state->base_at;
    }
    r->before = r->from < most ? r->from : most;
}

static jc_status run_span(struct run *r, jc_error *err)
{
    const jc_span *span = r->span;
    struct made *m = r->made;

    settle(r);
    size_t rows = span->past - r->from + span->n;
    jc_free(m->seen);
    jc_free(m->mixed);
    m->seen = jc_matrix_new(r->before + rows, r->kept, sizeof *m->seen);
    m->mixed = jc_matrix_new(rows, r->kept, sizeof *m->mixed);
    if (!m->seen || !m->mixed)
        return jc_fail_nomem(err, "a recurrent block");
    jc_status st = jc_along_keep(r->op, r->pass, span, m->u, r->kept, err);
    if (st == JC_OK)
        st = jc_along_see(r->op, r->pass, span, r->before + span->past - r->from, m->u,
                          r->kept, m->seen, err);
    if (st == JC_OK)
        st = jc_parallel((rows + ROWS - 1) / ROWS, convolve, r, err);
    if (st == JC_OK)
        st = jc_parallel(r->pass->model->hp.scan_heads, run_head, r, err);
    if (!r->state)
        return st;
    if (st) { /* some heads may have gone further than others */
        jc_scan_forget(r->state, 0);
        return st;
    }
    r->state->base_at = span->past;
    r->state->tip_at = span->past + span->n;
    r->state->holds = !span->parents;
    return JC_OK;
}

/* ---- the gate and its norm ---- */

/* Mamba 2 norms what the gate has let through, in groups; the delta rule norms each head,
 * which then passes the gate. */
static void finish_row(const struct run *r, size_t row)
{
    const jc_model *model = r->pass->model;
    const jc_hparams *hp = &model->hp;
    bool delta = hp->scan == JC_SCAN_DELTA;
    size_t n = jc_rows_dim(hp, JC_DIM_SCAN_IN), w = hp->scan_width;
    size_t norms = delta ? hp->scan_heads : hp->scan_groups, width = r->values / norms;
    float *y = r->made->y + row * r->values, *gates = r->made->row + row * n;

    for (size_t h = 0; h < hp->scan_heads; h++) {
        float *gate = gates + jc_scan_made(hp, h).gate;
        jc_vector_get()->act(JC_ACT_SILU, w, gate);
        for (size_t k = 0; !delta && k < w; k++)
            y[h * w + k] *= gate[k];
    }
    for (size_t i = 0, at = 0; i < norms; i++, at += width) {
        const jc_norm norm = {.kind = JC_NORM_RMS,
                              .eps = hp->eps,
                              .d = width,
                              .weight = r->op->scan->norm + (delta ? 0 : at)};
        jc_vector_get()->norm(&norm, y + at, y + at);
        const float *gate = gates + jc_scan_made(hp, i).gate;
        for (size_t k = 0; delta && k < w; k++)
            y[at + k] *= gate[k];
    }
}

static jc_status finish(void *arg, size_t task, jc_error *err)
{
    const struct run *r = arg;

    (void)err;
    for (size_t i = task * ROWS; i < (task + 1) * ROWS && i < r->pass->rows; i++)
        finish_row(r, i);
    return JC_OK;
}

static struct run begin(const jc_op *op, const jc_pass *pass, struct made *made)
{
    const jc_hparams *hp = &pass->model->hp;

    return (struct run){.op = op,
                        .pass = pass,
                        .made = made,
                        .kept = jc_hparams_kept(hp),
                        .channels = jc_rows_dim(hp, JC_DIM_SCAN_MIXED),
                        .values = jc_rows_dim(hp, JC_DIM_SCAN_VALUES),
                        .size = (size_t)hp->scan_keys * hp->scan_width};
}

jc_status jc_op_scan_keys(const jc_op *op, jc_pass *pass, jc_error *err)
{
    struct made made = {.row = NULL};
    jc_status st = make(op, pass, &made, err);

    for (size_t s = 0; s < pass->n_spans && st == JC_OK; s++) {
        const jc_span *span = &pass->spans[s];
        if (span->seq)
            jc_scan_settle(&span->seq->states[op->block - 1], span->past,
                           jc_scan_size(&pass->model->hp));
        st = jc_along_keep(op, pass, span, made.u, jc_hparams_kept(&pass->model->hp), err);
    }
    release(&made);
    return st;
}

jc_status jc_op_scan(const jc_op *op, jc_pass *pass, jc_error *err)
{
    struct made made = {.row = NULL};
    struct run run = begin(op, pass, &made);

    if (pass->maps && pass->maps->map[JC_PART_ATTN])
        return JC_OK;
    jc_status st = make(op, pass, &made, err);
    made.y = jc_matrix_new(pass->rows, run.values, sizeof *made.y);
    if (st == JC_OK && !made.y)
        st = jc_fail_nomem(err, "a recurrent block");
    for (size_t s = 0; s < pass->n_spans && st == JC_OK; s++) {
        run.span = &pass->spans[s];
        run.state = NULL;
        st = run_span(&run, err);
    }
    if (st == JC_OK)
        st = jc_parallel((pass->rows + ROWS - 1) / ROWS, finish, &run, err);
    if (st == JC_OK)
        st = jc_mat_upload(jc_pass_reg(pass, op->out, run.values), made.y, err);
    release(&made);
    return st;
}
