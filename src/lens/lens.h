/* SPDX-License-Identifier: MIT */
/* lens.h: what a lens holds, and the interface of a view. */
#ifndef JC_LENS_IMPL_H
#define JC_LENS_IMPL_H

#include <stdio.h>

#include "base/base.h"
#include "base/page.h"
#include "jumpcut/lens.h"
#include "shortcut/packed.h"

typedef struct jc_reading {
    uint32_t rank; /* of the answer, from 1 */
    double entropy, kl;
} jc_reading;

/* Of one token in one read-out; all zero: there is no such token. */
typedef struct jc_trace {
    uint32_t rank; /* from 1 */
    double loss;   /* -ln of its probability */
} jc_trace;

struct jc_lens {
    const jc_model *model;
    const jc_model_info *info;
    const jc_tokenizer *tokenizer;
    jc_packed *methods; /* [n_methods], while it is made */
    size_t n_methods;
    size_t *chosen;                              /* [n_maps]: of the methods */
    char (*names)[sizeof((jc_packed *)0)->name]; /* [n_maps] */
    size_t n_maps;
    uint32_t *ids; /* [n_ids]: the text */
    size_t n_ids;
    uint32_t *positions; /* [columns], ascending */
    size_t columns, top;
    jc_tap *taps; /* [rows]: in the order in which they come about, tap L the last */
    size_t rows;
    const jc_map **inner; /* [rows]: what reads a tap inside a block, while it is made;
                             NULL: it is read as it is */
    char (*through)[sizeof((jc_packed *)0)->name]; /* [rows]: the method of that, or "" */
    uint32_t *mixtures; /* [n_mixtures]: blocks whose experts were asked for */
    size_t n_mixtures;
    uint32_t *experts;    /* [n_mixtures, columns, used], the largest share first */
    float *shares;        /* theirs */
    size_t used;          /* by a token */
    uint32_t *answers;    /* [columns]: the model's own first guess */
    jc_reading *readings; /* [n_maps, rows, columns] */
    uint32_t *guesses;    /* [n_maps, rows, columns, top] */
    float *p;             /* of the guesses */
    uint32_t *targets;    /* [n_targets] */
    size_t n_targets;
    jc_trace *traces; /* [n_maps, rows, columns, n_targets + 1]: of each target, and of the
                         token that follows in the text */
};

/* Of [n_maps, rows, columns]. */
static inline size_t jc_lens_index(const jc_lens *lens, size_t map, size_t row,
                                   size_t column)
{
    return (map * lens->rows + row) * lens->columns + column;
}

/* Where it is read: ids and positions, all or those of `range`, "A:B"; positions.c. */
jc_status jc_lens_choose_positions(jc_lens *lens, const uint32_t *ids, size_t n_ids,
                                   const char *range, jc_error *err) JC_NODISCARD;

/* ---- what routers choose; experts.c ---- */

/* Of a list as `at` is: fill `mixtures` with those of "6.experts", "experts" and "all";
 * *rest is the list without them, jc_free(), NULL: nothing is left. */
jc_status jc_lens_choose_experts(jc_lens *lens, const char *at, char **rest,
                                 jc_error *err) JC_NODISCARD;
jc_status jc_lens_want_experts(const jc_lens *lens, jc_session *session,
                               jc_error *err) JC_NODISCARD;
jc_status jc_lens_take_experts(jc_lens *lens, const jc_session *session,
                               jc_error *err) JC_NODISCARD;
/* ,"experts":{"6.experts":{"ids":[[...] of each column],"weights":[...]}} */
void jc_lens_put_experts(const jc_lens *lens, int digits, FILE *f);
/* The same to be read, a line for each column. */
jc_status jc_lens_tell_experts(const jc_lens *lens, FILE *f, jc_error *err) JC_NODISCARD;

/* ---- tokens whose rank is kept; trace.c ---- */

jc_status jc_lens_choose_targets(jc_lens *lens, const uint32_t *targets, size_t n,
                                 jc_error *err) JC_NODISCARD;
/* The token that follows a column's position; false where there is none. */
bool jc_lens_next(const jc_lens *lens, size_t column, uint32_t *id);
bool jc_lens_has_next(const jc_lens *lens); /* some column has */
/* Keep what the logits x [vocab] of read-out `at` say of these tokens; whole: ln sum e^x.
 */
void jc_lens_trace(jc_lens *lens, size_t at, size_t column, const float *x, double whole);

/* ---- taps ---- */

typedef struct jc_taps {
    jc_tap *tap; /* [n], owned */
    size_t n;
} jc_taps;

/* "0,6.mlp,attn": taps, and points, which stand for those of every block. E_ARG for what is
 * no tap or comes twice. Must be released, even after a failure: jc_free(taps->tap). */
jc_status jc_taps_read(jc_taps *taps, const jc_model *model, const char *text,
                       jc_error *err) JC_NODISCARD;

/* Find the map that reads each tap inside a block; inner.c. */
jc_status jc_lens_choose_inner(jc_lens *lens, const jc_shortcut *const *shortcuts, size_t n,
                               jc_error *err) JC_NODISCARD;
/* Whether a shortcut has such maps, and not one from every layer: it reads no layers. */
bool jc_lens_only_inner(const jc_shortcut *shortcut, uint32_t last);

/* Fill answers, readings, guesses and p from states[rows] of [columns, width]. Those inside
 * a block are read through the maps of `inner`, or as they are. */
jc_status jc_lens_read(jc_lens *lens, const float *const *states, const jc_hooks *hooks,
                       jc_error *err) JC_NODISCARD;

/* ---- tokens as text ---- */

/* A token to be read: a newline as an arrow; other controls, and what is not UTF-8, as
 * \xNN, and invisible marks as \u{NNNN}. *text is UTF-8; jc_free(). */
jc_status jc_lens_token(const jc_lens *lens, uint32_t id, char **text,
                        jc_error *err) JC_NODISCARD;
/* The same for any bytes. */
jc_status jc_lens_readable(const char *data, size_t n, char **text,
                           jc_error *err) JC_NODISCARD;
/* Columns of a terminal that a readable text takes; with `most`, *bytes is how much of it
 * takes no more than that. */
size_t jc_lens_width(const char *text, size_t most, size_t *bytes);

/* ---- views ---- */

typedef struct jc_lens_view {
    jc_lens_view_info info;
    jc_status (*write)(const jc_lens *lens, const jc_lens_look *look, FILE *f,
                       jc_error *err);
} jc_lens_view;

/* Show it as the view called `view`. The caller checks the stream. */
jc_status jc_lens_write(const jc_lens *lens, const char *view, const jc_lens_look *look,
                        FILE *f, jc_error *err) JC_NODISCARD;

/* To so many significant digits, with a point in any locale. */
void jc_lens_put_number(FILE *f, double x, int digits);

typedef struct jc_lens_detail {
    size_t top;  /* guesses of a cell, at most */
    int digits;  /* significant, of a number */
    bool shared; /* for other people: the model by its name, without its folder */
} jc_lens_detail;

/* The document that the JSON view is and the HTML view holds; < > & stand in it as escapes
 * only. */
jc_status jc_lens_put_json(const jc_lens *lens, const jc_lens_detail *detail, FILE *f,
                           jc_error *err) JC_NODISCARD;

/* Parts of the page, put into the library by cmake/JcAsset.cmake. */
extern const jc_asset jc_lens_page_html; /* page.html, the skeleton with {{slots}} */
extern const jc_asset jc_lens_page_css, jc_lens_base_js, jc_lens_sheet_js, jc_lens_paper_js,
    jc_lens_page_js;

#endif
