/* SPDX-License-Identifier: MIT */
/* keys.c: one key of config.json to one member of the hparams, by a key row. */
#include <ctype.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/model.h"

enum { KEY = 96, LONGEST = 1 << 20 }; /* of a key; of a list */

static const struct {
    const char *name;
    jc_act act;
} acts[] = {
    {"gelu_new", JC_ACT_GELU_TANH},  {"gelu_pytorch_tanh", JC_ACT_GELU_TANH},
    {"gelu_fast", JC_ACT_GELU_TANH}, {"gelu_accurate", JC_ACT_GELU_TANH},
    {"gelu", JC_ACT_GELU},           {"gelu_python", JC_ACT_GELU},
    {"relu", JC_ACT_RELU},           {"silu", JC_ACT_SILU},
    {"swish", JC_ACT_SILU},          {"relu2", JC_ACT_RELU2},
    {"swiglu", JC_ACT_SILU},         {"gelu_python_tanh", JC_ACT_GELU_TANH},
};

static const struct {
    const char *name;
    jc_rotary_type type;
} rotary_types[] = {
    {"default", JC_ROTARY_PLAIN},
    {"rope", JC_ROTARY_PLAIN},
    {"nope", JC_ROTARY_NONE},
    {"dynamic", JC_ROTARY_PLAIN}, /* differs in texts longer than the context only */
    {"mrope", JC_ROTARY_PLAIN},   /* positions of text are the same in all its parts */
    {"linear", JC_ROTARY_LINEAR},
    {"llama3", JC_ROTARY_LLAMA3},
    {"yarn", JC_ROTARY_YARN},
    {"longrope", JC_ROTARY_LONGROPE},
    {"su", JC_ROTARY_LONGROPE}, /* its first name */
};

static jc_status act_from_name(const char *name, const jc_config *config, jc_act *act,
                               jc_error *err)
{
    for (size_t i = 0; i < JC_COUNT(acts); i++)
        if (strcmp(acts[i].name, name) == 0) {
            *act = acts[i].act;
            return JC_OK;
        }
    return jc_fail(err, JC_E_UNSUPPORTED, "'%s': the activation '%s' is not known",
                   jc_config_path(config), name);
}

static jc_status rotary_from_name(const char *name, const jc_config *config,
                                  jc_rotary_type *type, jc_error *err)
{
    for (size_t i = 0; i < JC_COUNT(rotary_types); i++)
        if (strcmp(rotary_types[i].name, name) == 0) {
            *type = rotary_types[i].type;
            return JC_OK;
        }
    return jc_fail(err, JC_E_UNSUPPORTED,
                   "'%s': the scaling '%s' of rotary positions is not known",
                   jc_config_path(config), name);
}

/* The first of "a|b|c" that the configuration has, or else the first; [KEY] in `key`. */
static bool choose_key(const char *keys, const jc_config *config, char *key)
{
    for (const char *at = keys; *at;) {
        size_t len = strcspn(at, "|");
        memcpy(key, at, len);
        key[len] = 0;
        if (jc_config_has(config, key))
            return true;
        at += len + (at[len] == '|');
    }
    size_t len = strcspn(keys, "|");
    memcpy(key, keys, len);
    key[len] = 0;
    return false;
}

static jc_status read_fixed(const char *key, const char *only, const jc_config *config,
                            jc_error *err)
{
    bool boolean = strcmp(only, "true") == 0 || strcmp(only, "false") == 0, value = false;
    const char *text = NULL;
    if (strcmp(only, "null") == 0)
        return jc_fail(err, JC_E_UNSUPPORTED, "'%s': %s is not supported, only null",
                       jc_config_path(config), key);
    double number, want = jc_real_parse(only, NULL);
    if (isdigit((unsigned char)only[0]))
        return jc_config_real(config, key, &number, err) == JC_OK && number == want
                   ? JC_OK
                   : jc_fail(err, JC_E_UNSUPPORTED,
                             "'%s': %s is not %s, the only number of "
                             "which models are supported",
                             jc_config_path(config), key, only);
    jc_status st = boolean ? jc_config_bool(config, key, &value, err)
                           : jc_config_text(config, key, &text, err);

    if (st)
        return st;
    if (boolean)
        text = value ? "true" : "false";
    return strcmp(text, only) == 0
               ? JC_OK
               : jc_fail(err, JC_E_UNSUPPORTED, "'%s': %s '%s' is not supported, only '%s'",
                         jc_config_path(config), key, text, only);
}

/* Python's Infinity has been read as the largest double. */
static jc_status read_real(double *out, const jc_config *config, const char *key,
                           jc_error *err)
{
    jc_status st = jc_config_real(config, key, out, err);

    return st || fabs(*out) < DBL_MAX
               ? st
               : jc_fail(err, JC_E_FORMAT, "cannot read '%s' of '%s': it is not finite",
                         key, jc_config_path(config));
}

