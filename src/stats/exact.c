/* SPDX-License-Identifier: MIT */
#include "stats/exact.h"

#include <math.h>
#include <string.h>

#include "base/spill.h"
#include "kernels/kernels.h"
#include "kernels/vector.h"

#define BLOCK_MOST                                                                         \
    0x1p50 /* units that a block may add, half of what jc_gram_add() takes                 \
            */
#define FINE       ((int64_t)1 << JC_GRAM_FINE)
#define UNITS_LOG2 8       /* of the spread */
#define FLOOR      0x1p-20 /* of the mean magnitudes: a spread is taken to be more */

__extension__ typedef __int128 wide;

jc_status jc_exact_new(jc_stats *stats, jc_error *err)
{
    size_t n = stats->nodes, d = stats->width;
    jc_exact *e = stats->exact = jc_alloc_array(1, sizeof *e);

    if (!e)
        return jc_fail_nomem(err, "the sums");
    e->center = jc_matrix_new(n, d, sizeof *e->center);
    e->per = jc_matrix_new(n, d, sizeof *e->per);
    e->sum = jc_matrix_new(2 * n, d, sizeof *e->sum);
    e->square = jc_matrix_new(2 * n, d, sizeof *e->square);
    return e->center && e->per && e->sum && e->square ? JC_OK
                                                      : jc_fail_nomem(err, "the sums");
}

void jc_exact_free(jc_exact *exact)
{
    if (!exact)
        return;
    jc_free(exact->center);
    jc_free(exact->per);
    jc_free(exact->sum);
    jc_free(exact->square);
    jc_free(exact);
}

void jc_exact_copy(jc_stats *to, const jc_stats *from)
{
    size_t n = (size_t)from->nodes * from->width;
    jc_exact *t = to->exact;
    const jc_exact *f = from->exact;

    t->framed = f->framed;
    memcpy(t->center, f->center, n * sizeof *t->center);
    memcpy(t->per, f->per, n * sizeof *t->per);
    memcpy(t->sum, f->sum, 2 * n * sizeof *t->sum);
    memcpy(t->square, f->square, 2 * n * sizeof *t->square);
}

/* ---- units ---- */

static wide join(int64_t units, int64_t fine)
{
    return (wide)units * FINE + fine;
}

/* Divided by 2^bits, rounded down. */
static void shrink(int64_t *units, int64_t *fine, int bits)
{
    wide whole = join(*units, *fine) >> (bits < 120 ? bits : 120);

    *units = (int64_t)(whole >> JC_GRAM_FINE);
    *fine = (int64_t)(whole & (FINE - 1));
}

static int64_t shrunk(int64_t units, int bits)
{
    return units >> (bits < 63 ? bits : 63);
}

/* The same number whichever way it is divided into units and parts. */
static double value_of(int64_t units, int64_t fine)
{
    shrink(&units, &fine, 0);
    return (double)units + (double)fine / (double)FINE;
}

/* The products of coordinate c of node i with those of node j, and the other way round. */
static void shrink_products(jc_stats *s, uint32_t i, uint32_t j, size_t c, int bits)
{
    int64_t *as_row = jc_exact_cross(s, i, j), *as_column = jc_exact_cross(s, j, i);
    size_t d = s->width;

    if (i == j) {
        for (size_t b = 0; as_row && b < d; b++)
            if (b != c)
                shrink(b > c ? &as_row[c * d + b] : &as_row[b * d + c],
                       b > c ? &as_row[b * d + c] : &as_row[c * d + b], bits);
        return;
    }
    for (size_t b = 0; as_row && b < d; b++)
        as_row[c * d + b] = shrunk(as_row[c * d + b], bits);
    for (size_t b = 0; as_column && b < d; b++)
        as_column[b * d + c] = shrunk(as_column[b * d + c], bits);
}

void jc_exact_enlarge(jc_stats *s, uint32_t node, size_t c, int bits)
{
    jc_exact *e = s->exact;
    size_t at = node * (size_t)s->width + c, rest = (size_t)s->nodes * s->width;

    shrink(&e->sum[at], &e->sum[rest + at], bits);
    shrink(&e->square[at], &e->square[rest + at], 2 * bits);
    for (uint32_t j = 0; j < s->nodes; j++)
        shrink_products(s, node, j, c, bits);
    e->per[at] = ldexp(e->per[at], -bits);
}

/* ---- adding ---- */

void jc_exact_frame(jc_stats *stats, uint32_t node, const float *x, size_t n)
{
    size_t d = stats->width;
    jc_exact *e = stats->exact;
    double magnitude = 0;

    for (size_t k = 0; k < n * d; k++)
        magnitude += fabs((double)x[k]) / (double)(n * d);
    for (size_t c = 0; c < d; c++) {
        double sum = 0, square = 0;
        int exponent = 0;
        for (size_t r = 0; r < n; r++)
            sum += (double)x[r * d + c];
        e->center[node * d + c] = (float)(sum / (double)n);
        for (size_t r = 0; r < n; r++)
            square += pow((double)x[r * d + c] - sum / (double)n, 2);
        double least = FLOOR * fmax(fabs(sum) / (double)n, FLOOR * magnitude);
        double spread = fmax(sqrt(square / (double)n), least);
        if (spread > 0 && isfinite(spread))
            frexp(spread, &exponent);
        e->per[node * d + c] = ldexp(1, UNITS_LOG2 - exponent);
    }
}

