/* SPDX-License-Identifier: MIT */
/*
 * draft_context.c: context maps, fed with their own guesses.
 *
 * A map from the embedding of a token and the last state of the token before it to the
 * token's own last state: no block is run. The guessed state is read out over some tokens,
 * and is the state before for the drafts behind it.
 */
#include <string.h>

#include "generate/shortlist.h"

enum { ROWS = 64 };

typedef struct context {
    const jc_map *map;
    bool embedding_first; /* of the two sources */
    size_t width;
    jc_shortlist list;
    uint32_t token[ROWS], position[ROWS];
    size_t place[ROWS];
    float *embedding, *x, *y; /* [ROWS, width], [ROWS, 2 width], [ROWS, width] */
} context;

static bool is_layer(jc_tap_at at, uint32_t layer, int32_t offset)
{
    return at.tap.block == layer && at.tap.point == 0 && at.offset == offset;
}

/* The map from [0, L@-1] to L, or NULL. */
static const jc_map *find(const jc_draft_setup *setup, bool *embedding_first)
{
    uint32_t last = jc_model_get_info(setup->model)->layers;

    for (size_t i = 0; setup->shortcut; i++) {
        const jc_map *map = jc_shortcut_map(setup->shortcut, i);
        if (!map)
            return NULL;
        if (jc_map_sources(map) != 2 || !is_layer(jc_map_target(map), last, 0))
            continue;
        for (size_t k = 0; k < 2; k++)
            if (is_layer(jc_map_source(map, k), 0, 0) &&
                is_layer(jc_map_source(map, 1 - k), last, -1)) {
                *embedding_first = k == 0;
                return map;
            }
    }
    return NULL;
}

static bool ready(const jc_draft_setup *setup)
{
    bool first;

    return find(setup, &first) && jc_glimpse_can(setup->model);
}

static void close_context(void *state)
{
    context *c = state;

    if (!c)
        return;
    jc_shortlist_close(&c->list);
    jc_free(c->embedding);
    jc_free(c->x);
    jc_free(c->y);
    jc_free(c);
}

static jc_status missing(const jc_draft_setup *setup, jc_error *err)
{
    uint32_t last = jc_model_get_info(setup->model)->layers;

    if (!setup->shortcut)
        return jc_fail(
            err, JC_E_ARG,
            "the drafter 'context' needs shortcuts with the map 'map.0+%u@-1.%u': fit them "
            "with --from 0,%u@-1 --to %u and name their file after the model",
            last, last, last, last);
    return jc_fail(
        err, JC_E_ARG,
        "the shortcuts have no map 'map.0+%u@-1.%u', which the drafter 'context' "
        "needs: fit it with --from 0,%u@-1 --to %u",
        last, last, last, last);
}

static jc_status open_context(void **state, const jc_draft_setup *setup, jc_error *err)
{
    bool first = true;
    const jc_map *map = find(setup, &first);

    *state = NULL;
    if (!map)
        return missing(setup, err);
    jc_status st = jc_shortcut_check(setup->shortcut, setup->model, err);
    context *c = st ? NULL : jc_alloc_array(1, sizeof *c);
    if (!c)
        return st ? st : jc_fail_nomem(err, "drafts");
    c->map = map;
    c->embedding_first = first;
    c->width = jc_model_get_info(setup->model)->width;
    st = jc_shortlist_open(&c->list, setup, ROWS, err);
    if (st == JC_OK) {
        c->embedding = jc_matrix_new(ROWS, c->width, sizeof *c->embedding);
        c->x = jc_matrix_new(ROWS, 2 * c->width, sizeof *c->x);
        c->y = jc_matrix_new(ROWS, c->width, sizeof *c->y);
        if (!c->embedding || !c->x || !c->y)
            st = jc_fail_nomem(err, "drafts");
    }
    if (st) {
        close_context(c);
        return st;
    }
    *state = c;
    return JC_OK;
}

static jc_status map_rows(context *c, const jc_place_at *at, size_t rows, jc_error *err)
{
    size_t d = c->width;
    jc_status st =
        jc_glimpse_embed(c->list.glimpse, c->token, c->position, rows, c->embedding, err);

    for (size_t r = 0; r < rows && st == JC_OK; r++) {
        float *x = c->x + r * 2 * d;
        memcpy(x + (c->embedding_first ? 0 : d), c->embedding + r * d, d * sizeof *x);
        memcpy(x + (c->embedding_first ? d : 0), at[c->place[r]].before, d * sizeof *x);
    }
    if (st == JC_OK)
        st = jc_map_run(c->map, c->x, rows, c->y, err);
    return st;
}

static jc_status guess(void *state, const jc_place_at *at, size_t n, jc_guess *guesses,
                       size_t *n_guesses, jc_error *err)
{
    context *c = state;
    size_t rows = 0;

    for (size_t i = 0; i < n; i++) {
        n_guesses[i] = 0;
        if (!at[i].before || rows == ROWS)
            continue;
        c->token[rows] = at[i].ids[at[i].n - 1];
        c->position[rows] = (uint32_t)at[i].position;
        c->place[rows++] = i;
    }
    jc_status st = rows ? map_rows(c, at, rows, err) : JC_OK;
    for (size_t r = 0; r < rows && st == JC_OK; r++)
        memcpy(at[c->place[r]].state, c->y + r * c->width, c->width * sizeof *c->y);
    if (st || rows == 0)
        return st;
    return jc_shortlist_guess(&c->list, c->y, at, c->place, rows, guesses, n_guesses, err);
}

const jc_drafter jc_drafter_context = {
    .name = "context",
    .about = "what a map from the embedding and the state before makes of it",
    .odds = jc_shortlist_odds,
    .ready = ready,
    .open = open_context,
    .close = close_context,
    .guess = guess,
    .states = true,
};
