/* SPDX-License-Identifier: MIT */
#define SET_NAME jc_few_base
#define SET_TEXT "base"
#include "kernels/few/set_impl.h"
