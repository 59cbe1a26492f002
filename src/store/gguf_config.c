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

#include "store/store_impl.h"

enum { KEY = 96, NAME = 40 }; /* bytes: of a key, and of an architecture's name */

/* A key "<architecture>.<gguf>", and what configurations call it: each of "a|b". A dot is a
 * step into an object. */
static const struct {
    const char *gguf, *keys;
} rows[] = {
    {"block_count", "num_hidden_layers|n_layer"},
    {"embedding_length", "hidden_size|n_embd"},
    {"feed_forward_length", "intermediate_size|n_inner"},
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
    {"use_parallel_residual", "use_parallel_residual"},
    {"rope.freq_base", "rope_theta|rotary_emb_base"},
    {"rope.scaling.factor", "rope_scaling.factor"},
    {"rope.scaling.original_context_length",
     "rope_scaling.original_max_position_embeddings"},
    {"rope.scaling.yarn_beta_fast", "rope_scaling.beta_fast"},
    {"rope.scaling.yarn_beta_slow", "rope_scaling.beta_slow"},
};

/* Architectures under whose name GGUF has two: the other one has a window. */
static const struct {
    const char *name, *windowed;
} names[] = {{"llama", "mistral"}, {"olmo2", "olmo3"}};

struct made {
    const jc_gguf *file;
    json_t *root;
    char arch[NAME];
    jc_error *err;
};

/* Put `value` (stolen; NULL: out of memory) at each of the keys. */
static jc_status put(struct made *m, const char *keys, json_t *value)
{
    bool ok = value != NULL;

    for (const char *at = keys; ok && *at;) {
        size_t length = strcspn(at, "|"), step = strcspn(at, ".");
        json_t *object = m->root;
        const char *name = at;
        if (step < length) {
            char outer[KEY];
            snprintf(outer, sizeof outer, "%.*s", (int)step, at);
            object = json_object_get(m->root, outer);
            if (!object) {
                object = json_object();
                ok = json_object_set_new(m->root, outer, object) == 0;
            }
            name = at + step + 1;
        }
        char key[KEY];
        snprintf(key, sizeof key, "%.*s", (int)(length - (size_t)(name - at)), name);
        ok = ok && json_object_set(object, key, value) == 0;
        at += length + (at[length] == '|');
    }
    json_decref(value);
    return ok ? JC_OK : jc_fail_nomem(m->err, jc_gguf_path(m->file));
}

static jc_status fail(struct made *m, const char *key, const char *why)
{
    return jc_fail(m->err, JC_E_FORMAT, "cannot read '%s' of '%s': %s", key,
                   jc_gguf_path(m->file), why);
}

/* The number that was written: a float32 is taken for its shortest decimal, so that 1e-5f
 * is the 1e-5 of a configuration. */
static double as_written(const jc_gguf_value *value, size_t i)
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

/* A key of <architecture>.<suffix>; `full` is [KEY]. */
static const jc_gguf_value *get(const struct made *m, const char *suffix, char *full)
{
    snprintf(full, KEY, "%s.%s", m->arch, suffix);
    return jc_gguf_get(m->file, full);
}

static jc_status put_row(struct made *m, const char *suffix, const char *keys)
{
    char key[KEY];
    const jc_gguf_value *value = get(m, suffix, key);

    if (!value)
        return JC_OK;
    if (value->type == JC_GGUF_TEXT || value->n == 0)
        return fail(m, key, "it is not a number");
    if (value->type == JC_GGUF_BOOL)
        return put(m, keys, json_boolean(value->data[0]));
    double x = as_written(value, 0);
    for (size_t i = 1; i < value->n; i++)
        if (as_written(value, i) != x)
            return fail(m, key, "it differs from block to block, which is not supported");
    if (!(x <= 1e300 && x >= -1e300)) /* JSON has no others */
        return fail(m, key, "it is not a finite number");
    return put(m, keys, json_real(x));
}

