/* SPDX-License-Identifier: MIT */
#define SET_NAME jc_few_v4
#define SET_TEXT "v4"
#include "kernels/few/set_impl.h"
