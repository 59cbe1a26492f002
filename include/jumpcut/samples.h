/* SPDX-License-Identifier: MIT */
#ifndef JUMPCUT_SAMPLES_H
#define JUMPCUT_SAMPLES_H

/**
 * @file jumpcut/samples.h
 * The work list of a fit: a stream of texts as token ids with chosen positions.
 *
 * A stream holds one text at a time, so its memory does not depend on the corpus. As JSON
 * Lines a sample is {"ids":[...],"positions":[...],"split":"train"}, positions 0-based,
 * "split" (train or val) only when the texts were split.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jumpcut/hooks.h"
#include "jumpcut/options.h"
#include "jumpcut/tokenizer.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct jc_samples jc_samples;

typedef struct jc_samples_params {
    size_t size;
    const char *unit;      /* "line", "document" (blank-line-separated), "file" */
    const char *field;     /* of each object of a .jsonl file, "a.b.c" inside it. Default
                              "text". Of a list of chat messages: their contents */
    const char *positions; /* "all" of the text's own, or "one" at random, the text cut
                              after it; when masked: see there */
    uint64_t seed;
    uint64_t train;        /* texts of the training split; 0: no limit */
    uint64_t val;          /* texts of the validation split, disjoint; 0: no limit */
    const char *split;     /* which split to give: "train", "val", "all" */
    uint32_t context;      /* longest text in tokens, from the model; 0: no limit */
    uint32_t vocab;        /* ids are below this, from the model; 0: no limit */
    const jc_hooks *hooks; /* borrowed until close */
    /* For encoders: the positions are some of the text's, at random, and the mask token
     * stands there. "all": mask_rate of them, 1 at least; "one": 1, and the text is not
     * cut. Only texts of files can be masked. */
    bool masked;
    double mask_rate;   /* 0..1 of the positions that may be chosen */
    bool mask_specials; /* choose from [CLS], [SEP] and other special tokens too */
    /* Give texts of files that have no token too, rather than pass them over: samples
     * without positions. Not with masked or "one". */
    bool keep_empty;
    const jc_tokenizer *tokenizer; /* for jc_samples_from_source(): what this one puts
                                      around a text stands around the function's, too;
                                      borrowed until close. NULL: nothing */
} jc_samples_params;

#define jc_samples_params_init(p)                                                          \
    do {                                                                                   \
        size_t jc_n_;                                                                      \
        const jc_option *jc_rows_ = jc_samples_options(&jc_n_);                            \
        jc_option_defaults((p), sizeof *(p), jc_rows_, jc_n_);                             \
    } while (0)
JC_API const jc_option *jc_samples_options(size_t *n_rows);

typedef enum jc_split { JC_SPLIT_NONE, JC_SPLIT_TRAIN, JC_SPLIT_VAL } jc_split;

typedef struct jc_sample {
    uint64_t text;             /* its number in the stream's source, from 0 */
    const uint32_t *ids;       /* [n_ids], NULL at the end of the stream; with what the
                                  tokenizer puts around a text, and with the masks */
    size_t n_ids;              /* 1 or more; 0 for an empty text that was kept */
    const uint32_t *positions; /* [n_positions], ascending, each below n_ids */
    size_t n_positions;        /* 1 or more; 0 likewise */
    jc_split split;
} jc_sample;

/** Where a stream gets texts that are token ids already: fill *ids (emptied before the
 *  call) with the next text, or leave it empty at the end. */
typedef jc_status jc_samples_source_fn(void *arg, jc_ids *ids, jc_error *err);

/** Samples of text files. `paths[n_paths]`: files, "-" for standard input; `.gz` and `.zst`
 *  are read as they are, `.jsonl` (also .jsonl.gz) by `field`. Tokenizer borrowed until
 *  close. A text longer than the context is cut so that what stands around it, such as
 *  [CLS] and [SEP], stays; of a very long line or file, no more is read than the context
 *  can need, and a document is given in parts of 4 MiB. E_UNSUPPORTED when texts are to be
 *  masked and the tokenizer has no mask token. jc_samples_next() gives E_FORMAT for a file
 *  that is not UTF-8 text (UTF-16, Parquet, an archive), and E_MISMATCH when a text has a
 *  token that is not below params->vocab. */
JC_API jc_status jc_samples_from_text(jc_samples **out, const jc_tokenizer *tokenizer,
                                      const char *const *paths, size_t n_paths,
                                      const jc_samples_params *params,
                                      jc_error *err) JC_NODISCARD;

/** Where a stream gets texts as strings: set *text and *length to the next text, valid
 *  until the next call, or leave *text NULL at the end. */
typedef jc_status jc_samples_text_fn(void *arg, const char **text, size_t *length,
                                     jc_error *err);

/** Samples of a function's strings, each a text, as jc_samples_from_text() makes them of
 *  lines. With the unit "document" a long one is cut into windows of the context. */
JC_API jc_status jc_samples_from_strings(jc_samples **out, const jc_tokenizer *tokenizer,
                                         jc_samples_text_fn *next, void *arg,
                                         const jc_samples_params *params,
                                         jc_error *err) JC_NODISCARD;

/** Samples as jc_sample_line() writes them, taken as they are; `split` selects, the options
 *  that choose positions and texts are not used. */
JC_API jc_status jc_samples_from_file(jc_samples **out, const char *path,
                                      const jc_samples_params *params,
                                      jc_error *err) JC_NODISCARD;

/** Samples of a function's texts, which are taken as they are, but for what
 *  params->tokenizer puts around each. E_ARG when they are to be masked. */
JC_API jc_status jc_samples_from_source(jc_samples **out, jc_samples_source_fn *source,
                                        void *arg, const jc_samples_params *params,
                                        jc_error *err) JC_NODISCARD;

/** The next sample; what it points to is valid until the next call. At the end
 *  sample->ids is NULL and the status JC_OK; notes on what was cut or skipped are given
 *  to hooks->note then. A stream without any sample is an error (E_FORMAT). */
JC_API jc_status jc_samples_next(jc_samples *samples, jc_sample *sample,
                                 jc_error *err) JC_NODISCARD;

/** Whether the files have more texts than were given, as far as can be told without reading
 *  on: false where nothing is known. */
JC_API bool jc_samples_more(const jc_samples *samples);

/** How far the source has been read, for progress: bytes (or texts) done and in all;
 *  total 0 when it cannot be known. */
JC_API void jc_samples_position(const jc_samples *samples, jc_progress *progress);

JC_API void jc_samples_close(jc_samples *samples);

/** One sample as a line of JSON with its newline; *line is yours (free()). */
JC_API jc_status jc_sample_line(const jc_sample *sample, char **line,
                                jc_error *err) JC_NODISCARD;

#ifdef __cplusplus
}
#endif
#endif
