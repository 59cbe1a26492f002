/* SPDX-License-Identifier: MIT */
#include "eval/json.h"

#include <math.h>

json_t *jc_json_number(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

bool jc_json_no_memory(const json_error_t *why)
{
    return !why->text[0] || json_error_code(why) == json_error_out_of_memory;
}

json_t *jc_json_section(json_t *results, const char *section)
{
    json_t *object = json_object_get(results, section);

    if (object)
        return object;
    object = json_object();
    return json_object_set_new(results, section, object) == 0 ? object : NULL;
}

json_t *jc_json_interval(bool known, const double ends[2])
{
    return known ? json_pack("[f,f]", ends[0], ends[1]) : json_null();
}

bool jc_json_statistic(json_t *object, const char *name, const char *interval,
                       jc_bootstrap *bootstrap, jc_statistic *statistic, const void *arg)
{
    double ends[2];
    double value = statistic(bootstrap, 0, arg);
    bool known = jc_bootstrap_interval(bootstrap, statistic, arg, ends);

    return json_object_set_new(object, name, jc_json_number(value)) == 0 &&
           json_object_set_new(object, interval, jc_json_interval(known, ends)) == 0;
}
