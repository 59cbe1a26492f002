/* SPDX-License-Identifier: MIT */
/*
 * block.c: the runner. One block over the rows of a batch: texts lie one after another
 * without padding, so nothing can leak from one to the next but through attention, and
 * attention is told where each begins and ends. Each point of the block is shown to who
 * watches, and each part may be a map instead.
 */
#include "model/block.h"

#include <string.h>

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

void jc_work_release(jc_work *work)
{
    jc_free(work->h);
    jc_free(work->x);
    jc_free(work->spare);
    jc_free(work->qkv);
    jc_free(work->ff);
    jc_free(work->gated);
    jc_free(work->turns);
    jc_free(work->heads);
    memset(work, 0, sizeof *work);
}

jc_status jc_work_reserve(jc_work *work, const jc_model *model, size_t rows, size_t texts,
                          jc_error *err)
{
    const jc_hparams *hp = &model->hp;
    size_t d = hp->width, heads, turned = 2 * model->rotary.half;
    size_t gated = model->arch->gated ? 2 * (size_t)hp->ff_width : 0;

    if (rows > work->capacity) {
        jc_work_release(work);
        work->h = jc_matrix_new(rows, d, sizeof(float));
        work->x = jc_matrix_new(rows, larger(hp->q_width, d), sizeof(float));
        work->spare = jc_matrix_new(rows, d, sizeof(float));
        work->qkv =
            jc_matrix_new(rows, larger(hp->q_width + 2 * hp->kv_width, d), sizeof(float));
        work->ff = jc_matrix_new(rows, larger(hp->ff_width, d), sizeof(float));
        if (gated)
            work->gated = jc_matrix_new(rows, gated, sizeof(float));
        if (turned)
            work->turns = jc_matrix_new(rows, turned, sizeof(float));
        if (!work->h || !work->x || !work->spare || !work->qkv || !work->ff ||
            (gated && !work->gated) || (turned && !work->turns)) {
            jc_work_release(work);
            return jc_fail_nomem(err, "a batch of texts");
        }
        work->capacity = rows;
    }
    if (!jc_mul(texts, hp->heads, &heads) ||
        !jc_grow(&work->heads, &work->heads_capacity, heads, sizeof *work->heads))
        return jc_fail_nomem(err, "a batch of texts");
    work->rows = rows;
    return JC_OK;
}

/* A block that is run: what the steps below share. */
typedef struct run {
    const jc_model *model;
    uint32_t l; /* from 0 */
    const jc_block *b;
    jc_work *work;
    const jc_span *spans; /* [n_spans] */
    size_t n_spans;
} run;

static const jc_linear *map_of(const run *r, jc_part part)
{
    return r->work->maps ? r->work->maps->map[part] : NULL;
}

static void show(const run *r, jc_point point, const float *x)
{
    const jc_watch *watch = &r->work->watch;

    if (watch->see)
        watch->see(watch->arg, (jc_tap){r->l + 1, point}, x);
}

/* out = the norm of h, or h where the model has no such norm; out may be h. */
static jc_status norm(const run *r, jc_part part, const jc_norm_weights *weights,
                      float *out, jc_error *err)
{
    const jc_work *work = r->work;
    const jc_linear *map = map_of(r, part);
    size_t d = r->model->hp.width;
    const float *from = work->h;
    jc_status st = JC_OK;

    if (map) {
        float *y = out == work->h ? work->spare : out;
        st = jc_linear_run(map, work->h, work->rows, y, err);
        from = y;
    } else if (weights->weight) {
        jc_model_norm(r->model, weights, work->rows, 1, d, work->h, out);
        from = out;
    }
    if (from != out && st == JC_OK)
        memcpy(out, from, work->rows * d * sizeof *out);
    if (st == JC_OK)
        show(r, part == JC_PART_LN1 ? JC_POINT_LN1 : JC_POINT_LN2, out);
    return st;
}

/* x = attention of in [rows, width], to its last layer; or qkv = what a map has in its
 * place. */
static jc_status attend(const run *r, const float *in, jc_error *err)
{
    const jc_linear *map = map_of(r, JC_PART_ATTN);

    return map ? jc_linear_run(map, in, r->work->rows, r->work->qkv, err)
               : jc_block_attend(r->model, r->l, in, r->work, r->spans, r->n_spans, err);
}

