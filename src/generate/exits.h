/* SPDX-License-Identifier: MIT */
/*
 * exits.h: where tokens may leave the model early, and what it costs: exit points, the gate
 * at them, the maps behind them, and the way in which keys and values are filled in.
 */
#ifndef JC_EXITS_H
#define JC_EXITS_H

#include "generate/fills.h"
#include "generate/gates.h"
#include "jumpcut/generate.h"
#include "model/cost.h"
#include "shortcut/map.h"

typedef struct jc_exit_spec {
    const jc_model *model;
    const jc_shortcut *shortcut;
    const char *gate, *fill;
    const char *at; /* "3,6,9"; "" or NULL: chosen by cost */
    double lambda;  /* 0: the gate's */
    double length;  /* twice the N of levels that decay; 0: the room of each sequence */
    const char *kv; /* type of keys and values */
    const jc_hooks *hooks;
} jc_exit_spec;

#define JC_EXIT_TAU 4.0 /* of the levels' decay exp(-tau t / N) at position t */

typedef struct jc_exits {
    const jc_model *model;
    uint32_t layers;
    const jc_exit_gate *gate;
    const jc_fill *fill;
    double lambda, length;
    size_t number_size;          /* bytes of a number of keys and values */
    uint32_t at[JC_EXIT_POINTS]; /* [n], ascending, 1..L-1 */
    size_t n;
    jc_map_layers last[JC_EXIT_POINTS]; /* to the last layer */
    jc_map_layers *between;             /* [n, L]: to each layer, for the fill */
    jc_prepared *pool;
    jc_cost map[JC_EXIT_POINTS]; /* of last[] */
    jc_cost *fills;              /* [n, L]: maps of between[], keys and values */
    jc_cost *block;              /* [L] */
    jc_cost readout;
} jc_exits;

/* E_ARG where a map is missing that the gate or the fill needs, or a point is not one. */
jc_status jc_exits_new(jc_exits **out, const jc_exit_spec *spec,
                       jc_error *err) JC_NODISCARD;
void jc_exits_free(jc_exits *exits); /* takes NULL */

/* "3,6,9" of a model with so many blocks: at[*n]. */
jc_status jc_exit_points_read(uint32_t at[JC_EXIT_POINTS], size_t *n, const char *text,
                              uint32_t layers, jc_error *err) JC_NODISCARD;

/* The points whose pass of one row reads the fewest bytes, when the share of tokens that
 * can leave by block l is (l / L)^4; *gain: the share of the full model's bytes that they
 * save, below 0 where they cost more. */
void jc_exit_points_choose(jc_exits *exits, const jc_cost *map, double *gain);

#endif
