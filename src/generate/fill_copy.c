/* SPDX-License-Identifier: MIT */
/* fill_copy.c: keys and values of all later blocks from the state at the exit, as CALM
 * does. */
#include "generate/fills.h"

const jc_fill jc_fill_copy = {
    .name = "copy",
    .about = "from the state at the exit itself, in every block",
    .leave = jc_partway_fill,
};
