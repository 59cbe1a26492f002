/* SPDX-License-Identifier: MIT */
/* memory_free.c: what /proc/meminfo says is available, and at most what a control group
 * (version 2, as containers have it) allows in all. */
#include "base/memory_free.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The number behind `name` at the beginning of a line; 0: there is none. */
static uint64_t number(const char *path, const char *name)
{
    FILE *f = fopen(path, "r");
    size_t n = strlen(name);
    char line[128];
    uint64_t found = 0;

    if (!f)
        return 0;
    while (found == 0 && fgets(line, sizeof line, f))
        if (strncmp(line, name, n) == 0)
            found = strtoull(line + n, NULL, 10); /* "max" is 0 */
    fclose(f);
    return found;
}

uint64_t jc_memory_free(void)
{
    uint64_t free_now = 1024 * number("/proc/meminfo", "MemAvailable:");
    uint64_t allowed = number("/sys/fs/cgroup/memory.max", "");

    return allowed && allowed < free_now ? allowed : free_now;
}

void jc_memory_trim(void)
{
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}
