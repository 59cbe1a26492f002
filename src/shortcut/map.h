/* SPDX-License-Identifier: MIT */
/*
 * map.h: a map, the form it has, and how it is made ready and run.
 *
 * A form is what a map is made of: its tensors with their shapes, how to run it, what it
 * costs. How a map was found (the method) is metadata of its shortcut. A form is one file,
 * form_<name>.c, and one entry in forms.c.
 */
#ifndef JC_SHORTCUT_MAP_H
#define JC_SHORTCUT_MAP_H

#include "base/base.h"
#include "jumpcut/shortcut.h"
#include "kernels/kernels.h"
#include "model/cost.h"
#include "model/partway.h"
#include "model/parts.h"
#include "store/store.h"

/* ---- where a map goes from and to ---- */

typedef enum jc_place_kind {
    JC_PLACE_TAPS,  /* from taps to a tap: "map.0+12@-1.12" */
    JC_PLACE_PART,  /* of a part of a block: "part.1.attn" */
    JC_PLACE_SHARED /* what several maps to a tap share: "shared.12" */
} jc_place_kind;

enum { JC_MAP_SOURCES = 16, JC_MAP_OFFSET = 4096, JC_PLACE_NAME = 700 };

typedef struct jc_place {
    jc_place_kind kind;
    jc_tap_at from[JC_MAP_SOURCES]; /* [n_from] */
    size_t n_from;
    jc_tap_at to;
    uint32_t block; /* of a part */
    jc_part part;
} jc_place;

jc_place jc_place_layers(uint32_t from, uint32_t to);
jc_place jc_place_part(uint32_t block, jc_part part);
void jc_place_name(const jc_place *place, char name[JC_PLACE_NAME]);
/* Of name[0..n), written as jc_place_name() would, for a model of so many layers. */
bool jc_place_read(jc_place *place, const char *name, size_t n, uint32_t layers);
bool jc_place_same(const jc_place *a, const jc_place *b);
/* From one layer to a later one, without offsets. */
bool jc_place_is_pair(const jc_place *place);
/* "6.mlp@-1" of text[0..n). */
bool jc_tap_at_read(jc_tap_at *tap, const char *text, size_t n, uint32_t layers);
/* What to say of text[0..n), which is none. */
jc_status jc_tap_at_unknown(const char *text, size_t n, uint32_t layers, jc_error *err);
bool jc_tap_at_same(jc_tap_at a, jc_tap_at b);
/* "0,12@-1": taps[*n], n at most JC_MAP_SOURCES. */
jc_status jc_taps_at_read(jc_tap_at *taps, size_t *n, const char *text, uint32_t layers,
                          jc_error *err) JC_NODISCARD;

/* ---- what a map holds ---- */

/* A matrix or a vector, stored as float32 or in fewer bits. */
typedef struct jc_numbers {
    const void *data; /* [rows, cols]; NULL: the map has no such tensor */
    void *own;        /* memory of its own, or NULL: it lies in a file */
    jc_dtype dtype;   /* F32, F16, BF16, I8 */
    size_t rows, cols;
    float *scale; /* [rows] of I8: a number is data * scale; owned */
    bool lent;    /* the memory is another shortcut's, which frees it */
} jc_numbers;

void jc_numbers_read(const jc_numbers *numbers, size_t first, size_t n, float *out);

enum { JC_FORM_TENSORS = 4 };

/* A side of a tensor. */
typedef enum jc_side { JC_SIDE_ONE, JC_SIDE_IN, JC_SIDE_OUT, JC_SIDE_RANK } jc_side;

typedef struct jc_form_tensor {
    const char *name;   /* "weight"; NULL ends the list */
    jc_side rows, cols; /* cols JC_SIDE_ONE: a vector */
    bool optional;
} jc_form_tensor;

typedef struct jc_ready jc_ready;
typedef struct jc_prepared jc_prepared;

