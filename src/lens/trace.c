/* SPDX-License-Identifier: MIT */
/*
 * trace.c: rank and loss of chosen tokens in every read-out: of the targets that a caller
 * names, and of the token that follows in the text.
 */
#include <math.h>
#include <string.h>

#include "kernels/vector.h"
#include "lens/lens.h"

jc_status jc_lens_choose_targets(jc_lens *lens, const uint32_t *targets, size_t n,
                                 jc_error *err)
{
    if (n == 0)
        return JC_OK;
    if (jc_want(targets, "targets", err))
        return JC_E_ARG;
    jc_status st = jc_tokenizer_check(lens->tokenizer, targets, n, lens->info->vocab, err);
    if (st)
        return st;
    lens->targets = jc_alloc_array(n, sizeof *lens->targets);
    if (!lens->targets)
        return jc_fail_nomem(err, "the targets");
    memcpy(lens->targets, targets, n * sizeof *targets);
    lens->n_targets = n;
    return JC_OK;
}

bool jc_lens_next(const jc_lens *lens, size_t column, uint32_t *id)
{
    size_t next = (size_t)lens->positions[column] + 1;

    if (!lens->info->causal || next >= lens->n_ids)
        return false;
    *id = lens->ids[next];
    return true;
}

bool jc_lens_has_next(const jc_lens *lens)
{
    uint32_t id;

    return lens->columns > 0 && jc_lens_next(lens, 0, &id);
}

static void put(const jc_lens *lens, const float *x, double whole, uint32_t id,
                jc_trace *trace)
{
    size_t above = jc_vector_get()->count_above(lens->info->vocab, x, x[id]);
    double loss = whole - (double)x[id];

    trace->rank = 1 + (uint32_t)above;
    trace->loss = loss > 0 ? loss : 0; /* rounding may leave less than nothing */
}

void jc_lens_trace(jc_lens *lens, size_t at, size_t column, const float *x, double whole)
{
    jc_trace *traces = lens->traces + at * (lens->n_targets + 1);
    uint32_t next;

    for (size_t i = 0; i < lens->n_targets; i++)
        put(lens, x, whole, lens->targets[i], &traces[i]);
    if (jc_lens_next(lens, column, &next))
        put(lens, x, whole, next, &traces[lens->n_targets]);
}

static jc_lens_score score_of(const jc_lens *lens, size_t map, size_t row, size_t column,
                              size_t i)
{
    size_t at = jc_lens_index(lens, map, row, column) * (lens->n_targets + 1) + i;
    const jc_trace *trace = &lens->traces[at];

    return (jc_lens_score){trace->rank, trace->rank ? exp(-trace->loss) : 0, trace->loss};
}

size_t jc_lens_targets(const jc_lens *lens)
{
    return lens ? lens->n_targets : 0;
}

uint32_t jc_lens_target(const jc_lens *lens, size_t i)
{
    return lens && i < lens->n_targets ? lens->targets[i] : 0;
}

jc_lens_score jc_lens_of_target(const jc_lens *lens, size_t map, size_t row, size_t column,
                                size_t i)
{
    if (!lens || i >= lens->n_targets)
        return (jc_lens_score){0, 0, 0};
    return score_of(lens, map, row, column, i);
}

jc_lens_score jc_lens_of_next(const jc_lens *lens, size_t map, size_t row, size_t column)
{
    if (!lens)
        return (jc_lens_score){0, 0, 0};
    return score_of(lens, map, row, column, lens->n_targets);
}
