/* SPDX-License-Identifier: MIT */
/*
 * tree.c: trees of drafts.
 *
 * A child is never likelier to be reached than its parent. So the best nodes among all
 * candidates are a tree, and it is final once all of its nodes have been asked for
 * children: in rounds, each asks the drafters about all new places at once.
 */
#include "generate/tree.h"

#include <string.h>

#define WEIGHT 12.0 /* guesses that a prior counts for */
#define LEAST  1e-3 /* candidates less likely to be reached are dropped */
#define SURE   0.98 /* no candidate counts as surer, nor all children together */

void jc_mix_close(jc_mix *mix)
{
    for (size_t k = 0; k < mix->n; k++)
        if (mix->of[k]->close)
            mix->of[k]->close(mix->state[k]);
    jc_free(mix->paths);
    memset(mix, 0, sizeof *mix);
}

jc_status jc_mix_open(jc_mix *mix, const char *names, const jc_draft_setup *setup,
                      jc_error *err)
{
    jc_status st = jc_drafters_find(mix->of, &mix->n, names, setup, err);

    for (size_t k = 0; k < mix->n && st == JC_OK; k++) {
        const jc_drafter *drafter = mix->of[k];
        mix->states |= drafter->states;
        for (uint32_t c = 0; c < JC_GUESS_CLASSES; c++) {
            mix->worth.all[k][c] = WEIGHT;
            mix->worth.right[k][c] = WEIGHT * drafter->prior(c);
        }
        if (drafter->open)
            st = drafter->open(&mix->state[k], setup, err);
    }
    return st;
}

/* ---- candidates ---- */

static double worth(const jc_mix *mix, size_t k, uint8_t class)
{
    return mix->worth.right[k][class] / mix->worth.all[k][class];
}

/* That a candidate is right: not all of those who guess it are wrong. */
static double probability(const jc_mix *mix, const jc_node *node)
{
    double wrong = 1;

    for (size_t k = 0; k < mix->n; k++)
        if (node->class[k] != JC_NO_CLASS)
            wrong *= 1 - worth(mix, k, node->class[k]);
    return wrong < 1 - SURE ? SURE : 1 - wrong;
}

/* The guesses at place i, each token once: list[n]. */
static size_t merge(const jc_mix *mix, size_t i, jc_node list[JC_MIX * JC_GUESSES])
{
    size_t n = 0;

    for (size_t k = 0; k < mix->n; k++)
        for (size_t g = 0; g < mix->n_guesses[k][i]; g++) {
            jc_guess guess = mix->guesses[k][i * JC_GUESSES + g];
            size_t at = 0;
            while (at < n && list[at].id != guess.id)
                at++;
            if (at == n) {
                list[n++] = (jc_node){.id = guess.id};
                memset(list[at].class, JC_NO_CLASS, sizeof list[at].class);
            }
            list[at].class[k] = (uint8_t)guess.class;
        }
    return n;
}

/* The best of list[n] first. */
static void sort(jc_node *list, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        jc_node node = list[i];
        size_t k = i;
        for (; k > 0 && list[k - 1].p < node.p; k--)
            list[k] = list[k - 1];
        list[k] = node;
    }
}

static void add_children(jc_tree *tree, const jc_mix *mix, uint32_t parent, size_t place)
{
    jc_node list[JC_MIX * JC_GUESSES];
    size_t n = merge(mix, place, list);
    double sum = 0;

    for (size_t i = 0; i < n; i++) {
        list[i].p = probability(mix, &list[i]);
        sum += list[i].p;
    }
    sort(list, n);
    n = n < JC_CHILDREN ? n : JC_CHILDREN;
    tree->node[parent].children = (uint32_t)tree->n;
    for (size_t i = 0; i < n && tree->n < JC_CANDIDATES; i++) {
        list[i].p *= sum > SURE ? SURE / sum : 1;
        list[i].parent = parent;
        list[i].depth = tree->node[parent].depth + 1;
        list[i].reach = list[i].p * tree->node[parent].reach;
        if (list[i].reach >= LEAST)
            tree->node[tree->n++] = list[i];
    }
    tree->node[parent].n_children = (uint32_t)tree->n - tree->node[parent].children;
}

/* ---- the choice ---- */

/* A node that is worth its row: tokens a pass over its cost must not fall. */
static bool pays(const jc_tree_bound *bound, double reach, double tokens, size_t rows)
{
    return reach * (1 + bound->cost * (double)rows) >= bound->cost * tokens;
}

