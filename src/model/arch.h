/* SPDX-License-Identifier: MIT */
/* arch.h: how an architecture is described. Data only; the code that reads it is the same
 * for all: hparams.c (configuration), weights.c (tensors), block.c (arithmetic). */
#ifndef JC_ARCH_H
#define JC_ARCH_H

#include "kernels/kernels.h"

/* Sizes and choices of one model, from config.json by the architecture's key rows. */
typedef struct jc_hparams {
    uint32_t layers, width, heads, ff_width, vocab;
    uint32_t positions; /* rows of the position embedding */
    uint32_t types;     /* rows of the token type embedding */
    uint32_t padding;   /* the token that fills up batches elsewhere */
    double eps;         /* of the norms */
    jc_act act, head_act;
    bool scale_attention;          /* by 1/sqrt(head width) */
    bool scale_attention_by_layer; /* and by 1/(l+1) in block l = 0, 1, ... */
    /* derived */
    uint32_t head_width;
    uint32_t first_position; /* the row of a text's first token */
    uint32_t context;        /* rows from there on */
} jc_hparams;

typedef enum {
    JC_KEY_U32,
    JC_KEY_REAL,
    JC_KEY_BOOL,
    JC_KEY_ACT,
    JC_KEY_FIXED /* a text or boolean that is refused unless it is `def`; `offset` unused */
} jc_key_type;

typedef struct jc_key_row {
    /* of config.json, the first that is present: "n_positions|n_ctx"; NULL: no key, `def`
     * holds for every model of the architecture */
    const char *keys;
    jc_key_type type;
    size_t offset;   /* in jc_hparams */
    const char *def; /* as JSON would have it; NULL: the key is required */
} jc_key_row;

/* Sizes by name, so that a table states a shape before any file is read. */
typedef enum {
    JC_DIM_NONE,
    JC_DIM_VOCAB,
    JC_DIM_POSITIONS,
    JC_DIM_TYPES,
    JC_DIM_WIDTH,
    JC_DIM_FF,
    JC_DIM_QKV
} jc_dim;

/* The weight of a norm or linear layer is followed by its bias. */
typedef enum {
    JC_W_TOKENS,
    JC_W_POSITIONS,
    JC_W_TYPES,
    JC_W_EMBED_NORM, /* of the sum of the embeddings */
    JC_W_EMBED_NORM_BIAS,
    JC_W_NORM1, /* from here on: one for each block */
    JC_W_NORM1_BIAS,
    JC_W_QKV,
    JC_W_QKV_BIAS,
    JC_W_OUT,
    JC_W_OUT_BIAS,
    JC_W_NORM2,
    JC_W_NORM2_BIAS,
    JC_W_UP,
    JC_W_UP_BIAS,
    JC_W_DOWN,
    JC_W_DOWN_BIAS,
    JC_W_TRANSFORM, /* from here on: one for the model; this one opens a masked-LM head */
    JC_W_TRANSFORM_BIAS,
    JC_W_FINAL, /* the norm before the unembedding */
    JC_W_FINAL_BIAS,
    JC_W_HEAD, /* the unembedding */
    JC_W_HEAD_BIAS,
    JC_W_COUNT
} jc_weight_id;

enum {
    JC_WEIGHT_TIED = 1 << 0,   /* if missing, the token embedding stands in */
    JC_WEIGHT_IN_OUT = 1 << 1, /* stored [in, out] */
    JC_WEIGHT_HEAD = 1 << 2,   /* of a head that a checkpoint may lack as a whole */
};

enum { JC_WEIGHT_PARTS = 3 }; /* most rows of one id */

/* Rows of the same id are parts of one weight, one below the other along the outputs: all
 * stored [out, in]. */
typedef struct jc_weight_row {
    jc_weight_id id;
    const char *name; /* %u is the block; "a|b": b where there is no a */
    jc_dim shape[2];  /* [out, in], or [n]; checked against the file */
    unsigned flags;
} jc_weight_row;

typedef struct jc_arch {
    const char *name;
    const char *const *model_types; /* config.json's, NULL-ended */
    const char *prefix;             /* may stand before every tensor name */
    bool causal;
    bool post_norm; /* h = norm(h + f(h)) in both halves of a block, not h + f(norm(h)) */
    bool positions_after_padding; /* the first position is the padding token's id + 1 */
    const jc_key_row *keys;
    size_t n_keys;
    const jc_weight_row *weights;
    size_t n_weights;
} jc_arch;

extern const jc_arch jc_arch_gpt2, jc_arch_bert, jc_arch_roberta, jc_arch_distilbert;

/* The architecture that has this model_type, or NULL. */
const jc_arch *jc_arch_find(const char *model_type);

#endif
