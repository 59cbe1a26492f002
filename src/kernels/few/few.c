/* SPDX-License-Identifier: MIT */
/* few.c: a linear layer for few rows: rows of x are prepared once, and the outputs are cut
 * into tiles for the threads. */
#include "kernels/few/few.h"

#include <string.h>

#include "kernels/few/set.h"
#include "kernels/vector.h"

enum {
    TILE_BYTES = 1 << 17, /* of weights that a task reads, about */
    ALONE = 1 << 16       /* fewer bytes of weights are not worth a second thread */
};

struct jc_few {
    jc_few_spec spec;
    const jc_few_kernel *kernel;
    const unsigned char *data;
    size_t row_bytes;
    float *bias; /* [n_out], owned, or NULL */
    void *own;   /* a transposed weight, or NULL */
};

void jc_few_free(jc_few *w)
{
    if (!w)
        return;
    jc_free(w->bias);
    jc_free(w->own);
    jc_free(w);
}

size_t jc_few_bytes(const jc_few *w)
{
    return sizeof *w + (w->bias ? w->spec.n_out * sizeof *w->bias : 0) +
           (w->own ? w->spec.n_out * w->row_bytes : 0);
}

/* out [n_out, n_in] of in [n_in, n_out], elements of `size` bytes, by tiles that stay in
 * the cache. */
static void transpose(size_t n_in, size_t n_out, size_t size, const unsigned char *in,
                      unsigned char *out)
{
    enum { TILE = 32 };

    for (size_t o = 0; o < n_out; o += TILE)
        for (size_t i = 0; i < n_in; i += TILE)
            for (size_t a = o; a < n_out && a < o + TILE; a++)
                for (size_t b = i; b < n_in && b < i + TILE; b++)
                    memcpy(out + (a * n_in + b) * size, in + (b * n_out + a) * size, size);
}

static jc_status own_data(jc_few *w, jc_error *err)
{
    const jc_few_spec *spec = &w->spec;

    if (spec->bias) {
        w->bias = jc_matrix_new(spec->n_out, 1, sizeof *w->bias);
        if (!w->bias)
            return jc_fail_nomem(err, "the bias of a linear layer");
        memcpy(w->bias, spec->bias, spec->n_out * sizeof *w->bias);
    }
    if (spec->in_out) {
        w->own = jc_matrix_new(spec->n_out, w->row_bytes, 1);
        if (!w->own)
            return jc_fail_nomem(err, "a transposed weight");
        transpose(spec->n_in, spec->n_out, w->kernel->bytes, spec->data, w->own);
        w->data = w->own;
    }
    return JC_OK;
}

jc_status jc_few_new(jc_few **out, const jc_few_spec *spec, jc_error *err)
{
    const jc_few_set *set = spec->set ? spec->set : jc_few_set_get();

    *out = NULL;
    if ((unsigned)spec->type >= JC_FEW_TYPES || !set->of[spec->type].real)
        return jc_fail(err, JC_E_UNSUPPORTED, "no kernel for weights of type %d",
                       (int)spec->type);
    const jc_few_kernels *of = &set->of[spec->type];
    const jc_few_kernel *kernel = spec->int8 && of->int8 ? of->int8 : of->real;
    bool other = spec->type == JC_FEW_OTHER;
    size_t values = other ? spec->other.values : kernel->values;
    size_t bytes = other ? spec->other.bytes : kernel->bytes, row_bytes;

    if (values == 0 || FEW_CHUNK % values != 0 || (other && !spec->other.read))
        return jc_fail(err, JC_E_UNSUPPORTED, "no kernel for blocks of %zu values", values);
    if (!spec->data || spec->n_in == 0 || spec->n_in % values != 0 ||
        (spec->in_out && (values != 1 || other)) ||
        !jc_mul(spec->n_in / values, bytes, &row_bytes))
        return jc_fail(err, JC_E_ARG, "a weight of %zu inputs in blocks of %zu", spec->n_in,
                       values);
    jc_few *w = jc_alloc_array(1, sizeof *w);
    if (!w)
        return jc_fail_nomem(err, "a linear layer");
    w->spec = *spec;
    w->kernel = kernel;
    w->data = spec->data;
    w->row_bytes = row_bytes;
    jc_status st = own_data(w, err);
    if (st != JC_OK) {
        jc_few_free(w);
        return st;
    }
    *out = w;
    return JC_OK;
}

