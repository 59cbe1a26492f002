/* SPDX-License-Identifier: MIT */
/*
 * methods.h: a method is how maps are found: it sees all sums and the maps that are wanted,
 * and adds them to a shortcut. A method is one file, method_<name>.c, and one entry in
 * methods.c.
 */
#ifndef JC_METHODS_H
#define JC_METHODS_H

#include "jumpcut/train.h"
#include "shortcut/shortcut.h"
#include "stats/batch.h"
#include "stats/moments.h"

/* A map that is wanted, and where the sums hold what it needs. */
typedef struct jc_wanted {
    jc_place place;
    const jc_stats *sums;
    uint32_t from[JC_MAP_SOURCES], to; /* nodes of the sums */
    size_t n_from;
} jc_wanted;

/* One fit under way. */
typedef struct jc_fit_job {
    const jc_stats *stats;
    const jc_wanted *wanted; /* [n]; those from the same taps are neighbours */
    size_t n;
    const jc_fit_params *params;
    jc_shortcut *shortcut; /* takes the maps, and metadata of the method's own */
    jc_shortcut **more;    /* [n_more]: the same maps of other ranks */
    const uint32_t *more_ranks;
    size_t n_more;
    jc_error *err;
} jc_fit_job;

/* One training under way. */
typedef struct jc_train_job {
    const jc_model *model;
    const jc_texts *texts;
    const jc_stats *stats; /* or NULL */
    const jc_train_params *params;
    jc_shortcut *shortcut; /* takes the maps, and metadata of the method's own */
    bool whole;            /* it has them, even if training was stopped */
    jc_error *err;
} jc_train_job;

typedef struct jc_method {
    jc_method_info info;
    const jc_form *form;                   /* of its maps */
    const jc_form *form_bias;              /* the same with an intercept */
    jc_status (*fit)(jc_fit_job *job);     /* from sums; NULL: nothing is fitted, or */
    jc_status (*train)(jc_train_job *job); /* from model and texts */
} jc_method;

/* "|id|mat|...": the names, for options. */
extern const char jc_method_choices[];

/* NULL when no method is called so. */
const jc_method *jc_method_find(const char *name);
/* Whether it is among the method's options; of a fit, these go into the metadata. */
bool jc_method_takes(const jc_method *method, const char *option);

/* Report that `done` of the wanted maps have been found. */
jc_status jc_fit_progress(const jc_fit_job *job, size_t done) JC_NODISCARD;

/* ---- for methods that train: train.c ---- */

/* Texts being read, from the one of that number on, in batches of up to about `most`
 * vectors, which do not depend on the number of threads. Must be closed, also after a
 * failure. */
typedef struct jc_reading {
    const jc_train_job *job;
    jc_samples *samples;
    jc_batch *batch;
} jc_reading;

jc_status jc_reading_open(jc_reading *reading, const jc_train_job *job, uint64_t skip,
                          uint64_t most, const jc_hooks *hooks) JC_NODISCARD;
void jc_reading_close(jc_reading *reading);

/* Set a number in the metadata. */
jc_status jc_train_count(const jc_train_job *job, const char *key,
                         uint64_t value) JC_NODISCARD;

#endif
