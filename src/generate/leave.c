/* SPDX-License-Identifier: MIT */
/*
 * leave.c: a step with exits. All running texts climb together from exit point to exit
 * point; those whose gate opens draw their token there and stay behind.
 *
 * With a fill that waits, the tokens of a text that are still behind have ascended the less
 * the later they came: whoever goes deeper takes all before it along. So the rows of a text
 * after the same block are neighbours, the last of them the token that is being run.
 */
#include "generate/leave.h"

#include <math.h>
#include <string.h>

#include "kernels/vector.h"

/* Tokens of a text whose way is not over: the last ones, that being run among them. */
typedef struct behind {
    float *h;        /* [n, width]: their states */
    uint32_t *depth; /* [n]: after this block */
    size_t n, h_capacity, depth_capacity;
    uint32_t run, top; /* of the token that is run: as jc_gate_view.run, and its best one */
    bool met;          /* it has come to an exit point before */
} behind;

struct jc_leaving {
    const jc_exits *exits;
    jc_writer *writer;
    jc_generate_stats *stats;
    jc_partway *way;
    behind *behind;       /* [writer->n] */
    jc_stretch *stretch;  /* [writer->n] */
    size_t *going, *gone; /* [writer->n]: texts */
    size_t n_going, n_gone;
    float *h, *mapped; /* [JC_LOGIT_ROWS, width] */
    float *before;     /* [writer->n, width]: mapped at the exit point before */
    size_t width, vocab;
};

void jc_leaving_free(jc_leaving *s)
{
    if (!s)
        return;
    for (size_t i = 0; s->behind && i < s->writer->n; i++) {
        jc_free(s->behind[i].h);
        jc_free(s->behind[i].depth);
    }
    jc_partway_free(s->way);
    jc_free(s->behind);
    jc_free(s->stretch);
    jc_free(s->going);
    jc_free(s->gone);
    jc_free(s->h);
    jc_free(s->mapped);
    jc_free(s->before);
    jc_free(s);
}

jc_status jc_leaving_new(jc_leaving **out, jc_writer *writer, const jc_exits *exits,
                         jc_generate_stats *stats, jc_error *err)
{
    const jc_model_info *info = jc_model_get_info(writer->model);
    jc_leaving *s = jc_alloc_array(1, sizeof *s);
    size_t n = writer->n, rows = n < JC_LOGIT_ROWS ? n : JC_LOGIT_ROWS;

    *out = NULL;
    if (!s)
        return jc_fail_nomem(err, "exits");
    *s = (jc_leaving){.exits = exits,
                      .writer = writer,
                      .stats = stats,
                      .width = info->width,
                      .vocab = info->vocab};
    s->behind = jc_alloc_array(n, sizeof *s->behind);
    s->stretch = jc_alloc_array(n, sizeof *s->stretch);
    s->going = jc_alloc_array(n, sizeof *s->going);
    s->gone = jc_alloc_array(n, sizeof *s->gone);
    s->h = jc_matrix_new(rows, s->width, sizeof *s->h);
    s->mapped = jc_matrix_new(rows, s->width, sizeof *s->mapped);
    s->before = jc_matrix_new(n, s->width, sizeof *s->before);
    jc_status st =
        s->behind && s->stretch && s->going && s->gone && s->h && s->mapped && s->before
            ? jc_partway_new(&s->way, writer->model, err)
            : jc_fail_nomem(err, "exits");
    if (st) {
        jc_leaving_free(s);
        return st;
    }
    stats->exit_points = (uint32_t)exits->n;
    memcpy(stats->exit_at, exits->at, exits->n * sizeof exits->at[0]);
    *out = s;
    return JC_OK;
}

/* ---- what it costs ---- */

static void spend(jc_exit_work *work, uint64_t n, double flops, double bytes)
{
    work->n += n;
    work->flops += flops;
    work->bytes += bytes;
}

