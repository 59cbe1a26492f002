/* SPDX-License-Identifier: MIT */
#include "base/frequent.h"

#include <stdlib.h>

typedef struct counted {
    uint64_t n;
    uint32_t id;
} counted;

static int by_count(const void *a, const void *b)
{
    const counted *x = a, *y = b;

    return x->n != y->n ? (x->n < y->n) - (x->n > y->n) : (x->id > y->id) - (x->id < y->id);
}

jc_status jc_most_frequent(const uint64_t *count, size_t n, uint32_t *ids, size_t most,
                           size_t *n_ids, jc_error *err)
{
    counted *all = jc_alloc_array(n, sizeof *all);
    size_t had = 0;

    *n_ids = 0;
    if (!all)
        return jc_fail_nomem(err, "frequent tokens");
    for (size_t i = 0; i < n; i++)
        if (count[i] > 0)
            all[had++] = (counted){count[i], (uint32_t)i};
    qsort(all, had, sizeof *all, by_count);
    for (; *n_ids < had && *n_ids < most; ++*n_ids)
        ids[*n_ids] = all[*n_ids].id;
    jc_free(all);
    return JC_OK;
}
