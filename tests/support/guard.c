/* SPDX-License-Identifier: MIT */
/*
 * guard.c: a backend whose buffers cannot be read but by its own operations: the pages of a
 * buffer have no permissions, and get them while an operation runs. Otherwise it is
 * oneDNN's. What passes on it keeps its hands off a backend's memory, as a GPU's would
 * demand.
 *
 * With JC_TEST_GUARD in the environment it stands in for "onednn" in a test program; where
 * that is "bare", without any operation that a backend may leave out.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernels/backend.h"

/* On a page of its own before the buffer's. */
struct header {
    pthread_mutex_t lock;
    size_t users, pages; /* operations that run; bytes of the buffer's pages */
};

static size_t page_bytes(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

static struct header *header_of(const jc_buffer *buffer)
{
    return (struct header *)(void *)((char *)buffer->data - page_bytes());
}

static void protect(const jc_buffer *buffer, const struct header *header, int permissions)
{
    if (mprotect(buffer->data, header->pages, permissions) != 0)
        abort();
}

static void guard_open(const jc_buffer *buffer)
{
    if (buffer->borrowed)
        return;
    struct header *header = header_of(buffer);
    pthread_mutex_lock(&header->lock);
    if (header->users++ == 0)
        protect(buffer, header, PROT_READ | PROT_WRITE);
    pthread_mutex_unlock(&header->lock);
}

static void guard_close(const jc_buffer *buffer)
{
    if (buffer->borrowed)
        return;
    struct header *header = header_of(buffer);
    pthread_mutex_lock(&header->lock);
    if (--header->users == 0)
        protect(buffer, header, PROT_NONE);
    pthread_mutex_unlock(&header->lock);
}

static jc_status guard_new(jc_buffer *buffer, size_t bytes, const char *what, jc_error *err)
{
    size_t page = page_bytes(), pages = (bytes / page + 1) * page;
    void *all = mmap(NULL, page + pages, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (all == MAP_FAILED)
        return jc_fail_nomem(err, what);
    struct header *header = all;
    pthread_mutex_init(&header->lock, NULL);
    header->pages = pages;
    buffer->data = (char *)all + page;
    protect(buffer, header, PROT_NONE);
    return JC_OK;
}

static void guard_free(jc_buffer *buffer)
{
    struct header *header = header_of(buffer);
    size_t pages = header->pages;

    if (header->users != 0) /* an operation forgot to close it */
        abort();
    pthread_mutex_destroy(&header->lock);
    munmap((char *)buffer->data - page_bytes(), page_bytes() + pages);
}

static jc_backend guard;

__attribute__((constructor)) static void stand_in(void)
{
    if (!getenv("JC_TEST_GUARD"))
        return;
    guard = jc_backend_onednn;
    guard.borrows = false;
    guard.buffer_new = guard_new;
    guard.buffer_free = guard_free;
    guard.open = guard_open;
    guard.close = guard_close;
    if (strcmp(getenv("JC_TEST_GUARD"), "bare") == 0) {
        guard = (jc_backend){.name = guard.name,
                             .has = guard.has,
                             .buffer_new = guard_new,
                             .buffer_free = guard_free,
                             .upload = guard.upload,
                             .download = guard.download,
                             .gather = guard.gather,
                             .open = guard_open,
                             .close = guard_close};
    }
    jc_backend_stand_in(&guard);
}
