/* SPDX-License-Identifier: MIT */
/* missing.c: why a model is not one that can be run: a tensor that is not there, a
 * configuration that says how its weights were quantised. */
#include <stdio.h>
#include <string.h>

#include "model/names.h"

/* Parts of names that tell what the files are. */
static const struct {
    const char *part, *what;
} signs[] = {
    {"_exps.", "it is a mixture of experts, which its architecture is not"},
    {"ffn_gate_inp", "it is a mixture of experts, which its architecture is not"},
    {".experts.", "it is a mixture of experts, which its architecture is not"},
    {"block_sparse_moe", "it is a mixture of experts, which its architecture is not"},
    {".lora_A.", "it is an adapter (LoRA); merge it into its model first"},
    {".lora_a", "it is an adapter (LoRA); merge it into its model first"},
    {".base_layer.", "an adapter (LoRA) is not merged into it; merge it first"},
    {"_flat_param", "it is a shard of a training run by FSDP; merge the shards first"},
};

/* A tensor whose name ends with `end`, after a dot: something unknown stands before it. */
static const char *with_end(const jc_store *store, const char *end)
{
    size_t n_end = strlen(end);

    for (size_t i = 0; i < jc_store_count(store); i++) {
        const char *name = jc_store_at(store, i)->name;
        size_t n = strlen(name);
        if (n > n_end && name[n - n_end - 1] == '.' && strcmp(name + n - n_end, end) == 0)
            return name;
    }
    return NULL;
}

/* A tensor in the place of `name`, "a.weight": "a.weight_v", "a.qweight"; "a_blocks". */
static const char *in_place(const jc_store *store, const char *name)
{
    const char *dot = strrchr(name, '.');
    size_t n = dot && strcmp(dot, ".weight") == 0 ? (size_t)(dot - name) + 1 : 0;

    for (size_t i = 0; n && i < jc_store_count(store); i++) {
        const char *other = jc_store_at(store, i)->name;
        if (strncmp(other, name, n) == 0 && strcmp(other + n, "bias") != 0)
            return other;
    }
    n = strlen(name);
    for (size_t i = 0; i < jc_store_count(store); i++) { /* "a.experts_blocks" */
        const char *other = jc_store_at(store, i)->name;
        if (strncmp(other, name, n) == 0 && other[n] == '_' &&
            strcmp(other + n, "_bias") != 0)
            return other;
    }
    return NULL;
}

jc_status jc_rows_missing(const jc_model *model, const jc_weight_row *row, uint32_t block,
                          uint32_t expert, jc_error *err)
{
    const jc_store *store = model->store;
    jc_names_of plain = {.row = row, .block = block, .expert = expert}, prefixed = plain;
    bool either = model->prefix[0] != 0;
    const char *path = jc_store_path(store);

    if (!jc_names_next(&plain, model) || !jc_names_next(&prefixed, model) ||
        !jc_names_next(&prefixed, model))
        return jc_fail(err, JC_E_FORMAT, "'%s' lacks a tensor", path);
    for (size_t i = 0; i < JC_COUNT(signs); i++)
        for (size_t k = 0; k < jc_store_count(store); k++)
            if (strstr(jc_store_at(store, k)->name, signs[i].part) &&
                !(model->hp.experts && strstr(signs[i].what, "mixture")))
                return jc_fail(err, JC_E_UNSUPPORTED,
                               "'%s' has no tensor '%s', but '%.120s': %s", path,
                               plain.name, jc_store_at(store, k)->name, signs[i].what);
    for (size_t k = 0; k < jc_store_count(store); k++)
        if (jc_quantised_by(jc_store_at(store, k)->name))
            return jc_quantised_refuse(model, jc_store_at(store, k)->name, err);
    if (strstr(plain.name, "_exps."))
        return jc_fail(err, JC_E_UNSUPPORTED,
                       "'%s' has no tensor '%s', which holds all experts of a block; files "
                       "with a tensor for each expert are not read: make the file again "
                       "with a converter of 2024 or later",
                       path, plain.name);
    const char *other = with_end(store, plain.name);
    if (other)
        return jc_fail(err, JC_E_FORMAT,
                       "'%s' has no tensor '%s'%s%s%s, but '%.160s', with a prefix that is "
                       "not known",
                       path, plain.name, either ? " (nor '" : "",
                       either ? prefixed.name : "", either ? "')" : "", other);
    const char *wanted = plain.name;
    other = in_place(store, wanted);
    if (!other && either)
        other = in_place(store, wanted = prefixed.name);
    if (other)
        return jc_fail(
            err, JC_E_UNSUPPORTED,
            "'%s' has no tensor '%s', but '%.160s': weights in that form are not "
            "read; save the model with plain ones",
            path, wanted, other);
    return jc_fail(err, JC_E_FORMAT, "'%s' has no tensor '%s'%s%s%s", path, plain.name,
                   either ? " (nor '" : "", either ? prefixed.name : "",
                   either ? "')" : "");
}

