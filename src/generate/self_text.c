/* SPDX-License-Identifier: MIT */
/* self_text.c: texts drawn from the model, in groups of SIDE with cached keys and values,
 * so that a step is one product of SIDE rows; each thread writes a group of its own. */
#include "jumpcut/generate.h"
#include "jumpcut/sequence.h"

#include <string.h>

#include "base/base.h"
#include "kernels/vector.h"

enum { SIDE = 64 };

typedef struct group {
    uint64_t first; /* number of its first text */
    size_t n;       /* texts */
    jc_session *session;
    float *logits; /* [SIDE, vocab] */
    jc_ids texts[SIDE];
    bool ended[SIDE];
    jc_rng rng[SIDE];
} group;

struct jc_self_text {
    const jc_model *model;
    int64_t start, end;
    jc_self_text_params params;
    uint32_t longest;
    uint64_t given, written; /* texts handed out, texts of the groups so far */
    group *groups;           /* [n_groups]: one a thread */
    size_t n_groups;
};

/* clang-format off */
static const jc_option rows[] = {
    {"self-text",   JC_OPTION_U64,  offsetof(jc_self_text_params, self_text),   0, 1e9, "0", NULL, "let the model write this many texts itself, in place of --text"},
    {"self-tokens", JC_OPTION_U32,  offsetof(jc_self_text_params, self_tokens), 1, 1e6, "64", NULL, "longest such text in tokens"},
    {"temperature", JC_OPTION_REAL, offsetof(jc_self_text_params, temperature), 0.01, 100, "1", NULL, "of the draw; 1 is the model's own distribution"},
};
/* clang-format on */

const jc_option *jc_self_text_options(size_t *n_rows)
{
    *n_rows = JC_COUNT(rows);
    return rows;
}

jc_status jc_self_text_new(jc_self_text **out, const jc_model *model, int64_t start,
                           int64_t end, const jc_self_text_params *params, jc_error *err)
{
    const jc_model_info *info = jc_model_get_info(model);

    *out = NULL;
    if (!info->causal)
        return jc_fail(err, JC_E_UNSUPPORTED, "'%s' is an encoder and cannot write texts",
                       info->path);
    if (!info->has_head)
        return jc_fail(err, JC_E_UNSUPPORTED,
                       "'%s' has no head, so it cannot write texts: give some", info->path);
    if (start >= (int64_t)info->vocab)
        return jc_fail(
            err, JC_E_MISMATCH,
            "the tokenizer's start token %lld is outside the vocabulary of %u of "
            "'%s'",
            (long long)start, info->vocab, info->path);
    jc_self_text *self = jc_alloc_array(1, sizeof *self);
    if (!self)
        return jc_fail_nomem(err, "texts to write");
    self->model = model;
    self->start = start;
    self->end = end;
    self->params = *params;
    /* one place of the context is the start token's */
    self->longest = info->context > 1 ? info->context - 1 : 1;
    if (params->self_tokens < self->longest)
        self->longest = params->self_tokens;
    self->n_groups = jc_threads_max();
    self->groups = jc_alloc_array(self->n_groups, sizeof *self->groups);
    jc_status st = self->groups ? JC_OK : jc_fail_nomem(err, "texts to write");
    for (size_t i = 0; i < self->n_groups && st == JC_OK; i++) {
        self->groups[i].logits = jc_matrix_new(SIDE, info->vocab, sizeof(float));
        st = self->groups[i].logits ? jc_session_new(&self->groups[i].session, model, err)
                                    : jc_fail_nomem(err, "texts to write");
    }
    if (st) {
        jc_self_text_free(self);
        return st;
    }
    *out = self;
    return JC_OK;
}

void jc_self_text_free(jc_self_text *self)
{
    if (!self)
        return;
    for (size_t g = 0; self->groups && g < self->n_groups; g++) {
        for (size_t i = 0; i < SIDE; i++)
            jc_ids_free(&self->groups[g].texts[i]);
        jc_session_free(self->groups[g].session);
        jc_free(self->groups[g].logits);
    }
    jc_free(self->groups);
    jc_free(self);
}

/* Draw from softmax(z / temperature); z is spent. */
static uint32_t draw(float *z, size_t n, double temperature, jc_rng *rng)
{
    float scale = (float)(1 / temperature);

    for (size_t i = 0; i < n; i++)
        z[i] *= scale;
    jc_vector_get()->softmax(n, z);
    double left = jc_rng_uniform(rng);
    for (size_t i = 0; i + 1 < n; i++) {
        left -= (double)z[i];
        if (left < 0)
            return (uint32_t)i;
    }
    return (uint32_t)(n - 1);
}

