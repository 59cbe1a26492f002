/* SPDX-License-Identifier: MIT */
/* methods.c: TABLE of the methods. A new one is a file and a row. */
#include "fit/methods.h"

#include <string.h>

static const jc_method *const methods[] = {
    &jc_method_id, &jc_method_mat, &jc_method_ridge, &jc_method_narrow, &jc_method_one_jump,
};

const jc_method *jc_method_find(const char *name)
{
    for (size_t i = 0; i < JC_COUNT(methods); i++)
        if (strcmp(methods[i]->info.name, name) == 0)
            return methods[i];
    return NULL;
}

bool jc_method_takes(const jc_method *method, const char *option)
{
    size_t n = strlen(option);

    for (const char *at = method->options; at && *at; at += strcspn(at, "|")) {
        at += *at == '|';
        if (strncmp(at, option, n) == 0 && (at[n] == '|' || !at[n]))
            return true;
    }
    return false;
}

const jc_method_info *jc_method_at(size_t i)
{
    return i < JC_COUNT(methods) ? &methods[i]->info : NULL;
}
