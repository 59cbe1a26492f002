/* SPDX-License-Identifier: MIT */
/* index.c: dtypes and tensors by name. */
#include "store/store_impl.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    size_t bytes, block;
    bool real;
} dtypes[] = {
#define JC_X(name, bytes, block, real) {#name, bytes, block, real},
    JC_DTYPE_LIST(JC_X)
#undef JC_X
};

const char *jc_dtype_name(jc_dtype dtype)
{
    return dtypes[dtype].name;
}

size_t jc_dtype_bytes(jc_dtype dtype)
{
    return dtypes[dtype].bytes;
}

size_t jc_dtype_block(jc_dtype dtype)
{
    return dtypes[dtype].block;
}

bool jc_dtype_real(jc_dtype dtype)
{
    return dtypes[dtype].real;
}

bool jc_dtype_find(const char *name, jc_dtype *dtype)
{
    for (size_t i = 0; i < JC_COUNT(dtypes); i++)
        if (dtypes[i].block == 1 && dtypes[i].bytes && strcmp(dtypes[i].name, name) == 0) {
            *dtype = (jc_dtype)i;
            return true;
        }
    return false;
}

const char *jc_tensor_type(const jc_tensor *tensor)
{
    return tensor->type ? tensor->type : jc_dtype_name(tensor->dtype);
}

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
