/* SPDX-License-Identifier: MIT */
/* memory.c: allocation and checked sizes. All of the library's memory comes from here, so
 * that a test can let the n-th allocation fail. */
#include "base/base.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static atomic_long fail_after = -1;
static atomic_bool fail_once, failed, json_failed;
static _Thread_local size_t failures;

void jc_alloc_fail_after(long n)
{
    atomic_store(&fail_once, false);
    atomic_store(&json_failed, false);
    if (n >= 0)
        atomic_store(&failed, false);
    atomic_store(&fail_after, n);
}

void jc_alloc_fail_only(long n)
{
    jc_alloc_fail_after(n);
    atomic_store(&fail_once, true);
}

size_t jc_alloc_failures(void)
{
    return failures;
}

bool jc_alloc_failed(void)
{
    return atomic_load(&failed);
}

static bool allowed(void)
{
    long left = atomic_load(&fail_after);

    if (left < 0)
        return true;
    if (left == 0) {
        if (atomic_load(&fail_once))
            atomic_store(&fail_after, -1);
        atomic_store(&failed, true);
        return false;
    }
    atomic_fetch_sub(&fail_after, 1);
    return true;
}

static void *counted(void *p)
{
    failures += !p;
    return p;
}

void *jc_alloc(size_t bytes)
{
    return counted(allowed() ? malloc(bytes ? bytes : 1) : NULL);
}

void *jc_alloc_array(size_t n, size_t size)
{
    return counted(allowed() ? calloc(n ? n : 1, size ? size : 1) : NULL);
}

void *jc_realloc(void *p, size_t bytes)
{
    return counted(allowed() ? realloc(p, bytes ? bytes : 1) : NULL);
}

char *jc_strdup(const char *s)
{
    size_t bytes = strlen(s) + 1;
    char *copy = jc_alloc(bytes);

    return copy ? memcpy(copy, s, bytes) : NULL;
}

void *jc_alloc_json(size_t bytes)
{
    void *p = atomic_load(&json_failed) ? counted(NULL) : jc_alloc(bytes);

    if (!p)
        atomic_store(&json_failed, true);
    return p;
}

void jc_free(void *p)
{
    free(p);
}

bool jc_mul(size_t a, size_t b, size_t *out)
{
    return !__builtin_mul_overflow(a, b, out);
}

bool jc_add(size_t a, size_t b, size_t *out)
{
    return !__builtin_add_overflow(a, b, out);
}

void *jc_matrix_new(size_t rows, size_t cols, size_t size)
{
    size_t bytes;

    if (!jc_mul(rows, cols, &bytes) || !jc_mul(bytes, size, &bytes) ||
        bytes > SIZE_MAX - 64)
        return NULL;
    bytes = (bytes / 64 + 1) * 64;
    void *p = allowed() ? aligned_alloc(64, bytes) : NULL;
    if (p)
        memset(p, 0, bytes);
    return p;
}

bool jc_grow(void *items, size_t *capacity, size_t want, size_t size)
{
    if (want <= *capacity)
        return true;
    size_t next = *capacity ? *capacity : 16;
    while (next < want)
        if (!jc_mul(next, 2, &next))
            return false;
    size_t bytes;
    if (!jc_mul(next, size, &bytes))
        return false;
    void *old;
    memcpy(&old, items, sizeof old);
    void *p = jc_realloc(old, bytes);
    if (!p)
        return false;
    memcpy(items, &p, sizeof p);
    *capacity = next;
    return true;
}
