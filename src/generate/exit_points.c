/* SPDX-License-Identifier: MIT */
/* exit_points.c: exit points from text, or by what they cost. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "generate/exits.h"

jc_status jc_exit_points_read(uint32_t at[JC_EXIT_POINTS], size_t *n, const char *text,
                              uint32_t layers, jc_error *err)
{
    const char *from = text;

    for (*n = 0;; from++) {
        size_t length = strspn(from, "0123456789");
        unsigned long layer = length > 0 && length < 7 ? strtoul(from, NULL, 10) : 0;
        if (length == 0 || (from[length] && from[length] != ','))
            return jc_fail(err, JC_E_ARG,
                           "exit points are blocks with commas between, as 3,6,9; not '%s'",
                           text);
        if (layer < 1 || layer >= layers)
            return jc_fail(err, JC_E_ARG,
                           "the exit point %.*s is outside the model: its %u blocks have "
                           "exits after 1 to %u",
                           (int)(length < 40 ? length : 40), from, layers, layers - 1);
        if (*n && layer <= at[*n - 1])
            return jc_fail(err, JC_E_ARG, "exit points must ascend: %lu comes after %u",
                           layer, at[*n - 1]);
        if (*n == JC_EXIT_POINTS)
            return jc_fail(err, JC_E_ARG, "there are more than %d exit points",
                           JC_EXIT_POINTS);
        at[(*n)++] = (uint32_t)layer;
        from += length;
        if (!*from)
            return JC_OK;
    }
}

/* ---- the choice ---- */

enum { MOST = 3 };

static double share_gone(const jc_exits *e, uint32_t layer)
{
    return pow((double)layer / e->layers, 4);
}

/* Bytes that one row reads on its way with exits at[n]; map [L] to the last layer. */
static double expected(const jc_exits *e, const jc_cost *map, const uint32_t *at, size_t n)
{
    double there = 1, sum = e->readout.bytes; /* every token is read out once */
    uint32_t from = 0;

    for (size_t i = 0; i <= n; i++) {
        uint32_t to = i < n ? at[i] : e->layers;
        for (uint32_t l = from; l < to; l++)
            sum += there * e->block[l].bytes;
        if (i == n)
            break;
        double gone = e->gate->compares && i == 0 ? 0 : share_gone(e, to);
        /* those that leave are read out anyway */
        sum += there * map[to].bytes;
        sum += e->gate->reads_out ? (1 - gone) * e->readout.bytes : 0;
        there = 1 - gone;
        from = to;
    }
    return sum;
}

void jc_exit_points_choose(jc_exits *exits, const jc_cost *map, double *gain)
{
    uint32_t at[MOST] = {0}, last = exits->layers - 1;
    size_t least = exits->gate->compares ? 2 : 1;
    double plain = expected(exits, map, at, 0), best = INFINITY;

    for (at[0] = 1; at[0] <= last; at[0]++)
        for (at[1] = at[0]; at[1] <= last; at[1]++)
            for (at[2] = at[1]; at[2] <= last; at[2]++) {
                size_t n = at[1] == at[0] ? 1 : at[2] == at[1] ? 2 : 3;
                if ((n == 1 && at[2] != at[1]) || n < least)
                    continue;
                double bytes = expected(exits, map, at, n);
                if (bytes < best) {
                    best = bytes;
                    memcpy(exits->at, at, n * sizeof *at);
                    exits->n = n;
                }
            }
    *gain = 1 - best / plain;
}
