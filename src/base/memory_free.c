/* SPDX-License-Identifier: MIT */
/* memory_free.c: from /proc/meminfo. What a control group allows may be less. */
#include "base/memory_free.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t jc_memory_free(void)
{
    FILE *f = fopen("/proc/meminfo", "r");
    static const char name[] = "MemAvailable:";
    char line[128];
    uint64_t kib = 0;

    if (!f)
        return 0;
    while (kib == 0 && fgets(line, sizeof line, f))
        if (strncmp(line, name, sizeof name - 1) == 0)
            kib = strtoull(line + sizeof name - 1, NULL, 10);
    fclose(f);
    return kib * 1024;
}
