/* SPDX-License-Identifier: MIT */
#include "stats/near_gather.h"

#include <string.h>

#include "model/session.h"
#include "stats/gram.h"

struct jc_near_pass {
    jc_stats *stats;
    jc_batch *batch;
    jc_gram **grams; /* [n_near] */
    jc_tap *wanted;  /* [n_wanted]: taps inside blocks, of the session */
    size_t n_wanted;
    float *states; /* [nodes, rows, d] of a group */
    const float **pointers;
    size_t *rows; /* [rows]: of the batch, those that a group uses */
    size_t capacity, pointers_capacity, rows_capacity;
};

static size_t find_wanted(const jc_near_pass *p, jc_tap tap)
{
    size_t i = 0;

    while (i < p->n_wanted &&
           (p->wanted[i].block != tap.block || p->wanted[i].point != tap.point))
        i++;
    return i;
}

/* The taps inside blocks of all groups, behind those that are wanted already. */
static jc_status want(jc_near_pass *p, const jc_tap *inner, size_t had, jc_error *err)
{
    size_t most = had;

    for (size_t g = 0; g < p->stats->n_near; g++)
        most += p->stats->near[g].sums->nodes;
    p->wanted = jc_alloc_array(most + 1, sizeof *p->wanted);
    if (!p->wanted)
        return jc_fail_nomem(err, "the sums");
    if (had)
        memcpy(p->wanted, inner, had * sizeof *inner);
    p->n_wanted = had;
    for (size_t g = 0; g < p->stats->n_near; g++)
        for (uint32_t i = 0; i < p->stats->near[g].sums->nodes; i++) {
            jc_tap tap = p->stats->near[g].taps[i].tap;
            if (tap.point != JC_POINT_OUT && find_wanted(p, tap) == p->n_wanted)
                p->wanted[p->n_wanted++] = tap;
        }
    return p->n_wanted ? jc_batch_want(p->batch, p->wanted, p->n_wanted, err) : JC_OK;
}

jc_status jc_near_pass_new(jc_near_pass **out, jc_stats *stats, jc_batch *batch,
                           const jc_backend *backend, const jc_tap *inner, size_t had,
                           jc_error *err)
{
    jc_near_pass *p = jc_alloc_array(1, sizeof *p);

    *out = NULL;
    if (!p)
        return jc_fail_nomem(err, "the sums");
    p->stats = stats;
    p->batch = batch;
    p->grams = jc_alloc_array(stats->n_near + 1, sizeof(jc_gram *));
    jc_status st = p->grams ? want(p, inner, had, err) : jc_fail_nomem(err, "the sums");
    for (size_t g = 0; g < stats->n_near && st == JC_OK; g++) {
        st = jc_gram_new_of(&p->grams[g], stats->near[g].sums, backend, stats->n_near, err);
        if (st == JC_OK)
            st = jc_batch_reach(batch, stats->near[g].before, stats->near[g].after, err);
    }
    if (st) {
        jc_near_pass_free(p);
        return st;
    }
    *out = p;
    return JC_OK;
}

void jc_near_pass_free(jc_near_pass *pass)
{
    if (!pass)
        return;
    for (size_t g = 0; pass->grams && g < pass->stats->n_near; g++)
        jc_gram_free(pass->grams[g]);
    jc_free(pass->grams);
    jc_free(pass->wanted);
    jc_free(pass->states);
    jc_free(pass->pointers);
    jc_free(pass->rows);
    jc_free(pass);
}

/* The rows whose text has the tokens that the group looks at. */
static size_t choose_rows(jc_near_pass *p, const struct jc_near *near, size_t first,
                          size_t rows)
{
    size_t n = 0;

    for (size_t r = first; r < first + rows; r++)
        if (jc_batch_near(p->batch, r, -near->before) != SIZE_MAX &&
            jc_batch_near(p->batch, r, near->after) != SIZE_MAX)
            p->rows[n++] = r;
    return n;
}

static jc_status add_group(jc_near_pass *p, size_t g, size_t first, size_t rows,
                           jc_error *err)
{
    const struct jc_near *near = &p->stats->near[g];
    const jc_session *session = jc_batch_session(p->batch);
    size_t nodes = near->sums->nodes, d = near->sums->width;
    size_t n = choose_rows(p, near, first, rows);

    if (!jc_grow(&p->states, &p->capacity, nodes * n * d + 1, sizeof *p->states) ||
        !jc_grow(&p->pointers, &p->pointers_capacity, nodes, sizeof(const float *)))
        return jc_fail_nomem(err, "the sums");
    for (size_t i = 0; i < nodes; i++) {
        jc_tap tap = near->taps[i].tap;
        const float *from = tap.point == JC_POINT_OUT
                                ? jc_session_states(session, tap.block)
                                : jc_session_wanted(session, find_wanted(p, tap));
        float *to = p->states + i * n * d;
        for (size_t r = 0; r < n; r++) {
            size_t row = jc_batch_near(p->batch, p->rows[r], near->taps[i].offset);
            memcpy(to + r * d, from + row * d, d * sizeof *to);
        }
        p->pointers[i] = to;
    }
    return jc_gram_rows(p->grams[g], p->pointers, n, err);
}

jc_status jc_near_pass_add(jc_near_pass *pass, size_t first, size_t n, jc_error *err)
{
    jc_status st = JC_OK;

    if (!jc_grow(&pass->rows, &pass->rows_capacity, n, sizeof *pass->rows))
        return jc_fail_nomem(err, "the sums");
    for (size_t g = 0; g < pass->stats->n_near && st == JC_OK; g++)
        st = add_group(pass, g, first, n, err);
    return st;
}

jc_status jc_near_pass_cut(jc_near_pass *pass, bool only_frame, jc_error *err)
{
    jc_status st = JC_OK;

    for (size_t g = 0; g < pass->stats->n_near && st == JC_OK; g++) {
        st = jc_gram_cut(pass->grams[g], err);
        jc_gram_only_frame(pass->grams[g], only_frame);
    }
    return st;
}
