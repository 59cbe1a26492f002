/* SPDX-License-Identifier: MIT */
/*
 * held.c: a list that a signal handler can walk: nodes are never taken out of it or freed,
 * but used again. A node's kind is written last when it is filled, and first when it is
 * emptied.
 */
#include "base/held.h"

#include <stdatomic.h>
#include <unistd.h>

enum { FREE = 0, CLAIMED = 1 };

struct jc_held {
    jc_held *next;
    atomic_int kind;
    const char *path;
    const char *data; /* [size] of a mapping */
    size_t size;
    dev_t device;
    ino_t file;
};

static _Atomic(jc_held *) first;

static jc_held *claim(void)
{
    for (jc_held *h = atomic_load(&first); h; h = h->next) {
        int was = FREE;
        if (atomic_compare_exchange_strong(&h->kind, &was, CLAIMED))
            return h;
    }
    jc_held *h = jc_alloc_array(1, sizeof *h);
    if (!h)
        return NULL;
    atomic_init(&h->kind, CLAIMED);
    h->next = atomic_load(&first);
    while (!atomic_compare_exchange_weak(&first, &h->next, h))
        ;
    return h;
}

jc_held *jc_held_add(jc_held_kind kind, const char *path, const struct stat *info,
                     const void *data, size_t size)
{
    jc_held *h = claim();

    if (!h)
        return NULL;
    h->path = path;
    h->data = data;
    h->size = size;
    h->device = info->st_dev;
    h->file = info->st_ino;
    atomic_store(&h->kind, (int)kind);
    return h;
}

void jc_held_drop(jc_held *held)
{
    if (held)
        atomic_store(&held->kind, FREE);
}

bool jc_held_is_mapped(const struct stat *info)
{
    for (const jc_held *h = atomic_load(&first); h; h = h->next)
        if (atomic_load(&h->kind) == JC_HELD_MAP && h->device == info->st_dev &&
            h->file == info->st_ino)
            return true;
    return false;
}

const char *jc_held_at(const void *address)
{
    uintptr_t at = (uintptr_t)address;

    for (const jc_held *h = atomic_load(&first); h; h = h->next)
        if (atomic_load(&h->kind) == JC_HELD_MAP && at >= (uintptr_t)h->data &&
            at - (uintptr_t)h->data < h->size)
            return h->path;
    return NULL;
}

void jc_held_remove(void)
{
    for (const jc_held *h = atomic_load(&first); h; h = h->next)
        if (atomic_load(&h->kind) == JC_HELD_TEMP)
            unlink(h->path);
}
