/* SPDX-License-Identifier: MIT */
/* config.c: one JSON object of settings. Numbers are read as doubles, for files in use hold
 * integers beyond 64 bits (a length of 1e30 for "no limit"). */
#include "store/store_impl.h"

#include <math.h>
#include <string.h>

struct jc_config {
    char *path;
    json_t *root;
};

jc_status jc_config_take(jc_config **out, json_t *root, const char *path, jc_error *err)
{
    jc_config *config = jc_alloc_array(1, sizeof *config);

    *out = NULL;
    if (config)
        config->path = jc_strdup(path);
    if (!config || !config->path) {
        jc_free(config);
        json_decref(root);
        return jc_fail_nomem(err, path);
    }
    config->root = root;
    *out = config;
    return JC_OK;
}

jc_status jc_config_parse(jc_config **out, const char *text, size_t length,
                          const char *path, jc_error *err)
{
    json_t *root;
    jc_status st = jc_json_file(&root, text, length, JSON_DECODE_INT_AS_REAL, path, err);

    *out = NULL;
    return st ? st : jc_config_take(out, root, path, err);
}

jc_status jc_config_open(jc_config **out, const char *path, jc_error *err)
{
    jc_mapped map;

    *out = NULL;
    jc_status st = jc_map_open(&map, path, err);
    if (st)
        return st;
    st = jc_config_parse(out, (const char *)map.data, map.size, path, err);
    jc_map_close(&map);
    return st;
}

jc_status jc_config_part(jc_config **out, const jc_config *config, const char *keys,
                         jc_error *err)
{
    json_t *part = config->root;

    for (const char *at = keys; *at && part == config->root;) {
        size_t n = strcspn(at, "|");
        json_t *value = json_object_getn(config->root, at, n);
        part = json_is_object(value) ? value : part;
        at += n + (at[n] == '|');
    }
    return jc_config_take(out, json_incref(part), config->path, err);
}

void jc_config_close(jc_config *config)
{
    if (!config)
        return;
    json_decref(config->root);
    jc_free(config->path);
    jc_free(config);
}

const char *jc_config_path(const jc_config *config)
{
    return config->path;
}

/* The element whose number key[n] spells. */
static const json_t *element(const json_t *list, const char *key, size_t n)
{
    size_t index = 0;

    for (size_t i = 0; i < n; i++) {
        if (key[i] < '0' || key[i] > '9' || index > json_array_size(list))
            return NULL;
        index = 10 * index + (size_t)(key[i] - '0');
    }
    return n ? json_array_get(list, index) : NULL;
}

/* The value at a dotted key; NULL when it is absent. */
static const json_t *present(const jc_config *config, const char *key)
{
    const json_t *value = config->root;

    for (size_t n = strcspn(key, "."); value; key += n + 1, n = strcspn(key, ".")) {
        value =
            json_is_array(value) ? element(value, key, n) : json_object_getn(value, key, n);
        if (!key[n])
            break;
    }
    return value;
}

/* The same, NULL too when it is null. */
static const json_t *at(const jc_config *config, const char *key)
{
    const json_t *value = present(config, key);

    return json_is_null(value) ? NULL : value;
}

bool jc_config_has(const jc_config *config, const char *key)
{
    return at(config, key) != NULL;
}

bool jc_config_null(const jc_config *config, const char *key)
{
    const json_t *value = present(config, key);

    return json_is_null(value);
}

const char *jc_config_next(const jc_config *config, const char *key)
{
    void *iter =
        key ? json_object_iter_at(config->root, key) : json_object_iter(config->root);

    if (iter && key)
        iter = json_object_iter_next(config->root, iter);
    return iter ? json_object_iter_key(iter) : NULL;
}

size_t jc_config_length(const jc_config *config, const char *key)
{
    return json_array_size(at(config, key));
}

bool jc_config_is_object(const jc_config *config, const char *key)
{
    return json_is_object(at(config, key));
}

bool jc_config_is_list(const jc_config *config, const char *key)
{
    return json_is_array(at(config, key));
}

static jc_status not_a(const jc_config *config, const char *key, const char *type,
                       jc_error *err)
{
    bool has = jc_config_has(config, key);

    return jc_fail(err, JC_E_FORMAT, "cannot read '%s' of '%s': it is %s%s", key,
                   config->path, has ? "not " : "missing", has ? type : "");
}

jc_status jc_config_u32(const jc_config *config, const char *key, uint32_t *out,
                        jc_error *err)
{
    const json_t *value = at(config, key);
    double x = json_is_real(value) ? json_real_value(value) : -1;

    if (!(x >= 0 && x <= UINT32_MAX && x == floor(x)))
        return not_a(config, key, "a whole number from 0 to 4294967295", err);
    *out = (uint32_t)x;
    return JC_OK;
}

jc_status jc_config_real(const jc_config *config, const char *key, double *out,
                         jc_error *err)
{
    const json_t *value = at(config, key);

    if (!json_is_real(value))
        return not_a(config, key, "a number", err);
    *out = json_real_value(value);
    return JC_OK;
}

jc_status jc_config_text(const jc_config *config, const char *key, const char **out,
                         jc_error *err)
{
    const json_t *value = at(config, key);

    if (!json_is_string(value))
        return not_a(config, key, "text", err);
    *out = json_string_value(value);
    return JC_OK;
}

jc_status jc_config_bool(const jc_config *config, const char *key, bool *out, jc_error *err)
{
    const json_t *value = at(config, key);

    if (!json_is_boolean(value))
        return not_a(config, key, "true or false", err);
    *out = json_is_true(value);
    return JC_OK;
}
