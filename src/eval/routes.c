/* SPDX-License-Identifier: MIT */
/*
 * routes.c: routes are run for every batch, read out, and scored beside the model's own
 * answers.
 *
 * The ends of as many routes as fit into ENDS_BYTES are kept, and then read out together:
 * the logits of the whole model, which all are compared with, are made once for them.
 */
#include "eval/routes.h"

#include <string.h>

enum { ENDS_BYTES = 64 << 20 };

static bool same_steps(const jc_route *a, const jc_route *b)
{
    bool same = a->from == b->from && a->n_steps == b->n_steps;

    for (size_t i = 0; same && i < a->n_steps; i++)
        same = a->steps[i].block == b->steps[i].block &&
               a->steps[i].parts == b->steps[i].parts && a->steps[i].map == b->steps[i].map;
    return same;
}

/* The route with the same steps that has been added before; SIZE_MAX: none. */
static size_t find_same(const jc_routes *routes, const jc_route *route)
{
    for (size_t i = 0; i < routes->n; i++)
        if (routes->list[i].known == SIZE_MAX && routes->list[i].same == SIZE_MAX &&
            same_steps(&routes->list[i].route, route))
            return i;
    return SIZE_MAX;
}

jc_status jc_routes_add(jc_routes *routes, const jc_route *route, jc_error *err)
{
    size_t n = route->n_steps, same = find_same(routes, route);

    if (!jc_grow(&routes->list, &routes->capacity, routes->n + 1, sizeof *routes->list))
        return jc_fail_nomem(err, "a route through the model");
    jc_route_step *steps = jc_alloc_array(n + 1, sizeof *steps);
    if (!steps)
        return jc_fail_nomem(err, "a route through the model");
    memcpy(steps, route->steps, n * sizeof *steps);
    routes->list[routes->n++] = (jc_scored_route){
        .route = {route->from, steps, n}, .known = SIZE_MAX, .same = same};
    return JC_OK;
}

jc_status jc_routes_add_known(jc_routes *routes, const jc_eval_run *run, size_t method,
                              uint32_t layer, jc_error *err)
{
    if (!jc_grow(&routes->list, &routes->capacity, routes->n + 1, sizeof *routes->list))
        return jc_fail_nomem(err, "a route through the model");
    routes->list[routes->n++] =
        (jc_scored_route){.known = method * run->taps + layer, .same = SIZE_MAX};
    return JC_OK;
}

jc_status jc_routes_begin(jc_routes *routes, const jc_eval_run *run, jc_error *err)
{
    return jc_tally_new(&routes->tally, routes->n, run->params->bootstrap,
                        run->params->seed, err);
}

/* The ends of the batch's rows. */
static void take_ends(const jc_eval_batch *batch, const float *ends, float *out,
                      size_t floats)
{
    if (batch->source)
        jc_batch_pick(batch->source, ends, out);
    else
        memcpy(out, ends, floats * sizeof *out);
}

/* Run routes[first .. first + n), none of them known, and score them. */
static jc_status run_some(jc_routes *routes, const jc_eval_run *run,
                          const jc_eval_batch *batch, size_t first, size_t n, jc_error *err)
{
    size_t floats = batch->rows * run->width;
    const float *ends;
    jc_status st = JC_OK;

    for (size_t i = 0; i < n && st == JC_OK; i++) {
        st = jc_session_route(batch->session, &routes->list[first + i].route, &ends, err);
        if (st == JC_OK)
            take_ends(batch, ends, routes->ends + i * floats, floats);
    }
    return st ? st
              : jc_eval_score_states(run, batch->states[run->taps - 1], routes->ends, n,
                                     batch->rows, routes->scores + first * batch->rows,
                                     err);
}

/* Whether route i must be run. */
static bool is_new(const jc_routes *routes, size_t i)
{
    return routes->list[i].known == SIZE_MAX && routes->list[i].same == SIZE_MAX;
}

/* The scores of a route that need not be run. */
static void copy_scores(jc_routes *routes, const jc_eval_batch *batch, size_t i)
{
    const jc_scored_route *route = &routes->list[i];
    size_t rows = batch->rows;
    const jc_score *from = route->known != SIZE_MAX ? batch->scores + route->known * rows
                                                    : routes->scores + route->same * rows;

    memcpy(routes->scores + i * rows, from, rows * sizeof *from);
}

jc_status jc_routes_run(jc_routes *routes, const jc_eval_run *run,
                        const jc_eval_batch *batch, jc_error *err)
{
    size_t rows = batch->rows, floats = rows * run->width, scores;
    size_t group = ENDS_BYTES / (floats * sizeof(float));
    jc_status st = JC_OK;

    group = group < 1 ? 1 : group > routes->n ? routes->n : group;
    if (!jc_mul(rows, routes->n, &scores) ||
        !jc_grow(&routes->scores, &routes->scores_capacity, scores,
                 sizeof *routes->scores) ||
        !jc_grow(&routes->ends, &routes->ends_capacity, group * floats,
                 sizeof *routes->ends))
        return jc_fail_nomem(err, "routes through the model");
    for (size_t i = 0, n; i < routes->n && st == JC_OK; i += n) {
        n = 1;
        if (!is_new(routes, i)) {
            copy_scores(routes, batch, i);
            continue;
        }
        while (n < group && i + n < routes->n && is_new(routes, i + n))
            n++;
        st = run_some(routes, run, batch, i, n, err);
    }
    return st;
}

void jc_routes_release(jc_routes *routes)
{
    for (size_t i = 0; i < routes->n; i++)
        jc_free((void *)(uintptr_t)routes->list[i].route.steps);
    jc_free(routes->list);
    jc_free(routes->scores);
    jc_free(routes->ends);
    jc_tally_free(routes->tally);
}