/* Rows through blocks from + 1 .. to: those that are run, and those that were behind. */
static void count_blocks(jc_leaving *s, size_t n, uint32_t from, uint32_t to)
{
    const jc_exits *e = s->exits;

    for (uint32_t l = from; l < to; l++) {
        spend(&s->stats->blocks, 0, 0, e->block[l].bytes); /* once for all rows */
        for (size_t f = 0; f < n; f++)
            for (size_t r = 0; r < s->stretch[f].n; r++) {
                jc_exit_work *work =
                    r + 1 == s->stretch[f].n ? &s->stats->blocks : &s->stats->fills;
                jc_cost seen = jc_cost_attention(
                    e->model, l + 1, s->stretch[f].first + r + 1, e->number_size);
                spend(work, 1, e->block[l].flops + seen.flops, seen.bytes);
            }
    }
}

static void count_fills(jc_leaving *s, size_t n, size_t p)
{
    const jc_exits *e = s->exits;

    for (uint32_t l = e->at[p]; l < e->layers; l++) {
        const jc_cost *cost = &e->fills[p * e->layers + l];
        spend(&s->stats->fills, n, (double)n * cost->flops, cost->bytes);
    }
}

/* What a step of the full model would take. */
static void count_plain(jc_leaving *s, size_t n)
{
    const jc_exits *e = s->exits;
    jc_exit_work *plain = &s->stats->plain;

    for (uint32_t l = 0; l < e->layers; l++) {
        spend(plain, n, (double)n * e->block[l].flops, e->block[l].bytes);
        for (size_t f = 0; f < n; f++) {
            size_t seen = s->writer->text[s->going[f]].ids.n;
            jc_cost cost = jc_cost_attention(e->model, l + 1, seen, e->number_size);
            spend(plain, 0, cost.flops, cost.bytes);
        }
    }
    spend(plain, 0, (double)n * e->readout.flops, e->readout.bytes);
}

/* ---- blocks ---- */

static jc_status join(behind *b, size_t width, jc_error *err)
{
    if (!jc_grow(&b->h, &b->h_capacity, (b->n + 1) * width, sizeof *b->h) ||
        !jc_grow(&b->depth, &b->depth_capacity, b->n + 1, sizeof *b->depth))
        return jc_fail_nomem(err, "exits");
    b->depth[b->n++] = 0;
    b->run = 0;
    b->met = false;
    return JC_OK;
}

/* The rows of text i that stand after block `depth`, up to its last token. */
static jc_stretch stretch_of(const jc_leaving *s, size_t i, uint32_t depth)
{
    const jc_written *text = &s->writer->text[i];
    const behind *b = &s->behind[i];
    size_t n = 0;

    while (n < b->n && b->depth[b->n - 1 - n] == depth)
        n++;
    return (jc_stretch){.seq = text->seq,
                        .first = text->ids.n - n,
                        .n = n,
                        .ids = text->ids.id + text->ids.n - n,
                        .h = b->h + (b->n - n) * s->width};
}

/* All that are going, through the blocks after `from` up to `to`. */
static jc_status climb(jc_leaving *s, uint32_t from, uint32_t to, jc_error *err)
{
    double since = jc_seconds();

    for (size_t f = 0; f < s->n_going; f++)
        s->stretch[f] = stretch_of(s, s->going[f], from);
    jc_status st = jc_partway_run(s->way, s->stretch, s->n_going, from, to, err);
    if (st)
        return st;
    count_blocks(s, s->n_going, from, to);
    for (size_t f = 0; f < s->n_going; f++) {
        behind *b = &s->behind[s->going[f]];
        for (size_t r = 0; r < s->stretch[f].n; r++)
            b->depth[b->n - 1 - r] = to;
    }
    s->stats->pass_seconds += jc_seconds() - since;
    return JC_OK;
}

/* ---- exits ---- */

