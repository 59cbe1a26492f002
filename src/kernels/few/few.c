/* SPDX-License-Identifier: MIT */
/* few.c: a linear layer for few rows: rows of x are prepared once, and the outputs are cut
 * into tiles for the threads. */
#include "kernels/few/few.h"

#include <string.h>

#include "kernels/few/set.h"
#include "kernels/vector.h"

enum {
    TILE_BYTES = 1 << 17, /* of weights that a task reads, about */
    PAIR_ROWS = 3,  /* fewer take half a panel at a time: what is fetched ahead stays in the
                       nearest cache */
    ALONE = 1 << 16 /* fewer bytes, of weights or x, are not worth a second thread */
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
    size_t values = kernel->values, row_bytes;

    if (!spec->data || spec->n_in == 0 || spec->n_in % values != 0 ||
        (spec->in_out && (values != 1 || other || spec->step > 1)) ||
        (other && !spec->other.read) ||
        !jc_mul(spec->n_in / values, kernel->bytes, &row_bytes) ||
        !jc_mul(row_bytes, spec->step ? spec->step : 1, &row_bytes))
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

/* Weights that are multiplied together, and how their outputs are cut into tasks. */
struct share {
    const jc_few_part *part;
    jc_few_work work;
    size_t panel;       /* outputs of a call: FEW_PANEL, or half of it for few rows */
    size_t tile, tasks; /* outputs of a task; tasks up to this part's end */
    size_t at;          /* where its rows of x are prepared */
    size_t turned_at;   /* where they are put in the weight's order before */
    bool first;         /* of those that share them */
};

struct run {
    struct share *shares;
    size_t n, row; /* rows of x before this one are done */
    size_t threads;
    bool add;
    size_t y_stride;
};

/* y of outputs first .. first + n - 1, n <= FEW_PANEL, from the panel's products. */
static void finish(const struct run *run, const struct share *share, size_t first, size_t n,
                   float *products)
{
    const jc_few *w = share->part->w;
    float *y = share->part->y + run->row * run->y_stride + (first - share->part->first);
    float bias[FEW_PANEL] = {0};

    for (size_t i = 0; w->bias && i < n; i++)
        bias[i] = w->bias[first + i];
    for (size_t r = 0; r < share->work.rows; r++, y += run->y_stride) {
        float *p = products + r * FEW_PANEL;
        for (size_t i = 0; w->bias && i < FEW_PANEL; i++)
            p[i] += bias[i];
        if (w->spec.act != JC_ACT_NONE) /* all of them: see that lanes are alike */
            jc_vector_get()->act(w->spec.act, FEW_PANEL, p);
        if (run->add)
            for (size_t i = 0; i < n; i++)
                y[i] += p[i];
        else
            for (size_t i = 0; i < n; i++)
                y[i] = p[i];
    }
}

static const struct share *share_of(const struct run *run, size_t task)
{
    const struct share *share = run->shares;

    while (task >= share->tasks)
        share++;
    return share;
}

/* The first output of a task. */
static size_t task_begin(const struct run *run, const struct share *share, size_t task)
{
    size_t before = share == run->shares ? 0 : share[-1].tasks;

    return share->part->first + (task - before) * share->tile;
}

static const unsigned char *task_data(const struct run *run, size_t task)
{
    const struct share *share = share_of(run, task);

    return share->work.data + task_begin(run, share, task) * share->work.row_bytes;
}

/* What this thread reads after a task is most likely the task that lies as far ahead as
 * there are threads. */
static jc_status run_task(void *arg, size_t task, jc_error *err)
{
    const struct run *run = arg;
    const struct share *share = share_of(run, task);
    const jc_few_work *work = &share->work;
    size_t from = task_begin(run, share, task), last = run->shares[run->n - 1].tasks - 1;
    size_t end = share->part->first + share->part->n, then = task + run->threads;
    float products[FEW_ROWS * FEW_PANEL];

    (void)err;
    if (end - from > share->tile)
        end = from + share->tile;
    for (size_t n; from < end; from += n) {
        n = end - from < share->panel ? end - from : share->panel;
        const unsigned char *next = from + n < end
                                        ? work->data + (from + n) * work->row_bytes
                                        : task_data(run, then < last ? then : last);
        work->kernel->panel(work, from, n, next, products);
        finish(run, share, from, n, products);
    }
    return JC_OK;
}

/* Outputs of a task, whole panels, where all weights together have `bytes`. */
static size_t tile_size(size_t panel, size_t row_bytes, size_t n, size_t bytes)
{
    size_t threads = jc_threads_max();
    size_t panels = (n + panel - 1) / panel, each = panels;

    if (bytes > ALONE) {
        size_t share = (panels + threads - 1) / threads; /* at least one task per thread */
        size_t most = TILE_BYTES / (row_bytes * panel);
        each = most < share ? most : share;
    }
    return (each > 0 ? each : 1) * panel;
}

/* Of a row of x in a weight's order. */
static size_t turned_bytes(const jc_few_spec *spec)
{
    return (spec->n_in * sizeof(float) + 63) / 64 * 64;
}

/* Which memory each part's rows of x are prepared in, in bytes from its start: those of one
 * type and order share theirs. The bytes of all. */
static size_t place_rows(struct share *shares, size_t n, size_t rows)
{
    size_t all = 0;

    for (size_t p = 0, k; p < n; p++) {
        for (k = 0; shares[k].work.kernel != shares[p].work.kernel ||
                    shares[k].work.spec->order != shares[p].work.spec->order;
             k++)
            ;
        shares[p].first = k == p;
        shares[p].at = k < p ? shares[k].at : all;
        all += k < p ? 0 : rows * shares[p].work.x_bytes;
        shares[p].turned_at = all;
        if (k == p && shares[p].work.spec->order)
            all += rows * turned_bytes(shares[p].work.spec);
    }
    return all;
}

struct prepare {
    const struct run *run;
    const float *x;
    size_t x_stride;
    unsigned char *memory;
};

/* Row r of x as the weight takes it. */
static const float *turned(const struct prepare *job, const struct share *share, size_t r)
{
    const jc_few_spec *spec = share->work.spec;
    const float *x = job->x + r * job->x_stride;
    float *out = (void *)(job->memory + share->turned_at + r * turned_bytes(spec));

    if (!spec->order)
        return x;
    for (size_t i = 0; i < spec->n_in; i++)
        out[i] = x[spec->order[i]];
    return out;
}

static jc_status prepare_row(void *arg, size_t r, jc_error *err)
{
    const struct prepare *job = arg;

    (void)err;
    for (size_t p = 0; p < job->run->n; p++) {
        const struct share *share = &job->run->shares[p];
        const jc_few_work *work = &share->work;
        if (share->first)
            work->kernel->prepare(work->kernel, work->spec->n_in, turned(job, share, r),
                                  job->memory + share->at + r * work->x_bytes);
    }
    return JC_OK;
}

static jc_status prepare_rows(struct run *run, const float *x, size_t x_stride, size_t rows,
                              unsigned char *memory, jc_error *err)
{
    struct prepare job = {run, x, x_stride, memory};
    jc_status st = JC_OK;

    for (size_t p = 0; p < run->n; p++) {
        run->shares[p].work.x = memory + run->shares[p].at;
        run->shares[p].work.rows = rows;
    }
    if (rows * run->shares[0].work.x_bytes > ALONE)
        return jc_parallel(rows, prepare_row, &job, err);
    for (size_t r = 0; r < rows && st == JC_OK; r++)
        st = prepare_row(&job, r, err);
    return st;
}

/* The shares of parts, of which some may be empty. */
static jc_status cut(struct run *run, const jc_few_part *parts, size_t n, size_t rows,
                     jc_error *err)
{
    size_t bytes = 0, tasks = 0, panel = rows < PAIR_ROWS ? FEW_PANEL / 2 : FEW_PANEL;

    for (size_t p = 0; p < n; p++) {
        const jc_few *w = parts[p].w;
        if (parts[p].n > w->spec.n_out || parts[p].first > w->spec.n_out - parts[p].n)
            return jc_fail(err, JC_E_ARG, "outputs %zu to %zu of %zu", parts[p].first,
                           parts[p].first + parts[p].n, w->spec.n_out);
        bytes += parts[p].n * w->row_bytes;
    }
    for (size_t p = 0; p < n; p++) {
        const jc_few *w = parts[p].w;
        size_t tile = tile_size(panel, w->row_bytes, parts[p].n, bytes);
        if (parts[p].n == 0)
            continue;
        tasks += (parts[p].n + tile - 1) / tile;
        run->shares[run->n++] = (struct share){
            .part = &parts[p],
            .work = {.spec = &w->spec,
                     .kernel = w->kernel,
                     .data = w->data,
                     .row_bytes = w->row_bytes,
                     .x_bytes = w->kernel->prepared(w->kernel, w->spec.n_in)},
            .panel = panel,
            .tile = tile,
            .tasks = tasks};
    }
    return JC_OK;
}

jc_status jc_few_run_parts(const jc_few_part *parts, size_t n_parts, const float *x,
                           size_t x_stride, size_t rows, bool add, size_t y_stride,
                           jc_error *err)
{
    struct run run = {.add = add, .y_stride = y_stride, .threads = jc_threads_max()};
    unsigned char *memory = NULL;

    run.shares = jc_alloc_array(n_parts, sizeof *run.shares);
    jc_status st = run.shares ? cut(&run, parts, n_parts, rows, err)
                              : jc_fail_nomem(err, "linear layers");
    if (st || run.n == 0 || rows == 0)
        goto done;
    memory =
        jc_alloc(place_rows(run.shares, run.n, rows < FEW_ROWS ? rows : FEW_ROWS) + 63);
    st = memory ? JC_OK : jc_fail_nomem(err, "rows of a linear layer");
    const size_t tasks = run.shares[run.n - 1].tasks;
    for (; run.row < rows && st == JC_OK; run.row += FEW_ROWS) {
        size_t some = rows - run.row < FEW_ROWS ? rows - run.row : FEW_ROWS;
        st = prepare_rows(&run, x + run.row * x_stride, x_stride, some,
                          memory + (64 - (uintptr_t)memory % 64) % 64, err);
        if (st == JC_OK)
            st = tasks == 1 ? run_task(&run, 0, err)
                            : jc_parallel(tasks, run_task, &run, err);
    }
done:
    jc_free(memory);
    jc_free(run.shares);
    return st;
}

jc_status jc_few_run(const jc_few *w, size_t first, size_t n, const float *x,
                     size_t x_stride, size_t rows, bool add, float *y, size_t y_stride,
                     jc_error *err)
{
    const jc_few_part part = {w, first, n, y};

    return jc_few_run_parts(&part, 1, x, x_stride, rows, add, y_stride, err);
}
