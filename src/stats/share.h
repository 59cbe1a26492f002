/* SPDX-License-Identifier: MIT */
/*
 * share.h: how a stream of texts is cut among those who share the work.
 *
 * A chunk ends with the text that brings it to 4,096 tokens, whoever runs it: share i of n
 * has the chunks i - 1, i - 1 + n, ... The cut depends on the texts alone, so it does not
 * matter how many share them, and as sums are whole numbers (exact.h), their total does not
 * either. Everyone reads the whole stream, which costs little beside running it.
 */
#ifndef JC_SHARE_H
#define JC_SHARE_H

#include "base/base.h"
#include "jumpcut/samples.h"

enum { JC_CHUNK_TOKENS = 4096, JC_SHARES_MAX = 1 << 16 };

typedef struct jc_share {
    uint32_t at, of; /* share at + 1 of `of` */
    uint64_t from;   /* the first chunk that is still to be run */
} jc_share;

/* "2/8", or NULL for all. E_ARG where there is no such share. */
jc_status jc_share_read(jc_share *share, const char *text, jc_error *err) JC_NODISCARD;
bool jc_share_has(const jc_share *share, uint64_t chunk);

/* Where the stream is, and a hash of all of its texts so far. */
typedef struct jc_cutter {
    uint64_t chunk, tokens; /* tokens in this chunk */
    uint64_t hash;
} jc_cutter;

/* The chunk of the next text. */
uint64_t jc_cutter_next(jc_cutter *cutter, const jc_sample *sample);

/* What sums hold of a stream whose texts are shared. */
typedef struct jc_shares {
    uint32_t of;        /* 0: not shared */
    unsigned char *has; /* [of] */
    uint64_t hash;      /* of all texts */
    uint64_t chunks;    /* all chunks below this one are in, in a share that continues */
    char *work;         /* "seed 1, unit line": what the texts were made by */
} jc_shares;

jc_status jc_shares_set(jc_shares *shares, const jc_share *share, const char *work,
                        jc_error *err) JC_NODISCARD;
void jc_shares_free(jc_shares *shares);
/* E_MISMATCH, naming the reason, unless both are of one stream and none is in both. */
jc_status jc_shares_alike(const jc_shares *into, const jc_shares *from,
                          jc_error *err) JC_NODISCARD;
void jc_shares_add(jc_shares *into, const jc_shares *from);
/* "2, 3 and 7", the shares that are in, or those that are not. */
void jc_shares_name(const jc_shares *shares, bool in, char *text, size_t size);

#endif
