/* SPDX-License-Identifier: MIT */
/* moments_parts.c: the nodes of sums that lie inside blocks, for maps of parts of blocks
 * (Yom Din et al. 2024, section 6). */
#include "stats/moments.h"

#include <string.h>

uint32_t jc_stats_node(const jc_stats *stats, jc_tap tap)
{
    if (tap.point == JC_POINT_OUT)
        return tap.block < stats->taps ? tap.block : UINT32_MAX;
    for (uint32_t i = stats->taps; i < stats->nodes; i++) {
        const jc_tap *inner = &stats->inner[i - stats->taps];
        if (inner->block == tap.block && inner->point == tap.point)
            return i;
    }
    return UINT32_MAX;
}

jc_tap jc_stats_tap(const jc_stats *stats, uint32_t node)
{
    return node < stats->taps ? (jc_tap){node, JC_POINT_OUT}
                              : stats->inner[node - stats->taps];
}

bool jc_stats_same_parts(const jc_stats *a, const jc_stats *b)
{
    if (a->n_parts != b->n_parts || a->nodes != b->nodes)
        return false;
    for (size_t i = 0; i < a->n_parts; i++) {
        const jc_stats_part *x = &a->parts[i], *y = &b->parts[i];
        if (x->block != y->block || x->part != y->part || x->from.block != y->from.block ||
            x->from.point != y->from.point || x->to.block != y->to.block ||
            x->to.point != y->to.point)
            return false;
    }
    return true;
}

jc_status jc_stats_parts_of(const jc_model *model, jc_stats_part **parts, size_t *n,
                            jc_error *err)
{
    uint32_t layers = jc_model_get_info(model)->layers;

    *n = 0;
    *parts = jc_alloc_array((size_t)layers * JC_PARTS, sizeof **parts);
    if (!*parts)
        return jc_fail_nomem(err, "parts of blocks");
    for (uint32_t block = 1; block <= layers; block++)
        for (jc_part part = 0; part < JC_PARTS; part++) {
            jc_stats_part *p = &(*parts)[*n];
            *p = (jc_stats_part){.block = block, .part = part};
            *n += jc_model_part(model, block, part, &p->from, &p->to);
        }
    return JC_OK;
}

/* The node of a tap, made where there is none; there is room. */
static uint32_t make_node(jc_stats *s, jc_tap tap)
{
    uint32_t node = jc_stats_node(s, tap);

    if (node != UINT32_MAX)
        return node;
    s->inner[s->nodes - s->taps] = tap;
    return s->nodes++;
}

/* The arrays of `old` nodes, for as many as there are now. */
static jc_status widen(jc_stats *s, uint32_t old, jc_error *err)
{
    size_t n = s->nodes;
    double *mean = jc_matrix_new(n, s->width, sizeof *mean);
    double *square = jc_matrix_new(n, s->width, sizeof *square);
    double **cross = jc_matrix_new(n, n, sizeof *cross);

    if (!mean || !square || !cross) {
        jc_free(mean);
        jc_free(square);
        jc_free(cross);
        s->nodes = old;
        return jc_fail_nomem(err, "sums of parts of blocks");
    }
    for (uint32_t i = 0; i < old; i++)
        memcpy(cross + i * n, s->cross + (size_t)i * old, old * sizeof(double *));
    jc_free(s->mean);
    jc_free(s->square);
    jc_free(s->cross);
    s->mean = mean;
    s->square = square;
    s->cross = cross;
    return JC_OK;
}

jc_status jc_stats_add_parts(jc_stats *stats, const jc_stats_part *parts, size_t n,
                             jc_error *err)
{
    uint32_t old = stats->nodes;

    if (n == 0)
        return JC_OK;
    stats->inner = jc_alloc_array(2 * n, sizeof *stats->inner);
    stats->parts = jc_alloc_array(n, sizeof *stats->parts);
    if (!stats->inner || !stats->parts)
        return jc_fail_nomem(err, "sums of parts of blocks");
    memcpy(stats->parts, parts, n * sizeof *parts);
    stats->n_parts = n;
    for (size_t k = 0; k < n; k++) {
        make_node(stats, parts[k].from);
        make_node(stats, parts[k].to);
    }
    jc_status st = widen(stats, old, err);
    for (size_t k = 0; k < n && st == JC_OK; k++) {
        uint32_t from = jc_stats_node(stats, parts[k].from);
        st = jc_stats_keep(stats, from, from, err);
        if (st == JC_OK)
            st = jc_stats_keep(stats, from, jc_stats_node(stats, parts[k].to), err);
    }
    return st;
}
