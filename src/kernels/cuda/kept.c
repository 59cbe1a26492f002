/* SPDX-License-Identifier: MIT */
/*
 * kept.c: memory of the GPU that outlives an operation: scratch, and copies of vectors that
 * callers have in host memory. One thread at a time has it, and only while it queues work:
 * what is queued later comes after it.
 */
#include <pthread.h>
#include <string.h>

#include "kernels/cuda/cuda.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct {
    void *data;
    size_t bytes;
} scratch;

enum { PLACES = 8192, MOST = PLACES / 2, MOST_BYTES = 256 << 20 };

struct copy {
    const void *of;
    size_t bytes;
    void *was, *data; /* what was copied, in host memory; and on the GPU */
};

static struct {
    struct copy copies[PLACES];
    size_t n, bytes;
} kept;

static void release(struct copy *copy)
{
    jc_free(copy->was);
    jc_cuda_free(copy->data);
    *copy = (struct copy){.of = NULL};
}

void jc_cuda_begin(void)
{
    pthread_mutex_lock(&lock);
    if (kept.n < MOST && kept.bytes < MOST_BYTES)
        return;
    for (size_t i = 0; i < PLACES; i++) /* most are of models that are closed */
        release(&kept.copies[i]);
    kept.n = kept.bytes = 0;
}

void jc_cuda_end(void)
{
    pthread_mutex_unlock(&lock);
}

jc_status jc_cuda_scratch(void **out, size_t bytes, jc_error *err)
{
    jc_status st = JC_OK;

    if (scratch.bytes < bytes) {
        jc_cuda_free(scratch.data);
        scratch.bytes = 0;
        st = jc_cuda_memory(&scratch.data, bytes, "an operation", err);
        scratch.bytes = st ? 0 : bytes;
    }
    *out = scratch.data;
    return st;
}

/* Where the copy of `host` is or would be. */
static struct copy *place_of(const void *host)
{
    size_t at = (size_t)((uintptr_t)host / 16 * 0x9e3779b97f4a7c15u >> 48) % PLACES;

    while (kept.copies[at].of && kept.copies[at].of != host)
        at = (at + 1) % PLACES;
    return &kept.copies[at];
}

/* Room for a copy of `bytes`; the entry stays where it is if it is there. */
static jc_status resize(struct copy *copy, const void *host, size_t bytes, jc_error *err)
{
    void *was = jc_alloc(bytes), *data;
    jc_status st = jc_cuda_memory(&data, bytes, "a vector", err);

    if (st == JC_OK && !was)
        st = jc_fail_nomem(err, "a vector");
    if (st) {
        jc_free(was);
        jc_cuda_free(data);
        return st;
    }
    kept.n += !copy->of;
    kept.bytes += bytes - copy->bytes;
    release(copy);
    *copy = (struct copy){host, bytes, was, data};
    return JC_OK;
}

jc_status jc_cuda_vector(const void **out, const void *host, size_t bytes, jc_error *err)
{
    jc_status st = JC_OK;

    *out = NULL;
    if (!host || bytes == 0)
        return JC_OK;
    struct copy *copy = place_of(host);
    bool fits = copy->of && copy->bytes == bytes;
    if (!fits)
        st = resize(copy, host, bytes, err);
    if (st)
        return st;
    *out = copy->data;
    if (fits && memcmp(copy->was, host, bytes) == 0)
        return JC_OK;
    memcpy(copy->was, host, bytes); /* new, or the memory has become another's */
    return jc_cuda_send(copy->data, bytes, copy->was, bytes, 1, err);
}
