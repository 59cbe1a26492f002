/* SPDX-License-Identifier: MIT */
#ifndef JUMPCUT_CONVERT_H
#define JUMPCUT_CONVERT_H

/**
 * @file jumpcut/convert.h
 * Maps and lenses in files of other programs, both ways.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jumpcut/shortcut.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct jc_convert_params {
    size_t size;
    const char *pair;    /* "<i>:<j>": the layers of a file with one matrix */
    bool transpose;      /* matrices are stored [d_in, d_out] */
    const char *last;    /* what maps to the last layer give: "state"; "normed", the state
                            after the final norm, as the last of the `hidden_states` of
                            transformers; "auto" finds out which on a model that can be run */
    const uint32_t *ids; /* [n_ids] of an ordinary text, to find out with; borrowed. NULL:
                            random tokens, which show less */
    size_t n_ids;
} jc_convert_params;

#define jc_convert_params_init(p)                                                          \
    do {                                                                                   \
        size_t jc_n_;                                                                      \
        const jc_option *jc_rows_ = jc_convert_options(&jc_n_);                            \
        jc_option_defaults((p), sizeof *(p), jc_rows_, jc_n_);                             \
    } while (0)
JC_API const jc_option *jc_convert_options(size_t *n_rows);

/** Read maps of a model from `path`: shortcuts; a folder of a tuned lens, `config.json` and
 *  `params.pt`; a folder of pickles `<i>_<j>.pickle`; a torch file with a matrix for each
 *  layer, to the last; a .npy, .pt, .pickle or .safetensors file with one matrix.
 *  Nothing that a pickle wants to be called is called.
 *
 *  A map to the state after the final norm would be normed twice when it is read out. With
 *  `last` "auto" such maps are E_MISMATCH; with "normed", y = W h + c becomes (y - bias) /
 *  weight of the norm: a state of which the norm makes y again, up to the norm's own scale.
 */
JC_API jc_status jc_convert_read(jc_shortcut **out, const char *path, const jc_model *model,
                                 const jc_convert_params *params,
                                 jc_error *err) JC_NODISCARD;

/** Write it as one of the formats of jc_convert_format_at(): "shortcuts"; "safetensors",
 *  shortcuts with each map as one matrix; "tuned-lens", a folder; "j-lens", a file of the
 * package jlens; "npy", the matrix of `pair`. */
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