void jc_exact_take_frame(jc_stats *stats, const jc_stats *from)
{
    size_t n = (size_t)stats->nodes * stats->width;

    memcpy(stats->exact->center, from->exact->center, n * sizeof *from->exact->center);
    memcpy(stats->exact->per, from->exact->per, n * sizeof *from->exact->per);
    stats->exact->framed = true;
}

static void add_units(int64_t *units, int64_t *fine, double x)
{
    double whole = nearbyint(x);

    *units += (int64_t)whole;
    *fine += (int64_t)nearbyint((x - whole) * (double)FINE);
}

jc_status jc_exact_add(jc_stats *stats, uint32_t node, const double *sum,
                       const double *square, jc_error *err)
{
    jc_exact *e = stats->exact;
    size_t d = stats->width, rest = (size_t)stats->nodes * d;

    for (size_t c = 0; c < d; c++) {
        size_t at = node * d + c;
        if (!isfinite(square[c]))
            return jc_fail(err, JC_E_NUMERIC, "cannot add up states that are not finite");
        while (square[c] * e->per[at] * e->per[at] > BLOCK_MOST ||
               e->square[at] > JC_EXACT_MOST)
            jc_exact_enlarge(stats, node, c, JC_EXACT_STEP);
        double per = e->per[at];
        add_units(&e->sum[at], &e->sum[rest + at], sum[c] * per);
        add_units(&e->square[at], &e->square[rest + at], square[c] * per * per);
    }
    return JC_OK;
}

/* ---- merging ---- */

struct pair {
    jc_stats *into;
    const jc_stats *from;
    int *bits; /* [nodes, d]: by how many a unit of `into` is larger, when there is room */
};

/* By how many bits a unit of `into` is larger than that of `from`. */
static int bits_between(const struct pair *p, size_t at)
{
    int a, b;

    frexp(p->into->exact->per[at], &a);
    frexp(p->from->exact->per[at], &b);
    return b - a;
}

/* Units that are large enough for both. */
static void make_room(struct pair *p, uint32_t node)
{
    for (size_t c = 0; c < p->into->width; c++) {
        size_t at = node * (size_t)p->into->width + c;
        int bits = bits_between(p, at);
        if (bits < 0)
            jc_exact_enlarge(p->into, node, c, -bits);
        while (p->into->exact->square[at] > JC_EXACT_MOST ||
               shrunk(p->from->exact->square[at], 2 * bits_between(p, at)) > JC_EXACT_MOST)
            jc_exact_enlarge(p->into, node, c, JC_EXACT_STEP);
    }
}

static void merge_coordinate(const struct pair *p, size_t at)
{
    jc_exact *to = p->into->exact;
    const jc_exact *from = p->from->exact;
    size_t rest = (size_t)p->into->nodes * p->into->width;
    int bits = bits_between(p, at);
    int64_t sum[2] = {from->sum[at], from->sum[rest + at]};
    int64_t square[2] = {from->square[at], from->square[rest + at]};

    shrink(&sum[0], &sum[1], bits);
    shrink(&square[0], &square[1], 2 * bits);
    to->sum[at] += sum[0];
    to->sum[rest + at] += sum[1];
    to->square[at] += square[0];
    to->square[rest + at] += square[1];
}

/* Entry (a, b) of products from `from`, whose units are 2^bits smaller. */
static void merge_entry(const struct pair *p, size_t k, bool own, size_t a, size_t b,
                        int bits)
{
    size_t d = p->into->width;
    int64_t *to = (int64_t *)(void *)p->into->cross[k];
    const int64_t *from = (const int64_t *)(const void *)p->from->cross[k];

    if (own && b > a) {
        int64_t units = from[a * d + b], fine = from[b * d + a];
        shrink(&units, &fine, bits);
        to[a * d + b] += units;
        to[b * d + a] += fine;
    } else if (!own) {
        to[a * d + b] += shrunk(from[a * d + b], bits);
    }
}

/* Row a of products whose units are alike: all of it but an own product's diagonal. */
static void merge_row(int64_t *to, const int64_t *from, size_t d, size_t without)
{
    for (size_t b = 0; b < without; b++)
        to[b] += from[b];
    for (size_t b = without + 1; b < d; b++)
        to[b] += from[b];
}

