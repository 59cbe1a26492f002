/* SPDX-License-Identifier: MIT */
/*
 * writer.c: prompts in, then a pass for every further token of all sequences.
 *
 * The last token of a prompt is left to the first step, so that all logits come from steps,
 * and by one arithmetic.
 */
#include "generate/writer.h"

#include <string.h>

#include "kernels/kernels.h"

jc_status jc_writer_init(jc_writer *writer, const jc_model *model, size_t n, size_t n_rooms,
                         jc_error *err)
{
    size_t rows = n < JC_LOGIT_ROWS ? n : JC_LOGIT_ROWS;

    *writer = (jc_writer){.model = model, .n = n, .n_rooms = n_rooms};
    writer->text = jc_alloc_array(n, sizeof *writer->text);
    writer->feeds = jc_alloc_array(n, sizeof *writer->feeds);
    writer->running = jc_alloc_array(n, sizeof *writer->running);
    writer->rooms = jc_alloc_array(n_rooms, sizeof *writer->rooms);
    writer->logits =
        jc_matrix_new(rows, jc_model_get_info(model)->vocab, sizeof *writer->logits);
    if (!writer->text || !writer->feeds || !writer->running || !writer->rooms ||
        !writer->logits)
        return jc_fail_nomem(err, "sequences to write");
    return jc_session_new(&writer->session, model, err);
}

void jc_writer_free(jc_writer *writer)
{
    for (size_t i = 0; writer->text && i < writer->n; i++) {
        jc_writer_end(writer, i);
        jc_ids_free(&writer->text[i].ids);
    }
    for (size_t i = 0; writer->rooms && i < writer->n_rooms; i++)
        jc_draw_room_free(&writer->rooms[i]);
    jc_session_free(writer->session);
    jc_free(writer->text);
    jc_free(writer->feeds);
    jc_free(writer->running);
    jc_free(writer->rooms);
    jc_free(writer->logits);
    memset(writer, 0, sizeof *writer);
}

static jc_status add(jc_ids *ids, const uint32_t *more, size_t n, jc_error *err)
{
    if (!jc_grow(&ids->id, &ids->capacity, ids->n + n, sizeof *ids->id))
        return jc_fail_nomem(err, "a sequence");
    memcpy(ids->id + ids->n, more, n * sizeof *more);
    ids->n += n;
    return JC_OK;
}

jc_status jc_writer_begin(jc_writer *writer, size_t i, const uint32_t *ids, size_t n,
                          uint32_t room, const char *kv, jc_error *err)
{
    jc_written *text = &writer->text[i];
    const jc_written *before = i > 0 ? text - 1 : NULL;
    jc_seq_params params;

    jc_seq_params_init(&params);
    params.room = room;
    params.kv = kv;
    jc_writer_end(writer, i);
    text->ids.n = 0;
    jc_status st = add(&text->ids, ids, n, err);
    if (st)
        return st;
    text->again = n > 1 && before && before->ids.n == n && before->room == room &&
                  memcmp(before->ids.id, ids, n * sizeof *ids) == 0;
    text->room = room;
    return text->again ? JC_OK : jc_seq_new(&text->seq, writer->model, &params, err);
}

void jc_writer_end(jc_writer *writer, size_t i)
{
    jc_seq_free(writer->text[i].seq);
    writer->text[i].seq = NULL;
}

jc_status jc_writer_take(jc_writer *writer, size_t i, jc_error *err)
{
    return add(&writer->text[i].ids, &writer->text[i].next, 1, err);
}

/* ---- prompts ---- */

