/* SPDX-License-Identifier: MIT */
/* lens.c: make a lens of a text, and look things up in it. */
#include <string.h>

#include "base/likely.h"
#include "lens/lens.h"
#include "model/session.h"

/* clang-format off */
static const jc_option rows[] = {
    {"map", JC_OPTION_TEXT, offsetof(jc_lens_params, map), 0, 0, NULL, NULL, "the map to read through: id, the method of a shortcut, or all; by default the first shortcut's, id without one"},
    {"top", JC_OPTION_U32,  offsetof(jc_lens_params, top), 1, 1000, "10", NULL, "guesses to keep of each layer and position"},
    {"at",  JC_OPTION_TEXT, offsetof(jc_lens_params, at),  0, 0, NULL, NULL, "read at these taps inside blocks too: 6.mlp,7.attn; a point, as mlp, in every block; or all; 6.experts is what the router of a mixture chooses"},
    {"positions", JC_OPTION_TEXT, offsetof(jc_lens_params, positions), 0, 0, NULL, NULL, "the positions to keep, A:B, A up to but without B; below 0 from the end"},
};
/* clang-format on */

const jc_option *jc_lens_options(size_t *n_rows)
{
    if (n_rows)
        *n_rows = JC_COUNT(rows);
    return rows;
}

/* ---- what is read ---- */

static jc_status no_map(const jc_lens *lens, const char *map, const char *list,
                        jc_error *err)
{
    char text[JC_LIKELY_TEXT];
    jc_likely likely;

    jc_likely_begin(&likely, map, strlen(map));
    jc_likely_offer_list(&likely, "all");
    for (size_t m = 0; m < lens->n_methods; m++)
        jc_likely_offer(&likely, lens->methods[m].name, strlen(lens->methods[m].name));
    return jc_fail(err, JC_E_ARG, "no map is called '%s', only %s%s", map, list,
                   jc_likely_text(&likely, text));
}

static jc_status choose_maps(jc_lens *lens, const char *map, jc_error *err)
{
    size_t n = lens->n_methods, known = 0;
    char list[200] = "";

    lens->chosen = jc_alloc_array(n, sizeof *lens->chosen);
    lens->names = jc_alloc_array(n, sizeof *lens->names);
    if (!lens->chosen || !lens->names)
        return jc_fail_nomem(err, "the maps");
    for (size_t m = 0; m < n; m++) {
        const char *name = lens->methods[m].name;
        bool first = !map && m == (n > 1);
        if (known < sizeof list)
            known += (size_t)snprintf(list + known, sizeof list - known, "%s'%s'",
                                      m ? ", " : "", name);
        if (!first && !(map && (strcmp(map, "all") == 0 || strcmp(map, name) == 0)))
            continue;
        memcpy(lens->names[lens->n_maps], name, sizeof *lens->names);
        lens->chosen[lens->n_maps++] = m;
    }
    if (lens->n_maps == 0)
        return no_map(lens, map ? map : "", list, err);
    return JC_OK;
}

/* Where a tap comes among those of its block. */
static size_t turn_of(const jc_model *model, jc_tap tap)
{
    size_t n, at = 0;
    const uint32_t *points = jc_model_points(model, &n);

    while (at < n && points[at] != tap.point)
        at++;
    return tap.point ? at : n + 1; /* n: the same state as the output */
}

static void add_row(jc_lens *lens, jc_tap tap)
{
    size_t at = lens->rows++, turn = turn_of(lens->model, tap);

    for (; at > 0; at--) {
        jc_tap before = lens->taps[at - 1];
        if (before.block < tap.block ||
            (before.block == tap.block && turn_of(lens->model, before) < turn))
            break;
        lens->taps[at] = before;
    }
    lens->taps[at] = tap;
}

/* Every point of every block. */
static jc_status all_points(jc_taps *taps, const jc_model *model, jc_error *err)
{
    uint32_t layers = jc_model_get_info(model)->layers;
    size_t n;
    const uint32_t *points = jc_model_points(model, &n);

    taps->tap = jc_alloc_array(layers * n, sizeof *taps->tap);
    if (!taps->tap)
        return jc_fail_nomem(err, "the taps");
    for (uint32_t b = 1; b <= layers; b++)
        for (size_t i = 0; i < n; i++)
            taps->tap[taps->n++] = (jc_tap){b, points[i]};
    return JC_OK;
}

