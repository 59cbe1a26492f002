/* SPDX-License-Identifier: MIT */
/*
 * tokenizer.h: what a tokenizer is made of, and the two tables that new kinds join.
 *
 * A source (a kind of files) fills the same structures whatever they say: vocabulary, steps
 * of normalisation, of cutting and of decoding, and what the algorithm works from. An
 * algorithm turns one piece of text into ids. All else is the same for every tokenizer.
 */
#ifndef JC_TOKENIZER_IMPL_H
#define JC_TOKENIZER_IMPL_H

#include "base/file.h"
#include "store/gguf.h"
#include "text/added.h"
#include "text/bpe.h"
#include "text/cut.h"
#include "text/fallback.h"
#include "text/normal.h"
#include "text/steps.h"
#include "text/text.h"
#include "text/undo.h"
#include "text/vocab.h"

/* ---- the files of a folder ---- */

typedef enum jc_tokenizer_file {
    JC_FILE_TOKENIZER, /* tokenizer.json */
    JC_FILE_VOCAB,     /* vocab.json */
    JC_FILE_MERGES,    /* merges.txt */
    JC_FILE_CONFIG,    /* tokenizer_config.json */
    JC_FILE_SPECIAL,   /* special_tokens_map.json */
    JC_FILE_WORDS,     /* vocab.txt */
    JC_FILE_MODEL,     /* tokenizer.model */
    JC_FILE_ADDED,     /* added_tokens.json */
    JC_FILE_TEKKEN,    /* tekken.json */
    JC_FILE_RANKS,     /* tiktoken's: *.tiktoken, tiktoken.model, or tokenizer.model */
    JC_TOKENIZER_FILES
} jc_tokenizer_file;

typedef struct jc_tokenizer_files {
    const char *folder;                /* for messages */
    jc_gguf *gguf;                     /* of a GGUF file, which has no others */
    jc_mapped map[JC_TOKENIZER_FILES]; /* data is NULL where there is no such file */
    json_t *json[JC_TOKENIZER_FILES];  /* parsed; NULL where absent or no JSON */
} jc_tokenizer_files;

/* `path`: a folder, or a GGUF file. */
jc_status jc_tokenizer_files_open(jc_tokenizer_files *files, const char *path,
                                  jc_error *err) JC_NODISCARD;
void jc_tokenizer_files_close(jc_tokenizer_files *files); /* takes a zeroed one */

/* Parse what is mapped (`data`, `size`, `path` of each map). */
jc_status jc_tokenizer_files_parse(jc_tokenizer_files *files, jc_error *err) JC_NODISCARD;

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
 * a string, or an object with its "content"; NULL: none. */
const json_t *jc_tokenizer_files_role(const jc_tokenizer_files *files, jc_role role);
/* Whether they name it for a role, or as a special token without one. */
bool jc_tokenizer_files_special(const jc_tokenizer_files *files, const char *name);
/* The string of such a value, NULL where there is none. */
const json_t *jc_tokenizer_content(const json_t *value);

/* ---- the tables ---- */

/* What is used while a text is encoded; start from {0}. */
typedef struct jc_scratch {
    jc_bpe bpe;
    jc_ids ids;
    jc_bytes bytes;
    struct jc_best *best; /* [best_capacity] of unigram.c */
    size_t best_capacity;
} jc_scratch;

typedef struct jc_algorithm {
    const char *kind;
    /* Make tokenizer->model of what a source has filled. */
    jc_status (*prepare)(jc_tokenizer *tokenizer, jc_error *err);
    /* Ids of a piece, n > 0. */
    jc_status (*encode)(const jc_tokenizer *tokenizer, jc_scratch *scratch,
                        const char *piece, size_t n, jc_ids *ids, jc_error *err);
    void (*close)(void *model); /* takes NULL */
} jc_algorithm;

extern const jc_algorithm jc_byte_bpe, jc_char_bpe, jc_unigram, jc_wordpiece, jc_wordlevel;

typedef struct jc_source {
    bool (*probe)(const jc_tokenizer_files *files);
    const char *(*path)(const jc_tokenizer_files *files); /* of the vocabulary */
    /* Fill what the algorithm works from, and the steps. */
    jc_status (*read)(jc_tokenizer *tokenizer, const jc_tokenizer_files *files,
                      jc_error *err);
    /* Then, with steps and vocabulary there: added tokens, roles, what stands around. */
    jc_status (*finish)(jc_tokenizer *tokenizer, const jc_tokenizer_files *files,
                        jc_error *err);
} jc_source;

extern const jc_source jc_source_gguf, jc_source_json, jc_source_merges, jc_source_words,
    jc_source_model, jc_source_tiktoken, jc_source_tekken;

#define JC_NO_SCORE (-HUGE_VAL) /* not a piece of texts, but of other use */

struct jc_tokenizer {
    const jc_algorithm *algorithm;
    void *model; /* the algorithm's own */
    char *path;  /* of the vocabulary, for messages */
    jc_vocab vocab;
    jc_added added;
    jc_normal normal;
    jc_cut cut;
    jc_undo undo;

    /* what algorithms work from */
    jc_merges merges; /* of the two BPEs */
    uint32_t n_ranks; /* merges read, also those given twice */
    double *score;    /* [n_scores], natural logarithms, of "unigram"; of "bpe" in place
                         of merges: higher goes first */
    uint32_t n_scores;
    uint32_t unknown;    /* JC_NO_TOKEN: no token */
    bool fuse_unknown;   /* neighbours become one */
    bool byte_fallback;  /* what has no token becomes its bytes */
    bool ignore_merges;  /* a piece that is a token is taken whole */
    char *inside;        /* of "wordpiece": what tokens inside a word begin with */
    uint64_t word_limit; /* and characters of the longest word that is not unknown */

