/* SPDX-License-Identifier: MIT */
/* mamba2.h: the weights of Mamba 2's recurrence, which hybrids have too. */
#ifndef JC_ARCH_MAMBA2_H
#define JC_ARCH_MAMBA2_H

#include "model/arch/granite.h"

/* clang-format off */
#define MAMBA2_WEIGHTS(name)                                                    \
    MATRIX(JC_W_CONV_IN,  name ".in_proj", SCAN_IN, WIDTH, 0),                  \
    BIAS(JC_W_CONV_IN,    name ".in_proj", SCAN_IN, JC_WEIGHT_IF_MLP_BIAS),     \
    MATRIX(JC_W_CONV,     name ".conv1d", SCAN_MIXED, CONV, 0),                 \
    BIAS(JC_W_CONV,       name ".conv1d", SCAN_MIXED, JC_WEIGHT_IF_CONV_BIAS),  \
    {JC_W_SCAN_DECAY, name ".A_log", {JC_DIM_SCAN_HEADS}, 0},                   \
    {JC_W_SCAN_STEP,  name ".dt_bias", {JC_DIM_SCAN_HEADS}, 0},                 \
    {JC_W_SCAN_SKIP,  name ".D", {JC_DIM_SCAN_HEADS}, 0},                       \
    RMS(JC_W_SCAN_NORM,   name ".norm", SCAN_VALUES, 0),                        \
    MATRIX(JC_W_CONV_OUT, name ".out_proj", WIDTH, SCAN_VALUES, 0),             \
    BIAS(JC_W_CONV_OUT,   name ".out_proj", WIDTH, JC_WEIGHT_IF_MLP_BIAS)
/* clang-format on */

#endif
