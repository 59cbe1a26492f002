/* SPDX-License-Identifier: MIT */
/* forms.c: TABLE of the forms of a map. A new form is a row, and its function here. */
#include "shortcut/shortcut.h"

#include <string.h>

#include "kernels/linalg.h"

static void apply_identity(const jc_link *link, size_t d, const float *x, size_t n,
                           float *y)
{
    (void)link;
    memcpy(y, x, n * d * sizeof *y);
}

static void apply_dense(const jc_link *link, size_t d, const float *x, size_t n, float *y)
{
    jc_sgemm_nt(n, d, d, x, link->weight, y);
}

static void apply_affine(const jc_link *link, size_t d, const float *x, size_t n, float *y)
{
    jc_sgemm_nt(n, d, d, x, link->weight, y);
    for (size_t r = 0; r < n; r++)
        for (size_t c = 0; c < d; c++)
            y[r * d + c] += link->bias[c];
}

const jc_form jc_form_identity = {"identity", false, false, apply_identity};
const jc_form jc_form_dense = {"dense", true, false, apply_dense};
const jc_form jc_form_affine = {"affine", true, true, apply_affine};

static const jc_form *const forms[] = {
    &jc_form_identity,
    &jc_form_dense,
    &jc_form_affine,
};

const jc_form *jc_form_find(const char *name)
{
    for (size_t i = 0; i < JC_COUNT(forms); i++)
        if (strcmp(forms[i]->name, name) == 0)
            return forms[i];
    return NULL;
}