typedef struct jc_form {
    const char *name;
    const char *about; /* what it is, in a few words */
    jc_form_tensor tensors[JC_FORM_TENSORS + 1];
    /* Make what run() needs, in ready's members. */
    jc_status (*prepare)(jc_ready *ready, jc_prepared *pool, jc_error *err);
    /* y [rows, outputs] = map of x [rows, inputs] */
    jc_status (*run)(const jc_ready *ready, const float *x, size_t rows, float *y,
                     jc_error *err);
    /* weight [outputs, inputs] and bias [outputs], zeroed before */
    jc_status (*dense)(const jc_map *map, float *weight, float *bias, jc_error *err);
    uint64_t (*flops)(const jc_map *map);
} jc_form;

extern const jc_form jc_form_identity, jc_form_dense, jc_form_affine, jc_form_low_rank,
    jc_form_shared;

const jc_form *jc_form_find(const char *name); /* NULL when no form is called so */
const jc_form *jc_form_at(size_t i);           /* NULL past the end of the table */

struct jc_map {
    const jc_form *form;
    jc_place place;
    char *name;
    size_t index;                       /* in its shortcut */
    size_t d_in, d_out, rank;           /* rank 0 where the form has none */
    jc_numbers tensor[JC_FORM_TENSORS]; /* in the order of the form's */
    const jc_map *base;                 /* what it shares with others, or NULL */
    double r2; /* share of variance explained on the training vectors; NAN: not known */
    jc_shortcut *owner;
};

/* The tensor of that name; its data is NULL where the map has none. */
const jc_numbers *jc_map_tensor(const jc_map *map, const char *name);
/* The same as floats, NULL where it is stored in another type. */
const float *jc_map_floats(const jc_map *map, const char *name);
/* To be filled by who has added the map; NULL where the map has no such tensor. */
float *jc_map_fill(jc_map *map, const char *name);
size_t jc_map_side(const jc_map *map, jc_side side);

/* ---- running: run.c ---- */

/* A map prepared for a backend; its form says which members are used. */
struct jc_ready {
    const jc_map *map;
    jc_linear *linear[2]; /* owned */
    jc_linear *whole;     /* the map as one layer, made when it is asked for; owned */
    jc_linear *folded;    /* of a narrow one that is shared: its first layer; so, too */
    const jc_ready *base;
    float *vector[2]; /* owned */
};

/* Maps of one shortcut, each prepared when it is first asked for; at most one thread asks.
 */
jc_status jc_prepared_new(jc_prepared **out, const jc_backend *backend, size_t n_maps,
                          jc_error *err) JC_NODISCARD;
void jc_prepared_free(jc_prepared *pool); /* takes NULL */
/* From now on matrices are not packed: they are read whenever they are used, which suits
 * many rows at a time. */
void jc_prepared_lean(jc_prepared *pool);
jc_status jc_prepared_get(jc_prepared *pool, const jc_map *map, const jc_ready **ready,
                          jc_error *err) JC_NODISCARD;
/* The map as one linear layer [outputs, inputs], for those who run layers. */
jc_status jc_prepared_linear(jc_prepared *pool, const jc_map *map, const jc_linear **linear,
                             jc_error *err) JC_NODISCARD;

/* The map as the layers of least work, for who runs it step by step: a narrow map as its
 * two matrices, with the scale and shift of a shared one in the first of them. */
jc_status jc_prepared_layers(jc_prepared *pool, const jc_map *map, jc_map_layers *layers,
                             jc_error *err) JC_NODISCARD;
/* Of the matrices of those layers, which are float32. */
jc_cost jc_map_layers_cost(const jc_map *map);

/* For forms: a layer made of a tensor of the map and perhaps a bias. */
jc_status jc_ready_linear(jc_prepared *pool, const jc_numbers *weight,
                          const jc_numbers *bias, jc_linear **out,
                          jc_error *err) JC_NODISCARD;

jc_status jc_ready_run(const jc_ready *ready, const float *x, size_t rows, float *y,
                       jc_error *err) JC_NODISCARD;

#endif
