/* SPDX-License-Identifier: MIT */
/* context.h: what a context holds. */
#ifndef JC_CONTEXT_H
#define JC_CONTEXT_H

#include "jumpcut/context.h"
#include "kernels/kernels.h"

struct jc_context {
    const jc_backend *backend;
    uint32_t threads; /* 0: as many as there are processors */
};

#endif
