/* SPDX-License-Identifier: MIT */
#ifndef JUMPCUT_EVAL_H
#define JUMPCUT_EVAL_H

/**
 * @file jumpcut/eval.h
 * How good shortcuts are: R2, precision@k, surprisal, fixed and early exit
 * (Yom Din et al. 2024, sections 4 and 5; definitions in docs/methods.md).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jumpcut/samples.h"
#include "jumpcut/shortcut.h"
#include "jumpcut/stats.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct jc_results jc_results;

typedef struct jc_eval_params {
    size_t size;
    double target;  /* precision@1 to keep when blocks are saved. Default 0.95 */
    double tau;     /* of the early-exit threshold. Default 4 */
    uint32_t batch; /* tokens run together; 0 chooses */
    bool paper; /* early exit of encoders as the paper's code has it: position 3 for all */
    const jc_hooks *hooks;
    uint32_t bootstrap; /* times that texts are drawn again for intervals. Default 1000 */
    uint64_t seed;      /* of that; set by the program from its --seed */
    bool schedules; /* also score schedules of runs and jumps, of shortcuts that have a map
                       between every two layers; parts of blocks are scored wherever a
                       shortcut has maps of them */
    /* Schedules and parts take passes of their own, many times the work of one pass. They
     * are scored on every `route_every`-th text (0 or 1: on each text), at
     * `route_positions` positions of it, spread evenly from a random start (0: at all). */
    uint32_t route_every, route_positions;
    const jc_team *team; /* that scores together, NULL: this process alone; below */
} jc_eval_params;

#define jc_eval_params_init(p)                                                             \
    do {                                                                                   \
        size_t jc_n_;                                                                      \
        const jc_option *jc_rows_ = jc_eval_options(&jc_n_);                               \
        jc_option_defaults((p), sizeof *(p), jc_rows_, jc_n_);                             \
    } while (0)
JC_API const jc_option *jc_eval_options(size_t *n_rows);

/** Score the identity and each of shortcuts[n] on all of `samples`. Shortcuts of another
 *  model are refused (E_MISMATCH). For a model without a head the results have R2 alone.
 *
 *  The ranks of a team call it with the same model, shortcuts, texts and params. They take
 *  turns in running batches of texts, and each computes R2 of its own pairs of
 *  layers, so that it reads the maps of these alone. Rank 0 gets the results, with the bits
 *  of one process; *out of the others is NULL. E_MISMATCH where their texts differ,
 *  E_UNSUPPORTED for maps that are scored one by one. */
JC_API jc_status jc_eval(jc_results **out, const jc_model *model,
                         const jc_shortcut *const *shortcuts, size_t n_shortcuts,
                         jc_samples *samples, const jc_eval_params *params,
                         jc_error *err) JC_NODISCARD;
JC_API void jc_results_free(jc_results *results);

/** Add members to the results: `json` is an object, merged into them member by member, as
 *  {"data": {"sources": ["corpus.txt"]}}. For what the library cannot know: names of files
 *  and how texts were chosen. */
JC_API jc_status jc_results_add(jc_results *results, const char *json,
                                jc_error *err) JC_NODISCARD;

/** Read what jc_results_json() wrote. Written again it is the same text, and sections that
 *  are taken later come last. E_FORMAT where it is not a JSON object. */
JC_API jc_status jc_results_read(jc_results **out, const char *json,
                                 jc_error *err) JC_NODISCARD;
/** Whether there is such a section or member, as "jump" or "training_size". */
JC_API bool jc_results_has(const jc_results *results, const char *member);

/** Move a section of `from`, as "maps", into `results`, in the place of one that is there.
 *  E_ARG when `from` has none. */
JC_API jc_status jc_results_take(jc_results *results, jc_results *from, const char *section,
                                 jc_error *err) JC_NODISCARD;

/** The name under which shortcut `i` of those given to jc_eval() stands in "fits"; NULL
 *  for the identity, and for maps that are scored one by one, which are not there. */
JC_API const char *jc_results_fit(const jc_results *results, size_t i);

/** results.json, "format":"jumpcut-results/1"; *json is yours (free()). */
JC_API jc_status jc_results_json(const jc_results *results, char **json,
                                 jc_error *err) JC_NODISCARD;

typedef struct jc_metric_info {
    const char *name, *summary;
} jc_metric_info;

/** Row `i` of the metric table, NULL past its end. */
JC_API const jc_metric_info *jc_metric_at(size_t i);

#ifdef __cplusplus
}
#endif
#endif
