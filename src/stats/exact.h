/* SPDX-License-Identifier: MIT */
/*
 * exact.h: sums while they are gathered: whole numbers, which give the same total in any
 * order.
 *
 * A sum of floating-point numbers depends on the order of its terms, so the sums of shares
 * of the texts would depend on the cut. Here what a block of rows adds, its products
 * included, is rounded once to a multiple of a unit and added to 64-bit integers. Shares
 * may then be cut, added and continued in any way: the total is the same, bit for bit.
 *
 * The frame of a node is what all shares must have in common: of each coordinate a center,
 * the mean of the first block of rows, and `per`, how many units the number 1 has, a power
 * of two that makes a unit about 2^-8 of the spread. A product of coordinates a and b
 * counts units of 1 / (per_a per_b). That leaves 2^47 variances for a sum; a coordinate
 * that grows beyond gets a larger unit (jc_exact_enlarge()), and only then does the order
 * show, in last bits.
 *
 * Sums of single coordinates, and products of a node with itself, also have 2^-40ths of
 * their unit, so that they are as good as float64.
 */
#ifndef JC_EXACT_H
#define JC_EXACT_H

#include "stats/moments.h"

typedef struct jc_exact {
    bool framed;
    float *center;   /* [nodes, d] */
    double *per;     /* [nodes, d] */
    int64_t *sum;    /* [2, nodes, d]: of x - center, units and then 2^-40ths */
    int64_t *square; /* [2, nodes, d]: of (x - center)^2, likewise */
    /* Products are in the cross arrays of the sums, as jc_gram_block has them. */
} jc_exact;

/* stats->exact, zeroed; the cross arrays are zeroed still. */
jc_status jc_exact_new(jc_stats *stats, jc_error *err) JC_NODISCARD;
void jc_exact_free(jc_exact *exact);
/* `to` has just been made by jc_exact_new(), with arrays like those of `from`. */
void jc_exact_copy(jc_stats *to, const jc_stats *from);

/* The products of two nodes. */
static inline int64_t *jc_exact_cross(const jc_stats *stats, uint32_t i, uint32_t j)
{
    return (int64_t *)(void *)jc_stats_cross(stats, i, j);
}

/* The frame of a node from its first block x [n, d], n > 0. */
void jc_exact_frame(jc_stats *stats, uint32_t node, const float *x, size_t n);
/* That of other sums with as many nodes of that width. */
void jc_exact_take_frame(jc_stats *stats, const jc_stats *from);
/* Add a block's sums [d] of x - center and of (x - center)^2 at a node, after making room
 * for them; products of this block are added after it. E_NUMERIC where one is not finite.
 */
jc_status jc_exact_add(jc_stats *stats, uint32_t node, const double *sum,
                       const double *square, jc_error *err) JC_NODISCARD;
/* Coordinate c of a node counts units that are 2^bits as large. */
void jc_exact_enlarge(jc_stats *stats, uint32_t node, size_t c, int bits);
/* Squares of a coordinate that are more units want larger ones, by JC_EXACT_STEP bits. */
#define JC_EXACT_MOST ((int64_t)1 << 60)
enum { JC_EXACT_STEP = 8 };
/* E_MISMATCH where the frames differ. */
jc_status jc_exact_merge(jc_stats *into, const jc_stats *from, jc_error *err) JC_NODISCARD;
/* Turn them into the means and centred moments of the stats. */
jc_status jc_exact_finish(jc_stats *stats, jc_error *err) JC_NODISCARD;

#endif
