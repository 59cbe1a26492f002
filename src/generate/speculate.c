/* SPDX-License-Identifier: MIT */
/*
 * speculate.c: one pass over a tree of drafts behind each text, then the walk.
 *
 * A row of a pass has the bits that it would have alone, and a draw depends on logits,
 * seed, sequence and position alone. So each token of a walk is the one that plain
 * generation writes: the drafts decide how many come from a pass.
 */
#include "generate/speculate.h"

#include <math.h>
#include <string.h>

#include "generate/pass_cost.h"
#include "generate/pay.h"
#include "kernels/backend.h"
#include "kernels/vector.h"
#include "model/partway.h"

enum { ROWS = JC_DRAFT_NODES + 1, READ_ROWS = 64 /* rows that are read out together */ };

struct jc_speculation {
    jc_writer *writer;
    jc_mix mix;
    size_t nodes; /* 0: by cost */
    jc_pass_cost cost;
    const jc_draft_tuning *tuning; /* or NULL */
    jc_draft_record *record;       /* or NULL */
    size_t steps;
    bool host;             /* the backend works on processors */
    jc_pay pay;            /* where the trees are as large as pays */
    jc_tree *trees;        /* [writer->n] */
    jc_walk *walks;        /* [writer->n] */
    uint32_t (*ids)[ROWS]; /* [writer->n], as the next two: of the feeds */
    int32_t (*parents)[ROWS];
    size_t *first; /* [writer->n]: the first row of each feed */
    jc_partway
        *way;     /* where a drafter runs blocks: the way of its rows through the others */
    float *begun; /* [ROWS, width]: their states */
    const float *ends; /* [rows of the pass, width]: states after the last block */
    float *logits;     /* [read_rows, vocab] */
    size_t read_rows, vocab, width;
    size_t row, n_rows;   /* of which the logits are there */
    size_t feed, n_feeds; /* that these rows are of */
    jc_seen seen[READ_ROWS];
    jc_generate_stats *stats;
};

/* Add the time since *since, which becomes now. */
static void add_time(double *sum, double *since)
{
    double t = jc_seconds();

    *sum += t - *since;
    *since = t;
}

void jc_speculation_free(jc_speculation *s)
{
    if (!s)
        return;
    jc_mix_close(&s->mix);
    for (size_t i = 0; s->trees && i < s->writer->n; i++)
        jc_free(s->trees[i].states);
    jc_free(s->trees);
    jc_free(s->walks);
    jc_free(s->ids);
    jc_free(s->parents);
    jc_free(s->first);
    jc_partway_free(s->way);
    jc_free(s->begun);
    jc_free(s->logits);
    jc_free(s);
}

static jc_status reserve(jc_speculation *s, jc_error *err)
{
    size_t n = s->writer->n, each = (s->nodes ? s->nodes : JC_DRAFT_NODES) + 1;
    bool made;

    s->read_rows = n < READ_ROWS / each ? n * each : READ_ROWS;
    s->trees = jc_alloc_array(n, sizeof *s->trees);
    s->walks = jc_alloc_array(n, sizeof *s->walks);
    s->ids = jc_alloc_array(n, sizeof *s->ids);
    s->parents = jc_alloc_array(n, sizeof *s->parents);
    s->first = jc_alloc_array(n, sizeof *s->first);
    s->logits = jc_matrix_new(s->read_rows, s->vocab, sizeof *s->logits);
    made = s->trees && s->walks && s->ids && s->parents && s->first && s->logits;
    if (made && s->mix.blocks) {
        s->begun = jc_matrix_new(ROWS, s->width, sizeof *s->begun);
        made = s->begun != NULL;
    }
    for (size_t i = 0; made && s->mix.states && i < n; i++) {
        s->trees[i].states =
            jc_matrix_new(1 + JC_CANDIDATES, s->width, sizeof *s->trees[i].states);
        made = s->trees[i].states != NULL;
    }
    return made ? JC_OK : jc_fail_nomem(err, "drafts");
}

jc_status jc_speculation_new(jc_speculation **out, jc_writer *writer,
                             const jc_speculation_spec *spec, jc_error *err)
{
    const jc_model_info *info = jc_model_get_info(writer->model);
    jc_speculation *s = jc_alloc_array(1, sizeof *s);

    *out = NULL;
    if (!s)
        return jc_fail_nomem(err, "drafts");
    s->writer = writer;
    s->nodes = spec->nodes;
    s->vocab = info->vocab;
    s->width = info->width;
    s->host = jc_backend_find(info->backend)->host != NULL;
    s->stats = spec->stats;
    s->tuning = spec->tuning;
    s->record = s->mix.record = spec->record;
    s->pay.measuring = spec->measure;
    jc_status st = jc_mix_open(&s->mix, spec->drafters, &spec->setup, spec->tuning, err);
    if (s->record && s->record->begun)
        s->mix.worth = s->record->worth;
    if (st == JC_OK)
        st = reserve(s, err);
    if (st == JC_OK && s->mix.blocks)
        st = jc_partway_new(&s->way, writer->model, err);
    if (st) {
        jc_speculation_free(s);
        return st;
    }
    *out = s;
    return JC_OK;
}

