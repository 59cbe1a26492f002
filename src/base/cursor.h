/* SPDX-License-Identifier: MIT */
/* cursor.h: reading foreign bytes without ever leaving them. */
#ifndef JC_CURSOR_H
#define JC_CURSOR_H

#include "base/base.h"

typedef struct jc_cursor {
    const unsigned char *data;
    size_t size, at;
} jc_cursor;

/* False when fewer bytes are left; the cursor does not move then. Little-endian. */
bool jc_cursor_u32(jc_cursor *c, uint32_t *out) JC_NODISCARD;
bool jc_cursor_u64(jc_cursor *c, uint64_t *out) JC_NODISCARD;
bool jc_cursor_bytes(jc_cursor *c, uint64_t n, const unsigned char **out) JC_NODISCARD;

#endif
