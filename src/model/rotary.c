/* SPDX-License-Identifier: MIT */
/*
 * rotary.c: the angles of rotary positions (Su et al. 2021) and how they are spread over
 * longer texts than a model was trained with: linear, llama3, YaRN (Peng et al. 2023),
 * LongRoPE (Ding et al. 2024).
 *
 * A pair's frequency and the angle, position x frequency, are float32, as where the models
 * were trained: at far positions their last bits turn the pairs visibly.
 */
#include "model/rotary.h"

#include <math.h>

#define PI 3.14159265358979323846

/* The pair, as a fraction, that turns `rotations` times over the trained positions. */
static double pair_of(const jc_rotary_hparams *r, double rotations)
{
    return r->dims * log(r->original / (rotations * 2 * PI)) / (2 * log(r->theta));
}

static float llama3(const jc_rotary_hparams *r, float frequency)
{
    float factor = (float)r->factor, low = (float)r->low_freq, high = (float)r->high_freq;
    float length = (float)(2 * PI) / frequency; /* of a turn, in positions */
    float trained = (float)r->original;

    if (length < (float)(r->original / r->high_freq))
        return frequency;
    if (length > (float)(r->original / r->low_freq) || high <= low)
        return frequency / factor;
    float share = (trained / length - low) / (high - low);
    return (1 - share) * frequency / factor + share * frequency;
}

static float yarn(const jc_rotary_hparams *r, float wave, size_t pair)
{
    double from = pair_of(r, r->beta_fast), to = pair_of(r, r->beta_slow);

    from = fmax(r->truncate ? floor(from) : from, 0);
    to = fmin(r->truncate ? ceil(to) : to, r->dims - 1);
    float slow = ((float)pair - (float)from) / (float)(to == from ? 0.001 : to - from);

    slow = slow < 0 ? 0 : slow > 1 ? 1 : slow;
    float fast = 1 - slow;
    return 1 / ((float)r->factor * wave) * (1 - fast) + 1 / wave * fast;
}

/* Of one pair; `factors` are LongRoPE's. The order of operations is that of the published
 * definitions, in float32. */
static float frequency_of(const jc_rotary_hparams *r, const jc_reals *factors, size_t pair)
{
    float exponent = (float)(2 * pair) / (float)r->dims;
    float wave = (float)pow(r->theta, (double)exponent);

    switch (r->type) {
    case JC_ROTARY_NONE:
    case JC_ROTARY_PLAIN:
        break;
    case JC_ROTARY_LINEAR:
        return 1 / wave / (float)r->factor;
    case JC_ROTARY_LLAMA3:
        return llama3(r, 1 / wave);
    case JC_ROTARY_YARN:
        return yarn(r, wave, pair);
    case JC_ROTARY_LONGROPE:
        return 1 / ((float)factors->x[pair] * wave);
    }
    return 1 / wave;
}

static double mscale(double factor, double m)
{
    return factor <= 1 ? 1 : 0.1 * m * log(factor) + 1;
}

/* Of the cosines and sines, so of queries and keys. */
static double scale_of(const jc_rotary_hparams *r, uint32_t positions)
{
    double longer = r->factor > 0 ? r->factor
                    : r->original ? (double)positions / r->original
                                  : 1;

    if (r->type != JC_ROTARY_YARN && r->type != JC_ROTARY_LONGROPE)
        return 1;
    if (r->attention_factor > 0)
        return r->attention_factor;
    if (r->type == JC_ROTARY_LONGROPE)
        return longer <= 1 ? 1 : sqrt(1 + log(longer) / log(r->original));
    if (r->mscale != 0 && r->mscale_all != 0)
        return mscale(r->factor, r->mscale) / mscale(r->factor, r->mscale_all);
    return mscale(r->factor, 1);
}

jc_status jc_rotary_init(jc_rotary *rotary, const jc_rotary_hparams *r, uint32_t positions,
                         jc_error *err)
{
    size_t half = r->dims / 2;
    bool by_length = r->type == JC_ROTARY_LONGROPE;

    *rotary = (jc_rotary){.half = half, .longest_short = SIZE_MAX};
    if (half == 0)
        return JC_OK;
    if (by_length)
        rotary->longest_short = r->original;
    rotary->scale = (float)scale_of(r, positions);
    for (int k = 0; k < (by_length ? 2 : 1); k++) {
        rotary->frequencies[k] = jc_matrix_new(half, 1, sizeof(float));
        if (!rotary->frequencies[k])
            return jc_fail_nomem(err, "the positions");
        for (size_t i = 0; i < half; i++)
            rotary->frequencies[k][i] =
                frequency_of(r, k ? &r->long_factor : &r->short_factor, i);
    }
    return JC_OK;
}

double jc_rotary_latent_scale(const jc_rotary_hparams *r)
{
    double m = r->type == JC_ROTARY_YARN ? mscale(r->factor, r->mscale_all) : 1;

    return m * m;
}

void jc_rotary_release(jc_rotary *rotary)
{
    jc_free(rotary->frequencies[0]);
    jc_free(rotary->frequencies[1]);
}

void jc_rotary_turns(const jc_rotary *rotary, size_t position, size_t length, float *turns)
{
    const float *frequencies = rotary->frequencies[length > rotary->longest_short];
    size_t half = rotary->half;

    for (size_t i = 0; i < half; i++) {
        float angle = (float)position * frequencies[i];
        turns[i] = (float)cos((double)angle) * rotary->scale;
        turns[half + i] = (float)sin((double)angle) * rotary->scale;
    }
}
