/* SPDX-License-Identifier: MIT */
/* along.c: what sequences keep of each token, in and out; see along.h. */
#include "model/along.h"

#include <string.h>

jc_status jc_along_keep(const jc_op *op, const jc_pass *pass, const jc_span *span,
                        const float *u, size_t width, jc_error *err)
{
    jc_loan loan;

    if (!span->seq)
        return JC_OK;
    jc_status st = jc_loan_read(&loan, pass->model->backend, u + span->row * width, span->n,
                                width, err);
    if (st == JC_OK)
        st = jc_seq_put(span->seq, op->block - 1, span->past, loan.mat, loan.mat, err);
    return jc_loan_end(&loan, st, err);
}

jc_status jc_along_see(const jc_op *op, const jc_pass *pass, const jc_span *span,
                       size_t before, const float *u, size_t width, float *seen,
                       jc_error *err)
{
    size_t n = before + span->n;
    jc_loan loan;

    if (!span->seq) {
        memcpy(seen, u + span->row * width, n * width * sizeof *seen);
        return JC_OK;
    }
    jc_mat kept = jc_seq_cache(span->seq, op->block - 1, 0, span->past + span->n);
    jc_status st = jc_loan_write(&loan, pass->model->backend, seen, n, width, false, err);
    if (st == JC_OK)
        st = jc_copy(jc_mat_rows(kept, span->past - before, n), loan.mat, err);
    return jc_loan_end(&loan, st, err);
}

void jc_along_line(const jc_span *span, size_t before, size_t at, size_t n, long *line)
{
    long token = (long)at, first = (long)before; /* of the span's rows */

    for (size_t k = n; k-- > 0;) {
        line[k] = token;
        if (token >= first && span->parents)
            token = first + span->parents[token - first];
        else if (token >= 0)
            token--;
    }
}
