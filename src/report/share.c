/* SPDX-License-Identifier: MIT */
/*
 * share.c: a page goes to other people: it names models and texts, and no folder of the
 * machine that made it. Everything else stays as it is in the results.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/check.h"

/* "--out=/home/me/study" becomes "--out=study". False: out of memory. */
static bool shorten(json_t *text)
{
    const char *whole = json_string_value(text);
    size_t n = whole ? strlen(whole) : 0, start, keep = 0;

    if (n > 2 && strncmp(whole, "--", 2) == 0 && strchr(whole, '='))
        keep = (size_t)(strchr(whole, '=') + 1 - whole);
    while (n > keep + 1 && whole[n - 1] == '/')
        n--;
    for (start = n; start > keep && whole[start - 1] != '/'; start--)
        ;
    if (start == keep)
        return true;
    json_t *shorter =
        json_sprintf("%.*s%.*s", (int)keep, whole, (int)(n - start), whole + start);
    bool made = shorter && json_string_set(text, json_string_value(shorter)) == 0;
    json_decref(shorter);
    return made;
}

static bool shorten_all(const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!shorten(json_array_get(list, i)))
            return false;
    return true;
}

/* Two texts of one name in two folders. */
static bool tell_apart(const json_t *texts)
{
    json_t *a = json_array_get(texts, 0), *b = json_array_get(texts, 1);

    if (!a || !b || strcmp(json_string_value(a), json_string_value(b)) != 0)
        return true;
    json_t *other = json_sprintf("%s (the other)", json_string_value(b));
    bool made = other && json_string_set(b, json_string_value(other)) == 0;
    json_decref(other);
    return made;
}

bool jc_report_share(json_t *results)
{
    json_t *fits = json_object_get(results, "fits"), *fit;
    const char *name;
    const json_t *texts = json_object_get(json_object_get(results, "transfer"), "texts");
    bool made = shorten(json_object_get(json_object_get(results, "model"), "path")) &&
                shorten_all(json_object_get(json_object_get(results, "data"), "sources")) &&
                shorten_all(texts) && tell_apart(texts) &&
                shorten_all(json_object_get(json_object_get(results, "made"), "command"));

    json_object_foreach(fits, name, fit)
    {
        made = made && shorten(json_object_get(fit, "file")) &&
               shorten_all(json_object_get(fit, "sources"));
    }
    return made;
}

/* Whether so many digits give every number below exactly. */
static bool is_exact(json_t *value, int digits)
{
    json_t *item;
    const char *name;
    char text[40];

    if (json_is_real(value)) {
        snprintf(text, sizeof text, "%.*g", digits, json_real_value(value));
        double x = strtod(text, NULL);
        return !(x < json_real_value(value)) && !(x > json_real_value(value));
    }
    for (size_t i = 0; i < json_array_size(value); i++)
        if (!is_exact(json_array_get(value, i), digits))
            return false;
    json_object_foreach(value, name, item)
    {
        if (!is_exact(item, digits))
            return false;
    }
    return true;
}

char *jc_report_text(json_t *results)
{
    size_t digits = is_exact(results, 15) ? 15 : 17;

    return json_dumps(results, JSON_COMPACT | JSON_REAL_PRECISION(digits));
}
