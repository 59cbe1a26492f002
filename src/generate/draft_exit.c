/* SPDX-License-Identifier: MIT */
/*
 * draft_exit.c: self-speculation: what blocks 1 .. E and the map from there to the last
 * layer make of a text.
 *
 * Each round runs all drafts so far, as a tree of rows behind the sequence, through the
 * blocks: rows of one pass share its weights, so the earlier ones cost little. The pass
 * that verifies the drafts goes on from block E with the states and the keys and values of
 * the last round.
 */
#include <string.h>

#include "generate/shortlist.h"
#include "model/partway.h"
#include "shortcut/shortcut.h"

enum { ROWS = JC_COUNT(((jc_tree_rows *)0)->ids) };

typedef struct early {
    uint32_t layer;
    size_t width;
    const jc_map *map;
    jc_partway *way;
    jc_shortlist list;
    jc_tree_rows rows; /* of the last round; n 0: none is there */
    float *h;          /* [ROWS, width]: their states after the block */
    float *x, *y;      /* [ROWS, width]: of the places, before and after the map */
} early;

static void close_exit(void *state)
{
    early *e = state;

    if (!e)
        return;
    jc_partway_free(e->way);
    jc_shortlist_close(&e->list);
    jc_free(e->h);
    jc_free(e->x);
    jc_free(e->y);
    jc_free(e);
}

static jc_status check(const jc_draft_setup *setup, const jc_map **map, jc_error *err)
{
    const jc_model_info *info = jc_model_get_info(setup->model);
    uint32_t from = setup->layer, last = info->layers;

    if (from < 1 || from >= last)
        return jc_fail(err, JC_E_ARG,
                       "the drafter 'exit:%u' is outside the model: its %u blocks have "
                       "exits after 1 to %u",
                       from, last, last - 1);
    if (!setup->shortcut)
        return jc_fail(
            err, JC_E_ARG,
            "the drafter 'exit:%u' needs shortcuts with the map 'map.%u.%u': fit "
            "them with '--pairs final' and name their file after the model",
            from, from, last);
    *map = jc_shortcut_find(setup->shortcut, from, last);
    if (!*map)
        return jc_fail(err, JC_E_ARG,
                       "the shortcuts have no map 'map.%u.%u', which the drafter 'exit:%u' "
                       "needs: fit them with '--pairs final'",
                       from, last, from);
    return jc_shortcut_check(setup->shortcut, setup->model, err);
}

static jc_status open_exit(void **state, const jc_draft_setup *setup, jc_error *err)
{
    const jc_map *map = NULL;
    jc_status st = check(setup, &map, err);
    early *e = st ? NULL : jc_alloc_array(1, sizeof *e);

    *state = NULL;
    if (!e)
        return st ? st : jc_fail_nomem(err, "drafts");
    e->layer = setup->layer;
    e->map = map;
    e->width = jc_model_get_info(setup->model)->width;
    e->h = jc_matrix_new(ROWS, e->width, sizeof *e->h);
    e->x = jc_matrix_new(ROWS, e->width, sizeof *e->x);
    e->y = jc_matrix_new(ROWS, e->width, sizeof *e->y);
    st = e->h && e->x && e->y ? jc_partway_new(&e->way, setup->model, err)
                              : jc_fail_nomem(err, "drafts");
    if (st == JC_OK)
        st = jc_shortlist_open(&e->list, setup, ROWS, err);
    if (st) {
        close_exit(e);
        return st;
    }
    *state = e;
    return JC_OK;
}

/* All rows of the tree through the blocks. */
static jc_status run_rows(early *e, const jc_tree_rows *rows, jc_error *err)
{
    const jc_stretch stretch = {.seq = rows->seq,
                                .first = jc_seq_length(rows->seq),
                                .n = rows->n,
                                .ids = rows->ids,
                                .h = e->h,
                                .parents = rows->parents};

    e->rows.n = 0;
    jc_status st = jc_partway_run(e->way, &stretch, 1, 0, e->layer, err);
    if (st == JC_OK)
        e->rows = *rows;
    return st;
}

static jc_status guess(void *state, const jc_place_at *at, size_t n, jc_guess *guesses,
                       size_t *n_guesses, jc_error *err)
{
    early *e = state;
    size_t d = e->width, place[ROWS], rows = n < ROWS ? n : ROWS;

    memset(n_guesses, 0, n * sizeof *n_guesses);
    if (n == 0 || !at[0].rows)
        return JC_OK;
    jc_status st = run_rows(e, at[0].rows, err);
    for (size_t i = 0; i < rows && st == JC_OK; i++) {
        memcpy(e->x + i * d, e->h + at[i].row * d, d * sizeof *e->x);
        place[i] = i;
    }
    if (st == JC_OK)
        st = jc_map_run(e->map, e->x, rows, e->y, err);
    return st ? st
              : jc_shortlist_guess(&e->list, e->y, at, place, rows, guesses, n_guesses,
                                   err);
}

/* The rows are perhaps some of the last round's. */
static jc_status begun(void *state, const jc_tree_rows *rows, float *h, uint32_t *blocks,
                       jc_error *err)
{
    early *e = state;
    uint32_t from[ROWS];
    size_t at = 0;

    *blocks = 0;
    if (e->rows.n == 0 || e->rows.seq != rows->seq)
        return JC_OK;
    for (size_t i = 0; i < rows->n; i++, at++) {
        while (at < e->rows.n && e->rows.node[at] != rows->node[i])
            at++;
        if (at == e->rows.n)
            return JC_OK;
        from[i] = (uint32_t)at;
    }
    for (size_t i = 0; i < rows->n; i++)
        memcpy(h + i * e->width, e->h + from[i] * e->width, e->width * sizeof *h);
    e->rows.n = 0;
    *blocks = e->layer;
    return jc_partway_pick(rows->seq, e->layer, from, rows->n, err);
}

const jc_drafter jc_drafter_exit = {
    .name = "exit",
    .about = "what blocks 1 to E and a map from there make of it; say exit:E",
    .odds = jc_shortlist_odds,
    .open = open_exit,
    .close = close_exit,
    .guess = guess,
    .begun = begun,
    .layer = true,
};
