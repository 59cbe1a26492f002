/* SPDX-License-Identifier: MIT */
/* unite.c: the shares of a team of processes, added up without files. Whole numbers of
 * equal units are added, so the order in which the team does it does not show. */
#include <math.h>
#include <string.h>

#include "stats/exact.h"
#include "stats/near.h"

/* ---- whether they belong together ---- */

static void mix(uint64_t *hash, uint64_t x)
{
    jc_rng rng = {*hash ^ x};

    *hash = jc_rng_next(&rng);
}

static void mix_bytes(uint64_t *hash, const void *bytes, size_t n)
{
    const unsigned char *at = bytes;
    uint64_t word;

    for (; n >= sizeof word; at += sizeof word, n -= sizeof word) {
        memcpy(&word, at, sizeof word);
        mix(hash, word);
    }
    for (size_t i = 0; i < n; i++)
        mix(hash, at[i]);
}

static jc_status check_same(const jc_team *team, uint64_t hash, const char *what,
                            jc_error *err)
{
    int64_t x = (int64_t)(hash >> 2), both[2] = {x, -x};
    jc_status st = team->least(team->arg, both, 2, err);

    if (st == JC_OK && both[0] != -both[1])
        return jc_fail(err, JC_E_MISMATCH, "cannot add up the ranks' sums: %s", what);
    return st;
}

static uint64_t hash_of_kind(const jc_stats *s)
{
    uint64_t hash = s->nodes;

    mix_bytes(&hash, s->fingerprint, strlen(s->fingerprint));
    mix_bytes(&hash, s->shares.work, strlen(s->shares.work));
    mix(&hash, (uint64_t)s->pairs);
    mix(&hash, (uint64_t)s->from.first << 32 | s->from.last);
    mix(&hash, s->n_near);
    for (size_t g = 0; g < s->n_near; g++)
        mix(&hash, s->near[g].sums->nodes);
    return hash;
}

static uint64_t hash_of_frame(const jc_stats *s)
{
    uint64_t hash = s->exact->framed;

    mix_bytes(&hash, s->exact->center,
              (size_t)s->nodes * s->width * sizeof *s->exact->center);
    return hash;
}

static jc_status check_alike(const jc_stats *s, const jc_team *team, jc_error *err)
{
    jc_status st =
        check_same(team, hash_of_kind(s),
                   "their models or options differ: start every rank by one command", err);

    if (st == JC_OK)
        st = check_same(team, s->shares.hash,
                        "their texts differ: every rank must read the same files", err);
    if (st == JC_OK)
        st = check_same(team, hash_of_frame(s),
                        "the states of their first texts differ: all ranks must be of one "
                        "build and on processors of one kind",
                        err);
    for (size_t g = 0; g < s->n_near && st == JC_OK; g++)
        st = check_same(team, hash_of_frame(s->near[g].sums),
                        "the states of their first texts differ", err);
    return st;
}

/* ---- adding ---- */

/* Every rank's units become the largest of all, with room for the total. `want` [2, n]:
 * the exponents of `per`, and the negative of the squares. */
static void match_units(jc_stats *s, const jc_team *team, const int64_t *want)
{
    size_t d = s->width, n = s->nodes * d;

    for (size_t at = 0; at < n; at++) {
        int64_t most = -want[n + at];
        int bits = ilogb(s->exact->per[at]) - (int)want[at];
        for (; most > JC_EXACT_MOST / team->ranks; most >>= 2 * JC_EXACT_STEP)
            bits += JC_EXACT_STEP;
        if (bits > 0)
            jc_exact_enlarge(s, (uint32_t)(at / d), at % d, bits);
    }
}

static jc_status agree_on_units(jc_stats *s, const jc_team *team, jc_error *err)
{
    size_t n = (size_t)s->nodes * s->width;
    int64_t *want = jc_matrix_new(2, n, sizeof *want);

    if (!want)
        return jc_fail_nomem(err, "the sums");
    for (size_t at = 0; at < n; at++) {
        want[at] = ilogb(s->exact->per[at]);
        want[n + at] = -s->exact->square[at];
    }
    jc_status st = team->least(team->arg, want, 2 * n, err);
    if (st == JC_OK)
        match_units(s, team, want);
    jc_free(want);
    return st;
}

static jc_status add_up(jc_stats *s, const jc_team *team, jc_error *err)
{
    size_t d = s->width, n = 2 * s->nodes * d;
    int64_t rows = (int64_t)s->rows;
    jc_status st = team->sum(team->arg, &rows, 1, err);

    s->rows = (uint64_t)rows;
    if (st || !s->exact->framed)
        return st; /* no rank has a vector */
    st = agree_on_units(s, team, err);
    if (st == JC_OK)
        st = team->sum(team->arg, s->exact->sum, n, err);
    if (st == JC_OK)
        st = team->sum(team->arg, s->exact->square, n, err);
    for (uint32_t i = 0; i < s->nodes; i++)
        for (uint32_t j = 0; j < s->nodes && st == JC_OK; j++)
            if (jc_exact_cross(s, i, j))
                st = team->sum(team->arg, jc_exact_cross(s, i, j), d * d, err);
    return st;
}

static jc_status check(const jc_stats *stats, const jc_team *team, jc_error *err)
{
    if (jc_want(stats, "stats", err) || jc_want(team, "team", err))
        return JC_E_ARG;
    if (team->rank >= team->ranks || !team->sum || !team->least)
        return jc_fail(err, JC_E_ARG, "'team' has no rank %u of %u, or lacks a function",
                       team->rank, team->ranks);
    if (team->ranks == 1)
        return JC_OK;
    if (!stats->exact || stats->shares.of != team->ranks || !stats->shares.has[team->rank])
        return jc_fail(err, JC_E_ARG,
                       "cannot add up the ranks' sums: rank %u has not "
                       "gathered the share %u/%u",
                       team->rank, team->rank + 1, team->ranks);
    return JC_OK;
}

jc_status jc_stats_unite(jc_stats *stats, const jc_team *team, jc_error *err)
{
    jc_status st = check(stats, team, err);

    if (st)
        return st;
    if (team->ranks == 1)
        return jc_stats_finish(stats, err);
    st = check_alike(stats, team, err);
    int64_t texts = (int64_t)stats->texts;
    if (st == JC_OK)
        st = team->sum(team->arg, &texts, 1, err);
    if (st == JC_OK)
        st = add_up(stats, team, err);
    stats->texts = (uint64_t)texts;
    for (size_t g = 0; g < stats->n_near && st == JC_OK; g++) {
        st = add_up(stats->near[g].sums, team, err);
        stats->near[g].sums->texts = (uint64_t)texts;
    }
    if (st || team->rank > 0)
        return st;
    memset(stats->shares.has, 1, stats->shares.of);
    return jc_stats_finish(stats, err);
}