/* transformers 5 writes Infinity as {"__float__": "Infinity"}. */
static jc_status read_limit(double *out, const jc_config *config, const char *key,
                            jc_error *err)
{
    char inner[KEY + sizeof ".__float__"];
    const char *text;

    snprintf(inner, sizeof inner, "%s.__float__", key);
    if (jc_config_text(config, inner, &text, NULL) || strcmp(text, "Infinity") != 0)
        return jc_config_real(config, key, out, err);
    *out = DBL_MAX;
    return JC_OK;
}

/* ---- lists ---- */

static jc_status list_length(const jc_config *config, const char *key, size_t *n,
                             jc_error *err)
{
    *n = jc_config_length(config, key);
    return *n > 0 && *n <= LONGEST
               ? JC_OK
               : jc_fail(err, JC_E_FORMAT, "'%s': '%s' is not a list of 1 to %d elements",
                         jc_config_path(config), key, LONGEST);
}

static jc_status read_reals(jc_reals *out, const jc_config *config, const char *key,
                            jc_error *err)
{
    char one[KEY + 24];
    size_t n;
    jc_status st = list_length(config, key, &n, err);

    if (st)
        return st;
    out->x = jc_alloc_array(n, sizeof *out->x);
    if (!out->x)
        return jc_fail_nomem(err, key);
    out->n = n;
    for (size_t i = 0; i < n && st == JC_OK; i++) {
        snprintf(one, sizeof one, "%s.%zu", key, i);
        st = read_real(&out->x[i], config, one, err);
    }
    return st;
}

static jc_status read_kind(bool *windowed, bool chunks, const jc_config *config,
                           const char *key, jc_error *err)
{
    const char *kind = NULL;
    jc_status st = jc_config_text(config, key, &kind, err);

    if (st)
        return st;
    *windowed = chunks
                    ? strcmp(kind, "chunked_attention") == 0
                    : strcmp(kind, "sliding_attention") == 0 || strcmp(kind, "local") == 0;
    if (!*windowed && strcmp(kind, "full_attention") != 0 && strcmp(kind, "global") != 0)
        return jc_fail(err, JC_E_UNSUPPORTED,
                       "'%s': '%s' is '%s', a kind of attention that "
                       "is not known",
                       jc_config_path(config), key, kind);
    return JC_OK;
}

/* Append the kinds of the list at `key`. */
static jc_status add_kinds(jc_layers *out, size_t *capacity, bool chunks,
                           const jc_config *config, const char *key, jc_error *err)
{
    char one[KEY + 48];
    size_t n;
    jc_status st = list_length(config, key, &n, err);

    if (st == JC_OK && out->n + n > LONGEST)
        st = jc_fail(err, JC_E_FORMAT, "'%s': '%s' is for more than %d blocks",
                     jc_config_path(config), key, LONGEST);
    if (st == JC_OK && !jc_grow(&out->is, capacity, out->n + n, sizeof *out->is))
        st = jc_fail_nomem(err, key);
    for (size_t i = 0; i < n && st == JC_OK; i++) {
        snprintf(one, sizeof one, "%s.%zu", key, i);
        st = read_kind(&out->is[out->n + i], chunks, config, one, err);
    }
    out->n += st == JC_OK ? n : 0;
    return st;
}

static jc_status read_layers(jc_layers *out, bool chunks, const jc_config *config,
                             const char *key, jc_error *err)
{
    size_t capacity = 0;

    return add_kinds(out, &capacity, chunks, config, key, err);
}

/* What mixes the tokens of a block. */
static const struct {
    const char *name;
    bool conv; /* a convolution, with or without a recurrence behind it */
} mixers[] = {{"conv", true},
              {"mamba", true},
              {"linear_attention", true},
              {"attention", false},
              {"full_attention", false}};

/* The blocks that a list names, of all there are: `listed` for them, its opposite for the
 * others. */
static jc_status read_blocks(jc_layers *out, bool listed, const jc_config *config,
                             const char *key, jc_error *err)
{
    char one[KEY + 24];
    uint32_t layers = 0, block;
    size_t n = jc_config_length(config, key);
    jc_status st = jc_config_u32(config, "num_hidden_layers", &layers, err);

    if (st == JC_OK && !jc_config_is_list(config, key))
        st = jc_fail(err, JC_E_FORMAT, "'%s': '%s' is not a list of blocks",
                     jc_config_path(config), key);
    if (st)
        return st;
    out->n = layers < LONGEST ? layers : LONGEST;
    out->is = jc_alloc_array(out->n + 1, sizeof *out->is);
    if (!out->is)
        return jc_fail_nomem(err, key);
    memset(out->is, !listed, out->n * sizeof *out->is);
    for (size_t i = 0; i < n; i++) {
        snprintf(one, sizeof one, "%s.%zu", key, i);
        st = jc_config_u32(config, one, &block, err);
        if (st == JC_OK && block >= out->n)
            st = jc_fail(err, JC_E_FORMAT, "'%s': '%s' is %u, and there are %zu blocks",
                         jc_config_path(config), one, block, out->n);
        if (st)
            return st;
        out->is[block] = listed;
    }
    return JC_OK;
}