/* ff = the inside of the MLP, of in [rows, width]; or what a map has in the MLP's place. */
static jc_status widen(const run *r, const float *in, jc_error *err)
{
    const jc_work *work = r->work;
    const jc_linear *map = map_of(r, JC_PART_MLP);
    bool gated = r->model->arch->gated;

    if (map)
        return jc_linear_run(map, in, work->rows, work->ff, err);
    jc_status st =
        jc_linear_run(r->b->up, in, work->rows, gated ? work->gated : work->ff, err);
    if (st == JC_OK && gated)
        jc_gate(r->model->backend, r->model->hp.act, work->rows, r->model->hp.ff_width,
                work->gated, work->ff);
    return st;
}

/* A half of a block, once its inside has been computed. */
typedef struct half {
    jc_part part;
    const jc_linear *last;
    const jc_norm_weights *after; /* the norm of what is added, if any */
    const float *inside;          /* what `last` is given */
    const float *mapped;          /* or what is added, where a map stands for the half */
    jc_point added, sum;          /* the points of what is added, and of h then */
} half;

static half attention_half(const run *r)
{
    return (half){JC_PART_ATTN, r->b->out,     &r->b->norm1_after, r->work->x,
                  r->work->qkv, JC_POINT_ATTN, JC_POINT_MID};
}

static half mlp_half(const run *r)
{
    return (half){JC_PART_MLP, r->b->down,   &r->b->norm2_after, r->work->ff,
                  r->work->ff, JC_POINT_MLP, JC_POINT_SUM};
}

/* What the half adds, in `spare`. */
static jc_status make_added(const run *r, const half *which, jc_error *err)
{
    const jc_work *work = r->work;
    size_t d = r->model->hp.width;

    memset(work->spare, 0, work->rows * d * sizeof *work->spare);
    jc_status st = jc_linear_run(which->last, which->inside, work->rows, work->spare, err);
    if (st == JC_OK && which->after->weight)
        jc_model_norm(r->model, which->after, work->rows, 1, d, work->spare, work->spare);
    return st;
}

/* h += what the half adds. The layer adds by itself where nothing stands between. */
static jc_status add(const run *r, const half *which, jc_error *err)
{
    const jc_work *work = r->work;
    bool mapped = map_of(r, which->part);
    jc_status st = JC_OK;

    if (!mapped && !which->after->weight && !work->watch.added) {
        st = jc_linear_run(which->last, which->inside, work->rows, work->h, err);
    } else {
        const float *added = mapped ? which->mapped : work->spare;
        st = mapped ? JC_OK : make_added(r, which, err);
        if (st)
            return st;
        show(r, which->added, added);
        for (size_t i = 0; i < work->rows * r->model->hp.width; i++)
            work->h[i] += added[i];
    }
    if (st == JC_OK)
        show(r, which->sum, work->h);
    return st;
}

/* h = norm(h + f(h)) in both halves. */
static jc_status run_post_norm(const run *r, jc_error *err)
{
    const half attention = attention_half(r), mlp = mlp_half(r);
    float *h = r->work->h;
    jc_status st = attend(r, h, err);

    if (st == JC_OK)
        st = add(r, &attention, err);
    if (st == JC_OK)
        st = norm(r, JC_PART_LN1, &r->b->norm1, h, err);
    if (st == JC_OK)
        st = widen(r, h, err);
    if (st == JC_OK)
        st = add(r, &mlp, err);
    return st ? st : norm(r, JC_PART_LN2, &r->b->norm2, h, err);
}

/* h += f(norm(h)) in both halves, one after the other or both of the block's input. */
static jc_status run_pre_norm(const run *r, jc_error *err)
{
    const half attention = attention_half(r), mlp = mlp_half(r);
    jc_work *work = r->work;
    bool parallel = r->model->hp.parallel;
    float *in = parallel ? work->spare : work->x; /* of the MLP */
    jc_status st = norm(r, JC_PART_LN1, &r->b->norm1, work->x, err);

    if (st == JC_OK)
        st = attend(r, work->x, err);
    if (st == JC_OK && !parallel)
        st = add(r, &attention, err);
    if (st == JC_OK)
        st = norm(r, JC_PART_LN2, &r->b->norm2, in, err);
    if (st == JC_OK)
        st = widen(r, in, err);
    if (st == JC_OK && parallel)
        st = add(r, &attention, err);
    return st ? st : add(r, &mlp, err);
}

jc_status jc_block_run(const jc_model *model, uint32_t l, jc_work *work,
                       const jc_span *spans, size_t n_spans, jc_error *err)
{
    const run r = {model, l, &model->blocks[l], work, spans, n_spans};
    jc_status st = model->hp.norm_before ? run_pre_norm(&r, err) : run_post_norm(&r, err);

    if (st == JC_OK)
        show(&r, JC_POINT_OUT, work->h);
    return st;
}
