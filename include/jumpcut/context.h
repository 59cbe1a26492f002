/* SPDX-License-Identifier: MIT */
#ifndef JUMPCUT_CONTEXT_H
#define JUMPCUT_CONTEXT_H

/**
 * @file jumpcut/context.h
 * Who does the arithmetic, and with how many threads.
 *
 * A model takes a context when it is opened, and whatever is done with the model, on any
 * thread of the caller, is done as its context says. Nothing is set for the process.
 * Results do not depend on the number of threads.
 */

#include <stddef.h>
#include <stdint.h>

#include "jumpcut/options.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct jc_context jc_context; /* read-only, shared by models and threads */

typedef struct jc_context_params {
    size_t size;
    const char *backend; /* an entry of `jumpcut list backends`; NULL: the default */
    uint32_t threads;    /* 0: as many as there are processors */
} jc_context_params;

#define jc_context_params_init(p) jc_option_defaults((p), sizeof *(p), NULL, 0)

/** params NULL means all defaults. E_ARG for a backend that there is not. */
JC_API jc_status jc_context_new(jc_context **out, const jc_context_params *params,
                                jc_error *err) JC_NODISCARD;
/** Not before all models that were opened with it are closed. Takes NULL. */
JC_API void jc_context_free(jc_context *context);

#ifdef __cplusplus
}
#endif
#endif
