/* SPDX-License-Identifier: MIT */
/* torch.h: tensors of a file that torch.save() or pickle.dump() wrote, and such a file. */
#ifndef JC_TORCH_H
#define JC_TORCH_H

#include "store/store.h"

typedef struct jc_torch jc_torch;

/* A zip file of torch, an older one, or a pickle of a tensor. A tensor is named by its keys
 * and indices from the outside in, as "layers.3.weight"; alone, it has an empty name. */
jc_status jc_torch_open(jc_torch **out, const char *path, jc_error *err) JC_NODISCARD;
/* The same over bytes already in memory, borrowed; `path` is for messages. */
jc_status jc_torch_parse(jc_torch **out, const unsigned char *data, size_t size,
                         const char *path, jc_error *err) JC_NODISCARD;
void jc_torch_close(jc_torch *file);
size_t jc_torch_count(const jc_torch *file);
const jc_tensor *jc_torch_at(const jc_torch *file, size_t i);

/* ---- torch_write.c: float32 tensors in a zip file ---- */

typedef struct jc_torch_entry {
    const char *name; /* or NULL: */
    uint32_t layer;   /* a number */
    const float *data;
    uint32_t n_dims; /* 1 or 2 */
    size_t shape[2];
} jc_torch_entry;

/* As an OrderedDict. */
jc_status jc_torch_write(const char *path, const jc_torch_entry *entries, size_t n,
                         jc_error *err) JC_NODISCARD;
/* Matrices by the number of their layer as a Jacobian lens of the package jlens, fitted on
 * so many texts: {"J": {layer: matrix}, "n_prompts": ..., "source_layers": [...],
 * "d_model":
 * ...}. */
jc_status jc_torch_write_j_lens(const char *path, const jc_torch_entry *entries, size_t n,
                                uint64_t texts, jc_error *err) JC_NODISCARD;

#endif