/* The next feeds, from text *at on, as many as are run together. */
static size_t next_chunks(jc_writer *writer, size_t *at, size_t *rows)
{
    size_t n_feeds = 0;

    for (*rows = 0; *at < writer->n; ++*at) {
        const jc_written *text = &writer->text[*at];
        if (text->again)
            continue;
        size_t done = jc_seq_length(text->seq), n = text->ids.n - 1 - done;
        if (n == 0)
            continue;
        n = n < JC_PREFILL_ROWS ? n : JC_PREFILL_ROWS;
        if (*rows > 0 && *rows + n > JC_PREFILL_ROWS)
            break;
        writer->feeds[n_feeds++] =
            (jc_feed){.seq = text->seq, .ids = text->ids.id + done, .n = n};
        *rows += n;
    }
    return n_feeds;
}

jc_status jc_writer_prefill(jc_writer *writer, const jc_hooks *hooks, jc_error *err)
{
    jc_progress progress = {.stage = "reading", .unit = "tokens"};
    jc_status st = JC_OK;
    size_t rows = 0;
    const float *h;

    for (size_t i = 0; i < writer->n; i++)
        progress.total += writer->text[i].again ? 0 : writer->text[i].ids.n - 1;
    while (st == JC_OK && progress.done < progress.total) {
        size_t at = 0;
        while (st == JC_OK && at < writer->n) {
            size_t n = next_chunks(writer, &at, &rows);
            if (n == 0)
                break;
            st = jc_session_extend(writer->session, writer->feeds, n, JC_PASS_PREFILL, &h,
                                   err);
            progress.done += rows;
            if (st == JC_OK)
                st = jc_report(hooks, &progress, err);
        }
    }
    for (size_t i = 0; i < writer->n && st == JC_OK; i++)
        if (writer->text[i].again)
            st = jc_seq_fork(&writer->text[i].seq, writer->text[i - 1].seq, err);
    return st;
}

/* ---- steps ---- */

jc_status jc_writer_draw(const jc_writer *writer, size_t i, const float *logits,
                         jc_draw_room *room, jc_error *err)
{
    jc_written *text = &writer->text[i];
    size_t vocab = jc_model_get_info(writer->model)->vocab;
    jc_status st = jc_draw(&text->next, &writer->sampling, logits, vocab, text->ids.id,
                           text->ids.n, writer->seed, text->number, text->ids.n, room, err);

    if (st == JC_OK && writer->logprobs)
        text->logprob = jc_draw_logprob(logits, vocab, text->next);
    return st;
}

/* Every n_rooms-th draw, from the i-th on. */
static jc_status draw(void *arg, size_t i, jc_error *err)
{
    const jc_writer *writer = arg;
    size_t vocab = jc_model_get_info(writer->model)->vocab;
    jc_status st = JC_OK;

    for (size_t k = i; k < writer->n_drawn && st == JC_OK; k += writer->n_rooms)
        st = jc_writer_draw(writer, writer->running[writer->first + k],
                            writer->logits + k * vocab, &writer->rooms[i], err);
    return st;
}

jc_status jc_writer_step(jc_writer *writer, size_t *left, jc_error *err)
{
    size_t n = 0;
    const float *h;

    for (size_t i = 0; i < writer->n; i++) {
        const jc_written *text = &writer->text[i];
        if (!text->seq)
            continue;
        writer->feeds[n] =
            (jc_feed){.seq = text->seq, .ids = text->ids.id + text->ids.n - 1, .n = 1};
        writer->running[n++] = i;
    }
    *left = n;
    if (n == 0)
        return JC_OK;
    jc_status st =
        jc_session_extend(writer->session, writer->feeds, n, writer->kind, &h, err);
    for (size_t at = 0; at < n && st == JC_OK; at += JC_LOGIT_ROWS) {
        writer->first = at;
        writer->n_drawn = n - at < JC_LOGIT_ROWS ? n - at : JC_LOGIT_ROWS;
        st = jc_session_logits(writer->session, at, writer->n_drawn, writer->logits, err);
        size_t tasks =
            writer->n_drawn < writer->n_rooms ? writer->n_drawn : writer->n_rooms;
        if (st == JC_OK)
            st = jc_parallel(tasks, draw, writer, err);
    }
    return st;
}
