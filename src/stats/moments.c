/* SPDX-License-Identifier: MIT */
/*
 * moments.c: making, asking and merging sums.
 *
 * Two parts of a stream, of n and m rows and with means a and b, merge by Chan, Golub and
 * LeVeque (1983): the centred moments add, plus n m / (n + m) times the product of the
 * differences of the means. Nothing is ever subtracted from a large sum.
 */
#include "base/spill.h"
#include "kernels/kernels.h"
#include "stats/exact.h"
#include "stats/near.h"

#include <stdio.h>
#include <string.h>

#define ROWS_MAX ((uint64_t)1 << 53) /* counts are exact as doubles */

bool jc_stats_keeps(uint32_t taps, jc_pairs pairs, jc_layers from, uint32_t i, uint32_t j)
{
    uint32_t last = taps - 1;

    return pairs != JC_PAIRS_NONE && i >= from.first && i <= from.last && i < last &&
           j <= last && i <= j && (i == j || j == last || pairs == JC_PAIRS_ALL);
}

static bool read_layer(uint32_t *layer, const char **text)
{
    uint64_t n = 0;

    if (**text < '0' || **text > '9')
        return false;
    for (; **text >= '0' && **text <= '9' && n < UINT16_MAX; ++*text)
        n = 10 * n + (uint64_t)(**text - '0');
    *layer = (uint32_t)n;
    return true;
}

jc_status jc_layers_read(jc_layers *layers, const char *text, uint32_t taps, jc_error *err)
{
    const char *at = text;

    *layers = JC_LAYERS_ALL;
    if (!text)
        return JC_OK;
    bool read = read_layer(&layers->first, &at);
    layers->last = layers->first;
    if (read && *at == '-') {
        at++;
        read = read_layer(&layers->last, &at);
    }
    if (read && *at == '\0' && layers->first <= layers->last && layers->last + 1 < taps)
        return JC_OK;
    return jc_fail(err, JC_E_ARG,
                   "'layers' must be one or a range of 0 to %u, as 0-5, not '%.40s'",
                   taps - 2, text);
}

jc_status jc_stats_new(jc_stats **out, uint32_t taps, uint32_t width, jc_pairs pairs,
                       const char *fingerprint, const char *model, jc_error *err)
{
    return jc_stats_new_from(out, taps, width, pairs, JC_LAYERS_ALL, fingerprint, model,
                             err);
}

jc_status jc_stats_new_from(jc_stats **out, uint32_t taps, uint32_t width, jc_pairs pairs,
                            jc_layers from, const char *fingerprint, const char *model,
                            jc_error *err)
{
    jc_stats *s = jc_alloc_array(1, sizeof *s);

    if (!s)
        goto short_of_memory;
    s->taps = s->nodes = taps;
    s->width = width;
    s->pairs = pairs;
    s->from = from;
    snprintf(s->fingerprint, sizeof s->fingerprint, "%s", fingerprint);
    s->model = jc_strdup(model);
    s->mean = jc_matrix_new(taps, width, sizeof *s->mean);
    s->square = jc_matrix_new(taps, width, sizeof *s->square);
    s->cross = jc_matrix_new(taps, taps, sizeof *s->cross);
    if (!s->model || !s->mean || !s->square || !s->cross)
        goto short_of_memory;
    for (uint32_t i = 0; i < taps; i++) {
        for (uint32_t j = i; j < taps; j++)
            if (jc_stats_keeps(taps, pairs, from, i, j) && jc_stats_keep(s, i, j, err))
                goto short_of_memory;
    }
    *out = s;
    return JC_OK;

short_of_memory:
    jc_stats_free(s);
    return jc_fail_nomem(err, "sums");
}

void jc_stats_free(jc_stats *stats)
{
    if (!stats)
        return;
    if (stats->cross)
        for (size_t k = 0; k < (size_t)stats->nodes * stats->nodes; k++)
            jc_spill_free(stats->cross[k]);
    jc_metas_free(&stats->origin);
    jc_exact_free(stats->exact);
    jc_shares_free(&stats->shares);
    jc_near_free(stats->near, stats->n_near);
    jc_free(stats->inner);
    jc_free(stats->parts);
    jc_free(stats->cross);
    jc_free(stats->square);
    jc_free(stats->mean);
    jc_free(stats->model);
    jc_free(stats);
}

