/* SPDX-License-Identifier: MIT */
/* lines.h: the lines of an input, one in memory at a time. */
#ifndef JC_LINES_H
#define JC_LINES_H

#include "text/input.h"
#include "text/text.h"

#define JC_LINE_LIMIT ((size_t)64 << 20) /* bytes; more is no line of text */

/* What becomes of a line that is longer than the limit. */
typedef enum jc_long {
    JC_LONG_REFUSED, /* it is E_FORMAT */
    JC_LONG_CUT,     /* it ends there, and the rest of it is passed over */
    JC_LONG_PARTED   /* the rest is the next line, of the same number */
} jc_long;

typedef struct jc_lines {
    jc_input *input; /* NULL when none is open */
    const char *path;
    jc_bytes line;   /* the line read last, without its end */
    uint64_t number; /* of that line, from 1 */
    char *buffer;    /* [at, n) is not given yet */
    size_t at, n;
    bool rest;    /* the line read last is longer than what was read of it, */
    char half[3]; /* [n_half]: the rest begins with these bytes */
    size_t n_half;
    uint64_t read; /* bytes since the call began, for hooks */

    /* set after open, where it matters */
    size_t limit; /* JC_LINE_LIMIT */
    jc_long longer;
    const jc_hooks *hooks; /* asked now and then inside a long line whether to go on */
} jc_lines;

/* Start from {0}; open may be called again after close. The path is borrowed. What begins
 * like no text is E_FORMAT (sniff.h). A byte-order mark of UTF-8 is dropped. */
jc_status jc_lines_open(jc_lines *lines, const char *path, jc_error *err) JC_NODISCARD;
void jc_lines_close(jc_lines *lines);
/* The next line, ended by LF, CR LF or the end of the file; *got is false at the end. */
jc_status jc_lines_next(jc_lines *lines, bool *got, jc_error *err) JC_NODISCARD;
/* Bytes of the file that were given out, for progress; of a compressed one about. */
uint64_t jc_lines_done(const jc_lines *lines);
/* All that is left, as one line, of at most `limit` bytes: no more of the file is read. */
jc_status jc_lines_all(jc_lines *lines, jc_error *err) JC_NODISCARD;

#endif
