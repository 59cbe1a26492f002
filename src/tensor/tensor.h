/* SPDX-License-Identifier: MIT */
/*
 * tensor.h: numbers where they lie: stored types, and views of stored tensors.
 *
 * A stored type is a codec: one file, and one entry in the list below. Blocks of a codec
 * hold `values` numbers in `bytes` bytes; of plain numbers a block is one number.
 */
#ifndef JC_TENSOR_H
#define JC_TENSOR_H

#include "base/base.h"

#define JC_TENSOR_DIMS 4

/* OTHER is any type that is not listed, of tensors that no one may need; jc_tensor_type()
 * has its name. */
#define JC_CODEC_LIST(X)                                                                   \
    X(F64)                                                                                 \
    X(F32)                                                                                 \
    X(F16)                                                                                 \
    X(BF16)                                                                                \
    X(F8_E4M3)                                                                             \
    X(F8_E5M2)                                                                             \
    X(F8_E8M0)                                                                             \
    X(I64)                                                                                 \
    X(I32)                                                                                 \
    X(I16)                                                                                 \
    X(I8)                                                                                  \
    X(U8)                                                                                  \
    X(BOOL)                                                                                \
    X(Q8_0)                                                                                \
    X(Q4_0)                                                                                \
    X(Q4_1)                                                                                \
    X(Q5_0)                                                                                \
    X(Q5_1)                                                                                \
    X(Q2_K)                                                                                \
    X(Q3_K)                                                                                \
    X(Q4_K)                                                                                \
    X(Q5_K)                                                                                \
    X(Q6_K)                                                                                \
    X(IQ1_S)                                                                               \
    X(IQ1_M)                                                                               \
    X(IQ2_XXS)                                                                             \
    X(IQ2_XS)                                                                              \
    X(IQ2_S)                                                                               \
    X(IQ3_XXS)                                                                             \
    X(IQ3_S)                                                                               \
    X(IQ4_NL)                                                                              \
    X(IQ4_XS)                                                                              \
    X(TQ1_0)                                                                               \
    X(TQ2_0)                                                                               \
    X(MXFP4)                                                                               \
    X(NVFP4)                                                                               \
    X(Q4_Z)                                                                                \
    X(Q8_Z)                                                                                \
    X(F8_S)                                                                                \
    X(OTHER)

typedef enum jc_dtype {
#define JC_X(name) JC_##name,
    JC_CODEC_LIST(JC_X)
#undef JC_X
} jc_dtype;

enum { JC_NOT_GGUF = -1, JC_CODEC_LONGEST = 256 /* values of a block */ };

typedef struct jc_codec {
    const char *name;       /* "Q8_0" */
    uint32_t values, bytes; /* of one block; OTHER has 0 bytes */
    int gguf;               /* GGUF's number of the type, or JC_NOT_GGUF */
    bool safetensors;       /* that format has it, by the same name */
    /* n blocks, which need not be aligned, to float32; NULL: cannot be read so. Exact
     * wherever float32 can hold the number; otherwise with the roundings of the format's
     * reference. */
    void (*read)(const unsigned char *blocks, size_t n, float *out);
} jc_codec;

const jc_codec *jc_codec_of(jc_dtype dtype);
/* The types of safetensors, and of GGUF. */
bool jc_dtype_find(const char *name, jc_dtype *dtype);
bool jc_dtype_find_gguf(uint32_t number, jc_dtype *dtype);

const char *jc_dtype_name(jc_dtype dtype);
size_t jc_dtype_bytes(jc_dtype dtype); /* of a block; 0 of OTHER */
size_t jc_dtype_block(jc_dtype dtype); /* numbers in a block; mostly 1 */
bool jc_dtype_real(jc_dtype dtype);    /* can be read as float32 */

/* A matrix, or several of one shape, whose numbers are made from more than one tensor. */
typedef struct jc_packing {
    /* Numbers [first, first + n), row by row. */
    void (*read)(const struct jc_packing *packing, size_t first, size_t n, float *out);
    /* The same numbers of rows [first, first + n) as blocks of type `blocks`; NULL: they do
     * not fit into one. */
    void (*regroup)(const struct jc_packing *packing, size_t first, size_t n,
                    unsigned char *out);
    jc_dtype blocks;
    const struct jc_pack_wholes *wholes; /* what read() goes by, of some: store/packs.h */
    /* borrowed; NULL: none */
    const struct jc_tensor *bits, *scales, *zeros, *groups, *sizes;
    const uint32_t *order; /* [width]: which inputs lie one after another in blocks, where
                              that is not their own order; NULL: it is */
    size_t width;          /* numbers of a row */
    size_t rows, columns;  /* of a rectangle that shares a scale */
    unsigned wide;         /* bits of a number */
    unsigned offset;       /* added to zeros */
} jc_packing;

typedef struct jc_tensor {
    const char *name;
    jc_dtype dtype;
    const char *type; /* its name, of OTHER; otherwise NULL */
    uint32_t n_dims;
    /* outermost first; unused ones are 1, and the last stands for all that are left over */
    size_t shape[JC_TENSOR_DIMS];
    size_t count, bytes;
    const unsigned char *data;
    const char *file;          /* path, for messages */
    const jc_packing *packing; /* how it is read, of the number `first` on; NULL: by type */
    size_t first;
    const uint32_t *order; /* of a matrix in blocks: [shape[1]], which column of it each
                              number of a stored row is; NULL: the same */
    bool out_in; /* a matrix is [out, in], however its architecture mostly has it */
    bool copied; /* data is memory of its own, not a mapped file's */
} jc_tensor;

/* The pages of a tensor's file, which are read again when they are needed, are given back.
 */
void jc_tensor_release(const jc_tensor *tensor);
/* The same of numbers first .. first + n, whole blocks. */
void jc_tensor_release_some(const jc_tensor *tensor, size_t first, size_t n);

bool jc_tensor_real(const jc_tensor *tensor);        /* can be read as float32 */
const char *jc_tensor_type(const jc_tensor *tensor); /* "BF16", as its file names it */

/* Convert elements [first, first + n) of a real tensor to float32. */
void jc_tensor_read(const jc_tensor *tensor, size_t first, size_t n, float *out);

#endif
