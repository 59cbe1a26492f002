/* SPDX-License-Identifier: MIT */
/* hparams.c: config.json to sizes and choices, by an architecture's key rows. */
#include <stdlib.h>
#include <string.h>

#include "model/model.h"

enum { MOST = 1 << 24 }; /* no layer count, width or vocabulary is larger */

static const struct {
    const char *name;
    jc_act act;
} acts[] = {
    {"gelu_new", JC_ACT_GELU_TANH},  {"gelu_pytorch_tanh", JC_ACT_GELU_TANH},
    {"gelu_fast", JC_ACT_GELU_TANH}, {"gelu", JC_ACT_GELU},
    {"relu", JC_ACT_RELU},
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

/* The first of "a|b|c" that the configuration has, or else the first; [64] in `key`. */
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

static jc_status read_key(void *member, const jc_key_row *row, const jc_config *config,
                          jc_error *err)
{
    char key[64];
    bool has = row->keys && choose_key(row->keys, config, key), given = has || !row->def;
    const char *text = row->def;
    jc_status st = JC_OK;

    switch (row->type) {
    case JC_KEY_U32:
        if (given)
            return jc_config_u32(config, key, member, err);
        *(uint32_t *)member = (uint32_t)strtoul(text, NULL, 10);
        break;
    case JC_KEY_REAL:
        if (given)
            return jc_config_real(config, key, member, err);
        *(double *)member = jc_real_parse(text, NULL);
        break;
    case JC_KEY_BOOL:
        if (given)
            return jc_config_bool(config, key, member, err);
        *(bool *)member = strcmp(text, "true") == 0;
        break;
    case JC_KEY_ACT:
        if (given)
            st = jc_config_text(config, key, &text, err);
        return st ? st : act_from_name(text, config, member, err);
    case JC_KEY_FIXED:
        return has ? read_fixed(key, row->def, config, err) : JC_OK;
    }
    return st;
}

/* What follows from the keys; all sizes are from 1 to MOST. */
static jc_status derive(jc_hparams *hp, const jc_arch *arch, const char *path,
                        jc_error *err)
{
    hp->head_width = hp->width / hp->heads;
    if (arch->positions_after_padding) {
        if (hp->padding >= hp->positions - 1)
            return jc_fail(err, JC_E_FORMAT,
                           "'%s': of %u positions none is left after the padding's, %u",
                           path, hp->positions, hp->padding);
        hp->first_position = hp->padding + 1;
    }
    hp->context = hp->positions - hp->first_position;
    return JC_OK;
}

jc_status jc_hparams_read(jc_hparams *hp, const jc_arch *arch, const jc_config *config,
                          jc_error *err)
{
    const char *path = jc_config_path(config);

    *hp = (jc_hparams){.types = 1};
    for (size_t i = 0; i < arch->n_keys; i++) {
        const jc_key_row *row = &arch->keys[i];
        jc_status st = read_key((char *)hp + row->offset, row, config, err);
        if (st)
            return st;
    }
    const uint32_t sizes[] = {hp->layers,    hp->width, hp->heads,
                              hp->positions, hp->types, hp->vocab};
    for (size_t i = 0; i < JC_COUNT(sizes); i++)
        if (sizes[i] == 0 || sizes[i] > MOST)
            return jc_fail(err, JC_E_FORMAT,
                           "'%s': a size is %u; layers, width, heads, positions, token "
                           "types and vocabulary must be from 1 to %d",
                           path, sizes[i], MOST);
    if (hp->width % hp->heads)
        return jc_fail(err, JC_E_FORMAT, "'%s': width %u is not a multiple of %u heads",
                       path, hp->width, hp->heads);
    if (hp->ff_width == 0)
        hp->ff_width = 4 * hp->width;
    if (hp->ff_width > MOST)
        return jc_fail(err, JC_E_FORMAT, "'%s': the MLP is %u wide, more than %d", path,
                       hp->ff_width, MOST);
    if (hp->vocab < 2 || !(hp->eps >= 0))
        return jc_fail(err, JC_E_FORMAT, "'%s': %s", path,
                       hp->vocab < 2 ? "the vocabulary has fewer than 2 tokens"
                                     : "the epsilon of the norms is negative");
    return derive(hp, arch, path, err);
}
