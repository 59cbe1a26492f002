/* SPDX-License-Identifier: MIT */
/*
 * gguf_config.c: the metadata of a GGUF model as the configuration that a model folder
 * would have, so that the tables of the architectures serve both.
 *
 * Its model_type is GGUF's name of the architecture.
 *
 * What a configuration says and the metadata do not, the tensors tell: the vocabulary, what
 * has a bias, and factors of rotary positions.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/gguf_config.h"

/* A key "<architecture>.<gguf>", and what configurations call it: each of "a|b". A dot is a
 * step into an object. */
static const struct {
    const char *gguf, *keys;
} rows[] = {
    {"block_count", "num_hidden_layers|n_layer"},
    {"embedding_length", "hidden_size|n_embd"},
    {"feed_forward_length", "intermediate_size|n_inner|shared_intermediate_size"},
    {"context_length", "max_position_embeddings|n_positions"},
    {"attention.head_count", "num_attention_heads|n_head"},
    {"attention.head_count_kv", "num_key_value_heads"},
    {"attention.layer_norm_epsilon", "layer_norm_eps|layer_norm_epsilon"},
    {"attention.layer_norm_rms_epsilon", "rms_norm_eps"},
    {"attention.sliding_window", "sliding_window"},
    {"attention.sliding_window_pattern", "sliding_window_pattern"},
    {"rope.freq_base_swa", "rope_local_base_freq"},
    {"attn_logit_softcapping", "attn_logit_softcapping"},
    {"final_logit_softcapping", "final_logit_softcapping"},
    {"expert_count", "num_experts|num_local_experts"},
    {"expert_used_count", "num_experts_per_tok"},
    {"expert_feed_forward_length", "moe_intermediate_size"},
    {"expert_shared_feed_forward_length",
     "shared_expert_intermediate_size|shared_intermediate_size"},
    {"expert_weights_norm", "norm_topk_prob"},
    {"interleave_moe_layer_step", "interleave_moe_layer_step"},
    {"attention.scale", "attention_multiplier"},
    {"attention.clamp_kqv", "clip_qkv|attn_config.clip_qkv"},
    {"attention.max_alibi_bias", "attn_config.alibi_bias_max"},
    {"embedding_scale", "embedding_multiplier"},
    {"residual_scale", "residual_multiplier"},
    {"logit_scale", "logit_scale|logits_scaling"},
    {"use_parallel_residual", "use_parallel_residual"},
    {"rope.freq_base", "rope_theta|rotary_emb_base"},
    {"rope.scaling.original_context_length",
     "rope_scaling.original_max_position_embeddings"},
    {"rope.scaling.yarn_beta_fast", "rope_scaling.beta_fast"},
    {"rope.scaling.yarn_beta_slow", "rope_scaling.beta_slow"},
};

/* Architectures under whose name GGUF has several: the others have a key above `least`. */
static const struct {
    const char *name, *key, *other;
    double least;
} names[] = {{"llama", "expert_count", "mixtral", 0},
             {"llama", "attention.sliding_window", "mistral", 0},
             {"olmo2", "attention.sliding_window", "olmo3", 0},
             {"deepseek2", "expert_gating_func", "deepseek3", 1 /* softmax */}};

jc_status jc_made_put(jc_made *m, const char *keys, json_t *value)
{
    bool ok = value != NULL;

    for (const char *at = keys; ok && *at;) {
        size_t length = strcspn(at, "|"), step = strcspn(at, ".");
        json_t *object = m->root;
        const char *name = at;
        if (step < length) {
            char outer[JC_MADE_KEY];
            snprintf(outer, sizeof outer, "%.*s", (int)step, at);
            object = json_object_get(m->root, outer);
            if (!object) {
                object = json_object();
                ok = json_object_set_new(m->root, outer, object) == 0;
            }
            name = at + step + 1;
        }
        char key[JC_MADE_KEY];
        snprintf(key, sizeof key, "%.*s", (int)(length - (size_t)(name - at)), name);
        ok = ok && json_object_set(object, key, value) == 0;
        at += length + (at[length] == '|');
    }
    json_decref(value);
    return ok ? JC_OK : jc_fail_nomem(m->err, jc_gguf_path(m->file));
}

