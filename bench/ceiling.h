/* SPDX-License-Identifier: MIT */
/* ceiling.h: what the machine's products reach, by oneDNN itself, or by cuBLAS where the
 * GPU is measured. */
#ifndef JC_BENCH_CEILING_H
#define JC_BENCH_CEILING_H

#include <stdbool.h>

/* Flops a second of one 2048^3 product with packed weights on all threads. */
double bench_ceiling(bool bf16);

#endif
