/* SPDX-License-Identifier: MIT */
/* shortcuts.h: shortcuts of a model, for tests to put maps into. */
#ifndef JC_TESTS_SHORTCUTS_H
#define JC_TESTS_SHORTCUTS_H

#include <math.h>

#include "support/check.h"

#include "shortcut/shortcut.h"

/* Without maps yet; of the form "identity" it has them all. */
static inline jc_shortcut *shortcut_of(const jc_model *model, const jc_form *form)
{
    const jc_model_info *info = jc_model_get_info(model);
    jc_shortcut *shortcut;
    jc_error err;

    if (jc_shortcut_new(&shortcut, form, info->layers, info->width, &err) ||
        jc_shortcut_set_meta(shortcut, "method", "made", &err) ||
        jc_shortcut_set_meta(shortcut, "model.fingerprint", info->fingerprint, &err))
        fail_msg("%s", err.message);
    return shortcut;
}

/* A map from [0, L@-1] to L of random numbers, the taps in either order; with `bad` it maps
 * to no number. */
static inline void add_context_map(jc_shortcut *shortcut, bool embedding_first, bool bad)
{
    uint32_t d = shortcut->width, last = shortcut->layers;
    jc_place place = jc_place_layers(0, last);
    jc_map_spec spec = {.form = &jc_form_affine, .optional = true};
    jc_map *map;
    jc_rng rng = {9};

    place.n_from = 2;
    place.from[embedding_first ? 0 : 1] = (jc_tap_at){{0, 0}, 0};
    place.from[embedding_first ? 1 : 0] = (jc_tap_at){{last, 0}, -1};
    spec.place = place;
    assert_int_equal(jc_shortcut_add(shortcut, &spec, &map, NULL), JC_OK);
    float *weight = jc_map_fill(map, "weight"), *bias = jc_map_fill(map, "bias");
    for (size_t i = 0; i < 2 * (size_t)d * d; i++)
        weight[i] = (float)(jc_rng_uniform(&rng) - 0.5);
    for (size_t i = 0; i < d; i++)
        bias[i] = bad ? NAN : (float)(jc_rng_uniform(&rng) - 0.5);
}

#endif
