/* SPDX-License-Identifier: MIT */
#include "study/validation.h"

#include <string.h>

#include "eval/jackknife.h"
#include "kernels/kernels.h"
#include "kernels/vector.h"
#include "model/reading.h"
#include "stats/batch.h"

void jc_validation_free(jc_validation *v)
{
    if (!v)
        return;
    for (uint32_t t = 0; v->states && t < v->taps; t++)
        jc_free(v->states[t]);
    jc_free(v->states);
    jc_free(v->room);
    jc_free(v->top);
    jc_free(v->owner);
    jc_free(v->variance);
    jc_free(v);
}

/* Of the batch's rows, those of the first `texts` texts in all. */
static size_t wanted_rows(const jc_validation *v, const jc_batch *batch, size_t n,
                          size_t texts)
{
    const uint32_t *owners = jc_batch_owners(batch);

    while (n > 0 && v->texts + owners[n - 1] >= texts)
        n--;
    return n;
}

static jc_status keep_batch(jc_validation *v, const jc_batch *batch, size_t n,
                            jc_error *err)
{
    const uint32_t *owners = jc_batch_owners(batch);
    size_t row = v->width * sizeof(float);

    if (!jc_grow(&v->top, &v->top_room, v->rows + n, sizeof *v->top) ||
        !jc_grow(&v->owner, &v->owner_room, v->rows + n, sizeof *v->owner))
        return jc_fail_nomem(err, "validation states");
    for (uint32_t t = 0; t < v->taps; t++) {
        if (!jc_grow(&v->states[t], &v->room[t], v->rows + n, row))
            return jc_fail_nomem(err, "validation states");
        memcpy(v->states[t] + v->rows * v->width,
               jc_session_states(jc_batch_session(batch), t), n * row);
    }
    for (size_t r = 0; r < n; r++)
        v->owner[v->rows + r] = (uint32_t)v->texts + owners[r];
    v->rows += n;
    return JC_OK;
}

static jc_status run_texts(jc_validation *v, jc_batch *batch, size_t texts, jc_error *err)
{
    while (v->texts < texts) {
        size_t n;
        jc_status st = jc_batch_next(batch, &n, err);
        if (st == JC_OK && n > 0)
            st = keep_batch(v, batch, wanted_rows(v, batch, n, texts), err);
        if (st)
            return st;
        if (n == 0)
            break;
        v->texts += jc_batch_texts(batch);
    }
    if (v->rows == 0)
        return jc_fail(err, JC_E_ARG, "there is no text to score on");
    v->texts = (size_t)v->owner[v->rows - 1] + 1;
    return JC_OK;
}

jc_status jc_validation_tops(const jc_model *model, const float *h, size_t n, uint32_t *top,
                             jc_error *err)
{
    size_t vocab = jc_model_get_info(model)->vocab;
    jc_reading *reading = NULL;
    jc_status st = jc_reading_new(&reading, model, h, n, err);
    size_t step = st == JC_OK ? jc_reading_step(reading) : 0;
    float *logits = jc_matrix_new(n, step, sizeof *logits);
    float *best = jc_matrix_new(n, 1, sizeof *best);

    if (st == JC_OK && (!logits || !best))
        st = jc_fail_nomem(err, "a read-out");
    for (size_t first = 0; first < vocab && st == JC_OK; first += step) {
        size_t some = vocab - first < step ? vocab - first : step;
        st = jc_reading_logits(reading, 0, n, first, logits, err);
        for (size_t r = 0; r < n && st == JC_OK; r++) {
            jc_top found = jc_vector_get()->top(some, logits + r * some);
            if (first > 0 && !(found.first > best[r]))
                continue;
            best[r] = found.first;
            top[r] = (uint32_t)first + found.index;
        }
    }
    jc_free(best);
    jc_free(logits);
    jc_reading_free(reading);
    return st;
}

static jc_status read_top(void *arg, size_t task, jc_error *err)
{
    jc_validation *v = arg;
    size_t first = task * JC_VALIDATION_ROWS, left = v->rows - first;

    return jc_validation_tops(v->model, v->states[v->taps - 1] + first * v->width,
                              left < JC_VALIDATION_ROWS ? left : JC_VALIDATION_ROWS,
                              v->top + first, err);
}

size_t jc_validation_group(const jc_validation *v, size_t row)
{
    return v->owner[row] % JC_JACKKNIFE_GROUPS;
}

/* Of coordinate c of the last tap, over the rows that are not of group `without`. */
static double variance_of(const jc_validation *v, size_t c, size_t without)
{
    const float *last = v->states[v->taps - 1] + c;
    double n = 0, sum = 0, square = 0;

    for (size_t r = 0; r < v->rows; r++)
        if (jc_validation_group(v, r) != without) {
            n += 1;
            sum += (double)last[r * v->width];
        }
    for (size_t r = 0; r < v->rows; r++)
        if (jc_validation_group(v, r) != without) {
            double x = (double)last[r * v->width] - sum / n;
            square += x * x;
        }
    return square;
}

static jc_status find_variance(jc_validation *v, jc_error *err)
{
    v->groups = v->texts < JC_JACKKNIFE_GROUPS ? v->texts : JC_JACKKNIFE_GROUPS;
    v->variance = jc_matrix_new(1 + v->groups, v->width, sizeof *v->variance);
    if (!v->variance)
        return jc_fail_nomem(err, "validation states");
    for (size_t c = 0; c < v->width; c++) {
        v->variance[c] = variance_of(v, c, SIZE_MAX);
        for (size_t g = 0; g < v->groups; g++)
            v->variance[(1 + g) * v->width + c] = variance_of(v, c, g);
    }
    return JC_OK;
}

static jc_status make(jc_validation **out, const jc_model *model, jc_error *err)
{
    const jc_model_info *info = jc_model_get_info(model);
    jc_validation *v = jc_alloc_array(1, sizeof *v);

    *out = v;
    if (!v)
        return jc_fail_nomem(err, "validation states");
    v->model = model;
    v->taps = info->layers + 1;
    v->width = info->width;
    v->states = jc_alloc_array(v->taps, sizeof *v->states);
    v->room = jc_alloc_array(v->taps, sizeof *v->room);
    return v->states && v->room ? JC_OK : jc_fail_nomem(err, "validation states");
}

jc_status jc_validation_new(jc_validation **out, const jc_model *model, jc_samples *samples,
                            size_t texts, uint32_t batch_tokens, const jc_hooks *hooks,
                            jc_error *err)
{
    jc_validation *v;
    jc_batch *batch = NULL;
    jc_status st = make(&v, model, err);

    *out = NULL;
    if (st == JC_OK)
        st = jc_batch_new(&batch, model, samples, batch_tokens, "validation states", hooks,
                          err);
    if (st == JC_OK)
        st = run_texts(v, batch, texts, err);
    jc_batch_free(batch);
    if (st == JC_OK)
        st = jc_model_get_info(model)->has_head
                 ? jc_parallel((v->rows + JC_VALIDATION_ROWS - 1) / JC_VALIDATION_ROWS,
                               read_top, v, err)
                 : JC_OK;
    if (st == JC_OK)
        st = find_variance(v, err);
    if (st) {
        jc_validation_free(v);
        return st;
    }
    *out = v;
    return JC_OK;
}
