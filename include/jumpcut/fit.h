/* SPDX-License-Identifier: MIT */
#ifndef JUMPCUT_FIT_H
#define JUMPCUT_FIT_H

/**
 * @file jumpcut/fit.h
 * Sums in, shortcut out: one map per pair of taps (Yom Din et al. 2024, section 3).
 *
 * Threads: many fits may read one jc_stats at the same time.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jumpcut/shortcut.h"
#include "jumpcut/stats.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct jc_fit_params {
    size_t size;
    const char *method; /* a row of `jumpcut list methods`. Default "mat" */
    double ridge;       /* "ridge" only: penalty relative to the mean diagonal */
    bool bias;          /* fit an intercept */
    const jc_hooks *hooks;
    uint32_t rank;      /* "narrow": of the maps; 0: a hundredth of the width, at least 1.
                           "one-jump": of the shared map; 0: any */
    const char *metric; /* "narrow": what is minimised: "state", the squared error of
                           states, or "logits", that of logits, to first order */
    const jc_model *model; /* whose logits, and that `texts` are run through; borrowed */
    const struct jc_rank_curve *curve; /* "narrow": who wants R2 by rank, or NULL */
    const char *share; /* "one-jump": "pooled", fitted on all layers, or "pick", that of one
                          layer which does best on all */
    bool scales;       /* "one-jump": each layer has a scale and a shift of its own */
    const char *store; /* type of the stored maps: "f32", "f16", "bf16" or "int8". What that
                          costs in R2 is measured and noted as "store.r2-loss" */
    const struct jc_texts *texts; /* with `model`: what `store` costs in precision at 1 is
                                     measured on the first of them and noted as
                                     "store.p1-loss"; NULL: it is not. Borrowed */
} jc_fit_params;

/** R2 on the training vectors of the narrow map of each rank 1..n, by the name of the map
 *  ("map.0.12"); all come from the work that one of them takes. */
typedef struct jc_rank_curve {
    jc_status (*take)(void *arg, const char *map, size_t inputs, const double *r2, size_t n,
                      jc_error *err);
    void *arg;
} jc_rank_curve;

#define jc_fit_params_init(p)                                                              \
    do {                                                                                   \
        size_t jc_n_;                                                                      \
        const jc_option *jc_rows_ = jc_fit_options(&jc_n_);                                \
        jc_option_defaults((p), sizeof *(p), jc_rows_, jc_n_);                             \
    } while (0)
JC_API const jc_option *jc_fit_options(size_t *n_rows);

/** Fit one map per pair held by `stats`. Fewer vectors than unknowns gives the
 *  minimum-norm solution and a note that says how many would be enough. */
JC_API jc_status jc_fit(jc_shortcut **out, const jc_stats *stats,
                        const jc_fit_params *params, jc_error *err) JC_NODISCARD;

/** Narrow maps of several ranks by the work of one: out[n], freed by the caller. */
JC_API jc_status jc_fit_ranks(jc_shortcut **out, const uint32_t *ranks, size_t n,
                              const jc_stats *stats, const jc_fit_params *params,
                              jc_error *err) JC_NODISCARD;

typedef struct jc_method_info {
    const char *name, *summary;
    bool texts;          /* it looks at the model and at texts: jc_train(), not jc_fit() */
    const char *options; /* "ridge|bias": params that it takes and others do not */
    bool last;           /* its maps go from each layer to the last, and nowhere else */
} jc_method_info;

/** Row `i` of the method table, NULL past its end. */
JC_API const jc_method_info *jc_method_at(size_t i);

#ifdef __cplusplus
}
#endif
#endif