jc_status jc_stats_copy(jc_stats **out, const jc_stats *from, jc_error *err)
{
    size_t d = from->width, vectors = from->nodes * d * sizeof(double);
    jc_stats *s = NULL;
    jc_status st = jc_stats_new_from(&s, from->taps, from->width, from->pairs, from->from,
                                     from->fingerprint, from->model, err);

    if (st == JC_OK && from->n_parts)
        st = jc_stats_add_parts(s, from->parts, from->n_parts, err);
    if (st == JC_OK && from->exact)
        st = jc_exact_new(s, err);
    *out = NULL;
    if (st) {
        jc_stats_free(s);
        return st;
    }
    if (from->exact)
        jc_exact_copy(s, from);
    s->rows = from->rows;
    s->texts = from->texts;
    memcpy(s->mean, from->mean, vectors);
    memcpy(s->square, from->square, vectors);
    for (size_t k = 0; k < (size_t)s->nodes * s->nodes; k++) {
        if (!s->cross[k])
            continue;
        memcpy(s->cross[k], from->cross[k], d * d * sizeof *s->cross[k]);
        jc_spill_rest(s->cross[k]);
        jc_spill_rest(from->cross[k]);
    }
    *out = s;
    return JC_OK;
}

double *jc_stats_cross(const jc_stats *stats, uint32_t i, uint32_t j)
{
    uint32_t n = stats->nodes;

    return i < n && j < n ? stats->cross[(size_t)i * n + j] : NULL;
}

jc_status jc_stats_keep(jc_stats *stats, uint32_t i, uint32_t j, jc_error *err)
{
    double **cross = &stats->cross[(size_t)i * stats->nodes + j];
    size_t d = stats->width, bytes;

    if (!*cross && jc_mul(d * d, sizeof **cross, &bytes))
        *cross = jc_spill_new(bytes);
    return *cross ? JC_OK : jc_fail_nomem(err, "sums");
}

void jc_stats_rest(const jc_stats *stats, uint32_t i, uint32_t j)
{
    jc_spill_rest(jc_stats_cross(stats, i, j));
}

uint64_t jc_stats_rows(const jc_stats *stats)
{
    if (!stats)
        return 0;
    return stats->rows;
}

uint64_t jc_stats_texts(const jc_stats *stats)
{
    if (!stats)
        return 0;
    return stats->texts;
}

uint32_t jc_stats_layers(const jc_stats *stats)
{
    if (!stats)
        return 0;
    return stats->taps - 1;
}

uint32_t jc_stats_width(const jc_stats *stats)
{
    if (!stats)
        return 0;
    return stats->width;
}

const double *jc_stats_mean(const jc_stats *stats, jc_tap tap)
{
    if (!stats)
        return NULL;
    uint32_t node = jc_stats_node(stats, tap);

    return node < stats->nodes && !stats->exact ? stats->mean + (size_t)node * stats->width
                                                : NULL;
}

const double *jc_stats_square(const jc_stats *stats, jc_tap tap)
{
    if (!stats)
        return NULL;
    uint32_t node = jc_stats_node(stats, tap);

    return node < stats->nodes && !stats->exact
               ? stats->square + (size_t)node * stats->width
               : NULL;
}

const double *jc_stats_products(const jc_stats *stats, jc_tap from, jc_tap to)
{
    if (!stats || stats->exact)
        return NULL;
    return jc_stats_cross(stats, jc_stats_node(stats, from), jc_stats_node(stats, to));
}

const char *jc_stats_fingerprint(const jc_stats *stats)
{
    return stats->fingerprint;
}

/* sum[d, d] += from + weight * a b' */
static void merge_cross(double *sum, const double *from, double weight, const double *a,
                        const double *b, size_t d)
{
    for (size_t r = 0; r < d; r++)
        for (size_t c = 0; c < d; c++)
            sum[r * d + c] += from[r * d + c] + weight * a[r] * b[c];
}

