/* SPDX-License-Identifier: MIT */
/* set.h: what few.c and the kernels, which are compiled once for each instruction set,
 * know of each other. */
#ifndef JC_FEW_SET_H
#define JC_FEW_SET_H

#include "kernels/few/few.h"

enum {
    FEW_PANEL = 32, /* outputs that a kernel computes at a time */
    FEW_ROWS = 32,  /* the most rows in one call of a kernel */
    FEW_CHUNK = 256 /* inputs of a panel that are unpacked at a time */
};

/* A weight and some prepared rows of x. */
typedef struct jc_few_work {
    const jc_few_spec *spec;
    const struct jc_few_kernel *kernel;
    const unsigned char *data; /* [n_out, n_in] */
    size_t row_bytes;          /* from one output to the next */
    const unsigned char *x;    /* [rows], `x_bytes` each, 64-byte aligned */
    size_t x_bytes;
    size_t rows; /* 1 .. FEW_ROWS */
} jc_few_work;

/* How one stored type is multiplied. */
typedef struct jc_few_kernel {
    size_t values, bytes;          /* of a block as it is stored */
    const struct panel_type *type; /* of a type in blocks (blocks.h), or NULL */
    size_t (*prepared)(const struct jc_few_kernel *kernel,
                       size_t n_in); /* bytes of a prepared row, a multiple of 64 */
    void (*prepare)(const struct jc_few_kernel *kernel, size_t n_in, const float *x,
                    void *out);
    /* out [rows, FEW_PANEL]: of outputs first .. first + n - 1, n <= FEW_PANEL; the rest of
     * each row is finite. `next`: weights that are read next, to be fetched meanwhile. */
    void (*panel)(const jc_few_work *work, size_t first, size_t n,
                  const unsigned char *next, float *out);
    /* of a type in blocks: out += a chunk of one or two halves of a panel, unpacked
     * [halves] */
    void (*chunk)(const jc_few_work *work, const void *unpacked, int halves, size_t run,
                  size_t runs, float *out);
} jc_few_kernel;

/* The kernels of a type: for float32 x, and for x as int8 or NULL. */
typedef struct jc_few_kernels {
    const jc_few_kernel *real, *int8;
} jc_few_kernels;

typedef struct jc_few_set {
    const char *name;
    jc_few_kernels of[JC_FEW_TYPES];
} jc_few_set;

const jc_few_set *const *jc_few_sets(void);  /* best first; NULL-ended */
bool jc_few_set_runs(const jc_few_set *set); /* on this machine */
const jc_few_set *jc_few_set_get(void);      /* the best that does */

#endif
