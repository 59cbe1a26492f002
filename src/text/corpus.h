/* SPDX-License-Identifier: MIT */
/* corpus.h: texts out of files, one in memory at a time. */
#ifndef JC_CORPUS_H
#define JC_CORPUS_H

#include "text/input.h"
#include "text/text.h"

/* Lines of an input, of any length. */
typedef struct jc_lines {
    jc_input *input; /* NULL when none is open */
    const char *path;
    jc_bytes line;   /* the line read last, without its end */
    uint64_t number; /* of that line, from 1 */
    char *buffer;    /* [at, n) is not given yet */
    size_t at, n;
} jc_lines;

/* Start from {0}; open may be called again after close. The path is borrowed. */
jc_status jc_lines_open(jc_lines *lines, const char *path, jc_error *err) JC_NODISCARD;
void jc_lines_close(jc_lines *lines);
/* The next line, ended by LF, CR LF or the end of the file; *got is false at the end. A
 * byte-order mark at the start of the file is dropped. */
jc_status jc_lines_next(jc_lines *lines, bool *got, jc_error *err) JC_NODISCARD;

typedef enum jc_unit { JC_UNIT_LINE, JC_UNIT_DOCUMENT, JC_UNIT_FILE } jc_unit;

typedef struct jc_corpus jc_corpus;

/* Paths and field are copied. */
jc_status jc_corpus_open(jc_corpus **out, const char *const *paths, size_t n_paths,
                         jc_unit unit, const char *field, jc_error *err) JC_NODISCARD;
void jc_corpus_close(jc_corpus *corpus); /* takes NULL */

/* The next text that is not empty, or the next one after jc_corpus_keep_empty(): *text is
 * valid until the next call, NULL at the end. */
jc_status jc_corpus_next(jc_corpus *corpus, const char **text, size_t *length,
                         jc_error *err) JC_NODISCARD;

void jc_corpus_keep_empty(jc_corpus *corpus);

/* The first of its files, as messages name it, and how many there are. */
const char *jc_corpus_name(const jc_corpus *corpus, size_t *n_files);
uint64_t jc_corpus_empty(const jc_corpus *corpus); /* empty texts passed over so far */
/* Bytes of the files read so far, and in all: 0 when that cannot be known. */
void jc_corpus_bytes(const jc_corpus *corpus, uint64_t *done, uint64_t *total);

#endif
