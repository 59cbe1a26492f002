/* SPDX-License-Identifier: MIT */
/* taps.c: lists of taps, as a user writes them. */
#include <string.h>

#include "lens/lens.h"

/* One of a list: a tap, or a point, which is a tap of each block. */
static jc_status add(jc_taps *taps, const jc_model *model, const char *text, size_t n,
                     jc_error *err)
{
    char name[48];

    snprintf(name, sizeof name, "%.*s", (int)(n < sizeof name ? n : sizeof name), text);
    for (uint32_t p = 1; jc_point_name(p); p++)
        if (strcmp(name, jc_point_name(p)) == 0) {
            for (uint32_t b = 1; b <= jc_model_get_info(model)->layers; b++)
                taps->tap[taps->n++] = (jc_tap){b, p};
            return JC_OK;
        }
    return jc_tap_parse(&taps->tap[taps->n++], model, name, err);
}

static jc_status check_once(const jc_taps *taps, jc_error *err)
{
    char name[JC_TAP_NAME];

    for (size_t i = 0; i < taps->n; i++)
        for (size_t k = 0; k < i; k++)
            if (taps->tap[i].block == taps->tap[k].block &&
                taps->tap[i].point == taps->tap[k].point) {
                jc_tap_name(taps->tap[i], name);
                return jc_fail(err, JC_E_ARG, "tap %s is asked for twice", name);
            }
    return JC_OK;
}

jc_status jc_taps_read(jc_taps *taps, const jc_model *model, const char *text,
                       jc_error *err)
{
    size_t pieces = 1, room;
    jc_status st = JC_OK;

    *taps = (jc_taps){0};
    for (const char *at = text; *at; at++)
        pieces += *at == ',';
    if (jc_mul(pieces, jc_model_get_info(model)->layers, &room))
        taps->tap = jc_alloc_array(room, sizeof *taps->tap);
    if (!taps->tap)
        return jc_fail_nomem(err, "the taps");
    for (size_t n; st == JC_OK; text += n + 1) {
        n = strcspn(text, ",");
        st = add(taps, model, text, n, err);
        if (!text[n])
            break;
    }
    return st ? st : check_once(taps, err);
}