static jc_status check_alike(const jc_stats *into, const jc_stats *from, jc_error *err)
{
    jc_error why;

    if (strcmp(into->fingerprint, from->fingerprint) != 0)
        return jc_fail(err, JC_E_MISMATCH,
                       "cannot merge sums of model '%s' (%s) with sums of model '%s' (%s)",
                       into->model, into->fingerprint, from->model, from->fingerprint);
    if (into->taps != from->taps || into->width != from->width)
        return jc_fail(
            err, JC_E_MISMATCH,
            "cannot merge sums of %u taps of width %u with sums of %u of width %u",
            into->taps, into->width, from->taps, from->width);
    if (into->pairs != from->pairs)
        return jc_fail(
            err, JC_E_MISMATCH,
            "cannot merge sums of all pairs, of the pairs to the last layer and of "
            "none with each other");
    if (into->from.first != from->from.first || into->from.last != from->from.last)
        return jc_fail(err, JC_E_MISMATCH,
                       "cannot merge sums of maps from some layers with sums of maps from "
                       "others: fit each by itself");
    if (!jc_stats_same_parts(into, from))
        return jc_fail(
            err, JC_E_MISMATCH,
            "cannot merge sums with parts of blocks with sums that have none, or "
            "others");
    if (!jc_near_same(into, from))
        return jc_fail(err, JC_E_MISMATCH,
                       "cannot merge sums of maps from several taps with sums that have "
                       "none, or others");
    jc_status st = jc_shares_alike(&into->shares, &from->shares, &why);
    if (st)
        return jc_fail(err, st, "cannot merge sums: %s", why.message);
    if (from->rows > ROWS_MAX - into->rows || from->texts > ROWS_MAX - into->texts)
        return jc_fail(err, JC_E_ARG, "cannot merge sums: more than 2^53 vectors or texts");
    return JC_OK;
}

static jc_status merge_exact(jc_stats *into, const jc_stats *from, jc_error *err)
{
    jc_error why;
    jc_status st = jc_exact_merge(into, from, &why);

    if (st)
        return jc_fail(err, st, "cannot merge sums: %s", why.message);
    jc_shares_add(&into->shares, &from->shares);
    into->rows += from->rows;
    into->texts += from->texts;
    return JC_OK;
}

jc_status jc_stats_merge(jc_stats *into, const jc_stats *from, jc_error *err)
{
    if (jc_want(into, "into", err))
        return JC_E_ARG;
    if (jc_want(from, "from", err))
        return JC_E_ARG;
    jc_status st = check_alike(into, from, err);

    if (st == JC_OK)
        st = jc_near_merge(into, from, err);
    if (st == JC_OK)
        jc_metas_agree(&into->origin, &from->origin);
    if (st == JC_OK && into->exact)
        return merge_exact(into, from, err);
    if (st || from->rows == 0) {
        into->texts += st ? 0 : from->texts;
        return st;
    }
    size_t d = into->width, all = into->nodes * d;
    double *apart =
        jc_matrix_new(into->nodes, d, sizeof *apart); /* means of from - of into */
    if (!apart)
        return jc_fail_nomem(err, "merging sums");
    double n = (double)into->rows, m = (double)from->rows;
    double weight = n * m / (n + m);

    for (size_t k = 0; k < all; k++) {
        apart[k] = from->mean[k] - into->mean[k];
        into->square[k] += from->square[k] + weight * apart[k] * apart[k];
        into->mean[k] += apart[k] * (m / (n + m));
    }
    for (uint32_t i = 0; i < into->nodes; i++) {
        for (uint32_t j = 0; j < into->nodes; j++) {
            double *cross = jc_stats_cross(into, i, j);

            if (cross)
                merge_cross(cross, jc_stats_cross(from, i, j), weight, apart + i * d,
                            apart + j * d, d);
        }
    }
    into->rows += from->rows;
    into->texts += from->texts;
    jc_free(apart);
    return JC_OK;
}

jc_status jc_stats_set_meta(jc_stats *stats, const char *key, const char *value,
                            jc_error *err)
{
    if (jc_want(stats, "stats", err))
        return JC_E_ARG;
    if (jc_want(key, "key", err))
        return JC_E_ARG;
    if (jc_want(value, "value", err))
        return JC_E_ARG;
    return jc_metas_set(&stats->origin, key, value, err);
}

const char *jc_stats_meta(const jc_stats *stats, const char *key)
{
    return stats && key ? jc_metas_get(&stats->origin, key) : NULL;
}

jc_status jc_stats_finish(jc_stats *stats, jc_error *err)
{
    JC_USE_THREADS(stats && stats->threads ? stats->threads : jc_threads_max());
    char missing[200];
    jc_status st = jc_want(stats, "stats", err);

    if (st || !stats->exact)
        return st;
    jc_shares_name(&stats->shares, false, missing, sizeof missing);
    if (missing[0])
        return jc_fail(err, JC_E_ARG,
                       "cannot finish sums: these of %u shares are missing: %s",
                       stats->shares.of, missing);
    for (size_t g = 0; g < stats->n_near && st == JC_OK; g++)
        st = jc_exact_finish(stats->near[g].sums, err);
    if (st == JC_OK)
        st = jc_exact_finish(stats, err);
    jc_shares_free(&stats->shares);
    return st;
}
