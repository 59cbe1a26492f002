/* SPDX-License-Identifier: MIT */
/* lens.c: make a lens of a text, and look things up in it. */
#include <string.h>

#include "lens/lens.h"

/* clang-format off */
static const jc_option rows[] = {
    {"map", JC_OPTION_TEXT, offsetof(jc_lens_params, map), 0, 0, NULL, NULL, "the map to read through: id, the method of a shortcut, or all; by default the first shortcut's, id without one"},
    {"top", JC_OPTION_U32,  offsetof(jc_lens_params, top), 1, 1000, "10", NULL, "guesses to keep of each layer and position"},
};
/* clang-format on */

const jc_option *jc_lens_options(size_t *n_rows)
{
    *n_rows = JC_COUNT(rows);
    return rows;
}

/* ---- what is read ---- */

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
        return jc_fail(err, JC_E_ARG, "no map is called '%s', only %s", map, list);
    return JC_OK;
}

/* All positions, or those of masks. */
static jc_status choose_positions(jc_lens *lens, const uint32_t *ids, size_t n_ids,
                                  jc_error *err)
{
    int64_t mask = -1;

    if (!lens->info->causal) {
        mask = jc_tokenizer_special(lens->tokenizer, "mask");
        if (mask < 0)
            return jc_fail(err, JC_E_UNSUPPORTED,
                           "the tokenizer of '%s' has no mask token, where an encoder is "
                           "read",
                           lens->info->path);
    }
    lens->ids = jc_alloc_array(n_ids, sizeof *lens->ids);
    lens->positions = jc_alloc_array(n_ids, sizeof *lens->positions);
    if (!lens->ids || !lens->positions)
        return jc_fail_nomem(err, "a text");
    memcpy(lens->ids, ids, n_ids * sizeof *ids);
    lens->n_ids = n_ids;
    for (size_t i = 0; i < n_ids; i++)
        if (mask < 0 || ids[i] == mask)
            lens->positions[lens->columns++] = (uint32_t)i;
    if (lens->columns)
        return JC_OK;
    char *token;
    jc_status st = jc_lens_token(lens, (uint32_t)mask, &token, err);
    if (st == JC_OK)
        st = jc_fail(err, JC_E_ARG,
                     "the text has no %s: an encoder is read where one is written", token);
    jc_free(token);
    return st;
}

static jc_status make_room(jc_lens *lens, jc_error *err)
{
    size_t cells, guesses;

    if (!jc_mul(lens->n_maps * lens->taps, lens->columns, &cells) ||
        !jc_mul(cells, lens->top, &guesses))
        return jc_fail_nomem(err, "a lens");
    lens->answers = jc_alloc_array(lens->columns, sizeof *lens->answers);
    lens->readings = jc_alloc_array(cells, sizeof *lens->readings);
    lens->guesses = jc_alloc_array(guesses, sizeof *lens->guesses);
    lens->p = jc_alloc_array(guesses, sizeof *lens->p);
    if (!lens->answers || !lens->readings || !lens->guesses || !lens->p)
        return jc_fail_nomem(err, "a lens");
    return JC_OK;
}

static jc_status run(jc_lens *lens, const jc_hooks *hooks, jc_error *err)
{
    const jc_text text = {lens->ids, lens->n_ids, lens->positions, lens->columns};
    const float **states = jc_alloc_array(lens->taps, sizeof *states);
    jc_session *session = NULL;
    jc_status st =
        states ? jc_session_new(&session, lens->model, err) : jc_fail_nomem(err, "a lens");

    if (st == JC_OK)
        st = jc_session_run(session, &text, 1, err);
    for (uint32_t tap = 0; tap < lens->taps && st == JC_OK; tap++)
        states[tap] = jc_session_states(session, tap);
    if (st == JC_OK)
        st = jc_lens_read(lens, states, hooks, err);
    jc_session_free(session);
    jc_free(states);
    return st;
}

static void drop_methods(jc_lens *lens)
{
    jc_packed_free(lens->methods, lens->n_methods);
    lens->methods = NULL;
    lens->n_methods = 0;
}

jc_status jc_lens_new(jc_lens **out, const jc_model *model, const jc_tokenizer *tokenizer,
                      const jc_shortcut *const *shortcuts, size_t n_shortcuts,
                      const uint32_t *ids, size_t n_ids, const jc_lens_params *params,
                      jc_error *err)
{
    const jc_model_info *info = jc_model_get_info(model);
    jc_lens *lens = jc_alloc_array(1, sizeof *lens);
    jc_lens_params defaults;

    *out = NULL;
    if (!lens)
        return jc_fail_nomem(err, "a lens");
    if (!params) {
        jc_lens_params_init(&defaults);
        params = &defaults;
    }
    lens->model = model;
    lens->info = info;
    lens->tokenizer = tokenizer;
    lens->taps = info->layers + 1;
    lens->top = params->top < info->vocab ? params->top : info->vocab;
    jc_status st = choose_positions(lens, ids, n_ids, err);
    if (st == JC_OK)
        st = jc_packed_new(&lens->methods, &lens->n_methods, model, shortcuts, n_shortcuts,
                           JC_PACK_FINAL, err);
    if (st == JC_OK)
        st = choose_maps(lens, params->map, err);
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
    jc_free(lens->answers);
    jc_free(lens->readings);
    jc_free(lens->guesses);
    jc_free(lens->p);
    jc_free(lens);
}

/* ---- looking things up ---- */

const char *jc_lens_map(const jc_lens *lens, size_t map)
{
    return map < lens->n_maps ? lens->names[map] : NULL;
}

size_t jc_lens_columns(const jc_lens *lens)
{
    return lens->columns;
}

uint32_t jc_lens_position(const jc_lens *lens, size_t column)
{
    return lens->positions[column];
}

jc_lens_cell jc_lens_at(const jc_lens *lens, size_t map, uint32_t tap, size_t column)
{
    size_t at = jc_lens_index(lens, map, tap, column);
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
    uint32_t tap = lens->taps - 1;

    while (tap > 0 &&
           lens->guesses[jc_lens_index(lens, map, tap - 1, column) * lens->top] ==
               lens->answers[column])
        tap--;
    return tap;
}
