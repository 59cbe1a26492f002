/* SPDX-License-Identifier: MIT */
/* corpus.h: texts out of files, one in memory at a time. */
#ifndef JC_CORPUS_H
#define JC_CORPUS_H

#include "text/lines.h"

typedef enum jc_unit { JC_UNIT_LINE, JC_UNIT_DOCUMENT, JC_UNIT_FILE } jc_unit;

typedef struct jc_corpus_params {
    jc_unit unit;
    const char *field; /* of .jsonl: see jc_member_text(). NULL: "text" */
    /* The most bytes of a text that are of use, 0: all. The rest of a longer line or file
     * is not read; a longer document is given in parts, each of which is a text. */
    size_t limit;
    bool keep_empty; /* give empty texts too, rather than pass them over */
    const jc_hooks *hooks;
} jc_corpus_params;

typedef struct jc_corpus jc_corpus;

/* Paths and field are copied, hooks borrowed until close. */
jc_status jc_corpus_open(jc_corpus **out, const char *const *paths, size_t n_paths,
                         const jc_corpus_params *params, jc_error *err) JC_NODISCARD;
void jc_corpus_close(jc_corpus *corpus); /* takes NULL */

/* The next text: *text is valid until the next call, NULL at the end. */
jc_status jc_corpus_next(jc_corpus *corpus, const char **text, size_t *length,
                         jc_error *err) JC_NODISCARD;

/* Where the text that was given last begins or ends: the name of its file, as messages have
 * it, and the line. */
const char *jc_corpus_place(const jc_corpus *corpus, uint64_t *line);
/* That text continues in its file. */
bool jc_corpus_was_cut(const jc_corpus *corpus);

/* There are more texts, as far as what is in memory says. */
bool jc_corpus_more(const jc_corpus *corpus);

/* The first of its files, as messages name it, and how many there are. */
const char *jc_corpus_name(const jc_corpus *corpus, size_t *n_files);

typedef struct jc_corpus_counts {
    uint64_t empty, null; /* passed over so far: empty texts; null, in .jsonl */
    uint64_t halved; /* texts of .jsonl with half of a surrogate pair, read as U+FFFD */
    uint64_t parted; /* ends of texts inside a document that was too long */
} jc_corpus_counts;
jc_corpus_counts jc_corpus_count(const jc_corpus *corpus);

/* Bytes of the files read so far, and in all: 0 when that cannot be known. */
void jc_corpus_bytes(const jc_corpus *corpus, uint64_t *done, uint64_t *total);

#endif
