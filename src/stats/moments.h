/* SPDX-License-Identifier: MIT */
/*
 * moments.h: what jc_stats holds: counts, means and centred second moments, in float64.
 *
 * Centred moments are the form in which nothing is lost: a large common offset (some
 * coordinates of GPT-2 have one hundreds of times their spread) does not eat the digits of
 * the spread, and two parts merge by Chan, Golub and LeVeque's formula. Raw moments, where
 * a fit without intercept needs them, are cross + rows * mean_i mean_j'.
 */
#ifndef JC_MOMENTS_H
#define JC_MOMENTS_H

#include "base/metas.h"
#include "jumpcut/stats.h"
#include "model/parts.h"
#include "stats/share.h"

/* A part of a block, and the taps that a map of it goes from and to. */
typedef struct jc_stats_part {
    uint32_t block; /* 1..L */
    jc_part part;
    jc_tap from, to;
} jc_stats_part;

typedef enum jc_pairs { JC_PAIRS_FINAL, JC_PAIRS_ALL, JC_PAIRS_NONE } jc_pairs;

/* The layers that pairs are from. */
typedef struct jc_layers {
    uint32_t first, last;
} jc_layers;
#define JC_LAYERS_ALL ((jc_layers){0, UINT32_MAX})

/* Sums are of nodes: the layer taps, and, for parts of blocks, taps inside blocks. */
struct jc_stats {
    uint32_t taps;        /* L + 1: layer taps, the first nodes */
    uint32_t nodes;       /* taps, then those of `inner` */
    jc_tap *inner;        /* [nodes - taps] */
    jc_stats_part *parts; /* [n_parts] */
    size_t n_parts;
    uint32_t width; /* d */
    jc_pairs pairs;
    jc_layers from;
    uint64_t rows, texts;
    uint32_t threads;     /* of the model that they were gathered with; not in files */
    char fingerprint[33]; /* of the model */
    char *model;          /* its path, for messages; owned */
    double *mean;         /* [nodes, d] */
    double *square;       /* [nodes, d]: sum over rows of (x - mean)^2 */
    /* [nodes, nodes]: cross[i * nodes + j] is [d, d], the sum of (h_i - mean_i)(h_j -
     * mean_j)', row from i, column from j; NULL when not kept. Kept of layer taps: of
     * every i of `from`, i < L: (i, i) and (i, L), and with all pairs every i < j, or none
     * at all; of each part: (from, from) and (from, to). */
    double **cross;
    jc_metas origin;        /* where the texts come from, by who gathered them */
    struct jc_exact *exact; /* sums that are not finished (exact.h); NULL: they are */
    jc_shares shares;       /* of the texts that are in sums which are not finished */
    struct jc_near *near;   /* [n_near]: of maps from several taps (near.h) */
    size_t n_near;
};

/* "0-5" or "5", layers below the last of `taps`; NULL: all. E_ARG names what is wrong. */
jc_status jc_layers_read(jc_layers *layers, const char *text, uint32_t taps,
                         jc_error *err) JC_NODISCARD;

/* Zeroed moments with their arrays, of pairs from some layers or, without _from, from all.
 */
jc_status jc_stats_new_from(jc_stats **out, uint32_t taps, uint32_t width, jc_pairs pairs,
                            jc_layers from, const char *fingerprint, const char *model,
                            jc_error *err) JC_NODISCARD;
jc_status jc_stats_new(jc_stats **out, uint32_t taps, uint32_t width, jc_pairs pairs,
                       const char *fingerprint, const char *model,
                       jc_error *err) JC_NODISCARD;

/* Add the taps of parts; `stats` is zeroed still. */
jc_status jc_stats_add_parts(jc_stats *stats, const jc_stats_part *parts, size_t n,
                             jc_error *err) JC_NODISCARD;
/* The parts that the blocks of a model have: *parts [*n], jc_free(). */
jc_status jc_stats_parts_of(const jc_model *model, jc_stats_part **parts, size_t *n,
                            jc_error *err) JC_NODISCARD;
bool jc_stats_same_parts(const jc_stats *a, const jc_stats *b);

/* The node of a tap, UINT32_MAX where it is none; and back. */
uint32_t jc_stats_node(const jc_stats *stats, jc_tap tap);
jc_tap jc_stats_tap(const jc_stats *stats, uint32_t node);

/* The same numbers again. */
jc_status jc_stats_copy(jc_stats **out, const jc_stats *from, jc_error *err) JC_NODISCARD;

/* Whether cross(i, j) is among the moments of so many layer taps. */
bool jc_stats_keeps(uint32_t taps, jc_pairs pairs, jc_layers from, uint32_t i, uint32_t j);

/* cross of nodes (i, j), or NULL when not kept. */
double *jc_stats_cross(const jc_stats *stats, uint32_t i, uint32_t j);
/* Make it, zeroed, where there is none yet. */
jc_status jc_stats_keep(jc_stats *stats, uint32_t i, uint32_t j,
                        jc_error *err) JC_NODISCARD;
/* It will not be touched soon. */
void jc_stats_rest(const jc_stats *stats, uint32_t i, uint32_t j);

#endif