jc_status jc_made_fail(jc_made *m, const char *key, const char *why)
{
    return jc_fail(m->err, JC_E_FORMAT, "cannot read '%s' of '%s': %s", key,
                   jc_gguf_path(m->file), why);
}

/* The number that was written: a float32 is taken for its shortest decimal, so that 1e-5f
 * is the 1e-5 of a configuration. */
double jc_made_written(const jc_gguf_value *value, size_t i)
{
    double x = jc_gguf_number(value, i);
    char text[40];

    for (int digits = 6; value->type == JC_GGUF_F32 && digits <= 9; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, x);
        if ((float)strtod(text, NULL) == (float)x)
            return strtod(text, NULL);
    }
    return x;
}

const jc_gguf_value *jc_made_get(const jc_made *m, const char *suffix, char *full)
{
    snprintf(full, JC_MADE_KEY, "%s.%s", m->arch, suffix);
    return jc_gguf_get(m->file, full);
}

jc_status jc_made_row(jc_made *m, const char *suffix, const char *keys)
{
    char key[JC_MADE_KEY];
    const jc_gguf_value *value = jc_made_get(m, suffix, key);

    if (!value)
        return JC_OK;
    if (value->type == JC_GGUF_TEXT || value->n == 0)
        return jc_made_fail(m, key, "it is not a number");
    if (value->type == JC_GGUF_BOOL)
        return jc_made_put(m, keys, json_boolean(value->data[0]));
    double x = jc_made_written(value, 0);
    for (size_t i = 1; i < value->n; i++)
        if (jc_made_written(value, i) != x)
            return jc_made_fail(m, key,
                                "it differs from block to block, which is not supported");
    if (!(x <= 1e300 && x >= -1e300)) /* JSON has no others */
        return jc_made_fail(m, key, "it is not a finite number");
    return jc_made_put(m, keys, json_real(x));
}

jc_status jc_made_real(jc_made *m, const char *keys, double x)
{
    if (!(x <= 1e300 && x >= -1e300)) /* JSON has no others */
        return jc_made_fail(m, keys, "it is not a finite number");
    return jc_made_put(m, keys, json_real(x));
}

/* ---- what takes more than a row ---- */

static jc_status put_name(jc_made *m)
{
    jc_gguf_text text;
    const char *type = m->arch;
    char key[JC_MADE_KEY];
    jc_status st = jc_gguf_text_of(m->file, "general.architecture", &text, m->err);

    if (st)
        return st;
    if (text.n == 0 || text.n >= JC_MADE_NAME || memchr(text.text, 0, text.n))
        return jc_made_fail(m, "general.architecture", "it is not a name");
    for (size_t i = 0; i < text.n; i++)
        if (text.text[i] < '!' || text.text[i] > '~')
            return jc_made_fail(m, "general.architecture", "it is not a name");
    snprintf(m->arch, sizeof m->arch, "%.*s", (int)text.n, text.text);
    for (size_t i = 0; type == m->arch && i < JC_COUNT(names); i++) {
        const jc_gguf_value *v = jc_made_get(m, names[i].key, key);
        bool has = v && (v->array || v->type == JC_GGUF_TEXT ||
                         jc_gguf_number(v, 0) > names[i].least);
        if (has && strcmp(names[i].name, m->arch) == 0)
            type = names[i].other;
    }
    return jc_made_put(m, "model_type", json_string(type));
}

/* A whole number at <architecture>.<suffix>; a list has been found to be of one number.
 * *out stays as it is where there is none. */
