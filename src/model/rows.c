/* SPDX-License-Identifier: MIT */
/*
 * rows.c: the weight rows of an architecture as the files at hand have them: its own for a
 * model folder, and for GGUF the same weights by the names that GGUF gives them.
 *
 * GGUF names a weight by what it does, whatever the architecture, so one table serves all.
 * All matrices are stored [out, in] there, norms as they are used, and queries, keys and
 * values of all heads one after another. Llama's queries and keys are stored there with the
 * halves of a head interleaved, so its rotary pairs are neighbours.
 */
#include <stdio.h>
#include <string.h>

#include "model/model.h"
#include "model/names.h"

/* The names of a weight of so many parts. */
typedef struct names {
    jc_weight_id id;
    const char *parts[JC_WEIGHT_PARTS];
} names;

/* clang-format off */
#define ONE(id, name)                                                                      \
    {id, {name ".weight"}}, {id##_BIAS, {name ".bias"}}
#define TWO(id, a, b)                                                                      \
    {id, {a ".weight", b ".weight"}}, {id##_BIAS, {a ".bias", b ".bias"}}
#define THREE(id, a, b, c)                                                                 \
    {id, {a ".weight", b ".weight", c ".weight"}},                                         \
    {id##_BIAS, {a ".bias", b ".bias", c ".bias"}}

static const names gguf[] = {
    {JC_W_TOKENS,    {"token_embd.weight"}},
    {JC_W_POSITIONS, {"position_embd.weight"}},
    {JC_W_TYPES,     {"token_types.weight"}},
    ONE(JC_W_EMBED_NORM,  "token_embd_norm"),
    /* the second of BERT's kin, whose norms are of sums */
    {JC_W_NORM1,      {"blk.%u.attn_norm.weight|blk.%u.attn_output_norm.weight"}},
    {JC_W_NORM1_BIAS, {"blk.%u.attn_norm.bias|blk.%u.attn_output_norm.bias"}},
    ONE(JC_W_QKV,         "blk.%u.attn_qkv"),
    THREE(JC_W_QKV,       "blk.%u.attn_q", "blk.%u.attn_k", "blk.%u.attn_v"),
    ONE(JC_W_Q_NORM,      "blk.%u.attn_q_norm"),
    ONE(JC_W_K_NORM,      "blk.%u.attn_k_norm"),
    ONE(JC_W_Q_DOWN,      "blk.%u.attn_q_a"),
    ONE(JC_W_Q_DOWN_NORM, "blk.%u.attn_q_a_norm"),
    {JC_W_Q_UP,      {"blk.%u.attn_q_b.weight|blk.%u.attn_q.weight"}},
    ONE(JC_W_KV_DOWN,     "blk.%u.attn_kv_a_mqa"),
    ONE(JC_W_KV_NORM,     "blk.%u.attn_kv_a_norm"),
    ONE(JC_W_KV_UP,       "blk.%u.attn_kv_b"),
    ONE(JC_W_K_UP,        "blk.%u.attn_k_b"),
    ONE(JC_W_V_UP,        "blk.%u.attn_v_b"),
    {JC_W_Q_GATE,    {"blk.%u.attn_q.weight"}},
    {JC_W_CONV_IN,   {"blk.%u.ssm_in.weight|blk.%u.shortconv.in_proj.weight"}},
    {JC_W_CONV_IN_BIAS, {"blk.%u.ssm_in.bias|blk.%u.shortconv.in_proj.bias"}},
    THREE(JC_W_CONV_IN,   "blk.%u.attn_qkv", "blk.%u.attn_gate", "blk.%u.ssm_ba"),
    {JC_W_CONV_IN,   {"blk.%u.attn_qkv.weight", "blk.%u.attn_gate.weight",
                      "blk.%u.ssm_beta.weight", "blk.%u.ssm_alpha.weight"}},
    {JC_W_CONV,      {"blk.%u.ssm_conv1d.weight|blk.%u.shortconv.conv.weight"}},
    {JC_W_CONV_BIAS, {"blk.%u.ssm_conv1d.bias|blk.%u.shortconv.conv.bias"}},
    {JC_W_SCAN_DECAY, {"blk.%u.ssm_a"}},
    {JC_W_SCAN_STEP, {"blk.%u.ssm_dt.bias"}},
    {JC_W_SCAN_SKIP, {"blk.%u.ssm_d"}},
    {JC_W_SCAN_NORM, {"blk.%u.ssm_norm.weight"}},
    {JC_W_CONV_OUT,  {"blk.%u.ssm_out.weight|blk.%u.shortconv.out_proj.weight"}},
    {JC_W_CONV_OUT_BIAS, {"blk.%u.ssm_out.bias|blk.%u.shortconv.out_proj.bias"}},
    ONE(JC_W_OUT,         "blk.%u.attn_output"),
    ONE(JC_W_NORM1_AFTER, "blk.%u.post_attention_norm"),
    /* some have it by the second name, and then no norm of what attention adds */
    {JC_W_NORM2,      {"blk.%u.ffn_norm.weight|blk.%u.post_attention_norm.weight"
                       "|blk.%u.layer_output_norm.weight"}},
    {JC_W_NORM2_BIAS, {"blk.%u.ffn_norm.bias|blk.%u.post_attention_norm.bias"
                       "|blk.%u.layer_output_norm.bias"}},
    ONE(JC_W_UP,          "blk.%u.ffn_up"),
    TWO(JC_W_UP,          "blk.%u.ffn_gate", "blk.%u.ffn_up"),
    ONE(JC_W_DOWN,        "blk.%u.ffn_down"),
    ONE(JC_W_NORM2_AFTER, "blk.%u.post_ffw_norm"),
    {JC_W_SINKS,     {"blk.%u.attn_sinks.weight"}},
    ONE(JC_W_ROUTER,      "blk.%u.ffn_gate_inp"),
    {JC_W_CHOICE_BIAS, {"blk.%u.exp_probs_b.bias"}},
    ONE(JC_W_SHARED_GATE, "blk.%u.ffn_gate_inp_shexp"),
    TWO(JC_W_SHARED_UP,   "blk.%u.ffn_gate_shexp", "blk.%u.ffn_up_shexp"),
    ONE(JC_W_SHARED_DOWN, "blk.%u.ffn_down_shexp"),
    TWO(JC_W_EXPERT_UP,   "blk.%u.ffn_gate_exps", "blk.%u.ffn_up_exps"),
    ONE(JC_W_EXPERT_UP,   "blk.%u.ffn_gate_up_exps"),
    ONE(JC_W_EXPERT_DOWN, "blk.%u.ffn_down_exps"),
    ONE(JC_W_LAST,        "output_norm"),
    ONE(JC_W_FINAL,       "output_norm"),
    ONE(JC_W_HEAD,        "output"),
};
/* clang-format on */

static size_t count_parts(const jc_model *model, jc_weight_id id)
{
    size_t n = 0;

    for (size_t i = 0; i < model->n_weights; i++)
        n += model->weights[i].id == id;
    return n;
}

/* Names that mean something else in one architecture: Falcon's second norm is the first. */
static const struct {
    const char *arch;
    names names;
} odd[] = {
    {"falcon", {JC_W_NORM1, {"blk.%u.attn_norm_2.weight|blk.%u.attn_norm.weight"}}},
    {"falcon", {JC_W_NORM1_BIAS, {"blk.%u.attn_norm_2.bias|blk.%u.attn_norm.bias"}}},
    {"falcon", {JC_W_NORM2, {"blk.%u.attn_norm.weight"}}},
    {"falcon", {JC_W_NORM2_BIAS, {"blk.%u.attn_norm.bias"}}},
    {"lfm2", {JC_W_FINAL, {"token_embd_norm.weight|output_norm.weight"}}},
    {"lfm2_moe", {JC_W_FINAL, {"token_embd_norm.weight|output_norm.weight"}}},
};

/* Queries, keys and values are in one tensor in some files and in three in others, as the
 * program had it that made them; gate and what it lets through of experts are in two. The
 * rows of `id` are made as many. */
static void split(jc_model *model, jc_weight_id id, size_t n_dims, const jc_dim *dims)
{
    size_t have = count_parts(model, id), n = 0;
    jc_weight_row row = {.name = NULL};

    if (have == 0 || have == n_dims)
        return;
    for (size_t i = 0; i < model->n_weights; i++)
        if (model->weights[i].id == id)
            row = model->weights[i];
        else
            model->weights[n++] = model->weights[i];
    for (size_t i = 0; i < n_dims; i++) {
        row.shape[0] = dims[i];
        model->weights[n++] = row;
    }
    model->n_weights = n;
}

/* What makes keys and values of latents is two weights in files of 2025 and later. */
static void split_latent(jc_model *model)
{
    for (size_t i = 0; i < model->n_weights; i++) {
        if (model->weights[i].id != JC_W_KV_UP ||
            !jc_store_find(model->store, "blk.0.attn_k_b.weight"))
            continue;
        model->weights[model->n_weights++] =
            (jc_weight_row){.id = JC_W_V_UP, .shape = {JC_DIM_VALUES, JC_DIM_LATENT}};
        model->weights[i] =
            (jc_weight_row){.id = JC_W_K_UP, .shape = {JC_DIM_LATENTS, JC_DIM_NOPE}};
        break;
    }
}

/* Gate and what it lets through of all experts are one tensor; not all blocks have them. */
static bool has_fused(const jc_model *model)
{
    char name[48];

    for (uint32_t l = 0; l < model->hp.layers; l++) {
        snprintf(name, sizeof name, "blk.%u.ffn_gate_up_exps.weight", l);
        if (jc_hparams_sparse(&model->hp, l))
            return jc_store_find(model->store, name) != NULL;
    }
    return false;
}

static void split_all(jc_model *model)
{
    static const jc_dim three[] = {JC_DIM_Q, JC_DIM_KV, JC_DIM_KV}, one[] = {JC_DIM_QKV};
    static const jc_dim two[] = {JC_DIM_EXPERT, JC_DIM_EXPERT},
                        gated[] = {JC_DIM_EXPERT_GATED};
    static const jc_dim ff[] = {JC_DIM_FF, JC_DIM_FF};
    static const jc_dim shared[] = {JC_DIM_SHARED, JC_DIM_SHARED};
    static const jc_dim scan[] = {JC_DIM_SCAN_MIXED, JC_DIM_SCAN_VALUES, JC_DIM_SCAN_SMALL};
    bool together = jc_store_find(model->store, "blk.0.attn_qkv.weight") != NULL &&
                    model->hp.scan == JC_SCAN_NONE; /* else of a recurrence */
    bool fused = has_fused(model);

    split(model, JC_W_SHARED_UP, JC_COUNT(shared), shared);
    if (model->arch->gated && jc_store_find(model->store, "blk.0.ffn_gate.weight"))
        split(model, JC_W_UP, JC_COUNT(ff), ff);
    if (model->hp.scan_by_key)
        split(model, JC_W_CONV_IN, JC_COUNT(scan), scan);
    model->hp.scan_by_key = false;
    model->hp.scan_tiled = model->arch->gguf_tiled;
    for (int bias = 0; bias < 2; bias++) {
        jc_weight_id qkv = bias ? JC_W_QKV_BIAS : JC_W_QKV;
        split(model, qkv, together ? 1 : JC_COUNT(three), together ? one : three);
        split(model, bias ? JC_W_EXPERT_UP_BIAS : JC_W_EXPERT_UP, fused ? 1 : JC_COUNT(two),
              fused ? gated : two);
    }
}

/* Without what this model has not, and of encoders without heads for masked tokens, which
 * are not in their files. */
static void drop_unused(jc_model *model)
{
    size_t n = 0;

    for (size_t i = 0; i < model->n_weights; i++) {
        const jc_weight_row row = model->weights[i];
        if (jc_rows_used(model, &row) &&
            (model->arch->causal || !(row.flags & JC_WEIGHT_HEAD)))
            model->weights[n++] = row;
    }
    model->n_weights = n;
}

static const names *find_names(const jc_model *model, jc_weight_id id, size_t n_parts)
{
    for (size_t i = 0; i < JC_COUNT(odd); i++)
        if (odd[i].names.id == id && strcmp(odd[i].arch, model->arch->name) == 0)
            return &odd[i].names;
    for (size_t i = 0; i < JC_COUNT(gguf); i++) {
        size_t n = 0;
        while (n < JC_WEIGHT_PARTS && gguf[i].parts[n])
            n++;
        if (gguf[i].id == id && n == n_parts)
            return &gguf[i];
    }
    return NULL;
}

/* Whether heads of queries have norms of their own, of which files tell by having them. */
static bool heads_normed(const jc_model *model)
{
    for (size_t i = 0; i < model->n_weights; i++)
        if (model->weights[i].flags & JC_WEIGHT_EACH_HEAD)
            return true;
    return false;
}

static jc_status to_gguf(jc_model *model, jc_error *err)
{
    const unsigned other =
        JC_WEIGHT_IN_OUT | JC_WEIGHT_BY_HEAD | JC_WEIGHT_PLUS_ONE | JC_WEIGHT_PAIRED;
    const unsigned bias = JC_WEIGHT_IF_ATTENTION_BIAS | JC_WEIGHT_IF_MLP_BIAS;
    const jc_config *config = jc_store_config(model->store);
    size_t parts[JC_W_COUNT] = {0};

    if (!jc_config_has(config, "rms_norm_eps") && !jc_config_has(config, "layer_norm_eps"))
        return jc_fail(err, JC_E_FORMAT,
                       "'%s' does not say the epsilon of its norms "
                       "('attention.layer_norm_rms_epsilon')",
                       model->path);
    if (heads_normed(model))
        model->hp.qk_norm = jc_store_find(model->store, "blk.0.attn_q_norm.weight") != NULL;
    drop_unused(model);
    jc_names_choose(model);
    split_all(model);
    split_latent(model);
    for (size_t i = 0; i < model->n_weights; i++) {
        jc_weight_row *row = &model->weights[i];
        const names *found = find_names(model, row->id, count_parts(model, row->id));
        if (!found)
            return jc_fail(err, JC_E_UNSUPPORTED,
                           "'%s': GGUF has no name for '%s' of the architecture '%s'",
                           model->path, row->name, model->arch->name);
        size_t part = parts[row->id]++;
        row->name = found->parts[part];
        row->flags &= ~other;
        if (row->flags & bias) /* decided tensor by tensor */
            row->flags |= JC_WEIGHT_OPTIONAL;
    }
    model->prefix = "";
    model->hp.rotary.interleaved |= model->arch->gguf_pairs;
    return JC_OK;
}

jc_status jc_rows_prepare(jc_model *model, jc_error *err)
{
    const jc_arch *arch = model->arch;

    model->prefix = arch->prefix;
    /* each of two may become three, and three others two */
    model->weights = jc_alloc_array(arch->n_weights + 10, sizeof *model->weights);
    model->n_weights = arch->n_weights;
    if (!model->weights)
        return jc_fail_nomem(err, "the rows of weights");
    memcpy(model->weights, arch->weights, arch->n_weights * sizeof *model->weights);
    return jc_store_gguf(model->store) ? to_gguf(model, err) : JC_OK;
}