/* Rows first .. first + n - 1 of those that are going: their states, mapped. */
static jc_status map_rows(jc_leaving *s, size_t p, size_t first, size_t n, jc_error *err)
{
    for (size_t r = 0; r < n; r++) {
        const behind *b = &s->behind[s->going[first + r]];
        memcpy(s->h + r * s->width, b->h + (b->n - 1) * s->width, s->width * sizeof *s->h);
    }
    spend(&s->stats->maps, n, (double)n * s->exits->map[p].flops, s->exits->map[p].bytes);
    return jc_partway_map(s->writer->model, &s->exits->last[p], s->h, n, s->mapped, err);
}

static jc_status read_out(jc_leaving *s, const float *h, size_t n, jc_error *err)
{
    double since = jc_seconds();
    const jc_cost *cost = &s->exits->readout;
    jc_status st = jc_partway_logits(s->writer->model, h, n, s->writer->logits, err);

    spend(&s->stats->readouts, n, (double)n * cost->flops, cost->bytes);
    s->stats->readout_seconds += jc_seconds() - since;
    return st;
}

static double decay(const jc_exits *exits, const jc_written *text)
{
    double length = exits->length > 0 ? exits->length : (double)jc_seq_room(text->seq);

    return exp(-JC_EXIT_TAU * (double)(text->ids.n - 1) / (length / 2));
}

/* Whether row r, of text i, leaves. */
static bool leaves(jc_leaving *s, size_t i, size_t r)
{
    const jc_exits *e = s->exits;
    behind *b = &s->behind[i];
    float *h = s->mapped + r * s->width, *before = s->before + i * s->width;
    jc_gate_view view = {.h = h, .before = b->met ? before : NULL, .width = s->width};
    bool fine = e->gate->reads_out
                    ? jc_leader_of(&view.leader, s->writer->logits + r * s->vocab, s->vocab)
                    : jc_vector_get()->finite(s->width, h);

    if (fine) {
        b->run = b->run && b->top == view.leader.id ? b->run + 1 : 1;
        b->top = view.leader.id;
        view.run = b->run;
        fine = jc_gate_leaves(e->gate, &view, e->lambda, decay(e, &s->writer->text[i]));
    } else {
        b->run = 0;
    }
    memcpy(before, h, s->width * sizeof *h);
    b->met = true;
    return fine;
}

/* Some of those that are going, at exit point p: who leaves is drawn for. */
static jc_status consider(jc_leaving *s, size_t p, size_t first, size_t n, size_t *kept,
                          jc_error *err)
{
    size_t rows[JC_LOGIT_ROWS], out = 0;
    bool reads_out = s->exits->gate->reads_out;
    jc_status st = map_rows(s, p, first, n, err);

    if (st == JC_OK && reads_out)
        st = read_out(s, s->mapped, n, err);
    for (size_t r = 0; r < n && st == JC_OK; r++) {
        size_t i = s->going[first + r];
        if (!leaves(s, i, r)) {
            s->going[(*kept)++] = i;
            continue;
        }
        if (!reads_out) /* those that leave move up, to be read out */
            memmove(s->mapped + out * s->width, s->mapped + r * s->width,
                    s->width * sizeof *s->mapped);
        s->gone[s->n_gone + out] = i;
        rows[out] = reads_out ? r : out;
        out++;
    }
    if (st == JC_OK && !reads_out && out)
        st = read_out(s, s->mapped, out, err);
    for (size_t k = 0; k < out && st == JC_OK; k++)
        st = jc_writer_draw(s->writer, s->gone[s->n_gone + k],
                            s->writer->logits + rows[k] * s->vocab, &s->writer->rooms[0],
                            err);
    s->n_gone += out;
    return st;
}

