/* SPDX-License-Identifier: MIT */
/* arch.h: how an architecture is described. Data only; the code that reads it is the same
 * for all: hparams.c (configuration), weights.c (tensors), blocks.c (operations). */
#ifndef JC_ARCH_H
#define JC_ARCH_H

#include "kernels/kernels.h"

typedef struct jc_reals {
    double *x; /* [n], owned */
    size_t n;
} jc_reals;

typedef struct jc_layers {
    bool *is; /* [n], owned */
    size_t n;
} jc_layers;

/* How far apart the angles of rotary positions are, for longer texts than were trained. */
typedef enum {
    JC_ROTARY_NONE, /* the model has none */
    JC_ROTARY_PLAIN,
    JC_ROTARY_LINEAR,
    JC_ROTARY_LLAMA3,
    JC_ROTARY_YARN,
    JC_ROTARY_LONGROPE
} jc_rotary_type;

/* How distances between tokens are put into classes, of which scores of attention depend.
 */
typedef enum {
    JC_RELATIVE_NONE,
    JC_RELATIVE_T5, /* both sides apart: near ones exactly, then by their logarithm */
    JC_RELATIVE_LOG /* DeBERTa's: the same with a sign, each class with a key and a query */
} jc_relative_kind;

/* A recurrence in the place of attention: see scan.c. */
typedef enum {
    JC_SCAN_NONE,
    JC_SCAN_SPACE, /* the state space of Mamba 2 */
    JC_SCAN_DELTA  /* the gated delta rule */
} jc_scan_kind;

typedef struct jc_rotary_hparams {
    jc_rotary_type type;
    double theta, part;                 /* part: of each head that is turned */
    uint32_t turned;                    /* or so many values of it; 0: not given */
    bool interleaved;                   /* pairs of neighbours, not of halves */
    double factor, low_freq, high_freq; /* 0: not given, as below */
    double beta_fast, beta_slow, mscale, mscale_all;
    bool truncate; /* of YaRN, its two ends to whole pairs */
    double attention_factor;
    double alpha;      /* 0, or the base is larger by alpha^(dims / (dims - 2)) */
    uint32_t original; /* positions trained with */
    jc_reals short_factor, long_factor;
    uint32_t dims; /* derived: values of a head that are turned, an even number */
} jc_rotary_hparams;

