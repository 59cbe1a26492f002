/* SPDX-License-Identifier: MIT */
/* base.h: what every room may use: memory, errors, notes, random numbers. */
#ifndef JC_BASE_H
#define JC_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jumpcut/hooks.h"
#include "jumpcut/status.h"

#define JC_COUNT(array) (sizeof(array) / sizeof *(array))

/* Write the message into err (which may be NULL) and return status. */
jc_status jc_fail(jc_error *err, jc_status status, const char *fmt, ...) JC_PRINTF(3, 4);

/* The message of a failed allocation: "out of memory for 'what'". */
jc_status jc_fail_nomem(jc_error *err, const char *what);
/* Names from files may hold anything; a message stays one line, and harmless to a terminal:
 * control characters become '?'. */
void jc_one_line(char *message);

/* ---- memory: sizes come from files, so only checked helpers multiply them ---- */

/* Zeroed [rows, cols] of elements of `size` bytes, 64-byte aligned, freed with jc_free().
 * NULL when memory is short or the product overflows. Never NULL for an empty matrix. */
void *jc_matrix_new(size_t rows, size_t cols, size_t size) JC_NODISCARD;

/* As malloc, calloc(n, size), realloc and strdup; they pass through the allocation hook
 * of the torture tests. Freed with jc_free(). */
void *jc_alloc(size_t bytes) JC_NODISCARD;
void *jc_alloc_array(size_t n, size_t size) JC_NODISCARD;
void *jc_realloc(void *p, size_t bytes) JC_NODISCARD; /* p is untouched on failure */
char *jc_strdup(const char *s) JC_NODISCARD;
void jc_free(void *p); /* same as free(): what a caller of the API frees */

/* For Jansson. After a failure every later call fails too, because its parser (2.14) does
 * not look whether a token that it read fits into memory, and reads past the end of what it
 * has kept where the allocation after that succeeds. */
void *jc_alloc_json(size_t bytes);

/* Tests only: let `n` allocations pass and fail all later ones; negative: never fail. */
void jc_alloc_fail_after(long n);
/* The same, but only the one after them fails. */
void jc_alloc_fail_only(long n);
/* Whether one has failed since either was called with 0 or more. */
bool jc_alloc_failed(void);

/* How many allocations of this thread have failed so far, for code of others that is given
 * these functions and does not always say so. */
size_t jc_alloc_failures(void);

/* Make *items (of `size` bytes each, *capacity of them) hold at least `want`; doubles.
 * False when memory is short: nothing has changed. */
bool jc_grow(void *items, size_t *capacity, size_t want, size_t size) JC_NODISCARD;

/* *out = a * b or a + b; false on overflow. */
bool jc_mul(size_t a, size_t b, size_t *out) JC_NODISCARD;
bool jc_add(size_t a, size_t b, size_t *out) JC_NODISCARD;

/* Numbers as text, with a point whatever the caller's locale. Parsing is as strtod(); the
 * shortest of %.17g that reads back as x is written to text [32]. */
double jc_real_parse(const char *text, char **end);
void jc_real_format(double x, char text[32]);

/* ---- arguments of the public calls ---- */

struct jc_option;

/* The params of a call: *own, of `size` bytes and just filled by its init, takes what the
 * caller's has. A caller built before a member was added has a shorter struct, one built
 * later a longer one; NULL, and a struct that is all zero, mean the defaults. A text that
 * is NULL stays its default. E_ARG when the struct was not initialised, or a member is not
 * in the range of its row. */
jc_status jc_params_take(void *own, size_t size, const void *params,
                         const struct jc_option *rows, size_t n_rows,
                         jc_error *err) JC_NODISCARD;

/* The reverse, for results: what the caller's struct, which begins with its size, has room
 * for. E_ARG when it does not. */
jc_status jc_params_give(void *params, const void *own, size_t size,
                         jc_error *err) JC_NODISCARD;

/* E_ARG, saying "'what' is NULL", when it is. */
jc_status jc_want(const void *object, const char *what, jc_error *err) JC_NODISCARD;

/* What a call that makes something begins with: *out, a pointer, is NULL until it is made,
 * also after a failure. E_ARG where `out` is NULL. */
jc_status jc_want_out(void *out, jc_error *err) JC_NODISCARD;

/* ---- hooks: both take NULL hooks ---- */
void jc_note(const jc_hooks *hooks, const char *fmt, ...) JC_PRINTF(2, 3);
/* JC_OK to go on, JC_E_CANCELLED (with its message) to stop. */
jc_status jc_report(const jc_hooks *hooks, const jc_progress *progress, jc_error *err);

/* ---- time ---- */

/* Seconds since some moment, on a clock that nobody sets. */
double jc_seconds(void);

/* Processor time of this process, all threads together. */
double jc_work_seconds(void);

/* ---- random numbers: the same on every machine ---- */
typedef struct jc_rng {
    uint64_t state;
} jc_rng; /* splitmix64; a stream is named by its seed */

uint64_t jc_rng_next(jc_rng *rng);
double jc_rng_uniform(jc_rng *rng);              /* [0, 1), 53 bits */
uint64_t jc_rng_below(jc_rng *rng, uint64_t n);  /* 0..n-1, n > 0, unbiased */
jc_rng jc_rng_at(uint64_t seed, uint64_t index); /* independent stream for item index */

#endif