    const char *const *roles; /* [JC_ROLES] where the files name none; NULL: no names */
    bool framed;              /* without tokenizer.json: cls before a text, sep after it */
    uint32_t role[JC_ROLES];  /* JC_NO_TOKEN: no such token */
    jc_ids before, after;     /* what stands around each text */
};

/* jc_tokenizer_open() over files that are parsed already, borrowed for the call. */
jc_status jc_tokenizer_make(jc_tokenizer **out, const jc_tokenizer_files *files,
                            jc_error *err) JC_NODISCARD;

/* ---- what several sources use ---- */

/* A token with the flags of `token` (its id is set here) that texts are searched for. The
 * vocabulary gets it at `id`, or with JC_NO_TOKEN at the first free one, unless it has it
 * already. What is known to be an added token keeps its flags. */
jc_status jc_tokenizer_add_token(jc_tokenizer *tokenizer, const char *name, size_t n,
                                 uint64_t id, jc_added_token token, const char *path,
                                 jc_error *err) JC_NODISCARD;
/* The same with the flags of a JSON object, or without any. */
jc_status jc_tokenizer_add_json(jc_tokenizer *tokenizer, const json_t *name, uint64_t id,
                                const json_t *flags, const char *path,
                                jc_error *err) JC_NODISCARD;

/* Added tokens, roles and what stands around a text, from the JSON files. */
jc_status jc_tokenizer_read_roles(jc_tokenizer *tokenizer, const jc_tokenizer_files *files,
                                  jc_error *err) JC_NODISCARD;
jc_status jc_tokenizer_read_added(jc_tokenizer *tokenizer, const jc_tokenizer_files *files,
                                  jc_error *err) JC_NODISCARD;
jc_status jc_tokenizer_read_frame(jc_tokenizer *tokenizer, const jc_tokenizer_files *files,
                                  jc_error *err) JC_NODISCARD;
/* Both: the `finish` of most sources. */
jc_status jc_tokenizer_finish(jc_tokenizer *tokenizer, const jc_tokenizer_files *files,
                              jc_error *err) JC_NODISCARD;

/* A role's token before or after each text. E_FORMAT when there is no such token. */
jc_status jc_tokenizer_frame_role(jc_tokenizer *tokenizer, jc_ids *to, jc_role role,
                                  jc_error *err) JC_NODISCARD;

/* A merge of two tokens into the token that is both. `where` it is written ("line 3" or
 * "merge 3") is for messages. */
typedef struct jc_half {
    const char *name;
    size_t n;
} jc_half;
jc_status jc_tokenizer_merge(jc_tokenizer *tokenizer, jc_half left, jc_half right,
                             const char *path, const char *where, uint64_t number,
                             jc_error *err) JC_NODISCARD;
/* The same of "left right". */
jc_status jc_tokenizer_merge_pair(jc_tokenizer *tokenizer, const char *text, size_t n,
                                  const char *path, const char *where, uint64_t number,
                                  jc_error *err) JC_NODISCARD;

/* A BertNormalizer by its object in tokenizer.json, if any, and tokenizer_config.json,
 * which counts more. */
jc_status jc_bert_normal_read(jc_bert_normal *normal, const json_t *object,
                              const jc_tokenizer_files *files, jc_error *err) JC_NODISCARD;

/* All of BERT's but the vocabulary and the unknown token. */
jc_status jc_tokenizer_bert(jc_tokenizer *tokenizer, const jc_bert_normal *normal,
                            jc_error *err) JC_NODISCARD;

/* How sentencepiece writes a text, and what it makes of tokens. The map becomes the
 * tokenizer's; `unknown` is what the unknown token is written as. */
typedef struct jc_sentencepiece {
    bool dummy_prefix, remove_extra, escape;
    bool prefix_once; /* only where the text begins, not after a special token, and not
                         where a space is there already */
    jc_charsmap map;
    const char *unknown;
} jc_sentencepiece;
jc_status jc_tokenizer_sentencepiece(jc_tokenizer *tokenizer, jc_sentencepiece *how,
                                     jc_error *err) JC_NODISCARD;

/* Kinds of pieces, numbered alike by sentencepiece and GGUF. */
typedef enum jc_piece_type {
    JC_PIECE_NORMAL = 1,
    JC_PIECE_UNKNOWN,
    JC_PIECE_CONTROL,
    JC_PIECE_USER,
    JC_PIECE_UNUSED,
    JC_PIECE_BYTE
} jc_piece_type;

/* ---- for samples ---- */

/* As jc_tokenizer_encode(), without what stands around the text. Of a long one, hooks may
 * stop it. */
jc_status jc_tokenizer_encode_bare(const jc_tokenizer *tokenizer, const char *text,
                                   size_t length, const jc_hooks *hooks, jc_ids *ids,
                                   jc_error *err) JC_NODISCARD;

/* Append the text of a token as it is in the middle of a text. */
jc_status jc_tokenizer_token_text(const jc_tokenizer *tokenizer, uint32_t id,
                                  jc_bytes *text, jc_error *err) JC_NODISCARD;

/* A token that is not a part of a text: [SEP], <s>. The unknown token stands for a word. */
bool jc_tokenizer_is_special(const jc_tokenizer *tokenizer, uint32_t id);

#endif