static jc_status append(jc_ids *ids, uint32_t id, jc_error *err)
{
    if (!jc_grow(&ids->id, &ids->capacity, ids->n + 1, sizeof *ids->id))
        return jc_fail_nomem(err, "texts to write");
    ids->id[ids->n++] = id;
    return JC_OK;
}

/* Extend every text that has not ended by the token drawn for it; `left` counts those. */
static jc_status extend(const jc_self_text *self, group *g, const uint32_t *next,
                        size_t *left, jc_error *err)
{
    *left = 0;
    for (size_t i = 0; i < g->n; i++) {
        if (g->ended[i])
            continue;
        g->ended[i] = next[i] == self->end && g->texts[i].n > 0;
        if (g->ended[i])
            continue;
        jc_status st = append(&g->texts[i], next[i], err);
        if (st)
            return st;
        g->ended[i] = g->texts[i].n >= self->longest;
        *left += !g->ended[i];
    }
    return JC_OK;
}

static void begin(const jc_self_text *self, group *g, uint32_t *next)
{
    uint32_t vocab = jc_model_get_info(self->model)->vocab;

    for (size_t i = 0; i < g->n; i++) {
        g->rng[i] = jc_rng_at(self->params.seed, g->first + i);
        g->texts[i].n = 0;
        g->ended[i] = false;
        next[i] = (uint32_t)self->start;
        if (self->start < 0)
            next[i] = (uint32_t)jc_rng_below(&g->rng[i], vocab);
    }
}

/* A sequence for each text of the group; each pass runs its next token. */
static jc_status make_feeds(const jc_self_text *self, const group *g, const uint32_t *next,
                            jc_feed *feeds, jc_error *err)
{
    jc_seq_params params;
    jc_status st = JC_OK;

    jc_seq_params_init(&params);
    params.room = self->longest + 1;
    for (size_t i = 0; i < g->n && st == JC_OK; i++) {
        feeds[i] = (jc_feed){.ids = &next[i], .n = 1};
        st = jc_seq_new(&feeds[i].seq, self->model, &params, err);
    }
    return st;
}

static jc_status write_group(void *arg, size_t number, jc_error *err)
{
    const jc_self_text *self = arg;
    group *g = &self->groups[number];
    size_t vocab = jc_model_get_info(self->model)->vocab, left = g->n;
    uint32_t next[SIDE];
    jc_feed feeds[SIDE] = {{.seq = NULL}};
    const float *h;

    if (g->n == 0)
        return JC_OK;
    begin(self, g, next);
    jc_status st = make_feeds(self, g, next, feeds, err);
    if (st == JC_OK && self->start < 0)
        st =
            extend(self, g, next, &left, err); /* a drawn first token is part of the text */
    while (st == JC_OK && left) {
        st = jc_session_extend(g->session, feeds, g->n, JC_PASS_PREFILL, &h, err);
        if (st == JC_OK)
            st = jc_model_readout(self->model, h, g->n, g->logits, err);
        if (st)
            break;
        for (size_t i = 0; i < g->n; i++)
            next[i] =
                draw(g->logits + i * vocab, vocab, self->params.temperature, &g->rng[i]);
        st = extend(self, g, next, &left, err);
    }
    for (size_t i = 0; i < g->n; i++)
        jc_seq_free(feeds[i].seq);
    return st;
}

static jc_status write_groups(jc_self_text *self, jc_error *err)
{
    self->written = self->given;
    for (size_t i = 0; i < self->n_groups; i++) {
        uint64_t missing = self->params.self_text - self->written;
        self->groups[i].first = self->written;
        self->groups[i].n = missing < SIDE ? (size_t)missing : SIDE;
        self->written += self->groups[i].n;
    }
    return jc_parallel(self->n_groups, write_group, self, err);
}

jc_status jc_self_text_next(void *arg, jc_ids *ids, jc_error *err)
{
    jc_self_text *self = arg;

    ids->n = 0;
    if (self->given == self->params.self_text)
        return JC_OK;
    if (self->given == self->written) {
        jc_status st = write_groups(self, err);
        if (st)
            return st;
    }
    uint64_t at = self->given - self->groups[0].first;
    const jc_ids *text = &self->groups[at / SIDE].texts[at % SIDE];
    self->given++;
    if (!jc_grow(&ids->id, &ids->capacity, text->n, sizeof *ids->id))
        return jc_fail_nomem(err, "texts to write");
    memcpy(ids->id, text->id, text->n * sizeof *ids->id);
    ids->n = text->n;
    return JC_OK;
}
