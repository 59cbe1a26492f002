/* SPDX-License-Identifier: MIT */
/*
 * results.h: what was measured, as numbers. Results are sections: one for each metric that
 * had something to say, one for each study. A section holds the figures of its own type,
 * and knows how they are written. results.c makes the document, once, when it is asked for.
 */
#ifndef JC_EVAL_RESULTS_H
#define JC_EVAL_RESULTS_H

#include "base/base.h"
#include "eval/json.h"
#include "eval/tally.h"
#include "jumpcut/eval.h"
#include "shortcut/packed.h"

typedef char jc_method_name[sizeof((jc_packed *)0)->name];

typedef struct jc_section jc_section;
struct jc_section {
    const char *name; /* static */
    /* Put the figures into the document. */
    void (*write)(const jc_section *section, jc_json *json, json_t *root);
    void *figures; /* of the section's own type; NULL: none, and nothing is written */
    const jc_method_name *methods; /* [n_methods], those that figures are of */
    size_t n_methods;
    uint32_t taps;      /* L + 1 */
    struct room *rooms; /* what jc_section_room() gave */
    jc_section *next;
};

/* A new section, the last one; it belongs to the results. E_NOMEM. */
jc_status jc_results_section(jc_results *results, jc_section **section,
                             jc_error *err) JC_NODISCARD;

/* The section of that name, or NULL. */
const jc_section *jc_results_find(const jc_results *results, const char *name);

/* Zeroed [n] of `size` bytes, which lives as long as the section; NULL: no memory. */
void *jc_section_room(jc_section *section, size_t n, size_t size) JC_NODISCARD;

/* A copy of the text, which lives as long as the section; NULL: no memory, or text is. */
char *jc_section_text(jc_section *section, const char *text) JC_NODISCARD;

/* Set the five members, and their intervals, of a JSON object. */
void jc_scores_write(const jc_scores *scores, jc_json *json, json_t *object);

/* A list of the scores [taps] by layer. */
void jc_scores_write_layers(const jc_scores *scores, uint32_t taps, jc_json *json,
                            json_t *in, const char *name);

jc_status jc_results_new(jc_results **out, jc_error *err) JC_NODISCARD;

/* How many vectors were scored. */
uint64_t jc_results_rows(const jc_results *results);

/* What the maps to the last layer cost, by method of the section "summary"; NULL: that is
 * missing. */
const jc_map_cost *jc_results_costs(const jc_results *results);

/* Set the three members of a JSON object. */
void jc_cost_write(const jc_map_cost *cost, jc_json *json, json_t *object);

/* ---- figures that a study reads too ---- */

typedef struct jc_r2_figures { /* of the section "r2" */
    double *table;             /* [n_methods, taps, taps]; NAN where there is no map */
    jc_estimate *last;         /* [n_methods, taps]: the last column, with its intervals */
} jc_r2_figures;

typedef struct jc_jump_figures { /* of the section "jump" */
    jc_scores *layer;            /* [n_methods, taps] */
    jc_estimate *mean; /* [n_methods]: precision@1, over the layers before the last */
} jc_jump_figures;

#endif
