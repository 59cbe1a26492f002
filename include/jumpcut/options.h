/* SPDX-License-Identifier: MIT */
#ifndef JUMPCUT_OPTIONS_H
#define JUMPCUT_OPTIONS_H

/**
 * @file jumpcut/options.h
 * Params structs, and setting their members by name.
 *
 * Each params struct has one row per member that a user may set. From the rows come the
 * defaults, the flags and --help of the program, the man page, and every "out of range"
 * message. A params struct that is all zero means the defaults, as NULL does.
 * `jc_x_params_init(&p)` fills a struct with its defaults;
 * `jc_option_set(&p, jc_x_options(&n), n, "ridge", "1e-3", &err)` sets one member.
 */

#include <stddef.h>

#include "jumpcut/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum jc_option_type {
    JC_OPTION_BOOL, /* bool */
    JC_OPTION_U32,  /* uint32_t */
    JC_OPTION_U64,  /* uint64_t */
    JC_OPTION_REAL, /* double */
    JC_OPTION_TEXT  /* const char *, borrowed from the caller of jc_option_set() */
} jc_option_type;

typedef struct jc_option {
    const char *name; /* "--ridge" is the row "ridge" */
    jc_option_type type;
    size_t offset;       /* of the member in its struct */
    double lo, hi;       /* inclusive; numbers only */
    const char *def;     /* as a user would write it; NULL leaves a TEXT member NULL */
    const char *choices; /* TEXT only: "one|all", or NULL for any text */
    const char *help;    /* one line, no full stop */
} jc_option;

/** Set the member called `name` of *params from text. E_ARG with a message that names the
 *  option when there is no such row, or the value is not in its range. */
JC_API jc_status jc_option_set(void *params, const jc_option *rows, size_t n_rows,
                               const char *name, const char *value,
                               jc_error *err) JC_NODISCARD;

/** Zero the `size` bytes at params, store `size` in its first member (a size_t), then
 *  apply the defaults of the rows that fit. Called by the jc_x_params_init() macros. */
JC_API void jc_option_defaults(void *params, size_t size, const jc_option *rows,
                               size_t n_rows);

#ifdef __cplusplus
}
#endif
#endif