static jc_status put_number(struct made *m, const char *keys, double x)
{
    return put(m, keys, json_real(x));
}

/* ---- what takes more than a row ---- */

static jc_status put_name(struct made *m)
{
    jc_gguf_text text;
    const char *type = m->arch;
    char key[KEY];
    jc_status st = jc_gguf_text_of(m->file, "general.architecture", &text, m->err);

    if (st)
        return st;
    if (text.n == 0 || text.n >= NAME || memchr(text.text, 0, text.n))
        return fail(m, "general.architecture", "it is not a name");
    for (size_t i = 0; i < text.n; i++)
        if (text.text[i] < '!' || text.text[i] > '~')
            return fail(m, "general.architecture", "it is not a name");
    snprintf(m->arch, sizeof m->arch, "%.*s", (int)text.n, text.text);
    bool windowed = get(m, "attention.sliding_window", key) != NULL;
    for (size_t i = 0; windowed && i < JC_COUNT(names); i++)
        if (strcmp(names[i].name, m->arch) == 0)
            type = names[i].windowed;
    return put(m, "model_type", json_string(type));
}

/* The width of a head, and how much of it is turned. */
static jc_status put_heads(struct made *m)
{
    char name[KEY];
    uint32_t head = 0, heads = 0, width = 0, turned = 0;
    const struct {
        const char *suffix;
        uint32_t *out;
    } keys[] = {{"embedding_length", &width},
                {"attention.head_count", &heads},
                {"attention.key_length", &head},
                {"rope.dimension_count", &turned}};
    jc_status st = JC_OK;

    for (size_t i = 0; i < JC_COUNT(keys) && st == JC_OK; i++) {
        const jc_gguf_value *value = get(m, keys[i].suffix, name);
        if (value && !value->array)
            st = jc_gguf_u32(m->file, name, keys[i].out, m->err);
    }
    if (st == JC_OK && head)
        st = put_number(m, "head_dim", head);
    if (head == 0 && heads)
        head = width / heads;
    if (st == JC_OK && turned && head)
        st = put_number(m, "partial_rotary_factor|rotary_pct", (double)turned / head);
    /* Gemma 2 and 3 divide by the root of this; the largest of each have one of their own
     */
    bool largest = (strcmp(m->arch, "gemma2") == 0 && width == 4608) ||
                   (strcmp(m->arch, "gemma3") == 0 && width == 5376);
    if (st == JC_OK && head)
        st =
            put_number(m, "query_pre_attn_scalar", largest && heads ? width / heads : head);
    return st;
}

static jc_status put_factors(struct made *m, const char *tensor, const char *keys)
{
    const jc_tensor *t = jc_gguf_find(m->file, tensor);
    json_t *list = t ? json_array() : NULL;

    if (!t)
        return JC_OK;
    bool ok = list != NULL;
    for (size_t i = 0; ok && jc_dtype_real(t->dtype) && i < t->count; i++) {
        float x;
        jc_tensor_read(t, i, 1, &x);
        if (!(x > 0 && x < 1e30f)) {
            json_decref(list);
            return fail(m, tensor, "a factor is not a number above 0");
        }
        ok = json_array_append_new(list, json_real((double)x)) == 0;
    }
    if (!ok) {
        json_decref(list);
        list = NULL;
    }
    return put(m, keys, list);
}

/* What turned values are multiplied by. Of YaRN the files have what is to be multiplied
 * with its own factor. */
static jc_status put_attention_factor(struct made *m, bool yarn)
{
    static const char *const suffixes[] = {"rope.scaling.attn_factor",
                                           "rope.scaling.yarn_attn_factor"};
    char key[KEY];
    double factor = 1, scale = 1;
    bool given = false;

    for (size_t i = 0; i < JC_COUNT(suffixes); i++) {
        const jc_gguf_value *value = get(m, suffixes[i], key);
        if (!value)
            continue;
        if (value->type == JC_GGUF_TEXT || value->n != 1)
            return fail(m, key, "it is not a number");
        factor *= as_written(value, 0);
        given = true;
    }
    const jc_gguf_value *value = get(m, "rope.scaling.factor", key);
    if (yarn && value && value->type != JC_GGUF_TEXT && value->n == 1)
        scale = jc_gguf_number(value, 0);
    if (yarn && scale > 1)
        factor *= 0.1 * log(scale) + 1;
    if (!(factor <= 1e300 && factor >= -1e300))
        return fail(m, key, "it is not a finite number");
    return given ? put_number(m, "rope_scaling.attention_factor", factor) : JC_OK;
}

