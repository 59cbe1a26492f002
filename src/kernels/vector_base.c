/* SPDX-License-Identifier: MIT */
#define JC_VECTOR_NAME jc_vector_base
#define JC_VECTOR_TEXT "base"
#include "kernels/vector_impl.h"
