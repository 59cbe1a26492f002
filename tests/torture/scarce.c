/* SPDX-License-Identifier: MIT */
/*
 * scarce.c: loaded before the program (LD_PRELOAD), lets one allocation of the process
 * fail, whoever asks for it: the program, the C library, the codecs, OpenMP, oneDNN.
 * JC_SCARCE=N: the N-th after main() has begun, from 0; "N+": and all later ones. The
 * file JC_SCARCE_LEFT gets how many could still have passed when the program ended.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern void *__libc_malloc(size_t bytes);
extern void *__libc_calloc(size_t n, size_t bytes);
extern void *__libc_realloc(void *p, size_t bytes);
extern void *__libc_memalign(size_t align, size_t bytes);

static atomic_long left = -1; /* that still pass; negative: all do */
static atomic_bool fails, lasting;

static int refused(void)
{
    if (!atomic_load(&fails))
        return 0;
    if (atomic_fetch_sub(&left, 1) > 0)
        return 0;
    if (!atomic_load(&lasting))
        atomic_store(&fails, 0);
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t bytes)
{
    return refused() ? NULL : __libc_malloc(bytes);
}

void *calloc(size_t n, size_t bytes)
{
    return refused() ? NULL : __libc_calloc(n, bytes);
}

void *realloc(void *p, size_t bytes)
{
    return refused() ? NULL : __libc_realloc(p, bytes);
}

void *memalign(size_t align, size_t bytes)
{
    return refused() ? NULL : __libc_memalign(align, bytes);
}

void *aligned_alloc(size_t align, size_t bytes)
{
    return memalign(align, bytes);
}

int posix_memalign(void **out, size_t align, size_t bytes)
{
    void *p = memalign(align, bytes);

    if (!p)
        return ENOMEM;
    *out = p;
    return 0;
}

/* ---- from main() on ---- */

static int (*program)(int argc, char **argv, char **environment);

/* How many more could have been asked for, to the file of the name JC_SCARCE_LEFT. */
static void tell(void)
{
    const char *path = getenv("JC_SCARCE_LEFT");
    int fd = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644) : -1;
    long n = atomic_load(&left);
    char digits[24];
    size_t at = sizeof digits;

    for (n = n < 0 ? 0 : n; at == sizeof digits || n > 0; n /= 10)
        digits[--at] = (char)('0' + n % 10);
    if (fd >= 0 && write(fd, digits + at, sizeof digits - at) < 0)
        _exit(99);
    if (fd >= 0)
        close(fd);
}

static int begin(int argc, char **argv, char **environment)
{
    const char *text = getenv("JC_SCARCE");

    if (text) {
        atexit(tell);
        atomic_store(&left, atol(text));
        atomic_store(&lasting, strchr(text, '+') != NULL);
        atomic_store(&fails, 1);
    }
    return program(argc, argv, environment);
}

typedef int start_fn(int (*main)(int, char **, char **), int argc, char **argv,
                     void (*init)(void), void (*fini)(void), void (*loader)(void),
                     void *stack);

int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv,
                      void (*init)(void), void (*fini)(void), void (*loader)(void),
                      void *stack)
{
    start_fn *start = (start_fn *)dlsym(RTLD_NEXT, "__libc_start_main");

    program = main;
    return start(begin, argc, argv, init, fini, loader, stack);
}
