/* SPDX-License-Identifier: MIT */
/*
 * pack_gptq.c: GPTQ (Frantar et al. 2022): whole numbers of 2, 4 or 8 bits, and of each
 * output and each group of inputs a scale and a zero: w = (q - zero) scale.
 *
 * "x.qweight" [in / k, out] has k numbers of one output in a word, from the lowest bits on,
 * "x.qzeros" [groups, out / k] the same of zeros along the outputs, less one in the first
 * version of the format; "x.scales" [groups, out]; "x.g_idx" [in] the group of each input,
 * in any order where it was quantised with desc_act. Without it groups follow one another.
 */
#include "store/packs.h"

static const char *settle(jc_packing *p, const jc_config *config, const char *section)
{
    uint32_t bits = 4, group = 0;

    if (!jc_pack_number(config, section, "bits", &bits) ||
        (bits != 2 && bits != 4 && bits != 8))
        return "its 'bits' are not 2, 4 or 8";
    if (!jc_pack_number(config, section, "group_size", &group))
        return "its 'group_size' is not a whole number";
    p->wide = bits;
    p->columns = group;
    bool second = !jc_pack_says(config, section, "checkpoint_format", "gptq");
    p->offset = second ? 0 : 1;
    if (second && !jc_pack_says(config, section, "checkpoint_format", "gptq_v2"))
        return "its 'checkpoint_format' is neither 'gptq' nor 'gptq_v2'";
    return NULL;
}

/* Every group that an input names is there. */
static jc_status check_groups(const jc_packing *p, size_t in, jc_error *err)
{
    jc_status st = jc_pack_part(p, p->groups, JC_I32, in, 0, err);

    for (size_t i = 0; i < in && st == JC_OK; i++)
        if (jc_pack_word(p->groups, i) >= p->scales->shape[0])
            st = jc_fail(err, JC_E_FORMAT, "tensor '%.160s' of '%s' names group %d of %zu",
                         p->groups->name, p->groups->file, (int)jc_pack_word(p->groups, i),
                         p->scales->shape[0]);
    return st;
}

static jc_status shape(jc_packing *p, jc_tensor *t, jc_error *err)
{
    size_t in, k = 32 / p->wide, out = t->shape[1];

    if (t->dtype != JC_I32 || t->n_dims != 2 || out == 0 || out % k || t->shape[0] == 0 ||
        !jc_mul(t->shape[0], k, &in))
        return jc_fail(
            err, JC_E_FORMAT,
            "tensor '%.160s' of '%s' is not a matrix of I32 of a multiple of %zu "
            "columns",
            t->name, t->file, k);
    if (p->columns == 0 || p->columns > in) /* one group */
        p->columns = in;
    size_t groups = p->scales->shape[0];
    if (!p->groups)
        groups = (in + p->columns - 1) / p->columns;
    jc_status st = jc_pack_part(p, p->scales, JC_OTHER, groups, out, err);
    if (st == JC_OK)
        st = jc_pack_part(p, p->zeros, JC_I32, groups, out / k, err);
    if (st == JC_OK && p->groups)
        st = check_groups(p, in, err);
    p->width = t->shape[1] = in;
    t->shape[0] = out;
    t->out_in = true;
    if (st == JC_OK && jc_pack_fits_q4_z(p))
        p->blocks = JC_Q4_Z;
    return st;
}

static unsigned zero_of(const jc_packing *p, size_t group, size_t o)
{
    const unsigned k = 32 / p->wide, mask = (1u << p->wide) - 1;
    uint32_t word = jc_pack_word(p->zeros, (group * p->bits->shape[1] + o) / k);

    return (word >> p->wide * (unsigned)(o % k) & mask) + p->offset;
}

/* Inputs [in, in + n) of output o. */
static void read_row(const jc_packing *p, size_t o, size_t in, size_t n, float *out)
{
    const unsigned k = 32 / p->wide, mask = (1u << p->wide) - 1;
    size_t n_out = p->bits->shape[1], last = SIZE_MAX, end = in;
    unsigned left = 0; /* numbers of `word` */
    uint32_t word = 0;
    float scale = 0, zero = 0;

    for (size_t i = in; i < in + n; i++) {
        if (i == end) { /* of a group */
            size_t group = jc_pack_group(p, i), at = group * n_out + o;
            end = p->groups ? i + 1 : (group + 1) * p->columns;
            if (at != last) {
                scale = jc_pack_real(p->scales, at);
                zero = (float)zero_of(p, group, o);
            }
            last = at;
        }
        if (left == 0) {
            left = k - (unsigned)(i % k);
            word = jc_pack_word(p->bits, i / k * n_out + o) >> p->wide * (k - left);
        }
        *out++ = ((float)(word & mask) - zero) * scale;
        word >>= p->wide;
        left--;
    }
}

static void read(const jc_packing *p, size_t first, size_t n, float *out)
{
    jc_pack_rows(p, first, n, read_row, out);
}

static void run_of(const jc_packing *p, size_t o, size_t in, unsigned char q[32])
{
    const unsigned k = 32 / p->wide, mask = (1u << p->wide) - 1;

    for (unsigned i = 0; i < 32; i += k) {
        uint32_t word = jc_pack_word(p->bits, (in + i) / k * p->bits->shape[1] + o);
        for (unsigned j = 0; j < k; j++)
            q[i + j] = (unsigned char)(word >> p->wide * j & mask);
    }
}

static void regroup(const jc_packing *p, size_t first, size_t n, unsigned char *out)
{
    static const jc_pack_wholes wholes = {run_of, zero_of};

    jc_pack_q4_z(p, &wholes, first, n, out);
}

const jc_pack jc_pack_gptq = {.method = "gptq",
                              .type = "GPTQ",
                              .bits = ".qweight",
                              .weight = ".weight",
                              .scales = ".scales",
                              .zeros = ".qzeros",
                              .groups = ".g_idx",
                              .settle = settle,
                              .shape = shape,
                              .read = read,
                              .regroup = regroup};