/* ---- quantised by other programs ---- */

/* Last parts of names of what weights were quantised by. */
static const struct {
    const char *end, *by;
} scales[] = {
    {"g_idx", "gptq"},
    {"qzeros", "gptq or awq"},
    {"qweight", "gptq or awq"},
    {"absmax", "bitsandbytes"},
    {"quant_map", "bitsandbytes"},
    {"bitsandbytes__nf4", "bitsandbytes"},
    {"bitsandbytes__fp4", "bitsandbytes"},
    {"SCB", "bitsandbytes"},
    {"weight_packed", "compressed-tensors"},
    {"weight_zero_point", "compressed-tensors"},
    {"weight_scale", "some program (fp8 or int8)"},
    {"weight_scale_2", "some program (fp8 or fp4)"},
    {"weight_scale_inv", "some program (fp8)"},
    {"scales", "some program"},
    {"weight_format", "bitsandbytes"},
    {"weight_quantizer._scale", "modelopt"},
    {"W_q", "hqq"},
    {"_data", "quanto"},
    {"codebooks", "aqlm"},
};

const char *jc_quantised_by(const char *name)
{
    size_t n = strlen(name);

    for (size_t i = 0; i < JC_COUNT(scales); i++) {
        size_t n_end = strlen(scales[i].end);
        if (n > n_end && name[n - n_end - 1] == '.' &&
            strcmp(name + n - n_end, scales[i].end) == 0)
            return scales[i].by;
    }
    return NULL;
}

jc_status jc_quantised_refuse(const jc_model *model, const char *name, jc_error *err)
{
    bool read = false; /* other weights so quantised are */

    for (size_t i = 0; i < jc_store_count(model->store) && !read; i++)
        read = jc_store_at(model->store, i)->packing != NULL;
    if (read)
        return jc_fail(
            err, JC_E_FORMAT,
            "'%s' has a tensor '%.200s' of a quantised weight that is not whole: "
            "another of its tensors is missing; download the model again",
            model->path, name);
    return jc_fail(err, JC_E_UNSUPPORTED,
                   "'%s' has a tensor '%.200s': its weights are quantised by %s, which is "
                   "not supported; take the model that was quantised",
                   model->path, name, jc_quantised_by(name));
}

const char *jc_quantised_beside(const jc_model *model, const char *weight)
{
    size_t n = strlen(weight);

    if (n > 7 && strcmp(weight + n - 7, ".weight") == 0)
        n -= 7;
    for (size_t i = 0; i < jc_store_count(model->store); i++) {
        const jc_tensor *t = jc_store_at(model->store, i);
        if (strncmp(t->name, weight, n) == 0 && t->name[n] == '.' &&
            jc_quantised_by(t->name) && strcmp(t->name, weight) != 0)
            return t->name;
    }
    return NULL;
}

/* Objects of config.json that say how: of transformers, of compressed-tensors, of MLX. */
static const char *const sections[] = {"quantization_config", "compression_config",
                                       "quantization"};

/* What the section says that it was done by; "" where it does not say. */
static const char *method(const jc_config *config, const char *section)
{
    static const struct {
        const char *key, *method; /* NULL: its text */
    } keys[] = {
        {"quant_method", NULL},
        {"quant_type", NULL},
        {"load_in_4bit", "bitsandbytes"},
        {"load_in_8bit", "bitsandbytes"},
        {"format", NULL},
        {"quant_algo", NULL},
    };
    char key[64];
    const char *text;

    for (size_t i = 0; i < JC_COUNT(keys); i++) {
        snprintf(key, sizeof key, "%s.%s", section, keys[i].key);
        if (!jc_config_has(config, key))
            continue;
        if (keys[i].method)
            return keys[i].method;
        if (jc_config_text(config, key, &text, NULL) == JC_OK)
            return text;
    }
    return strcmp(section, "quantization") == 0 ? "mlx" : "";
}

jc_status jc_quantised_check(jc_model *model, jc_error *err)
{
    const jc_config *config = jc_store_config(model->store);

    for (size_t i = 0; i < JC_COUNT(sections); i++) {
        if (!jc_config_has(config, sections[i]))
            continue;
        const char *by = method(config, sections[i]);
        if (jc_store_unpacks(by))
            return jc_store_unpack(model->store, by, sections[i], err);
        return jc_fail(err, JC_E_UNSUPPORTED,
                       "'%s': its weights are quantised%s%.60s ('%s'), which is not "
                       "supported; take the model that was quantised",
                       jc_config_path(config), by[0] ? " by " : "", by, sections[i]);
    }
    return JC_OK;
}
