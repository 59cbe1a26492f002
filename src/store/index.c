/* SPDX-License-Identifier: MIT */
/* index.c: tensors by name. */
#include "store/store_impl.h"

#include <stdlib.h>
#include <string.h>

static int by_name(const void *a, const void *b)
{
    const jc_tensor *const *x = a, *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

void jc_tensors_sort(const jc_tensor **tensors, size_t count)
{
    qsort(tensors, count, sizeof(const jc_tensor *), by_name);
}

size_t jc_tensors_place(const jc_tensor *const *sorted, size_t count, const char *name)
{
    const jc_tensor wanted = {.name = name};
    const jc_tensor *key = &wanted;
    const jc_tensor *const *found =
        count ? bsearch(&key, sorted, count, sizeof(const jc_tensor *), by_name) : NULL;

    return found ? (size_t)(found - sorted) : count;
}

const jc_tensor *jc_tensors_find(const jc_tensor *const *sorted, size_t count,
                                 const char *name)
{
    size_t place = jc_tensors_place(sorted, count, name);

    return place < count ? sorted[place] : NULL;
}