/* Sizes and choices of one model, from config.json by the architecture's key rows. */
typedef struct jc_hparams {
    uint32_t layers, width, heads, ff_width, vocab;
    uint32_t kv_heads;           /* heads of keys and values; 0: as many as of queries */
    uint32_t head_width;         /* 0: width / heads */
    uint32_t positions;          /* rows of the position embedding, or the longest text */
    uint32_t types;              /* rows of the token type embedding */
    bool typeless;               /* there may be none */
    uint32_t padding;            /* the token that fills up batches elsewhere */
    uint32_t experts;            /* of a mixture; 0: none */
    uint32_t experts_used;       /* by a token */
    uint32_t expert_width;       /* of one's MLP; 0: ff_width */
    uint32_t shared_width;       /* of the MLP that all tokens take; 0: none */
    uint32_t experts_every;      /* only blocks n, 2 n, ... are mixtures */
    uint32_t experts_from;       /* and none of the first so many, */
    jc_layers dense;             /* nor of this list; empty: none is */
    jc_layers sparse;            /* or those of this list, where there is one */
    uint32_t shared_experts;     /* shared_width, in widths of an expert; 0: not */
    uint32_t expert_groups;      /* a token takes experts of few groups; 0: of any */
    uint32_t expert_groups_used; /* of so many, */
    uint32_t expert_group_best;  /* by the sum of so many best scores in each */
    bool router_sigmoid;         /* scores are sigmoids; a bias takes part in choosing */
    double routed_scale;         /* of the experts' shares */
    bool shares_before; /* a share multiplies what its expert reads, not what it gives */
    /* latent attention (DeepSeek): queries by way of q_rank numbers (0: at once), keys and
     * values by way of `latent` numbers, and `rope` numbers of position; 0: no such thing
     */
    uint32_t latent, q_rank, nope, rope, value_width;
    bool
        shares_chosen; /* shares add up to 1 over the experts that are used, not over all */
    double gate_limit; /* of a gate that is clamped; 0: it is not */
    uint32_t embed_width; /* of the token embedding; 0: width */
    uint32_t
        relative_buckets; /* classes of distances, DeBERTa's of one side; 0: each is one */
    uint32_t relative_most; /* distances from which on all are one class; 0: positions */
    double eps;             /* of the norms */
    jc_act act, head_act;
    bool norm_before; /* of each half of a block; otherwise h = norm(h + f(h)) */
    bool parallel;    /* both halves of a block read its input */
    bool attention_bias, mlp_bias;
    bool tied; /* a checkpoint without an unembedding means the token embedding */
    bool scale_attention;                    /* by 1/sqrt(head width) */
    bool scale_attention_by_layer;           /* and by 1/(l+1) in block l = 0, 1, ... */
    double scale_attention_of;               /* by 1/sqrt of this instead; 0: not */
    double attention_multiplier;             /* or by this; 0: not */
    double attention_softcap, logit_softcap; /* 0: none */
    double clip;                             /* of queries, keys and values; 0: none */
    bool alibi;              /* scores fall with distance (Press et al. 2022) */
    bool alibi_scaled;       /* as scores do, by the scale of attention */
    bool multi_query;        /* one head of keys and values, whatever kv_heads says, */
    bool grouped;            /* except with this */
    uint32_t parallel_norms; /* of a block with parallel halves: 1 or 2; 0: 2 if grouped */
    double embed_scale;      /* the token embedding is multiplied by this */
    double residual_scale;   /* and what each half of a block adds */
    double logit_scale, logit_divisor; /* and logits, or they are divided by that */
    /* keys that a token sees, itself among them; of encoders, half of them on each side;
     * 0: all that it may see */
    uint32_t window;
    bool use_window;
    uint32_t window_from, window_every; /* blocks from, from + every, ... have the window */
    jc_layers windowed;                 /* or those of this list, where there is one */
    uint32_t window_except;             /* but each block n, 2 n, ... has none; 0: not so */
    bool window_not_first;              /* nor has the first, and n counts from it */
    bool window_rotated;                /* or those with rotary positions have it */
    bool window_chunked; /* texts are cut into pieces of so many, each of which sees itself
                          */
    /* blocks with a convolution along the text in the place of attention, over so many
     * tokens (LFM2); empty: none */
    jc_layers conv;
    bool conv_all;        /* or all blocks, */
    uint32_t conv_except; /* or all but each block n, 2 n, ...; 0: not so */
    uint32_t conv_tokens;
    bool conv_bias;
    /* a recurrence behind the convolution: heads of values that share keys and queries in
     * groups; a state is [scan_keys, scan_width] */
    jc_scan_kind scan;
    uint32_t scan_heads, scan_groups, scan_keys;
    uint32_t scan_width; /* 0: scan_times width / scan_heads */
    uint32_t scan_times;
    double step_least, step_most; /* of the steps of JC_SCAN_SPACE */
    bool scan_by_key;             /* see jc_scan_made() */
    bool scan_steps_by_key;
    bool scan_tiled;     /* head h has key h mod scan_groups */
    bool no_mlp;         /* a block is its first half alone */
    bool attention_gate; /* what a head gives is multiplied by a sigmoid */
    /* ff_width is made of that of a MLP without a gate: two thirds, times this (0: not),
     * up to a multiple of that */
    bool ff_thirds;
    double ff_times;
    uint32_t ff_multiple;
    jc_layers rotated;      /* blocks with rotary positions; empty: all */
    uint32_t rotary_except; /* but each block n, 2 n, ... has none; 0: not so */
    bool rotary_windowed;   /* or only blocks with a window, where any has one */
    bool qk_norm;           /* queries and keys are normed, where a key tells */
    /* queries at position p are multiplied by 1 + scale log(1 + floor((p + from) / every));
     * `unrotated`: only in blocks without rotary positions */
    double query_log_scale, query_log_every; /* scale 0: none */
    uint32_t query_log_from;
    bool query_log, query_log_unrotated;
    jc_rotary_hparams rotary;
    jc_rotary_hparams rotary_local; /* of blocks with a window; theta 0: the same */
    /* derived */
    uint32_t first_position; /* the row of a text's first token */
    uint32_t context;        /* rows from there on */
    uint32_t relative_classes;
    size_t q_width, kv_width;
} jc_hparams;

