/* SPDX-License-Identifier: MIT */
/*
 * draw.c: filters, then the inverse of the cumulative distribution.
 *
 * Every filter leaves the first so many tokens in the order of their logits (equal ones by
 * id), so what it leaves is told by the last of them, the cut. The vocabulary is never
 * sorted: tokens near the best one are listed, further down as they are needed; of the
 * list, the bin of logits that holds the cut is found, and in it the cut, by quickselect.
 * The list stays in the order of ids, in which the distribution is summed up.
 */
#include "generate/draw.h"

#include <math.h>
#include <string.h>

#include "kernels/vector.h"

enum {
    RUN = 256,   /* tokens passed over at once */
    PART = 1024, /* summed at once */
    BINS = 2048, /* of logits, in which a cut is looked for */
    FINE = 16    /* of them for a difference of one */
};

/* The tokens that are left. Once the temperature is applied, the largest z is 0. */
typedef struct pool {
    const jc_vector *vector;
    jc_draw_room *room;
    size_t vocab;
    const uint32_t *history; /* [n_history] */
    size_t n_history;
    const float *masses; /* [vocab]: softmax(z), once something sums over many; or NULL */
    bool listed;         /* room->ids[0..n), ascending, are left; otherwise all are */
    size_t n;
} pool;

void jc_draw_room_free(jc_draw_room *room)
{
    jc_free(room->z);
    jc_free(room->masses);
    jc_free(room->ids);
    jc_free(room->far);
    jc_free(room->sums);
    jc_free(room->seen);
    memset(room, 0, sizeof *room);
}

static jc_status reserve(jc_draw_room *room, size_t vocab, size_t n_history, jc_error *err)
{
    if (!jc_grow(&room->seen, &room->seen_capacity, n_history, sizeof *room->seen))
        return jc_fail_nomem(err, "a draw");
    if (vocab <= room->vocab)
        return JC_OK;
    jc_free(room->z);
    jc_free(room->masses);
    jc_free(room->ids);
    jc_free(room->far);
    jc_free(room->sums);
    room->z = jc_matrix_new(vocab, 1, sizeof *room->z);
    room->masses = jc_matrix_new(vocab, 1, sizeof *room->masses);
    room->ids = jc_alloc_array(vocab, sizeof *room->ids);
    room->far = jc_alloc_array(vocab, sizeof *room->far);
    room->sums = jc_alloc_array(vocab / PART + BINS, sizeof *room->sums);
    room->vocab =
        room->z && room->masses && room->ids && room->far && room->sums ? vocab : 0;
    return room->vocab ? JC_OK : jc_fail_nomem(err, "a draw");
}

double jc_draw_uniform(uint64_t seed, uint64_t sequence, uint64_t position)
{
    jc_rng rng = jc_rng_at(jc_rng_at(seed, sequence).state, position);

    return jc_rng_uniform(&rng);
}

/* ---- lists of tokens ---- */

/* List all tokens with z >= bound. */
static void list_from(pool *p, float bound)
{
    const float *z = p->room->z;
    float below = nextafterf(bound, -INFINITY);

    p->n = 0;
    for (size_t at = 0; at < p->vocab; at += RUN) {
        size_t end = p->vocab - at < RUN ? p->vocab : at + RUN;
        if (p->vector->count_above(end - at, z + at, below) == 0)
            continue;
        for (size_t i = at; i < end; i++)
            if (z[i] > below)
                p->room->ids[p->n++] = (uint32_t)i;
    }
    p->listed = true;
}

static double weight_one(const pool *p, uint32_t id)
{
    (void)p;
    (void)id;
    return 1;
}

/* Its probability, but for a factor that all have in common. */
static double weight_mass(const pool *p, uint32_t id)
{
    return (double)(p->masses ? p->masses[id] : expf(p->room->z[id]));
}

typedef double weight_fn(const pool *p, uint32_t id);

static double weigh(const pool *p, weight_fn *weight)
{
    double sum = 0;

    for (size_t i = 0; i < p->n; i++)
        sum += weight(p, p->room->ids[i]);
    return sum;
}

/* List tokens from the best one down until they weigh `target` together, or all are there.
 */
static void list_until(pool *p, weight_fn *weight, double target)
{
    if (p->listed)
        return;
    for (int span = 4; span < 128; span *= 2) {
        list_from(p, (float)-span);
        if (weigh(p, weight) >= target)
            return;
    }
    list_from(p, -INFINITY);
}

/* ---- cuts ---- */

static bool before(const float *z, uint32_t a, uint32_t b)
{
    return a < b ? z[a] >= z[b] : z[a] > z[b];
}

