/* SPDX-License-Identifier: MIT */
#ifndef JUMPCUT_GENERATE_H
#define JUMPCUT_GENERATE_H

/**
 * @file jumpcut/generate.h
 * Texts that a model writes itself: a corpus where there is none.
 *
 * Tokens are drawn from the model's own distribution, many texts at a time, and each text
 * from a random stream of its own, so that text i depends on the seed and i alone.
 */

#include "jumpcut/model.h"
#include "jumpcut/samples.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct jc_self_text jc_self_text;

typedef struct jc_self_text_params {
    size_t size;
    uint64_t self_text;   /* number of texts */
    uint32_t self_tokens; /* longest text; the model's context is a bound too */
    double temperature;   /* of the draw; 1 is the model's own distribution */
    uint64_t seed;        /* set by the program from its --seed */
} jc_self_text_params;

#define jc_self_text_params_init(p)                                                        \
    do {                                                                                   \
        size_t jc_n_;                                                                      \
        const jc_option *jc_rows_ = jc_self_text_options(&jc_n_);                          \
        jc_option_defaults((p), sizeof *(p), jc_rows_, jc_n_);                             \
    } while (0)
JC_API const jc_option *jc_self_text_options(size_t *n_rows);

/** `start` is the token a text begins after (the tokenizer's "bos"), which is not part of
 *  it; -1 draws the first token uniformly. `end` is the token that ends a text, or -1. The
 *  model is borrowed until free. */
JC_API jc_status jc_self_text_new(jc_self_text **out, const jc_model *model, int64_t start,
                                  int64_t end, const jc_self_text_params *params,
                                  jc_error *err) JC_NODISCARD;
JC_API void jc_self_text_free(jc_self_text *self);

/** The next text, for jc_samples_from_source(); `self` is a jc_self_text. */
JC_API jc_status jc_self_text_next(void *self, jc_ids *ids, jc_error *err) JC_NODISCARD;

#ifdef __cplusplus
}
#endif
#endif
