/* SPDX-License-Identifier: MIT */
#define JC_VECTOR_NAME jc_vector_v4
#define JC_VECTOR_TEXT "v4"
#include "kernels/vector_impl.h"
