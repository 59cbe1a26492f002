/* SPDX-License-Identifier: MIT */
/* taps.c: names of the places where states can be read, and the parts between them (Yom Din
 * et al. 2024, section 6). */
#include <stdio.h>
#include <stdlib.h>
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
        snprintf(name, JC_TAP_NAME, "%u.%s", tap.block, points[tap.point]);
}

jc_status jc_tap_parse(jc_tap *tap, const jc_model *model, const char *name, jc_error *err)
{
    uint32_t layers = model->hp.layers;
    size_t digits = strspn(name, "0123456789");
    unsigned long block = strtoul(name, NULL, 10);

    if (digits < 1 || digits > 6 || block > layers || (name[digits] && name[digits] != '.'))
        return jc_fail(err, JC_E_ARG,
                       "'%.40s' is no tap: '%.100s' has 0 to %u, and points in blocks, as "
                       "%u.mlp",
                       name, model->path, layers, layers);
    *tap = (jc_tap){.block = (uint32_t)block, .point = JC_POINT_OUT};
    if (!name[digits])
        return JC_OK;
    for (uint32_t i = 0; i < JC_COUNT(points) && block > 0; i++)
        if (strcmp(points[i], name + digits + 1) == 0) {
            tap->point = i;
            return JC_OK;
        }
    if (block == 0)
        return jc_fail(err, JC_E_ARG,
                       "'%.40s' is no tap: 0 is the embedding, the first block is 1", name);
    return jc_fail(
        err, JC_E_ARG,
        "'%.40s' is no tap: a block has the points ln1, attn, mid, ln2, mlp, sum "
        "and out",
        name);
}

const uint32_t *jc_model_points(const jc_model *model, size_t *n)
{
    static const uint32_t pre[] = {JC_POINT_LN1, JC_POINT_ATTN, JC_POINT_MID, JC_POINT_LN2,
                                   JC_POINT_MLP};
    static const uint32_t post[] = {JC_POINT_ATTN, JC_POINT_MID, JC_POINT_LN1, JC_POINT_MLP,
                                    JC_POINT_SUM};
    static const uint32_t parallel[] = {JC_POINT_LN1, JC_POINT_LN2, JC_POINT_ATTN,
                                        JC_POINT_MID, JC_POINT_MLP};

    *n = JC_COUNT(pre);
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
        return true;
    case JC_PARTS:
        break;
    }
    return false;
}
