/* SPDX-License-Identifier: MIT */
/* rows.h: short forms of the rows that the tables of architectures are made of. */
#ifndef JC_ARCH_ROWS_H
#define JC_ARCH_ROWS_H

#include "model/arch.h"

#define KEY(names, type, member, def)                                                      \
    {                                                                                      \
        names, type, offsetof(jc_hparams, member), def                                     \
    }

/* A key that has one value we know how to run. */
#define FIXED(names, def)                                                                  \
    {                                                                                      \
        names, JC_KEY_FIXED, 0, def                                                        \
    }

/* The weight and the bias of a linear layer stored [out, in], or a part of one. */
#define LINEAR(id, name, out, in, flags)                                                   \
    {id, name ".weight", {JC_DIM_##out, JC_DIM_##in}, flags},                              \
    {                                                                                      \
        id##_BIAS, name ".bias", {JC_DIM_##out}, flags                                     \
    }

/* The same of a LayerNorm, which files of TensorFlow's time call gamma and beta. */
#define NORM(id, name, flags)                                                              \
    {id, name ".weight|" name ".gamma", {JC_DIM_WIDTH}, flags},                            \
    {                                                                                      \
        id##_BIAS, name ".bias|" name ".beta", {JC_DIM_WIDTH}, flags                       \
    }

/* A LayerNorm of another width. */
#define NORM_OF(id, name, width, flags)                                                    \
    {id, name ".weight|" name ".gamma", {JC_DIM_##width}, flags},                          \
    {                                                                                      \
        id##_BIAS, name ".bias|" name ".beta", {JC_DIM_##width}, flags                     \
    }

/* A linear layer without a bias. */
#define MATRIX(id, name, out, in, flags)                                                   \
    {                                                                                      \
        id, name ".weight", {JC_DIM_##out, JC_DIM_##in}, flags                             \
    }

/* Its bias. */
#define BIAS(id, name, out, flags)                                                         \
    {                                                                                      \
        id##_BIAS, name ".bias", {JC_DIM_##out}, flags                                     \
    }

/* The weight of a norm without a bias, over a width. */
#define RMS(id, name, width, flags)                                                        \
    {                                                                                      \
        id, name ".weight", {JC_DIM_##width}, flags                                        \
    }

/* A norm that only divides; only where the flags allow it. */
#define ONES(id, width) ONES_IF(id, width, 0)
#define ONES_IF(id, width, flags)                                                          \
    {                                                                                      \
        id, NULL, {JC_DIM_##width}, JC_WEIGHT_ONES | (flags)                               \
    }

/* A table of embeddings as wide as those of tokens, which may be narrower than states. */
#define EMBEDDING(id, name, rows)                                                          \
    {                                                                                      \
        id, name, {JC_DIM_##rows, JC_DIM_EMBED}, 0                                         \
    }

#define TABLE(id, name, rows)                                                              \
    {                                                                                      \
        id, name, {JC_DIM_##rows, JC_DIM_WIDTH}, 0                                         \
    }

/* The tables of an architecture's file. */
#define TABLES                                                                             \
    .model_types = model_types, .keys = keys, .n_keys = JC_COUNT(keys),                    \
    .weights = weights, .n_weights = JC_COUNT(weights)

#endif
