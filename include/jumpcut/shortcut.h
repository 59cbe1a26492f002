/* SPDX-License-Identifier: MIT */
#ifndef JUMPCUT_SHORTCUT_H
#define JUMPCUT_SHORTCUT_H

/**
 * @file jumpcut/shortcut.h
 * Fitted maps between layers, and the file that holds them.
 *
 * The file is a safetensors file: `map.<i>.<j>.weight` [d_out, d_in] float32 with
 * h_j ~ W h_i, and `map.<i>.<j>.bias` [d_out] where the method fits one;
 * `part.<block>.<ln1|attn|ln2|mlp>.weight` and `.bias`, where maps of parts of blocks 1..L
 * were fitted; `r2` [L+1, L+1], the share of variance that each map explains on the
 * training vectors, 0 where there is no map. `__metadata__` says what it was made of.
 * Threads: an opened shortcut is read-only and may be shared.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jumpcut/model.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct jc_shortcut jc_shortcut;

JC_API jc_status jc_shortcut_open(jc_shortcut **out, const char *path,
                                  jc_error *err) JC_NODISCARD;
JC_API jc_status jc_shortcut_save(const jc_shortcut *shortcut, const char *path,
                                  jc_error *err) JC_NODISCARD;
JC_API void jc_shortcut_free(jc_shortcut *shortcut);

/** A value of the file's __metadata__ ("method", "model.fingerprint", "rows", ...);
 *  NULL when it has none. Borrowed. */
JC_API const char *jc_shortcut_meta(const jc_shortcut *shortcut, const char *key);

/** Set a metadata value; both are copied. */
JC_API jc_status jc_shortcut_set_meta(jc_shortcut *shortcut, const char *key,
                                      const char *value, jc_error *err) JC_NODISCARD;

/** E_MISMATCH, with a message that names both, when it was fitted on another model. */
JC_API jc_status jc_shortcut_check(const jc_shortcut *shortcut, const jc_model *model,
                                   jc_error *err) JC_NODISCARD;

JC_API bool jc_shortcut_has(const jc_shortcut *shortcut, uint32_t from, uint32_t to);

/** Whether it has a map of "ln1", "attn", "ln2" or "mlp" of block 1..L: from what the part
 * is given to what it makes, at the same position (section 6 of the paper). */
JC_API bool jc_shortcut_has_part(const jc_shortcut *shortcut, uint32_t block,
                                 const char *part);

/** y [n, d] = map of x [n, d]. E_ARG when the shortcut has no such pair. x and y must not
 *  overlap. */
JC_API jc_status jc_shortcut_apply(const jc_shortcut *shortcut, uint32_t from, uint32_t to,
                                   const float *x, size_t n, float *y,
                                   jc_error *err) JC_NODISCARD;

#ifdef __cplusplus
}
#endif
#endif
