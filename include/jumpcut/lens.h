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

#include "jumpcut/model.h"
#include "jumpcut/samples.h"
#include "jumpcut/shortcut.h"
#include "jumpcut/tokenizer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the lens ---- */

/** Each layer's guess at positions of one text: the states after a layer, taken by a map to
 *  the last layer's and read out there. States inside a block are read through a map from
 *  there to the last layer where a shortcut has one, otherwise as they are, also what
 *  attention or the MLP adds. A shortcut may hold such maps alone. Read-only once made. */
typedef struct jc_lens jc_lens;

typedef struct jc_lens_params {
    size_t size;
    const char *map; /* "id", the method of a shortcut, "all", or NULL: the first
                        shortcut's; without one, id (the logit lens) */
    uint32_t top;    /* guesses kept of each read-out */
    const jc_hooks *hooks;
    const char *at; /* taps inside blocks to read too, "6.mlp,7.attn"; a point, as "mlp", is
                       that of every block; "all": all of them. NULL: none. In blocks
                       that are mixtures of experts, "6.experts" is what the router
                       chooses, which is no state and no row */
    const char *positions;   /* "A:B": from A up to, but without, B; either may be left out,
                                and below 0 counts from the end; "A": one. NULL: all */
    const uint32_t *targets; /* [n_targets]: tokens whose rank and loss to keep, ids */
    size_t n_targets;
} jc_lens_params;

#define jc_lens_params_init(p)                                                             \
    do {                                                                                   \
        size_t jc_n_;                                                                      \
        const jc_option *jc_rows_ = jc_lens_options(&jc_n_);                               \
        jc_option_defaults((p), sizeof *(p), jc_rows_, jc_n_);                             \
    } while (0)
JC_API const jc_option *jc_lens_options(size_t *n_rows);

/** Read ids[n_ids] at every position, or those of `positions`; of an encoder at its mask
 *  tokens only (E_ARG where the text has none). jc_tokenizer_find() finds targets. The
 * model and the tokenizer are borrowed for the lens's life. */
JC_API jc_status jc_lens_new(jc_lens **out, const jc_model *model,
                             const jc_tokenizer *tokenizer,
                             const jc_shortcut *const *shortcuts, size_t n_shortcuts,
                             const uint32_t *ids, size_t n_ids,
                             const jc_lens_params *params, jc_error *err) JC_NODISCARD;
JC_API void jc_lens_free(jc_lens *lens);

/** What was read: maps by name, NULL past the last; positions, each a column. */
JC_API const char *jc_lens_map(const jc_lens *lens, size_t map);
JC_API size_t jc_lens_columns(const jc_lens *lens);
JC_API uint32_t jc_lens_position(const jc_lens *lens, size_t column);
/** Taps, each a row, in the order in which they come about: the layers 0..L, and those
 * inside blocks that were asked for. */
JC_API size_t jc_lens_rows(const jc_lens *lens);
JC_API jc_tap jc_lens_tap(const jc_lens *lens, size_t row);

/** One read-out. The answer of a column is the first guess of the model itself. */
typedef struct jc_lens_cell {
    const uint32_t *ids; /* [n]: the first guesses, best first; equal ones by their id */
    const float *p;      /* [n]: their probabilities */
    size_t n;
    uint32_t rank;  /* of the answer here, 1 for the first guess */
    double entropy; /* nats */
    double kl;      /* of this distribution from the model's own, nats: sum p ln(p / q),
                       where p is the model's */
} jc_lens_cell;

JC_API jc_lens_cell jc_lens_at(const jc_lens *lens, size_t map, size_t row, size_t column);

/** What a read-out says of one token. */
typedef struct jc_lens_score {
    uint32_t rank; /* 1 for the first guess; 0: there is no such token */
    double p;      /* its probability */
    double loss;   /* -ln p, nats */
} jc_lens_score;

/** The targets, ids, and the score of each. */
JC_API size_t jc_lens_targets(const jc_lens *lens);
JC_API uint32_t jc_lens_target(const jc_lens *lens, size_t target);
JC_API jc_lens_score jc_lens_of_target(const jc_lens *lens, size_t map, size_t row,
                                       size_t column, size_t target);
/** Of the token that follows in the text. There is none after the last token, and none for
 *  an encoder, which is read where a token is masked. */
JC_API jc_lens_score jc_lens_of_next(const jc_lens *lens, size_t map, size_t row,
                                     size_t column);

/** The first layer tap from which on the answer is the first guess. */
JC_API uint32_t jc_lens_settled(const jc_lens *lens, size_t map, size_t column);

/** Ways to show a lens: row `i` of the table, NULL past its end. */
typedef struct jc_lens_view_info {
    const char *name, *summary;
} jc_lens_view_info;
JC_API const jc_lens_view_info *jc_lens_view_at(size_t i);

/** "|text|html|json|csv": the names of all views, for tables of options. */
JC_API extern const char jc_lens_view_choices[];

typedef struct jc_lens_look {
    uint32_t width; /* "text": columns of the terminal */
    bool colour;    /* "text": shade by probability */
} jc_lens_look;

/** The lens as the view called `view`: (*text)[0..*length), zero-ended, is yours (free()).
 */
JC_API jc_status jc_lens_show(const jc_lens *lens, const char *view,
                              const jc_lens_look *look, char **text, size_t *length,
                              jc_error *err) JC_NODISCARD;

/* ---- hidden states out ---- */

typedef struct jc_states_params {
    size_t size;
    const char *taps; /* "all": of the layers; or taps as "0,6.attn,12", where a point, as
                         "mlp", is that of every block */
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
