/* SPDX-License-Identifier: MIT */
/* pass_times.h: what passes of 1 to 32 rows take, T(k). */
#ifndef JC_PASS_TIMES_H
#define JC_PASS_TIMES_H

#include "base/base.h"
#include "jumpcut/model.h"

enum { JC_TIMED = 16 };

/* With read-outs of all rows. Ascending in both; n 0: nothing is known. */
typedef struct jc_pass_times {
    size_t n;
    uint32_t rows[JC_TIMED]; /* the first is 1 */
    double seconds[JC_TIMED];
} jc_pass_times;

/* Measure passes of each size behind ids[0..n), in alternation; medians. Sizes that the
 * context does not hold are left out. `kv` is the type of keys and values. */
jc_status jc_pass_times_measure(jc_pass_times *out, const jc_model *model,
                                const uint32_t *ids, size_t n, const char *kv,
                                jc_error *err) JC_NODISCARD;

/* Of a pass of so many rows: between two that were measured on their line, beyond the last
 * one on the line of the last two. */
double jc_pass_times_at(const jc_pass_times *times, double rows);

#endif
