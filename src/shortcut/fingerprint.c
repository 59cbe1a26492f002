/* SPDX-License-Identifier: MIT */
/* fingerprint.c: a name for the numbers of a shortcut, for what was measured with it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shortcut/shortcut.h"

typedef struct named {
    jc_tensor tensor;
    char name[JC_PLACE_NAME + 64];
} named;

static int by_name(const void *a, const void *b)
{
    const jc_tensor *const *x = a, *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

static void add(named *to, const jc_map *map, const char *tensor, const char *more,
                const void *data, jc_dtype dtype, size_t rows, size_t cols)
{
    snprintf(to->name, sizeof to->name, "%s.%s.%s%s", map->form->name, map->name, tensor,
             more);
    to->tensor = (jc_tensor){.name = to->name,
                             .dtype = dtype,
                             .n_dims = 2,
                             .shape = {rows, cols, 1, 1},
                             .count = rows * cols,
                             .bytes = rows * cols * jc_dtype_bytes(dtype),
                             .data = data,
                             .copied = true};
}

static size_t collect(const jc_shortcut *s, named *all)
{
    size_t n = 0;

    for (size_t i = 0; i < s->n; i++)
        for (size_t k = 0; s->maps[i]->form->tensors[k].name; k++) {
            const jc_numbers *t = &s->maps[i]->tensor[k];
            const char *name = s->maps[i]->form->tensors[k].name;
            if (!t->data)
                continue;
            add(&all[n++], s->maps[i], name, "", t->data, t->dtype, t->rows, t->cols);
            if (t->scale)
                add(&all[n++], s->maps[i], name, "_scale", t->scale, JC_F32, t->rows, 1);
        }
    return n;
}

jc_status jc_shortcut_fingerprint(const jc_shortcut *shortcut, char out[33], jc_error *err)
{
    size_t most = 2 * (shortcut->n + 1) * JC_FORM_TENSORS;
    named *all = jc_alloc_array(most, sizeof *all);
    const jc_tensor **list = jc_alloc_array(most, sizeof(jc_tensor *));
    jc_status st = all && list ? JC_OK : jc_fail_nomem(err, "a fingerprint");

    if (st == JC_OK) {
        size_t n = collect(shortcut, all);
        for (size_t i = 0; i < n; i++)
            list[i] = &all[i].tensor;
        qsort(list, n, sizeof(jc_tensor *), by_name);
        st = jc_tensors_fingerprint(list, n, out, err);
    }
    jc_free(list);
    jc_free(all);
    return st;
}
