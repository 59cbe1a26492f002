/* SPDX-License-Identifier: MIT */
/* packed.h: the identity and some shortcuts side by side, their maps prepared to be run.
 * Used by everything that compares maps. */
#ifndef JC_PACKED_H
#define JC_PACKED_H

#include "shortcut/map.h"

/* The identity, or one shortcut, with its maps prepared. */
typedef struct jc_packed {
    char name[40];               /* its key in results */
    const jc_shortcut *shortcut; /* borrowed; NULL: the identity */
    uint32_t taps;               /* L + 1 */
    jc_prepared *pool;
    const jc_ready **maps; /* [taps, taps], NULL where there is none */
    bool parts;            /* it has maps of parts of blocks */
} jc_packed;

typedef enum jc_packed_pairs { JC_PACK_ALL, JC_PACK_FINAL } jc_packed_pairs;

/* methods[*n], the identity first, then each shortcut that is not the identity too, under
 * the name of its method ("mat"; a second one is "mat-2"). Refuses shortcuts of another
 * model, and those without a map from every layer to the last one; with JC_PACK_ALL such a
 * shortcut is left out instead, if it holds other maps of taps. Only the maps of `pairs`
 * are prepared, and those of parts with all pairs. */
jc_status jc_packed_new(jc_packed **methods, size_t *n, const jc_model *model,
                        const jc_shortcut *const *shortcuts, size_t n_shortcuts,
                        jc_packed_pairs pairs, jc_error *err) JC_NODISCARD;
void jc_packed_free(jc_packed *methods, size_t n); /* takes NULL */

/* Whether it has a map from every layer to the last. */
bool jc_packed_complete(const jc_shortcut *shortcut, uint32_t last);
/* names [n]: of all shortcuts, as jc_packed_new() would name them. */
void jc_packed_name(char (*names)[sizeof((jc_packed *)0)->name],
                    const jc_shortcut *const *shortcuts, size_t n);

/* The identity counts as having every map. */
bool jc_packed_has(const jc_packed *method, uint32_t from, uint32_t to);

/* The map as one linear layer, by one thread at a time; *linear is NULL where there is
 * none, or it is the identity. */
jc_status jc_packed_linear(const jc_packed *method, uint32_t from, uint32_t to,
                           const jc_linear **linear, jc_error *err) JC_NODISCARD;
jc_status jc_packed_part(const jc_packed *method, uint32_t block, jc_part part,
                         const jc_linear **linear, jc_error *err) JC_NODISCARD;

/* y [rows, width] = the map of x. `*y` is x itself for the identity, otherwise `buffer`. */
jc_status jc_packed_map(const jc_packed *method, uint32_t from, uint32_t to, const float *x,
                        size_t rows, float *buffer, const float **y,
                        jc_error *err) JC_NODISCARD;

#endif
