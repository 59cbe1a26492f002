/* SPDX-License-Identifier: MIT */
/* blocks.h: what panels of unpacked blocks look like, and what unpacking shares. */
#ifndef JC_FEW_BLOCKS_H
#define JC_FEW_BLOCKS_H

#include "kernels/few/lanes.h"
#include "kernels/few/set.h"

enum {
    RUN = 32,
    RUNS = FEW_CHUNK / RUN,
    HALF = 16, /* outputs that are unpacked at a time: the lanes of a wf */
    HALVES = FEW_PANEL / HALF,
    FOURS = 4 * HALF,
    RUN_BYTES = 8 * FOURS
};

typedef struct unpacked {
    unsigned char w[RUNS][RUN_BYTES]; /* by run [8][HALF][4] */
    float scale[2 * RUNS][HALF];      /* of runs, or of their halves */
    float least[2 * RUNS][HALF];      /* the same */
    const unsigned char *ahead;       /* what to fetch meanwhile: of each run, */
    size_t lines[2]; /* so many lines while it is unpacked and multiplied */
} unpacked;

/* row: where the chunk begins in each output; runs: in it, 1 .. RUNS */
typedef void panel_unpack(rows16 row, size_t runs, unpacked *to);

/* A scale for each run, or for each half of one; a least value as well. */
typedef enum panel_shape {
    SHAPE_plain,
    SHAPE_least,
    SHAPE_halves,
    SHAPE_halves_least
} panel_shape;

INLINE bool has_least(panel_shape shape)
{
    return shape == SHAPE_least || shape == SHAPE_halves_least;
}
/* Of a run, with a scale each. */
INLINE int parts_of(panel_shape shape)
{
    return shape == SHAPE_halves || shape == SHAPE_halves_least ? 2 : 1;
}

typedef struct panel_type {
    size_t values, bytes; /* of a block */
    panel_shape shape;
    uint32_t zero;
    panel_unpack *unpack;
} panel_type;

/* Ask for n lines, and for the address of the page of a later one: as often as that, since
 * a processor whose tables are busy leaves such a request out. In a function of its own:
 * where the loop lies in the program then matters less. */
static NOINLINE void fetch_lines(const unsigned char *ahead, size_t n)
{
    __asm__ volatile("" : : "r"(ahead)); /* or calls without a result are left out */
    prefetch(ahead + TOUCH);
    for (size_t l = 0; l < n; l++)
        prefetch(ahead + 64 * l);
}

/* Ask for what comes next while n runs are unpacked: evenly, as bursts of requests stall.
 */
INLINE void fetch(unpacked *u, size_t n)
{
    for (size_t l = 0; l < n * u->lines[0]; l++, u->ahead += 64)
        prefetch(u->ahead);
}

/* A run of 32 nibbles in 16 bytes at `at`: the low halves, then the high ones. Each has a
 * fifth bit if `bits` (NULL: none): bit i of an output is that of number i. Or each is the
 * number of a byte of `table` (NULL: none). */
INLINE void run_nibbles(rows16 row, size_t at, const wi *bits, const unsigned char *table,
                        unsigned char *w)
{
    wi part[4];

    columns(row, at, part);
    UNROLL(8)
    for (int g = 0; g < 8; g++) {
        wi four = wi_and(g < 4 ? part[g % 4] : wi_right(part[g % 4], 4), 0x0f0f0f0f);
        if (bits)
            four = wi_fifth(four, *bits, g);
        if (table)
            four = wi_table(four, table);
        wi_store(w + g * FOURS, four);
    }
}

/* Groups 2 k and 2 k + 1 of a K block: the low and the high halves of 32 bytes at `at`.
 * Their fifth bits, if any, are bits 2 k and 2 k + 1 of the bytes in `bits` [8]. */
INLINE void k_nibbles(rows16 row, size_t at, const wi *bits, int k,
                      unsigned char (*w)[RUN_BYTES])
{
    wi part[8];

    columns_32(row, at, part);
    UNROLL(8)
    for (int g = 0; g < 8; g++) {
        wi low = wi_and(part[g], 0x0f0f0f0f);
        wi high = wi_and(wi_right(part[g], 4), 0x0f0f0f0f);
        if (bits) {
            wi fifth = wi_right(bits[g], 2 * (unsigned)k);
            low = wi_or(low, wi_left(wi_and(fifth, 0x01010101), 4));
            high = wi_or(high, wi_left(wi_and(fifth, 0x02020202), 3));
        }
        wi_store(w[0] + g * FOURS, low);
        wi_store(w[1] + g * FOURS, high);
    }
}

/* The 8 scales and least values of a K block, 6 bits each, times d and m: of 12 bytes, the
 * first four groups' lie in bytes 0 to 3 and 4 to 7, the others' low halves in bytes 8 to
 * 11, and their two high bits above those of the first. */
INLINE void k_scales(rows16 row, unpacked *to)
{
    const uint32_t low6 = 0x3f3f3f3f, low4 = 0x0f0f0f0f, low2 = 0x03030303;
    wi head[4], scale[2], least[2];

    columns(row, 0, head); /* d and m, then the 12 bytes */
    const wf d = wf_f16_low(head[0]), m = wf_f16_low(wi_right(head[0], 16));
    scale[0] = wi_and(head[1], low6);
    least[0] = wi_and(head[2], low6);
    scale[1] = wi_or(wi_and(head[3], low4), wi_left(wi_and(wi_right(head[1], 6), low2), 4));
    least[1] = wi_or(wi_and(wi_right(head[3], 4), low4),
                     wi_left(wi_and(wi_right(head[2], 6), low2), 4));
    UNROLL(8)
    for (int g = 0; g < 8; g++) {
        wf_store(to->scale[g], wf_mul(d, wf_int(wi_byte(scale[g / 4], g % 4))));
        wf_store(to->least[g], wf_mul(m, wf_int(wi_byte(least[g / 4], g % 4))));
    }
}

#endif
