/* SPDX-License-Identifier: MIT */
/*
 * tree.h: a tree of drafts behind a text, best first by the probability that the walk comes
 * to a node, and what guesses have turned out to be worth.
 */
#ifndef JC_TREE_H
#define JC_TREE_H

#include "generate/pass_times.h"
#include "generate/worth.h"

enum {
    JC_DRAFT_NODES = 31, /* most that are run: with the root, 32 rows of a pass */
    JC_CHILDREN = 12,    /* most candidates that are kept at a place */
    JC_CANDIDATES = 1024 /* of a tree */
};

/* A candidate. The root, candidate 0, is the text's last token. */
typedef struct jc_node {
    uint32_t id;
    uint32_t parent, depth;
    uint32_t children, n_children; /* the first, and how many */
    bool grown;                    /* they were asked for */
    bool chosen;                   /* it is run */
    uint32_t row;                  /* of the pass, if it is */
    double p, reach;      /* that it follows its parent; that the walk comes to it */
    uint8_t sign[JC_MIX]; /* of each drafter: worth.h */
    float open[JC_MIX];   /* what guesses of cheaper drafters left open here as each was
                              asked, a probability; below 0: it was not asked */
} jc_node;

/* What a drafter costs and brings, for whether it is asked. */
typedef struct jc_trade {
    double seconds, learning; /* of a round of guesses, and of a pass for what it learns */
    double open, gained; /* probability that was left open to it where texts came by; and
                            its share in tokens there that were run as drafts, less what
                            its share in all rows cost, in tokens; both fading */
    unsigned trying;     /* turns in which it is asked whatever it costs */
    unsigned idle, rest; /* turns without it, and how many until it is tried again */
    bool used;           /* in this turn */
} jc_trade;

/* What was found before the first pass, as a policy holds it. */
typedef struct jc_draft_tuning {
    jc_pass_times times;
    size_t n; /* drafters */
    char name[JC_MIX][16];
    float odds[JC_MIX][JC_SIGNS];
} jc_draft_tuning;

/* What runs find, added up from one to the next. Zeroed at first. */
typedef struct jc_draft_record {
    bool begun;
    jc_worth worth;
    uint64_t rows[JC_DRAFT_NODES + 2]; /* turns by the rows of their pass */
    uint64_t came[JC_DRAFT_DEPTHS];    /* places so deep that the text came to, and */
    uint64_t right[JC_DRAFT_DEPTHS][JC_GUESSES]; /* where the r-th candidate was right */
} jc_draft_record;

/* Drafters at work, shared by the trees of all sequences. */
typedef struct jc_mix {
    const jc_drafter *of[JC_MIX];
    void *state[JC_MIX];
    size_t n;
    bool states; /* one of them wants states */
    bool blocks; /* one of them runs blocks */
    jc_worth worth;
    jc_trade trade[JC_MIX];
    double token_seconds;               /* that a token has cost lately; 0: not known */
    jc_draft_record *record;            /* or NULL */
    jc_place_at at[JC_DRAFT_NODES + 1]; /* room for jc_tree_grow() */
    jc_guess guesses[JC_MIX][(JC_DRAFT_NODES + 1) * JC_GUESSES];
    size_t n_guesses[JC_MIX][JC_DRAFT_NODES + 1];
    bool asked[JC_MIX]; /* in this round */
    uint32_t *paths;    /* the texts of the places that are asked about */
    size_t paths_capacity;
} jc_mix;

/* `tuning` may be NULL. */
jc_status jc_mix_open(jc_mix *mix, const char *names, const jc_draft_setup *setup,
                      const jc_draft_tuning *tuning, jc_error *err) JC_NODISCARD;
void jc_mix_close(jc_mix *mix);

/* A turn begins: who has rested long enough is tried again. */
void jc_mix_turn(jc_mix *mix);

typedef struct jc_tree {
    jc_node node[JC_CANDIDATES];
    size_t n, n_chosen; /* candidates; those that are run, without the root */
    float *states; /* [1 + JC_CANDIDATES, width]: of the token before the root, then of the
                      candidates; NULL: no drafter wants them */
    bool known;    /* the first of them is there */
    struct jc_seq *seq; /* of the text */
    double temperature; /* of its draws, and what names their numbers */
    uint64_t seed, number;
    jc_tree_rows rows; /* what is chosen, where a drafter runs blocks */
} jc_tree;

/* How large a tree may be, and what passes cost. */
typedef struct jc_tree_bound {
    size_t nodes, depth;
    const double *seconds; /* [nodes + 1]: of a pass with so many drafts: the tree is as
                              large as gives the most tokens a second, and drafters are
                              asked where they pay; NULL: all nodes, and all drafters */
} jc_tree_bound;

/* Grow a tree behind ids[0..n) with room for `depth` more: choose its nodes, parents before
 * children. Guesses only: what goes wrong but for memory leaves the tree smaller. */
jc_status jc_tree_grow(jc_tree *tree, jc_mix *mix, const uint32_t *ids, size_t n,
                       size_t width, const jc_tree_bound *bound,
                       jc_error *err) JC_NODISCARD;

/* Blocks that the chosen nodes have been through in drafting, and their states then, in the
 * order of the nodes: h [1 + n_chosen, width]. */
jc_status jc_tree_begun(jc_tree *tree, const jc_mix *mix, float *h, uint32_t *blocks,
                        jc_error *err) JC_NODISCARD;

/* The child with this id that is run, or 0. The guesses at `node` are counted: the text
 * goes on with `id` there. */
uint32_t jc_tree_step(const jc_tree *tree, jc_mix *mix, uint32_t node, uint32_t id);

#endif