/* The layers, and what `at` names inside blocks. */
static jc_status choose_rows(jc_lens *lens, const char *at, jc_error *err)
{
    uint32_t layers = lens->info->layers;
    jc_taps inner = {0};
    char *rest = NULL;
    jc_status st = at ? jc_lens_choose_experts(lens, at, &rest, err) : JC_OK;

    if (st == JC_OK && rest)
        st = strcmp(rest, "all") == 0 ? all_points(&inner, lens->model, err)
                                      : jc_taps_read(&inner, lens->model, rest, err);
    jc_free(rest);
    lens->taps = jc_alloc_array(layers + 1 + inner.n, sizeof *lens->taps);
    if (st == JC_OK && !lens->taps)
        st = jc_fail_nomem(err, "the taps");
    for (uint32_t l = 0; l <= layers && st == JC_OK; l++)
        add_row(lens, (jc_tap){l, 0});
    for (size_t i = 0; i < inner.n && st == JC_OK; i++)
        if (inner.tap[i].point)
            add_row(lens, inner.tap[i]);
    jc_free(inner.tap);
    return st;
}

static jc_status make_room(jc_lens *lens, jc_error *err)
{
    size_t cells, guesses, traces;

    if (!jc_mul(lens->n_maps * lens->rows, lens->columns, &cells) ||
        !jc_mul(cells, lens->top, &guesses) || !jc_mul(cells, lens->n_targets + 1, &traces))
        return jc_fail_nomem(err, "a lens");
    lens->answers = jc_alloc_array(lens->columns, sizeof *lens->answers);
    lens->readings = jc_alloc_array(cells, sizeof *lens->readings);
    lens->guesses = jc_alloc_array(guesses, sizeof *lens->guesses);
    lens->p = jc_alloc_array(guesses, sizeof *lens->p);
    lens->traces = jc_alloc_array(traces, sizeof *lens->traces);
    if (!lens->answers || !lens->readings || !lens->guesses || !lens->p || !lens->traces)
        return jc_fail_nomem(err, "a lens");
    return JC_OK;
}

/* Keep the states of the rows inside blocks too. */
static jc_status want(const jc_lens *lens, jc_session *session, jc_error *err)
{
    jc_tap *inner = jc_alloc_array(lens->rows, sizeof *inner);
    size_t n = 0;

    if (!inner)
        return jc_fail_nomem(err, "the taps");
    for (size_t row = 0; row < lens->rows; row++)
        if (lens->taps[row].point)
            inner[n++] = lens->taps[row];
    jc_status st = jc_session_want(session, inner, n, err);
    jc_free(inner);
    return st;
}

static jc_status run(jc_lens *lens, const jc_hooks *hooks, jc_error *err)
{
    /* what follows the last position changes nothing before it, in a decoder */
    size_t n = lens->info->causal ? lens->positions[lens->columns - 1] + 1 : lens->n_ids;
    const jc_text text = {lens->ids, n, lens->positions, lens->columns};
    const float **states = jc_alloc_array(lens->rows, sizeof *states);
    jc_session *session = NULL;
    size_t inner = 0;
    jc_status st =
        states ? jc_session_new(&session, lens->model, err) : jc_fail_nomem(err, "a lens");

    if (st == JC_OK)
        st = want(lens, session, err);
    if (st == JC_OK)
        st = jc_lens_want_experts(lens, session, err);
    if (st == JC_OK)
        st = jc_session_run(session, &text, 1, err);
    if (st == JC_OK)
        st = jc_lens_take_experts(lens, session, err);
    for (size_t row = 0; row < lens->rows && st == JC_OK; row++)
        states[row] = lens->taps[row].point
                          ? jc_session_wanted(session, inner++)
                          : jc_session_states(session, lens->taps[row].block);
    if (st == JC_OK)
        st = jc_lens_read(lens, states, hooks, err);
    jc_session_free(session);
    jc_free(states);
    return st;
}

/* Those that read layers. */
static jc_status pack(jc_lens *lens, const jc_shortcut *const *shortcuts, size_t n,
                      jc_error *err)
{
    const jc_shortcut **some = jc_alloc_array(n + 1, sizeof *some);
    size_t had = 0;

    if (!some)
        return jc_fail_nomem(err, "the maps");
    for (size_t i = 0; shortcuts && i < n; i++)
        if (!jc_lens_only_inner(shortcuts[i], lens->info->layers))
            some[had++] = shortcuts[i];
    jc_status st = jc_packed_new(&lens->methods, &lens->n_methods, lens->model, some, had,
                                 JC_PACK_FINAL, err);
    jc_free(some);
    return st;
}

static void drop_methods(jc_lens *lens)
{
    jc_free(lens->inner);
    lens->inner = NULL;
    jc_packed_free(lens->methods, lens->n_methods);
    lens->methods = NULL;
    lens->n_methods = 0;
}

