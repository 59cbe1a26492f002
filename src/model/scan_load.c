/* SPDX-License-Identifier: MIT */
/* scan_load.c: the weights of recurrent blocks, and where their numbers lie. */
#include <math.h>

#include "model/scan.h"

void jc_scan_free(jc_scan *scan)
{
    if (!scan)
        return;
    jc_linear_free(scan->in);
    jc_linear_free(scan->out);
    jc_free(scan->weight);
    jc_free(scan->bias);
    jc_free(scan->decay);
    jc_free(scan->step);
    jc_free(scan->skip);
    jc_free(scan->norm);
    jc_free(scan);
}

size_t jc_scan_bytes(const jc_scan *scan)
{
    return scan ? jc_linear_bytes(scan->in) + jc_linear_bytes(scan->out) : 0;
}

static jc_status load_vectors(jc_scan *scan, const jc_model *model, uint32_t block,
                              jc_error *err)
{
    const struct {
        jc_weight_id id;
        float **out;
    } vectors[] = {{JC_W_CONV_BIAS, &scan->bias},
                   {JC_W_SCAN_DECAY, &scan->decay},
                   {JC_W_SCAN_STEP, &scan->step},
                   {JC_W_SCAN_SKIP, &scan->skip},
                   {JC_W_SCAN_NORM, &scan->norm}};
    jc_status st = JC_OK;
    size_t n;

    for (size_t i = 0; i < JC_COUNT(vectors) && st == JC_OK; i++)
        st = jc_weights_vector(model, vectors[i].id, block, 0, vectors[i].out, &n, err);
    /* folders have the logarithm of what is taken off, GGUF files the rate itself */
    for (size_t h = 0;
         st == JC_OK && !jc_store_gguf(model->store) && h < model->hp.scan_heads; h++)
        scan->decay[h] = (float)-exp((double)scan->decay[h]);
    return st;
}

jc_status jc_scan_load(jc_scan **out, const jc_model *model, uint32_t block, jc_error *err)
{
    *out = NULL;
    if (!model->hp.scan || !jc_hparams_conv(&model->hp, block))
        return JC_OK;
    jc_scan *scan = *out = jc_alloc_array(1, sizeof *scan);
    if (!scan)
        return jc_fail_nomem(err, "a recurrent block");
    jc_status st =
        jc_weights_linear(&scan->in, model, JC_W_CONV_IN, block, JC_ACT_NONE, false, err);
    if (st == JC_OK)
        st = jc_weights_linear(&scan->out, model, JC_W_CONV_OUT, block, JC_ACT_NONE, true,
                               err);
    if (st == JC_OK)
        st = jc_weights_floats(&scan->weight, model, JC_W_CONV, block, err);
    return st ? st : load_vectors(scan, model, block, err);
}

/* The key that a head of values shares with others. */
static size_t key_of(const jc_hparams *hp, size_t head)
{
    return hp->scan_tiled ? head % hp->scan_groups
                          : head / (hp->scan_heads / hp->scan_groups);
}

/* Mamba 2's gates, values, keys, queries and steps, one part after another. */
static jc_scan_at made_of_space(const jc_hparams *hp, size_t head)
{
    size_t keys = (size_t)hp->scan_groups * hp->scan_keys;
    size_t key = key_of(hp, head) * hp->scan_keys;
    size_t values = (size_t)hp->scan_heads * hp->scan_width, value = head * hp->scan_width;

    return (jc_scan_at){.gate = value,
                        .value = values + value,
                        .key = 2 * values + key,
                        .query = 2 * values + keys + key,
                        .step = 2 * (values + keys) + head};
}

/* Queries, keys, values, gates, betas and steps of the delta rule. Qwen 3 Next has the
 * first four of the heads of one key side by side, then, in a second matrix, the other two.
 */
jc_scan_at jc_scan_made(const jc_hparams *hp, size_t head)
{
    size_t n = hp->scan_keys, w = hp->scan_width, shared = hp->scan_heads / hp->scan_groups;
    size_t group = key_of(hp, head), within = head % shared;
    size_t keys = hp->scan_groups * n, values = hp->scan_heads * w;
    size_t of_key = group * 2 * (n + shared * w);
    jc_scan_at at = {.query = group * n,
                     .key = keys + group * n,
                     .value = 2 * keys + head * w,
                     .gate = 2 * keys + values + head * w,
                     .beta = 2 * (keys + values) + head,
                     .step = 2 * (keys + values) + hp->scan_heads + head};

    if (hp->scan == JC_SCAN_SPACE)
        return made_of_space(hp, head);
    if (hp->scan_by_key) {
        at.query = of_key;
        at.key = of_key + n;
        at.value = of_key + 2 * n + within * w;
        at.gate = of_key + 2 * n + (shared + within) * w;
    }
    if (hp->scan_steps_by_key) {
        at.beta = 2 * (keys + values) + 2 * group * shared + within;
        at.step = at.beta + shared;
    }
    return at;
}

jc_scan_at jc_scan_kept(const jc_hparams *hp, size_t head)
{
    size_t key = key_of(hp, head) * hp->scan_keys, value = head * hp->scan_width;
    size_t keys = (size_t)hp->scan_groups * hp->scan_keys;
    size_t values = (size_t)hp->scan_heads * hp->scan_width, channels = values + 2 * keys;

    if (hp->scan == JC_SCAN_DELTA)
        return (jc_scan_at){.query = key,
                            .key = keys + key,
                            .value = 2 * keys + value,
                            .step = channels + head,
                            .beta = channels + hp->scan_heads + head};
    return (jc_scan_at){.value = value,
                        .key = values + key,
                        .query = values + keys + key,
                        .step = channels + head};
}
