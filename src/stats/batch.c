/* SPDX-License-Identifier: MIT */
#include "stats/batch.h"

#include <string.h>

#include "kernels/kernels.h"
#include "model/session.h"

/* Enough for each thread to have two slices of 256 rows. States of every layer are kept for
 * all of them, which bounds it for deep models: to STATE_BYTES, or to a quarter of the
 * width in tokens, which is little beside the weights, and beside the sums a sixteenth. */
enum { TOKENS_A_THREAD = 512, STATE_BYTES = 64 << 20 };

struct jc_batch {
    jc_samples *samples;
    jc_session *session;
    const char *stage;
    uint64_t was_read; /* where the samples stood before the batch at hand */
    const jc_hooks *hooks;
    bool watched;
    const jc_model_info *info;
    jc_batch_place *place; /* who says where states go; NULL: the session keeps them */
    void *place_arg;
    bool chosen;    /* by the caller: the budget */
    size_t budget;  /* tokens */
    jc_sample next; /* read but not yet run; ids NULL when there is none */
    bool ended;
    jc_cutter cutter;
    uint64_t next_chunk;   /* of `next` */
    const jc_share *share; /* NULL: all texts */
    bool framing;          /* texts of every chunk are taken, one chunk at a time */
    const jc_team *team;   /* whose ranks take turns; NULL: all batches are run */
    uint32_t turn;
    uint64_t *chunks; /* [n_texts] */
    size_t chunks_capacity;
    jc_ids ids;                   /* of all texts, one after another */
    uint32_t *positions, *owners; /* [rows] */
    size_t rows, positions_capacity, owners_capacity;
    jc_text *texts;
    size_t n_texts, texts_capacity;
    /* where neighbours are kept too: */
    int32_t before, after;
    uint32_t *all; /* [n_all]: positions that are run, of all texts */
    size_t n_all, all_capacity;
    size_t *first, first_capacity; /* [n_texts + 1]: a text's first of `all` */
    float *picked, *picked_wanted; /* [taps, rows, d], [n_wanted, rows, d] of the rows */
    size_t picked_capacity, picked_wanted_capacity, n_wanted;
};

static size_t choose_budget(const jc_model_info *info, size_t more)
{
    size_t taps = (size_t)info->layers + 1 + more;
    size_t most = STATE_BYTES / (taps * info->width * sizeof(float));
    size_t wanted = (size_t)jc_threads_max() * TOKENS_A_THREAD;

    if (most < info->width / 4)
        most = info->width / 4;
    return wanted < most ? wanted : most;
}

size_t jc_batch_budget(const jc_model *model, size_t more)
{
    return choose_budget(jc_model_get_info(model), more);
}

/* `more`: states kept of each token, beyond those of the layer taps. */
static void reserve_states(jc_batch *batch, size_t more)
{
    if (!batch->chosen)
        batch->budget = choose_budget(batch->info, more);
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
    reserve_states(batch, 0);
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
    reserve_states(batch, n);
    batch->n_wanted = n;
    return jc_session_want(batch->session, taps, n, err);
}

void jc_batch_share(jc_batch *batch, const jc_share *share)
{
    batch->share = share;
    batch->framing = true;
}

void jc_batch_framed(jc_batch *batch)
{
    batch->framing = false;
}

/* The cut is that of the rank that has least room. */
jc_status jc_batch_turns(jc_batch *batch, const jc_team *team, jc_error *err)
{
    int64_t budget = (int64_t)batch->budget;
    jc_status st = team->least(team->arg, &budget, 1, err);

    batch->team = team;
    batch->budget = (size_t)budget;
    return st;
}

uint64_t jc_batch_chunk(const jc_batch *batch, size_t text)
{
    return batch->chunks[text];
}

const jc_cutter *jc_batch_cutter(const jc_batch *batch)
{
    return &batch->cutter;
}

void jc_batch_keep(jc_batch *batch)
{
    reserve_states(batch, batch->info->layers);
    jc_session_keep(batch->session, true);
}

void jc_batch_watch(jc_batch *batch)
{
    batch->watched = true;
}

