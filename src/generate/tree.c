/* SPDX-License-Identifier: MIT */
/*
 * tree.c: trees of drafts.
 *
 * A child is never likelier to be reached than its parent. So the best nodes among all
 * candidates are a tree, and it is final once all of its nodes have been asked for
 * children: in rounds, each asks the drafters about all new places at once.
 *
 * A drafter costs time, too, and so do the rows of its guesses. It is asked where what
 * cheaper ones leave open, times the share of that which it has gained before over the cost
 * of its rows, is worth its time.
 */
#include "generate/tree.h"

#include <math.h>
#include <string.h>

#define WEIGHT 12.0 /* guesses that what a drafter knows before counts for */
#define LEAST  1e-3 /* candidates less likely to be reached are dropped */
#define SURE   0.98 /* no candidate counts as surer, nor all children together */
#define TUNED  40.0 /* guesses that what tuning has found counts for */

#define PLACES 6.0  /* that a drafter's first trade counts for, */
#define HOPE   0.25 /* in which so much of what was open was gained */
#define FADE   0.97
#define SOON   0.8  /* of times, the first of which is not to be trusted */
#define LITTLE 0.01 /* no drafter is held to gain less of what is open */
enum { TRY = 2, REST = 24, MOST = 384 }; /* turns: asked in any case; not asked */

void jc_mix_close(jc_mix *mix)
{
    for (size_t k = 0; k < mix->n; k++)
        if (mix->of[k]->close)
            mix->of[k]->close(mix->state[k]);
    jc_free(mix->paths);
    memset(mix, 0, sizeof *mix);
}

/* The table of tuning that is of a drafter, or NULL. */
static const float *tuned(const jc_draft_tuning *tuning, const jc_drafter *drafter)
{
    for (size_t i = 0; tuning && i < tuning->n; i++)
        if (strcmp(tuning->name[i], drafter->name) == 0)
            return tuning->odds[i];
    return NULL;
}

jc_status jc_mix_open(jc_mix *mix, const char *names, const jc_draft_setup *setup,
                      const jc_draft_tuning *tuning, jc_error *err)
{
    jc_drafter_named named[JC_MIX];
    jc_status st = jc_drafters_find(named, &mix->n, names, setup, err);

    for (size_t k = 0; k < mix->n; k++)
        mix->of[k] = named[k].of;
    for (size_t k = 0; k < mix->n && st == JC_OK; k++) {
        const jc_drafter *drafter = mix->of[k];
        const float *odds = tuned(tuning, drafter);
        jc_draft_setup own = *setup;
        own.layer = named[k].layer;
        mix->states |= drafter->states;
        mix->blocks |= drafter->begun != NULL;
        mix->trade[k] = (jc_trade){.open = PLACES,
                                   .gained = PLACES * HOPE,
                                   .trying = odds ? 0 : TRY,
                                   .rest = REST};
        jc_worth_begin(&mix->worth, k, odds ? odds : drafter->odds, odds ? TUNED : WEIGHT);
        if (drafter->open)
            st = drafter->open(&mix->state[k], &own, err);
    }
    return st;
}

/* ---- candidates ---- */

/* What drafter k says of tokens at place i that it does not guess. */
static uint8_t sign_of_others(const jc_mix *mix, size_t k, size_t i)
{
    const jc_guess *guesses = &mix->guesses[k][i * JC_GUESSES];
    size_t n = mix->n_guesses[k][i];

    if (!mix->asked[k])
        return JC_UNASKED;
    return (uint8_t)(n ? JC_OTHERS + guesses[0].class : JC_SILENT);
}