/* Reorder ids[0..n): those before a pivot, which is chosen among them, then it, then the
 * others. *sum is the weight of the first. Returns the index of the pivot. */
static size_t divide(const pool *p, uint32_t *ids, size_t n, weight_fn *weight, double *sum)
{
    const float *z = p->room->z;
    uint32_t a = ids[0], b = ids[n / 2], c = ids[n - 1];
    bool ab = before(z, a, b), bc = before(z, b, c), ac = before(z, a, c);
    size_t at = ab == bc ? n / 2 : ab == ac ? n - 1 : 0, m = 0;
    uint32_t pivot = ids[at];

    *sum = 0;
    ids[at] = ids[n - 1];
    for (size_t i = 0; i + 1 < n; i++) {
        uint32_t id = ids[i];
        if (!before(z, id, pivot))
            continue;
        *sum += weight(p, id);
        ids[i] = ids[m];
        ids[m++] = id;
    }
    ids[n - 1] = ids[m];
    ids[m] = pivot;
    return m;
}

static size_t bin_of(float z)
{
    float x = -z * FINE;

    return x < BINS - 1 ? (size_t)x : BINS - 1;
}

/* Copy to room->far the tokens of the bin in which the list comes to weigh *target; what
 * weighs more than they is taken off *target. Returns how many they are. */
static size_t find_bin(const pool *p, weight_fn *weight, double *target)
{
    double *sums = p->room->sums;
    size_t bin = 0, last = 0, n = 0;

    for (size_t i = 0; i < BINS; i++)
        sums[i] = 0;
    for (size_t i = 0; i < p->n; i++) {
        size_t b = bin_of(p->room->z[p->room->ids[i]]);
        sums[b] += weight(p, p->room->ids[i]);
        last = b > last ? b : last;
    }
    for (; bin < last && sums[bin] < *target; bin++)
        *target -= sums[bin];
    for (size_t i = 0; i < p->n; i++)
        if (bin_of(p->room->z[p->room->ids[i]]) == bin)
            p->room->far[n++] = p->room->ids[i];
    return n;
}

/* Keep the first tokens of the list that weigh `target` together. */
static void keep_weight(pool *p, weight_fn *weight, double target)
{
    const float *z = p->room->z;
    uint32_t *ids = p->room->far, cut = 0;
    size_t n = find_bin(p, weight, &target), left = 0;

    while (n > 0) {
        double sum;
        size_t m = divide(p, ids, n, weight, &sum);
        if (m > 0 && sum >= target) {
            n = m;
            continue;
        }
        cut = ids[m];
        target -= sum + weight(p, cut);
        if (target <= 0)
            break;
        ids += m + 1;
        n -= m + 1;
    }
    for (size_t i = 0; i < p->n; i++) {
        uint32_t id = p->room->ids[i];
        if (!before(z, cut, id))
            p->room->ids[left++] = id;
    }
    p->n = left;
}

/* ---- the filters ---- */

static bool penalises(const jc_sampling *s)
{
    return s->repeat_penalty != 1;
}

/* Once for a token, however often it is in the history: from what it was before. */
static void penalise(pool *p, const jc_sampling *s)
{
    float *z = p->room->z, *seen = p->room->seen, by = (float)s->repeat_penalty;

    for (size_t i = 0; i < p->n_history; i++)
        seen[i] = z[p->history[i]];
    for (size_t i = 0; i < p->n_history; i++)
        z[p->history[i]] = seen[i] > 0 ? seen[i] / by : seen[i] * by;
}

static bool draws(const jc_sampling *s)
{
    return s->temperature > 0;
}

static void temper(pool *p, const jc_sampling *s)
{
    float *z = p->room->z, max = p->vector->top(p->vocab, z).first;
    float scale = (float)fmin(1 / s->temperature, 1e30);

    for (size_t i = 0; i < p->vocab; i++)
        z[i] = (z[i] - max) * scale;
}

static bool has_top_k(const jc_sampling *s)
{
    return draws(s) && s->top_k > 0;
}

static void top_k(pool *p, const jc_sampling *s)
{
    if (s->top_k >= p->vocab)
        return;
    list_until(p, weight_one, s->top_k);
    keep_weight(p, weight_one, s->top_k);
}

static bool has_top_p(const jc_sampling *s)
{
    return draws(s) && s->top_p < 1;
}