jc_status jc_lens_new(jc_lens **out, const jc_model *model, const jc_tokenizer *tokenizer,
                      const jc_shortcut *const *shortcuts, size_t n_shortcuts,
                      const uint32_t *ids, size_t n_ids, const jc_lens_params *params,
                      jc_error *err)
{
    JC_USE_THREADS(jc_model_threads(model));
    jc_lens_params p;

    jc_status st = jc_want_out(out, err);
    jc_lens_params_init(&p);
    if (st == JC_OK)
        st = jc_model_ready(model, err);
    if (st == JC_OK)
        st = jc_want(tokenizer, "tokenizer", err);
    if (st == JC_OK && n_ids > 0)
        st = jc_want(ids, "ids", err);
    for (size_t i = 0; i < n_shortcuts && st == JC_OK; i++)
        st = jc_want(shortcuts ? shortcuts[i] : NULL, "shortcuts", err);
    if (st == JC_OK)
        st = jc_params_take(&p, sizeof p, params, rows, JC_COUNT(rows), err);
    if (st)
        return st;
    const jc_model_info *info = jc_model_get_info(model);
    jc_lens *lens = jc_alloc_array(1, sizeof *lens);
    if (!lens)
        return jc_fail_nomem(err, "a lens");
    params = &p;
    lens->model = model;
    lens->info = info;
    lens->tokenizer = tokenizer;
    lens->top = params->top < info->vocab ? params->top : info->vocab;
    st = jc_lens_choose_positions(lens, ids, n_ids, params->positions, err);
    if (st == JC_OK)
        st = jc_lens_choose_targets(lens, params->targets, params->n_targets, err);
    if (st == JC_OK)
        st = pack(lens, shortcuts, n_shortcuts, err);
    if (st == JC_OK)
        st = choose_maps(lens, params->map, err);
    if (st == JC_OK)
        st = choose_rows(lens, params->at, err);
    if (st == JC_OK)
        st = jc_lens_choose_inner(lens, shortcuts, n_shortcuts, err);
    if (st == JC_OK)
        st = make_room(lens, err);
    if (st == JC_OK)
        st = run(lens, params->hooks, err);
    drop_methods(lens);
    if (st)
        jc_lens_free(lens);
    else
        *out = lens;
    return st;
}

void jc_lens_free(jc_lens *lens)
{
    if (!lens)
        return;
    jc_free(lens->chosen);
    jc_free(lens->names);
    jc_free(lens->ids);
    jc_free(lens->positions);
    jc_free(lens->taps);
    jc_free(lens->through);
    jc_free(lens->answers);
    jc_free(lens->readings);
    jc_free(lens->guesses);
    jc_free(lens->p);
    jc_free(lens->targets);
    jc_free(lens->traces);
    jc_free(lens->mixtures);
    jc_free(lens->experts);
    jc_free(lens->shares);
    jc_free(lens);
}

/* ---- looking things up ---- */

const char *jc_lens_map(const jc_lens *lens, size_t map)
{
    if (!lens)
        return NULL;
    return map < lens->n_maps ? lens->names[map] : NULL;
}

size_t jc_lens_columns(const jc_lens *lens)
{
    if (!lens)
        return 0;
    return lens->columns;
}

uint32_t jc_lens_position(const jc_lens *lens, size_t column)
{
    if (!lens)
        return 0;
    return lens->positions[column];
}

size_t jc_lens_rows(const jc_lens *lens)
{
    if (!lens)
        return 0;
    return lens->rows;
}

jc_tap jc_lens_tap(const jc_lens *lens, size_t row)
{
    if (!lens)
        return (jc_tap){0};
    return lens->taps[row];
}

jc_lens_cell jc_lens_at(const jc_lens *lens, size_t map, size_t row, size_t column)
{
    if (!lens)
        return (jc_lens_cell){0};
    size_t at = jc_lens_index(lens, map, row, column);
    const jc_reading *reading = &lens->readings[at];

    return (jc_lens_cell){.ids = lens->guesses + at * lens->top,
                          .p = lens->p + at * lens->top,
                          .n = lens->top,
                          .rank = reading->rank,
                          .entropy = reading->entropy,
                          .kl = reading->kl};
}

uint32_t jc_lens_settled(const jc_lens *lens, size_t map, size_t column)
{
    if (!lens)
        return 0;
    uint32_t settled = lens->info->layers;

    for (size_t row = lens->rows - 1; row-- > 0;) {
        if (lens->taps[row].point) /* the layers alone tell */
            continue;
        if (lens->guesses[jc_lens_index(lens, map, row, column) * lens->top] !=
            lens->answers[column])
            break;
        settled = lens->taps[row].block;
    }
    return settled;
}
