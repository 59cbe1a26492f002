/* SPDX-License-Identifier: MIT */
/*
 * few.h: the kernels of the generation plan: linear layers and attention for few rows.
 *
 * Each weight is read once from memory in its stored type and used for all rows of a call.
 * A row's bits depend on that row and on the weight only: not on the other rows, on the
 * number of threads, or on which outputs are asked for. They may differ between
 * instruction sets.
 */
#ifndef JC_FEW_H
#define JC_FEW_H

#include "kernels/kernels.h"

typedef enum jc_few_type {
    JC_FEW_F32,
    JC_FEW_F16,
    JC_FEW_BF16,
    JC_FEW_Q8_0,
    JC_FEW_Q4_0,
    JC_FEW_Q4_1,
    JC_FEW_Q5_0,
    JC_FEW_Q5_1,
    JC_FEW_Q4_K,
    JC_FEW_Q5_K,
    JC_FEW_Q6_K,
    JC_FEW_Q2_K,
    JC_FEW_Q3_K,
    JC_FEW_IQ4_NL,
    JC_FEW_IQ4_XS,
    JC_FEW_MXFP4,
    JC_FEW_Q4_Z, /* these are of no file: tensor/q4_z.c and its like */
    JC_FEW_Q8_Z,
    JC_FEW_F8_S,
    JC_FEW_OTHER, /* any type, by a function that reads it */
    JC_FEW_TYPES
} jc_few_type;

typedef struct jc_few_spec {
    jc_few_type type;
    size_t n_in, n_out; /* n_in is a multiple of the values in a block */
    const void *data;   /* [n_out, n_in] as a file stores it, at any address */
    size_t step;        /* rows of `data` from one output to the next; 0: 1 */
    bool in_out;        /* data is [n_in, n_out]: F32, F16 and BF16 only */
    const float *bias;  /* [n_out] or NULL; copied */
    jc_act act;
    const uint32_t *order; /* [n_in] or NULL: which of x the weight's inputs are; borrowed
                            */
    bool int8; /* round x to 16 bits (two int8), in runs of 32 values with a scale each,
                  where the type has a kernel for it; never for F32, F16 and BF16 */
    struct {   /* JC_FEW_OTHER: numbers [first, first + n) of arg; those of `data` begin at
                  `from` */
        void (*read)(const void *arg, size_t first, size_t n, float *out);
        const void *arg;
        size_t from;
    } other;
    const struct jc_few_set *set; /* instruction set (set.h); NULL: the best one here */
} jc_few_spec;

typedef struct jc_few jc_few; /* read-only once made; shared between threads */

/* `data` stays where it is and must outlive the weight, except with `in_out`: then it is
 * transposed into memory of the same size, and not needed after the call. */
jc_status jc_few_new(jc_few **out, const jc_few_spec *spec, jc_error *err) JC_NODISCARD;
void jc_few_free(jc_few *w);          /* takes NULL */
size_t jc_few_bytes(const jc_few *w); /* of memory that the weight owns */

/* y [rows, n] (+)= act(x [rows, n_in] W' + bias), for outputs first .. first + n - 1 only.
 * Rows of x and y are x_stride and y_stride floats apart. */
jc_status jc_few_run(const jc_few *w, size_t first, size_t n, const float *x,
                     size_t x_stride, size_t rows, bool add, float *y, size_t y_stride,
                     jc_error *err) JC_NODISCARD;

/* Outputs first .. first + n - 1 of a weight, into y. */
typedef struct jc_few_part {
    const jc_few *w;
    size_t first, n;
    float *y;
} jc_few_part;

/* The same for several weights of equal n_in, which multiply the same x: the threads meet
 * once, and x is prepared once for all weights of a type. */
jc_status jc_few_run_parts(const jc_few_part *parts, size_t n_parts, const float *x,
                           size_t x_stride, size_t rows, bool add, size_t y_stride,
                           jc_error *err) JC_NODISCARD;

#endif
