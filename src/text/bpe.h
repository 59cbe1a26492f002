/* SPDX-License-Identifier: MIT */
/* bpe.h: byte-pair encoding of one piece, in ids. Knows nothing of bytes or files. */
#ifndef JC_BPE_H
#define JC_BPE_H

#include "text/vocab.h"

typedef struct jc_merge {
    uint64_t pair; /* left id << 32 | right id */
    uint32_t rank; /* lower goes first */
    uint32_t id;   /* of both as one */
} jc_merge;

typedef struct jc_merges {
    jc_merge *slot; /* [n_slots], a power of two; pair UINT64_MAX when free */
    size_t n_slots, n;
} jc_merges;

bool jc_merges_init(jc_merges *merges, size_t expected) JC_NODISCARD;
void jc_merges_free(jc_merges *merges);
/* A pair that is known takes the new rank and id, as in the reference. */
bool jc_merges_add(jc_merges *merges, uint32_t left, uint32_t right, uint32_t rank,
                   uint32_t id) JC_NODISCARD;
const jc_merge *jc_merges_find(const jc_merges *merges, uint32_t left, uint32_t right);

/* Scratch of one encoding; start from {0}. */
typedef struct jc_bpe_symbol {
    uint32_t id;         /* JC_NO_TOKEN once merged into its left neighbour */
    uint32_t prev, next; /* UINT32_MAX at the ends */
} jc_bpe_symbol;

typedef struct jc_bpe_candidate {
    uint32_t rank, at, id;
} jc_bpe_candidate;

typedef struct jc_bpe {
    jc_bpe_symbol *symbol; /* [n]: fill .id of each, then jc_bpe_merge() */
    size_t n, capacity;
    jc_bpe_candidate *heap;
    size_t n_heap, heap_capacity;
} jc_bpe;

/* Make symbol[] hold n. */
bool jc_bpe_start(jc_bpe *bpe, size_t n) JC_NODISCARD;
/* Merge symbol[0..n) until no merge is left, and append what remains to ids. Time grows
 * as n log n. */
bool jc_bpe_merge(jc_bpe *bpe, const jc_merges *merges, jc_ids *ids) JC_NODISCARD;
void jc_bpe_free(jc_bpe *bpe);

#endif
