/* SPDX-License-Identifier: MIT */
#ifndef JUMPCUT_MODEL_H
#define JUMPCUT_MODEL_H

/**
 * @file jumpcut/model.h
 * A transformer language model, opened from its folder or GGUF file.
 *
 * Threads: a model is read-only once opened and may be shared.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jumpcut/hooks.h"
#include "jumpcut/options.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct jc_model jc_model;

typedef struct jc_model_params {
    size_t size;
    const char *backend; /* a row of `jumpcut list backends`. Default "onednn" */
    const char *dtype;   /* of the products: "f32", "bf16" */
    uint32_t threads;    /* 0: as many as there are processors */
    /* Borrowed, in the place of `backend` and `threads`; NULL: these make one. */
    const struct jc_context *context;
    /* Leave weights as the file has them. Steps of generation read them so in any case;
       texts convert them as they run, which costs them some time. Unless this is set, a
       model in float32 or in float16 that does both holds its weights twice. */
    bool as_stored;
} jc_model_params;

#define jc_model_params_init(p)                                                            \
    do {                                                                                   \
        size_t jc_n_;                                                                      \
        const jc_option *jc_rows_ = jc_model_options(&jc_n_);                              \
        jc_option_defaults((p), sizeof *(p), jc_rows_, jc_n_);                             \
    } while (0)
JC_API const jc_option *jc_model_options(size_t *n_rows);

/** What a model is. All pointers are borrowed from the model. */
typedef struct jc_model_info {
    const char *path;
    const char *architecture; /* "gpt2" */
    const char *stored_dtype; /* of the weights in the file: "F16", or "mixed" */
    const char *backend, *dtype;
    const char *fingerprint; /* 32 hexadecimal digits over names, shapes and contents */
    uint32_t layers;         /* L: blocks. Layer taps are 0..L */
    uint32_t width;          /* d */
    uint32_t heads, head_width, ff_width;
    uint32_t context; /* longest text in tokens */
    uint32_t vocab;
    uint64_t parameters;   /* numbers in the file that the model uses */
    uint64_t weight_bytes; /* of the weights in memory, mapped or prepacked; of a model that
                              is only inspected, what they would take */
    bool tied_head;
    bool causal; /* a decoder */
    bool has_head;
    uint64_t step_bytes; /* of the weights that a pass over few tokens reads, as stored */
    uint64_t head_bytes; /* in memory beside weight_bytes once states are read out */
} jc_model_info;

/** Open a model folder, or a GGUF file. params NULL means all defaults. */
JC_API jc_status jc_model_open(jc_model **out, const char *path,
                               const jc_model_params *params, jc_error *err) JC_NODISCARD;
JC_API void jc_model_close(jc_model *model);
JC_API const jc_model_info *jc_model_get_info(const jc_model *model);

/** What is odd about the model's files, and no error: note i, a sentence such as "2 tensors
 *  are not read: ..."; NULL past the last. Borrowed from the model. Show them: they tell of
 *  files that are of another model than their configuration says. */
JC_API const char *jc_model_note(const jc_model *model, size_t i);

/** As jc_model_open(), but read the description only: no weight is touched beyond what the
 *  fingerprint samples, and no session can be made of it. */
JC_API jc_status jc_model_inspect(jc_model **out, const char *path,
                                  jc_error *err) JC_NODISCARD;

/** Logits of states that stand for the last block's output (before the final norm of a
 *  decoder; an encoder's are those of its masked-LM head). h [n, width] ->
 *  logits [n, vocab]. E_UNSUPPORTED when the model has no head. */
JC_API jc_status jc_model_readout(const jc_model *model, const float *h, size_t n,
                                  float *logits, jc_error *err) JC_NODISCARD;

/** Names of the table rows, NULL-ended, static. */
JC_API const char *const *jc_architecture_list(void);

/** An architecture: what it is, where it is read from, and the model whose states were last
 *  compared with those of transformers: a trained one's name, or "tiny", the random one
 * that the tests of each architecture have. */
typedef struct jc_architecture {
    const char *name, *about, *compared;
    const char *const *model_types; /* of config.json, NULL-ended */
    const char *gguf; /* its names in GGUF files, "a|b"; NULL: not read from them */
    bool causal;      /* a decoder */
} jc_architecture;

/** The one of this name; false where there is none. */
JC_API bool jc_architecture_find(const char *name, jc_architecture *out);
JC_API const char *const *jc_backend_list(void);
/** What the backend at this place of the list is, in a few words; NULL past the last. */
JC_API const char *jc_backend_about(size_t i);

/* ---- taps: places where hidden states can be read ---- */

/** The output of the embedding (block 0) or of a block, 1..L, or a point inside a block. */
typedef struct jc_tap {
    uint32_t block;
    uint32_t point; /* row of the points below; 0: the block's output */
} jc_tap;

/** Points of a block: "out" its output; "ln1", "ln2" the output of its first and second
 *  norm (where a half has none before it, what that half reads); "attn", "mlp" what
 *  attention and the MLP add to the residual stream, with the norm after them, if any;
 *  "mid" the residual stream after attention was added, "sum" after the MLP was. In a
 *  pre-norm block "sum" is "out", in a post-norm block "ln2" is. NULL past the end. */
JC_API const char *jc_point_name(size_t i);

/** "6" or "6.mlp". E_ARG, saying what there is, for any other name. */
JC_API jc_status jc_tap_parse(jc_tap *tap, const jc_model *model, const char *name,
                              jc_error *err) JC_NODISCARD;

enum { JC_TAP_NAME = 24 }; /* bytes of a tap's name, with its zero */
JC_API void jc_tap_name(jc_tap tap, char name[JC_TAP_NAME]);

/** The points inside a block of this model, without those that are its output, in the order
 *  in which they come about: points[*n], borrowed from the model's architecture. */
JC_API const uint32_t *jc_model_points(const jc_model *model, size_t *n);

/* ---- sessions: running texts through a model ---- */

typedef struct jc_session jc_session; /* one per thread */

typedef struct jc_text {
    const uint32_t *ids;       /* [n] */
    size_t n;                  /* 1..context */
    const uint32_t *positions; /* [n_positions]: where states are wanted */
    size_t n_positions;
} jc_text;

JC_API jc_status jc_session_new(jc_session **out, const jc_model *model,
                                jc_error *err) JC_NODISCARD;
JC_API void jc_session_free(jc_session *session);

/** Run texts and keep the states at their positions, at every layer tap. The rows are in
 *  the order of texts, then of positions. A text's states do not depend on its neighbours.
 *  E_ARG for an id outside the vocabulary or a text that is too long; E_NUMERIC when a
 *  state is not finite. */
JC_API jc_status jc_session_run(jc_session *session, const jc_text *texts, size_t n_texts,
                                jc_error *err) JC_NODISCARD;

/** Number of rows of the last run. */
JC_API size_t jc_session_rows(const jc_session *session);

/** The last run's states at layer tap 0..L: [rows, width], valid until the next run. */
JC_API const float *jc_session_states(const jc_session *session, uint32_t tap);

/** From the next run on, keep the states at these taps too; n = 0: none. Where "attn" or
 * "mlp" is among them, what a half of a block adds is rounded before it is added, which
 * changes last digits. */
JC_API jc_status jc_session_want(jc_session *session, const jc_tap *taps, size_t n,
                                 jc_error *err) JC_NODISCARD;

/** The last run's states at the i-th wanted tap: [rows, width], valid until the next run.
 */
JC_API const float *jc_session_wanted(const jc_session *session, size_t i);

#ifdef __cplusplus
}
#endif
#endif
