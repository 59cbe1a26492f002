/* SPDX-License-Identifier: MIT */
/* fill_mat.c: keys and values of block j + 1 from the state mapped from the exit to j. */
#include "generate/fills.h"

const jc_fill jc_fill_mat = {
    .name = "mat",
    .about = "from the state mapped to each layer",
    .maps = true,
    .leave = jc_partway_fill,
};