static jc_status read_conv(bool *conv, const jc_config *config, const char *key,
                           jc_error *err)
{
    const char *kind = NULL;
    jc_status st = jc_config_text(config, key, &kind, err);

    if (st)
        return st;
    for (size_t k = 0; k < JC_COUNT(mixers); k++)
        if (strcmp(mixers[k].name, kind) == 0) {
            *conv = mixers[k].conv;
            return JC_OK;
        }
    return jc_fail(err, JC_E_UNSUPPORTED,
                   "'%s': '%s' is '%s', neither attention, 'conv', 'mamba' nor "
                   "'linear_attention'",
                   jc_config_path(config), key, kind);
}

/* Kinds block by block, or the blocks that have attention. */
static jc_status read_convs(jc_layers *out, const jc_config *config, const char *key,
                            jc_error *err)
{
    char one[KEY + 24];
    uint32_t number;
    size_t n;
    jc_status st = list_length(config, key, &n, err);

    if (st)
        return st;
    snprintf(one, sizeof one, "%s.0", key);
    if (jc_config_u32(config, one, &number, NULL) == JC_OK)
        return read_blocks(out, false, config, key, err);
    out->is = jc_alloc_array(n, sizeof *out->is);
    if (!out->is)
        return jc_fail_nomem(err, key);
    out->n = n;
    for (size_t i = 0; i < n && st == JC_OK; i++) {
        snprintf(one, sizeof one, "%s.%zu", key, i);
        st = read_conv(&out->is[i], config, one, err);
    }
    return st;
}

/* true or false, or a number other than 0 for true, as Python has it. */
static jc_status read_flag(bool *out, const jc_config *config, const char *key,
                           jc_error *err)
{
    uint32_t number;

    if (jc_config_u32(config, key, &number, NULL))
        return jc_config_bool(config, key, out, err);
    *out = number != 0;
    return JC_OK;
}

static jc_status read_flags(jc_layers *out, const jc_config *config, const char *key,
                            jc_error *err)
{
    char one[KEY + 24];
    size_t n;

    if (jc_config_is_list(config, key) && jc_config_length(config, key) == 0)
        return JC_OK; /* as if there were none */
    jc_status st = list_length(config, key, &n, err);
    if (st)
        return st;
    out->is = jc_alloc_array(n, sizeof *out->is);
    if (!out->is)
        return jc_fail_nomem(err, key);
    out->n = n;
    for (size_t i = 0; i < n && st == JC_OK; i++) {
        snprintf(one, sizeof one, "%s.%zu", key, i);
        st = read_flag(&out->is[i], config, one, err);
    }
    return st;
}

static jc_status read_repeat(jc_layers *out, const jc_config *config, const char *key,
                             jc_error *err)
{
    char one[KEY + 24];
    uint32_t times;
    size_t n, capacity = 0;
    jc_status st = list_length(config, key, &n, err);

    for (size_t i = 0; i < n && st == JC_OK; i++) {
        snprintf(one, sizeof one, "%s.%zu.1", key, i);
        st = jc_config_u32(config, one, &times, err);
        snprintf(one, sizeof one, "%s.%zu.0", key, i);
        for (uint32_t k = 0; st == JC_OK && k < times; k++)
            st = add_kinds(out, &capacity, false, config, one, err);
    }
    return st;
}

/* Whether "a|b" has the name among its parts. */
static bool has_part(const char *parts, const char *name, size_t n)
{
    for (const char *at = parts; *at; at += *at == '|') {
        size_t length = strcspn(at, "|");
        if (length == n && memcmp(at, name, n) == 0)
            return true;
        at += length;
    }
    return false;
}

static size_t count_parts(const char *parts)
{
    size_t n = 1;

    for (; *parts; parts++)
        n += *parts == '|';
    return n;
}

static jc_status read_set(const jc_config *config, const char *key, const char *want,
                          jc_error *err)
{
    char one[KEY + 24], found[128] = "";
    const char *text = NULL;
    size_t n = jc_config_length(config, key);

    if (n == 0 && jc_config_text(config, key, &text, err))
        return JC_E_FORMAT;
    for (size_t i = 0; i < n && i < 8; i++) {
        size_t used = strlen(found);
        snprintf(one, sizeof one, "%s.%zu", key, i);
        jc_status st = jc_config_text(config, one, &text, err);
        if (st)
            return st;
        snprintf(found + used, sizeof found - used, "%s%s", i ? "|" : "", text);
    }
    text = n ? found : text;
    bool same = count_parts(text) == count_parts(want);
    for (const char *at = text; same && *at; at += *at == '|') {
        size_t length = strcspn(at, "|");
        same = has_part(want, at, length);
        at += length;
    }
    return same
               ? JC_OK
               : jc_fail(err, JC_E_UNSUPPORTED, "'%s': %s '%s' is not supported, only '%s'",
                         jc_config_path(config), key, text, want);
}