/* Those that have left at point p: their keys and values of the blocks above. */
static jc_status fill(jc_leaving *s, size_t p, jc_error *err)
{
    const jc_exits *e = s->exits;
    double since = jc_seconds();

    s->stats->left[p] += s->n_gone;
    for (size_t k = 0; k < s->n_gone; k++)
        s->writer->text[s->gone[k]].layer = e->at[p];
    if (!e->fill->leave || s->n_gone == 0)
        return JC_OK;
    for (size_t k = 0; k < s->n_gone; k++)
        s->stretch[k] = stretch_of(s, s->gone[k], e->at[p]);
    jc_status st = e->fill->leave(s->way, s->stretch, s->n_gone, e->at[p],
                                  e->fill->maps ? e->between + p * e->layers : NULL, err);
    count_fills(s, s->n_gone, p);
    for (size_t k = 0; k < s->n_gone; k++)
        s->behind[s->gone[k]].n = 0;
    s->stats->pass_seconds += jc_seconds() - since;
    return st;
}

static jc_status stop_at(jc_leaving *s, size_t p, jc_error *err)
{
    size_t kept = 0, n_going = s->n_going;
    jc_status st = JC_OK;

    s->n_gone = 0;
    for (size_t at = 0; at < n_going && st == JC_OK; at += JC_LOGIT_ROWS) {
        size_t n = n_going - at < JC_LOGIT_ROWS ? n_going - at : JC_LOGIT_ROWS;
        st = consider(s, p, at, n, &kept, err);
    }
    s->n_going = kept;
    return st ? st : fill(s, p, err);
}

/* Those that have gone through all blocks. */
static jc_status finish(jc_leaving *s, jc_error *err)
{
    jc_status st = JC_OK;

    for (size_t at = 0; at < s->n_going && st == JC_OK; at += JC_LOGIT_ROWS) {
        size_t n = s->n_going - at < JC_LOGIT_ROWS ? s->n_going - at : JC_LOGIT_ROWS;
        for (size_t r = 0; r < n; r++) {
            const behind *b = &s->behind[s->going[at + r]];
            memcpy(s->h + r * s->width, b->h + (b->n - 1) * s->width,
                   s->width * sizeof *s->h);
        }
        st = read_out(s, s->h, n, err);
        for (size_t r = 0; r < n && st == JC_OK; r++)
            st =
                jc_writer_draw(s->writer, s->going[at + r],
                               s->writer->logits + r * s->vocab, &s->writer->rooms[0], err);
    }
    for (size_t f = 0; f < s->n_going; f++)
        s->behind[s->going[f]].n = s->writer->text[s->going[f]].layer = 0;
    s->stats->left[s->exits->n] += s->n_going;
    return st;
}

/* ---- a step ---- */

static jc_status find_running(jc_leaving *s, size_t *n, jc_error *err)
{
    jc_status st = JC_OK;

    *n = 0;
    for (size_t i = 0; i < s->writer->n && st == JC_OK; i++) {
        if (!s->writer->text[i].seq)
            continue;
        s->writer->running[*n] = s->going[*n] = i;
        ++*n;
        st = join(&s->behind[i], s->width, err);
    }
    s->n_going = *n;
    return st;
}

jc_status jc_leaving_step(jc_leaving *s, size_t *left, jc_error *err)
{
    const jc_exits *e = s->exits;
    uint32_t from = 0;
    size_t n;
    jc_status st = find_running(s, &n, err);

    *left = n;
    if (st || n == 0)
        return st;
    count_plain(s, n);
    for (size_t p = 0; p < e->n && s->n_going && st == JC_OK; from = e->at[p++]) {
        st = climb(s, from, e->at[p], err);
        if (st == JC_OK)
            st = stop_at(s, p, err);
    }
    if (st == JC_OK && s->n_going)
        st = climb(s, from, e->layers, err);
    if (st == JC_OK && s->n_going)
        st = finish(s, err);
    for (size_t k = 0; k < n && st == JC_OK; k++) {
        jc_written *text = &s->writer->text[s->writer->running[k]];
        jc_partway_length(text->seq, text->ids.n);
    }
    return st;
}