static jc_status read_size(jc_made *m, const char *suffix, uint32_t *out)
{
    char key[JC_MADE_KEY];
    const jc_gguf_value *value = jc_made_get(m, suffix, key);

    if (!value)
        return JC_OK;
    if (!value->array)
        return jc_gguf_u32(m->file, key, out, m->err);
    double x = jc_gguf_number(value, 0);
    if (!(x >= 0 && x <= UINT32_MAX && x == floor(x)))
        return jc_made_fail(m, key, "it is not a whole number");
    *out = (uint32_t)x;
    return JC_OK;
}

/* What llama.cpp takes where a key is missing is put in, so that no architecture's own
 * default does: all heads have keys and values of their own, a head is as wide as its share
 * of the state, and is turned whole. */
static jc_status put_heads(jc_made *m)
{
    char name[JC_MADE_KEY];
    uint32_t head = 0, heads = 0, width = 0, turned = 0;
    const struct {
        const char *suffix;
        uint32_t *out;
    } keys[] = {{"embedding_length", &width},
                {"attention.head_count", &heads},
                {"attention.key_length", &head},
                {"rope.dimension_count", &turned}};
    jc_status st = JC_OK;

    for (size_t i = 0; i < JC_COUNT(keys) && st == JC_OK; i++)
        st = read_size(m, keys[i].suffix, keys[i].out);
    if (head == 0 && heads)
        head = width / heads;
    if (turned == 0)
        turned = head;
    m->pairs = turned / 2;
    if (st == JC_OK && heads && !jc_made_get(m, "attention.head_count_kv", name))
        st = jc_made_real(m, "num_key_value_heads", heads);
    if (st == JC_OK && head)
        st = jc_made_real(m, "head_dim", head);
    if (st == JC_OK && head)
        st = jc_made_real(m,
                          "rope_dimension_part|partial_rotary_factor|rotary_pct|"
                          "rotary_emb_fraction",
                          (double)turned / head);
    /* whose converter leaves out that shares add up to 1 */
    if (st == JC_OK && strcmp(m->arch, "qwen3moe") == 0)
        st = jc_made_put(m, "norm_topk_prob", json_boolean(true));
    /* Gemma 2 and 3 divide by the root of this; the largest of each have one of their own
     */
    bool largest = (strcmp(m->arch, "gemma2") == 0 && width == 4608) ||
                   (strcmp(m->arch, "gemma3") == 0 && width == 5376);
    if (st == JC_OK && head)
        st = jc_made_real(m, "query_pre_attn_scalar",
                          largest && heads ? width / heads : head);
    return st;
}

/* Llama 4's are told by what they have: those of 128 experts do without norms of queries
 * and keys, and its small kin have no windows. */
static jc_status put_llama4(jc_made *m)
{
    char key[JC_MADE_KEY];
    uint32_t experts = 0, window = 1;
    jc_status st = read_size(m, "expert_count", &experts);

    if (st == JC_OK)
        st = read_size(m, "attention.sliding_window", &window);
    jc_made_get(m, "attention.sliding_window", key);
    if (st == JC_OK && window == 0)
        return jc_made_fail(m, key, "Llama 4 without pieces of attention is not supported");
    return st || experts != 128 ? st : jc_made_put(m, "use_qk_norm", json_false());
}

const jc_tensor *jc_made_find(const jc_made *m, const char *name)
{
    const jc_tensor *t = NULL;

    for (size_t i = 0; i < m->n_files && !t; i++)
        t = jc_gguf_find(m->files[i], name);
    return t;
}

/* ---- what the tensors tell ---- */

/* Whether some block has a tensor with one of the ends, a NULL after them. */
static bool some_block_has(const jc_made *m, const char *const *ends)
{
    for (size_t f = 0; f < m->n_files; f++)
        for (size_t i = 0; i < jc_gguf_count(m->files[f]); i++) {
            const char *name = jc_gguf_at(m->files[f], i)->name;
            if (strncmp(name, "blk.", 4) != 0)
                continue;
            name += 4 + strspn(name + 4, "0123456789");
            for (const char *const *want = ends; *want; want++)
                if (strcmp(name, *want) == 0)
                    return true;
        }
    return false;
}

