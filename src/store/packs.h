/* SPDX-License-Identifier: MIT */
/* packs.h: what a format of quantised folders is made of; packs.c has the table. */
#ifndef JC_PACKS_H
#define JC_PACKS_H

#include "store/store_impl.h"

typedef struct jc_pack {
    const char *method; /* what config.json calls it */
    const char *type;   /* of such weights, where it is not that of the tensor of bits */
    /* Ends of names: of the tensor that has the bits, and in its place the end of the
     * weight's, of its scales' and so on; NULL: it has none. */
    const char *bits, *weight, *scales, *zeros, *groups;
    /* Fills what the configuration says; or what it says that is not read. */
    const char *(*settle)(jc_packing *p, const jc_config *config, const char *section);
    /* Checks the parts, and fills width, rows and columns of `p`, shape and out_in of `t`,
     * which is the tensor of bits under the weight's name. */
    jc_status (*shape)(jc_packing *p, jc_tensor *t, jc_error *err);
    void (*read)(const jc_packing *p, size_t first, size_t n, float *out);
    /* Fills rows with blocks of the type that shape() names; NULL: it never names one. */
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
/* Whether its text there is this one, whatever the case, or there is none. */
bool jc_pack_says(const jc_config *config, const char *section, const char *key,
                  const char *text);
/* Numbers [first, first + n), by a function that reads some of one row. */
void jc_pack_rows(const jc_packing *p, size_t first, size_t n,
                  void (*read_row)(const jc_packing *p, size_t row, size_t column, size_t n,
                                   float *out),
                  float *out);
/* What a format of whole numbers with a scale and a zero for each group of inputs tells of
 * them: those of a run of an output, and a zero. */
typedef struct jc_pack_wholes {
    void (*run)(const jc_packing *p, size_t output, size_t input, unsigned char q[32]);
    unsigned (*zero)(const jc_packing *p, size_t group, size_t output);
} jc_pack_wholes;
/* The group of an input. */
size_t jc_pack_group(const jc_packing *p, size_t input);
/* Whether Q4_Z has room for them: scales are F16, and a run of 32 is of one group. */
bool jc_pack_fits_q4_z(const jc_packing *p);
void jc_pack_q4_z(const jc_packing *p, const jc_pack_wholes *wholes, size_t first, size_t n,
                  unsigned char *out);
/* One number of a matrix of real or 32-bit numbers. */
float jc_pack_real(const jc_tensor *t, size_t i);
uint32_t jc_pack_word(const jc_tensor *t, size_t i);

#endif
