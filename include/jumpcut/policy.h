/* SPDX-License-Identifier: MIT */
#ifndef JUMPCUT_POLICY_H
#define JUMPCUT_POLICY_H

/**
 * @file jumpcut/policy.h
 * Policies: how a model is to be run with its shortcuts, found by measurement and kept in a
 * file, policy.json.
 */

#include "jumpcut/generate.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { JC_TRIED = 64, JC_TRIED_DEPTHS = 6, JC_TRIED_RANKS = 4 };

/** What tuning found of one choice of drafters. */
typedef struct jc_tried {
    const char *drafters; /* "ngram+context" */
    double tokens;        /* a pass */
    double drafts;        /* run in a pass */
    /** Speed-up over plain decode: from the times of passes of each size, the time of the
     *  drafts included; and by the clock, in alternation with plain decode. */
    double predicted, measured;
    /** Places k drafts deep that the text came to, and the share of them at which the r-th
     *  best guess was the model's token. */
    uint64_t came[JC_TRIED_DEPTHS];
    double right[JC_TRIED_DEPTHS][JC_TRIED_RANKS];
} jc_tried;

/** What a policy says. Strings are borrowed from it. */
typedef struct jc_policy_info {
    /* ---- early exit ---- */
    const char *gate; /* NULL: nothing is said of early exit */
    const char *exit_at;
    bool never;        /* no threshold was shown to be safe: no token leaves */
    double threshold;  /* lambda of the gate */
    double length;     /* twice the N of its decay */
    double risk;       /* what the share of changed tokens is promised to stay below, */
    double confidence; /* with this probability over the choice of texts */
    uint64_t texts, tokens; /* that it was shown on */
    double measured_risk;   /* there */
    double p;               /* the p-value of "the risk is above" */
    double blocks;          /* run by a token on its way, of `layers` */
    double layers;
    double late;         /* run later, for a token that was behind */
    double flops, bytes; /* of a token, in those of the full model */
    /* ---- drafts ---- */
    const char *draft; /* as jc_generate_params.draft; NULL: nothing is said of them */
    double draft_temperature; /* of the texts that they were chosen on, */
    uint64_t draft_written;   /* of so many tokens */
    double draft_speed;       /* the predicted speed-up there */
    /** T(k): seconds of passes over pass_rows[i] tokens, [n_pass]. */
    const uint32_t *pass_rows;
    const double *pass_seconds;
    size_t n_pass;
    const jc_tried *tried; /* [n_tried]; none where the policy comes from a file */
    size_t n_tried;
} jc_policy_info;

JC_API jc_status jc_policy_open(jc_policy **out, const char *path,
                                jc_error *err) JC_NODISCARD;
JC_API jc_status jc_policy_save(const jc_policy *policy, const char *path,
                                jc_error *err) JC_NODISCARD;
JC_API void jc_policy_free(jc_policy *policy); /* takes NULL */
/** Borrowed from the policy. */
JC_API const jc_policy_info *jc_policy_get_info(const jc_policy *policy);

/** E_MISMATCH, saying what differs, unless the policy was made of this model and of these
 *  shortcuts. */
JC_API jc_status jc_policy_check(const jc_policy *policy, const jc_model *model,
                                 const jc_shortcut *shortcut, jc_error *err) JC_NODISCARD;

/* ---- drafts that pay ---- */

typedef struct jc_tune_params {
    size_t size;
    const char *draft;      /* drafters to choose among: "auto" or "ngram+context" */
    uint32_t prompts;       /* texts that are continued */
    uint32_t prompt_tokens; /* of each, from its beginning, at most */
    uint32_t tokens;        /* that are written after it */
    double temperature;
    uint64_t seed;
    const char *kv; /* as jc_generate_params.kv */
    const jc_hooks *hooks;
    /** As those of jc_generate_params: with it "auto" takes "corpus", too. */
    const uint32_t *draft_text;
    size_t n_draft_text;
} jc_tune_params;

#define jc_tune_params_init(p)                                                             \
    do {                                                                                   \
        size_t jc_n_;                                                                      \
        const jc_option *jc_rows_ = jc_tune_options(&jc_n_);                               \
        jc_option_defaults((p), sizeof *(p), jc_rows_, jc_n_);                             \
    } while (0)
JC_API const jc_option *jc_tune_options(size_t *n_rows);

/** Which drafters pay for a model on this machine: measure passes of each size, continue
 *  texts plainly and with every choice of drafters, and keep the one with the best
 *  predicted speed, with what its guesses were worth; "none" where none is faster. The
 *  shortcut, which may be NULL, has the maps that drafters need. E_FORMAT without texts. */
JC_API jc_status jc_tune(jc_policy **out, const jc_model *model,
                         const jc_shortcut *shortcut, jc_samples *samples,
                         const jc_tune_params *params, jc_error *err) JC_NODISCARD;

/* ---- early exit with a promise ---- */

typedef struct jc_calibrate_params {
    size_t size;
    const char *gate;    /* as jc_generate_params.exit */
    const char *exit_at; /* likewise */
    double risk;         /* the share of changed tokens to stay below */
    double confidence;
    uint32_t length; /* tokens of the texts to be written, for gates that decay */
    const jc_hooks *hooks;
} jc_calibrate_params;

#define jc_calibrate_params_init(p)                                                        \
    do {                                                                                   \
        size_t jc_n_;                                                                      \
        const jc_option *jc_rows_ = jc_calibrate_options(&jc_n_);                          \
        jc_option_defaults((p), sizeof *(p), jc_rows_, jc_n_);                             \
    } while (0)
JC_API const jc_option *jc_calibrate_options(size_t *n_rows);

/** The least safe threshold of a gate of which the texts show that exits change less than
 *  `risk` of a text's tokens on average: Learn then Test (arXiv 2110.01052). On fresh texts
 *  of the same kind the promise is broken in at most a share 1 - confidence of
 *  calibrations. Of tokens with the largest logit, after the texts' own tokens, with keys
 *  and values filled by "defer". Where there are too few texts the policy never exits, and
 * a note says so. */
JC_API jc_status jc_calibrate(jc_policy **out, const jc_model *model,
                              const jc_shortcut *shortcut, jc_samples *samples,
                              const jc_calibrate_params *params,
                              jc_error *err) JC_NODISCARD;

#ifdef __cplusplus
}
#endif
#endif
