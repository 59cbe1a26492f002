/* SPDX-License-Identifier: MIT */
/* page.h: HTML pages that need nothing else: a skeleton with {{slots}}, and what goes into
 * them. Skeletons, styles and scripts are put into the library by cmake/JcAsset.cmake. */
#ifndef JC_PAGE_H
#define JC_PAGE_H

#include <stdio.h>

#include "base/base.h"

typedef struct jc_asset {
    const unsigned char *data; /* [size] */
    size_t size;
} jc_asset;

/* The script that every page begins with: page.js. */
extern const jc_asset jc_page_js;

typedef struct jc_slot {
    const char *name;
    const void *data; /* [size], for `put` */
    size_t size;
    void (*put)(FILE *f, const void *data, size_t size);
} jc_slot;

/* Bytes as they are; text with the characters of markup escaped; JSON with them escaped in
 * its strings, so that nothing in it can end the <script> it lies in. */
void jc_put_raw(FILE *f, const void *data, size_t size);
void jc_put_html(FILE *f, const void *data, size_t size);
void jc_put_json(FILE *f, const void *data, size_t size);

/* The skeleton with each slot filled; what goes in is not looked at for slots. */
void jc_put_page(FILE *f, const jc_asset *page, const jc_slot *slots, size_t n_slots);

#endif
