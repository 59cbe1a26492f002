/* SPDX-License-Identifier: MIT */
/* contents.h: what the files of a model hold, printed. */
#ifndef JC_CLI_CONTENTS_H
#define JC_CLI_CONTENTS_H

#include <jansson.h>

#include <jumpcut.h>

/* Two tables, for reading: long texts and lists are cut short. */
void jc_contents_print(const jc_model *model);

/* Everything, as lists of objects; NULL when memory is short. A text that is no UTF-8 is
 * null there. */
json_t *jc_contents_keys(const jc_model *model);
json_t *jc_contents_tensors(const jc_model *model);

#endif
