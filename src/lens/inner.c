/* SPDX-License-Identifier: MIT */
/*
 * inner.c: which map reads a tap inside a block. A shortcut may hold maps from such taps to
 * the last layer (fit --from 6.mid --to 12); where none does, the state is read as it is.
 */
#include <string.h>

#include "lens/lens.h"
#include "shortcut/shortcut.h"

/* From a tap inside a block to the last layer of the same token. */
static bool is_inner(const jc_map *map, uint32_t last)
{
    if (jc_map_sources(map) != 1)
        return false;
    const jc_tap_at from = jc_map_source(map, 0), to = jc_map_target(map);

    return from.tap.point && !from.offset && !to.offset && !to.tap.point &&
           to.tap.block == last;
}

bool jc_lens_only_inner(const jc_shortcut *shortcut, uint32_t last)
{
    const jc_map *map;

    for (size_t i = 0; (map = jc_shortcut_map(shortcut, i)); i++)
        if (is_inner(map, last))
            return !jc_packed_complete(shortcut, last);
    return false;
}

/* The first map of a shortcut that takes this tap; NULL where there is none. */
static const jc_map *find(const jc_shortcut *shortcut, jc_tap tap, uint32_t last)
{
    const jc_map *map;

    for (size_t i = 0; (map = jc_shortcut_map(shortcut, i)); i++)
        if (is_inner(map, last) && jc_map_source(map, 0).tap.block == tap.block &&
            jc_map_source(map, 0).tap.point == tap.point)
            return map;
    return NULL;
}

jc_status jc_lens_choose_inner(jc_lens *lens, const jc_shortcut *const *shortcuts, size_t n,
                               jc_error *err)
{
    uint32_t last = lens->info->layers;
    jc_status st = JC_OK;

    lens->inner = jc_alloc_array(lens->rows, sizeof *lens->inner);
    lens->through = jc_alloc_array(lens->rows, sizeof *lens->through);
    if (!lens->inner || !lens->through)
        return jc_fail_nomem(err, "the maps");
    for (size_t i = 0; i < n && st == JC_OK; i++) {
        const char *method = jc_shortcut_meta(shortcuts[i], "method");
        st = jc_shortcut_check(shortcuts[i], lens->model, err);
        for (size_t row = 0; row < lens->rows && st == JC_OK; row++) {
            if (!lens->taps[row].point || lens->inner[row])
                continue;
            lens->inner[row] = find(shortcuts[i], lens->taps[row], last);
            if (lens->inner[row])
                snprintf(lens->through[row], sizeof *lens->through, "%.30s",
                         method ? method : "unnamed");
        }
    }
    return st;
}
