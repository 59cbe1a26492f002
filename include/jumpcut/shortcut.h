/* SPDX-License-Identifier: MIT */
#ifndef JUMPCUT_SHORTCUT_H
#define JUMPCUT_SHORTCUT_H

/**
 * @file jumpcut/shortcut.h
 * Fitted maps between layers, and the file that holds them.
 *
 * The file is a safetensors file of maps, each of a form. Tensors of a map of the form
 * "dense" are `map.<from>.<to>.weight` [d, d_in] with h_to ~ W h_from; "affine" adds
 * `.bias` [d]; "low-rank" has `.down` [r, d_in], `.up` [d, r] and perhaps `.bias`. <to> is
 * a tap, as "12", <from> one or several joined by '+', as "0+12@-1": the map then takes
 * their states side by side. "@-1" means one token earlier in the same text.
 * `part.<block>.<ln1|attn|ln2|mlp>.` begins the names of a map that replaces a part of
 * block 1..L. `r2` [L+1, L+1] is the share of variance that each map of layers explains on
 * the training vectors, 0 where there is no map. `__metadata__` says what the file was made
 * of; `form` is the form of every map that has no form of its own, `form.<map>`. Threads:
 * an opened shortcut is read-only and may be shared.
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

/** Add copies of all maps of `from`, in its order, as of a part of the pairs that was
 * fitted elsewhere. E_MISMATCH where depth or width differ, E_ARG where both have a map of
 * the same place; `into` may then have some of them. */
JC_API jc_status jc_shortcut_join(jc_shortcut *into, const jc_shortcut *from,
                                  jc_error *err) JC_NODISCARD;

/** E_MISMATCH, with a message that names both, when it was fitted on another model. */
JC_API jc_status jc_shortcut_check(const jc_shortcut *shortcut, const jc_model *model,
                                   jc_error *err) JC_NODISCARD;

JC_API uint32_t jc_shortcut_layers(const jc_shortcut *shortcut); /* L */
JC_API uint32_t jc_shortcut_width(const jc_shortcut *shortcut);  /* d */

JC_API bool jc_shortcut_has(const jc_shortcut *shortcut, uint32_t from, uint32_t to);

/** Whether it has a map of "ln1", "attn", "ln2" or "mlp" of block 1..L: from what the part
 * is given to what it makes, at the same position (section 6 of the paper). */
JC_API bool jc_shortcut_has_part(const jc_shortcut *shortcut, uint32_t block,
                                 const char *part);

/** y [n, d] = map of x [n, d]. E_ARG when the shortcut has no such pair. x and y must not
 *  overlap. A row's result does not depend on n. */
JC_API jc_status jc_shortcut_apply(const jc_shortcut *shortcut, uint32_t from, uint32_t to,
                                   const float *x, size_t n, float *y,
                                   jc_error *err) JC_NODISCARD;

/** Keep the matrices of all maps as "f32", "f16", "bf16", or "int8" with a scale a row;
 * noted as metadata "store". *error is the largest change of a map's matrices, in their
 * norm. */
JC_API jc_status jc_shortcut_store(jc_shortcut *shortcut, const char *type, double *error,
                                   jc_error *err) JC_NODISCARD;

/* ---- maps ---- */

/** A tap of the token that is so many tokens further on in the same text: "12@-1" is layer
 *  12 of the token before. */
typedef struct jc_tap_at {
    jc_tap tap;
    int32_t offset;
} jc_tap_at;

enum { JC_TAP_AT_NAME = 40 }; /* bytes of "6.mlp@-1", with its zero */
JC_API void jc_tap_at_name(jc_tap_at tap, char name[JC_TAP_AT_NAME]);

/** A function from the states at one or several taps to the state at a tap. Read-only;
 *  borrowed from its shortcut. */
typedef struct jc_map jc_map;

/** Map `i` of a shortcut, in the order of the file; NULL past the last. A shortcut of the
 *  form "identity" has every pair of layers, and lists none. */
JC_API const jc_map *jc_shortcut_map(const jc_shortcut *shortcut, size_t i);

JC_API const char *jc_map_name(const jc_map *map); /* "map.0+12@-1.12" */
JC_API const char *jc_map_form(const jc_map *map); /* "low-rank" */

/** The forms that there are: name and a few words; NULL past the last. */
JC_API const char *jc_form_name(size_t i);
JC_API const char *jc_form_about(size_t i);

/** The i-th tap it takes; how many there are. None for a map of a part of a block. */
JC_API size_t jc_map_sources(const jc_map *map);
JC_API jc_tap_at jc_map_source(const jc_map *map, size_t i);
JC_API jc_tap_at jc_map_target(const jc_map *map);

JC_API size_t jc_map_inputs(const jc_map *map);  /* numbers in a row that it takes */
JC_API size_t jc_map_outputs(const jc_map *map); /* d */

typedef struct jc_map_cost {
    uint64_t parameters; /* numbers that the map has of its own */
    uint64_t bytes;      /* of them as they are stored */
    uint64_t flops;      /* of one row: a multiplication and an addition are two */
} jc_map_cost;
JC_API jc_map_cost jc_map_costs(const jc_map *map);

/** The share of the target's variance that the map explains on the vectors that it was
 *  fitted on; NAN where it is not known. */
JC_API double jc_map_r2(const jc_map *map);

/** The map as one matrix: weight [outputs, inputs], bias [outputs], zeros where it has
 *  none. */
JC_API jc_status jc_map_dense(const jc_map *map, float *weight, float *bias,
                              jc_error *err) JC_NODISCARD;

/** y [n, outputs] = map of x [n, inputs]; x and y must not overlap. A row's result does not
 *  depend on n. */
JC_API jc_status jc_map_run(const jc_map *map, const float *x, size_t n, float *y,
                            jc_error *err) JC_NODISCARD;

#ifdef __cplusplus
}
#endif
#endif
