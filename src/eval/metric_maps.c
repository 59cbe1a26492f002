/* SPDX-License-Identifier: MIT */
/*
 * metric_maps.c: maps one by one: from several taps, from or to taps of other tokens, and
 * those of files that hold such maps too, or none from every layer to the last one.
 *
 * A map is scored on the rows whose text has every token that it looks at; the others are
 * counted. A guess at layer L of another token is compared with the model's answer there.
 * `blocks` is how many blocks the token at hand must be run through: what the map takes of
 * tokens before it is known by then.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "eval/run.h"
#include "eval/tally.h"
#include "shortcut/shortcut.h"
#include "stats/batch.h"

enum { TILE = 64 };

/* Maps that are scored on the same rows and for the same target. */
typedef struct group {
    int32_t before, after;
    jc_tap_at to;
    size_t first, n; /* of the entries */
    bool read;       /* the target is the last layer: guesses are read out */
    uint64_t rows, unused;
    float *shift;         /* [d] */
    double *sum, *square; /* [d] of the target less the shift */
    jc_tally *tally;      /* of n series, where they are read */
} group;

typedef struct entry {
    size_t shortcut;
    const jc_map *map;
    const jc_ready *ready;
    double *residual; /* [d] */
} entry;

typedef struct maps {
    jc_prepared **pools; /* [n_shortcuts] */
    size_t n_pools;
    entry *entries; /* [n], by group */
    size_t n, capacity;
    group *groups; /* [n_groups] */
    size_t n_groups;
    jc_tap *wanted; /* [n_wanted]: taps inside blocks */
    size_t n_wanted;
    size_t *rows; /* of a group in a batch */
    uint32_t *owners;
    float *target, *ends; /* [rows, d], [n, rows, d] */
    jc_score *scores;     /* [n, rows] */
    size_t rows_capacity, owners_capacity, target_capacity, ends_capacity, scores_capacity;
} maps;

static void release(void *state)
{
    maps *s = state;

    if (!s)
        return;
    for (size_t i = 0; s->pools && i < s->n_pools; i++)
        jc_prepared_free(s->pools[i]);
    for (size_t i = 0; i < s->n; i++)
        jc_free(s->entries[i].residual);
    for (size_t g = 0; s->groups && g < s->n_groups; g++) {
        jc_free(s->groups[g].shift);
        jc_free(s->groups[g].sum);
        jc_free(s->groups[g].square);
        jc_tally_free(s->groups[g].tally);
    }
    jc_free(s->pools);
    jc_free(s->entries);
    jc_free(s->groups);
    jc_free(s->wanted);
    jc_free(s->rows);
    jc_free(s->owners);
    jc_free(s->target);
    jc_free(s->ends);
    jc_free(s->scores);
    jc_free(s);
}

/* ---- what is scored ---- */

/* Whether the shortcut has maps that are not of a pair of layers. */
static bool has_others(const jc_shortcut *shortcut)
{
    const jc_map *map;

    for (size_t i = 0; (map = jc_shortcut_map(shortcut, i)); i++)
        if (map->place.kind == JC_PLACE_TAPS && !jc_place_is_pair(&map->place))
            return true;
    return false;
}

/* Maps that no other metric scores, and those beside them in the same file. */
static bool is_scored(const jc_eval_run *run, size_t shortcut, const jc_map *map)
{
    if (map->place.kind != JC_PLACE_TAPS)
        return false;
    return !jc_place_is_pair(&map->place) || has_others(run->shortcuts[shortcut]) ||
           !jc_packed_complete(run->shortcuts[shortcut], run->taps - 1);
}

static group group_of(const jc_eval_run *run, const jc_map *map)
{
    const jc_place *p = &map->place;
    group g = {.to = p->to};

    for (size_t i = 0; i <= p->n_from; i++) {
        int32_t o = i < p->n_from ? p->from[i].offset : p->to.offset;
        g.before = -o > g.before ? -o : g.before;
        g.after = o > g.after ? o : g.after;
    }
    g.read = run->info->has_head && p->to.tap.point == JC_POINT_OUT &&
             p->to.tap.block == run->taps - 1;
    return g;
}

static bool same_group(const group *a, const group *b)
{
    return a->before == b->before && a->after == b->after && jc_tap_at_same(a->to, b->to);
}

