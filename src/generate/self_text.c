/* SPDX-License-Identifier: MIT */
/* self_text.c: texts drawn from the model, in groups of SIDE, so that a step is one product
 * of SIDE rows; each thread writes a group of its own. */
#include "jumpcut/generate.h"

#include <string.h>

#include "generate/writer.h"
#include "kernels/kernels.h"
#include "model/session.h"

enum { SIDE = JC_LOGIT_ROWS };

typedef struct group {
    uint64_t first; /* number of its first text */
    size_t n;       /* texts */
    jc_writer writer;
} group;

struct jc_self_text {
    const jc_model *model;
    int64_t start, end;
    jc_self_text_params params;
    uint32_t longest;
    uint64_t given, written; /* texts handed out, texts of the groups so far */
    group *groups;           /* [n_groups]: one per thread */
    size_t n_groups;
};

/* clang-format off */
static const jc_option rows[] = {
    {"self-text",   JC_OPTION_U64,  offsetof(jc_self_text_params, self_text),   0, 1e9, "0", NULL, "let the model write this many texts itself, in place of --text"},
    {"self-tokens", JC_OPTION_U32,  offsetof(jc_self_text_params, self_tokens), 1, 1e6, "64", NULL, "longest such text in tokens"},
    {"temperature", JC_OPTION_REAL, offsetof(jc_self_text_params, temperature), 0.01, 100, "1", NULL, "temperature at which these texts are drawn; 1 is the model's own distribution"},
};
/* clang-format on */

const jc_option *jc_self_text_options(size_t *n_rows)
{
    if (n_rows)
        *n_rows = JC_COUNT(rows);
    return rows;
}

static jc_status check(const jc_model_info *info, int64_t start, jc_error *err)
{
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
    return JC_OK;
}

jc_status jc_self_text_new(jc_self_text **out, const jc_model *model, int64_t start,
                           int64_t end, const jc_self_text_params *params, jc_error *err)
{
    JC_USE_THREADS(jc_model_threads(model));
    jc_self_text_params p;

    jc_status st = jc_want_out(out, err);
    jc_self_text_params_init(&p);
    if (st == JC_OK)
        st = jc_model_ready(model, err);
    if (st == JC_OK)
        st = jc_params_take(&p, sizeof p, params, rows, JC_COUNT(rows), err);
    if (st)
        return st;
    const jc_model_info *info = jc_model_get_info(model);
    params = &p;
    st = check(info, start, err);
    if (st)
        return st;
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
    st = self->groups ? JC_OK : jc_fail_nomem(err, "texts to write");
    for (size_t i = 0; i < self->n_groups && st == JC_OK; i++) {
        jc_writer *writer = &self->groups[i].writer;
        st = jc_writer_init(writer, model, SIDE, 1, err);
        writer->kind = JC_PASS_PREFILL;
        writer->sampling = (jc_sampling){
            .repeat_penalty = 1, .temperature = params->temperature, .top_p = 1};
        writer->seed = params->seed;
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
    for (size_t g = 0; self->groups && g < self->n_groups; g++)
        jc_writer_free(&self->groups[g].writer);
    jc_free(self->groups);
    jc_free(self);
}

/* Where the first token is drawn, it is part of the text. */
static size_t length(const jc_self_text *self, const jc_written *text)
{
    return self->start < 0 ? text->ids.n : text->ids.n - 1;
}

/* Each text of the group begins with the start token, or with one drawn from all alike. */
static jc_status begin(const jc_self_text *self, group *g, jc_error *err)
{
    jc_writer *writer = &g->writer;
    jc_status st = JC_OK;

    for (size_t i = 0; i < g->n && st == JC_OK; i++) {
        double u = jc_draw_uniform(self->params.seed, g->first + i, 0);
        uint32_t id = (uint32_t)self->start;
        if (self->start < 0)
            id = (uint32_t)(u * jc_model_get_info(self->model)->vocab);
        writer->text[i].number = g->first + i;
        st = jc_writer_begin(writer, i, &id, 1, self->longest + 1, "f32", err);
        if (st == JC_OK && length(self, &writer->text[i]) >= self->longest)
            jc_writer_end(writer, i);
    }
    return st;
}

/* What was drawn for text i joins it, unless it is the token that ends a text. */
static jc_status extend(const jc_self_text *self, jc_writer *writer, size_t i,
                        jc_error *err)
{
    const jc_written *text = &writer->text[i];

    if (text->next == self->end && length(self, text) > 0) {
        jc_writer_end(writer, i);
        return JC_OK;
    }
    jc_status st = jc_writer_take(writer, i, err);
    if (length(self, text) >= self->longest)
        jc_writer_end(writer, i);
    return st;
}

static jc_status write_group(void *arg, size_t number, jc_error *err)
{
    const jc_self_text *self = arg;
    group *g = &self->groups[number];
    jc_writer *writer = &g->writer;
    size_t left = g->n;
    jc_status st = begin(self, g, err);

    while (st == JC_OK && left) {
        st = jc_writer_step(writer, &left, err);
        for (size_t k = 0; k < left && st == JC_OK; k++)
            st = extend(self, writer, writer->running[k], err);
    }
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
    if (jc_want(arg, "self", err))
        return JC_E_ARG;
    if (jc_want(ids, "ids", err))
        return JC_E_ARG;
    jc_self_text *self = arg;
    JC_USE_THREADS(jc_model_threads(self->model));

    ids->n = 0;
    if (self->given == self->params.self_text)
        return JC_OK;
    if (self->given == self->written) {
        jc_status st = write_groups(self, err);
        if (st)
            return st;
    }
    uint64_t at = self->given - self->groups[0].first;
    const jc_ids *text = &self->groups[at / SIDE].writer.text[at % SIDE].ids;
    size_t skip = self->start < 0 ? 0 : 1, n = text->n - skip;
    self->given++;
    if (!jc_grow(&ids->id, &ids->capacity, n, sizeof *ids->id))
        return jc_fail_nomem(err, "texts to write");
    memcpy(ids->id, text->id + skip, n * sizeof *ids->id);
    ids->n = n;
    return JC_OK;
}