typedef enum {
    JC_KEY_U32,
    JC_KEY_LIMIT, /* a whole number; null and below 0: 0, for none */
    JC_KEY_REAL,
    JC_KEY_CAP,        /* a number; null: 0, for none */
    JC_KEY_LIMIT_REAL, /* a number, which may be Infinity */
    JC_KEY_REALS,      /* a list of numbers */
    JC_KEY_BOOL,
    JC_KEY_ACT,
    JC_KEY_ROTARY, /* the name of a jc_rotary_type */
    JC_KEY_LAYERS, /* a list of the kinds of attention, block by block */
    JC_KEY_CHUNKS, /* the same of attention within pieces of a text, and of all */
    JC_KEY_CONVS,  /* the same of attention, and of convolutions and recurrences; or the
                      blocks with attention */
    JC_KEY_FLAGS,  /* a list of 0, 1, false and true, block by block */
    JC_KEY_BLOCKS, /* a list of some blocks, by their numbers from 0; it may be empty */
    JC_KEY_REPEAT, /* the same as lists to repeat: [[["global", "local"], 12]] */
    JC_KEY_SET,    /* a list or "a|b": refused unless it is `def` in any order */
    /* a text, number or boolean that is refused unless it is `def`, or anything but "null";
     * `offset` unused */
    JC_KEY_FIXED
} jc_key_type;

typedef struct jc_key_row {
    /* of config.json, the first that is present: "n_positions|n_ctx"; NULL: no key, `def`
     * holds for every model of the architecture */
    const char *keys;
    jc_key_type type;
    size_t offset;   /* in jc_hparams */
    const char *def; /* as JSON would have it; NULL: the key is required. Lists have none */
} jc_key_row;

/* Sizes by name, so that a table states a shape before any file is read. */
typedef enum {
    JC_DIM_NONE,
    JC_DIM_VOCAB,
    JC_DIM_POSITIONS,
    JC_DIM_TYPES,
    JC_DIM_WIDTH,
    JC_DIM_EMBED, /* of the token embedding */
    JC_DIM_HEAD,  /* of one head */
    JC_DIM_Q,     /* of all heads of queries */
    JC_DIM_KV,    /* of keys, or of values */
    JC_DIM_QKV,   /* Q + 2 KV */
    JC_DIM_FF,
    JC_DIM_ONE,
    JC_DIM_EXPERTS,      /* how many */
    JC_DIM_EXPERT,       /* of one's MLP */
    JC_DIM_EXPERT_GATED, /* 2 EXPERT */
    JC_DIM_SHARED,
    JC_DIM_SHARED_GATED, /* 2 SHARED */
    JC_DIM_HEADS,        /* how many */
    JC_DIM_CLASSES,      /* of distances */
    JC_DIM_Q_RANK,       /* latent attention: see jc_hparams */
    JC_DIM_Q_IN,         /* q_rank, or the width */
    JC_DIM_Q_RAW,        /* heads (nope + rope) */
    JC_DIM_LATENT,
    JC_DIM_LATENT_ROPE, /* latent + rope */
    JC_DIM_KV_RAW,      /* heads (nope + value width) */
    JC_DIM_VALUES,      /* heads value width */
    JC_DIM_NOPE,
    JC_DIM_CONV,       /* tokens of a convolution */
    JC_DIM_CONV_GATED, /* 3 WIDTH: two gates, and what they let through last */
    JC_DIM_SCAN_IN,    /* what the first layer of a recurrent block makes, */
    JC_DIM_SCAN_MIXED, /* in parts: queries, keys, values */
    JC_DIM_SCAN_GATED, /* all of it but for steps and betas */
    JC_DIM_SCAN_SMALL, /* those of both */
    JC_DIM_SCAN_VALUES,
    JC_DIM_SCAN_HEADS, /* how many */
    JC_DIM_SCAN_WIDTH, /* of a value of one */
    JC_DIM_Q_GATED,    /* 2 Q: of each head its query, then its gate */
    JC_DIM_LATENTS,    /* heads latent */
    JC_DIM_GATED       /* 2 FF: the gate, then what it lets through */
} jc_dim;

