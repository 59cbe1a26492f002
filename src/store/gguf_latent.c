/* SPDX-License-Identifier: MIT */
/*
 * gguf_latent.c: the metadata of models of latent attention (DeepSeek's). In files of 2025
 * and later, keys and values are as wide as they are kept, and their widths in a head have
 * keys that end with "_mla".
 */
#include "store/gguf_config.h"

#include <string.h>

static const struct {
    const char *gguf, *keys;
} rows[] = {
    {"attention.kv_lora_rank", "kv_lora_rank"},
    {"attention.q_lora_rank", "q_lora_rank"},
    {"attention.value_length", "v_head_dim"},
    {"attention.value_length_mla", "v_head_dim"},
    {"rope.dimension_count", "qk_rope_head_dim"},
    {"leading_dense_block_count", "first_k_dense_replace"},
    {"expert_count", "n_routed_experts"},
    {"expert_shared_count", "n_shared_experts"},
    {"expert_weights_scale", "routed_scaling_factor"},
    {"expert_group_count", "n_group"},
    {"expert_group_used_count", "topk_group"},
};

static const char widths[] = "attention.key_length_mla";
static const char yarn[] = "rope.scaling.yarn_log_multiplier";

bool jc_made_latent_reads(const jc_made *m, const char *suffix)
{
    char key[JC_MADE_KEY];

    if (!jc_made_get(m, rows[0].gguf, key))
        return false;
    for (size_t i = 0; i < JC_COUNT(rows); i++)
        if (strcmp(rows[i].gguf, suffix) == 0)
            return true;
    return strcmp(suffix, widths) == 0 || strcmp(suffix, yarn) == 0 ||
           strcmp(suffix, "expert_gating_func") == 0;
}

/* Of a head, what has no position. */
static jc_status put_nope(jc_made *m)
{
    char key[JC_MADE_KEY], rope[JC_MADE_KEY];
    const jc_gguf_value *whole = jc_made_get(m, widths, key);
    const jc_gguf_value *turned = jc_made_get(m, "rope.dimension_count", rope);

    if (!whole)
        whole = jc_made_get(m, "attention.key_length", key);
    if (!whole || !turned || whole->type == JC_GGUF_TEXT || whole->n != 1 ||
        turned->type == JC_GGUF_TEXT || turned->n != 1)
        return jc_made_fail(m, key, "it and 'rope.dimension_count' are needed as numbers");
    return jc_made_real(m, "qk_nope_head_dim",
                        jc_gguf_number(whole, 0) - jc_gguf_number(turned, 0));
}

/* A tenth of what scores are scaled by, and what positions are scaled by as well. */
static jc_status put_yarn(jc_made *m)
{
    char key[JC_MADE_KEY];
    const jc_gguf_value *value = jc_made_get(m, yarn, key);

    if (!value)
        return JC_OK;
    if (value->type == JC_GGUF_TEXT || value->n != 1)
        return jc_made_fail(m, key, "it is not a number");
    double x = 10 * jc_made_written(value, 0);
    if (!(x <= 1e300 && x >= -1e300))
        return jc_made_fail(m, key, "it is not a finite number");
    return jc_made_real(m, "rope_scaling.mscale|rope_scaling.mscale_all_dim", x);
}

/* How experts are scored: softmax, 1 or not said, or sigmoids, 2. */
static jc_status check_gate(jc_made *m)
{
    char key[JC_MADE_KEY];
    const jc_gguf_value *value = jc_made_get(m, "expert_gating_func", key);

    if (!value)
        return JC_OK;
    if (value->type == JC_GGUF_TEXT || value->n != 1)
        return jc_made_fail(m, key, "it is not a number");
    double x = jc_gguf_number(value, 0);
    return x == 0 || x == 1 || x == 2
               ? JC_OK
               : jc_made_fail(m, key, "it is neither 1, softmax, nor 2, sigmoids");
}

jc_status jc_made_latent(jc_made *m)
{
    char key[JC_MADE_KEY];

    if (!jc_made_get(m, rows[0].gguf, key))
        return JC_OK;
    jc_status st = check_gate(m);
    if (st == JC_OK && !jc_made_get(m, "attention.q_lora_rank", key))
        st = jc_made_put(m, "q_lora_rank", json_null());
    for (size_t i = 0; i < JC_COUNT(rows) && st == JC_OK; i++)
        st = jc_made_row(m, rows[i].gguf, rows[i].keys);
    if (st == JC_OK)
        st = put_nope(m);
    return st ? st : put_yarn(m);
}
