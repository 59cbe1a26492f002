/* SPDX-License-Identifier: MIT */
#ifndef JUMPCUT_STUDY_H
#define JUMPCUT_STUDY_H

/**
 * @file jumpcut/study.h
 * Experiments that take more than one fit: how much text is enough, and what becomes of
 * maps on other text (definitions in docs/methods.md).
 *
 * Each gives results with one section, as "training_size". jc_results_json()
 * writes them as they are; jc_results_take() moves the section into the results of
 * jc_eval(). Free them with jc_results_free().
 */

#include <stddef.h>
#include <stdint.h>

#include "jumpcut/eval.h"
#include "jumpcut/fit.h"
#include "jumpcut/generate.h"
#include "jumpcut/stats.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- how much text is enough ---- */

/** A stream of training vectors. */
typedef struct jc_training_series {
    const char *name;      /* what to call it: "one position per text" */
    const char *positions; /* "one" or "all" */
    jc_samples *train;
} jc_training_series;

typedef struct jc_training_size_params {
    size_t size;
    uint32_t size_texts; /* validation texts to score on: the first of the stream */
    double ridge;        /* of the fits that have one: as in jc_fit_params */
    uint32_t batch;      /* tokens run together; 0 chooses */
    uint32_t bootstrap;  /* times that texts are drawn again for intervals. Default 1000 */
    uint64_t seed;       /* of that; set by the program from its --seed */
    const jc_hooks *hooks;
} jc_training_size_params;

#define jc_training_size_params_init(p)                                                    \
    do {                                                                                   \
        size_t jc_n_;                                                                      \
        const jc_option *jc_rows_ = jc_training_size_options(&jc_n_);                      \
        jc_option_defaults((p), sizeof *(p), jc_rows_, jc_n_);                             \
    } while (0)
JC_API const jc_option *jc_training_size_options(size_t *n_rows);

/** Fit mat and ridge, without and with intercept, on the first d/4, d/2, d, 2d, 4d, 16d,
 *  64d, ... vectors of each stream and on all of them, in one pass a stream; score the maps
 *  to the last layer on the first texts of `val`. Needs memory for the sums of these maps
 *  twice, and for the validation states. */
JC_API jc_status jc_training_size(jc_results **out, const jc_model *model,
                                  const jc_training_series *series, size_t n_series,
                                  jc_samples *val, const jc_training_size_params *params,
                                  jc_error *err) JC_NODISCARD;

/* ---- other text ---- */

typedef struct jc_transfer_text {
    const char *name;
    const jc_shortcut *const *shortcuts; /* fitted on its training part: [n] of both */
    jc_samples *val;
} jc_transfer_text;

/** Score the shortcuts of both texts, and the identity, on both. shortcuts[i] of one is
 *  compared with shortcuts[i] of the other, which must be of the same method. Only maps to
 *  the last layer are used. */
JC_API jc_status jc_transfer(jc_results **out, const jc_model *model,
                             const jc_transfer_text texts[2], size_t n_shortcuts,
                             const jc_eval_params *params, jc_error *err) JC_NODISCARD;

/* ---- how narrow a map may be ---- */

/** Fit narrow maps to the last layer of rank 1, 2, 4, ..., of a hundredth of the width and
 *  of the width on `train`, and mat, and score them and the identity on `val`: the section
 *  "ranks". Of the params `pairs`, `parts`, `method`, `curve`, `schedules` and `team` are
 *  not used. NULL means all defaults. */
JC_API jc_status jc_rank_study(jc_results **out, const jc_model *model, jc_samples *train,
                               jc_samples *val, const jc_stats_params *stats_params,
                               const jc_fit_params *fit_params,
                               const jc_eval_params *eval_params,
                               jc_error *err) JC_NODISCARD;

/* ---- texts written with early exit ---- */

typedef struct jc_decode_params {
    size_t size;
    uint32_t prompts;       /* texts that are continued; 0: 4 */
    uint32_t prompt_tokens; /* of each, from its beginning, at most; 0: 32 */
    uint32_t tokens;        /* that are written after it; 0: 32 */
    const jc_hooks *hooks;
} jc_decode_params;

#define jc_decode_params_init(p) jc_option_defaults((p), sizeof *(p), NULL, 0)

/** Continue texts with every gate at several thresholds and with exits at one layer only,
 *  with every way to fill keys and values, one text at a time in alternation with the full
 *  model: the share of equal tokens against speed, as the section "decode". The shortcut
 *  needs the maps to the last layer, and those between layers for the fill "mat", which is
 *  left out without them. E_ARG where the model has fewer than three blocks. */
JC_API jc_status jc_decode_study(jc_results **out, const jc_model *model,
                                 const jc_shortcut *shortcut, jc_samples *samples,
                                 const jc_decode_params *params,
                                 jc_error *err) JC_NODISCARD;

#ifdef __cplusplus
}
#endif
#endif
