/* SPDX-License-Identifier: MIT */
#ifndef JUMPCUT_CONTENTS_H
#define JUMPCUT_CONTENTS_H

/**
 * @file jumpcut/contents.h
 * What the files of a model hold, whether it is used or not: tensors, and the metadata of a
 * GGUF file. In order of name. All pointers are borrowed from the model.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jumpcut/model.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { JC_CONTENTS_DIMS = 4 };

typedef struct jc_contents_tensor {
    const char *name, *dtype; /* "blk.0.attn_q.weight", "Q4_K" */
    uint32_t n_dims;
    uint64_t shape[JC_CONTENTS_DIMS]; /* outermost first; unused ones are 1 */
    uint64_t bytes;
} jc_contents_tensor;

JC_API size_t jc_model_tensors(const jc_model *model);
/** Tensor i; i must be below jc_model_tensors(). */
JC_API jc_contents_tensor jc_model_tensor(const jc_model *model, size_t i);

/** A key of the metadata: one value, or a list of them. */
typedef struct jc_contents_key {
    const char *name, *type; /* "llama.block_count", "u32": of each element of a list */
    bool list;
    size_t n;           /* values; 1 where it is no list */
    const void *values; /* these three are for jc_contents_next() */
    size_t done, bytes;
} jc_contents_key;

typedef struct jc_contents_value {
    const char *text; /* any bytes, not ended by a zero; NULL: a number or a boolean */
    size_t bytes;     /* of the text */
    double number;    /* a boolean is 0 or 1 */
} jc_contents_value;

/** How many keys a GGUF file has; 0 for a folder. */
JC_API size_t jc_model_keys(const jc_model *model);
/** Key i; i must be below jc_model_keys(). */
JC_API jc_contents_key jc_model_key(const jc_model *model, size_t i);
/** The next value of a key, from the first on; false at the end. */
JC_API bool jc_contents_next(jc_contents_key *key, jc_contents_value *value);

#ifdef __cplusplus
}
#endif
#endif