void jc_batch_free(jc_batch *batch)
{
    if (!batch)
        return;
    if (batch->watched)
        jc_watch(NULL, NULL);
    jc_session_free(batch->session);
    jc_ids_free(&batch->ids);
    jc_free(batch->positions);
    jc_free(batch->owners);
    jc_free(batch->texts);
    jc_free(batch->chunks);
    jc_free(batch->all);
    jc_free(batch->first);
    jc_free(batch->picked);
    jc_free(batch->picked_wanted);
    jc_free(batch);
}

static jc_status look_ahead(jc_batch *b, jc_error *err)
{
    if (b->next.ids || b->ended)
        return JC_OK;
    jc_status st = jc_samples_next(b->samples, &b->next, err);
    b->ended = st == JC_OK && !b->next.ids;
    if (b->next.ids)
        b->next_chunk = jc_cutter_next(&b->cutter, &b->next);
    return st;
}

/* The text that was read ahead is another's. */
static bool is_other(const jc_batch *b)
{
    return b->share && !b->framing && !jc_share_has(b->share, b->next_chunk);
}

static bool is_full(const jc_batch *b)
{
    return b->n_texts > 0 && (b->ids.n + b->next.n_ids > b->budget ||
                              (b->framing && b->chunks[b->n_texts - 1] != b->next_chunk));
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
        !jc_grow(&b->texts, &b->texts_capacity, b->n_texts + 1, sizeof *b->texts) ||
        !jc_grow(&b->chunks, &b->chunks_capacity, b->n_texts + 1, sizeof *b->chunks))
        return jc_fail_nomem(err, "a batch of texts");
    memcpy(b->ids.id + b->ids.n, s->ids, s->n_ids * sizeof *s->ids);
    memcpy(b->positions + b->rows, s->positions, s->n_positions * sizeof *s->positions);
    for (size_t i = 0; i < s->n_positions; i++)
        b->owners[b->rows + i] = (uint32_t)b->n_texts;
    b->texts[b->n_texts] = (jc_text){.n = s->n_ids, .n_positions = s->n_positions};
    b->chunks[b->n_texts] = b->next_chunk;
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
        if (!b->ended && is_other(b)) {
            b->next.ids = NULL;
            continue;
        }
        if (b->ended || is_full(b))
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

jc_status jc_batch_reach(jc_batch *batch, int32_t before, int32_t after, jc_error *err)
{
    (void)err;
    batch->before = before > batch->before ? before : batch->before;
    batch->after = after > batch->after ? after : batch->after;
    return JC_OK;
}

/* Positions that are run of one text: those of the rows, and those around them. */
static jc_status spread(jc_batch *b, const jc_text *text, jc_error *err)
{
    int64_t next = 0; /* the first position that is not yet in */

    for (size_t i = 0; i < text->n_positions; i++) {
        int64_t at = text->positions[i], low = at - b->before, high = at + b->after;
        for (int64_t p = low > next ? low : next; p <= high && p < (int64_t)text->n; p++) {
            if (!jc_grow(&b->all, &b->all_capacity, b->n_all + 1, sizeof *b->all))
                return jc_fail_nomem(err, "a batch of texts");
            b->all[b->n_all++] = (uint32_t)p;
            next = p + 1;
        }
    }
    return JC_OK;
}

static bool reaches(const jc_batch *b)
{
    return b->before > 0 || b->after > 0;
}

/* Texts with their neighbours in the place of their rows. */
static jc_status widen(jc_batch *b, jc_error *err)
{
    jc_status st = JC_OK;

    b->n_all = 0;
    if (!jc_grow(&b->first, &b->first_capacity, b->n_texts + 1, sizeof *b->first))
        return jc_fail_nomem(err, "a batch of texts");
    for (size_t t = 0; t < b->n_texts && st == JC_OK; t++) {
        b->first[t] = b->n_all;
        st = spread(b, &b->texts[t], err);
    }
    b->first[b->n_texts] = b->n_all;
    for (size_t t = 0; t < b->n_texts && st == JC_OK; t++) {
        b->texts[t].positions = b->all + b->first[t];
        b->texts[t].n_positions = b->first[t + 1] - b->first[t];
    }
    return st;
}

