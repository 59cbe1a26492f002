/* SPDX-License-Identifier: MIT */
/* fills.c: the table of ways to fill in keys and values. */
#include "generate/fills.h"

#include <string.h>

#include "jumpcut/generate.h"

/* The entries, in the order in which they are listed: jc_fill_<name> is in fill_<name>.c.
 */
#define FILLS(X)                                                                           \
    X(defer)                                                                               \
    X(mat)                                                                                 \
    X(copy)

#define JC_X(name) extern const jc_fill jc_fill_##name;
FILLS(JC_X)
#undef JC_X

#define JC_X(name) &jc_fill_##name,
static const jc_fill *const table[] = {FILLS(JC_X)};
#undef JC_X

const jc_fill *jc_fill_row(size_t i)
{
    return i < JC_COUNT(table) ? table[i] : NULL;
}

const jc_fill *jc_fill_find(const char *name)
{
    for (size_t i = 0; i < JC_COUNT(table); i++)
        if (strcmp(table[i]->name, name) == 0)
            return table[i];
    return NULL;
}

const char *jc_fill_name(size_t i)
{
    return i < JC_COUNT(table) ? table[i]->name : NULL;
}

const char *jc_fill_about(size_t i)
{
    return i < JC_COUNT(table) ? table[i]->about : NULL;
}