#define FADE 0.97 /* of times */

/* ---- a pass ---- */

/* Trees behind all texts that go on. */
static jc_status draft(jc_speculation *s, size_t n, jc_error *err)
{
    jc_writer *w = s->writer;
    double seconds[ROWS];
    const jc_pass_times *times = s->tuning && s->tuning->times.n ? &s->tuning->times : NULL;
    jc_status st = JC_OK;

    jc_pass_cost_expect(&s->cost, times, n, ROWS, seconds);
    jc_mix_turn(&s->mix);
    for (size_t f = 0; f < n && st == JC_OK; f++) {
        size_t i = w->running[f], length = w->text[i].ids.n;
        size_t room = jc_seq_room(w->text[i].seq) - length;
        size_t most = s->pay.plain ? 0 : s->nodes ? s->nodes : JC_DRAFT_NODES;
        jc_tree_bound bound = {.nodes = most < room ? most : room,
                               .depth = room,
                               .seconds = s->nodes ? NULL : seconds};
        s->trees[i].seq = w->text[i].seq;
        s->trees[i].temperature = w->sampling.temperature;
        s->trees[i].seed = w->seed;
        s->trees[i].number = w->text[i].number;
        st = jc_tree_grow(&s->trees[i], &s->mix, w->text[i].ids.id, length, s->width,
                          &bound, err);
    }
    return st;
}

/* The trees as feeds, or only their roots. */
static size_t lay_out(jc_speculation *s, size_t n, bool roots)
{
    size_t rows = 0;

    for (size_t f = 0; f < n; f++) {
        size_t i = s->writer->running[f], k = 0;
        jc_tree *tree = &s->trees[i];
        if (roots)
            tree->n = 1;
        if (roots)
            tree->n_chosen = tree->node[0].n_children = 0;
        for (size_t c = 0; c < tree->n; c++) {
            const jc_node *node = &tree->node[c];
            if (!node->chosen)
                continue;
            s->ids[f][k] = node->id;
            s->parents[f][k++] = c == 0 ? -1 : (int32_t)tree->node[node->parent].row;
        }
        s->writer->feeds[f] = (jc_feed){.seq = s->writer->text[i].seq,
                                        .ids = s->ids[f],
                                        .n = k,
                                        .parents = s->parents[f]};
        s->first[f] = rows;
        rows += k;
    }
    return rows;
}

static jc_status extend(jc_speculation *s, size_t n, jc_error *err)
{
    return jc_session_extend(s->writer->session, s->writer->feeds, n, s->writer->kind,
                             &s->ends, err);
}

/* The pass over the trees. Where a drafter has run the first blocks for the rows of the
 * only text, it goes on from there. */
static jc_status verify(jc_speculation *s, size_t n, jc_error *err)
{
    const jc_feed *feed = &s->writer->feeds[0];
    uint32_t layers = jc_model_get_info(s->writer->model)->layers, blocks = 0;
    jc_status st = JC_OK;

    if (s->mix.blocks && n == 1)
        st = jc_tree_begun(&s->trees[s->writer->running[0]], &s->mix, s->begun, &blocks,
                           err);
    if (st || blocks == 0)
        return st ? st : extend(s, n, err);
    const jc_stretch stretch = {.seq = feed->seq,
                                .first = jc_seq_length(feed->seq),
                                .n = feed->n,
                                .ids = feed->ids,
                                .h = s->begun,
                                .parents = feed->parents};
    st = jc_partway_run(s->way, &stretch, 1, blocks, layers, err);
    if (st == JC_OK)
        jc_partway_pending(feed->seq, feed->n);
    s->ends = s->begun;
    return st;
}

/* ---- after it ---- */

/* The sum of e^(z - max) over a vocabulary, roughly: of a large one from a part of it and
 * from the likeliest tokens, which are listed. */
static double rough_sum(const float *z, size_t vocab, float max, const jc_seen *seen)
{
    const jc_vector *vector = jc_vector_get();
    enum { RUN = 256, PART = 8, SMALL = 16384 };
    double listed = 0, rest = 0;

    if (vocab < SMALL)
        return vector->sum_exp(vocab, z, max);
    for (size_t at = 0; at < vocab; at += (size_t)RUN * PART)
        rest += vector->sum_exp(vocab - at < RUN ? vocab - at : RUN, z + at, max);
    for (size_t k = 0; k < JC_GUESSES; k++) {
        double e = exp((double)(z[seen->next[k]] - max));
        listed += e;
        rest -= seen->next[k] % (RUN * PART) < RUN ? e : 0;
    }
    return listed + PART * fmax(rest, 0);
}

