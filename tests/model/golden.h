/* SPDX-License-Identifier: MIT */
/* golden.h: the files of tests/golden/models, and models run on their texts. */
#ifndef JC_TEST_GOLDEN_H
#define JC_TEST_GOLDEN_H

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "jumpcut/model.h"
#include "jumpcut/sequence.h"
#include "kernels/kernels.h"
#include "store/store.h"
#include "support/check.h"

#define MODELS JC_SOURCE_DIR "/tests/golden/models/"

struct golden {
    jc_safetensors *file;
    uint32_t *ids, *positions;
    jc_text *texts;
    size_t n_texts, used; /* texts all of token type 0, and their rows: the first ones */
    size_t rows;          /* of all */
    float *states, *logits;
    uint32_t *logit_rows; /* [n_logits] */
    size_t taps, width, vocab, n_logits;
};

static inline float *read_all(const jc_safetensors *file, const char *name)
{
    const jc_tensor *tensor = jc_safetensors_find(file, name);

    assert_non_null(tensor);
    float *x = jc_matrix_new(tensor->count, 1, sizeof *x);
    assert_non_null(x);
    jc_tensor_read(tensor, 0, tensor->count, x);
    return x;
}

/* A tensor of whole numbers; NULL where it is not there. */
static inline uint32_t *read_whole(const jc_safetensors *file, const char *name, size_t *n)
{
    const jc_tensor *tensor = jc_safetensors_find(file, name);

    if (!tensor)
        return NULL;
    uint32_t *x = jc_alloc_array(tensor->count, sizeof *x);
    assert_non_null(x);
    memcpy(x, tensor->data, tensor->count * sizeof *x);
    *n = tensor->count;
    return x;
}

static inline void golden_open(struct golden *g, const char *name)
{
    char path[512];
    jc_error err = {JC_OK, ""};
    size_t n;

    memset(g, 0, sizeof *g);
    snprintf(path, sizeof path, MODELS "%s.golden.safetensors", name);
    if (jc_safetensors_open(&g->file, path, &err) != JC_OK)
        fail_msg("architecture without a golden file: %s", err.message);
    const jc_tensor *states = jc_safetensors_find(g->file, "states");
    g->taps = states->shape[0];
    g->width = states->shape[2];
    g->vocab = jc_safetensors_find(g->file, "logits")->shape[1];
    g->ids = read_whole(g->file, "ids", &g->rows);
    uint32_t *lengths = read_whole(g->file, "lengths", &g->n_texts);
    uint32_t *types = read_whole(g->file, "types", &n);
    g->positions = jc_alloc_array(g->rows, sizeof *g->positions);
    g->texts = jc_alloc_array(g->n_texts, sizeof *g->texts);
    for (size_t t = 0; t < g->n_texts; t++) {
        for (size_t i = g->used; types && i < g->used + lengths[t]; i++)
            if (types[i] != 0)
                g->n_texts = t;
        if (t == g->n_texts)
            break;
        g->texts[t] =
            (jc_text){g->ids + g->used, lengths[t], g->positions + g->used, lengths[t]};
        for (uint32_t i = 0; i < lengths[t]; i++)
            g->positions[g->used++] = i;
    }
    jc_free(lengths);
    jc_free(types);
    g->states = read_all(g->file, "states");
    g->logits = read_all(g->file, "logits");
    g->logit_rows = read_whole(g->file, "rows", &g->n_logits);
    if (!g->logit_rows) {
        g->n_logits = g->used;
        g->logit_rows = jc_alloc_array(g->n_logits, sizeof *g->logit_rows);
        for (uint32_t i = 0; i < g->n_logits; i++)
            g->logit_rows[i] = i;
    }
}

static inline void golden_close(struct golden *g)
{
    jc_safetensors_close(g->file);
    jc_free(g->ids);
    jc_free(g->positions);
    jc_free(g->texts);
    jc_free(g->states);
    jc_free(g->logits);
    jc_free(g->logit_rows);
}

static inline void check_rows(const float *got, const float *want, size_t rows, size_t d,
                              double tolerance, const char *what)
{
    for (size_t r = 0; r < rows; r++) {
        double largest = 0, worst = 0;
        for (size_t i = r * d; i < (r + 1) * d; i++) {
            double difference = fabs((double)got[i] - (double)want[i]);
            largest = fmax(largest, fabs((double)want[i]));
            worst = isnan(difference) ? HUGE_VAL : fmax(worst, difference);
        }
        if (worst > tolerance * largest)
            fail_msg("%s, row %zu: off by %.3g of %.3g", what, r, worst, largest);
    }
}

static inline jc_model *open_model(const char *path, const char *backend, const char *dtype)
{
    jc_model_params params;
    jc_error err = {JC_OK, ""};
    jc_model *model;

    jc_model_params_init(&params);
    params.backend = backend;
    params.dtype = dtype;
    if (jc_model_open(&model, path, &params, &err) != JC_OK)
        fail_msg("%s", err.message);
    return model;
}

static inline jc_session *run(const jc_model *model, const jc_text *texts, size_t n)
{
    jc_session *session;
    jc_error err = {JC_OK, ""};

    assert_int_equal(jc_session_new(&session, model, NULL), JC_OK);
    if (jc_session_run(session, texts, n, &err) != JC_OK)
        fail_msg("%s", err.message);
    return session;
}

/* States at every tap, against those of the golden file. */
static inline void check_states(const struct golden *g, const jc_session *session,
                                const char *name)
{
    char what[192];

    assert_int_equal(jc_session_rows(session), g->used);
    for (uint32_t tap = 0; tap < g->taps; tap++) {
        snprintf(what, sizeof what, "%s, tap %u", name, tap);
        check_rows(jc_session_states(session, tap), g->states + tap * g->rows * g->width,
                   g->used, g->width, 1e-5, what);
    }
}

static inline void check_model(const char *name, const char *path, const char *backend)
{
    struct golden g;
    char what[128];

    snprintf(what, sizeof what, "%s by %s", name, backend);
    golden_open(&g, name);
    jc_model *model = open_model(path, backend, "f32");
    const jc_model_info *info = jc_model_get_info(model);
    assert_int_equal(info->layers + 1, g.taps);
    assert_int_equal(info->width, g.width);
    bool bare = strstr(path, ".gguf") && !info->causal; /* whose heads are not there */
    assert_true(info->has_head != bare);
    jc_session *session = run(model, g.texts, g.n_texts);
    check_states(&g, session, what);

    if (bare)
        g.n_logits = 0;
    float *logits = jc_matrix_new(g.used, g.vocab, sizeof *logits);
    assert_int_equal(jc_model_readout(model, jc_session_states(session, info->layers),
                                      g.used, logits, NULL),
                     bare ? JC_E_UNSUPPORTED : JC_OK);
    snprintf(what, sizeof what, "%s by %s, logits", name, backend);
    for (size_t i = 0; i < g.n_logits; i++)
        check_rows(logits + g.logit_rows[i] * g.vocab, g.logits + i * g.vocab, 1, g.vocab,
                   1e-5, what);
    jc_free(logits);
    jc_session_free(session);
    jc_model_close(model);
    golden_close(&g);
}

#endif
