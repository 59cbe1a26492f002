/* SPDX-License-Identifier: MIT */
/* memory_free.h: how much memory can be taken before others suffer. */
#ifndef JC_MEMORY_FREE_H
#define JC_MEMORY_FREE_H

#include <stdint.h>

/* Bytes; 0 where the system does not tell. */
uint64_t jc_memory_free(void);

/* Give whole free pages between allocations back, where the C library can. */
void jc_memory_trim(void);

#endif
