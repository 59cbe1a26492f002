/* SPDX-License-Identifier: MIT */
/* gpu.h: what an NVIDIA GPU reaches, by CUDA's own copies and cuBLAS; 0 where there is
 * none. */
#ifndef JC_BENCH_GPU_H
#define JC_BENCH_GPU_H

#ifdef __cplusplus
extern "C" {
#endif

double bench_gpu_memory(void);      /* bytes a second, read and written, of a large copy */
double bench_gpu_product(int bf16); /* flops a second of an 8192^3 product, TF32 off */
const char *bench_gpu_name(void);

#ifdef __cplusplus
}
#endif

#endif
