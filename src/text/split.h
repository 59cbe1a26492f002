/* SPDX-License-Identifier: MIT */
/* split.h: which texts are for training and which for validation. The same options say the
 * same of every text, whoever asks and for which of the two. */
#ifndef JC_SPLIT_H
#define JC_SPLIT_H

#include "base/base.h"
#include "jumpcut/samples.h"

typedef struct jc_splitter {
    bool on;       /* false: every text is JC_SPLIT_NONE */
    jc_split want; /* JC_SPLIT_NONE: both */
    uint64_t seed;
    uint64_t train, val;           /* texts asked for, 0: no limit */
    uint64_t train_left, val_left; /* of those */
} jc_splitter;

jc_splitter jc_splitter_new(uint64_t seed, uint64_t train, uint64_t val, jc_split want);

/* The split of text number `text`; to be called for 0, 1, 2, ... */
jc_split jc_splitter_next(jc_splitter *splitter, uint64_t text);

/* How many texts there are up to the last one that can be wanted; 0: no limit. */
uint64_t jc_splitter_total(const jc_splitter *splitter);

/* No later text can be one that is wanted. */
bool jc_splitter_full(const jc_splitter *splitter);

#endif
