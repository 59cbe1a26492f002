/* SPDX-License-Identifier: MIT */
/*
 * kl.c: KL of many read-outs and its gradient.
 *
 * Logits are far too many to keep: rows go through in groups whose probabilities fit into
 * GROUP_BYTES. Of a group, a task takes a tile of 64 rows of one layer: map, logits z, then
 * q - p in their place, and back through the head to the mapped states. What is kept of a
 * task is that gradient, [64, d]; the products with the states, by which the gradient of a
 * map is summed, are made once a group. So of the 2 + 4 L (L + 1) d V flops a row that
 * there are with a gradient, all but a share of d / 2 V are products of a tile with the
 * whole unembedding.
 */
#include "fit/kl.h"

#include <math.h>
#include <string.h>

#include "kernels/kernels.h"
#include "kernels/linalg.h"
#include "kernels/vector.h"
#include "model/head_back.h"

enum { TILE = 64, GROUP_BYTES = 64 << 20, AT_ONCE = 2 /* tasks a thread between ticks */ };

struct jc_kl {
    const jc_model *model;
    jc_head_back *back;
    size_t d, vocab, layers, group; /* rows of a group */
    float *p;                       /* [group, vocab] */
    double *entropy;                /* [group]: sum p ln p */
    double *loss;                   /* [layers, group] */
    float *by_state;                /* [layers, group, d] */
};

struct job {
    const jc_kl *kl;
    const float *const *states; /* [layers + 1] of rows */
    const jc_kl_layer *layers;
    size_t row, n, tiles, first; /* the group's first row; the chunk's first task */
};

void jc_kl_free(jc_kl *kl)
{
    if (!kl)
        return;
    jc_head_back_free(kl->back);
    jc_free(kl->p);
    jc_free(kl->entropy);
    jc_free(kl->loss);
    jc_free(kl->by_state);
    jc_free(kl);
}

jc_status jc_kl_new(jc_kl **out, const jc_model *model, jc_error *err)
{
    const jc_model_info *info = jc_model_get_info(model);
    jc_kl *kl = jc_alloc_array(1, sizeof *kl);
    size_t tiles = GROUP_BYTES / (TILE * (size_t)info->vocab * sizeof(float));

    *out = NULL;
    if (!kl)
        return jc_fail_nomem(err, "a loss");
    kl->model = model;
    kl->d = info->width;
    kl->vocab = info->vocab;
    kl->layers = info->layers;
    kl->group = TILE * (tiles < 1 ? 1 : tiles > 16 ? 16 : tiles);
    kl->p = jc_matrix_new(kl->group, kl->vocab, sizeof *kl->p);
    kl->entropy = jc_matrix_new(kl->group, 1, sizeof *kl->entropy);
    kl->loss = jc_matrix_new(kl->layers, kl->group, sizeof *kl->loss);
    kl->by_state = jc_matrix_new(kl->layers * kl->group, kl->d, sizeof *kl->by_state);
    jc_status st = kl->p && kl->entropy && kl->loss && kl->by_state
                       ? jc_head_back_new(&kl->back, model, err)
                       : jc_fail_nomem(err, "a loss");
    if (st) {
        jc_kl_free(kl);
        return st;
    }
    *out = kl;
    return JC_OK;
}

static size_t rows_of(const struct job *job, size_t tile)
{
    size_t left = job->n - tile * TILE;

    return left < TILE ? left : TILE;
}

/* p of a tile. */
static jc_status full_tile(void *arg, size_t tile, jc_error *err)
{
    const struct job *job = arg;
    const jc_kl *kl = job->kl;
    const jc_vector *vector = jc_vector_get();
    size_t n = rows_of(job, tile), first = tile * TILE;
    float *p = kl->p + first * kl->vocab;
    jc_status st = jc_model_readout(
        kl->model, job->states[kl->layers] + (job->row + first) * kl->d, n, p, err);

    for (size_t r = 0; r < n && st == JC_OK; r++, p += kl->vocab) {
        if (!vector->finite(kl->vocab, p))
            return jc_fail(err, JC_E_NUMERIC, "a logit of '%s' is not a finite number",
                           jc_model_get_info(kl->model)->path);
        float max = vector->top(kl->vocab, p).first;
        jc_row_sums sums = vector->row_sums(kl->vocab, p, max, NULL, 0);
        kl->entropy[first + r] = sums.exp_z / sums.exp - log(sums.exp);
        vector->softmax(kl->vocab, p);
    }
    return st;
}

