/* SPDX-License-Identifier: MIT */
/* gguf_mixers.c: what models have beside others in whose blocks something else stands in
 * the place of attention: a convolution or a recurrence. */
#include <math.h>
#include <string.h>

#include "store/gguf_config.h"

static const struct {
    const char *gguf, *keys;
} rows[] = {
    {"ssm.conv_kernel", "conv_kernel|mamba_d_conv|linear_conv_kernel_dim"},
    {"ssm.state_size", "state_size|mamba_d_state|linear_key_head_dim"},
    {"ssm.time_step_rank", "num_heads|mamba_n_heads|linear_num_value_heads"},
    {"ssm.group_count", "n_groups|mamba_n_groups|linear_num_key_heads"},
    {"shortconv.l_cache", "conv_L_cache"},
    {"full_attention_interval", "full_attention_interval"},
    {"leading_dense_block_count", "num_dense_layers"},
    {"expert_weights_scale", "routed_scaling_factor"},
    {"expert_gating_func", "expert_gating_func"},
};

static const char values[] = "ssm.inner_size";
static const char kv_heads[] = "attention.head_count_kv";

static bool has(const jc_made *m)
{
    char key[JC_MADE_KEY];

    return jc_made_get(m, "ssm.conv_kernel", key) ||
           jc_made_get(m, "shortconv.l_cache", key);
}

bool jc_made_mixers_reads(const jc_made *m, const char *suffix)
{
    for (size_t i = 0; has(m) && i < JC_COUNT(rows); i++)
        if (strcmp(rows[i].gguf, suffix) == 0)
            return true;
    return has(m) && strcmp(suffix, values) == 0;
}

bool jc_made_mixed(const jc_made *m)
{
    char key[JC_MADE_KEY];
    const jc_gguf_value *v = jc_made_get(m, kv_heads, key);

    return has(m) && v && v->array && v->type != JC_GGUF_TEXT;
}

/* How wide a value of a head is. */
static jc_status put_width(jc_made *m)
{
    char key[JC_MADE_KEY];
    const jc_gguf_value *all = jc_made_get(m, values, key);
    const jc_gguf_value *heads = jc_made_get(m, "ssm.time_step_rank", key);

    if (!all || !heads)
        return JC_OK;
    if (all->type == JC_GGUF_TEXT || all->n != 1 || heads->type == JC_GGUF_TEXT ||
        heads->n != 1 || !(jc_gguf_number(heads, 0) >= 1) ||
        !isfinite(jc_gguf_number(all, 0)))
        return jc_made_fail(m, key, "it and 'ssm.inner_size' are needed as numbers");
    return jc_made_real(m, "linear_value_head_dim|mamba_d_head|ssm_head_dim",
                        floor(jc_gguf_number(all, 0) / jc_gguf_number(heads, 0)));
}

/* Blocks without heads of keys and values have no attention. */
static jc_status put_layers(jc_made *m)
{
    char key[JC_MADE_KEY];
    const jc_gguf_value *v = jc_made_get(m, kv_heads, key);
    json_t *kinds = json_array();
    double heads = 1;
    bool ok = kinds != NULL;

    for (size_t i = 0; i < v->n && ok; i++) {
        double x = jc_gguf_number(v, i);
        if (!(x >= 0 && x <= UINT32_MAX && x == floor(x))) {
            json_decref(kinds);
            return jc_made_fail(m, key, "it has a number that is not a count");
        }
        if (x > 0 && heads > 1 && x != heads) {
            json_decref(kinds);
            return jc_made_fail(m, key,
                                "it has several numbers above 0, which is not supported");
        }
        heads = x > 0 ? x : heads;
        ok = json_array_append_new(
                 kinds, json_string(x > 0 ? "full_attention" : "linear_attention")) == 0;
    }
    if (!ok) {
        json_decref(kinds);
        kinds = NULL; /* told as out of memory */
    }
    jc_status st = jc_made_put(m, "layer_types", kinds);
    return st ? st : jc_made_real(m, "num_key_value_heads", heads);
}

/* What Granite says in other ways than its configuration: whether it has positions, and no
 * experts. LFM2's MLP is as wide as it says. */
static jc_status put_choices(jc_made *m)
{
    char key[JC_MADE_KEY];
    const jc_gguf_value *turned = jc_made_get(m, "rope.scaling.finetuned", key);
    bool still = turned && turned->type == JC_GGUF_BOOL && !turned->data[0];
    jc_status st = JC_OK;

    if (strcmp(m->arch, "granitehybrid") == 0) {
        st =
            jc_made_put(m, "position_embedding_type", json_string(still ? "nope" : "rope"));
        if (st == JC_OK && !jc_made_get(m, "expert_count", key))
            st = jc_made_real(m, "num_local_experts", 0);
    }
    return st ? st : jc_made_put(m, "block_auto_adjust_ff_dim", json_false());
}

jc_status jc_made_mixers(jc_made *m)
{
    jc_status st = JC_OK;

    if (!has(m))
        return JC_OK;
    for (size_t i = 0; i < JC_COUNT(rows) && st == JC_OK; i++)
        st = jc_made_row(m, rows[i].gguf, rows[i].keys);
    if (st == JC_OK)
        st = put_width(m);
    if (st == JC_OK && jc_made_mixed(m))
        st = put_layers(m);
    return st ? st : put_choices(m);
}
