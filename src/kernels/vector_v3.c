/* SPDX-License-Identifier: MIT */
#define JC_VECTOR_NAME jc_vector_v3
#define JC_VECTOR_TEXT "v3"
#include "kernels/vector_impl.h"
