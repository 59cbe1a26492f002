/* SPDX-License-Identifier: MIT */
/*
 * unknown.c: what there is to say of a model_type that no row has: which are known, which
 * of them has most keys in common with the configuration, and which keys no row knows at
 * all. A GGUF file's configuration has the keys of many, and only the first is said.
 */
#include <stdio.h>
#include <string.h>

#include "base/likely.h"
#include "jumpcut/model.h"
#include "model/model.h"

/* Keys that are the matter of other programs, and ends of such keys. */
static const char *const idle[] = {
    "_name_or_path",
    "architectures",
    "attn_implementation",
    "auto_map",
    "dtype",
    "initializer_range",
    "init_std",
    "model_type",
    "torch_dtype",
    "transformers_version",
    "use_cache",
    "pretraining_tp",
    "summary_type",
    "task_specific_params",
    "layerdrop",
};
static const char *const idle_ends[] = {"_token_id", "dropout", "_pdrop"};

static bool is_idle(const char *key)
{
    size_t n = strlen(key);

    for (size_t i = 0; i < JC_COUNT(idle); i++)
        if (strcmp(key, idle[i]) == 0)
            return true;
    for (size_t i = 0; i < JC_COUNT(idle_ends); i++) {
        size_t end = strlen(idle_ends[i]);
        if (n >= end && strcmp(key + n - end, idle_ends[i]) == 0)
            return true;
    }
    return false;
}

bool jc_arch_has_key(const jc_arch *arch, const char *key)
{
    size_t n = strlen(key);

    for (size_t i = 0; i < arch->n_keys; i++)
        for (const char *at = arch->keys[i].keys; at && *at;) {
            if (strncmp(at, key, n) == 0 && (!at[n] || at[n] == '|' || at[n] == '.'))
                return true;
            at += strcspn(at, "|");
            at += *at == '|';
        }
    return false;
}

static size_t shared_keys(const jc_arch *arch, const jc_config *config)
{
    size_t n = 0;

    for (const char *key = jc_config_next(config, NULL); key;
         key = jc_config_next(config, key))
        n += jc_arch_has_key(arch, key) && !is_idle(key);
    return n;
}

static bool strange(const char *key, const jc_config *config)
{
    size_t n;
    const jc_arch *const *archs = jc_archs(&n);

    for (size_t i = 0; i < n; i++)
        if (jc_arch_has_key(archs[i], key))
            return false;
    return !is_idle(key) && jc_config_has(config, key);
}

/* Add `text` to the list, with `before` before it, unless it is full. */
static void append(char *list, size_t room, const char *before, const char *text)
{
    size_t used = strlen(list);

    if (used + strlen(before) + strlen(text) + 2 < room)
        snprintf(list + used, room - used, "%s%s", before, text);
}

static const char *mixture(const jc_config *config)
{
    static const char *const keys[] = {"num_experts", "num_local_experts",
                                       "n_routed_experts", "moe_num_experts"};
    uint32_t n;

    for (size_t i = 0; i < JC_COUNT(keys); i++)
        if (jc_config_u32(config, keys[i], &n, NULL) == JC_OK && n > 1)
            return "; it is a mixture of experts";
    return "";
}

/* A part of a multimodal model other than text, by its key; NULL where there is none. */
static const char *other_part(const jc_config *config)
{
    static const char *const parts[] = {"vision_config", "audio_config", "vision_tower",
                                        "mm_vision_tower", "vision_model"};

    for (size_t i = 0; i < JC_COUNT(parts); i++)
        if (jc_config_has(config, parts[i]))
            return parts[i];
    return NULL;
}

jc_status jc_arch_unknown(const char *model_type, const jc_config *config, jc_error *err)
{
    const char *part = other_part(config);

    if (part)
        return jc_fail(
            err, JC_E_UNSUPPORTED,
            "'%s': the model '%s' has '%s' but no text part ('text_config'); give "
            "the folder of the language model that it was made from",
            jc_config_path(config), model_type, part);
    char keys[120] = "", mean[JC_LIKELY_TEXT];
    jc_likely likely;
    const jc_arch *nearest = NULL;
    size_t n, most = 0;
    const jc_arch *const *archs = jc_archs(&n);

    jc_likely_begin(&likely, model_type, strlen(model_type));
    for (size_t i = 0; i < n; i++) {
        jc_likely_offer(&likely, archs[i]->name, strlen(archs[i]->name));
        size_t shared = shared_keys(archs[i], config);
        nearest = shared > most ? archs[i] : nearest;
        most = shared > most ? shared : most;
    }
    for (const char *key = jc_config_next(config, NULL); key;
         key = jc_config_next(config, key))
        if (strange(key, config))
            append(keys, sizeof keys, keys[0] ? ", " : "", key);
    return jc_fail(err, JC_E_UNSUPPORTED,
                   "'%s': the model_type '%s' is not known%s; 'jumpcut list architectures' "
                   "says which are%s%s%s%s%s",
                   jc_config_path(config), model_type, mixture(config),
                   nearest ? "; the nearest is " : "", nearest ? nearest->name : "",
                   keys[0] ? "; none has " : "", keys, jc_likely_text(&likely, mean));
}

jc_status jc_arch_unknown_gguf(const char *name, const jc_config *config, jc_error *err)
{
    if (jc_arch_find(name))
        return jc_fail(err, JC_E_UNSUPPORTED,
                       "'%s': models of the architecture '%s' are not read from GGUF; give "
                       "the folder that it was made from",
                       jc_config_path(config), name);
    return jc_fail(
        err, JC_E_UNSUPPORTED,
        "'%s': the architecture '%s' is not known in GGUF files%s; 'jumpcut list "
        "architectures' says which are",
        jc_config_path(config), name, mixture(config));
}
