/* SPDX-License-Identifier: MIT */
/* forms.c: TABLE of the forms of a map. A new form is a file and an entry. */
#include "shortcut/map.h"

#include <string.h>

static const jc_form *const forms[] = {
    &jc_form_identity, &jc_form_dense, &jc_form_affine, &jc_form_low_rank, &jc_form_shared,
};

const jc_form *jc_form_at(size_t i)
{
    return i < JC_COUNT(forms) ? forms[i] : NULL;
}

const jc_form *jc_form_find(const char *name)
{
    for (size_t i = 0; i < JC_COUNT(forms); i++)
        if (strcmp(forms[i]->name, name) == 0)
            return forms[i];
    return NULL;
}