/* Each bias is there or not on its own: where one is, the others are zeros. */
static jc_status put_tensors(jc_made *m)
{
    static const char *const attention[] = {".attn_q.bias",      ".attn_k.bias",
                                            ".attn_v.bias",      ".attn_qkv.bias",
                                            ".attn_output.bias", NULL};
    static const char *const mlp[] = {".ffn_gate.bias", ".ffn_up.bias", ".ffn_down.bias",
                                      NULL};
    const jc_tensor *tokens = jc_made_find(m, "token_embd.weight");

    if (!tokens)
        return jc_fail(m->err, JC_E_FORMAT, "'%s' has no tensor 'token_embd.weight'",
                       jc_gguf_path(m->file));
    const jc_tensor *types = jc_made_find(m, "token_types.weight");
    static const char *const second[] = {".attn_norm_2.weight", NULL};
    jc_status st = jc_made_real(m, "vocab_size", (double)tokens->shape[0]);
    if (st == JC_OK && strcmp(m->arch, "falcon") == 0) { /* heads are as they are said */
        st = jc_made_put(m, "multi_query", json_boolean(false));
        if (st == JC_OK)
            st = jc_made_put(m, "new_decoder_architecture",
                             json_boolean(some_block_has(m, second)));
    }
    if (st == JC_OK && types)
        st = jc_made_real(m, "type_vocab_size",
                          types->n_dims == 1 ? 1 : (double)types->shape[0]);
    static const char *const conv[] = {".shortconv.in_proj.bias", NULL};
    if (st == JC_OK && strncmp(m->arch, "lfm2", 4) == 0)
        st = jc_made_put(m, "conv_bias", json_boolean(some_block_has(m, conv)));
    if (st == JC_OK)
        st = jc_made_put(m, "attention_bias", json_boolean(some_block_has(m, attention)));
    return st ? st : jc_made_put(m, "mlp_bias", json_boolean(some_block_has(m, mlp)));
}

bool jc_made_reads(const char *suffix)
{
    for (size_t i = 0; i < JC_COUNT(rows); i++)
        if (strcmp(rows[i].gguf, suffix) == 0)
            return true;
    return false;
}

jc_status jc_config_of_gguf(jc_config **out, jc_gguf *const *files, size_t n,
                            jc_notes *notes, jc_error *err)
{
    const jc_gguf *file = files[0];
    jc_made m = {
        .file = file, .files = files, .n_files = n, .root = json_object(), .err = err};

    *out = NULL;
    if (!m.root)
        return jc_fail_nomem(err, jc_gguf_path(file));
    jc_status st = jc_made_check(&m);
    if (st == JC_OK)
        st = put_name(&m);
    for (size_t i = 0; i < JC_COUNT(rows) && st == JC_OK; i++)
        if (strcmp(rows[i].gguf, "attention.head_count_kv") != 0 || !jc_made_mixed(&m))
            st = jc_made_row(&m, rows[i].gguf, rows[i].keys);
    if (st == JC_OK)
        st = put_heads(&m);
    if (st == JC_OK && strcmp(m.arch, "llama4") == 0)
        st = put_llama4(&m);
    if (st == JC_OK)
        st = jc_made_scaling(&m);
    if (st == JC_OK)
        st = jc_made_latent(&m);
    if (st == JC_OK)
        st = jc_made_mixers(&m);
    if (st == JC_OK)
        st = put_tensors(&m);
    if (st == JC_OK)
        st = jc_made_note_keys(&m, notes);
    if (st) {
        json_decref(m.root);
        return st;
    }
    return jc_config_take(out, m.root, jc_gguf_path(file), err);
}
