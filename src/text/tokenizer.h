/* SPDX-License-Identifier: MIT */
/*
 * tokenizer.h: what a tokenizer is made of, and the table that a new kind joins.
 *
 * The common part (vocabulary, tokens written out in texts, roles of tokens) is done for
 * every kind; a row turns the text between such tokens into ids, and ids into text.
 */
#ifndef JC_TOKENIZER_IMPL_H
#define JC_TOKENIZER_IMPL_H

#include "base/file.h"
#include "text/added.h"
#include "text/text.h"
#include "text/vocab.h"

/* ---- the files of a folder ---- */

typedef enum jc_tokenizer_file {
    JC_FILE_TOKENIZER, /* tokenizer.json */
    JC_FILE_VOCAB,     /* vocab.json */
    JC_FILE_MERGES,    /* merges.txt */
    JC_FILE_CONFIG,    /* tokenizer_config.json */
    JC_FILE_SPECIAL,   /* special_tokens_map.json */
    JC_TOKENIZER_FILES
} jc_tokenizer_file;

typedef struct jc_tokenizer_files {
    const char *folder;               /* for messages */
    jc_map map[JC_TOKENIZER_FILES];   /* data is NULL where there is no such file */
    json_t *json[JC_TOKENIZER_FILES]; /* parsed; NULL where absent or no JSON */
} jc_tokenizer_files;

jc_status jc_tokenizer_files_open(jc_tokenizer_files *files, const char *folder,
                                  jc_error *err) JC_NODISCARD;
void jc_tokenizer_files_close(jc_tokenizer_files *files); /* takes a zeroed one */

/* Parse what is mapped (`data`, `size`, `path` of each map). */
jc_status jc_tokenizer_files_parse(jc_tokenizer_files *files, jc_error *err) JC_NODISCARD;

/* "BPE", "WordPiece", ... of tokenizer.json, NULL without that file. */
const char *jc_tokenizer_files_model(const jc_tokenizer_files *files);

/* ---- the table ---- */

typedef struct jc_tokenizer_row {
    const char *kind;
    bool (*probe)(const jc_tokenizer_files *files);
    /* Fill tokenizer->vocab and tokenizer->model. */
    jc_status (*open)(jc_tokenizer *tokenizer, const jc_tokenizer_files *files,
                      jc_error *err);
    /* Ids of text[0..n), n > 0, in which no added token is left. */
    jc_status (*encode)(const jc_tokenizer *tokenizer, const char *text, size_t n,
                        jc_ids *ids, jc_error *err);
    /* Text of ids that all have a token. */
    jc_status (*decode)(const jc_tokenizer *tokenizer, const uint32_t *ids, size_t n,
                        jc_bytes *text, jc_error *err);
    void (*close)(void *model); /* takes NULL */
} jc_tokenizer_row;

extern const jc_tokenizer_row jc_tokenizer_byte_bpe;

enum { JC_ROLES = 7 };

struct jc_tokenizer {
    const jc_tokenizer_row *row;
    void *model; /* the row's own */
    jc_vocab vocab;
    jc_added added;
    uint32_t role[JC_ROLES]; /* in the order of jc_tokenizer_role_name() */
};

/* "bos", "eos", ...; NULL past the last. */
const char *jc_tokenizer_role_name(size_t i);

/* Added tokens and roles from what the files say; after the row's open(). */
jc_status jc_tokenizer_read_added(jc_tokenizer *tokenizer, const jc_tokenizer_files *files,
                                  jc_error *err) JC_NODISCARD;

/* jc_tokenizer_open() over files that are parsed already, borrowed for the call. */
jc_status jc_tokenizer_make(jc_tokenizer **out, const jc_tokenizer_files *files,
                            jc_error *err) JC_NODISCARD;

#endif
