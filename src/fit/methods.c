/* SPDX-License-Identifier: MIT */
/* methods.c: TABLE of the methods. A new one is a file and a row. */
#include "fit/methods.h"

#include <string.h>

/* The entries, with their names, in the order in which they are listed: jc_method_<name> is
 * in method_<name>.c. */
#define METHODS(X)                                                                         \
    X(id, "id")                                                                            \
    X(mat, "mat")                                                                          \
    X(ridge, "ridge")                                                                      \
    X(narrow, "narrow")                                                                    \
    X(one_jump, "one-jump")                                                                \
    X(tuned, "tuned")                                                                      \
    X(jacobian, "jacobian")

#define JC_X(name, text) extern const jc_method jc_method_##name;
METHODS(JC_X)
#undef JC_X

#define JC_X(name, text) &jc_method_##name,
static const jc_method *const table[] = {METHODS(JC_X)};
#undef JC_X

#define JC_X(name, text) "|" text
const char jc_method_choices[] = METHODS(JC_X);
#undef JC_X

const jc_method *jc_method_find(const char *name)
{
    for (size_t i = 0; i < JC_COUNT(table); i++)
        if (strcmp(table[i]->info.name, name) == 0)
            return table[i];
    return NULL;
}

bool jc_method_takes(const jc_method *method, const char *option)
{
    size_t n = strlen(option);

    for (const char *at = method->info.options; at && *at; at += strcspn(at, "|")) {
        at += *at == '|';
        if (strncmp(at, option, n) == 0 && (at[n] == '|' || !at[n]))
            return true;
    }
    return false;
}

const jc_method_info *jc_method_at(size_t i)
{
    return i < JC_COUNT(table) ? &table[i]->info : NULL;
}
