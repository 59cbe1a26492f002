/* SPDX-License-Identifier: MIT */
/* samples_impl.h: a stream of samples and its three kinds of source. */
#ifndef JC_SAMPLES_IMPL_H
#define JC_SAMPLES_IMPL_H

#include "jumpcut/samples.h"
#include "text/corpus.h"
#include "text/split.h"

/* A source of texts: told apart from their ids so that texts of the other split need not be
 * tokenized. */
typedef struct jc_texts_row {
    jc_status (*fetch)(jc_samples *s, bool *got, jc_error *err); /* the next text, if any */
    jc_status (*encode)(jc_samples *s, jc_error *err);           /* its ids into s->ids */
} jc_texts_row;

#define JC_NO_TEXT SIZE_MAX

struct jc_samples {
    jc_samples_params p; /* its texts are not valid after open: see below */
    jc_unit unit;
    bool one;      /* position a text; false: all */
    jc_split want; /* JC_SPLIT_NONE: all */
    jc_status (*next)(jc_samples *s, jc_sample *sample, jc_error *err);
    bool given; /* a sample */
    bool ended; /* the notes are given */

    /* sources of texts: exactly one of corpus, strings and function */
    const jc_texts_row *texts;
    jc_corpus *corpus;
    const jc_tokenizer *tokenizer;
    const char *text; /* [length], borrowed from the source */
    size_t length;
    jc_samples_text_fn *strings;
    jc_samples_source_fn *function;
    void *arg;

    /* a file of samples */
    jc_lines lines;
    char *path;

    jc_splitter splitter;
    uint64_t n_texts; /* fetched so far; with lines, samples read */
    uint64_t n_cut, n_empty;
    uint64_t n_unmaskable; /* texts, or windows of them */
    uint64_t n_bad;        /* texts that are not UTF-8; where the first one is: */
    const char *bad_path;
    uint64_t bad_line;
    uint32_t mask;    /* id of the mask token */
    size_t n_around;  /* tokens that stand around each text */
    jc_rng rng;       /* of the present text */
    jc_split split;   /* of the present text */
    jc_ids ids;       /* of the present text */
    size_t at;        /* ids given so far; JC_NO_TEXT before and between texts */
    jc_ids window;    /* of the present sample: a part of ids and what stands around it */
    jc_ids positions; /* of the present sample */
};

/* A stream with its options checked and nothing to read from yet. */
jc_status jc_samples_new(jc_samples **out, const jc_samples_params *params,
                         jc_error *err) JC_NODISCARD;

jc_status jc_texts_next(jc_samples *s, jc_sample *sample, jc_error *err);

/* What there is to note of the texts given so far. */
void jc_samples_note_texts(const jc_samples *s);

/* "1 text was", "12 texts were" and the like, when n > 0. */
void jc_samples_note(const jc_samples *s, uint64_t n, const char *one, const char *many);

#endif
