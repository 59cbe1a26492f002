/* SPDX-License-Identifier: MIT */
#ifndef JUMPCUT_HOOKS_H
#define JUMPCUT_HOOKS_H

/**
 * @file jumpcut/hooks.h
 * How long work tells its caller what it is doing.
 *
 * The library never prints. A params struct of a long call has a member
 * `const jc_hooks *hooks` (NULL for silence, borrowed for the call): progress is reported
 * there and may be answered with "stop"; notes are sentences that a user should see and
 * that are no errors ("12 texts were cut at 256 tokens"). Both are called from the
 * thread that made the call.
 */

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct jc_progress {
    const char *stage; /* "fit: reading", borrowed for the callback */
    const char *unit;  /* what `done` and `total` count: "bytes", "texts", "maps" */
    uint64_t done;
    uint64_t total; /* 0 when it is not known */
} jc_progress;

typedef struct jc_hooks {
    /** Return false to stop the work with JC_E_CANCELLED. May be NULL. */
    bool (*progress)(void *arg, const jc_progress *progress);
    /** One sentence, no full stop, no newline; borrowed for the callback. May be NULL. */
    void (*note)(void *arg, const char *message);
    void *arg;
} jc_hooks;

#ifdef __cplusplus
}
#endif
#endif
