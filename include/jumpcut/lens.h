/* SPDX-License-Identifier: MIT */
#ifndef JUMPCUT_LENS_H
#define JUMPCUT_LENS_H

/**
 * @file jumpcut/lens.h
 * What each layer of a model already knows about a text, and the hidden states themselves,
 * for other programs.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jumpcut/samples.h"
#include "jumpcut/shortcut.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- hidden states out ---- */

typedef struct jc_states_params {
    size_t size;
    const char *taps; /* "all", or layer taps as "0,6,12" */
    uint32_t batch;   /* tokens run together; 0 chooses */
    const jc_hooks *hooks;
} jc_states_params;

#define jc_states_params_init(p)                                                           \
    do {                                                                                   \
        size_t jc_n_;                                                                      \
        const jc_option *jc_rows_ = jc_states_options(&jc_n_);                             \
        jc_option_defaults((p), sizeof *(p), jc_rows_, jc_n_);                             \
    } while (0)
JC_API const jc_option *jc_states_options(size_t *n_rows);

/** Write the states at the positions of all of `samples`, whole or not at all; memory does
 *  not grow with them. A path that ends in ".safetensors" gets `states.<tap>` [rows, width]
 *  float32 for each tap, and `rows` [rows, 2] int64: of each row its text, counted from 0
 *  in the order of the stream, and its position. One that ends in ".npy" gets the states of
 *  a single tap. While it works, its parts lie beside the file under temporary names. */
JC_API jc_status jc_states_save(const jc_model *model, jc_samples *samples,
                                const char *path, const jc_states_params *params,
                                jc_error *err) JC_NODISCARD;

#ifdef __cplusplus
}
#endif
#endif
