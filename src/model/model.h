/* SPDX-License-Identifier: MIT */
/* model.h: what an opened model holds, for the files of this room. */
#ifndef JC_MODEL_IMPL_H
#define JC_MODEL_IMPL_H

#include <pthread.h>

#include "base/notes.h"
#include "jumpcut/model.h"
#include "model/arch.h"
#include "model/rotary.h"
#include "store/store.h"

typedef struct jc_norm_weights {
    float *weight, *bias; /* [d], owned; NULL where the architecture has none */
    size_t d;
    size_t pieces; /* of a row, each with d weights of its own; 0: all have the same */
} jc_norm_weights;

enum {
    JC_BLOCK_OPS = 12, /* most operations of a block */
    JC_ROTARIES = 2    /* rotary positions: of all blocks, and of those with a window */
};

typedef struct jc_op jc_op; /* see ops.h */

/* The experts of a block; see experts.c. */
typedef struct jc_mixture {
    jc_linear *router;
    float *choice_bias;                               /* [experts], owned; NULL: none */
    jc_linear *shared_gate, *shared_up, *shared_down; /* NULL where there are none */
    struct jc_expert {
        jc_linear *up, *down;
    } * experts; /* [n] */
    size_t n;
} jc_mixture;

/* The layers of latent attention; see latent.c. */
typedef struct jc_latent {
    jc_linear *q_down, *q_up, *kv_down; /* no q_down: q_up reads the state */
    jc_norm_weights q_norm, kv_norm;
    jc_linear **keys, **values; /* [heads]: of queries to latents, of latents to values */
    size_t heads;
} jc_latent;

/* A convolution in the place of attention; see conv.c. */
typedef struct jc_conv {
    jc_linear *in, *out;
    float *weight; /* [width, tokens], owned */
    float *bias;   /* [width], owned; NULL: none */
} jc_conv;

/* A recurrence in the place of attention; see scan.c. */
typedef struct jc_scan {
    jc_linear *in, *out;
    float *weight;       /* [channels, tokens], owned, as all below */
    float *bias;         /* [channels]; NULL: none */
    float *decay, *step; /* [heads]; decay is negative */
    float *skip;         /* [heads]; NULL: none */
    float *norm;         /* of all values, or of those of one head */
} jc_scan;

typedef struct jc_block {
    jc_norm_weights norm1, norm2, norm1_after, norm2_after, q_norm, k_norm;
    jc_linear *qkv, *out, *up, *down;
    jc_linear *q_gate;                       /* of what attention gives; NULL: none */
    jc_conv *conv;                           /* NULL: attention */
    jc_scan *scan;                           /* the same */
    jc_latent *latent;                       /* NULL: qkv makes queries, keys and values */
    jc_relative relative;                    /* n is 0 where there is none */
    float *relative_keys, *relative_queries; /* its, owned */
    float *sinks;                            /* [heads], owned; NULL: none */
    jc_mixture *mixture;                     /* NULL: up and down are the MLP */
    float attention_scale;
    size_t window; /* keys that a token sees; 0: all before it */
    size_t rotary; /* which of the model's */
    jc_op *ops;    /* [n_ops], owned */
    size_t n_ops;
} jc_block;

/* The read-out, prepared when it is first used: a fit never needs it. */
typedef struct jc_head {
    pthread_mutex_t lock;
    bool lock_ready;
    jc_linear *transform, *unembed; /* NULL until then; some heads have no transform */
} jc_head;

struct jc_model {
    jc_model_info info; /* its strings point into the members below */
    char *path;
    char fingerprint[33];
    jc_store *store;
    jc_notes notes; /* beside those of the store */
    const jc_arch *arch;
    jc_weight_row *weights; /* [n_weights]: its rows, as the files have them */
    size_t n_weights;
    const char *prefix; /* may stand before every tensor name */
    char wrapper[96];   /* what a wrapping program put before them as well; or "" */
    float *zero;        /* of zeros[]: biases that GGUF files leave out */
    jc_tensor zeros[4];
    jc_hparams hp;
    const jc_backend *backend;
    uint32_t threads; /* of all that is done with it */
    jc_precision precision;
    bool as_stored; /* no weight is packed when the model opens */
    jc_rotary rotary[JC_ROTARIES];
    float *slopes;    /* [heads], owned: of ALiBi; NULL: none */
    float *sinusoids; /* [positions, width], owned, and as a tensor: */
    jc_tensor sinusoid_table;
    jc_relative relative;               /* of all blocks: classes and biases */
    uint32_t *relative_which;           /* its, owned */
    float *relative_bias;               /* its, owned */
    float *distances;                   /* [classes, width], owned: normed; NULL: none */
    const jc_tensor *tokens;            /* read where they lie, row by row */
    const jc_tensor *positions, *types; /* the same, or NULL */
    jc_linear *embed_in;                /* NULL where there is none */
    jc_norm_weights embed_norm;         /* NULL where there is none */
    jc_block *blocks;                   /* [layers]; NULL when only inspected */
    struct jc_route_step *plain;        /* [layers]: the route through all of them */
    jc_norm_weights last, final;        /* NULL without a head */
    jc_head *head;
};