/* All entries, those of a group as neighbours. */
static jc_status list_entries(maps *s, const jc_eval_run *run, jc_error *err)
{
    size_t most = 0;
    const jc_map *map;

    for (size_t k = 0; k < run->n_shortcuts; k++)
        for (size_t i = 0; (map = jc_shortcut_map(run->shortcuts[k], i)); i++)
            most += is_scored(run, k, map);
    s->entries = jc_alloc_array(most + 1, sizeof *s->entries);
    s->groups = jc_alloc_array(most + 1, sizeof *s->groups);
    if (!s->entries || !s->groups)
        return jc_fail_nomem(err, "maps");
    for (size_t k = 0; k < run->n_shortcuts; k++)
        for (size_t i = 0; (map = jc_shortcut_map(run->shortcuts[k], i)); i++) {
            group g = group_of(run, map);
            size_t at = 0;
            while (at < s->n_groups && !same_group(&g, &s->groups[at]))
                at++;
            if (at == s->n_groups && is_scored(run, k, map))
                s->groups[s->n_groups++] = g;
        }
    for (size_t g = 0; g < s->n_groups; g++) {
        s->groups[g].first = s->n;
        for (size_t k = 0; k < run->n_shortcuts; k++)
            for (size_t i = 0; (map = jc_shortcut_map(run->shortcuts[k], i)); i++) {
                group own = group_of(run, map);
                if (is_scored(run, k, map) && same_group(&own, &s->groups[g]))
                    s->entries[s->n++] = (entry){.shortcut = k, .map = map};
            }
        s->groups[g].n = s->n - s->groups[g].first;
    }
    return JC_OK;
}

static jc_status prepare_maps(maps *s, const jc_eval_run *run, jc_error *err)
{
    jc_status st = JC_OK;

    s->n_pools = run->n_shortcuts;
    s->pools = jc_alloc_array(s->n_pools + 1, sizeof(jc_prepared *));
    if (!s->pools)
        return jc_fail_nomem(err, "maps");
    for (size_t k = 0; k < s->n_pools && st == JC_OK; k++)
        st = jc_prepared_new(&s->pools[k], jc_backend_find(run->info->backend),
                             run->shortcuts[k]->n, err);
    for (size_t i = 0; i < s->n && st == JC_OK; i++) {
        entry *e = &s->entries[i];
        st = jc_prepared_get(s->pools[e->shortcut], e->map, &e->ready, err);
        e->residual = jc_matrix_new(1, run->width, sizeof *e->residual);
        if (st == JC_OK && !e->residual)
            st = jc_fail_nomem(err, "maps");
    }
    return st;
}

static jc_status begin(void **state, const jc_eval_run *run, jc_error *err)
{
    maps *s = jc_alloc_array(1, sizeof *s);
    size_t d = run->width;

    *state = s;
    if (!s)
        return jc_fail_nomem(err, "maps");
    jc_status st = list_entries(s, run, err);
    if (st == JC_OK && s->n && run->team)
        st = jc_fail(err, JC_E_UNSUPPORTED,
                     "maps that are scored one by one, such as '%s', are not shared among "
                     "ranks: run one",
                     s->entries[0].map->name);
    if (st == JC_OK && s->n)
        st = prepare_maps(s, run, err);
    for (size_t g = 0; g < s->n_groups && st == JC_OK; g++) {
        group *own = &s->groups[g];
        own->shift = jc_matrix_new(1, d, sizeof *own->shift);
        own->sum = jc_matrix_new(1, d, sizeof *own->sum);
        own->square = jc_matrix_new(1, d, sizeof *own->square);
        if (!own->shift || !own->sum || !own->square)
            st = jc_fail_nomem(err, "maps");
        if (st == JC_OK && own->read)
            st = jc_tally_new(&own->tally, own->n, run->params->bootstrap,
                              run->params->seed, err);
    }
    return st;
}

static size_t find_wanted(const maps *s, jc_tap tap)
{
    size_t i = 0;

    while (i < s->n_wanted &&
           (s->wanted[i].block != tap.block || s->wanted[i].point != tap.point))
        i++;
    return i;
}

static jc_status prepare(void *state, const jc_eval_run *run, jc_batch *batch,
                         jc_error *err)
{
    maps *s = state;
    jc_status st = JC_OK;

    (void)run;
    s->wanted = jc_alloc_array(s->n * (JC_MAP_SOURCES + 1) + 1, sizeof *s->wanted);
    if (!s->wanted)
        return jc_fail_nomem(err, "maps");
    for (size_t i = 0; i < s->n; i++) {
        const jc_place *p = &s->entries[i].map->place;
        for (size_t k = 0; k <= p->n_from; k++) {
            jc_tap tap = k < p->n_from ? p->from[k].tap : p->to.tap;
            if (tap.point != JC_POINT_OUT && find_wanted(s, tap) == s->n_wanted)
                s->wanted[s->n_wanted++] = tap;
        }
    }
    for (size_t g = 0; g < s->n_groups && st == JC_OK; g++)
        st = jc_batch_reach(batch, s->groups[g].before, s->groups[g].after, err);
    return st || s->n_wanted == 0 ? st : jc_batch_want(batch, s->wanted, s->n_wanted, err);
}

