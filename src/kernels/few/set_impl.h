/* SPDX-License-Identifier: MIT */
/* set_impl.h: the table of types. Included by each set_*.c, which is compiled for one
 * instruction set and defines SET_NAME and SET_TEXT. A type is a file and a line here. */
#include "kernels/few/bf16.h"
#include "kernels/few/f16.h"
#include "kernels/few/f32.h"
#include "kernels/few/f8_s.h"
#include "kernels/few/iq4_nl.h"
#include "kernels/few/iq4_xs.h"
#include "kernels/few/mxfp4.h"
#include "kernels/few/other.h"
#include "kernels/few/q2_k.h"
#include "kernels/few/q3_k.h"
#include "kernels/few/q4_0.h"
#include "kernels/few/q4_1.h"
#include "kernels/few/q4_k.h"
#include "kernels/few/q4_z.h"
#include "kernels/few/q5_0.h"
#include "kernels/few/q5_1.h"
#include "kernels/few/q5_k.h"
#include "kernels/few/q6_k.h"
#include "kernels/few/q8_0.h"
#include "kernels/few/q8_z.h"

const jc_few_set SET_NAME = {
    SET_TEXT,
    {
        [JC_FEW_F32] = {&f32_kernel, NULL},
        [JC_FEW_F16] = {&f16_kernel, NULL},
        [JC_FEW_BF16] = {&bf16_kernel, NULL},
        [JC_FEW_Q8_0] = {&q8_0_real, &q8_0_int},
        [JC_FEW_Q4_0] = {&q4_0_real, &q4_0_int},
        [JC_FEW_Q4_1] = {&q4_1_real, &q4_1_int},
        [JC_FEW_Q5_0] = {&q5_0_real, &q5_0_int},
        [JC_FEW_Q5_1] = {&q5_1_real, &q5_1_int},
        [JC_FEW_Q4_K] = {&q4_k_real, &q4_k_int},
        [JC_FEW_Q5_K] = {&q5_k_real, &q5_k_int},
        [JC_FEW_Q6_K] = {&q6_k_real, &q6_k_int},
        [JC_FEW_Q2_K] = {&q2_k_real, &q2_k_int},
        [JC_FEW_Q3_K] = {&q3_k_real, &q3_k_int},
        [JC_FEW_IQ4_NL] = {&iq4_nl_real, &iq4_nl_int},
        [JC_FEW_IQ4_XS] = {&iq4_xs_real, &iq4_xs_int},
        [JC_FEW_MXFP4] = {&mxfp4_real, &mxfp4_int},
        [JC_FEW_Q4_Z] = {&q4_z_real, &q4_z_int},
        [JC_FEW_Q8_Z] = {&q8_z_real, &q8_z_int},
        [JC_FEW_F8_S] = {&f8_s_kernel, NULL},
        [JC_FEW_OTHER] = {&other_kernel, NULL},
    },
};