size_t jc_batch_near(const jc_batch *batch, size_t row, int32_t offset)
{
    uint32_t text = batch->owners[row];
    int64_t want = (int64_t)batch->positions[row] + offset;

    if (!reaches(batch))
        return offset ? SIZE_MAX : row;
    size_t low = batch->first[text], high = batch->first[text + 1];
    while (low < high) { /* positions ascend */
        size_t middle = low + (high - low) / 2;
        if (batch->all[middle] < want)
            low = middle + 1;
        else
            high = middle;
    }
    return low < batch->first[text + 1] && batch->all[low] == want ? low : SIZE_MAX;
}

bool jc_batch_picks(const jc_batch *batch)
{
    return reaches(batch) && batch->n_all != batch->rows;
}

void jc_batch_pick(const jc_batch *batch, const float *x, float *out)
{
    size_t d = batch->info->width;

    for (size_t r = 0; r < batch->rows; r++)
        memcpy(out + r * d, x + jc_batch_near(batch, r, 0) * d, d * sizeof *out);
}

/* The rows' own states, where the session has others too. */
static jc_status pick_all(jc_batch *b, jc_error *err)
{
    size_t n = b->rows * b->info->width, taps = (size_t)b->info->layers + 1;

    if (!jc_batch_picks(b) || b->rows == 0)
        return JC_OK;
    if (!jc_grow(&b->picked, &b->picked_capacity, taps * n, sizeof *b->picked) ||
        !jc_grow(&b->picked_wanted, &b->picked_wanted_capacity, b->n_wanted * n + 1,
                 sizeof *b->picked_wanted))
        return jc_fail_nomem(err, "a batch of texts");
    for (uint32_t t = 0; t < taps; t++)
        jc_batch_pick(b, jc_session_states(b->session, t), b->picked + t * n);
    for (size_t i = 0; i < b->n_wanted; i++)
        jc_batch_pick(b, jc_session_wanted(b->session, i), b->picked_wanted + i * n);
    return JC_OK;
}

const float *jc_batch_states(const jc_batch *batch, uint32_t tap)
{
    return jc_batch_picks(batch) ? batch->picked + tap * batch->rows * batch->info->width
                                 : jc_session_states(batch->session, tap);
}

const float *jc_batch_wanted(const jc_batch *batch, size_t i)
{
    return jc_batch_picks(batch)
               ? batch->picked_wanted + i * batch->rows * batch->info->width
               : jc_session_wanted(batch->session, i);
}

void jc_batch_into(jc_batch *batch, jc_batch_place *place, void *arg)
{
    batch->place = place;
    batch->place_arg = arg;
}

static jc_status run(jc_batch *b, jc_error *err)
{
    float *const *to = NULL;
    jc_status st = JC_OK;

    if (b->n_texts == 0)
        return JC_OK;
    if (b->place)
        st = b->place(b->place_arg, b->rows, &to, err);
    jc_session_into(b->session, to);
    return st ? st : jc_session_run(b->session, b->texts, b->n_texts, err);
}

/* Of the texts that are read, those of the batch at hand are still to be run. */
static jc_status report(jc_batch *b, const jc_progress *read, jc_error *err)
{
    jc_progress run = *read;

    if (!b->ended || b->rows > 0)
        run.done = b->was_read < read->done ? b->was_read : read->done;
    b->was_read = read->done;
    if (b->watched)
        jc_watch(b->hooks, &run);
    return jc_report(b->hooks, &run, err);
}

static bool is_mine(jc_batch *b)
{
    if (!b->team)
        return true;
    bool mine = b->turn == b->team->rank;
    b->turn = (b->turn + 1) % b->team->ranks;
    return mine;
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
    st = report(batch, &progress, err);
    if (st == JC_OK && reaches(batch))
        st = widen(batch, err);
    if (st == JC_OK && is_mine(batch))
        st = run(batch, err);
    if (st == JC_OK)
        st = pick_all(batch, err);
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

const jc_text *jc_batch_text(const jc_batch *batch, size_t i)
{
    return &batch->texts[i];
}
