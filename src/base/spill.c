/* SPDX-License-Identifier: MIT */
#include "base/spill.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Those that are not small. */
static struct array {
    void *at;
    size_t bytes;
    bool file;
} * arrays; /* [n] */
static size_t n, capacity, in_memory, limit = SIZE_MAX, small = 1 << 20;
static atomic_size_t n_files;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void jc_spill_limit(size_t bytes, size_t least)
{
    pthread_mutex_lock(&lock);
    limit = bytes;
    small = least;
    pthread_mutex_unlock(&lock);
}

/* A file without a name and with all its blocks, or -1. */
static int open_file(size_t bytes)
{
    const char *folder = getenv("TMPDIR");
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/jumpcut-XXXXXX",
                          folder && *folder ? folder : "/tmp");
    int fd = length > 0 && (size_t)length < sizeof path ? mkstemp(path) : -1;

    if (fd < 0)
        return -1;
    unlink(path);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    if (posix_fallocate(fd, 0, (off_t)bytes) != 0) { /* or a full disk would be a signal */
        close(fd);
        return -1;
    }
    return fd;
}

static void *map_file(size_t bytes)
{
    int fd = open_file(bytes);

    if (fd < 0)
        return NULL;
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (at == MAP_FAILED)
        return NULL;
    return at;
}

/* The lock is held. */
static void *new_array(size_t bytes)
{
    bool file = in_memory + bytes > limit;

    if (!jc_grow(&arrays, &capacity, n + 1, sizeof *arrays))
        return NULL;
    void *at = file ? map_file(bytes) : NULL;
    file = at != NULL;
    if (!at)
        at = jc_matrix_new(bytes, 1, 1);
    if (!at)
        return NULL;
    in_memory += file ? 0 : bytes;
    n_files += file;
    arrays[n++] = (struct array){at, bytes, file};
    return at;
}

void *jc_spill_new(size_t bytes)
{
    pthread_mutex_lock(&lock);
    void *at = bytes < small ? jc_matrix_new(bytes, 1, 1) : new_array(bytes);
    pthread_mutex_unlock(&lock);
    return at;
}

/* Which array it is; n: none of them. The lock is held. */
static size_t find(const void *p)
{
    size_t i = n;

    while (i > 0 && arrays[i - 1].at != p) /* those made last are freed first */
        i--;
    return i ? i - 1 : n;
}

void jc_spill_free(void *p)
{
    struct array gone = {.at = p};

    pthread_mutex_lock(&lock);
    size_t i = p ? find(p) : n;
    if (i < n) {
        gone = arrays[i];
        arrays[i] = arrays[--n];
        in_memory -= gone.file ? 0 : gone.bytes;
        n_files -= gone.file;
    }
    if (n == 0) { /* nothing is left behind */
        jc_free(arrays);
        arrays = NULL;
        capacity = 0;
    }
    pthread_mutex_unlock(&lock);
    if (gone.file)
        munmap(gone.at, gone.bytes);
    else
        jc_free(gone.at);
}

void jc_spill_rest(const void *p)
{
    pthread_mutex_lock(&lock);
    size_t i = n_files ? find(p) : n;
    if (i < n && arrays[i].file)
        madvise(arrays[i].at, arrays[i].bytes, MADV_DONTNEED);
    pthread_mutex_unlock(&lock);
}

bool jc_spill_any(void)
{
    return n_files > 0;
}
