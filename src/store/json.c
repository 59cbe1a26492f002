/* SPDX-License-Identifier: MIT */
#include "store/json.h"

#include <string.h>

#include "base/relax.h"
#include "base/sign.h"

static void say_no_memory(json_error_t *why)
{
    why->text[sizeof why->text - 1] = json_error_out_of_memory;
}

/* Without memory Jansson calls the text wrong, or even leaves characters out. Where it
 * allocates by jc_alloc(), as in the program, failures are counted; elsewhere, after a
 * failure, memory is asked for once more. */
static json_t *load(const char *text, size_t n, size_t flags, json_error_t *why)
{
    size_t before = jc_alloc_failures();
    json_t *json = json_loadb(text, n, flags, why);
    void *probe = json ? NULL : jc_alloc(n + 256);

    if (jc_alloc_failures() > before) {
        json_decref(json);
        json = NULL;
        say_no_memory(why);
    }
    jc_free(probe);
    return json;
}

json_t *jc_json_load(const char *text, size_t n, size_t flags, json_error_t *why)
{
    const char *nan = flags & JSON_DECODE_INT_AS_REAL ? "\"NaN\"" : "null";
    char *relaxed;
    size_t relaxed_n;

    memset(why, 0, sizeof *why);
    if (!jc_json_relax(text, n, nan, &relaxed, &relaxed_n)) {
        say_no_memory(why);
        return NULL;
    }
    json_t *json = load(relaxed ? relaxed : text, relaxed ? relaxed_n : n,
                        flags | JSON_ALLOW_NUL, why);
    jc_free(relaxed);
    return json;
}

jc_status jc_json_parse(json_t **out, const char *text, size_t n, size_t flags,
                        const char *path, const char *what, jc_error *err)
{
    json_error_t why;
    json_t *json = jc_json_load(text, n, flags, &why);

    *out = NULL;
    if (!json && (!why.text[0] || json_error_code(&why) == json_error_out_of_memory))
        return jc_fail_nomem(err, path);
    if (!json && n > 0 && json_error_code(&why) == json_error_premature_end_of_input)
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read '%s': %s is cut short, or not valid JSON: %s (line %d, "
                       "column %d)",
                       path, what, why.text, why.line, why.column);
    if (!json)
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read '%s': %s is not valid JSON: %s (line %d, column %d)",
                       path, what, why.text, why.line, why.column);
    if (!json_is_object(json)) {
        json_decref(json);
        return jc_fail(err, JC_E_FORMAT, "cannot read '%s': %s is not a JSON object", path,
                       what);
    }
    *out = json;
    return JC_OK;
}

jc_status jc_json_file(json_t **out, const char *text, size_t n, size_t flags,
                       const char *path, jc_error *err)
{
    jc_status st = jc_json_parse(out, text, n, flags, path, "it", err);

    if (st == JC_E_FORMAT && jc_sign_of(text, n))
        return jc_fail(err, st, "cannot read '%s': %s", path, jc_sign_of(text, n));
    return st;
}

char *jc_json_dump(const json_t *json, size_t flags)
{
    size_t n = json ? json_dumpb(json, NULL, 0, flags) : 0;
    char *text = n ? jc_alloc(n + 1) : NULL;

    if (!text)
        return NULL;
    if (json_dumpb(json, text, n, flags) != n) {
        jc_free(text);
        return NULL;
    }
    text[n] = 0;
    return text;
}
