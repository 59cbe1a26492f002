/* SPDX-License-Identifier: MIT */
/* backends.c: the backend table, and what is the same for all of them. */
#include "kernels/backend.h"

#include <string.h>

enum { ROWS_TASK = 64, GRAM_TILE = 256 };

static const jc_backend *const table[] = {&jc_backend_onednn, &jc_backend_ref};
static const char *const names[] = {"onednn", "ref", NULL};

const jc_backend *jc_backend_find(const char *name)
{
    for (size_t i = 0; i < JC_COUNT(table); i++)
        if (strcmp(table[i]->name, name) == 0)
            return table[i];
    return NULL;
}

const char *const *jc_backend_names(void)
{
    return names;
}

const char *jc_backend_name(const jc_backend *backend)
{
    return backend->name;
}

bool jc_backend_has(const jc_backend *backend, jc_precision precision)
{
    return backend->has(precision);
}

jc_status jc_linear_new(jc_linear **out, const jc_backend *backend,
                        const jc_linear_spec *spec, jc_error *err)
{
    *out = NULL;
    jc_status st = backend->linear_new(out, spec, err);
    if (st == JC_OK && spec->weight.release)
        (*out)->kept = spec->weight;
    return st;
}

void jc_linear_free(jc_linear *linear)
{
    if (!linear)
        return;
    const jc_weight_source kept = linear->kept;
    linear->backend->linear_free(linear);
    if (kept.release)
        kept.release(kept.arg);
}

size_t jc_linear_bytes(const jc_linear *linear)
{
    return linear->bytes;
}

jc_status jc_linear_run(const jc_linear *linear, const float *x, size_t rows, float *y,
                        jc_error *err)
{
    return linear->backend->linear_run(linear, x, rows, y, err);
}

/* A call by rows, in tasks of ROWS_TASK: which of them is the function's matter. */
struct row_job {
    const jc_backend *backend;
    size_t rows, stride, n; /* n: pieces, values or nothing, as the function needs */
    const jc_norm *norm;
    const jc_rotation *rotation;
    jc_act act;
    const float *x;
    float *y;
    void (*row)(const struct row_job *job, size_t r);
};

static jc_status run_rows(void *arg, size_t task, jc_error *err)
{
    const struct row_job *job = arg;
    size_t end = (task + 1) * ROWS_TASK < job->rows ? (task + 1) * ROWS_TASK : job->rows;

    (void)err;
    for (size_t r = task * ROWS_TASK; r < end; r++)
        job->row(job, r);
    return JC_OK;
}

static void by_rows(struct row_job *job)
{
    jc_status st =
        jc_parallel((job->rows + ROWS_TASK - 1) / ROWS_TASK, run_rows, job, NULL);

    (void)st; /* its tasks cannot fail */
}

static void norm_row(const struct row_job *job, size_t r)
{
    for (size_t p = 0; p < job->n; p++) {
        size_t at = r * job->stride + p * job->norm->d;
        job->backend->norm(job->norm, job->x + at, job->y + at);
    }
}

void jc_norm_run(const jc_backend *backend, const jc_norm *norm, size_t rows, size_t pieces,
                 size_t stride, const float *x, float *y)
{
    by_rows(&(struct row_job){.backend = backend,
                              .rows = rows,
                              .stride = stride,
                              .n = pieces,
                              .norm = norm,
                              .x = x,
                              .y = y,
                              .row = norm_row});
}

static void rotate_row(const struct row_job *job, size_t r)
{
    const jc_rotation *rotation = job->rotation;

    for (size_t h = 0; h < rotation->heads; h++)
        job->backend->rotate(rotation, rotation->turns + r * 2 * rotation->half,
                             job->y + r * job->stride + h * rotation->width);
}

void jc_rotate(const jc_backend *backend, const jc_rotation *rotation, size_t rows,
               size_t stride, float *x)
{
    by_rows(&(struct row_job){.backend = backend,
                              .rows = rows,
                              .stride = stride,
                              .rotation = rotation,
                              .y = x,
                              .row = rotate_row});
}

static void gate_row(const struct row_job *job, size_t r)
{
    job->backend->gate(job->act, job->n, job->x + r * 2 * job->n, job->y + r * job->n);
}

void jc_gate(const jc_backend *backend, jc_act act, size_t rows, size_t n, const float *x,
             float *y)
{
    by_rows(&(struct row_job){.backend = backend,
                              .rows = rows,
                              .n = n,
                              .act = act,
                              .x = x,
                              .y = y,
                              .row = gate_row});
}

void jc_softcap(const jc_backend *backend, size_t n, float cap, float *x)
{
    backend->softcap(n, cap, x);
}

struct attention_job {
    const jc_backend *backend;
    const jc_attention *heads;
};

static jc_status attention_head(void *arg, size_t i, jc_error *err)
{
    const struct attention_job *job = arg;

    return job->backend->attention(&job->heads[i], err);
}

jc_status jc_attention_run(const jc_backend *backend, const jc_attention *heads, size_t n,
                           jc_error *err)
{
    struct attention_job job = {backend, heads};

    return jc_parallel(n, attention_head, &job, err);
}

struct gram_job {
    const jc_backend *backend;
    const jc_gram_block *blocks;
    size_t rows, d, cuts; /* tiles along each side of a block */
};

static jc_status gram_tile(void *arg, size_t task, jc_error *err)
{
    const struct gram_job *job = arg;
    const jc_gram_block *block = &job->blocks[task / (job->cuts * job->cuts)];
    size_t i = task / job->cuts % job->cuts * GRAM_TILE, j = task % job->cuts * GRAM_TILE;
    size_t m = job->d - i < GRAM_TILE ? job->d - i : GRAM_TILE;
    size_t n = job->d - j < GRAM_TILE ? job->d - j : GRAM_TILE;

    if (block->symmetric && j < i)
        return JC_OK;
    return (block->symmetric ? job->backend->gram_tile_double : job->backend->gram_tile)(
        m, n, job->rows, block->x + i, block->y + j, job->d, block->sum + i * job->d + j,
        job->d, err);
}

jc_status jc_gram_add(const jc_backend *backend, const jc_gram_block *blocks, size_t n,
                      size_t rows, size_t d, jc_error *err)
{
    struct gram_job job = {backend, blocks, rows, d, (d + GRAM_TILE - 1) / GRAM_TILE};

    return jc_parallel(n * job.cuts * job.cuts, gram_tile, &job, err);
}

void jc_gram_mirror(double *sum, size_t d)
{
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j < i; j++)
            sum[i * d + j] = sum[j * d + i];
}
