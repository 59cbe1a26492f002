/* SPDX-License-Identifier: MIT */
/* taps.c: names of the places where states can be read, and the parts between them (Yom Din
 * et al. 2024, section 6). */
#include <stdio.h>
#include <string.h>

#include "model/model.h"
#include "model/parts.h"

static const char *const points[] = {
    [JC_POINT_OUT] = "out", [JC_POINT_LN1] = "ln1", [JC_POINT_ATTN] = "attn",
    [JC_POINT_MID] = "mid", [JC_POINT_LN2] = "ln2", [JC_POINT_MLP] = "mlp",
    [JC_POINT_SUM] = "sum",
};

const char *jc_point_name(size_t i)
{
    return i < JC_COUNT(points) ? points[i] : NULL;
}

void jc_tap_name(jc_tap tap, char name[JC_TAP_NAME])
{
    if (tap.point == JC_POINT_OUT)
        snprintf(name, JC_TAP_NAME, "%u", tap.block);
    else
        snprintf(name, JC_TAP_NAME, "%u.%s", tap.block,
                 tap.point < JC_COUNT(points) ? points[tap.point] : "?");
}

bool jc_tap_read(jc_tap *tap, const char *name, size_t n, uint32_t layers)
{
    uint32_t block = 0;
    size_t digits = 0;

    for (; digits < n && digits < 6 && name[digits] >= '0' && name[digits] <= '9'; digits++)
        block = block * 10 + (uint32_t)(name[digits] - '0');
    *tap = (jc_tap){.block = block, .point = JC_POINT_OUT};
    if (digits == 0 || (digits > 1 && name[0] == '0') || block > layers)
        return false;
    if (digits == n)
        return true;
    for (uint32_t i = 0; i < JC_COUNT(points) && name[digits] == '.' && block > 0; i++)
        if (strlen(points[i]) == n - digits - 1 &&
            memcmp(points[i], name + digits + 1, n - digits - 1) == 0) {
            tap->point = i;
            return true;
        }
    return false;
}

const char *jc_tap_likely(const char *name, size_t n, char text[JC_LIKELY_TEXT])
{
    size_t block = 0;
    jc_likely likely;

    while (block < n && name[block] >= '0' && name[block] <= '9')
        block++;
    if (block > 0 && block < n && name[block] == '.')
        block++;
    jc_likely_begin(&likely, name + block, n - block);
    for (size_t i = 1; i < JC_COUNT(points); i++)
        if (strlen(points[i]) != n - block ||
            memcmp(points[i], name + block, n - block) != 0)
            jc_likely_offer(&likely, points[i], strlen(points[i]));
        else
            return ""; /* the point is right: the block is not */
    if (!likely.name || block > 8)
        return "";
    snprintf(text, JC_LIKELY_TEXT, "; did you mean '%.*s%.*s'?", (int)block, name,
             (int)likely.length, likely.name);
    return text;
}

jc_status jc_tap_check(const jc_model *model, jc_tap tap, jc_error *err)
{
    bool second = tap.point >= JC_POINT_LN2;

    return !second || !model->hp.no_mlp
               ? JC_OK
               : jc_fail(err, JC_E_ARG,
                         "'%.150s' has no tap '%u.%s': its blocks have no MLP", model->path,
                         tap.block, points[tap.point]);
}

jc_status jc_tap_parse(jc_tap *tap, const jc_model *model, const char *name, jc_error *err)
{
    if (jc_want(tap, "tap", err))
        return JC_E_ARG;
    if (jc_want(model, "model", err))
        return JC_E_ARG;
    if (jc_want(name, "name", err))
        return JC_E_ARG;
    uint32_t layers = model->hp.layers;
    char text[JC_LIKELY_TEXT];

    if (jc_tap_read(tap, name, strlen(name), layers))
        return jc_tap_check(model, *tap, err);
    return jc_fail(
        err, JC_E_ARG,
        "'%.40s' is not a tap of '%.150s': there are 0 (the embedding) to %u, and in "
        "a block the points ln1, attn, mid, ln2, mlp and sum, as %u.mlp%s",
        name, model->path, layers, layers, jc_tap_likely(name, strlen(name), text));
}

const uint32_t *jc_model_points(const jc_model *model, size_t *n)
{
    if (!model)
        return NULL;
    static const uint32_t pre[] = {JC_POINT_LN1, JC_POINT_ATTN, JC_POINT_MID, JC_POINT_LN2,
                                   JC_POINT_MLP};
    static const uint32_t post[] = {JC_POINT_ATTN, JC_POINT_MID, JC_POINT_LN1, JC_POINT_MLP,
                                    JC_POINT_SUM};
    static const uint32_t parallel[] = {JC_POINT_LN1, JC_POINT_LN2, JC_POINT_ATTN,
                                        JC_POINT_MID, JC_POINT_MLP};

    *n = model->hp.no_mlp ? 3 : JC_COUNT(pre); /* those of the first half come first */
    if (!model->hp.norm_before)
        return post;
    return model->hp.parallel ? parallel : pre;
}

const char *jc_part_name(jc_part part)
{
    static const jc_point made[] = {[JC_PART_LN1] = JC_POINT_LN1,
                                    [JC_PART_ATTN] = JC_POINT_ATTN,
                                    [JC_PART_LN2] = JC_POINT_LN2,
                                    [JC_PART_MLP] = JC_POINT_MLP};

    return points[made[part]];
}

bool jc_part_read(uint32_t *block, jc_part *part, const char *name, size_t n,
                  uint32_t layers)
{
    jc_tap tap;

    if (!jc_tap_read(&tap, name, n, layers))
        return false;
    *block = tap.block;
    for (*part = 0; *part < JC_PARTS; (*part)++)
        if (jc_part_name(*part) == points[tap.point])
            return true;
    return false;
}

bool jc_model_part(const jc_model *model, uint32_t block, jc_part part, jc_tap *from,
                   jc_tap *to)
{
    const jc_block *b = &model->blocks[block - 1];
    bool before = model->hp.norm_before;
    const jc_tap in = {block - 1, JC_POINT_OUT};

    switch (part) {
    case JC_PART_LN1:
        *from = before ? in : (jc_tap){block, JC_POINT_MID};
        *to = (jc_tap){block, JC_POINT_LN1};
        return b->norm1.weight != NULL;
    case JC_PART_ATTN:
        *from = before ? (jc_tap){block, JC_POINT_LN1} : in;
        *to = (jc_tap){block, JC_POINT_ATTN};
        return true;
    case JC_PART_LN2:
        *from =
            model->hp.parallel ? in : (jc_tap){block, before ? JC_POINT_MID : JC_POINT_SUM};
        *to = (jc_tap){block, before ? JC_POINT_LN2 : JC_POINT_OUT};
        return b->norm2.weight != NULL;
    case JC_PART_MLP:
        *from = (jc_tap){block, before ? JC_POINT_LN2 : JC_POINT_LN1};
        *to = (jc_tap){block, JC_POINT_MLP};
        return !model->hp.no_mlp;
    case JC_PARTS:
        break;
    }
    return false;
}
