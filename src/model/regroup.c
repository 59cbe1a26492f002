/* SPDX-License-Identifier: MIT */
/*
 * regroup.c: a tensor made of several becomes blocks, in which all that belongs to a number
 * lies beside it, so that kernels can read it.
 */
#include "model/model.h"

enum { ROWS = 16 }; /* a task's: their bits often share cache lines */

struct job {
    const jc_tensor *tensor;
    size_t rows, row_bytes;
    unsigned char *out;
};

size_t jc_regrouped_bytes(const jc_tensor *tensor)
{
    const jc_packing *p = tensor->packing;

    if (!p || !p->regroup || tensor->first % p->width != 0)
        return 0;
    return tensor->count / jc_dtype_block(p->blocks) * jc_dtype_bytes(p->blocks);
}

static jc_status regroup_rows(void *arg, size_t task, jc_error *err)
{
    const struct job *job = arg;
    const jc_packing *p = job->tensor->packing;
    size_t row = task * ROWS, n = job->rows - row < ROWS ? job->rows - row : ROWS;

    (void)err;
    p->regroup(p, job->tensor->first / p->width + row, n, job->out + row * job->row_bytes);
    return JC_OK;
}

jc_status jc_regroup(jc_tensor *tensor, unsigned char *memory, jc_error *err)
{
    const jc_packing *p = tensor->packing;
    size_t bytes = jc_regrouped_bytes(tensor), rows = tensor->count / p->width;
    struct job job = {tensor, rows, bytes / rows, memory};
    jc_status st = jc_parallel((rows + ROWS - 1) / ROWS, regroup_rows, &job, err);

    if (st)
        return st;
    tensor->dtype = p->blocks;
    tensor->type = NULL;
    tensor->packing = NULL;
    tensor->order = p->order;
    tensor->first = 0;
    tensor->data = memory;
    tensor->bytes = bytes;
    return JC_OK;
}
