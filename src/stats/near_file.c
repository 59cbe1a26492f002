/* SPDX-License-Identifier: MIT */
/*
 * near_file.c: sums of maps from several taps in a file of sums.
 *
 * Metadata `maps` names the maps, "0,12@-1:12 ...", and `maps.rows` the vectors of each
 * group of them, in the order in which groups are first named. The tensors of the group
 * that looks b tokens back and a ahead are `near.<b>.<a>.mean` and `.square` [nodes, d],
 * the nodes being its taps as they are first named, and `near.<b>.<a>.cross.<i>.<j>` [d,
 * d].
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stats/sums_file.h"

#define ROWS_MAX ((uint64_t)1 << 53)

static void part_name(char name[JC_CROSS_NAME], const struct jc_near *near,
                      const char *what)
{
    snprintf(name, JC_CROSS_NAME, "near.%d.%d.%s", near->before, near->after, what);
}

static void cross_name(char name[JC_CROSS_NAME], const struct jc_near *near, jc_tap_at a,
                       jc_tap_at b)
{
    char from[JC_TAP_AT_NAME], to[JC_TAP_AT_NAME];

    jc_tap_at_name(a, from);
    jc_tap_at_name(b, to);
    snprintf(name, JC_CROSS_NAME, "near.%d.%d.cross.%s.%s", near->before, near->after, from,
             to);
}

jc_status jc_near_put_meta(jc_st_writer *w, const jc_stats *stats, jc_error *err)
{
    if (stats->n_near == 0)
        return JC_OK;
    char *maps = jc_near_text(stats), *rows = jc_alloc_array(stats->n_near, 24);
    size_t n = 0;
    jc_status st = maps && rows ? JC_OK : jc_fail_nomem(err, "metadata");

    for (size_t g = 0; g < stats->n_near && st == JC_OK; g++)
        n += (size_t)snprintf(rows + n, 24, "%s%llu", g ? " " : "",
                              (unsigned long long)stats->near[g].sums->rows);
    if (st == JC_OK)
        st = jc_st_writer_meta(w, "maps", maps, err);
    if (st == JC_OK)
        st = jc_st_writer_meta(w, "maps.rows", rows, err);
    jc_free(maps);
    jc_free(rows);
    return st;
}

static jc_status put_nodes(jc_st_writer *w, const struct jc_near *near, bool declare,
                           jc_error *err)
{
    const jc_stats *s = near->sums;
    size_t flat[2] = {s->nodes, s->width}, bytes = s->nodes * s->width * sizeof(double);
    char name[JC_CROSS_NAME];
    jc_status st;

    part_name(name, near, "");
    if (s->exact)
        return jc_exact_put(w, s, name, declare, err);
    part_name(name, near, "mean");
    st = declare ? jc_st_writer_declare(w, name, JC_F64, flat, 2, err)
                 : jc_st_writer_data(w, s->mean, bytes, err);
    part_name(name, near, "square");
    if (st == JC_OK)
        st = declare ? jc_st_writer_declare(w, name, JC_F64, flat, 2, err)
                     : jc_st_writer_data(w, s->square, bytes, err);
    return st;
}

static jc_status put_group(jc_st_writer *w, const struct jc_near *near, bool declare,
                           jc_error *err)
{
    const jc_stats *s = near->sums;
    size_t d = s->width, square[2] = {d, d};
    char name[JC_CROSS_NAME];
    jc_status st = put_nodes(w, near, declare, err);

    for (uint32_t i = 0; i < s->nodes; i++)
        for (uint32_t k = 0; k < s->nodes && st == JC_OK; k++) {
            const double *cross = jc_stats_cross(s, i, k);
            if (!cross)
                continue;
            cross_name(name, near, near->taps[i], near->taps[k]);
            st = declare ? jc_st_writer_declare(w, name, jc_sums_dtype(s), square, 2, err)
                         : jc_st_writer_data(w, cross, d * d * sizeof *cross, err);
        }
    return st;
}

jc_status jc_near_put(jc_st_writer *w, const jc_stats *stats, bool declare, jc_error *err)
{
    jc_status st = JC_OK;

    for (size_t g = 0; g < stats->n_near && st == JC_OK; g++)
        st = put_group(w, &stats->near[g], declare, err);
    return st;
}

/* ---- reading ---- */

typedef struct reader {
    const jc_safetensors *file;
    const char *path;
    size_t width;
    jc_dtype dtype; /* of the products */
    jc_error *err;
} reader;

/* The products that a map needs are there, in one order or the other, before memory is
 * asked for. */
