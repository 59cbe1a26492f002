/* SPDX-License-Identifier: MIT */
/*
 * unread_keys.c: choices in a config.json that its architecture does not have.
 *
 * Configurations are full of keys that do not matter, so only those are looked for of which
 * it is known that they change the arithmetic where they have a value that is not neutral.
 * transformers ignores them in silence, as it does tensors of the wrong names.
 */
#include <stdio.h>
#include <string.h>

#include "model/model.h"

static const char *const choices[] = {
    "embedding_multiplier",
    "residual_multiplier",
    "attention_multiplier",
    "logits_scaling",
    "logit_scale",
    "mup_width_scale",
    "scale_emb",
    "scale_depth",
    "dim_model_base",
    "clip_qkv",
    "alibi",
    "qk_layernorm",
    "use_qk_norm",
    "qk_norm",
    "use_qkv_bias",
    "qkv_bias",
    "no_bias",
    "use_parallel_residual",
    "parallel_attn",
    "no_rope_layers",
    "attn_temperature_tuning",
    "attention_chunk_size",
    "attn_logit_softcapping",
    "final_logit_softcapping",
    "partial_rotary_factor",
    "num_experts",
    "num_local_experts",
    "n_routed_experts",
    "moe_intermediate_size",
    "kv_lora_rank",
    "altup_num_inputs",
    "laurel_rank",
    "swiglu_limit",
};

/* Keys for one thing, of which GGUF files get all: an architecture that reads one of them
 * knows of the others. */
static const char *const same[][4] = {
    {"num_experts", "num_local_experts", "n_routed_experts", "moe_intermediate_size"},
    {"logit_scale", "logits_scaling"},
};

enum { NAMED = 4 }; /* keys in a note */

static bool is_read(const jc_arch *arch, const char *key)
{
    for (size_t g = 0; g < JC_COUNT(same); g++) {
        bool in = false, read = false;
        for (size_t i = 0; i < JC_COUNT(same[g]) && same[g][i]; i++) {
            in |= strcmp(same[g][i], key) == 0;
            read |= jc_arch_has_key(arch, same[g][i]);
        }
        if (in && read)
            return true;
    }
    return jc_arch_has_key(arch, key);
}

/* A GGUF file's share of turned numbers has all names that architectures know it by; which
 * of them is read, or whether latent attention has its own, is no choice of the file. */
static bool of_gguf(const jc_config *config, const char *key)
{
    return strcmp(key, "partial_rotary_factor") == 0 &&
           jc_config_has(config, "rope_dimension_part");
}

/* Null, false, 0 and 1 mean that there is no such thing; lists always mean something. */
static bool neutral(const jc_config *config, const char *key)
{
    double x;
    bool flag;

    if (!jc_config_has(config, key))
        return true;
    if (jc_config_real(config, key, &x, NULL) == JC_OK)
        return x == 0 || x == 1;
    return jc_config_bool(config, key, &flag, NULL) == JC_OK && !flag;
}

jc_status jc_unread_keys(jc_notes *notes, const jc_arch *arch, const jc_config *config,
                         jc_error *err)
{
    char keys[NAMED * 80] = "";
    size_t n = 0;

    for (size_t i = 0; i < JC_COUNT(choices); i++) {
        size_t used = strlen(keys);
        if (neutral(config, choices[i]) || is_read(arch, choices[i]) ||
            of_gguf(config, choices[i]))
            continue;
        if (n++ < NAMED)
            snprintf(keys + used, sizeof keys - used, "%s'%s'", used ? ", " : "",
                     choices[i]);
    }
    return n ? jc_notes_add(notes, err,
                            "'%s' has %s, which the architecture '%s' does not read%s; if "
                            "the model was trained so, its states are not these",
                            jc_config_path(config), keys, arch->name,
                            n > NAMED ? " (and more)" : "")
             : JC_OK;
}
