/* SPDX-License-Identifier: MIT */
/*
 * shortcut.h: what jc_shortcut holds: maps, by their places, and metadata.
 *
 * The numbers of a map lie in the mapped file when the shortcut was opened from one, and in
 * memory of their own when it was fitted.
 */
#ifndef JC_SHORTCUT_INTERNAL_H
#define JC_SHORTCUT_INTERNAL_H

#include <pthread.h>

#include "base/metas.h"
#include "shortcut/map.h"

#define JC_SHORTCUT_FORMAT "jumpcut-shortcuts/1"

struct jc_shortcut {
    const jc_form *form; /* of maps that do not say otherwise */
    uint32_t layers;     /* L: pairs are 0 <= i < j <= L */
    uint32_t width;      /* d */
    jc_map **maps;       /* [n] */
    size_t n, capacity;
    jc_map **pairs;  /* [L + 1, L + 1] of maps, NULL where there is none */
    jc_map **parts;  /* [L, JC_PARTS] */
    jc_map *implied; /* the identity, which stands for every pair; NULL of other forms */
    jc_metas meta;   /* in order of the file */
    jc_safetensors *file; /* NULL when not opened from a file */
    pthread_mutex_t lock; /* of `prepared` */
    bool lock_ready;
    jc_prepared *prepared; /* for jc_map_run(); NULL until then */
};

/* Without maps, unless the form needs no tensors: then every pair i < j has one. The keys
 * that say what the file is ("format", "form", "layers", "width") are set here and are
 * fixed. */
jc_status jc_shortcut_new(jc_shortcut **out, const jc_form *form, uint32_t layers,
                          uint32_t width, jc_error *err) JC_NODISCARD;

typedef struct jc_map_spec {
    const jc_form *form;
    jc_place place;
    size_t rank;   /* of forms that have one */
    bool optional; /* with the tensors that a map of the form need not have */
} jc_map_spec;

/* Add a map with zeroed tensors, to be filled by the caller (jc_map_fill()). There must be
 * none of that place. */
jc_status jc_shortcut_add(jc_shortcut *shortcut, const jc_map_spec *spec, jc_map **map,
                          jc_error *err) JC_NODISCARD;
/* The same between two layers, of the shortcut's own form. */
jc_status jc_shortcut_add_pair(jc_shortcut *shortcut, uint32_t from, uint32_t to,
                               jc_map **map, jc_error *err) JC_NODISCARD;
/* A map without tensors yet. */
jc_status jc_shortcut_add_empty(jc_shortcut *shortcut, const jc_form *form,
                                const jc_place *place, jc_map **map,
                                jc_error *err) JC_NODISCARD;

/* Add a map with numbers of its own that are those of a map of another shortcut, and, if
 * there is none yet, of what it shares. */
jc_status jc_shortcut_copy_map(jc_shortcut *shortcut, const jc_map *from,
                               jc_error *err) JC_NODISCARD;
/* The same with numbers that stay the other's, which must live as long. */
jc_status jc_shortcut_lend_map(jc_shortcut *shortcut, const jc_map *from,
                               jc_error *err) JC_NODISCARD;

bool jc_shortcut_meta_fixed(const char *key);
/* Set any key, fixed or not. */
jc_status jc_shortcut_put_meta(jc_shortcut *shortcut, const char *key, const char *value,
                               jc_error *err) JC_NODISCARD;

/* The map of a pair, of a part or of any place, NULL when there is none. */
const jc_map *jc_shortcut_find(const jc_shortcut *shortcut, uint32_t from, uint32_t to);
const jc_map *jc_shortcut_find_part(const jc_shortcut *shortcut, uint32_t block,
                                    jc_part part);
jc_map *jc_shortcut_find_place(const jc_shortcut *shortcut, const jc_place *place);

/* r2 [L + 1, L + 1], zeroed before: what is known of pairs of layers; false: nothing is. */
bool jc_shortcut_r2(const jc_shortcut *shortcut, float *r2);

/* A name for the maps: 32 hexadecimal digits over their names, forms and numbers, whatever
 * their order. */
jc_status jc_shortcut_fingerprint(const jc_shortcut *shortcut, char out[33],
                                  jc_error *err) JC_NODISCARD;

/* jc_shortcut_check() against a description. */
jc_status jc_shortcut_check_info(const jc_shortcut *shortcut, const jc_model_info *model,
                                 jc_error *err) JC_NODISCARD;

#endif
