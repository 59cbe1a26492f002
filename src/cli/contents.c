/* SPDX-License-Identifier: MIT */
/* contents.c: the keys and tensors of a GGUF file, as tables or JSON. */
#include "cli/contents.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 5, BYTES = 60 }; /* values of a list, and bytes of a text, in a table */

/* ---- tables ---- */

static void print_text(const char *text, size_t n)
{
    size_t shown = n > BYTES ? BYTES : n;

    while (shown < n && ((unsigned char)text[shown] & 0xc0) == 0x80)
        shown--; /* not within a character */
    putchar('\'');
    for (size_t i = 0; i < shown; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '\n')
            fputs("\\n", stdout);
        else if (c < ' ' || c == 127)
            printf("\\x%02x", c);
        else
            putchar(c);
    }
    putchar('\'');
    if (shown < n)
        printf("... (%zu bytes)", n);
}

/* Whole, or in the fewest digits that give it again. */
static void print_number(const jc_contents_key *key, double x)
{
    char text[40];

    if (strcmp(key->type, "bool") == 0) {
        fputs(x == 1 ? "true" : "false", stdout);
        return;
    }
    if (x == floor(x) && fabs(x) < 1e15) {
        printf("%.0f", x);
        return;
    }
    int most = strcmp(key->type, "f32") == 0 ? 9 : 17;
    for (int digits = 1; digits <= most; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, x);
        double back = strtod(text, NULL);
        if (most == 9 ? (float)back == (float)x : back == x)
            break;
    }
    fputs(text, stdout);
}

static void print_key(jc_contents_key key, int width)
{
    char type[48];
    jc_contents_value value;

    snprintf(type, sizeof type, key.list ? "%s[%zu]" : "%s", key.type, key.n);
    printf("  %-*s  %-12s  ", width, key.name, type);
    for (int i = 0; i < SHOWN && jc_contents_next(&key, &value); i++) {
        fputs(i ? ", " : "", stdout);
        if (value.text)
            print_text(value.text, value.bytes);
        else
            print_number(&key, value.number);
    }
    puts(jc_contents_next(&key, &value) ? ", ..." : "");
}

static void print_tensor(const jc_contents_tensor *t, int width)
{
    printf("  %-*s  %-5s  [", width, t->name, t->dtype);
    for (uint32_t k = 0; k < t->n_dims; k++)
        printf("%s%" PRIu64, k ? ", " : "", t->shape[k]);
    puts("]");
}

static int wider(int width, const char *name)
{
    size_t n = strlen(name);

    return n > (size_t)width && n <= 60 ? (int)n : width;
}

void jc_contents_print(const jc_model *model)
{
    size_t n_keys = jc_model_keys(model), n = jc_model_tensors(model);
    int width = 0;

    for (size_t i = 0; i < n_keys; i++)
        width = wider(width, jc_model_key(model, i).name);
    printf("metadata      %zu keys\n", n_keys);
    for (size_t i = 0; i < n_keys; i++)
        print_key(jc_model_key(model, i), width);
    width = 0;
    for (size_t i = 0; i < n; i++)
        width = wider(width, jc_model_tensor(model, i).name);
    printf("tensors       %zu\n", n);
    for (size_t i = 0; i < n; i++) {
        const jc_contents_tensor tensor = jc_model_tensor(model, i);
        print_tensor(&tensor, width);
    }
}

/* ---- JSON ---- */

static json_t *json_of(const jc_contents_key *key, const jc_contents_value *value)
{
    if (value->text) {
        json_t *text = json_stringn(value->text, value->bytes);
        return text ? text : json_null();
    }
    if (strcmp(key->type, "bool") == 0)
        return json_boolean(value->number == 1);
    if (key->type[0] == 'f')
        return isfinite(value->number) ? json_real(value->number) : json_null();
    return value->number < 0x1p63 ? json_integer((json_int_t)value->number)
                                  : json_real(value->number);
}

static json_t *json_of_key(jc_contents_key key)
{
    json_t *list = json_array(), *value = list;
    jc_contents_value one;

    while (jc_contents_next(&key, &one))
        if (json_array_append_new(list, json_of(&key, &one)) != 0) {
            json_decref(list);
            return NULL;
        }
    if (!key.list && list) {
        value = json_incref(json_array_get(list, 0));
        json_decref(list);
    }
    return json_pack("{s:s,s:s,s:o}", "key", key.name, "type", key.type, "value", value);
}

json_t *jc_contents_keys(const jc_model *model)
{
    json_t *list = json_array();

    for (size_t i = 0; i < jc_model_keys(model); i++)
        if (json_array_append_new(list, json_of_key(jc_model_key(model, i))) != 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static json_t *json_of_tensor(const jc_contents_tensor *t)
{
    json_t *shape = json_array();

    for (uint32_t k = 0; k < t->n_dims; k++)
        if (json_array_append_new(shape, json_integer((json_int_t)t->shape[k])) != 0) {
            json_decref(shape);
            return NULL;
        }
    return json_pack("{s:s,s:s,s:o,s:I}", "name", t->name, "type", t->dtype, "shape", shape,
                     "bytes", (json_int_t)t->bytes);
}

json_t *jc_contents_tensors(const jc_model *model)
{
    json_t *list = json_array();

    for (size_t i = 0; i < jc_model_tensors(model); i++) {
        const jc_contents_tensor tensor = jc_model_tensor(model, i);
        if (json_array_append_new(list, json_of_tensor(&tensor)) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}