/* ---- any key ---- */

static jc_status read_given(void *member, const jc_key_row *row, const char *key,
                            const jc_config *config, jc_error *err)
{
    const char *text = NULL;
    double real;
    jc_status st;

    switch (row->type) {
    case JC_KEY_U32:
        return jc_config_u32(config, key, member, err);
    case JC_KEY_LIMIT:
        if (jc_config_real(config, key, &real, NULL) == JC_OK && real < 0) {
            *(uint32_t *)member = 0;
            return JC_OK;
        }
        return jc_config_u32(config, key, member, err);
    case JC_KEY_SET:
        return read_set(config, key, row->def ? row->def : "", err);
    case JC_KEY_REAL:
    case JC_KEY_CAP:
        return read_real(member, config, key, err);
    case JC_KEY_LIMIT_REAL:
        return read_limit(member, config, key, err);
    case JC_KEY_BOOL:
        return read_flag(member, config, key, err);
    case JC_KEY_REALS:
        return read_reals(member, config, key, err);
    case JC_KEY_LAYERS:
    case JC_KEY_CHUNKS:
        return read_layers(member, row->type == JC_KEY_CHUNKS, config, key, err);
    case JC_KEY_FLAGS:
        return read_flags(member, config, key, err);
    case JC_KEY_BLOCKS:
        return read_blocks(member, true, config, key, err);
    case JC_KEY_CONVS:
        return read_convs(member, config, key, err);
    case JC_KEY_REPEAT:
        return read_repeat(member, config, key, err);
    case JC_KEY_FIXED:
        return row->def ? read_fixed(key, row->def, config, err) : JC_OK;
    case JC_KEY_ACT:
        st = jc_config_text(config, key, &text, err);
        return st ? st : act_from_name(text, config, member, err);
    case JC_KEY_ROTARY:
        st = jc_config_text(config, key, &text, err);
        return st ? st : rotary_from_name(text, config, member, err);
    }
    return JC_OK;
}

static jc_status set_default(void *member, const jc_key_row *row, const jc_config *config,
                             jc_error *err)
{
    if (!row->def) /* an empty list */
        return JC_OK;
    switch (row->type) {
    case JC_KEY_U32:
    case JC_KEY_LIMIT:
        *(uint32_t *)member = (uint32_t)strtoul(row->def, NULL, 10);
        break;
    case JC_KEY_REAL:
    case JC_KEY_CAP:
    case JC_KEY_LIMIT_REAL:
        *(double *)member = jc_real_parse(row->def, NULL);
        break;
    case JC_KEY_BOOL:
        *(bool *)member = strcmp(row->def, "true") == 0;
        break;
    case JC_KEY_ACT:
        return act_from_name(row->def, config, member, err);
    case JC_KEY_ROTARY:
        return rotary_from_name(row->def, config, member, err);
    case JC_KEY_REALS:
    case JC_KEY_LAYERS:
    case JC_KEY_CHUNKS:
    case JC_KEY_CONVS:
    case JC_KEY_FLAGS:
    case JC_KEY_BLOCKS:
    case JC_KEY_REPEAT:
    case JC_KEY_SET:
    case JC_KEY_FIXED:
        break;
    }
    return JC_OK;
}

jc_status jc_key_read(jc_hparams *hp, const jc_key_row *row, const jc_config *config,
                      jc_error *err)
{
    void *member = (char *)hp + row->offset;
    bool optional = row->def || row->type == JC_KEY_REALS || row->type == JC_KEY_LAYERS ||
                    row->type == JC_KEY_CHUNKS || row->type == JC_KEY_FLAGS ||
                    row->type == JC_KEY_BLOCKS || row->type == JC_KEY_REPEAT ||
                    (row->type == JC_KEY_CONVS && row->def) || row->type == JC_KEY_FIXED;
    char key[KEY];

    if (!row->keys)
        return set_default(member, row, config, err);
    if (choose_key(row->keys, config, key))
        return read_given(member, row, key, config, err);
    bool null = jc_config_null(config, key);
    if (null && row->type == JC_KEY_LIMIT) {
        *(uint32_t *)member = 0;
        return JC_OK;
    }
    if (null && row->type == JC_KEY_CAP) {
        *(double *)member = 0;
        return JC_OK;
    }
    return optional ? set_default(member, row, config, err)
                    : read_given(member, row, key, config, err);
}