/* ---- a batch ---- */

struct job {
    maps *s;
    const jc_eval_run *run;
    const jc_eval_batch *batch;
    const group *group;
    size_t n; /* rows of the group */
};

/* The session's states at a tap. */
static const float *states_at(const struct job *job, jc_tap tap)
{
    const jc_session *session = job->batch->session;

    return tap.point == JC_POINT_OUT ? jc_session_states(session, tap.block)
                                     : jc_session_wanted(session, find_wanted(job->s, tap));
}

/* out [n] rows `stride` apart: the states at a tap of rows first .. first + n. */
static void take_rows(const struct job *job, jc_tap_at tap, size_t first, size_t n,
                      size_t stride, float *out)
{
    const float *from = states_at(job, tap.tap);
    size_t d = job->run->width;

    for (size_t r = 0; r < n; r++) {
        size_t row = jc_batch_near(job->batch->source, job->s->rows[first + r], tap.offset);
        memcpy(out + r * stride, from + row * d, d * sizeof *out);
    }
}

static jc_status run_map(void *arg, size_t task, jc_error *err)
{
    const struct job *job = arg;
    entry *e = &job->s->entries[job->group->first + task];
    const jc_place *p = &e->map->place;
    size_t d = job->run->width, in = e->map->d_in;
    float *x = jc_matrix_new(TILE, in, sizeof *x);
    jc_status st = x ? JC_OK : jc_fail_nomem(err, "maps");

    for (size_t first = 0, n; first < job->n && st == JC_OK; first += n) {
        n = job->n - first < TILE ? job->n - first : TILE;
        for (size_t i = 0; i < p->n_from; i++)
            take_rows(job, p->from[i], first, n, in, x + i * d);
        float *got = job->s->ends + (task * job->n + first) * d;
        const float *want = job->s->target + first * d;
        st = jc_ready_run(e->ready, x, n, got, err);
        for (size_t i = 0; i < n * d && st == JC_OK; i++) {
            double off = (double)want[i] - (double)got[i];
            e->residual[i % d] += off * off;
        }
    }
    jc_free(x);
    return st;
}

static void add_variance(const struct job *job, group *g)
{
    size_t d = job->run->width;

    if (g->rows == 0)
        memcpy(g->shift, job->s->target, d * sizeof *g->shift);
    for (size_t i = 0; i < job->n * d; i++) {
        double x = (double)job->s->target[i] - (double)g->shift[i % d];
        g->sum[i % d] += x;
        g->square[i % d] += x * x;
    }
}

static jc_status make_room(maps *s, size_t n, size_t d, size_t series, jc_error *err)
{
    return jc_grow(&s->target, &s->target_capacity, n * d, sizeof *s->target) &&
                   jc_grow(&s->ends, &s->ends_capacity, series * n * d, sizeof *s->ends) &&
                   jc_grow(&s->scores, &s->scores_capacity, series * n, sizeof *s->scores)
               ? JC_OK
               : jc_fail_nomem(err, "maps");
}

static jc_status add_group(maps *s, const jc_eval_run *run, const jc_eval_batch *batch,
                           group *g, jc_error *err)
{
    struct job job = {s, run, batch, g, 0};

    for (size_t r = 0; r < batch->rows; r++)
        if (jc_batch_near(batch->source, r, -g->before) != SIZE_MAX &&
            jc_batch_near(batch->source, r, g->after) != SIZE_MAX) {
            s->rows[job.n] = r;
            s->owners[job.n++] = batch->owners[r];
        }
    g->unused += batch->rows - job.n;
    if (job.n == 0)
        return JC_OK;
    jc_status st = make_room(s, job.n, run->width, g->n, err);
    if (st)
        return st;
    take_rows(&job, g->to, 0, job.n, run->width, s->target);
    add_variance(&job, g);
    g->rows += job.n;
    st = jc_parallel(g->n, run_map, &job, err);
    if (st == JC_OK && g->read)
        st = jc_eval_score_states(run, s->target, s->ends, g->n, job.n, s->scores, err);
    if (st == JC_OK && g->read)
        st = jc_tally_add(g->tally, s->scores, s->owners, job.n, err);
    return st;
}

static jc_status add(void *state, const jc_eval_run *run, const jc_eval_batch *batch,
                     jc_error *err)
{
    maps *s = state;
    jc_status st = JC_OK;

    if (s->n == 0)
        return JC_OK;
    if (!jc_grow(&s->rows, &s->rows_capacity, batch->rows, sizeof *s->rows) ||
        !jc_grow(&s->owners, &s->owners_capacity, batch->rows, sizeof *s->owners))
        return jc_fail_nomem(err, "maps");
    for (size_t g = 0; g < s->n_groups && st == JC_OK; g++)
        st = add_group(s, run, batch, &s->groups[g], err);
    return st;
}

