/* SPDX-License-Identifier: MIT */
/* json.c: small helpers for writing results. jansson takes NULL values and reports them,
 * so a failed allocation inside an expression ends up as a failed set. */
#include <math.h>

#include "eval/run.h"

json_t *jc_json_number(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

json_t *jc_json_section(json_t *results, const char *section)
{
    json_t *object = json_object_get(results, section);

    if (object)
        return object;
    object = json_object();
    return json_object_set_new(results, section, object) == 0 ? object : NULL;
}

json_t *jc_json_jump(json_t *results, const jc_eval_run *run, size_t method, uint32_t layer)
{
    const char *name = run->methods[method].name;
    json_t *jump = jc_json_section(results, "jump");
    json_t *list = json_object_get(jump, name);

    if (!list) {
        list = json_array();
        if (json_object_set_new(jump, name, list) != 0)
            return NULL;
    }
    while (json_array_size(list) <= layer) {
        json_t *entry = json_pack("{s:I}", "layer", (json_int_t)json_array_size(list));
        if (json_array_append_new(list, entry) != 0)
            return NULL;
    }
    return json_array_get(list, layer);
}
