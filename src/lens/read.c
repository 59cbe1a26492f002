/* SPDX-License-Identifier: MIT */
/*
 * read.c: the numbers of a lens.
 *
 * Columns go through in groups whose full distributions p fit into GROUP_BYTES. A group's
 * states of all layers and maps are one list of rows, the model's own first, which is read
 * out in as few products as LOGIT_BYTES allows: whole tiles of rows, and each product takes
 * the unembedding from memory once. Of each row of V logits x, with z = x - max, two passes
 * keep a few numbers: the first guesses, and the sums of e^z, z e^z, and p z. With Z = sum
 * e^z
 *
 *     entropy = ln Z - sum z e^z / Z
 *     KL(p || q) = ln Z - sum p z - entropy of p
 *
 * so little is added to a read-out's 2 d V flops.
 */
#include <math.h>
#include <string.h>

#include "kernels/vector.h"
#include "lens/lens.h"

enum { TILE = 64, GROUP_BYTES = 64 << 20, LOGIT_BYTES = 32 << 20 };

/* States at one tap, through one map. */
struct line {
    size_t map, tap; /* tap: a row of the lens */
};

/* Rows of a group are numbered by line, then by column. */
struct job {
    jc_lens *lens;
    const float *const *states; /* [rows of the lens] */
    struct line
        *lines; /* [n_lines]: the last tap, which all maps share, first; then those of
                   each map, except that the first map reads inside blocks for all */
    size_t n_lines;
    const jc_hooks *hooks;
    size_t first, n;      /* columns of the group */
    size_t row, own, end; /* rows of the group that are read out together */
    float *h, *logits;    /* of these: [end - row, width], [end - row, vocab] */
    float *full;          /* [n, vocab]: p */
    double *entropy;      /* [n]: of p */
};

/* Where the readings of a row of the group belong. */
struct place {
    size_t map, tap, column, at;
};

static struct place place_of(const struct job *job, size_t row)
{
    const struct line *line = &job->lines[row / job->n];
    struct place p = {line->map, line->tap, job->first + row % job->n, 0};

    p.at = jc_lens_index(job->lens, p.map, p.tap, p.column);
    return p;
}

/* What is read once for all maps. */
static bool is_shared(const jc_lens *lens, size_t tap)
{
    return tap + 1 == lens->rows || lens->taps[tap].point;
}

static jc_status list_lines(struct job *job, jc_error *err)
{
    const jc_lens *lens = job->lens;

    job->lines = jc_alloc_array(lens->n_maps * lens->rows, sizeof *job->lines);
    if (!job->lines)
        return jc_fail_nomem(err, "read-outs");
    job->lines[job->n_lines++] = (struct line){0, lens->rows - 1};
    for (size_t m = 0; m < lens->n_maps; m++)
        for (size_t tap = 0; tap + 1 < lens->rows; tap++)
            if (m == 0 || !is_shared(lens, tap))
                job->lines[job->n_lines++] = (struct line){m, tap};
    return JC_OK;
}

static void share(jc_lens *lens, const struct place *place)
{
    size_t k = lens->top, n = lens->n_targets + 1, from = place->at;

    for (size_t m = 1; m < lens->n_maps && is_shared(lens, place->tap); m++) {
        size_t to = jc_lens_index(lens, m, place->tap, place->column);
        lens->readings[to] = lens->readings[from];
        memcpy(lens->guesses + to * k, lens->guesses + from * k, k * sizeof *lens->guesses);
        memcpy(lens->p + to * k, lens->p + from * k, k * sizeof *lens->p);
        memcpy(lens->traces + to * n, lens->traces + from * n, n * sizeof *lens->traces);
    }
}

static jc_status not_finite(const jc_lens *lens, const struct place *p, jc_error *err)
{
    char name[JC_TAP_NAME];

    jc_tap_name(lens->taps[p->tap], name);
    return jc_fail(err, JC_E_NUMERIC,
                   "a logit of '%s' at layer %s through '%s' is not a finite number",
                   lens->info->path, name, lens->names[p->map]);
}

/* Keep what a row of logits x says: all but its rank and KL. p may be NULL. */
static jc_status read_row(jc_lens *lens, const struct place *place, const float *x,
                          const float *p, jc_row_sums *sums, jc_error *err)
{
    const jc_vector *vector = jc_vector_get();
    size_t vocab = lens->info->vocab, k = lens->top;
    uint32_t *top = lens->guesses + place->at * k;

    vector->top_k(vocab, x, k, top);
    float max = x[top[0]];
    *sums = vector->row_sums(vocab, x, max, p, p ? x[lens->answers[place->column]] : max);
    if (!isfinite(sums->exp) || !isfinite(sums->exp_z))
        return not_finite(lens, place, err);
    for (size_t i = 0; i < k; i++)
        lens->p[place->at * k + i] = (float)(exp((double)(x[top[i]] - max)) / sums->exp);
    lens->readings[place->at].entropy = log(sums->exp) - sums->exp_z / sums->exp;
    jc_lens_trace(lens, place->at, place->column, x, (double)max + log(sums->exp));
    return JC_OK;
}

