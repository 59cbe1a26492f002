/* SPDX-License-Identifier: MIT */
#ifndef JUMPCUT_CONVERT_H
#define JUMPCUT_CONVERT_H

/**
 * @file jumpcut/convert.h
 * Maps and lenses in files of other programs, both ways.
 */

#include <stdbool.h>
#include <stddef.h>

#include "jumpcut/shortcut.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Read maps of a model from `path`: shortcuts; a folder of a tuned lens, `config.json` and
 *  `params.pt`; a folder of pickles `<i>_<j>.pickle`; a torch file with a matrix for each
 *  layer, to the last; a .npy, .pt, .pickle or .safetensors file with one matrix, of `pair`
 *  "<i>:<j>". Matrices are taken as [d_out, d_in], with `transpose` the other way round.
 *  Nothing that a pickle wants to be called is called. */
JC_API jc_status jc_convert_read(jc_shortcut **out, const char *path, const jc_model *model,
                                 const char *pair, bool transpose,
                                 jc_error *err) JC_NODISCARD;

/** Write it as one of the formats of jc_convert_format_at(): "shortcuts"; "safetensors",
 *  shortcuts with each map as one matrix; "tuned-lens", a folder; "npy", the matrix of
 *  `pair`. */
JC_API jc_status jc_convert_write(const jc_shortcut *shortcut, const char *path,
                                  const char *format, const char *pair,
                                  jc_error *err) JC_NODISCARD;

typedef struct jc_convert_format {
    const char *name, *summary;
} jc_convert_format;

/** Format `i` that can be written, NULL past the last. */
JC_API const jc_convert_format *jc_convert_format_at(size_t i);

#ifdef __cplusplus
}
#endif
#endif
