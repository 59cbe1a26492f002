/* SPDX-License-Identifier: MIT */
/*
 * metric_schedules.c: some blocks run, maps that jump over the others: a real blocks and a
 * jump over b in turn, for all a + b that divide L; the schedules whose jumps have the
 * largest product of R2, on the vectors that the maps were fitted on, for each number of
 * blocks; and one jump to the end, from each layer. After a jump the blocks see all
 * positions as they were jumped to.
 */
#include <math.h>

#include "eval/routes.h"
#include "eval/schedule.h"
#include "shortcut/shortcut.h"

/* Of route i. */
typedef struct entry {
    size_t method;
    const char *kind;
    uint32_t run, jump; /* of "alternate" */
    jc_schedule schedule;
} entry;

typedef struct schedules {
    jc_routes routes;
    entry *entries; /* [routes.n] */
    size_t capacity;
} schedules;

static void release(void *state)
{
    schedules *s = state;

    if (!s)
        return;
    for (size_t i = 0; i < s->capacity; i++)
        jc_free(s->entries[i].schedule.jumps);
    jc_free(s->entries);
    jc_routes_release(&s->routes);
    jc_free(s);
}

/* The next entry, zeroed but for room for jumps. */
static jc_status next_entry(schedules *s, const jc_eval_run *run, size_t method,
                            const char *kind, entry **out, jc_error *err)
{
    size_t had = s->capacity, at = s->routes.n;

    if (!jc_grow(&s->entries, &s->capacity, at + 1, sizeof *s->entries))
        return jc_fail_nomem(err, "schedules");
    for (size_t i = had; i < s->capacity; i++)
        s->entries[i] = (entry){0};
    entry *e = &s->entries[at];
    e->method = method;
    e->kind = kind;
    if (!e->schedule.jumps)
        e->schedule.jumps = jc_alloc_array(run->taps, sizeof *e->schedule.jumps);
    *out = e;
    return e->schedule.jumps ? JC_OK : jc_fail_nomem(err, "schedules");
}

/* The way of a schedule, which has a jump. */
static jc_status add_route(schedules *s, const jc_eval_run *run, size_t method,
                           const jc_schedule *schedule, jc_error *err)
{
    const jc_packed *packed = &run->methods[method];
    size_t n = 0;
    jc_status st = JC_OK;

    if (schedule->n == 1 && schedule->jumps[0].to + 1 == run->taps) /* an exit */
        return jc_routes_add_known(&s->routes, run, method, schedule->jumps[0].from, err);
    jc_route_step *steps = jc_alloc_array(run->taps, sizeof *steps);
    if (!steps)
        return jc_fail_nomem(err, "schedules");
    uint32_t from = schedule->jumps[0].from, at = from;
    for (size_t i = 0; i < schedule->n; i++) {
        const jc_jump *jump = &schedule->jumps[i];
        while (at < jump->from)
            steps[n++] = (jc_route_step){.block = ++at};
        const jc_linear *map;
        st = jc_packed_linear(packed, jump->from, jump->to, &map, err);
        if (st)
            break;
        steps[n++] = (jc_route_step){.map = map};
        at = jump->to;
    }
    while (at + 1 < run->taps)
        steps[n++] = (jc_route_step){.block = ++at};
    const jc_route route = {from, steps, n};
    if (st == JC_OK)
        st = jc_routes_add(&s->routes, &route, err);
    jc_free(steps);
    return st;
}

static jc_status add_alternating(schedules *s, const jc_eval_run *run, size_t method,
                                 const float *r2, jc_error *err)
{
    uint32_t layers = run->taps - 1;
    jc_status st = JC_OK;

    for (uint32_t period = 2; period <= layers; period++)
        for (uint32_t a = 1; a < period && layers % period == 0 && st == JC_OK; a++) {
            entry *e = NULL;
            st = next_entry(s, run, method, "alternate", &e, err);
            if (st)
                break;
            e->run = a;
            e->jump = period - a;
            jc_schedule_alternate(&e->schedule, layers, a, period - a);
            if (r2)
                jc_schedule_rate(&e->schedule, r2, layers);
            st = add_route(s, run, method, &e->schedule, err);
        }
    return st;
}

static jc_status add_best(schedules *s, const jc_eval_run *run, size_t method,
                          const float *r2, jc_error *err)
{
    uint32_t layers = run->taps - 1;
    jc_status st = JC_OK;

    for (uint32_t blocks = 0; blocks < layers && r2 && st == JC_OK; blocks++) {
        bool found = false;
        entry *e = NULL;
        st = next_entry(s, run, method, "best", &e, err);
        if (st == JC_OK)
            st = jc_schedule_best(&e->schedule, &found, r2, layers, blocks, err);
        if (st == JC_OK && found)
            st = add_route(s, run, method, &e->schedule, err);
    }
    return st;
}

/* One jump from each layer to the end, which is scored in any case. */
static jc_status add_exits(schedules *s, const jc_eval_run *run, size_t method,
                           const float *r2, jc_error *err)
{
    uint32_t layers = run->taps - 1;
    jc_status st = JC_OK;

    for (uint32_t l = 0; l <= layers && st == JC_OK; l++) {
        entry *e;
        st = next_entry(s, run, method, "exit", &e, err);
        if (st)
            break;
        e->schedule.blocks = l;
        e->schedule.product = 1;
        if (l < layers)
            e->schedule.jumps[e->schedule.n++] = (jc_jump){l, layers};
        if (r2)
            jc_schedule_rate(&e->schedule, r2, layers);
        else if (l < layers)
            e->schedule.product = NAN;
        st = jc_routes_add_known(&s->routes, run, method, l, err);
    }
    return st;
}

