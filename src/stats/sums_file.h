/* SPDX-License-Identifier: MIT */
/* sums_file.h: reading a file of sums, for the files that do. */
#ifndef JC_SUMS_FILE_H
#define JC_SUMS_FILE_H

#include "stats/near.h"
#include "store/store.h"

enum { JC_CROSS_NAME = 2 * JC_TAP_AT_NAME + 64 };

/* The tensor called name, which must be float64 and [rows, cols]. */
jc_status jc_sums_find(const jc_safetensors *file, const char *path, const char *name,
                       size_t rows, size_t cols, const jc_tensor **tensor,
                       jc_error *err) JC_NODISCARD;
/* Its numbers, which must be finite and, unless `negative`, not below zero. */
jc_status jc_sums_copy(const jc_tensor *tensor, double *to, bool negative,
                       jc_error *err) JC_NODISCARD;

/* ---- near_file.c ---- */
jc_status jc_near_put_meta(jc_st_writer *w, const jc_stats *stats,
                           jc_error *err) JC_NODISCARD;
/* Declare the tensors, or give their data. */
jc_status jc_near_put(jc_st_writer *w, const jc_stats *stats, bool declare,
                      jc_error *err) JC_NODISCARD;
/* Add to stats what the file has; *tensors counts its tensors. */
jc_status jc_near_take(jc_stats *stats, const jc_safetensors *file, const char *path,
                       size_t *tensors, jc_error *err) JC_NODISCARD;

#endif
