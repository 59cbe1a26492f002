/* SPDX-License-Identifier: MIT */
/* keep.c: maps kept in fewer bits, and how often a guess changes by it. */
#include "fit/keep.h"

#include <string.h>

#include "kernels/vector.h"
#include "stats/batch.h"

enum { ROWS = 32 };    /* read out at a time */
#define MOST_WORK 2e12 /* flops of read-outs, which limit the vectors */

struct work {
    const jc_model *model;
    const jc_shortcut *maps[2]; /* as they were, and as they are kept */
    size_t d, vocab;
    uint32_t layers;
    float *mapped, *logits; /* [ROWS, d], [ROWS, vocab] */
    uint32_t full[ROWS];    /* the model's own first guesses */
    uint64_t same[2], n;    /* guesses that are the model's, of so many */
    jc_error *err;
};

static uint64_t most_vectors(const struct work *w, size_t n_maps)
{
    double each = 2.0 * (double)w->d * (double)w->vocab * (double)(1 + 2 * n_maps);
    double most = MOST_WORK / each;

    return most < 64 ? 64 : most > 2048 ? 2048 : (uint64_t)most;
}

/* The first guesses of n states. */
static jc_status guess(struct work *w, const float *h, size_t n, uint32_t *first)
{
    jc_status st = jc_model_readout(w->model, h, n, w->logits, w->err);

    for (size_t i = 0; i < n && st == JC_OK; i++)
        first[i] = jc_vector_get()->top(w->vocab, w->logits + i * w->vocab).index;
    return st;
}

static jc_status one_map(struct work *w, int kept, uint32_t layer, const float *h, size_t n)
{
    uint32_t first[ROWS];
    jc_status st =
        jc_shortcut_apply(w->maps[kept], layer, w->layers, h, n, w->mapped, w->err);

    if (st == JC_OK)
        st = guess(w, w->mapped, n, first);
    for (size_t i = 0; i < n && st == JC_OK; i++)
        w->same[kept] += first[i] == w->full[i];
    return st;
}

/* Rows at .. at + n of the batch. */
static jc_status some_rows(struct work *w, const jc_batch *batch, size_t at, size_t n)
{
    jc_status st = guess(w, jc_batch_states(batch, w->layers) + at * w->d, n, w->full);

    for (uint32_t l = 0; l < w->layers && st == JC_OK; l++) {
        const float *h = jc_batch_states(batch, l) + at * w->d;
        if (!jc_shortcut_has(w->maps[0], l, w->layers))
            continue;
        st = one_map(w, 0, l, h, n);
        if (st == JC_OK)
            st = one_map(w, 1, l, h, n);
        w->n += n;
    }
    return st;
}

static jc_status read_texts(struct work *w, uint64_t most, const jc_texts *texts,
                            const jc_hooks *hooks, uint64_t *vectors)
{
    jc_samples *samples = NULL;
    jc_batch *batch = NULL;
    size_t rows = 1, n;
    jc_status st = texts->open(texts->arg, &samples, w->err);

    if (st == JC_OK)
        st = jc_batch_new(&batch, w->model, samples, (uint32_t)most,
                          "measuring what fewer bits take", hooks, w->err);
    while (st == JC_OK && *vectors < most) {
        st = jc_batch_next(batch, &rows, w->err);
        if (st || rows == 0)
            break;
        for (size_t at = 0; at < rows && *vectors < most && st == JC_OK; at += n) {
            n = rows - at < ROWS ? rows - at : ROWS;
            st = some_rows(w, batch, at, n);
            *vectors += n;
        }
    }
    jc_batch_free(batch);
    if (samples)
        texts->close(texts->arg, samples);
    return st;
}

static jc_status note(jc_shortcut *s, const char *key, double value, jc_error *err)
{
    char text[32];

    jc_real_format(value, text);
    return jc_shortcut_set_meta(s, key, text, err);
}

static jc_status measure(jc_shortcut *kept, const jc_shortcut *exact, const jc_model *model,
                         const jc_texts *texts, const jc_hooks *hooks, jc_error *err)
{
    const jc_model_info *info = jc_model_get_info(model);
    struct work w = {.model = model,
                     .maps = {exact, kept},
                     .d = info->width,
                     .vocab = info->vocab,
                     .layers = info->layers,
                     .err = err};
    uint64_t vectors = 0;
    size_t n_maps = 0;

    for (uint32_t l = 0; l < w.layers; l++)
        n_maps += jc_shortcut_has(exact, l, w.layers);
    if (n_maps == 0)
        return JC_OK;
    w.mapped = jc_matrix_new(ROWS, w.d, sizeof *w.mapped);
    w.logits = jc_matrix_new(ROWS, w.vocab, sizeof *w.logits);
    jc_status st = w.mapped && w.logits
                       ? read_texts(&w, most_vectors(&w, n_maps), texts, hooks, &vectors)
                       : jc_fail_nomem(err, "logits");
    double n = w.n ? (double)w.n : 1;
    if (st == JC_OK)
        st = note(kept, "store.p1", (double)w.same[1] / n, err);
    if (st == JC_OK)
        st = note(kept, "store.p1-loss", ((double)w.same[0] - (double)w.same[1]) / n, err);
    if (st == JC_OK)
        st = note(kept, "store.vectors", (double)vectors, err);
    jc_free(w.mapped);
    jc_free(w.logits);
    return st;
}

static jc_status copy_maps(jc_shortcut **out, const jc_shortcut *from, jc_error *err)
{
    jc_status st = jc_shortcut_new(out, from->form, from->layers, from->width, err);

    for (size_t i = 0; i < from->n && st == JC_OK; i++)
        if (!jc_shortcut_find_place(*out, &from->maps[i]->place))
            st = jc_shortcut_copy_map(*out, from->maps[i], err);
    return st;
}

jc_status jc_keep(jc_shortcut *shortcut, const char *type, const jc_model *model,
                  const jc_texts *texts, const jc_hooks *hooks, jc_error *err)
{
    jc_shortcut *exact = NULL;
    double error;
    bool can = model && texts && jc_model_get_info(model)->has_head;

    if (!type || strcmp(type, "f32") == 0)
        return JC_OK;
    jc_status st = can ? copy_maps(&exact, shortcut, err) : JC_OK;
    if (st == JC_OK)
        st = jc_shortcut_store(shortcut, type, &error, err);
    if (st == JC_OK)
        st = note(shortcut, "store.error", error, err);
    if (st == JC_OK && can)
        st = measure(shortcut, exact, model, texts, hooks, err);
    jc_shortcut_free(exact);
    return st;
}
