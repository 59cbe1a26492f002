/* SPDX-License-Identifier: MIT */
#include "eval/turns.h"

#include <string.h>

#include "stats/share.h"

/* A batch of a round. */
struct turn {
    size_t rows, texts;
    uint64_t hash;                /* of all texts that were read by then */
    uint32_t *positions, *owners; /* [rows] */
    size_t positions_room, owners_room;
};

struct jc_turns {
    const jc_eval_run *run;
    struct turn *turn;  /* [ranks] */
    uint64_t texts;     /* of batches that were taken */
    float *states;      /* [taps, rows, width] of another rank */
    const float **taps; /* [taps] */
    jc_score *scores;
    unsigned char *told;
    size_t states_room, scores_room, told_room;
};

void jc_turns_free(jc_turns *turns)
{
    if (!turns)
        return;
    for (uint32_t i = 0; turns->turn && i < turns->run->team->ranks; i++) {
        jc_free(turns->turn[i].positions);
        jc_free(turns->turn[i].owners);
    }
    jc_free(turns->turn);
    jc_free(turns->states);
    jc_free(turns->taps);
    jc_free(turns->scores);
    jc_free(turns->told);
    jc_free(turns);
}

static uint64_t mix(uint64_t hash, const char *text)
{
    for (; *text; text++) {
        jc_rng rng = {hash ^ (unsigned char)*text};
        hash = jc_rng_next(&rng);
    }
    return hash;
}

/* Models and files of shortcuts must be the same. */
static jc_status check_alike(const jc_eval_run *run, jc_error *err)
{
    const jc_eval_params *p = run->params;
    uint64_t hash = mix(p->seed ^ p->bootstrap, run->info->fingerprint);

    for (size_t m = 0; m < run->n_methods; m++)
        hash = mix(hash, run->methods[m].name);
    int64_t x = (int64_t)(hash >> 2), both[2] = {x, -x};
    jc_status st = run->team->least(run->team->arg, both, 2, err);
    if (st == JC_OK && both[0] != -both[1])
        return jc_fail(
            err, JC_E_MISMATCH,
            "the ranks' models, shortcuts or options differ: start every rank by "
            "one command");
    return st;
}

jc_status jc_turns_new(jc_turns **out, const jc_eval_run *run, jc_batch *batch,
                       jc_error *err)
{
    jc_turns *turns = jc_alloc_array(1, sizeof *turns);

    *out = turns;
    if (!turns)
        return jc_fail_nomem(err, "an evaluation");
    turns->run = run;
    turns->turn = jc_alloc_array(run->team->ranks, sizeof *turns->turn);
    turns->taps = jc_alloc_array(run->taps, sizeof *turns->taps);
    if (!turns->turn || !turns->taps)
        return jc_fail_nomem(err, "an evaluation");
    jc_status st = check_alike(run, err);
    return st ? st : jc_batch_turns(batch, run->team, err);
}

jc_status jc_turns_note(jc_turns *turns, uint32_t i, const jc_batch *batch, size_t rows,
                        jc_error *err)
{
    struct turn *turn = &turns->turn[i];

    turn->rows = rows;
    turn->texts = rows ? jc_batch_texts(batch) : 0;
    turn->hash = jc_batch_cutter(batch)->hash;
    if (rows == 0)
        return JC_OK;
    if (!jc_grow(&turn->positions, &turn->positions_room, rows, sizeof *turn->positions) ||
        !jc_grow(&turn->owners, &turn->owners_room, rows, sizeof *turn->owners))
        return jc_fail_nomem(err, "an evaluation");
    memcpy(turn->positions, jc_batch_positions(batch), rows * sizeof *turn->positions);
    memcpy(turn->owners, jc_batch_owners(batch), rows * sizeof *turn->owners);
    return JC_OK;
}

static jc_status tell(const jc_turns *turns, uint32_t i, void *bytes, size_t n,
                      jc_error *err)
{
    const jc_team *team = turns->run->team;

    return n ? team->tell(team->arg, i, bytes, n, err) : JC_OK;
}

/* What is told is only read. */
static void *told(const void *bytes)
{
    return (void *)(uintptr_t)bytes;
}

static jc_status check_texts(const jc_turns *turns, uint32_t i, jc_error *err)
{
    const struct turn *turn = &turns->turn[i];
    uint64_t head[2] = {turn->rows, turn->hash};
    jc_status st = tell(turns, i, head, sizeof head, err);

    if (st == JC_OK && (head[0] != turn->rows || head[1] != turn->hash))
        return jc_fail(err, JC_E_MISMATCH,
                       "the ranks' texts differ: every rank must read the same files");
    return st;
}

/* The states of a batch, one tap after another. */
static jc_status take_states(jc_turns *turns, uint32_t i, const float *const *states,
                             jc_error *err)
{
    size_t n = turns->turn[i].rows * turns->run->width, floats;
    bool own = i == turns->run->team->rank;
    jc_status st = JC_OK;

    if (!own &&
        (!jc_mul(n, turns->run->taps, &floats) ||
         !jc_grow(&turns->states, &turns->states_room, floats, sizeof *turns->states)))
        return jc_fail_nomem(err, "an evaluation");
    for (uint32_t t = 0; t < turns->run->taps && st == JC_OK; t++) {
        turns->taps[t] = own ? states[t] : turns->states + t * n;
        st = tell(turns, i, told(turns->taps[t]), n * sizeof *turns->states, err);
    }
    return st;
}

jc_status jc_turns_take(jc_turns *turns, uint32_t i, const float *const *states,
                        const jc_score *scores, jc_eval_batch *batch, size_t *texts,
                        jc_error *err)
{
    const struct turn *turn = &turns->turn[i];
    const jc_eval_run *run = turns->run;
    size_t n = run->info->has_head ? run->n_methods * run->taps * turn->rows : 0;
    jc_status st = check_texts(turns, i, err);

    *batch = (jc_eval_batch){.rows = 0};
    *texts = turn->texts;
    if (st || turn->rows == 0)
        return st;
    st = take_states(turns, i, states, err);
    if (st == JC_OK && i != run->team->rank) {
        if (!jc_grow(&turns->scores, &turns->scores_room, n, sizeof *turns->scores))
            return jc_fail_nomem(err, "scores");
        scores = turns->scores;
    }
    if (st == JC_OK)
        st = tell(turns, i, told(scores), n * sizeof *scores, err);
    *batch = (jc_eval_batch){.rows = turn->rows,
                             .states = turns->taps,
                             .positions = turn->positions,
                             .owners = turn->owners,
                             .first_text = turns->texts,
                             .scores = scores};
    turns->texts += turn->texts;
    return st;
}

jc_status jc_turns_tell(jc_turns *turns, uint32_t i, const void *own, size_t bytes,
                        const void **out, jc_error *err)
{
    *out = own;
    if (i != turns->run->team->rank) {
        if (!jc_grow(&turns->told, &turns->told_room, bytes, 1))
            return jc_fail_nomem(err, "scores");
        *out = turns->told;
    }
    return tell(turns, i, told(*out), bytes, err);
}

jc_status jc_turns_count(const jc_turns *turns, uint64_t *n, jc_error *err)
{
    const jc_team *team = turns->run->team;
    int64_t sum = (int64_t)*n;
    jc_status st = team->sum(team->arg, &sum, 1, err);

    *n = (uint64_t)sum;
    return st;
}
