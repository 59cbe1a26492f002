/* SPDX-License-Identifier: MIT */
/* names.h: the names under which files have the tensors of a row. */
#ifndef JC_MODEL_NAMES_H
#define JC_MODEL_NAMES_H

#include "model/model.h"

enum {
    JC_NAME = 256, /* longer than any name of a table, with what may stand before it */
    JC_WRAPPER = 96
};

/* Go through the names of a row of a block: "a|b" is two, each as the table has it and with
 * what may stand before it. Start with zeros, `row` and `block` set; false at the end. */
typedef struct jc_names_of {
    const jc_weight_row *row;
    uint32_t block, expert;
    size_t turn;
    char name[JC_NAME];
} jc_names_of;

bool jc_names_next(jc_names_of *names, const jc_model *model);

/* The tensor of a row, or NULL. */
const jc_tensor *jc_names_seek(const jc_model *model, const jc_weight_row *row,
                               uint32_t block, uint32_t expert);

/* Find what a wrapper put before all names, such as "_orig_mod.", by that of the token
 * embedding: fills model->wrapper. */
void jc_names_unwrap(jc_model *model);

/* Where a table has experts in two forms, each in matrices of its own or all of a block in
 * one tensor, keep the one that the files have. After jc_names_unwrap(). */
void jc_names_choose(jc_model *model);

#endif
