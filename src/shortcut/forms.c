/* SPDX-License-Identifier: MIT */
/* forms.c: TABLE of the forms of a map. A new form is a file and an entry. */
#include "shortcut/map.h"

#include <string.h>

/* The entries, in the order in which they are listed: jc_form_<name> is in form_<name>.c.
 */
#define FORMS(X)                                                                           \
    X(identity)                                                                            \
    X(dense)                                                                               \
    X(affine)                                                                              \
    X(low_rank)                                                                            \
    X(shared)

#define JC_X(name) extern const jc_form jc_form_##name;
FORMS(JC_X)
#undef JC_X

#define JC_X(name) &jc_form_##name,
static const jc_form *const table[] = {FORMS(JC_X)};
#undef JC_X

const jc_form *jc_form_at(size_t i)
{
    return i < JC_COUNT(table) ? table[i] : NULL;
}

const jc_form *jc_form_find(const char *name)
{
    for (size_t i = 0; i < JC_COUNT(table); i++)
        if (strcmp(table[i]->name, name) == 0)
            return table[i];
    return NULL;
}

const char *jc_form_name(size_t i)
{
    return i < JC_COUNT(table) ? table[i]->name : NULL;
}

const char *jc_form_about(size_t i)
{
    return i < JC_COUNT(table) ? table[i]->about : NULL;
}
