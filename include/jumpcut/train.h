/* SPDX-License-Identifier: MIT */
#ifndef JUMPCUT_TRAIN_H
#define JUMPCUT_TRAIN_H

/**
 * @file jumpcut/train.h
 * Maps by methods that look at the model and at texts, not at sums alone.
 *
 * "tuned" trains an affine map from every layer to the last one, so that what is read out
 * of it is as near as it can be to the model's own distribution (Belrose et al. 2023). It
 * starts from least squares, and what it gives back is never worse, on texts that are held
 * out, than where it started.
 *
 * "jacobian" finds the mean derivative of the last layer's states by those of a layer, from
 * what comes of moving these a little. Nothing is differentiated, so quantised weights are
 * as good as others. For decoders.
 */

#include <stddef.h>
#include <stdint.h>

#include "jumpcut/fit.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Texts that can be read more than once: each call of `open` begins at the first, and
 *  gives the same samples. */
typedef struct jc_texts {
    jc_status (*open)(void *arg, jc_samples **samples, jc_error *err);
    void (*close)(void *arg, jc_samples *samples);
    void *arg;
} jc_texts;

/* The method tuned holds out the first texts, an eighth of the vectors and at most so many,
 * and looks at them so many times while it trains, and once before. */
enum { JC_TUNED_HELD = 2048, JC_TUNED_CHECKS = 10 };

typedef struct jc_train_params {
    size_t size;
    const char *method;  /* of those whose info says `texts` */
    uint64_t tokens;     /* vectors to train on; texts are read as often as that takes.
                            0: as many as the texts have */
    double rate;         /* "tuned": how far a step goes, at its largest */
    uint32_t step;       /* "tuned": vectors per step */
    double noise;        /* "jacobian": how far a coordinate is moved, in units of its
                            median deviation */
    uint32_t directions; /* "jacobian": coordinates moved in a text; 0: all */
    const char *store;   /* as in jc_fit_params */
    const char
        *resume; /* a file for the state of training: it is kept up to date, and where it is
                    there already, training continues from it; NULL: none */
    const jc_tokenizer *tokenizer; /* of the texts, for losses in bits per byte; NULL:
                                      losses are in nats per token. Borrowed */
    const jc_hooks *hooks;
} jc_train_params;

#define jc_train_params_init(p)                                                            \
    do {                                                                                   \
        size_t jc_n_;                                                                      \
        const jc_option *jc_rows_ = jc_train_options(&jc_n_);                              \
        jc_option_defaults((p), sizeof *(p), jc_rows_, jc_n_);                             \
    } while (0)
JC_API const jc_option *jc_train_options(size_t *n_rows);

/** Train maps of the layers to the last one. `stats` are the sums of the same texts; NULL:
 *  they are gathered first, in one more pass. Results do not depend on the number of
 *  threads. Where the hooks stop it, it returns JC_E_CANCELLED, and *out is the best so
 *  far, unless it was stopped before there was one. Training that diverges ends with a
 *  note, which says at which step, and gives the best before that. */
JC_API jc_status jc_train(jc_shortcut **out, const jc_model *model, const jc_texts *texts,
                          const jc_stats *stats, const jc_train_params *params,
                          jc_error *err) JC_NODISCARD;

#ifdef __cplusplus
}
#endif
#endif