/* The loss of a row of logits z beside p; dz, if not NULL, gets q - p. */
static double row_loss(const jc_kl *kl, size_t row, const float *z, float *dz)
{
    const jc_vector *vector = jc_vector_get();
    const float *p = kl->p + row * kl->vocab;
    float max = vector->top(kl->vocab, z).first;
    jc_row_sums sums = vector->row_sums(kl->vocab, z, max, p, 0);

    if (dz) {
        memcpy(dz, z, kl->vocab * sizeof *dz);
        vector->softmax(kl->vocab, dz);
        for (size_t i = 0; i < kl->vocab; i++)
            dz[i] -= p[i];
    }
    return log(sums.exp) - sums.p_z + kl->entropy[row];
}

static void map_rows(const jc_kl *kl, const jc_kl_layer *layer, const float *h, size_t n,
                     float *y)
{
    jc_sgemm_nt(n, kl->d, kl->d, h, layer->weight, y);
    for (size_t r = 0; r < n; r++)
        for (size_t i = 0; i < kl->d; i++)
            y[r * kl->d + i] += layer->bias[i];
}

/* One tile of one layer. */
static jc_status layer_tile(void *arg, size_t task, jc_error *err)
{
    const struct job *job = arg;
    const jc_kl *kl = job->kl;
    size_t tile = (job->first + task) / kl->layers, l = (job->first + task) % kl->layers;
    size_t n = rows_of(job, tile), first = tile * TILE, v = kl->vocab;
    bool gradient = job->layers[l].by_weight != NULL;
    float *y = jc_matrix_new(TILE, kl->d, sizeof *y);
    float *z = jc_matrix_new(gradient ? 2 * TILE : TILE, v, sizeof *z);
    float *dz = gradient && z ? z + TILE * v : NULL;
    jc_status st = y && z ? JC_OK : jc_fail_nomem(err, "a read-out");

    if (st == JC_OK) {
        map_rows(kl, &job->layers[l], job->states[l] + (job->row + first) * kl->d, n, y);
        st = jc_model_readout(kl->model, y, n, z, err);
    }
    for (size_t r = 0; r < n && st == JC_OK; r++)
        kl->loss[l * kl->group + first + r] =
            row_loss(kl, first + r, z + r * v, dz ? dz + r * v : NULL);
    if (st == JC_OK && gradient)
        st = jc_head_back_run(kl->back, y, z, dz, n,
                              kl->by_state + (l * kl->group + first) * kl->d, err);
    jc_free(y);
    jc_free(z);
    return st;
}

struct sums {
    const struct job *job;
    jc_kl_layer *layers;
};

/* Add the group's rows to the sums of a layer, in their order. */
static jc_status sum_layer(void *arg, size_t l, jc_error *err)
{
    const struct sums *sums = arg;
    const struct job *job = sums->job;
    const jc_kl *kl = job->kl;
    jc_kl_layer *layer = &sums->layers[l];
    size_t d = kl->d, n = job->n;

    for (size_t r = 0; r < n; r++)
        layer->loss += kl->loss[l * kl->group + r];
    if (!layer->by_weight)
        return JC_OK;
    const float *g = kl->by_state + l * kl->group * d, *h = job->states[l] + job->row * d;
    double *wide = jc_matrix_new(2 * n, d, sizeof *wide);
    if (!wide)
        return jc_fail_nomem(err, "a gradient");
    for (size_t i = 0; i < n * d; i++) {
        wide[i] = (double)g[i];
        wide[n * d + i] = (double)h[i];
        layer->by_bias[i % d] += (double)g[i];
    }
    jc_dgemm_add(d, d, n, wide, wide + n * d, layer->by_weight, d);
    jc_free(wide);
    return JC_OK;
}

static jc_status add_group(struct job *job, jc_kl_layer *layers,
                           jc_status (*tick)(void *arg, jc_error *err), void *arg,
                           jc_error *err)
{
    size_t tasks = job->tiles * job->kl->layers;
    size_t most = (size_t)AT_ONCE * jc_threads_max();
    struct sums sums = {job, layers};
    jc_status st = jc_parallel(job->tiles, full_tile, job, err);

    for (size_t n; job->first < tasks && st == JC_OK; job->first += n) {
        n = tasks - job->first < most ? tasks - job->first : most;
        st = jc_parallel(n, layer_tile, job, err);
        if (st == JC_OK && tick)
            st = tick(arg, err);
    }
    return st ? st : jc_parallel(job->kl->layers, sum_layer, &sums, err);
}

jc_status jc_kl_add(jc_kl *kl, const float *const *states, size_t rows, jc_kl_layer *layers,
                    jc_status (*tick)(void *arg, jc_error *err), void *arg, jc_error *err)
{
    jc_status st = JC_OK;

    for (size_t row = 0, n; row < rows && st == JC_OK; row += n) {
        n = rows - row < kl->group ? rows - row : kl->group;
        struct job job = {.kl = kl,
                          .states = states,
                          .layers = layers,
                          .row = row,
                          .n = n,
                          .tiles = (n + TILE - 1) / TILE};
        st = add_group(&job, layers, tick, arg, err);
    }
    return st;
}
