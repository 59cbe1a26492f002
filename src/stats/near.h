/* SPDX-License-Identifier: MIT */
/*
 * near.h: sums for maps from several taps, or from or to taps of other tokens.
 *
 * Such maps want rows whose text has the tokens that they look at. Maps that look equally
 * far back and ahead use the same rows, so they share sums: of the taps that any of them
 * takes, as nodes, and of the products that any of them needs. Rows without such a
 * neighbour are not used, and counted.
 */
#ifndef JC_NEAR_H
#define JC_NEAR_H

#include "shortcut/map.h"
#include "stats/moments.h"

struct jc_near {
    int32_t before, after; /* tokens that a row's text must have around it */
    jc_tap_at *taps;       /* [sums->nodes] */
    jc_place *places;      /* [n]: the maps */
    size_t n;
    jc_stats *sums; /* nodes are `taps`; no parts, no layers */
};

/* "0,12@-1:12 6:12@+1": places[*n], jc_free(); none for NULL or an empty text. */
jc_status jc_places_parse(jc_place **places, size_t *n, const char *text, uint32_t layers,
                          jc_error *err) JC_NODISCARD;

/* Add zeroed sums for these maps. */
jc_status jc_stats_add_near(jc_stats *stats, const jc_place *places, size_t n,
                            jc_error *err) JC_NODISCARD;
void jc_near_free(struct jc_near *near, size_t n);
bool jc_near_same(const jc_stats *a, const jc_stats *b);
jc_status jc_near_merge(jc_stats *into, const jc_stats *from, jc_error *err) JC_NODISCARD;

/* The text that jc_places_parse() reads, of all maps; jc_free(). NULL: memory is short. */
char *jc_near_text(const jc_stats *stats) JC_NODISCARD;

/* The node of a tap in such sums; there is one. */
uint32_t jc_near_node(const struct jc_near *near, jc_tap_at tap);

#endif