/* Where configurations of multimodal models have that of their text part. */
#define JC_TEXT_PARTS "text_config|llm_config|language_config"

jc_status jc_key_read(jc_hparams *hp, const jc_key_row *row, const jc_config *config,
                      jc_error *err) JC_NODISCARD;
/* Must be released, even after a failure. */
jc_status jc_hparams_read(jc_hparams *hp, const jc_arch *arch, const jc_config *config,
                          jc_error *err) JC_NODISCARD;

/* Fill `weights` and `prefix`. */
jc_status jc_rows_prepare(jc_model *model, jc_error *err) JC_NODISCARD;
/* E_UNSUPPORTED, saying what is known and how the configuration differs from it. */
jc_status jc_arch_unknown(const char *model_type, const jc_config *config, jc_error *err);
/* The same of GGUF's name of an architecture. */
jc_status jc_arch_unknown_gguf(const char *name, const jc_config *config, jc_error *err);

/* Find every tensor of the architecture, check its shape, and count parameters; fills
 * `tokens`, `positions`, `types`, info and notes. */
jc_status jc_weights_check(jc_model *model, jc_error *err) JC_NODISCARD;

/* The rows of an id, one after another: the first where `last` is NULL, NULL at the end. */
const jc_weight_row *jc_rows_next(const jc_model *model, jc_weight_id id,
                                  const jc_weight_row *last);
/* How many blocks have the row; 1 of what is outside blocks, 0 of one that is not used. */
size_t jc_rows_dim(const jc_hparams *hp, jc_dim which);
uint32_t jc_rows_blocks(const jc_model *model, const jc_weight_row *row);
/* The tensor of a row, of the right shape and type; NULL where the embedding stands in. */
jc_status jc_rows_find(const jc_tensor **tensor, const jc_model *model,
                       const jc_weight_row *row, uint32_t block, uint32_t expert,
                       jc_error *err) JC_NODISCARD;
/* How many experts have the row, in files in one tensor or in one each; 1 of any other. */
uint32_t jc_rows_experts(const jc_model *model, const jc_weight_row *row);
/* Whether a model of this configuration has the weight at all. */
bool jc_rows_used(const jc_model *model, const jc_weight_row *row);
/* Whether the block has the weight: not all do. */
bool jc_rows_in_block(const jc_model *model, const jc_weight_row *row, uint32_t block);
/* That part of the row's tensor which is the expert's, as a matrix or vector. */
void jc_rows_slice(jc_tensor *t, const jc_model *model, const jc_weight_row *row,
                   uint32_t expert);
/* Why a row has no tensor, as far as the names that the files have tell. */
jc_status jc_rows_missing(const jc_model *model, const jc_weight_row *row, uint32_t block,
                          uint32_t expert, jc_error *err);

/* Tensors that no row reads: E_UNSUPPORTED where one of them says that the others are
 * quantised; a note where they may be of another model. */
jc_status jc_unread_check(jc_model *model, jc_error *err) JC_NODISCARD;
/* Note matrices that are zeros throughout. */
jc_status jc_unfilled_check(jc_model *model, jc_error *err) JC_NODISCARD;
/* A note of choices in the configuration that the architecture does not have. */
jc_status jc_unread_keys(jc_notes *notes, const jc_arch *arch, const jc_config *config,
                         jc_error *err) JC_NODISCARD;
/* Whether a row of the architecture has the key, or one that is inside it. */
bool jc_arch_has_key(const jc_arch *arch, const char *key);
/* What quantised weights, by the name of one of their scales, or NULL; and the refusal. */
const char *jc_quantised_by(const char *name);
jc_status jc_quantised_refuse(const jc_model *model, const char *name, jc_error *err);
/* The name of a scale beside the weight, or NULL. */
const char *jc_quantised_beside(const jc_model *model, const char *weight);
/* What the configuration says of quantised weights: E_UNSUPPORTED, unless they can be read;
 * then their scales are found. */
jc_status jc_quantised_check(jc_model *model, jc_error *err) JC_NODISCARD;
/* Prepare the norms and the blocks. */
jc_status jc_weights_load(jc_model *model, jc_error *err) JC_NODISCARD;
void jc_weights_release(jc_model *model);

/* Bytes that a linear layer of this tensor adds to memory: packed ones, or those of the
 * file, unless these are `mapped` anyhow. */
