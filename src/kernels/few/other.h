/* SPDX-License-Identifier: MIT */
/* other.h: any type, by a function that the caller gives. */
#ifndef JC_FEW_OTHER_H
#define JC_FEW_OTHER_H

#include "kernels/few/chunks.h"

static void other_read(const jc_few_work *work, size_t output, size_t at, size_t n,
                       float *w)
{
    const jc_few_spec *spec = work->spec;
    const size_t step = spec->step ? spec->step : 1;

    spec->other.read(spec->other.arg, spec->other.from + output * step * spec->n_in + at, n,
                     w);
}

static void other_panel(const jc_few_work *work, size_t first, size_t n,
                        const unsigned char *next, float *out)
{
    (void)next; /* `read` waits for memory anyway */
    chunks_panel(other_read, work, first, n, out);
}

static const jc_few_kernel other_kernel = {1,           1,           NULL, dense_row,
                                           dense_plain, other_panel, NULL};

#endif
