/* SPDX-License-Identifier: MIT */
/* fills.h: where the keys and values come from of blocks that a token has not run, because
 * it left the model before them. */
#ifndef JC_FILLS_H
#define JC_FILLS_H

#include "model/partway.h"

typedef struct jc_fill {
    const char *name, *about;
    bool maps; /* it needs maps from exit points to all later layers */
    /* Of rows that have just left after block `from`. NULL: their states are kept, and the
     * blocks run when a later token goes deeper. `maps` is [L]: from there to each layer;
     * NULL unless it needs them. */
    jc_status (*leave)(jc_partway *way, const jc_stretch *rows, size_t n, uint32_t from,
                       const jc_map_layers *maps, jc_error *err);
} jc_fill;

const jc_fill *jc_fill_find(const char *name); /* NULL: there is none */
const jc_fill *jc_fill_row(size_t i);          /* NULL past the last */

#endif