size_t jc_weights_held(const jc_model *model, const jc_tensor *tensor, bool mapped);
/* The bytes of blocks that a tensor made of several can be put into; 0: it stays as it is.
 */
size_t jc_regrouped_bytes(const jc_tensor *tensor);
/* Such a tensor becomes one of blocks in `memory`. */
jc_status jc_regroup(jc_tensor *tensor, unsigned char *memory, jc_error *err) JC_NODISCARD;
/* A linear layer with its bias, if any; *out is NULL where the architecture has no rows of
 * that id. `block` is used for those within a block only. */
jc_status jc_weights_linear(jc_linear **out, const jc_model *model, jc_weight_id id,
                            uint32_t block, jc_act act, bool add,
                            jc_error *err) JC_NODISCARD;
/* The same of one expert, or in float32 whatever the model's products are. */
jc_status jc_weights_expert(jc_linear **out, const jc_model *model, jc_weight_id id,
                            uint32_t block, uint32_t expert, jc_error *err) JC_NODISCARD;
jc_status jc_weights_router(jc_linear **out, const jc_model *model, jc_weight_id id,
                            uint32_t block, jc_error *err) JC_NODISCARD;

/* A norm, all of it NULL where the architecture has none. */
jc_status jc_weights_norm(const jc_model *model, jc_weight_id id, uint32_t block,
                          jc_norm_weights *out, jc_error *err) JC_NODISCARD;
void jc_weights_free_norm(jc_norm_weights *norm);

/* A vector or matrix as float32, or NULL where the architecture has none. */
jc_status jc_weights_floats(float **out, const jc_model *model, jc_weight_id id,
                            uint32_t block, jc_error *err) JC_NODISCARD;

/* positions.c: what is computed of positions other than by turning: ALiBi's slopes, tables
 * of sines and cosines. */
jc_status jc_positions_load(jc_model *model, jc_error *err) JC_NODISCARD;

/* relative.c: the classes of distances, and what each adds to scores; then the keys and
 * queries that a block makes of them, whose weights have been loaded. */
jc_status jc_relative_load(jc_model *model, jc_error *err) JC_NODISCARD;
jc_status jc_relative_block(const jc_model *model, jc_block *block,
                            jc_error *err) JC_NODISCARD;

/* Rows [first, first + n) of a weight stored [out, in], as a layer of n outputs, or,
 * turned, as one of n inputs. */
jc_status jc_weights_part(jc_linear **out, const jc_model *model, jc_weight_id id,
                          uint32_t block, size_t first, size_t n, bool turned,
                          jc_error *err) JC_NODISCARD;
/* A vector [*n] of a block, *out NULL where there is none. */
jc_status jc_weights_vector(const jc_model *model, jc_weight_id id, uint32_t block,
                            uint32_t expert, float **out, size_t *n,
                            jc_error *err) JC_NODISCARD;

/* latent.c: *out is NULL where attention is not of latents. */
jc_status jc_latent_load(jc_latent **out, const jc_model *model, uint32_t block,
                         jc_error *err) JC_NODISCARD;
void jc_latent_free(jc_latent *latent); /* takes NULL */
size_t jc_latent_bytes(const jc_latent *latent);

/* conv.c: *out is NULL where the block has attention. */
jc_status jc_conv_load(jc_conv **out, const jc_model *model, uint32_t block,
                       jc_error *err) JC_NODISCARD;
void jc_conv_free(jc_conv *conv); /* takes NULL */
size_t jc_conv_bytes(const jc_conv *conv);

/* scan_load.c: *out is NULL where the block has no recurrence. */
jc_status jc_scan_load(jc_scan **out, const jc_model *model, uint32_t block,
                       jc_error *err) JC_NODISCARD;
void jc_scan_free(jc_scan *scan); /* takes NULL */
size_t jc_scan_bytes(const jc_scan *scan);

/* experts.c: the mixture of a block; *out is NULL where the block has none. */
jc_status jc_mixture_load(jc_mixture **out, const jc_model *model, uint32_t block,
                          jc_error *err) JC_NODISCARD;
void jc_mixture_free(jc_mixture *mixture); /* takes NULL */
size_t jc_mixture_bytes(const jc_mixture *mixture);

/* The norm, in the model's way, of every run of weights->d values; y may be x. */
jc_status jc_model_norm(const jc_model *model, const jc_norm_weights *weights, jc_mat x,
                        jc_mat y, jc_error *err) JC_NODISCARD;

/* jc_model_readout() by a plan. */
jc_status jc_model_logits(const jc_model *model, jc_plan plan, const float *h, size_t n,
                          float *logits, jc_error *err) JC_NODISCARD;

#endif
