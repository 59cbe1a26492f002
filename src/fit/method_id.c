/* SPDX-License-Identifier: MIT */
/* method_id.c: h_i stands for h_j as it is. Read out at the last layer, the logit lens. */
#include "fit/methods.h"

const jc_method jc_method_id = {
    .info = {.name = "id", .summary = "the state itself, unchanged", .options = ""},
    .form = &jc_form_identity,
};