static jc_status merge_products(void *arg, size_t k, jc_error *err)
{
    const struct pair *p = arg;
    size_t d = p->into->width, i = k / p->into->nodes, j = k % p->into->nodes;
    const int *row = p->bits + i * d, *column = p->bits + j * d;
    bool alike = true;

    (void)err;
    for (size_t c = 0; c < d; c++)
        alike &= row[c] == 0 && column[c] == 0;
    for (size_t a = 0; p->into->cross[k] && a < d; a++) {
        if (alike) {
            int64_t *to = (int64_t *)(void *)p->into->cross[k];
            const int64_t *from = (const int64_t *)(const void *)p->from->cross[k];
            merge_row(to + a * d, from + a * d, d, i == j ? a : d);
            continue;
        }
        for (size_t b = 0; b < d; b++)
            merge_entry(p, k, i == j, a, b, row[a] + column[b]);
    }
    if (p->into->cross[k]) {
        jc_spill_rest(p->into->cross[k]);
        jc_spill_rest(p->from->cross[k]);
    }
    return JC_OK;
}

jc_status jc_exact_merge(jc_stats *into, const jc_stats *from, jc_error *err)
{
    struct pair p = {into, from, NULL};
    jc_exact *to = into->exact;
    size_t n = (size_t)into->nodes * into->width;

    if (!from->exact->framed)
        return JC_OK;
    if (!to->framed) /* of no rows: the other's frame will do */
        jc_exact_take_frame(into, from);
    if (memcmp(to->center, from->exact->center, n * sizeof *to->center) != 0)
        return jc_fail(err, JC_E_MISMATCH,
                       "the states of their first texts differ: all shares must be made by "
                       "one build on processors of one kind");
    for (uint32_t node = 0; node < into->nodes; node++)
        make_room(&p, node);
    p.bits = jc_alloc_array(n, sizeof *p.bits);
    if (!p.bits)
        return jc_fail_nomem(err, "the sums");
    for (size_t at = 0; at < n; at++) {
        p.bits[at] = bits_between(&p, at);
        merge_coordinate(&p, at);
    }
    jc_status st = jc_parallel((size_t)into->nodes * into->nodes, merge_products, &p, err);
    jc_free(p.bits);
    return st;
}

/* ---- finishing ---- */

static double coordinate(const jc_stats *s, const int64_t *sum, size_t at)
{
    return value_of(sum[at], sum[(size_t)s->nodes * s->width + at]);
}

/* sums [d] of x - center at node i. */
static void offsets_of(const jc_stats *s, uint32_t i, double *offset)
{
    for (size_t c = 0, at = i * (size_t)s->width; c < s->width; c++, at++)
        offset[c] = coordinate(s, s->exact->sum, at) / s->exact->per[at];
}

/* Sums about the center -> sums about the mean: S - n a b', a and b being the means less
 * the centers. A number takes the place of the integer it is made of. */
static void finish_pair(jc_stats *s, uint32_t i, uint32_t j, const double *a,
                        const double *b)
{
    size_t d = s->width;
    double *to = jc_stats_cross(s, i, j), n = (double)s->rows;
    const int64_t *units = jc_exact_cross(s, i, j);
    const double *per_i = s->exact->per + i * d, *per_j = s->exact->per + j * d;

    for (size_t r = 0; r < d; r++)
        for (size_t c = 0; c < d; c++) {
            double x = (double)units[r * d + c] / (per_i[r] * per_j[c]);
            to[r * d + c] = x - a[r] * b[c] / n;
        }
}

static void finish_own(jc_stats *s, uint32_t i, const double *a)
{
    size_t d = s->width;
    double *to = jc_stats_cross(s, i, i), n = (double)s->rows;
    const int64_t *units = jc_exact_cross(s, i, i);
    const double *per = s->exact->per + i * d;

    for (size_t r = 0; r < d; r++) {
        for (size_t c = r + 1; c < d; c++) {
            double x = value_of(units[r * d + c], units[c * d + r]) / (per[r] * per[c]);
            to[r * d + c] = to[c * d + r] = x - a[r] * a[c] / n;
        }
        to[r * d + r] = s->square[i * d + r];
    }
}

static jc_status finish_node(void *arg, size_t node, jc_error *err)
{
    jc_stats *s = arg;
    size_t d = s->width;
    uint32_t i = (uint32_t)node;
    double n = (double)s->rows, *a = jc_matrix_new(2, d, sizeof *a);

    if (!a)
        return jc_fail_nomem(err, "the sums");
    offsets_of(s, i, a);
    for (size_t c = 0, at = i * d; c < d; c++, at++) {
        double x = coordinate(s, s->exact->square, at) / pow(s->exact->per[at], 2);
        s->mean[at] = (double)s->exact->center[at] + a[c] / n;
        s->square[at] = fmax(x - a[c] * a[c] / n, 0);
    }
    for (uint32_t j = 0; j < s->nodes; j++) {
        if (!jc_stats_cross(s, i, j))
            continue;
        offsets_of(s, j, a + d);
        if (i == j)
            finish_own(s, i, a);
        else
            finish_pair(s, i, j, a, a + d);
        jc_stats_rest(s, i, j);
    }
    jc_free(a);
    return JC_OK;
}

jc_status jc_exact_finish(jc_stats *stats, jc_error *err)
{
    jc_status st = stats->rows ? jc_parallel(stats->nodes, finish_node, stats, err) : JC_OK;

    jc_exact_free(stats->exact);
    stats->exact = NULL;
    return st;
}
