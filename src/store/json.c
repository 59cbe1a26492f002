/* SPDX-License-Identifier: MIT */
#include "store/store_impl.h"

jc_status jc_json_parse(json_t **out, const char *text, size_t length, size_t flags,
                        const char *path, const char *what, jc_error *err)
{
    json_error_t why;
    json_t *json = json_loadb(text, length, flags | JSON_REJECT_DUPLICATES, &why);

    *out = NULL;
    if (!json && (!why.text[0] || json_error_code(&why) == json_error_out_of_memory))
        return jc_fail_nomem(err, path);
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