/* The weight of a norm or linear layer is followed by its bias. */
typedef enum {
    JC_W_TOKENS,
    JC_W_POSITIONS,
    JC_W_TYPES,
    JC_W_EMBED_IN, /* of a narrower token embedding, to the width */
    JC_W_EMBED_IN_BIAS,
    JC_W_EMBED_NORM, /* of the sum of the embeddings */
    JC_W_EMBED_NORM_BIAS,
    JC_W_RELATIVE,  /* of each class of distances, what it adds to scores */
    JC_W_DISTANCES, /* or a vector, from which every block makes a key and a query */
    JC_W_DISTANCES_NORM,
    JC_W_DISTANCES_NORM_BIAS,
    JC_W_NORM1, /* from here on: one for each block */
    JC_W_NORM1_BIAS,
    JC_W_QKV,
    JC_W_QKV_BIAS,
    JC_W_Q_DOWN, /* of latent attention, to q_rank, and its norm */
    JC_W_Q_DOWN_BIAS,
    JC_W_Q_DOWN_NORM,
    JC_W_Q_DOWN_NORM_BIAS,
    JC_W_Q_UP,
    JC_W_Q_UP_BIAS,
    JC_W_KV_DOWN, /* to latents and positions; the norm is of latents */
    JC_W_KV_DOWN_BIAS,
    JC_W_KV_NORM,
    JC_W_KV_NORM_BIAS,
    JC_W_KV_UP, /* from latents, of each head: keys, then values */
    JC_W_KV_UP_BIAS,
    JC_W_K_UP, /* or in two: of each head [latent, nope], */
    JC_W_K_UP_BIAS,
    JC_W_V_UP, /* and [value width, latent] */
    JC_W_V_UP_BIAS,
    JC_W_CONV_IN, /* of a convolution: see conv.c */
    JC_W_CONV_IN_BIAS,
    JC_W_CONV, /* [width, tokens], the last one's last */
    JC_W_CONV_BIAS,
    JC_W_SCAN_DECAY, /* of each head, the logarithm of how much it lets go */
    JC_W_SCAN_STEP,  /* what is added to its steps */
    JC_W_SCAN_SKIP,  /* how much of a value passes it by */
    JC_W_SCAN_NORM,
    JC_W_Q_GATE, /* of what each head of attention gives */
    JC_W_Q_GATE_BIAS,
    JC_W_Q_NORM, /* of each head of queries, or of all as one */
    JC_W_Q_NORM_BIAS,
    JC_W_K_NORM,
    JC_W_K_NORM_BIAS,
    JC_W_OUT,
    JC_W_OUT_BIAS,
    JC_W_CONV_OUT,
    JC_W_CONV_OUT_BIAS,
    JC_W_NORM1_AFTER, /* of what attention adds to the residual stream */
    JC_W_NORM1_AFTER_BIAS,
    JC_W_NORM2,
    JC_W_NORM2_BIAS,
    JC_W_UP, /* of a gated MLP: the gate and what it lets through, one below the other */
    JC_W_UP_BIAS,
    JC_W_DOWN,
    JC_W_DOWN_BIAS,
    JC_W_NORM2_AFTER, /* of what the MLP adds */
    JC_W_NORM2_AFTER_BIAS,
    JC_W_SINKS, /* a score of each head for a key that is not there */
    JC_W_ROUTER,
    JC_W_ROUTER_BIAS,
    JC_W_CHOICE_BIAS, /* of scores, only where experts are chosen */
    JC_W_SHARED_GATE,
    JC_W_SHARED_GATE_BIAS,
    JC_W_SHARED_UP,
    JC_W_SHARED_UP_BIAS,
    JC_W_SHARED_DOWN,
    JC_W_SHARED_DOWN_BIAS,
    JC_W_EXPERT_UP, /* from here on: one for each expert, a second %u in names */
    JC_W_EXPERT_UP_BIAS,
    JC_W_EXPERT_DOWN,
    JC_W_EXPERT_DOWN_BIAS,
    JC_W_TRANSFORM, /* from here on: one for the model; this one opens a masked-LM head */
    JC_W_TRANSFORM_BIAS,
    JC_W_LAST, /* the norm before it */
    JC_W_LAST_BIAS,
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
    /* q, k and v of the heads that share keys and values, then those of the next ones */
    JC_WEIGHT_BY_HEAD = 1 << 3,
    JC_WEIGHT_PLUS_ONE = 1 << 4, /* stored less one */
    /* only where the hparams say so: */
    JC_WEIGHT_IF_ATTENTION_BIAS = 1 << 5,
    JC_WEIGHT_IF_MLP_BIAS = 1 << 6,
    JC_WEIGHT_IF_NORM_BEFORE = 1 << 7,
    JC_WEIGHT_IF_NARROW = 1 << 9,  /* the token embedding is */
    JC_WEIGHT_OPTIONAL = 1 << 10,  /* zeros where it is missing */
    JC_WEIGHT_IF_SERIAL = 1 << 11, /* the halves of a block are not parallel */
    JC_WEIGHT_PAIRED = 1 << 13,    /* a row of the gate, then one of what it lets through */
    JC_WEIGHT_ONES = 1 << 12,      /* no tensor: a norm that only divides */
    JC_WEIGHT_NOT_FIRST = 1 << 14, /* the first block has none */
    JC_WEIGHT_IF_TYPES = 1 << 15,  /* there are token types */
    JC_WEIGHT_IF_TWO_NORMS = 1 << 16, /* halves are parallel, with a norm each */
    JC_WEIGHT_SINUSOIDS = 1 << 17,    /* no tensor: sines, then cosines, of positions */
    /* a fourth of the queries, of the values, of the keys; then the next fourths */
    JC_WEIGHT_FOURTHS = 1 << 18,
    JC_WEIGHT_IF_Q_RANK = 1 << 19,  /* only with it, */
    JC_WEIGHT_IF_NO_RANK = 1 << 20, /* or only without */
    JC_WEIGHT_IF_CONV_BIAS = 1 << 21,
    /* of a tensor that has queries and gates by turns, head by head */
    JC_WEIGHT_QUERIES = 1 << 22,
    JC_WEIGHT_GATES = 1 << 23,
    JC_WEIGHT_IF_QK_NORM = 1 << 24,
    JC_WEIGHT_IF_ROTATED = 1 << 25, /* in blocks with rotary positions */
    /* of each head on its own, a second %u in names, or of all in one tensor */
    JC_WEIGHT_EACH_HEAD = 1 << 26,
};