static void top_p(pool *p, const jc_sampling *s)
{
    double all = 1;

    if (p->listed) {
        all = weigh(p, weight_mass);
    } else {
        memcpy(p->room->masses, p->room->z, p->vocab * sizeof *p->room->masses);
        p->vector->softmax(p->vocab, p->room->masses);
        p->masses = p->room->masses;
    }
    list_until(p, weight_mass, s->top_p * all);
    keep_weight(p, weight_mass, s->top_p * all);
}

static bool has_min_p(const jc_sampling *s)
{
    return draws(s) && s->min_p > 0;
}

static void min_p(pool *p, const jc_sampling *s)
{
    float bound = (float)log(s->min_p);
    size_t left = 0;

    if (!p->listed) {
        list_from(p, bound);
        return;
    }
    for (size_t i = 0; i < p->n; i++)
        if (p->room->z[p->room->ids[i]] >= bound)
            p->room->ids[left++] = p->room->ids[i];
    p->n = left;
}

/* In the order of docs/methods.md. */
static const struct filter {
    bool (*wanted)(const jc_sampling *sampling);
    void (*run)(pool *p, const jc_sampling *sampling);
} filters[] = {
    {penalises, penalise}, {draws, temper},    {has_top_k, top_k},
    {has_top_p, top_p},    {has_min_p, min_p},
};

/* ---- the draw ---- */

/* Of the n tokens (ids NULL: first, first + 1, ...) the one at which the cumulative
 * distribution passes u. */
static uint32_t inverse(const pool *p, const uint32_t *ids, uint32_t first, size_t n,
                        double u)
{
    double all = 0, sum = 0;
    uint32_t last = ids ? ids[0] : first;

    for (size_t i = 0; i < n; i++)
        all += weight_mass(p, ids ? ids[i] : first + (uint32_t)i);
    for (size_t i = 0; i < n; i++) {
        uint32_t id = ids ? ids[i] : first + (uint32_t)i;
        double mass = weight_mass(p, id);
        sum += mass;
        if (sum > u * all)
            return id;
        last = mass > 0 ? id : last;
    }
    return last;
}

/* The same over the whole vocabulary: the part first, then the token in it. */
static uint32_t inverse_of_all(const pool *p, double u)
{
    const float *z = p->room->z;
    double *sums = p->room->sums, all = 0;
    size_t parts = (p->vocab + PART - 1) / PART, k = 0;

    for (size_t i = 0; i < parts; i++) {
        size_t n = p->vocab - i * PART < PART ? p->vocab - i * PART : PART;
        sums[i] = p->vector->sum_exp(n, z + i * PART, 0);
        all += sums[i];
    }
    double left = u * all;
    for (; k + 1 < parts && left >= sums[k]; k++)
        left -= sums[k];
    size_t n = p->vocab - k * PART < PART ? p->vocab - k * PART : PART;
    return inverse(p, NULL, (uint32_t)(k * PART), n, left / sums[k]);
}

jc_status jc_draw(uint32_t *id, const jc_sampling *sampling, const float *logits,
                  size_t vocab, const uint32_t *history, size_t n_history, uint64_t seed,
                  uint64_t sequence, uint64_t position, jc_draw_room *room, jc_error *err)
{
    pool p = {.vector = jc_vector_get(),
              .room = room,
              .vocab = vocab,
              .history = history,
              .n_history = penalises(sampling) ? n_history : 0};

    if (!p.vector->finite(vocab, logits))
        return jc_fail(err, JC_E_NUMERIC,
                       "a logit at position %llu of sequence %llu is not a finite number",
                       (unsigned long long)position, (unsigned long long)sequence);
    *id = 0;
    if (vocab < 2)
        return JC_OK;
    if (!draws(sampling) && !penalises(sampling)) {
        *id = p.vector->top(vocab, logits).index;
        return JC_OK;
    }
    jc_status st = reserve(room, vocab, p.n_history, err);
    if (st)
        return st;
    memcpy(room->z, logits, vocab * sizeof *logits);
    for (size_t i = 0; i < JC_COUNT(filters); i++)
        if (filters[i].wanted(sampling))
            filters[i].run(&p, sampling);
    double u = jc_draw_uniform(seed, sequence, position);
    if (!draws(sampling))
        *id = p.vector->top(vocab, room->z).index;
    else if (p.listed)
        *id = inverse(&p, room->ids, 0, p.n, u);
    else
        *id = inverse_of_all(&p, u);
    return JC_OK;
}

double jc_draw_logprob(const float *logits, size_t vocab, uint32_t id)
{
    const jc_vector *vector = jc_vector_get();
    float max = vocab < 2 ? logits[0] : vector->top(vocab, logits).first;

    return (double)(logits[id] - max) - log(vector->sum_exp(vocab, logits, max));
}