/* What row i of those that were read out tells of its token. */
static jc_status look(void *arg, size_t i, jc_error *err)
{
    jc_speculation *s = arg;
    const float *z = s->logits + i * s->vocab;
    jc_seen *seen = &s->seen[i];

    (void)err;
    seen->n = 0;
    if (s->vocab < JC_GUESSES)
        return JC_OK;
    jc_vector_get()->top_k(s->vocab, z, JC_GUESSES, seen->next);
    float max = z[seen->next[0]];
    double sum = rough_sum(z, s->vocab, max, seen);
    if (!isfinite(max) || !isfinite(sum))
        return JC_OK;
    for (size_t k = 0; k < JC_GUESSES; k++)
        seen->p[k] = (float)(exp((double)(z[seen->next[k]] - max)) / sum);
    seen->n = JC_GUESSES;
    return JC_OK;
}

static void learn(jc_speculation *s)
{
    size_t row = 0;

    for (size_t f = s->feed; f < s->feed + s->n_feeds; f++)
        for (size_t k = 0; k < s->writer->feeds[f].n; k++, row++) {
            s->seen[row].id = s->ids[f][k];
            for (size_t m = 0; m < s->mix.n; m++)
                if (s->mix.of[m]->learn && s->mix.trade[m].used)
                    s->mix.of[m]->learn(s->mix.state[m], &s->seen[row]);
        }
}

/* Whether a drafter learns in this turn. */
static bool learns(const jc_speculation *s)
{
    for (size_t k = 0; k < s->mix.n; k++)
        if (s->mix.of[k]->learn && s->mix.trade[k].used)
            return true;
    return false;
}

static jc_status learn_all(jc_speculation *s, jc_error *err)
{
    double since = jc_seconds();
    jc_status st = jc_parallel(s->n_rows, look, s, err);

    learn(s);
    since = jc_seconds() - since;
    for (size_t k = 0; k < s->mix.n; k++) {
        double *mean = &s->mix.trade[k].learning;
        if (s->mix.of[k]->learn && s->mix.trade[k].used)
            *mean = *mean > 0 ? FADE * *mean + (1 - FADE) * since : since;
    }
    return st;
}

/* From the root of feed f's tree draw, and go to the child that was drawn, while there is
 * one. */
static jc_status walk(jc_speculation *s, size_t f, jc_draw_room *room, jc_error *err)
{
    const jc_writer *w = s->writer;
    const jc_written *text = &w->text[w->running[f]];
    const jc_tree *tree = &s->trees[w->running[f]];
    jc_walk *walk = &s->walks[w->running[f]];
    size_t n = text->ids.n, base = s->first[f] - s->row;
    uint32_t node = 0;

    walk->n = 0;
    do {
        size_t k = walk->n, row = tree->node[node].row;
        const float *z = s->logits + (base + row) * s->vocab;
        jc_status st = jc_draw(&walk->id[k], &w->sampling, z, s->vocab, text->ids.id, n + k,
                               w->seed, text->number, n + k, room, err);
        if (st == JC_E_NUMERIC && k > 0)
            break; /* the tokens before it are good; it is drawn again, and told */
        if (st)
            return st;
        walk->logprob[k] = w->logprobs ? jc_draw_logprob(z, s->vocab, walk->id[k]) : 0;
        walk->row[k] = (uint32_t)row;
        text->ids.id[n + k] = walk->id[k]; /* for the next draw's penalties */
        node = jc_tree_step(tree, &s->mix, node, walk->id[k]);
        walk->n++;
    } while (node);
    return JC_OK;
}

/* Draw for feeds [feed, feed + n_feeds), whose logits are there. */
static jc_status draw(jc_speculation *s, jc_error *err)
{
    jc_status st = JC_OK;

    for (size_t f = s->feed; f < s->feed + s->n_feeds && st == JC_OK; f++)
        st = walk(s, f, &s->writer->rooms[0], err);
    return st == JC_OK && learns(s) ? learn_all(s, err) : st;
}

static jc_status read_out(jc_speculation *s, size_t n, double *since, jc_error *err)
{
    const jc_feed *feeds = s->writer->feeds;
    jc_status st = JC_OK;

    for (size_t f = 0; f < n && st == JC_OK; f += s->n_feeds) {
        s->feed = f;
        s->row = s->first[f];
        s->n_feeds = s->n_rows = 0;
        while (f + s->n_feeds < n && s->n_rows + feeds[f + s->n_feeds].n <= s->read_rows)
            s->n_rows += feeds[f + s->n_feeds++].n;
        st = jc_partway_logits(s->writer->model, s->ends + s->row * s->width, s->n_rows,
                               s->logits, err);
        add_time(&s->stats->readout_seconds, since);
        if (st == JC_OK)
            st = draw(s, err);
        add_time(&s->stats->draw_seconds, since);
    }
    return st;
}