/* Choose the best candidates. True where one of them is new to the drafters. */
static bool choose(jc_tree *tree, const jc_tree_bound *bound)
{
    double tokens = 1;
    bool fresh = false;

    for (size_t i = 1; i < tree->n; i++)
        tree->node[i].chosen = false;
    for (tree->n_chosen = 0; tree->n_chosen < bound->nodes; tree->n_chosen++) {
        size_t best = 0;
        for (size_t i = 1; i < tree->n; i++)
            if (!tree->node[i].chosen && tree->node[i].depth <= bound->depth &&
                tree->node[tree->node[i].parent].chosen &&
                (best == 0 || tree->node[i].reach > tree->node[best].reach))
                best = i;
        if (best == 0 || !pays(bound, tree->node[best].reach, tokens, tree->n_chosen))
            break;
        tree->node[best].chosen = true;
        tokens += tree->node[best].reach;
        fresh |= !tree->node[best].grown;
    }
    return fresh;
}

/* ---- the rounds ---- */

/* The text at a node, behind a copy of the text before the root: the drafts on the way. */
static void lay_path(const jc_tree *tree, uint32_t node, uint32_t *end)
{
    for (; node; node = tree->node[node].parent)
        *--end = tree->node[node].id;
}

/* What drafters see of a text. */
enum { TAIL = 20000 };

static jc_status ask(jc_tree *tree, jc_mix *mix, const uint32_t *ids, size_t n,
                     size_t width, jc_error *err)
{
    uint32_t asked[JC_DRAFT_NODES + 1];
    size_t n_asked = 0, tail = n < TAIL ? n : TAIL, stride = tail + JC_DRAFT_NODES + 1;
    jc_status st = JC_OK;

    for (size_t i = 0; i < tree->n && n_asked <= JC_DRAFT_NODES; i++)
        if (tree->node[i].chosen && !tree->node[i].grown)
            asked[n_asked++] = (uint32_t)i;
    if (!jc_grow(&mix->paths, &mix->paths_capacity, n_asked * stride, sizeof *mix->paths))
        return jc_fail_nomem(err, "drafts");
    for (size_t i = 0; i < n_asked; i++) {
        const jc_node *node = &tree->node[asked[i]];
        uint32_t *text = mix->paths + i * stride;
        memcpy(text, ids + n - tail, tail * sizeof *ids);
        lay_path(tree, asked[i], text + tail + node->depth);
        mix->at[i] = (jc_place_at){
            .ids = text, .n = tail + node->depth, .position = n - 1 + node->depth};
        if (!tree->states || !tree->known)
            continue;
        size_t before = asked[i] ? 1 + node->parent : 0;
        mix->at[i].before = tree->states + before * width;
        mix->at[i].state = tree->states + (1 + asked[i]) * width;
    }
    for (size_t k = 0; k < mix->n && st == JC_OK; k++) {
        st = mix->of[k]->guess(mix->state[k], mix->at, n_asked, mix->guesses[k],
                               mix->n_guesses[k], err);
        if (st && st != JC_E_NOMEM) { /* the pass goes on without it */
            memset(mix->n_guesses[k], 0, sizeof mix->n_guesses[k]);
            st = JC_OK;
        }
    }
    for (size_t i = 0; i < n_asked && st == JC_OK; i++) {
        add_children(tree, mix, asked[i], i);
        tree->node[asked[i]].grown = true;
    }
    return st;
}

jc_status jc_tree_grow(jc_tree *tree, jc_mix *mix, const uint32_t *ids, size_t n,
                       size_t width, const jc_tree_bound *bound, jc_error *err)
{
    jc_status st = JC_OK;

    tree->node[0] = (jc_node){.id = ids[n - 1], .chosen = true, .p = 1, .reach = 1};
    tree->n = 1;
    tree->n_chosen = 0;
    if (bound->nodes == 0 || bound->depth == 0)
        return JC_OK;
    do
        st = ask(tree, mix, ids, n, width, err);
    while (st == JC_OK && choose(tree, bound));
    uint32_t row = 0;
    for (size_t i = 0; i < tree->n; i++)
        if (tree->node[i].chosen)
            tree->node[i].row = row++;
    return st;
}

/* ---- the walk ---- */

uint32_t jc_tree_step(const jc_tree *tree, jc_mix *mix, uint32_t node, uint32_t id)
{
    const jc_node *at = &tree->node[node];
    uint32_t next = 0;

    for (uint32_t i = at->children; i < at->children + at->n_children; i++) {
        const jc_node *child = &tree->node[i];
        for (size_t k = 0; k < mix->n; k++)
            if (child->class[k] != JC_NO_CLASS) {
                mix->worth.all[k][child->class[k]]++;
                mix->worth.right[k][child->class[k]] += child->id == id;
            }
        if (child->id == id && child->chosen)
            next = i;
    }
    return next;
}
