/* SPDX-License-Identifier: MIT */
#ifndef JUMPCUT_STATUS_H
#define JUMPCUT_STATUS_H

/**
 * @file jumpcut/status.h
 * How a jumpcut call says that it failed.
 *
 * A call that can fail returns a jc_status, zero for success. A call whose failure
 * needs a sentence (it read a file, a number from a user, a request) also takes a
 * `jc_error *` as its last argument. Pass NULL if the sentence is not wanted.
 */

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define JC_API               __attribute__((visibility("default")))
#define JC_NODISCARD         __attribute__((warn_unused_result))
#define JC_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define JC_API
#define JC_NODISCARD
#define JC_PRINTF(fmt, args)
#endif

/* One row: name, value (fixed for ever), text. The enum, jc_status_name() and
 * jc_status_text() are all made from these rows, so they cannot disagree. */
#define JC_STATUS_LIST(X)                                                                  \
    X(OK, 0, "no error")                                                                   \
    X(E_NOMEM, -1, "out of memory")                                                        \
    X(E_IO, -2, "input or output failed")                                                  \
    X(E_FORMAT, -3, "file is not in the expected format")                                  \
    X(E_UNSUPPORTED, -4, "valid, but not supported by this build")                         \
    X(E_ARG, -5, "argument out of range")                                                  \
    X(E_MISMATCH, -6, "model, tokenizer and shortcut do not belong together")              \
    X(E_NUMERIC, -7, "a numeric step failed (singular, NaN, no convergence)")              \
    X(E_CANCELLED, -8, "stopped by the caller")                                            \
    X(E_COMM, -9, "another rank failed")

typedef enum jc_status {
#define JC_X(name, value, text) JC_##name = (value),
    JC_STATUS_LIST(JC_X)
#undef JC_X
} jc_status;

/** What went wrong, in words. Owned by the caller, filled by the callee. */
typedef struct jc_error {
    jc_status status;
    char message[480]; /* no trailing full stop, no newline, subject in 'quotes' */
} jc_error;

/** The fixed text of a status. Never NULL, never freed. */
JC_API const char *jc_status_text(jc_status status);

/** The name of a status, "E_FORMAT". Never NULL, never freed. */
JC_API const char *jc_status_name(jc_status status);

#ifdef __cplusplus
}
#endif
#endif