/* The guesses at place i, each token once: list[n]. */
static size_t merge(const jc_mix *mix, size_t i, jc_node list[JC_MIX * JC_GUESSES])
{
    uint8_t others[JC_MIX];
    size_t n = 0;

    for (size_t k = 0; k < mix->n; k++)
        others[k] = sign_of_others(mix, k, i);
    for (size_t k = 0; k < mix->n; k++)
        for (size_t g = 0; g < mix->n_guesses[k][i]; g++) {
            jc_guess guess = mix->guesses[k][i * JC_GUESSES + g];
            size_t at = 0;
            while (at < n && list[at].id != guess.id)
                at++;
            if (at == n) {
                list[n++] = (jc_node){.id = guess.id};
                memcpy(list[at].sign, others, sizeof others);
            }
            list[at].sign[k] = (uint8_t)guess.class;
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
        list[i].p = fmin(jc_worth_of(&mix->worth, list[i].sign, mix->n), SURE);
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

/* The likeliest candidate to be reached whose parent is chosen, or 0. */
static size_t best_candidate(const jc_tree *tree, size_t depth)
{
    size_t best = 0;

    for (size_t i = 1; i < tree->n; i++)
        if (!tree->node[i].chosen && tree->node[i].depth <= depth &&
            tree->node[tree->node[i].parent].chosen &&
            (best == 0 || tree->node[i].reach > tree->node[best].reach))
            best = i;
    return best;
}

/* Choose the best candidates, as many as give the most tokens a second. True where one of
 * them is new to the drafters. */
static bool choose(jc_tree *tree, const jc_tree_bound *bound)
{
    size_t order[JC_DRAFT_NODES + 1] = {0}, n = 0, most = 0;
    double tokens = 1, rate = bound->seconds ? 1 / bound->seconds[0] : 0;
    bool fresh = false;

    for (size_t i = 1; i < tree->n; i++)
        tree->node[i].chosen = false;
    while (n < bound->nodes) {
        size_t best = best_candidate(tree, bound->depth);
        if (best == 0)
            break;
        tree->node[best].chosen = true;
        order[n++] = best;
        tokens += tree->node[best].reach;
        if (!bound->seconds || tokens >= rate * bound->seconds[n]) {
            most = n;
            rate = bound->seconds ? tokens / bound->seconds[n] : 0;
        }
    }
    for (tree->n_chosen = most; n > most; n--)
        tree->node[order[n - 1]].chosen = false;
    for (size_t i = 0; i < most; i++)
        fresh |= !tree->node[order[i]].grown;
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

/* What is chosen, as rows of a pass; each node is told its row. */
static void lay_rows(jc_tree *tree)
{
    jc_tree_rows *rows = &tree->rows;

    *rows = (jc_tree_rows){.seq = tree->seq};
    for (size_t i = 0; i < tree->n; i++) {
        jc_node *node = &tree->node[i];
        if (!node->chosen)
            continue;
        node->row = (uint32_t)rows->n;
        rows->node[rows->n] = (uint32_t)i;
        rows->ids[rows->n] = node->id;
        rows->parents[rows->n++] = i ? (int32_t)tree->node[node->parent].row : -1;
    }
}

jc_status jc_tree_begun(jc_tree *tree, const jc_mix *mix, float *h, uint32_t *blocks,
                        jc_error *err)
{
    *blocks = 0;
    for (size_t k = 0; k < mix->n; k++)
        if (mix->of[k]->begun && mix->trade[k].used)
            return mix->of[k]->begun(mix->state[k], &tree->rows, h, blocks, err);
    return JC_OK;
}

/* The chosen nodes that drafters have not been asked about, and what they see there. */
static jc_status find_places(const jc_tree *tree, jc_mix *mix, const uint32_t *ids,
                             size_t n, size_t width, uint32_t *asked, size_t *n_asked,
                             jc_error *err)
{
    size_t tail = n < TAIL ? n : TAIL, stride = tail + JC_DRAFT_NODES + 1;

    *n_asked = 0;
    for (size_t i = 0; i < tree->n && *n_asked <= JC_DRAFT_NODES; i++)
        if (tree->node[i].chosen && !tree->node[i].grown)
            asked[(*n_asked)++] = (uint32_t)i;
    if (!jc_grow(&mix->paths, &mix->paths_capacity, *n_asked * stride, sizeof *mix->paths))
        return jc_fail_nomem(err, "drafts");
    for (size_t i = 0; i < *n_asked; i++) {
        const jc_node *node = &tree->node[asked[i]];
        uint32_t *text = mix->paths + i * stride;
        memcpy(text, ids + n - tail, tail * sizeof *ids);
        lay_path(tree, asked[i], text + tail + node->depth);
        mix->at[i] = (jc_place_at){
            .ids = text,
            .n = tail + node->depth,
            .position = n - 1 + node->depth,
            .temperature = tree->temperature,
            .u = tree->temperature > 0
                     ? jc_draw_uniform(tree->seed, tree->number, n + node->depth)
                     : -1};
        if (mix->blocks && tree->seq) {
            mix->at[i].rows = &tree->rows;
            mix->at[i].row = node->row;
        }
        if (!tree->states || !tree->known)
            continue;
        size_t before = asked[i] ? 1 + node->parent : 0;
        mix->at[i].before = tree->states + before * width;
        mix->at[i].state = tree->states + (1 + asked[i]) * width;
    }
    return JC_OK;
}

/* Seconds of a round of guesses, and of what a drafter learns from a pass. */
static double cost_of(const jc_mix *mix, size_t k)
{
    return mix->trade[k].seconds + mix->trade[k].learning;
}

/* The drafters, the cheapest first. */
static void order_by_cost(const jc_mix *mix, size_t order[JC_MIX])
{
    for (size_t k = 0; k < mix->n; k++) {
        size_t i = k;
        for (; i > 0 && cost_of(mix, order[i - 1]) > cost_of(mix, k); i--)
            order[i] = order[i - 1];
        order[i] = k;
    }
}

/* Whether a round of drafter k is worth its time, with so much probability open to it. */
static bool pays(const jc_mix *mix, size_t k, double open, bool first)
{
    const jc_trade *t = &mix->trade[k];
    double cost = t->seconds + (first ? t->learning : 0);
    double share = fmax(t->gained / t->open, LITTLE);

    return t->trying > 0 || open * share * mix->token_seconds >= cost;
}

static jc_status guess(jc_mix *mix, size_t k, size_t n, jc_error *err)
{
    jc_trade *t = &mix->trade[k];
    double since = jc_seconds();
    jc_status st = mix->of[k]->guess(mix->state[k], mix->at, n, mix->guesses[k],
                                     mix->n_guesses[k], err);

    if (st && st != JC_E_NOMEM) { /* the pass goes on without it */
        memset(mix->n_guesses[k], 0, sizeof mix->n_guesses[k]);
        st = JC_OK;
    }
    since = jc_seconds() - since;
    t->seconds = t->seconds > 0 ? SOON * t->seconds + (1 - SOON) * since : since;
    t->used = true;
    return st;
}

/* Ask the drafters about all new places, the cheapest first. */
static jc_status ask(jc_tree *tree, jc_mix *mix, const uint32_t *ids, size_t n,
                     size_t width, const jc_tree_bound *bound, jc_error *err)
{
    uint32_t asked[JC_DRAFT_NODES + 1];
    float open[JC_DRAFT_NODES + 1];
    size_t n_asked, order[JC_MIX] = {0};
    jc_status st = find_places(tree, mix, ids, n, width, asked, &n_asked, err);

    for (size_t i = 0; i < n_asked && st == JC_OK; i++)
        open[i] = 1;
    order_by_cost(mix, order);
    for (size_t o = 0; o < mix->n && st == JC_OK; o++) {
        size_t k = order[o];
        double sum = 0;
        for (size_t i = 0; i < n_asked; i++)
            sum += (double)open[i] * tree->node[asked[i]].reach;
        bool wanted = !bound->seconds || pays(mix, k, sum, asked[0] == 0);
        mix->asked[k] = wanted;
        memset(mix->n_guesses[k], 0, n_asked * sizeof mix->n_guesses[k][0]);
        if (wanted)
            st = guess(mix, k, n_asked, err);
        for (size_t i = 0; i < n_asked; i++) {
            tree->node[asked[i]].open[k] = wanted ? open[i] : -1;
            double right = 0;
            for (size_t g = 0; g < mix->n_guesses[k][i]; g++)
                right += jc_worth_alone(&mix->worth, k,
                                        mix->guesses[k][i * JC_GUESSES + g].class);
            open[i] *= 1 - (float)(right < SURE ? right : SURE);
        }
    }
    for (size_t i = 0; i < n_asked && st == JC_OK; i++) {
        add_children(tree, mix, asked[i], i);
        tree->node[asked[i]].grown = true;
    }
    return st;
}

/* Which share of the child's probability is drafter k's, who has guessed it: all of it
 * where nobody else has. */
static double share_of(const jc_mix *mix, size_t k, const jc_node *child)
{
    uint8_t without[JC_MIX];
    bool alone = true;

    memcpy(without, child->sign, sizeof without);
    without[k] = JC_UNASKED;
    for (size_t i = 0; i < mix->n; i++)
        alone &= without[i] >= JC_GUESS_CLASSES;
    if (alone)
        return 1;
    double p = jc_worth_of(&mix->worth, child->sign, mix->n);
    return fmax(1 - jc_worth_of(&mix->worth, without, mix->n) / p, 0);
}

/* The rows of a tree are run: what they cost, in tokens, falls to who guessed them. */
static void charge(const jc_tree *tree, jc_mix *mix, const double *seconds)
{
    double tokens = 1, rows = (double)tree->n_chosen;

    if (!seconds || tree->n_chosen == 0)
        return;
    for (size_t i = 1; i < tree->n; i++)
        tokens += tree->node[i].chosen ? tree->node[i].reach : 0;
    double each = (1 - seconds[0] / seconds[tree->n_chosen]) * tokens / rows;
    for (size_t i = 1; i < tree->n; i++)
        for (size_t k = 0; k < mix->n && tree->node[i].chosen; k++)
            if (tree->node[i].sign[k] < JC_GUESS_CLASSES)
                mix->trade[k].gained -= each * share_of(mix, k, &tree->node[i]);
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
    do {
        lay_rows(tree);
        st = ask(tree, mix, ids, n, width, bound, err);
    } while (st == JC_OK && choose(tree, bound));
    lay_rows(tree);
    charge(tree, mix, bound->seconds);
    return st;
}

/* ---- the walk ---- */

/* What the drafters gained at a place where the text goes on with the child `next`, or with
 * none that is run (0). */
static void settle(jc_mix *mix, const jc_tree *tree, const jc_node *at, uint32_t next)
{
    const jc_node *child = &tree->node[next];

    for (size_t k = 0; k < mix->n; k++) {
        jc_trade *t = &mix->trade[k];
        if (at->open[k] < 0)
            continue;
        bool guessed = next && child->sign[k] < JC_GUESS_CLASSES;
        t->open = FADE * t->open + (double)at->open[k];
        t->gained = FADE * t->gained + (guessed ? share_of(mix, k, child) : 0);
    }
}

uint32_t jc_tree_step(const jc_tree *tree, jc_mix *mix, uint32_t node, uint32_t id)
{
    const jc_node *at = &tree->node[node];
    jc_draft_record *record = at->depth < JC_DRAFT_DEPTHS ? mix->record : NULL;
    uint32_t next = 0;

    if (!at->grown)
        return 0;
    if (record)
        record->came[at->depth]++;
    for (uint32_t i = at->children; i < at->children + at->n_children; i++) {
        const jc_node *child = &tree->node[i];
        jc_worth_learn(&mix->worth, child->sign, mix->n, child->id == id);
        if (child->id == id && record && i - at->children < JC_GUESSES)
            record->right[at->depth][i - at->children]++;
        if (child->id == id && child->chosen)
            next = i;
    }
    settle(mix, tree, at, next);
    return next;
}

void jc_mix_turn(jc_mix *mix)
{
    for (size_t k = 0; k < mix->n; k++) {
        jc_trade *t = &mix->trade[k];
        if (t->trying > 0) {
            t->trying--;
        } else if (t->used) {
            t->idle = 0;
            t->rest = REST;
        } else if (++t->idle >= t->rest) {
            t->idle = 0;
            t->trying = 1;
            t->rest = t->rest < MOST ? 2 * t->rest : MOST;
        }
        t->used = false;
    }
}