static jc_status check_pair(const reader *r, const struct jc_near *reach, jc_tap_at a,
                            jc_tap_at b)
{
    char name[JC_CROSS_NAME];
    const jc_tensor *t;

    cross_name(name, reach, a, b);
    if (!jc_safetensors_find(r->file, name))
        cross_name(name, reach, b, a);
    return jc_sums_find(r->file, r->path, name, r->dtype, r->width, r->width, &t, r->err);
}

static jc_status check_place(const reader *r, const jc_place *place)
{
    struct jc_near reach = {.before = 0};
    jc_status st = JC_OK;

    for (size_t i = 0; i <= place->n_from; i++) {
        int32_t o = i < place->n_from ? place->from[i].offset : place->to.offset;
        reach.before = -o > reach.before ? -o : reach.before;
        reach.after = o > reach.after ? o : reach.after;
    }
    for (size_t i = 0; i < place->n_from && st == JC_OK; i++) {
        st = check_pair(r, &reach, place->from[i], place->to);
        for (size_t k = i; k < place->n_from && st == JC_OK; k++)
            st = check_pair(r, &reach, place->from[i], place->from[k]);
    }
    return st;
}

static jc_status take(const reader *r, const char *name, size_t rows, double *to,
                      bool negative)
{
    const jc_tensor *t;
    jc_status st =
        jc_sums_find(r->file, r->path, name, r->dtype, rows, r->width, &t, r->err);

    return st ? st : jc_sums_copy(t, to, negative, r->err);
}

static jc_status take_nodes(const reader *r, struct jc_near *near, size_t *tensors)
{
    jc_stats *s = near->sums;
    char name[JC_CROSS_NAME];
    jc_status st;

    *tensors += r->dtype == JC_I64 ? 4 : 2;
    part_name(name, near, "");
    if (r->dtype == JC_I64)
        return jc_exact_take(s, r->file, r->path, name, r->err);
    part_name(name, near, "mean");
    st = take(r, name, s->nodes, s->mean, true);
    part_name(name, near, "square");
    return st ? st : take(r, name, s->nodes, s->square, false);
}

static jc_status take_group(const reader *r, struct jc_near *near, size_t *tensors)
{
    jc_stats *s = near->sums;
    char name[JC_CROSS_NAME];
    jc_status st = take_nodes(r, near, tensors);

    for (uint32_t i = 0; i < s->nodes; i++)
        for (uint32_t k = 0; k < s->nodes && st == JC_OK; k++) {
            if (!jc_stats_cross(s, i, k))
                continue;
            cross_name(name, near, near->taps[i], near->taps[k]);
            st = take(r, name, r->width, jc_stats_cross(s, i, k), true);
            ++*tensors;
        }
    return st;
}

static jc_status take_rows(const reader *r, jc_stats *stats)
{
    const char *text = jc_safetensors_meta(r->file, "maps.rows");

    for (size_t g = 0; g < stats->n_near; g++) {
        char *end = NULL;
        uint64_t rows = text && *text >= '0' && *text <= '9' ? strtoull(text, &end, 10) : 0;
        if (!end || (*end && *end != ' ') || rows > ROWS_MAX)
            return jc_fail(r->err, JC_E_FORMAT,
                           "cannot read sums of '%s': metadata 'maps.rows' must hold %zu "
                           "counts",
                           r->path, stats->n_near);
        stats->near[g].sums->rows = rows;
        stats->near[g].sums->texts = stats->texts;
        text = end + (*end == ' ');
    }
    return JC_OK;
}

jc_status jc_near_take(jc_stats *stats, const jc_safetensors *file, const char *path,
                       size_t *tensors, jc_error *err)
{
    const reader r = {file, path, stats->width, jc_sums_dtype(stats), err};
    const char *maps = jc_safetensors_meta(file, "maps");
    jc_place *places;
    size_t n;
    jc_error why;
    jc_status st = jc_places_parse(&places, &n, maps, stats->taps - 1, &why);

    *tensors = 0;
    if (st)
        return jc_fail(err, st == JC_E_ARG ? JC_E_FORMAT : st,
                       "cannot read sums of '%s': metadata 'maps': %s", path, why.message);
    for (size_t i = 0; i < n && st == JC_OK; i++)
        st = check_place(&r, &places[i]);
    if (st == JC_OK)
        st = jc_stats_add_near(stats, places, n, err);
    jc_free(places);
    if (st == JC_OK)
        st = take_rows(&r, stats);
    for (size_t g = 0; g < stats->n_near && st == JC_OK; g++)
        st = take_group(&r, &stats->near[g], tensors);
    return st;
}
