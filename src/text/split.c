/* SPDX-License-Identifier: MIT */
/* split.c: selection sampling (Knuth, TAOCP 2, 3.4.2, algorithm S): with both numbers
 * given, the first train + val texts are divided exactly, and every division is equally
 * likely. */
#include "text/split.h"

#define SPLIT_STREAM 0x73706c6974u /* keeps these draws apart from those of positions */

jc_splitter jc_splitter_new(uint64_t seed, uint64_t train, uint64_t val, jc_split want)
{
    return (jc_splitter){
        .on = train || val || want != JC_SPLIT_NONE,
        .want = want,
        .seed = seed,
        .train = train,
        .val = val,
        .train_left = train,
        .val_left = val,
    };
}

jc_split jc_splitter_next(jc_splitter *s, uint64_t text)
{
    bool val;

    if (!s->on)
        return JC_SPLIT_NONE;
    jc_rng rng = jc_rng_at(s->seed ^ SPLIT_STREAM, text);
    if (s->train && s->val) {
        uint64_t left = s->train_left + s->val_left;
        if (left == 0)
            return JC_SPLIT_NONE;
        val = jc_rng_below(&rng, left) < s->val_left;
    } else if (s->train) {
        val = s->train_left == 0;
    } else if (s->val) {
        val = s->val_left > 0;
    } else {
        val = jc_rng_below(&rng, 4) == 0;
    }
    if (val && s->val_left)
        s->val_left--;
    if (!val && s->train_left)
        s->train_left--;
    return val ? JC_SPLIT_VAL : JC_SPLIT_TRAIN;
}

uint64_t jc_splitter_total(const jc_splitter *s)
{
    if (s->train && s->val)
        return s->train + s->val;
    if (s->want == JC_SPLIT_TRAIN)
        return s->train;
    return s->want == JC_SPLIT_VAL ? s->val : 0;
}

bool jc_splitter_full(const jc_splitter *s)
{
    bool no_train = s->train && s->train_left == 0, no_val = s->val && s->val_left == 0;

    if (s->want == JC_SPLIT_TRAIN)
        return no_train;
    if (s->want == JC_SPLIT_VAL)
        return no_val;
    return no_train && no_val;
}
