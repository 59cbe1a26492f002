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
    JC_FILE_WORDS,     /* vocab.txt */
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

/* The file that the vocabulary is read from: tokenizer.json, vocab.json where merges.txt is
 * too, or vocab.txt; JC_TOKENIZER_FILES when there is none of these. */
jc_tokenizer_file jc_tokenizer_files_vocab(const jc_tokenizer_files *files);

/* "BPE", "WordPiece", ... of tokenizer.json, NULL without that file. */
const char *jc_tokenizer_files_model(const jc_tokenizer_files *files);

/* ---- small things for reading JSON ---- */

/* object.type is `type`. */
bool jc_json_is_type(const json_t *object, const char *type);

/* E_UNSUPPORTED: "cannot read 'path': <what> is not supported". */
jc_status jc_tokenizer_refuse(const char *path, const char *what, jc_error *err);

/* ---- roles ---- */

enum { JC_ROLES = 7 };

/* The same order everywhere: see jc_tokenizer_role_name(). */
typedef enum jc_role {
    JC_ROLE_BOS,
    JC_ROLE_EOS,
    JC_ROLE_UNK,
    JC_ROLE_PAD,
    JC_ROLE_CLS,
    JC_ROLE_SEP,
    JC_ROLE_MASK
} jc_role;

/* Tokens that have a role where no file says which has; NULL: none. */
typedef const char *const jc_role_names[JC_ROLES];
extern jc_role_names jc_roles_gpt2, jc_roles_roberta, jc_roles_bert;

/* "bos", "eos", ...; NULL past the last. */
const char *jc_tokenizer_role_name(size_t i);

/* The token that tokenizer_config.json, or else special_tokens_map.json, names for a role:
 * a string, or NULL. */
const json_t *jc_tokenizer_files_role(const jc_tokenizer_files *files, jc_role role);

/* ---- the table ---- */

typedef struct jc_tokenizer_row {
    const char *kind;
    bool (*probe)(const jc_tokenizer_files *files);
    /* Fill tokenizer->vocab, ->model, ->roles and ->framed. */
    jc_status (*open)(jc_tokenizer *tokenizer, const jc_tokenizer_files *files,
                      jc_error *err);
    /* Append the text as it is before words are looked for. NULL: texts stay as they are.
     */
    jc_status (*normalize)(const jc_tokenizer *tokenizer, const char *text, size_t n,
                           jc_bytes *out, jc_error *err);
    /* Ids of a normal text[0..n), n > 0, in which no added token is left. */
    jc_status (*encode)(const jc_tokenizer *tokenizer, const char *text, size_t n,
                        jc_ids *ids, jc_error *err);
    /* Text of ids that all have a token. `whole`: of all ids; else of the runs between
     * added tokens, which are written as they are. */
    bool whole;
    jc_status (*decode)(const jc_tokenizer *tokenizer, const uint32_t *ids, size_t n,
                        jc_bytes *text, jc_error *err);
    void (*close)(void *model); /* takes NULL */
} jc_tokenizer_row;

extern const jc_tokenizer_row jc_tokenizer_byte_bpe;
extern const jc_tokenizer_row jc_tokenizer_wordpiece;

struct jc_tokenizer {
    const jc_tokenizer_row *row;
    void *model; /* the row's own */
    jc_vocab vocab;
    jc_added added;
    char *path;               /* of the vocabulary, for messages */
    const char *const *roles; /* [JC_ROLES] where the files name none; NULL: no names */
    bool framed;              /* without tokenizer.json: cls before a text, sep after it */
    uint32_t role[JC_ROLES];  /* JC_NO_TOKEN: no such token */
    jc_ids before, after;     /* what stands around each text */
};

/* Added tokens and roles from what the files say; after the row's open(). */
jc_status jc_tokenizer_read_added(jc_tokenizer *tokenizer, const jc_tokenizer_files *files,
                                  jc_error *err) JC_NODISCARD;

/* What stands around a text, from the post-processor of tokenizer.json or the roles; after
 * jc_tokenizer_read_added(). */
jc_status jc_tokenizer_read_frame(jc_tokenizer *tokenizer, const jc_tokenizer_files *files,
                                  jc_error *err) JC_NODISCARD;

/* jc_tokenizer_open() over files that are parsed already, borrowed for the call. */
jc_status jc_tokenizer_make(jc_tokenizer **out, const jc_tokenizer_files *files,
                            jc_error *err) JC_NODISCARD;

/* ---- for samples ---- */

/* As jc_tokenizer_encode(), without what stands around the text. */
jc_status jc_tokenizer_encode_bare(const jc_tokenizer *tokenizer, const char *text,
                                   size_t length, jc_ids *ids, jc_error *err) JC_NODISCARD;

/* A token that is no part of a text: [SEP], <s>. The unknown token stands for a word. */
bool jc_tokenizer_is_special(const jc_tokenizer *tokenizer, uint32_t id);

#endif
