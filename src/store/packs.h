/* SPDX-License-Identifier: MIT */
/* packs.h: what a format of quantised folders is made of; packs.c has the table. */
#ifndef JC_PACKS_H
#define JC_PACKS_H

#include "store/store_impl.h"

typedef struct jc_pack_wholes jc_pack_wholes;

/* Lists are of texts with bars between them: "a|b". */
typedef struct jc_pack {
    const char *methods; /* what config.json calls it */
    const char *type;    /* of such weights, where it is not that of the tensor of bits */
    const char *dtypes; /* of tensors of bits, which are others' weights in any other; NULL:
                           shape() says what they must be */
    /* Ends of names: of the tensor that has the bits, and in its place the end of the
     * weight's, of its scales' (a list, of which one is there) and so on; NULL: none. */
    const char *bits, *weight, *scales, *zeros, *groups, *sizes;
    bool any_zeros; /* it may have no zeros */
    /* Fills what the configuration says; or what it says that is not read. */
    const char *(*settle)(jc_packing *p, const jc_config *config, const char *section);
    /* Checks the parts, and fills width, rows and columns of `p`, shape and out_in of `t`,
     * which is the tensor of bits under the weight's name. */
    jc_status (*shape)(jc_packing *p, jc_tensor *t, jc_error *err);
    const jc_pack_wholes *wholes; /* of formats of whole numbers, or NULL */
    void (*read)(const jc_packing *p, size_t first, size_t n, float *out);
    /* What type of blocks has room for the numbers, JC_OTHER for none; and rows of such. */
    jc_dtype (*blocks)(const jc_packing *p);
    void (*regroup)(const jc_packing *p, size_t first, size_t n, unsigned char *out);
} jc_pack;

/* E_FORMAT unless the part is a matrix [rows, columns] of this type, or, of JC_OTHER, of
 * any real numbers. */
jc_status jc_pack_part(const jc_packing *p, const jc_tensor *part, jc_dtype dtype,
                       size_t rows, size_t columns, jc_error *err) JC_NODISCARD;
/* *out = a number of the section of the configuration, at the first of the keys "a|b" that
 * is there; it stays as it is where none is. False: what is there is no whole number of 0
 * or more, nor -1, which is 0. */
bool jc_pack_number(const jc_config *config, const char *section, const char *keys,
                    uint32_t *out);
/* Whether its text there is one of a list, whatever the case, or there is none. */
bool jc_pack_says(const jc_config *config, const char *section, const char *key,
                  const char *list);
bool jc_pack_listed(const char *list, const char *text);
/* One number of a matrix of real or 32-bit numbers. */
float jc_pack_real(const jc_tensor *t, size_t i);
uint32_t jc_pack_word(const jc_tensor *t, size_t i);
/* Whole number i of `wide` bits in the words `stride` apart from `word` on. */
unsigned jc_pack_whole(const jc_tensor *t, size_t word, size_t stride, size_t i,
                       unsigned wide);

/* ---- pack_blocks.c: whole numbers with a scale and a zero for each group of inputs ----
 */

/* What a format tells of them: that of an output and an input, a group's zero and its
 * scale; and, where that is faster, 32 of an output from input `in` on, or NULL. */
struct jc_pack_wholes {
    unsigned (*number)(const jc_packing *p, size_t output, size_t in);
    unsigned (*zero)(const jc_packing *p, size_t group, size_t output);
    float (*scale)(const jc_packing *p, size_t group, size_t output);
    void (*run)(const jc_packing *p, size_t output, size_t in, unsigned char q[32]);
};

/* read() and regroup() of such a format; and the scale where scales are [groups, out]. */
void jc_pack_read(const jc_packing *p, size_t first, size_t n, float *out);
void jc_pack_regroup(const jc_packing *p, size_t first, size_t n, unsigned char *out);
float jc_pack_scale(const jc_packing *p, size_t group, size_t output);
/* The group of an input. */
size_t jc_pack_group(const jc_packing *p, size_t input);
/* E_FORMAT unless each input's group is one of `n`. */
jc_status jc_pack_groups(const jc_packing *p, size_t in, size_t n,
                         jc_error *err) JC_NODISCARD;
/* *out [width]: the inputs, group by group; NULL: they lie so as they are. */
jc_status jc_pack_order(uint32_t **out, const jc_packing *p, jc_error *err) JC_NODISCARD;
/* The type of blocks for them: runs of 32 in the inputs' order are of one group. */
jc_dtype jc_pack_blocks(const jc_packing *p);

#endif
