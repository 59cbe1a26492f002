/* SPDX-License-Identifier: MIT */
/*
 * pack_awq.c: AWQ (Lin et al. 2023) in its order "gemm": whole numbers of 4 bits, and of
 * each output and each group of inputs a scale and a zero: w = (q - zero) scale.
 *
 * "x.qweight" [in, out / 8] and "x.qzeros" [groups, out / 8] have eight outputs in a word,
 * the even ones in its lower half; "x.scales" [groups, out].
 */
#include "store/packs.h"

enum { WORD = 8 };

static const char *settle(jc_packing *p, const jc_config *config, const char *section)
{
    uint32_t bits = 4, group = 0;

    if (!jc_pack_number(config, section, "bits|w_bit", &bits) || bits != 4)
        return "its 'bits' are not 4";
    if (!jc_pack_number(config, section, "group_size|q_group_size", &group))
        return "its 'group_size' is not a whole number";
    p->wide = bits;
    p->columns = group;
    if (!jc_pack_says(config, section, "version", "gemm"))
        return "its 'version' is not 'gemm'";
    return NULL;
}

static jc_status shape(jc_packing *p, jc_tensor *t, jc_error *err)
{
    size_t in = t->shape[0], out;

    if (t->dtype != JC_I32 || t->n_dims != 2 || in == 0 || t->shape[1] == 0 ||
        !jc_mul(t->shape[1], WORD, &out))
        return jc_fail(err, JC_E_FORMAT, "tensor '%.160s' of '%s' is not a matrix of I32",
                       t->name, t->file);
    if (p->columns == 0 || p->columns > in) /* one group */
        p->columns = in;
    if (in % p->columns != 0)
        return jc_fail(err, JC_E_FORMAT,
                       "tensor '%.160s' of '%s' has %zu inputs, which groups of %zu do not "
                       "divide",
                       t->name, t->file, in, p->columns);
    size_t groups = in / p->columns;
    jc_status st = jc_pack_part(p, p->scales, JC_OTHER, groups, out, err);
    if (st == JC_OK)
        st = jc_pack_part(p, p->zeros, JC_I32, groups, out / WORD, err);
    p->width = t->shape[1] = in;
    t->shape[0] = out;
    t->out_in = true;
    return st;
}

/* Output o's number in row `row` of a matrix of words. */
static unsigned whole(const jc_tensor *t, size_t row, size_t o)
{
    static const unsigned char shifts[WORD] = {0, 16, 4, 20, 8, 24, 12, 28};

    return jc_pack_word(t, row * t->shape[1] + o / WORD) >> shifts[o % WORD] & 15;
}

static unsigned number(const jc_packing *p, size_t o, size_t in)
{
    return whole(p->bits, in, o);
}

static unsigned zero_of(const jc_packing *p, size_t group, size_t o)
{
    return whole(p->zeros, group, o);
}

static const jc_pack_wholes wholes = {number, zero_of, jc_pack_scale, NULL};

const jc_pack jc_pack_awq = {.methods = "awq",
                             .type = "AWQ",
                             .bits = ".qweight",
                             .weight = ".weight",
                             .scales = ".scales",
                             .zeros = ".qzeros",
                             .settle = settle,
                             .shape = shape,
                             .wholes = &wholes,
                             .read = jc_pack_read,
                             .blocks = jc_pack_blocks,
                             .regroup = jc_pack_regroup};
