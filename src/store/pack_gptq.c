/* SPDX-License-Identifier: MIT */
/*
 * pack_gptq.c: GPTQ (Frantar et al. 2022): whole numbers of 2, 3, 4 or 8 bits, and of each
 * output and each group of inputs a scale and a zero: w = (q - zero) scale.
 *
 * "x.qweight" [in bits / 32, out] has the numbers of one output one after another, from the
 * lowest bits of its first word on, "x.qzeros" [groups, out bits / 32] those of zeros along
 * the outputs, less one in the first version of the format; "x.scales" [groups, out];
 * "x.g_idx" [in] the group of each input, in any order where it was quantised with
 * desc_act. Without it groups follow one another.
 */
#include "store/packs.h"

#include <stdio.h>

static const char *settle(jc_packing *p, const jc_config *config, const char *section)
{
    uint32_t bits = 4, group = 0;
    char path[64];

    snprintf(path, sizeof path, "%s.dynamic", section); /* other ones for some modules */
    if (!jc_pack_number(config, section, "bits", &bits) ||
        (bits != 2 && bits != 3 && bits != 4 && bits != 8))
        return "its 'bits' are not 2, 3, 4 or 8";
    if (!jc_pack_number(config, section, "group_size", &group))
        return "its 'group_size' is not a whole number";
    p->wide = jc_config_has(config, path) ? 0 : bits; /* 0: each weight's shapes say */
    p->columns = group;
    bool second = !jc_pack_says(config, section, "checkpoint_format", "gptq");
    p->offset = second ? 0 : 1;
    if (second && !jc_pack_says(config, section, "checkpoint_format", "gptq_v2"))
        return "its 'checkpoint_format' is neither 'gptq' nor 'gptq_v2'";
    return NULL;
}

/* Bits of a number and inputs of a group, where these are not the same in all weights. */
static void tell(jc_packing *p, const jc_tensor *t)
{
    static const unsigned char all[] = {2, 3, 4, 8};
    const size_t groups = p->scales->shape[0];

    for (size_t i = 0; i < JC_COUNT(all); i++)
        if (t->shape[1] * all[i] / 32 == p->zeros->shape[1])
            p->wide = all[i];
    size_t in = p->wide ? t->shape[0] * 32 / p->wide : 0;
    bool fits = p->columns > 0 && (in + p->columns - 1) / p->columns == groups;
    if (!fits && groups > 0 && in % groups == 0)
        p->columns = in / groups;
}

static jc_status shape(jc_packing *p, jc_tensor *t, jc_error *err)
{
    size_t in, out = t->shape[1];

    if (p->wide == 0 && t->n_dims == 2)
        tell(p, t);
    if (p->wide == 0 || t->dtype != JC_I32 || t->n_dims != 2 || out == 0 ||
        out % 32 * p->wide % 32 != 0 || t->shape[0] == 0 || !jc_mul(t->shape[0], 32, &in) ||
        in % p->wide != 0)
        return jc_fail(err, JC_E_FORMAT,
                       "tensor '%.160s' of '%s' is not a matrix of I32 whose sides hold "
                       "numbers of %u bits",
                       t->name, t->file, p->wide);
    in /= p->wide;
    if (p->columns == 0 || p->columns > in) /* one group */
        p->columns = in;
    size_t groups = p->scales->shape[0];
    if (!p->groups)
        groups = (in + p->columns - 1) / p->columns;
    jc_status st = jc_pack_part(p, p->scales, JC_OTHER, groups, out, err);
    if (st == JC_OK)
        st = jc_pack_part(p, p->zeros, JC_I32, groups,
                          out / 32 * p->wide + out % 32 * p->wide / 32, err);
    if (st == JC_OK && p->groups)
        st = jc_pack_groups(p, in, groups, err);
    p->width = t->shape[1] = in;
    t->shape[0] = out;
    t->out_in = true;
    return st;
}

static unsigned zero_of(const jc_packing *p, size_t group, size_t o)
{
    return jc_pack_whole(p->zeros, group * p->zeros->shape[1], 1, o, p->wide) + p->offset;
}

static unsigned number(const jc_packing *p, size_t o, size_t in)
{
    return jc_pack_whole(p->bits, o, p->bits->shape[1], in, p->wide);
}

/* Word by word; numbers of 3 bits are in two of them now and then. */
static void run_of(const jc_packing *p, size_t o, size_t in, unsigned char q[32])
{
    const unsigned k = 32 / p->wide, mask = (1u << p->wide) - 1;

    if (32 % p->wide != 0) {
        for (size_t i = 0; i < 32; i++)
            q[i] = (unsigned char)number(p, o, in + i);
        return;
    }
    for (unsigned i = 0; i < 32; i += k) {
        uint32_t word = jc_pack_word(p->bits, (in + i) / k * p->bits->shape[1] + o);
        for (unsigned j = 0; j < k; j++)
            q[i + j] = (unsigned char)(word >> p->wide * j & mask);
    }
}

static const jc_pack_wholes wholes = {number, zero_of, jc_pack_scale, run_of};

const jc_pack jc_pack_gptq = {.methods = "gptq",
                              .type = "GPTQ",
                              .bits = ".qweight",
                              .weight = ".weight",
                              .scales = ".scales",
                              .zeros = ".qzeros",
                              .groups = ".g_idx",
                              .settle = settle,
                              .shape = shape,
                              .wholes = &wholes,
                              .read = jc_pack_read,
                              .blocks = jc_pack_blocks,
                              .regroup = jc_pack_regroup};
