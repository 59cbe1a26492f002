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
        return "its 'group_size' is no whole number";
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
        return jc_fail(err, JC_E_FORMAT, "tensor '%.160s' of '%s' is no matrix of I32",
                       t->name, t->file);
    if (p->columns == 0 || p->columns > in) /* one group */
        p->columns = in;
    size_t groups = (in + p->columns - 1) / p->columns;
    jc_status st = jc_pack_part(p, p->scales, JC_OTHER, groups, out, err);
    if (st == JC_OK)
        st = jc_pack_part(p, p->zeros, JC_I32, groups, out / WORD, err);
    p->width = t->shape[1] = in;
    t->shape[0] = out;
    t->out_in = true;
    return st;
}

static unsigned nibble(const jc_tensor *t, size_t row, size_t o, size_t n_out)
{
    static const unsigned char shift[WORD] = {0, 16, 4, 20, 8, 24, 12, 28};

    return jc_pack_word(t, (row * n_out + o) / WORD) >> shift[o % WORD] & 15;
}

static void read(const jc_packing *p, size_t first, size_t n, float *out)
{
    size_t n_out = p->scales->shape[1], last = SIZE_MAX;
    float scale = 0, zero = 0;

    for (size_t i = first; i < first + n; i++) {
        size_t o = i / p->width, in = i % p->width, group = in / p->columns;
        if (group * n_out + o != last) {
            last = group * n_out + o;
            scale = jc_pack_real(p->scales, last);
            zero = (float)nibble(p->zeros, group, o, n_out);
        }
        *out++ = ((float)nibble(p->bits, in, o, n_out) - zero) * scale;
    }
}

const jc_pack jc_pack_awq = {.method = "awq",
                             .type = "AWQ",
                             .bits = ".qweight",
                             .weight = ".weight",
                             .scales = ".scales",
                             .zeros = ".qzeros",
                             .groups = NULL,
                             .settle = settle,
                             .shape = shape,
                             .read = read};