struct run {
    const jc_few *w;
    jc_few_work work;
    size_t first, n, tile; /* outputs */
    bool add;
    float *y;
    size_t y_stride;
};

/* y of outputs first .. first + n - 1, n <= FEW_PANEL, from the panel's products. */
static void finish(const struct run *run, size_t first, size_t n, float *products)
{
    const jc_few *w = run->w;
    float bias[FEW_PANEL] = {0};

    if (w->bias)
        memcpy(bias, w->bias + first, n * sizeof *bias);
    for (size_t r = 0; r < run->work.rows; r++) {
        float *p = products + r * FEW_PANEL;
        float *y = run->y + r * run->y_stride + (first - run->first);
        if (w->bias)
            for (size_t i = 0; i < FEW_PANEL; i++)
                p[i] += bias[i];
        if (w->spec.act != JC_ACT_NONE) /* all of them: see that lanes are alike */
            jc_vector_get()->act(w->spec.act, FEW_PANEL, p);
        if (run->add)
            for (size_t i = 0; i < n; i++)
                y[i] += p[i];
        else
            memcpy(y, p, n * sizeof *y);
    }
}

static jc_status tile(void *arg, size_t i, jc_error *err)
{
    const struct run *run = arg;
    size_t from = i * run->tile,
           end = from + run->tile < run->n ? from + run->tile : run->n;
    float products[FEW_ROWS * FEW_PANEL] = {0};

    (void)err;
    for (; from < end; from += FEW_PANEL) {
        size_t n = end - from < FEW_PANEL ? end - from : FEW_PANEL;
        run->w->kernel->panel(&run->work, run->first + from, n, products);
        finish(run, run->first + from, n, products);
    }
    return JC_OK;
}

static size_t tile_size(const jc_few *w, size_t n)
{
    size_t bytes = w->row_bytes * FEW_PANEL, threads = jc_threads_max();
    size_t panels = (n + FEW_PANEL - 1) / FEW_PANEL, each = panels;

    if (bytes * panels > ALONE) {
        size_t share = (panels + threads - 1) / threads; /* at least a task a thread */
        each = TILE_BYTES / bytes < share ? TILE_BYTES / bytes : share;
    }
    return (each > 0 ? each : 1) * FEW_PANEL;
}

jc_status jc_few_run(const jc_few *w, size_t first, size_t n, const float *x,
                     size_t x_stride, size_t rows, bool add, float *y, size_t y_stride,
                     jc_error *err)
{
    struct run run = {.w = w, .first = first, .n = n, .add = add, .y_stride = y_stride};
    size_t each = w->kernel->prepared(w->kernel, w->spec.n_in);
    size_t most = rows < FEW_ROWS ? rows : FEW_ROWS;

    if (n > w->spec.n_out || first > w->spec.n_out - n)
        return jc_fail(err, JC_E_ARG, "outputs %zu to %zu of %zu", first, first + n,
                       w->spec.n_out);
    if (n == 0 || rows == 0)
        return JC_OK;
    unsigned char *memory = jc_alloc(most * each + 63);
    if (!memory)
        return jc_fail_nomem(err, "rows of a linear layer");
    unsigned char *prepared = memory + (64 - (uintptr_t)memory % 64) % 64;
    jc_status st = JC_OK;
    run.work = (jc_few_work){&w->spec, w->kernel, w->data, w->row_bytes, prepared, each, 0};
    run.tile = tile_size(w, n);
    for (size_t r = 0; r < rows && st == JC_OK; r += FEW_ROWS) {
        run.work.rows = rows - r < FEW_ROWS ? rows - r : FEW_ROWS;
        run.y = y + r * y_stride;
        for (size_t k = 0; k < run.work.rows; k++)
            w->kernel->prepare(w->kernel, w->spec.n_in, x + (r + k) * x_stride,
                               prepared + k * each);
        size_t tasks = (n + run.tile - 1) / run.tile;
        st = tasks == 1 ? tile(&run, 0, err) : jc_parallel(tasks, tile, &run, err);
    }
    jc_free(memory);
    return st;
}
