/* SPDX-License-Identifier: MIT */
/* told.h: what jc_generate() tells, kept to be compared: with drafts and without. */
#ifndef JC_TESTS_TOLD_H
#define JC_TESTS_TOLD_H

#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "jumpcut/generate.h"
#include "support/check.h"

#define GOLDEN JC_SOURCE_DIR "/tests/golden/models/"
#define TINY   GOLDEN "tiny-gpt2"

enum { MOST = 8, LONG = 600 };
struct told {
    struct {
        uint32_t id[LONG];
        double logprob[LONG];
        size_t n;
        jc_end end;
    } seq[MOST];
    size_t stop_after; /* tokens of sequence 1; 0: never */
};

static inline bool on_token(void *arg, const jc_token *token)
{
    struct told *told = arg;

    assert_true(token->sequence < MOST);
    size_t n = told->seq[token->sequence].n++;
    assert_true(n < LONG);
    assert_int_equal(told->seq[token->sequence].end, JC_END_NOT);
    told->seq[token->sequence].id[n] = token->id;
    told->seq[token->sequence].logprob[n] = token->logprob;
    told->seq[token->sequence].end = token->end;
    return token->sequence != 1 || told->stop_after == 0 || n + 1 < told->stop_after;
}

static inline jc_model *open(const char *path)
{
    jc_model *model;
    jc_error err;

    if (jc_model_open(&model, path, NULL, &err))
        fail_msg("%s", err.message);
    return model;
}

static inline struct told *run(const jc_model *model, const jc_prompt *prompts, size_t n,
                               const jc_generate_params *params, size_t stop_after)
{
    struct told *told = calloc(1, sizeof *told);
    jc_error err;

    assert_non_null(told);
    told->stop_after = stop_after;
    if (jc_generate(model, prompts, n, params, on_token, told, &err))
        fail_msg("%s", err.message);
    return told;
}

/* The same text, log-probabilities and ends with these drafts as without. Returns the
 * drafts that were right. */
static inline uint64_t check(const jc_model *model, const jc_prompt *prompts, size_t n,
                             const jc_generate_params *params, const char *draft,
                             uint32_t nodes, size_t stop_after, const struct told *plain)
{
    jc_generate_params own = *params;
    jc_generate_stats stats = {.size = sizeof stats};

    own.draft = draft;
    own.draft_nodes = nodes;
    own.stats = &stats;
    struct told *told = run(model, prompts, n, &own, stop_after);
    for (size_t i = 0; i < n; i++) {
        if (told->seq[i].n != plain->seq[i].n ||
            memcmp(told->seq[i].id, plain->seq[i].id, sizeof told->seq[i].id) != 0)
            fail_msg("%s: '%s' with %u drafts writes another text after prompt %zu",
                     jc_model_get_info(model)->path, draft, nodes, i);
        assert_int_equal(told->seq[i].end, plain->seq[i].end);
    }
    assert_memory_equal(told, plain, sizeof *told);
    free(told);
    assert_true(stats.tokens <= stats.turns + stats.accepted);
    assert_true(nodes == 0 || stats.drafted <= stats.turns * nodes);
    return stats.accepted;
}

static inline void fill(uint32_t *ids, size_t n, uint64_t seed, uint32_t vocab)
{
    jc_rng rng = {seed};

    for (size_t i = 0; i < n; i++)
        ids[i] = (uint32_t)jc_rng_below(&rng, vocab);
}

#endif
