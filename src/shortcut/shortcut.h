/* SPDX-License-Identifier: MIT */
/*
 * shortcut.h: what jc_shortcut holds: one map per pair of layer taps or part of a block,
 * all of one form.
 *
 * A form is what a map is once found; how it was found (the method) is metadata here. A
 * form is a row of the table in forms.c. The weights lie in the mapped file when the
 * shortcut was opened from one, and in memory of their own when it was fitted.
 */
#ifndef JC_SHORTCUT_INTERNAL_H
#define JC_SHORTCUT_INTERNAL_H

#include "base/base.h"
#include "jumpcut/shortcut.h"
#include "model/parts.h"
#include "store/store.h"

#define JC_SHORTCUT_FORMAT "jumpcut-shortcuts/1"

typedef struct jc_link {
    const float *weight; /* [d, d]: h_j ~ W h_i, row from h_j; NULL: the form has none */
    const float *bias;   /* [d] or NULL */
    float *own_weight, *own_bias; /* memory of their own, or NULL */
    bool present;
} jc_link;

typedef struct jc_form {
    const char *name;
    bool weight, bias; /* which tensors a map has */
    /* y[n, d] = map of x[n, d] */
    void (*apply)(const jc_link *link, size_t d, const float *x, size_t n, float *y);
} jc_form;

extern const jc_form jc_form_identity, jc_form_dense, jc_form_affine;

/* NULL when no form is called so. */
const jc_form *jc_form_find(const char *name);

typedef struct jc_meta {
    char *key, *value;
} jc_meta;

struct jc_shortcut {
    const jc_form *form;
    uint32_t layers; /* L: pairs are 0 <= i < j <= L */
    uint32_t width;  /* d */
    jc_link *links;  /* [L + 1, L + 1] */
    jc_link *parts;  /* [L, JC_PARTS] */
    float *r2;     /* [L + 1, L + 1] of the training vectors, 0 where not known; or NULL */
    jc_meta *meta; /* [n_meta], in order of the file */
    size_t n_meta, meta_capacity;
    jc_safetensors *file; /* NULL when not opened from a file */
};

/* Without maps, unless the form needs no tensors: then every pair i < j has one. The keys
 * that say what the file is ("format", "form", "layers", "width") are set here and are
 * fixed. */
jc_status jc_shortcut_new(jc_shortcut **out, const jc_form *form, uint32_t layers,
                          uint32_t width, jc_error *err) JC_NODISCARD;

/* Give (from, to), which has no map yet, zeroed tensors as its form has them, to be filled
 * by the caller. */
jc_status jc_shortcut_add(jc_shortcut *shortcut, uint32_t from, uint32_t to, float **weight,
                          float **bias, jc_error *err) JC_NODISCARD;

/* The same for a part of block 1..L. */
jc_status jc_shortcut_add_part(jc_shortcut *shortcut, uint32_t block, jc_part part,
                               float **weight, float **bias, jc_error *err) JC_NODISCARD;

/* Keep how much of the variance of layer `to` a map explains on the training vectors. */
jc_status jc_shortcut_set_r2(jc_shortcut *shortcut, uint32_t from, uint32_t to, double r2,
                             jc_error *err) JC_NODISCARD;

bool jc_shortcut_meta_fixed(const char *key);

/* The map of a pair, NULL when there is none. */
const jc_link *jc_shortcut_find(const jc_shortcut *shortcut, uint32_t from, uint32_t to);
const jc_link *jc_shortcut_find_part(const jc_shortcut *shortcut, uint32_t block,
                                     jc_part part);

/* jc_shortcut_check() against a description. */
jc_status jc_shortcut_check_info(const jc_shortcut *shortcut, const jc_model_info *model,
                                 jc_error *err) JC_NODISCARD;

#endif
