/* SPDX-License-Identifier: MIT */
/*
 * text_stream.h: a stream into memory. Other than open_memstream() of glibc, it tells when
 * memory was short, if only once in the middle.
 */
#ifndef JC_TEXT_STREAM_H
#define JC_TEXT_STREAM_H

#include <stdio.h>

#include "base/base.h"

typedef struct jc_text_stream {
    char *text; /* [length], then a zero */
    size_t length, room;
} jc_text_stream;

/* NULL when memory is short. *to stays where it is until the stream is closed. */
FILE *jc_text_stream_open(jc_text_stream *to) JC_NODISCARD;

/* Close it. Unless all has arrived, which `st` says of what was written, `what` is what was
 * to be made, and nothing is given: *text is jc_free()'s. */
jc_status jc_text_stream_close(FILE *f, jc_text_stream *to, jc_status st, const char *what,
                               char **text, size_t *length, jc_error *err) JC_NODISCARD;

#endif
