/* SPDX-License-Identifier: MIT */
#ifndef JUMPCUT_STATS_H
#define JUMPCUT_STATS_H

/**
 * @file jumpcut/stats.h
 * The sums that every fit needs, gathered in one pass over the texts.
 *
 * For each wanted pair of taps (i, j): count, means and centred second moments in float64.
 * Their size depends on the model alone. Sums of parts of a corpus merge exactly as if it
 * had been read in one go (to rounding).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jumpcut/model.h"
#include "jumpcut/samples.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct jc_stats jc_stats;

typedef struct jc_stats_params {
    size_t size;
    const char *pairs; /* "final": every layer to the last; "all": every i < j; "none".
                          NULL: "none" where there are `maps`, otherwise "final" */
    uint32_t batch;    /* tokens run together; 0 chooses */
    const jc_hooks *hooks;
    bool parts;         /* also what maps of the parts of each block need */
    const char *maps;   /* also what maps from several taps, or from or to taps of other
                           tokens, need: "0,12@-1:12 6:12@+1". Or NULL */
    const char *shard;  /* "2/8": run only the second of eight shares of the texts; the sums
                           are not finished until those of all shares are merged. Or NULL */
    const char *work;   /* of a shard: "seed 1, unit line", what the texts are made by, for
                           the message where shares of different work are merged. Or NULL */
    const char *layers; /* "0-5": `pairs` from these layers only. Or NULL */
    const jc_stats *frame; /* of a shard: sums of another one, by the same options, that are
                              not finished. The first texts, which say in what units all
                              shares count, are then not run again. Or NULL */
} jc_stats_params;

#define jc_stats_params_init(p)                                                            \
    do {                                                                                   \
        size_t jc_n_;                                                                      \
        const jc_option *jc_rows_ = jc_stats_options(&jc_n_);                              \
        jc_option_defaults((p), sizeof *(p), jc_rows_, jc_n_);                             \
    } while (0)
JC_API const jc_option *jc_stats_options(size_t *n_rows);

/** Run all of `samples` through the model and gather. */
JC_API jc_status jc_stats_gather(jc_stats **out, const jc_model *model, jc_samples *samples,
                                 const jc_stats_params *params, jc_error *err) JC_NODISCARD;

/** Snapshots of the sums, taken after exactly at[0], at[1], ... vectors. They are bit for
 * bit what a gather over these vectors alone gives, and are freed when `reached` returns.
 *  `reached` is not called for milestones beyond the end of the texts. When it returns
 *  another status than JC_OK, the gather ends with that status. */
typedef struct jc_milestones {
    const uint64_t *at; /* [n] numbers of vectors, ascending, 1 or more */
    size_t n;
    jc_status (*reached)(void *arg, const jc_stats *sums, jc_error *err);
    void *arg;
} jc_milestones;

/** The same, with milestones. While `reached` runs, memory holds the sums twice. */
JC_API jc_status jc_stats_gather_at(jc_stats **out, const jc_model *model,
                                    jc_samples *samples, const jc_milestones *milestones,
                                    const jc_stats_params *params,
                                    jc_error *err) JC_NODISCARD;
JC_API void jc_stats_free(jc_stats *stats);

/** Add `from` to `into`. Both must be of the same model and pairs, and shares of the same
 *  texts and work, each in one of them only (E_MISMATCH). Shares give the same total, bit
 *  for bit, in whatever order and number; sums that are finished merge to rounding. */
JC_API jc_status jc_stats_merge(jc_stats *into, const jc_stats *from,
                                jc_error *err) JC_NODISCARD;

/** Finish sums whose shares have all been merged: they then equal, bit for bit, those of
 *  one run over all texts. E_ARG, naming them, where shares are missing. Nothing happens to
 *  sums that are finished. Those that are not can be merged, saved and loaded; the getters
 *  below give NULL for them, and a fit refuses them. */
JC_API jc_status jc_stats_finish(jc_stats *stats, jc_error *err) JC_NODISCARD;

/** The processes that share one gathering or scoring, as the ranks of MPI. All of them call
 *  the same functions in the same order; a function that fails does so with E_COMM. */
typedef struct jc_team {
    size_t size;
    uint32_t rank, ranks; /* this process, 0..ranks - 1 */
    /* x[n] of rank 0 := the sums of all ranks' x, element by element; the others keep
     * theirs or lose them. */
    jc_status (*sum)(void *arg, int64_t *x, size_t n, jc_error *err);
    /* x[n] of all ranks := the least of all ranks' x, element by element. */
    jc_status (*least)(void *arg, int64_t *x, size_t n, jc_error *err);
    void *arg;
    /* bytes[n] of all ranks := those of rank `from`. Only jc_eval() calls it. */
    jc_status (*tell)(void *arg, uint32_t from, void *bytes, size_t n, jc_error *err);
} jc_team;

/** Add up the shares of a team without files: the rank r, from 0, has gathered the share
 *  r + 1 of as many shares as there are ranks. Rank 0 then has the total, finished, with
 *  the same bits as one run over all texts; the others free what they have. E_MISMATCH
 *  where the ranks' models, pairs, work or texts differ. */
JC_API jc_status jc_stats_unite(jc_stats *stats, const jc_team *team,
                                jc_error *err) JC_NODISCARD;

/** Where the texts come from, as their reader says: kept in the file, and by a merge where
 *  both sums say the same. Both texts are copied; NULL: nothing was said of `key`. */
JC_API jc_status jc_stats_set_meta(jc_stats *stats, const char *key, const char *value,
                                   jc_error *err) JC_NODISCARD;
JC_API const char *jc_stats_meta(const jc_stats *stats, const char *key);

/** A safetensors file of float64: `mean` [n, d], `square` [n, d], `cross.<i>.<j>` [d, d],
 *  where n is L+1 or, with parts of blocks, more: the taps of the metadata's `taps` follow
 *  the layers, and i and j are names of taps. Written whole or not at all. */
JC_API jc_status jc_stats_save(const jc_stats *stats, const char *path,
                               jc_error *err) JC_NODISCARD;
JC_API jc_status jc_stats_load(jc_stats **out, const char *path,
                               jc_error *err) JC_NODISCARD;

JC_API uint64_t jc_stats_rows(const jc_stats *stats); /* vectors */
JC_API uint64_t jc_stats_texts(const jc_stats *stats);
JC_API const char *jc_stats_fingerprint(const jc_stats *stats); /* of the model */

JC_API uint32_t jc_stats_layers(const jc_stats *stats); /* L */
JC_API uint32_t jc_stats_width(const jc_stats *stats);  /* d */

/** What they hold of taps of the same token, borrowed; NULL where it was not gathered. The
 *  mean of a tap [d]; the products of two, sum (h_from - mean)(h_to - mean)' [d, d], row
 * from `from`; of a tap alone, sum (h - mean)^2 [d]. */
JC_API const double *jc_stats_mean(const jc_stats *stats, jc_tap tap);
JC_API const double *jc_stats_square(const jc_stats *stats, jc_tap tap);
JC_API const double *jc_stats_products(const jc_stats *stats, jc_tap from, jc_tap to);

#ifdef __cplusplus
}
#endif
#endif