/* Fitted, with a map between every two layers. */
static bool takes_part(const jc_eval_run *run, size_t method)
{
    const jc_packed *packed = &run->methods[method];

    for (uint32_t i = 0; i < run->taps; i++)
        for (uint32_t j = i + 1; j < run->taps; j++)
            if (!packed->shortcut || !jc_packed_has(packed, i, j))
                return false;
    return run->params->schedules;
}

static bool wants_routes(const jc_eval_run *run)
{
    for (size_t m = 0; m < run->n_methods; m++)
        if (takes_part(run, m))
            return true;
    return false;
}

/* The schedules of a method. r2: what its shortcut says, or NULL. */
static jc_status add_method(schedules *s, const jc_eval_run *run, size_t method,
                            jc_error *err)
{
    float *table = jc_matrix_new(run->taps, run->taps, sizeof *table);

    if (!table)
        return jc_fail_nomem(err, "schedules");
    const float *r2 = jc_shortcut_r2(run->methods[method].shortcut, table) ? table : NULL;
    jc_status st = add_alternating(s, run, method, r2, err);
    if (st == JC_OK)
        st = add_best(s, run, method, r2, err);
    if (st == JC_OK)
        st = add_exits(s, run, method, r2, err);
    jc_free(table);
    return st;
}

static jc_status begin(void **state, const jc_eval_run *run, jc_error *err)
{
    schedules *s = jc_alloc_array(1, sizeof *s);
    jc_status st = JC_OK;

    *state = s;
    if (!s)
        return jc_fail_nomem(err, "schedules");
    for (size_t m = 0; m < run->n_methods && st == JC_OK; m++)
        if (takes_part(run, m))
            st = add_method(s, run, m, err);
    return st || s->routes.n == 0 ? st : jc_routes_begin(&s->routes, run, err);
}

static jc_routes *routes_of(void *state)
{
    schedules *s = state;

    return s->routes.n ? &s->routes : NULL;
}

/* Of a route. */
typedef struct figure {
    size_t method;
    const char *kind;
    uint32_t run, jump;
    uint32_t blocks;
    double product;
    jc_jump *jumps; /* [n_jumps] */
    size_t n_jumps;
    jc_scores scores;
} figure;

typedef struct figures {
    figure *of; /* [n] */
    size_t n;
} figures;

static bool keep_entry(figure *f, const entry *e, jc_section *section)
{
    const jc_schedule *s = &e->schedule;

    *f = (figure){.method = e->method,
                  .kind = e->kind,
                  .run = e->run,
                  .jump = e->jump,
                  .blocks = s->blocks,
                  .product = s->product,
                  .n_jumps = s->n};
    f->jumps = jc_section_room(section, s->n, sizeof *f->jumps);
    for (size_t i = 0; f->jumps && i < s->n; i++)
        f->jumps[i] = s->jumps[i];
    return f->jumps != NULL;
}

static jc_status finish(void *state, const jc_eval_run *run, jc_section *section,
                        jc_error *err)
{
    schedules *s = state;

    (void)run;
    if (s->routes.n == 0)
        return JC_OK;
    jc_status st = jc_tally_end(s->routes.tally, err);
    figures *f = jc_section_room(section, 1, sizeof *f);
    if (f)
        f->of = jc_section_room(section, s->routes.n, sizeof *f->of);
    if (st == JC_OK && (!f || !f->of))
        st = jc_fail_nomem(err, "schedules");
    for (size_t i = 0; i < s->routes.n && st == JC_OK; i++) {
        if (!keep_entry(&f->of[i], &s->entries[i], section))
            return jc_fail_nomem(err, "schedules");
        f->of[i].scores = jc_tally_scores(s->routes.tally, i);
        f->n++;
    }
    section->figures = f;
    return st;
}

static void write(const jc_section *section, jc_json *json, json_t *root)
{
    const figures *all = section->figures;
    json_t *list = jc_put_list(json, root, "schedules");

    for (size_t i = 0; i < all->n; i++) {
        const figure *f = &all->of[i];
        json_t *one = jc_put_object(json, list, NULL);
        jc_put_text(json, one, "map", section->methods[f->method]);
        jc_put_text(json, one, "kind", f->kind);
        jc_put_count(json, one, "blocks", f->blocks);
        jc_put_number(json, one, "r2_product", f->product);
        json_t *jumps = jc_put_list(json, one, "jumps");
        for (size_t k = 0; k < f->n_jumps; k++) {
            json_t *jump = jc_put_list(json, jumps, NULL);
            jc_put_count(json, jump, NULL, f->jumps[k].from);
            jc_put_count(json, jump, NULL, f->jumps[k].to);
        }
        if (f->run > 0) { /* "alternate" */
            jc_put_count(json, one, "run", f->run);
            jc_put_count(json, one, "jump", f->jump);
        }
        jc_scores_write(&f->scores, json, one);
    }
}

const jc_metric jc_metric_schedules = {
    .info = {"schedules", "precision and surprisal when some blocks are run and maps jump "
                          "over the others, where there is a map between every two layers"},
    .wants_routes = wants_routes,
    .reads_out = true,
    .begin = begin,
    .routes = routes_of,
    .finish = finish,
    .write = write,
    .release = release,
};
