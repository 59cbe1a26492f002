/* SPDX-License-Identifier: MIT */
#include "stats/batch.h"

#include <string.h>

#include "kernels/kernels.h"
#include "model/session.h"

/* Enough for each thread to have two slices of 256 rows; states of every layer are kept for
 * all of them, which bounds it for wide and deep models. */
enum { TOKENS_A_THREAD = 512, STATE_BYTES = 64 << 20 };

struct jc_batch {
    jc_samples *samples;
    jc_session *session;
    const char *stage;
    const jc_hooks *hooks;
    const jc_model_info *info;
    bool chosen;    /* by the caller: the budget */
    size_t budget;  /* tokens */
    jc_sample next; /* read but not yet run; ids NULL when there is none */
    bool ended;
    jc_ids ids;                   /* of all texts, one after another */
    uint32_t *positions, *owners; /* [rows] */
    size_t rows, positions_capacity, owners_capacity;
    jc_text *texts;
    size_t n_texts, texts_capacity;
};

/* `more`: states kept of each token, beyond those of the layer taps. */
static void choose_budget(jc_batch *batch, size_t more)
{
    size_t taps = (size_t)batch->info->layers + 1 + more;
    size_t most = STATE_BYTES / (taps * batch->info->width * sizeof(float));

    if (batch->chosen)
        return;
    batch->budget = (size_t)jc_threads_max() * TOKENS_A_THREAD;
    if (batch->budget > most)
        batch->budget = most;
}

jc_status jc_batch_new(jc_batch **out, const jc_model *model, jc_samples *samples,
                       uint32_t tokens, const char *stage, const jc_hooks *hooks,
                       jc_error *err)
{
    *out = NULL;
    jc_batch *batch = jc_alloc_array(1, sizeof *batch);
    if (!batch)
        return jc_fail_nomem(err, "a batch of texts");
    batch->samples = samples;
    batch->stage = stage;
    batch->hooks = hooks;
    batch->info = jc_model_get_info(model);
    batch->chosen = tokens > 0;
    batch->budget = tokens;
    choose_budget(batch, 0);
    jc_status st = jc_session_new(&batch->session, model, err);
    if (st) {
        jc_batch_free(batch);
        return st;
    }
    *out = batch;
    return JC_OK;
}

jc_status jc_batch_want(jc_batch *batch, const jc_tap *taps, size_t n, jc_error *err)
{
    choose_budget(batch, n);
    return jc_session_want(batch->session, taps, n, err);
}

void jc_batch_keep(jc_batch *batch)
{
    choose_budget(batch, batch->info->layers);
    jc_session_keep(batch->session, true);
}

void jc_batch_free(jc_batch *batch)
{
    if (!batch)
        return;
    jc_session_free(batch->session);
    jc_ids_free(&batch->ids);
    jc_free(batch->positions);
    jc_free(batch->owners);
    jc_free(batch->texts);
    jc_free(batch);
}

static jc_status look_ahead(jc_batch *b, jc_error *err)
{
    if (b->next.ids || b->ended)
        return JC_OK;
    jc_status st = jc_samples_next(b->samples, &b->next, err);
    b->ended = st == JC_OK && !b->next.ids;
    return st;
}

/* Copy the sample that was read ahead: the stream owns it only until its next call. */
static jc_status take(jc_batch *b, jc_error *err)
{
    const jc_sample *s = &b->next;

    if (!jc_grow(&b->ids.id, &b->ids.capacity, b->ids.n + s->n_ids, sizeof *b->ids.id) ||
        !jc_grow(&b->positions, &b->positions_capacity, b->rows + s->n_positions,
                 sizeof *b->positions) ||
        !jc_grow(&b->owners, &b->owners_capacity, b->rows + s->n_positions,
                 sizeof *b->owners) ||
        !jc_grow(&b->texts, &b->texts_capacity, b->n_texts + 1, sizeof *b->texts))
        return jc_fail_nomem(err, "a batch of texts");
    memcpy(b->ids.id + b->ids.n, s->ids, s->n_ids * sizeof *s->ids);
    memcpy(b->positions + b->rows, s->positions, s->n_positions * sizeof *s->positions);
    for (size_t i = 0; i < s->n_positions; i++)
        b->owners[b->rows + i] = (uint32_t)b->n_texts;
    b->texts[b->n_texts] = (jc_text){.n = s->n_ids, .n_positions = s->n_positions};
    b->n_texts++;
    b->ids.n += s->n_ids;
    b->rows += s->n_positions;
    b->next.ids = NULL;
    return JC_OK;
}

static jc_status fill(jc_batch *b, jc_error *err)
{
    b->ids.n = b->rows = b->n_texts = 0;
    for (;;) {
        jc_status st = look_ahead(b, err);
        if (st)
            return st;
        if (b->ended || (b->n_texts && b->ids.n + b->next.n_ids > b->budget))
            break;
        st = take(b, err);
        if (st)
            return st;
    }
    size_t id = 0, row = 0; /* the arrays may have moved while they grew */
    for (size_t t = 0; t < b->n_texts; t++) {
        b->texts[t].ids = b->ids.id + id;
        b->texts[t].positions = b->positions + row;
        id += b->texts[t].n;
        row += b->texts[t].n_positions;
    }
    return JC_OK;
}

jc_status jc_batch_next(jc_batch *batch, size_t *rows, jc_error *err)
{
    jc_progress progress = {0};

    *rows = 0;
    jc_status st = fill(batch, err);
    if (st)
        return st;
    jc_samples_position(batch->samples, &progress);
    progress.stage = batch->stage;
    st = jc_report(batch->hooks, &progress, err);
    if (st == JC_OK && batch->n_texts)
        st = jc_session_run(batch->session, batch->texts, batch->n_texts, err);
    if (st == JC_OK)
        *rows = batch->rows;
    return st;
}

jc_session *jc_batch_session(const jc_batch *batch)
{
    return batch->session;
}

const uint32_t *jc_batch_positions(const jc_batch *batch)
{
    return batch->positions;
}

const uint32_t *jc_batch_owners(const jc_batch *batch)
{
    return batch->owners;
}

size_t jc_batch_texts(const jc_batch *batch)
{
    return batch->n_texts;
}
