/* SPDX-License-Identifier: MIT */
/* notes.h: what is odd and yet no error, kept until someone asks for it. */
#ifndef JC_NOTES_H
#define JC_NOTES_H

#include "base/base.h"

typedef struct jc_notes {
    char **text; /* [n] */
    size_t n, capacity;
} jc_notes;

jc_status jc_notes_add(jc_notes *notes, jc_error *err, const char *fmt, ...)
    JC_PRINTF(3, 4);
void jc_notes_free(jc_notes *notes); /* takes a zeroed one */

#endif
