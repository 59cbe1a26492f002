/* SPDX-License-Identifier: MIT */
/* fill_defer.c: the state is kept, and the skipped blocks are run together with the first
 * later token that goes as deep. The keys and values are then those of the full model. */
#include "generate/fills.h"

const jc_fill jc_fill_defer = {
    .name = "defer",
    .about = "run the blocks later, with the first token that goes deeper: exact",
};
