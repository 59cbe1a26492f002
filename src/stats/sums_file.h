/* SPDX-License-Identifier: MIT */
/* sums_file.h: reading a file of sums, for the files that do. */
#ifndef JC_SUMS_FILE_H
#define JC_SUMS_FILE_H

#include "stats/near.h"
#include "store/store.h"

enum { JC_CROSS_NAME = 2 * JC_TAP_AT_NAME + 64 };

/* The type of the products: whole numbers while the sums are not finished. */
static inline jc_dtype jc_sums_dtype(const jc_stats *stats)
{
    return stats->exact ? JC_I64 : JC_F64;
}

/* The tensor called name, which must be of this type and [rows, cols]. */
jc_status jc_sums_find(const jc_safetensors *file, const char *path, const char *name,
                       jc_dtype dtype, size_t rows, size_t cols, const jc_tensor **tensor,
                       jc_error *err) JC_NODISCARD;
/* Its numbers, which must be finite and, unless `negative`, not below zero; or whole and
 * in their bounds. */
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

/* ---- exact_file.c: sums that are not finished ---- */
jc_status jc_exact_put(jc_st_writer *w, const jc_stats *s, const char *prefix, bool declare,
                       jc_error *err) JC_NODISCARD;
/* Four tensors. */
jc_status jc_exact_take(jc_stats *s, const jc_safetensors *file, const char *path,
                        const char *prefix, jc_error *err) JC_NODISCARD;
jc_status jc_shares_put_meta(jc_st_writer *w, const jc_shares *shares,
                             jc_error *err) JC_NODISCARD;
jc_status jc_shares_take_meta(jc_shares *shares, const jc_safetensors *file,
                              const char *path, jc_error *err) JC_NODISCARD;
/* Whether whole numbers are in their bounds. */
jc_status jc_sums_whole(const jc_tensor *tensor, jc_error *err) JC_NODISCARD;

#endif