enum { JC_WEIGHT_PARTS = 4 }; /* most rows of one id */

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
    const char *about;    /* what it is, in a few words */
    const char *compared; /* a trained model compared with transformers; NULL: a tiny one */
    const char *const *model_types; /* config.json's, NULL-ended */
    const char *prefix;             /* may stand before every tensor name */
    const char *gguf; /* its name in GGUF files, or "a|b"; NULL: not read from them */
    bool gguf_pairs;  /* they keep queries and keys with the halves of a head interleaved */
    bool gguf_tiled;  /* they keep heads of values so that head h has key h mod keys */
    bool causal;
    jc_norm_kind norm;
    bool norms_turned; /* queries and keys are normed after rotary positions, not before */
    bool gated;        /* MLP: down(act(gate x) * up x), not down(act(up x)) */
    bool scale_embedding; /* by sqrt(width) */
    bool embed_in_last;   /* a narrower embedding is widened after positions and its norm */
    bool one_block;       /* all blocks have the weights of the first */
    jc_relative_kind relative;
    jc_scan_kind scan;            /* of blocks that have no attention */
    bool positions_after_padding; /* the first position is the padding token's id + 1 */
    uint32_t positions_unused; /* rows of the table before the first, beyond `positions` */
    const jc_key_row *keys;
    size_t n_keys;
    const jc_weight_row *weights;
    size_t n_weights;
} jc_arch;

/* Whether a block, from 0, has the window; whether it has rotary positions. */
bool jc_hparams_windowed(const jc_hparams *hp, uint32_t block);
bool jc_hparams_sparse(const jc_hparams *hp, uint32_t block); /* or is a mixture */
bool jc_hparams_rotated(const jc_hparams *hp, uint32_t block);
bool jc_hparams_conv(const jc_hparams *hp, uint32_t block); /* or has a convolution */
/* Numbers that a sequence keeps of a token in blocks with a convolution; 0: there are none
 */
size_t jc_hparams_kept(const jc_hparams *hp);
void jc_hparams_release(jc_hparams *hp);

/* All of them; *n is how many. */
const jc_arch *const *jc_archs(size_t *n);
/* The architecture that has this model_type, or NULL. */
const jc_arch *jc_arch_find(const char *model_type);
/* The same by its name in GGUF files. */
const jc_arch *jc_arch_find_gguf(const char *name);

#endif
