/* SPDX-License-Identifier: MIT */
#define SET_NAME jc_few_v3
#define SET_TEXT "v3"
#include "kernels/few/set_impl.h"
