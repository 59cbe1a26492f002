/* SPDX-License-Identifier: MIT */
/* input.h: the bytes of a file or of standard input, taken out of gzip or zstd where the
 * first bytes say so. */
#ifndef JC_INPUT_H
#define JC_INPUT_H

#include "base/base.h"

typedef struct jc_input jc_input;

/* "-" is standard input. The path is borrowed until close. */
jc_status jc_input_open(jc_input **out, const char *path, jc_error *err) JC_NODISCARD;
void jc_input_close(jc_input *input); /* takes NULL */

/* The next bytes, at most `room` (> 0) of them; *n is 0 at the end. A compressed file that
 * ends early or is damaged is E_FORMAT. */
jc_status jc_input_read(jc_input *input, char *out, size_t room, size_t *n,
                        jc_error *err) JC_NODISCARD;

uint64_t jc_input_done(const jc_input *input); /* bytes of the file itself, read so far */
uint64_t jc_input_size(const char *path);      /* 0 when it cannot be known */
const char *jc_input_name(const char *path);   /* for messages: "standard input" for "-" */

#endif