/* Llama 3's scaling is in the file as a factor for each pair, which is LongRoPE with the
 * same factors for all lengths. */
static jc_status put_scaling(struct made *m)
{
    char key[KEY];
    const jc_gguf_value *value = get(m, "rope.scaling.type", key);
    bool one = jc_gguf_find(m->file, "rope_freqs.weight") != NULL;
    bool two = jc_gguf_find(m->file, "rope_factors_long.weight") != NULL;
    jc_gguf_text type = {"none", 4};
    jc_status st = value ? jc_gguf_text_of(m->file, key, &type, m->err) : JC_OK;

    if (st)
        return st;
    if (one || two)
        type = (jc_gguf_text){"longrope", 8};
    if (type.n == 4 && memcmp(type.text, "none", 4) == 0)
        type = (jc_gguf_text){"default", 7};
    json_t *name = json_stringn(type.text, type.n);
    if (!name)
        return fail(m, key, "it is not UTF-8 text");
    bool yarn = strcmp(json_string_value(name), "yarn") == 0;
    st = put(m, "rope_scaling.rope_type", name);
    if (st == JC_OK)
        st = put_attention_factor(m, yarn);
    if (st == JC_OK && one)
        st = put_factors(m, "rope_freqs.weight",
                         "rope_scaling.short_factor|rope_scaling.long_factor");
    if (st == JC_OK && one)
        st = put_number(m, "rope_scaling.attention_factor", 1);
    if (st == JC_OK && one)
        st = put_row(m, "context_length", "rope_scaling.original_max_position_embeddings");
    if (st == JC_OK && two)
        st = put_factors(m, "rope_factors_short.weight", "rope_scaling.short_factor");
    if (st == JC_OK && two)
        st = put_factors(m, "rope_factors_long.weight", "rope_scaling.long_factor");
    return st;
}

static jc_status put_tensors(struct made *m)
{
    const jc_tensor *tokens = jc_gguf_find(m->file, "token_embd.weight");
    bool attention = jc_gguf_find(m->file, "blk.0.attn_output.bias") != NULL;
    bool mlp = jc_gguf_find(m->file, "blk.0.ffn_down.bias") != NULL;

    if (!tokens)
        return jc_fail(m->err, JC_E_FORMAT, "'%s' has no tensor 'token_embd.weight'",
                       jc_gguf_path(m->file));
    jc_status st = put_number(m, "vocab_size", (double)tokens->shape[0]);
    if (st == JC_OK)
        st = put(m, "attention_bias", json_boolean(attention));
    return st ? st : put(m, "mlp_bias", json_boolean(mlp));
}

jc_status jc_config_of_gguf(jc_config **out, const jc_gguf *file, jc_error *err)
{
    struct made m = {.file = file, .root = json_object(), .err = err};

    *out = NULL;
    if (!m.root)
        return jc_fail_nomem(err, jc_gguf_path(file));
    jc_status st = put_name(&m);
    for (size_t i = 0; i < JC_COUNT(rows) && st == JC_OK; i++)
        st = put_row(&m, rows[i].gguf, rows[i].keys);
    if (st == JC_OK)
        st = put_heads(&m);
    if (st == JC_OK)
        st = put_scaling(&m);
    if (st == JC_OK)
        st = put_tensors(&m);
    if (st) {
        json_decref(m.root);
        return st;
    }
    return jc_config_take(out, m.root, jc_gguf_path(file), err);
}
