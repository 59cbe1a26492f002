/* SPDX-License-Identifier: MIT */
/* f8_s.h: 32 numbers in E4M3 and a scale: d [4], a float, q [32]. Their bits moved by one
 * are those of a float16 256 times smaller, subnormal ones too; NaN is in no weight. */
#ifndef JC_FEW_F8_S_H
#define JC_FEW_F8_S_H

#include "kernels/few/chunks.h"

enum { F8_VALUES = 32, F8_BYTES = 36 };

INLINE void f8_s_block(const unsigned char *in, float *w)
{
    const vf d = vf_set(256 * float_of_bits(bits_at(in)));
    uint16_t half[F8_VALUES];

    for (int i = 0; i < F8_VALUES; i++)
        half[i] = (uint16_t)((in[4 + i] & 0x80) << 8 | (in[4 + i] & 0x7f) << 7);
    UNROLL(8)
    for (int i = 0; i < F8_VALUES; i += LANES)
        vf_store(w + i, vf_fma(vf_f16((const unsigned char *)(half + i)), d, vf_set(0)));
}

static void f8_s_read(const jc_few_work *work, size_t output, size_t at, size_t n, float *w)
{
    const unsigned char *in =
        work->data + output * work->row_bytes + at / F8_VALUES * F8_BYTES;

    for (size_t i = 0; i < n; i += F8_VALUES, in += F8_BYTES) {
        prefetch(in + FEW_PANEL * F8_BYTES);
        f8_s_block(in, w + i);
    }
}

static void f8_s_panel(const jc_few_work *work, size_t first, size_t n,
                       const unsigned char *next, float *out)
{
    (void)next;
    chunks_panel(f8_s_read, work, first, n, out);
}

static const jc_few_kernel f8_s_kernel = {F8_VALUES,   F8_BYTES,   NULL, dense_row,
                                          dense_plain, f8_s_panel, NULL};

#endif
