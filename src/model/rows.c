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
#include <string.h>

#include "model/model.h"

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
    ONE(JC_W_NORM1,       "blk.%u.attn_norm"),
    ONE(JC_W_QKV,         "blk.%u.attn_qkv"),
    THREE(JC_W_QKV,       "blk.%u.attn_q", "blk.%u.attn_k", "blk.%u.attn_v"),
    ONE(JC_W_Q_NORM,      "blk.%u.attn_q_norm"),
    ONE(JC_W_K_NORM,      "blk.%u.attn_k_norm"),
    ONE(JC_W_OUT,         "blk.%u.attn_output"),
    ONE(JC_W_NORM1_AFTER, "blk.%u.post_attention_norm"),
    /* some have it by the other name, and then no norm of what attention adds */
    {JC_W_NORM2,      {"blk.%u.ffn_norm.weight|blk.%u.post_attention_norm.weight"}},
    {JC_W_NORM2_BIAS, {"blk.%u.ffn_norm.bias|blk.%u.post_attention_norm.bias"}},
    ONE(JC_W_UP,          "blk.%u.ffn_up"),
    TWO(JC_W_UP,          "blk.%u.ffn_gate", "blk.%u.ffn_up"),
    ONE(JC_W_DOWN,        "blk.%u.ffn_down"),
    ONE(JC_W_NORM2_AFTER, "blk.%u.post_ffw_norm"),
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

/* Queries, keys and values are in one tensor in some files and in three in others, as the
 * program had it that made them: rows of `id` are made as many as the file has tensors. */
static void fit_qkv(jc_model *model, jc_weight_id id)
{
    static const jc_dim dims[] = {JC_DIM_Q, JC_DIM_KV, JC_DIM_KV};
    bool one = jc_store_find(model->store, "blk.0.attn_qkv.weight") != NULL;
    size_t have = count_parts(model, id), want = one ? 1 : JC_COUNT(dims), n = 0;
    jc_weight_row row = {.name = NULL};

    if (have == 0 || have == want)
        return;
    for (size_t i = 0; i < model->n_weights; i++)
        if (model->weights[i].id == id)
            row = model->weights[i];
        else
            model->weights[n++] = model->weights[i];
    for (size_t i = 0; i < want; i++) {
        row.shape[0] = one ? JC_DIM_QKV : dims[i];
        model->weights[n++] = row;
    }
    model->n_weights = n;
}

static const names *find_names(jc_weight_id id, size_t n_parts)
{
    for (size_t i = 0; i < JC_COUNT(gguf); i++) {
        size_t n = 0;
        while (n < JC_WEIGHT_PARTS && gguf[i].parts[n])
            n++;
        if (gguf[i].id == id && n == n_parts)
            return &gguf[i];
    }
    return NULL;
}

static jc_status to_gguf(jc_model *model, jc_error *err)
{
    const unsigned other = JC_WEIGHT_IN_OUT | JC_WEIGHT_BY_HEAD | JC_WEIGHT_PLUS_ONE;
    const unsigned bias = JC_WEIGHT_IF_ATTENTION_BIAS | JC_WEIGHT_IF_MLP_BIAS;
    const jc_config *config = jc_store_config(model->store);
    size_t parts[JC_W_COUNT] = {0};

    if (!jc_config_has(config, "rms_norm_eps") && !jc_config_has(config, "layer_norm_eps"))
        return jc_fail(err, JC_E_FORMAT,
                       "'%s' does not say the epsilon of its norms "
                       "('attention.layer_norm_rms_epsilon')",
                       model->path);
    fit_qkv(model, JC_W_QKV);
    fit_qkv(model, JC_W_QKV_BIAS);
    for (size_t i = 0; i < model->n_weights; i++) {
        jc_weight_row *row = &model->weights[i];
        const names *found = find_names(row->id, count_parts(model, row->id));
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
    /* each of two may become three */
    model->weights = jc_alloc_array(arch->n_weights + 4, sizeof *model->weights);
    model->n_weights = arch->n_weights;
    if (!model->weights)
        return jc_fail_nomem(err, "the rows of weights");
    memcpy(model->weights, arch->weights, arch->n_weights * sizeof *model->weights);
    return jc_store_gguf(model->store) ? to_gguf(model, err) : JC_OK;
}