/* ---- a step ---- */

/* The state of the token that each walk comes to last is where its next drafts begin. */
static void keep_states(jc_speculation *s, size_t n)
{
    for (size_t f = 0; f < n && s->mix.states; f++) {
        size_t i = s->writer->running[f];
        const jc_walk *walk = &s->walks[i];
        size_t row = s->first[f] + walk->row[walk->n - 1];
        memcpy(s->trees[i].states, s->ends + row * s->width, s->width * sizeof *s->ends);
        s->trees[i].known = true;
    }
}

static void count(jc_speculation *s, size_t n, size_t rows)
{
    jc_generate_stats *stats = s->stats;

    stats->drafted += rows - n;
    for (size_t f = 0; f < n; f++) {
        const jc_walk *walk = &s->walks[s->writer->running[f]];
        if (s->record)
            s->record->rows[s->writer->feeds[f].n]++;
        stats->accepted += walk->n - 1;
        for (size_t k = 0; k < walk->n && k < JC_DRAFT_DEPTHS; k++) {
            stats->reached[k]++;
            stats->foreseen[k] += k + 1 < walk->n;
        }
    }
}

static jc_status find_running(jc_speculation *s, size_t *n, jc_error *err)
{
    jc_writer *w = s->writer;

    *n = 0;
    for (size_t i = 0; i < w->n; i++) {
        jc_ids *ids = &w->text[i].ids;
        if (!w->text[i].seq)
            continue;
        if (!jc_grow(&ids->id, &ids->capacity, ids->n + ROWS, sizeof *ids->id))
            return jc_fail_nomem(err, "a sequence");
        w->running[(*n)++] = i;
    }
    return JC_OK;
}

/* What a step has cost so far, by the clock and in work. Work is processor time, which
 * other programs on the machine change little; of a backend elsewhere it is time. */
typedef struct cost {
    double seconds, work;
} cost;

static cost cost_now(const jc_speculation *s)
{
    double seconds = jc_seconds();

    return (cost){seconds, s->host ? jc_work_seconds() : seconds};
}

/* A step is over, whose drafts were there at `drafted`. The first one prepares weights, and
 * tells nothing. */
static void took(jc_speculation *s, double rows, double tokens, cost start, cost drafted)
{
    cost end = cost_now(s);
    double seconds = end.seconds - start.seconds;

    if (s->record) {
        s->record->worth = s->mix.worth;
        s->record->begun = true;
    }
    bool plain = s->pay.plain;
    if (s->pay.measuring || (s->nodes == 0 && !s->record))
        jc_pay_took(&s->pay, end.work - start.work, tokens);
    if (s->steps++ == 0)
        return;
    *(plain ? &s->stats->without_seconds : &s->stats->with_seconds) += seconds;
    *(plain ? &s->stats->without_tokens : &s->stats->with_tokens) += (uint64_t)tokens;
    double each = seconds / tokens, *mean = &s->mix.token_seconds;
    *mean = *mean > 0 ? FADE * *mean + (1 - FADE) * each : each;
    jc_pass_cost_took(&s->cost, rows, end.work - drafted.work);
}

jc_status jc_speculation_step(jc_speculation *s, size_t *left, jc_error *err)
{
    const cost start = cost_now(s);
    double since = start.seconds;
    size_t n = 0, tokens = 0;
    jc_status st = find_running(s, &n, err);

    *left = n;
    if (st || n == 0)
        return st;
    st = draft(s, n, err);
    size_t rows = lay_out(s, n, false);
    add_time(&s->stats->draft_seconds, &since);
    const cost drafted = cost_now(s);
    if (st == JC_OK)
        st = verify(s, n, err);
    if (st == JC_E_NUMERIC && rows > n) { /* perhaps of a draft: go on without them */
        rows = lay_out(s, n, true);
        st = extend(s, n, err);
    }
    add_time(&s->stats->pass_seconds, &since);
    if (st == JC_OK)
        st = read_out(s, n, &since, err);
    if (st)
        return st;
    keep_states(s, n);
    count(s, n, rows);
    for (size_t f = 0; f < n; f++)
        tokens += s->walks[s->writer->running[f]].n;
    took(s, (double)rows, (double)tokens, start, drafted);
    return JC_OK;
}

const jc_walk *jc_speculation_walk(const jc_speculation *s, size_t i)
{
    return &s->walks[i];
}

jc_status jc_speculation_keep(jc_speculation *s, size_t i, jc_error *err)
{
    return jc_seq_commit(s->writer->text[i].seq, s->walks[i].row, s->walks[i].n, err);
}
