/* SPDX-License-Identifier: MIT */
/*
 * pack_mxfp4.c: MXFP4 as gpt-oss has it (OCP 2023): numbers of E2M1 whose runs of 32 share
 * a power of two.
 *
 * "x_blocks" U8 [experts, out, in / 32, 16] has two numbers in a byte, the first in its low
 * half; "x_scales" U8 [experts, out, in / 32] is exponents, from -127 on.
 */
#include "store/packs.h"

#include <math.h>

enum { RUN = 32 };

static const char *settle(jc_packing *p, const jc_config *config, const char *section)
{
    (void)config, (void)section;
    p->wide = 4;
    return NULL;
}

static jc_status shape(jc_packing *p, jc_tensor *t, jc_error *err)
{
    const jc_tensor *s = p->scales;
    bool fits = t->dtype == JC_U8 && t->n_dims == 4 && t->shape[3] == RUN / 2 &&
                s->dtype == JC_U8 && s->n_dims == 3;

    for (int i = 0; i < 3; i++)
        fits = fits && s->shape[i] == t->shape[i];
    if (!fits)
        return jc_fail(err, JC_E_FORMAT,
                       "tensors '%.160s' and '%.160s' of '%s' are not U8 [n, m, k, 16] and "
                       "[n, m, k]",
                       t->name, s->name, t->file);
    t->n_dims = 3;
    p->width = t->shape[2] *= RUN; /* twice as many as bytes */
    t->shape[3] = 1;
    t->out_in = true;
    return JC_OK;
}

static void read(const jc_packing *p, size_t first, size_t n, float *out)
{
    static const float e2m1[16] = {0,     0.5f,  1,  1.5f,  2,  3,  4,  6,
                                   -0.0f, -0.5f, -1, -1.5f, -2, -3, -4, -6};
    size_t last = SIZE_MAX;
    float scale = 0;

    for (size_t i = first; i < first + n; i++) {
        if (i / RUN != last) {
            last = i / RUN;
            scale = ldexpf(1, p->scales->data[last] - 127);
        }
        *out++ = scale * e2m1[p->bits->data[i / 2] >> i % 2 * 4 & 15];
    }
}

static jc_dtype blocks(const jc_packing *p)
{
    (void)p;
    return JC_MXFP4;
}

/* GGUF's block has the exponent, then numbers i and 16 + i in byte i. */
static void regroup(const jc_packing *p, size_t first, size_t n, unsigned char *out)
{
    size_t run = first * (p->width / RUN), end = (first + n) * (p->width / RUN);

    for (; run < end; run++) {
        const unsigned char *pairs = p->bits->data + run * (RUN / 2);
        *out++ = p->scales->data[run];
        for (int i = 0; i < RUN / 2; i++) {
            int low = pairs[i / 2] >> i % 2 * 4 & 15;
            int high = pairs[RUN / 4 + i / 2] >> i % 2 * 4 & 15;
            *out++ = (unsigned char)(low | high << 4);
        }
    }
}

const jc_pack jc_pack_mxfp4 = {.methods = "mxfp4",
                               .type = "MXFP4",
                               .bits = "_blocks",
                               .weight = "",
                               .scales = "_scales",
                               .settle = settle,
                               .shape = shape,
                               .read = read,
                               .blocks = blocks,
                               .regroup = regroup};
