/* SPDX-License-Identifier: MIT */
/*
 * partway.c: rows through some of the blocks.
 *
 * Each call is a pass of its own, which begins with states that are uploaded. In the
 * generation plan a row's bits depend on its own sequence alone, so a token that is taken
 * through the blocks in several goes, beside any other tokens, has the bits of one step.
 */
#include "model/partway.h"

#include <string.h>

#include "model/pass.h"

struct jc_partway {
    const jc_model *model;
    jc_pass pass;
    jc_span *spans;
    size_t spans_capacity;
};

jc_status jc_partway_new(jc_partway **out, const jc_model *model, jc_error *err)
{
    jc_partway *way = jc_alloc_array(1, sizeof *way);

    *out = way;
    if (!way)
        return jc_fail_nomem(err, "a pass");
    way->model = model;
    return JC_OK;
}

void jc_partway_free(jc_partway *way)
{
    if (!way)
        return;
    jc_pass_release(&way->pass);
    jc_free(way->spans);
    jc_free(way);
}

static jc_status begin(jc_partway *way, const jc_stretch *stretches, size_t n,
                       jc_error *err)
{
    size_t rows = 0;

    if (!jc_grow(&way->spans, &way->spans_capacity, n, sizeof *way->spans))
        return jc_fail_nomem(err, "a pass");
    for (size_t s = 0; s < n; rows += stretches[s++].n)
        way->spans[s] = (jc_span){.ids = stretches[s].ids,
                                  .row = rows,
                                  .n = stretches[s].n,
                                  .seq = stretches[s].seq,
                                  .past = stretches[s].first,
                                  .parents = stretches[s].parents};
    way->pass.sink = (jc_sink){.take = NULL};
    return jc_pass_begin(&way->pass, way->model, JC_PLAN_GENERATION, way->spans, n, err);
}

/* States of the stretches to or from a register, whose rows are theirs in order. */
static jc_status move(const jc_partway *way, const jc_stretch *stretches, size_t n,
                      jc_reg reg, bool up, jc_error *err)
{
    jc_mat mat = jc_pass_reg(&way->pass, reg, way->model->hp.width);
    jc_status st = JC_OK;

    for (size_t s = 0; s < n && st == JC_OK; s++) {
        jc_mat rows = jc_mat_rows(mat, way->spans[s].row, stretches[s].n);
        st = up ? jc_mat_upload(rows, stretches[s].h, err)
                : jc_mat_download(stretches[s].h, rows, err);
    }
    return st;
}

jc_status jc_partway_run(jc_partway *way, const jc_stretch *stretches, size_t n,
                         uint32_t from, uint32_t to, jc_error *err)
{
    JC_USE_THREADS(way->model->threads);
    bool finite = true;
    jc_status st = begin(way, stretches, n, err);

    if (st == JC_OK)
        st = from == 0 ? jc_pass_embed(&way->pass, err)
                       : move(way, stretches, n, JC_REG_H, true, err);
    if (st == JC_OK)
        st = jc_pass_run(&way->pass, way->model->plain + from, to - from, NULL, 0, err);
    if (st == JC_OK)
        st = jc_all_finite(jc_pass_reg(&way->pass, JC_REG_H, way->model->hp.width), &finite,
                           err);
    if (st == JC_OK && !finite)
        return jc_fail(err, JC_E_NUMERIC,
                       "a hidden state of '%s' after block %u is not a finite number",
                       way->model->path, to);
    return st ? st : move(way, stretches, n, JC_REG_H, false, err);
}

/* y = the map of x; `between` has room for the rows between two layers. */
static jc_status apply(const jc_map_layers *map, jc_mat x, jc_mat between, jc_mat y,
                       jc_error *err)
{
    if (map->n == 0)
        return jc_copy(x, y, err);
    jc_mat first = map->n == 2 ? between : y;
    jc_status st = jc_linear_apply(map->layer[0], JC_PLAN_GENERATION, x, first, err);
    if (st || map->n == 1)
        return st;
    return jc_linear_apply(map->layer[1], JC_PLAN_GENERATION, first, y, err);
}

jc_status jc_partway_fill(jc_partway *way, const jc_stretch *stretches, size_t n,
                          uint32_t from, const jc_map_layers *maps, jc_error *err)
{
    static const jc_map_layers none = {.n = 0};
    JC_USE_THREADS(way->model->threads);
    size_t d = way->model->hp.width;
    jc_status st = begin(way, stretches, n, err);

    /* no operation before attention uses this register, unless parts are maps */
    if (st == JC_OK)
        st = move(way, stretches, n, JC_REG_Y, true, err);
    for (uint32_t j = from; j < way->model->hp.layers && st == JC_OK; j++) {
        jc_mat h = jc_pass_reg(&way->pass, JC_REG_H, d);
        jc_mat given = jc_pass_reg(&way->pass, JC_REG_Y, d);
        const jc_map_layers *map = maps ? &maps[j] : &none;
        /* the block's own attention writes this register only afterwards */
        st = apply(map, given, jc_pass_reg(&way->pass, JC_REG_A, map->rank), h, err);
        if (st == JC_OK)
            st = jc_pass_keys(&way->pass, j + 1, err);
    }
    return st;
}

void jc_partway_length(jc_seq *seq, size_t n)
{
    seq->length = n;
    seq->pending = 0;
}

void jc_partway_pending(jc_seq *seq, size_t n)
{
    seq->pending = n;
}

jc_status jc_partway_pick(jc_seq *seq, uint32_t to, const uint32_t *rows, size_t n,
                          jc_error *err)
{
    return jc_seq_move(seq, to, rows, n, err);
}

/* A loan of x for reading, and of y for writing, while the map runs. */
static jc_status map_loans(const jc_model *model, const jc_map_layers *map, const float *x,
                           size_t rows, float *between, float *y, jc_error *err)
{
    size_t d = model->hp.width;
    jc_loan in, out = {.home = NULL}, middle = {.home = NULL};
    jc_status st = jc_loan_read(&in, model->backend, x, rows, d, err);

    if (st)
        return st;
    st = jc_loan_write(&out, model->backend, y, rows, d, false, err);
    if (st == JC_OK && between)
        st = jc_loan_write(&middle, model->backend, between, rows, map->rank, false, err);
    if (st == JC_OK)
        st = apply(map, in.mat, middle.mat, out.mat, err);
    st = jc_loan_end(&middle, st, err);
    st = jc_loan_end(&out, st, err);
    return jc_loan_end(&in, st, err);
}

jc_status jc_partway_map(const jc_model *model, const jc_map_layers *map, const float *x,
                         size_t rows, float *y, jc_error *err)
{
    JC_USE_THREADS(model->threads);
    float *between = NULL;

    if (map->n == 0) {
        memcpy(y, x, rows * model->hp.width * sizeof *y);
        return JC_OK;
    }
    if (map->n == 2) {
        between = jc_matrix_new(rows, map->rank, sizeof *between);
        if (!between)
            return jc_fail_nomem(err, "a map");
    }
    jc_status st = map_loans(model, map, x, rows, between, y, err);
    jc_free(between);
    return st;
}

jc_status jc_partway_logits(const jc_model *model, const float *h, size_t n, float *logits,
                            jc_error *err)
{
    return jc_model_logits(model, JC_PLAN_GENERATION, h, n, logits, err);
}