/* The model's own distribution at a column: the last tap of every map. */
static jc_status full_row(void *arg, size_t i, jc_error *err)
{
    const struct job *job = arg;
    jc_lens *lens = job->lens;
    size_t vocab = lens->info->vocab, k = lens->top, row = job->row + i;
    const struct place place = place_of(job, row);
    float *x = job->logits + i * vocab;
    jc_row_sums sums;
    jc_status st = read_row(lens, &place, x, NULL, &sums, err);

    if (st)
        return st;
    jc_reading *reading = &lens->readings[place.at];
    reading->rank = 1;
    reading->kl = 0;
    lens->answers[place.column] = lens->guesses[place.at * k];
    job->entropy[row] = reading->entropy;
    memcpy(job->full + row * vocab, x, vocab * sizeof *x);
    jc_vector_get()->softmax(vocab, job->full + row * vocab);
    share(lens, &place);
    return JC_OK;
}

static jc_status lens_row(void *arg, size_t i, jc_error *err)
{
    const struct job *job = arg;
    jc_lens *lens = job->lens;
    size_t vocab = lens->info->vocab, row = job->own + i, column = row % job->n;
    const struct place place = place_of(job, row);
    jc_row_sums sums;
    jc_status st = read_row(lens, &place, job->logits + (row - job->row) * vocab,
                            job->full + column * vocab, &sums, err);

    if (st)
        return st;
    double kl = log(sums.exp) - sums.p_z - job->entropy[column];
    lens->readings[place.at].kl =
        kl > 0 ? kl : 0; /* rounding may leave less than nothing */
    lens->readings[place.at].rank = 1 + (uint32_t)sums.above;
    share(lens, &place);
    return JC_OK;
}

/* The states that rows [row, end) read out, through their maps. */
static jc_status map_rows(const struct job *job, jc_error *err)
{
    const jc_lens *lens = job->lens;
    size_t d = lens->info->width;
    jc_status st = JC_OK;

    for (size_t row = job->row, n; row < job->end && st == JC_OK; row += n) {
        const struct place place = place_of(job, row);
        const float *x = job->states[place.tap] + place.column * d, *y = x;
        float *h = job->h + (row - job->row) * d;
        size_t left = job->n - row % job->n; /* of the line */
        n = job->end - row < left ? job->end - row : left;
        if (lens->inner[place.tap]) {
            st = jc_map_run(lens->inner[place.tap], x, n, h, err);
            y = h;
        } else if (!is_shared(lens, place.tap))
            st = jc_packed_map(&lens->methods[lens->chosen[place.map]],
                               lens->taps[place.tap].block, lens->info->layers, x, n, h, &y,
                               err);
        if (st == JC_OK && y != h)
            memcpy(h, y, n * d * sizeof *h);
    }
    return st;
}

static jc_status read_rows(struct job *job, jc_error *err)
{
    const jc_lens *lens = job->lens;
    jc_status st = map_rows(job, err);

    job->own = job->end < job->n ? job->end : job->n;
    job->own = job->own > job->row ? job->own : job->row;
    if (st == JC_OK)
        st = jc_model_readout(lens->model, job->h, job->end - job->row, job->logits, err);
    if (st == JC_OK)
        st = jc_parallel(job->own - job->row, full_row, job, err);
    if (st == JC_OK)
        st = jc_parallel(job->end - job->own, lens_row, job, err);
    return st;
}

/* Rows to read out together: whole tiles, and about as many each time. */
static size_t rows_together(const jc_lens *lens, size_t rows)
{
    size_t fit = LOGIT_BYTES / (TILE * sizeof(float) * lens->info->vocab);
    size_t tiles = (rows + TILE - 1) / TILE, times;

    fit = fit ? fit : 1;
    times = (tiles + fit - 1) / fit;
    return (tiles + times - 1) / times * TILE;
}

static jc_status read_group(struct job *job, jc_error *err)
{
    const jc_lens *lens = job->lens;
    size_t rows = job->n_lines * job->n, together = rows_together(lens, rows);
    jc_progress progress = {"reading layers", "read-outs", 0, job->n_lines * lens->columns};
    jc_status st = JC_OK;

    for (job->row = 0; job->row < rows && st == JC_OK; job->row = job->end) {
        job->end = rows - job->row < together ? rows : job->row + together;
        progress.done = job->n_lines * job->first + job->row;
        jc_watch(job->hooks, &progress);
        st = jc_report(job->hooks, &progress, err);
        if (st == JC_OK)
            st = read_rows(job, err);
    }
    return st;
}

jc_status jc_lens_read(jc_lens *lens, const float *const *states, const jc_hooks *hooks,
                       jc_error *err)
{
    size_t vocab = lens->info->vocab, d = lens->info->width;
    size_t tiles = GROUP_BYTES / (TILE * vocab * sizeof(float));
    size_t group = (tiles ? tiles : 1) * TILE;
    struct job job = {.lens = lens, .states = states, .hooks = hooks};
    jc_status st = list_lines(&job, err);

    if (st)
        return st;
    group = group < lens->columns ? group : lens->columns;
    size_t together = rows_together(lens, group * job.n_lines);
    job.h = jc_matrix_new(together, d, sizeof *job.h);
    job.logits = jc_matrix_new(together, vocab, sizeof *job.logits);
    job.full = jc_matrix_new(group, vocab, sizeof *job.full);
    job.entropy = jc_matrix_new(group, 1, sizeof *job.entropy);
    if (!job.h || !job.logits || !job.full || !job.entropy)
        st = jc_fail_nomem(err, "read-outs");
    for (; job.first < lens->columns && st == JC_OK; job.first += group) {
        job.n = lens->columns - job.first < group ? lens->columns - job.first : group;
        st = read_group(&job, err);
    }
    jc_watch(NULL, NULL);
    jc_free(job.lines);
    jc_free(job.h);
    jc_free(job.logits);
    jc_free(job.full);
    jc_free(job.entropy);
    return st;
}
