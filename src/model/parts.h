/* SPDX-License-Identifier: MIT */
/* parts.h: points inside a block, and the parts between them that a map can stand for. */
#ifndef JC_PARTS_H
#define JC_PARTS_H

#include "base/likely.h"
#include "jumpcut/model.h"
#include "kernels/kernels.h"

/* Rows of the points; see jc_point_name(). */
typedef enum jc_point {
    JC_POINT_OUT,
    JC_POINT_LN1,
    JC_POINT_ATTN,
    JC_POINT_MID,
    JC_POINT_LN2,
    JC_POINT_MLP,
    JC_POINT_SUM
} jc_point;

/* jc_tap_parse() of name[0..n) for a model of so many blocks; false: no tap. */
bool jc_tap_read(jc_tap *tap, const char *name, size_t n, uint32_t layers);
/* E_ARG where the model's blocks do not have the point: those of some have no MLP. */
jc_status jc_tap_check(const jc_model *model, jc_tap tap, jc_error *err) JC_NODISCARD;
/* "; did you mean '6.mlp'?" of name[0..n), which is not a tap, or an empty text. */
const char *jc_tap_likely(const char *name, size_t n, char text[JC_LIKELY_TEXT]);

typedef enum jc_part {
    JC_PART_LN1,
    JC_PART_ATTN,
    JC_PART_LN2,
    JC_PART_MLP,
    JC_PARTS /* how many */
} jc_part;

/* "ln1", "attn", "ln2", "mlp". */
const char *jc_part_name(jc_part part);
/* "6.attn" of name[0..n), of blocks 1..layers; false: no part. */
bool jc_part_read(uint32_t *block, jc_part *part, const char *name, size_t n,
                  uint32_t layers);

/* Where a part of block 1..L begins and ends: it makes the state at *to of that at *from,
 * of the same position except for attention. False where the model's blocks do not have it:
 * a norm that is not there. */
bool jc_model_part(const jc_model *model, uint32_t block, jc_part part, jc_tap *from,
                   jc_tap *to);

/* Maps [width, width] in the place of parts of a block, NULL: the part as it is. A block
 * whose attention is a map does not mix positions. */
typedef struct jc_part_maps {
    const jc_linear *map[JC_PARTS];
} jc_part_maps;

#endif
