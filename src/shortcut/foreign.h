/* SPDX-License-Identifier: MIT */
/* foreign.h: files of other programs. A kind is one file, foreign_<name>.c, and one entry
 * in foreign.c. */
#ifndef JC_FOREIGN_H
#define JC_FOREIGN_H

#include "jumpcut/convert.h"
#include "shortcut/shortcut.h"

typedef struct jc_foreign_job {
    const char *path;
    const jc_model_info *info; /* of the model, for reading */
    const uint32_t *ids;       /* [n_ids] of a text, to try maps on */
    size_t n_ids;
    bool has_pair, transpose;
    uint32_t from, to;         /* of the pair */
    jc_shortcut *shortcut;     /* reading: takes the maps */
    const jc_shortcut *source; /* writing */
    jc_error *err;
} jc_foreign_job;

typedef struct jc_foreign {
    jc_convert_format info;
    bool (*is)(const char *path); /* whether that kind lies there; NULL: never read */
    bool last_state; /* its maps give the last layer's state, up to a scale: not to be tried
                      */
    jc_status (*read)(jc_foreign_job *job);
    jc_status (*write)(const jc_foreign_job *job); /* NULL: never written */
} jc_foreign;

extern const jc_foreign jc_foreign_shortcuts, jc_foreign_dense, jc_foreign_tuned_lens,
    jc_foreign_j_lens, jc_foreign_pickles, jc_foreign_npy, jc_foreign_torch;

/* Add the map between two layers from a matrix and perhaps a bias; `residual`: the matrix
 * is added to the identity. Shapes and numbers are checked. */
jc_status jc_foreign_add(jc_foreign_job *job, uint32_t from, uint32_t to,
                         const jc_tensor *weight, const jc_tensor *bias,
                         bool residual) JC_NODISCARD;
/* The same of one tensor [n, d, d] for all layers, from tap `first` on to the last layer;
 * one of the last layer itself is left out. bias [n, d], or NULL. */
jc_status jc_foreign_add_stack(jc_foreign_job *job, uint32_t first, const jc_tensor *weight,
                               const jc_tensor *bias) JC_NODISCARD;
/* path ends with that. */
bool jc_foreign_ends(const char *path, const char *end);
/* Maps to the last layer that give the state after the final norm: found and refused, or
 * with `last` "normed" made such that give the state before it. Other than "state" and
 * "normed", `last` finds nothing where the model cannot be run. */
jc_status jc_foreign_last(jc_foreign_job *job, const jc_model *model,
                          const char *last) JC_NODISCARD;
/* The map of the pair, or the only one, for formats that hold one. */
jc_status jc_foreign_one(const jc_foreign_job *job, const jc_map **map) JC_NODISCARD;

#endif
