/* SPDX-License-Identifier: MIT */
/* self_text.c: texts drawn from the model, SIDE of them at a time with cached keys and
 * values, so that a step is one product of SIDE rows. */
#include "jumpcut/generate.h"

#include <string.h>

#include "base/base.h"
#include "kernels/vector.h"
#include "model/session.h"

enum { SIDE = 64 };

struct jc_self_text {
    const jc_model *model;
    jc_session *session;
    int64_t start, end;
    jc_self_text_params params;
    uint32_t longest;
    uint64_t given;  /* texts handed out */
    size_t held, at; /* texts in the group, and the next one to give */
    jc_ids texts[SIDE];
    bool ended[SIDE];
    jc_rng rng[SIDE];
    float *logits; /* [SIDE, vocab] */
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
    self->logits = jc_matrix_new(SIDE, info->vocab, sizeof *self->logits);
    jc_status st = self->logits ? jc_session_new(&self->session, model, err)
                                : jc_fail_nomem(err, "texts to write");
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
    for (size_t i = 0; i < SIDE; i++)
        jc_ids_free(&self->texts[i]);
    jc_session_free(self->session);
    jc_free(self->logits);
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

struct draws {
    jc_self_text *self;
    uint32_t *next; /* [held] */
};

static jc_status draw_one(void *arg, size_t i, jc_error *err)
{
    const struct draws *draws = arg;
    jc_self_text *self = draws->self;
    size_t vocab = jc_model_get_info(self->model)->vocab;

    (void)err;
    draws->next[i] =
        draw(self->logits + i * vocab, vocab, self->params.temperature, &self->rng[i]);
    return JC_OK;
}

static jc_status append(jc_ids *ids, uint32_t id, jc_error *err)
{
    if (!jc_grow(&ids->id, &ids->capacity, ids->n + 1, sizeof *ids->id))
        return jc_fail_nomem(err, "texts to write");
    ids->id[ids->n++] = id;
    return JC_OK;
}

/* Extend every text that has not ended by the token drawn for it; `left` counts those. */
static jc_status extend(jc_self_text *self, const uint32_t *next, size_t *left,
                        jc_error *err)
{
    *left = 0;
    for (size_t i = 0; i < self->held; i++) {
        if (self->ended[i])
            continue;
        self->ended[i] = next[i] == self->end && self->texts[i].n > 0;
        if (self->ended[i])
            continue;
        jc_status st = append(&self->texts[i], next[i], err);
        if (st)
            return st;
        self->ended[i] = self->texts[i].n >= self->longest;
        *left += !self->ended[i];
    }
    return JC_OK;
}

static void begin_group(jc_self_text *self, uint32_t *next)
{
    uint64_t missing = self->params.self_text - self->given;

    self->held = missing < SIDE ? (size_t)missing : SIDE;
    self->at = 0;
    for (size_t i = 0; i < self->held; i++) {
        self->rng[i] = jc_rng_at(self->params.seed, self->given + i);
        self->texts[i].n = 0;
        self->ended[i] = false;
        next[i] = (uint32_t)self->start;
        if (self->start < 0)
            next[i] = (uint32_t)jc_rng_below(&self->rng[i],
                                             jc_model_get_info(self->model)->vocab);
    }
}

static jc_status write_group(jc_self_text *self, jc_error *err)
{
    uint32_t next[SIDE];
    struct draws draws = {self, next};
    jc_cache *cache;
    const float *h;

    begin_group(self, next);
    size_t left = self->held;
    jc_status st = jc_cache_new(&cache, self->model, self->held, err);
    if (st == JC_OK && self->start < 0)
        st = extend(self, next, &left, err); /* a drawn first token is part of the text */
    while (st == JC_OK && left) {
        st = jc_session_step(self->session, cache, next, &h, err);
        if (st == JC_OK)
            st = jc_model_readout(self->model, h, self->held, self->logits, err);
        if (st == JC_OK)
            st = jc_parallel(self->held, draw_one, &draws, err);
        if (st == JC_OK)
            st = extend(self, next, &left, err);
    }
    jc_cache_free(cache);
    return st;
}

jc_status jc_self_text_next(void *arg, jc_ids *ids, jc_error *err)
{
    jc_self_text *self = arg;

    ids->n = 0;
    if (self->given == self->params.self_text)
        return JC_OK;
    if (self->at == self->held) {
        jc_status st = write_group(self, err);
        if (st)
            return st;
    }
    const jc_ids *text = &self->texts[self->at++];
    self->given++;
    if (!jc_grow(&ids->id, &ids->capacity, text->n, sizeof *ids->id))
        return jc_fail_nomem(err, "texts to write");
    memcpy(ids->id, text->id, text->n * sizeof *ids->id);
    ids->n = text->n;
    return JC_OK;
}