/* ---- results ---- */

static double r2_of(const group *g, const entry *e, size_t d)
{
    double total = 0, rows = (double)g->rows;

    for (size_t c = 0; c < d; c++) {
        double variance = fmax(g->square[c] - g->sum[c] * g->sum[c] / rows, 0);
        total += variance > 0 ? 1 - e->residual[c] / variance : e->residual[c] > 0 ? 0 : 1;
    }
    return g->rows ? total / (double)d : (double)NAN;
}

static uint32_t blocks_of(const jc_map *map)
{
    uint32_t blocks = 0;

    for (size_t i = 0; i < map->place.n_from; i++) {
        const jc_tap_at *from = &map->place.from[i];
        if (from->offset >= 0 && from->tap.block > blocks)
            blocks = from->tap.block;
    }
    return blocks;
}

typedef struct figure {
    jc_method_name method;
    const char *map;
    char from[JC_MAP_SOURCES][JC_TAP_AT_NAME], to[JC_TAP_AT_NAME];
    size_t n_from;
    uint32_t blocks;
    uint64_t rows, unused;
    jc_map_cost cost;
    double r2;
    bool read;
    jc_scores scores; /* where it is read */
} figure;

typedef struct figures {
    figure *of; /* [n] */
    size_t n;
} figures;

static figure measure(const jc_eval_run *run, const group *g, const entry *e, size_t series)
{
    figure f = {.n_from = e->map->place.n_from,
                .blocks = blocks_of(e->map),
                .rows = g->rows,
                .unused = g->unused,
                .cost = jc_map_costs(e->map),
                .r2 = r2_of(g, e, run->width),
                .read = g->read && g->rows};

    snprintf(f.method, sizeof f.method, "%s", run->names[e->shortcut]);
    for (size_t i = 0; i < f.n_from; i++)
        jc_tap_at_name(e->map->place.from[i], f.from[i]);
    jc_tap_at_name(g->to, f.to);
    if (f.read)
        f.scores = jc_tally_scores(g->tally, series);
    return f;
}

static jc_status finish(void *state, const jc_eval_run *run, jc_section *section,
                        jc_error *err)
{
    maps *s = state;
    jc_status st = JC_OK;

    if (s->n == 0)
        return JC_OK;
    figures *f = jc_section_room(section, 1, sizeof *f);
    if (f)
        f->of = jc_section_room(section, s->n, sizeof *f->of);
    if (!f || !f->of)
        return jc_fail_nomem(err, "maps");
    for (size_t g = 0; g < s->n_groups && st == JC_OK; g++) {
        const group *own = &s->groups[g];
        if (own->tally)
            st = jc_tally_end(own->tally, err);
        for (size_t i = 0; i < own->n && st == JC_OK; i++) {
            const entry *e = &s->entries[own->first + i];
            f->of[f->n] = measure(run, own, e, i);
            f->of[f->n].map = jc_section_text(section, e->map->name);
            if (!f->of[f->n++].map)
                st = jc_fail_nomem(err, "maps");
        }
    }
    section->figures = f;
    return st;
}

static void write(const jc_section *section, jc_json *json, json_t *root)
{
    const figures *all = section->figures;
    json_t *list = jc_put_list(json, root, "maps");

    for (size_t i = 0; i < all->n; i++) {
        const figure *f = &all->of[i];
        json_t *one = jc_put_object(json, list, NULL);
        jc_put_text(json, one, "method", f->method);
        jc_put_text(json, one, "map", f->map);
        json_t *from = jc_put_list(json, one, "from");
        for (size_t k = 0; k < f->n_from; k++)
            jc_put_text(json, from, NULL, f->from[k]);
        jc_put_text(json, one, "to", f->to);
        jc_put_count(json, one, "blocks", f->blocks);
        jc_put_count(json, one, "rows", f->rows);
        jc_put_count(json, one, "unused", f->unused);
        jc_put_count(json, one, "parameters", f->cost.parameters);
        jc_put_count(json, one, "bytes", f->cost.bytes);
        jc_put_count(json, one, "flops", f->cost.flops);
        jc_put_number(json, one, "r2", f->r2);
        if (f->read)
            jc_scores_write(&f->scores, json, one);
    }
}

const jc_metric jc_metric_maps = {
    .info = {"maps", "R2, precision and surprisal of maps from several taps or of other "
                     "tokens, and of those that stand alone"},
    .begin = begin,
    .prepare = prepare,
    .add = add,
    .finish = finish,
    .write = write,
    .release = release,
};
