/* SPDX-License-Identifier: MIT */
/*
 * foreign_j_lens.c: a Jacobian lens, as the package jlens saves it: a torch file of a dict
 * with "J", a dict of a matrix for each layer or one tensor of all, and what it was fitted
 * on. Its layer l is
 * what block l gives, counted from 0: tap l + 1 here. Its matrices are those of method
 * jacobian up to a scale, of which the final norm takes no notice.
 */
#include "shortcut/foreign.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "store/torch.h"

static bool is_stack(const jc_tensor *t)
{
    return t->n_dims == 3 && strcmp(t->name, "J") == 0;
}

/* "J.3" -> 4. */
static bool read_name(const char *name, uint32_t *tap)
{
    char *end;

    if (name[0] != 'J' || name[1] != '.' || name[2] < '0' || name[2] > '9')
        return false;
    unsigned long layer = strtoul(name + 2, &end, 10);
    *tap = layer < UINT32_MAX ? (uint32_t)layer + 1 : UINT32_MAX;
    return !*end;
}

static bool is(const char *path)
{
    jc_torch *file;
    uint32_t tap;
    bool any = false;

    if (!jc_file_exists(path) || !jc_foreign_ends(path, ".pt") ||
        jc_torch_open(&file, path, NULL))
        return false; /* a torch file says what is wrong with it */
    for (size_t i = 0; i < jc_torch_count(file); i++)
        any |=
            is_stack(jc_torch_at(file, i)) || read_name(jc_torch_at(file, i)->name, &tap);
    jc_torch_close(file);
    return any;
}

static jc_status read_maps(jc_foreign_job *job)
{
    jc_torch *file;
    uint32_t tap;
    jc_status st = jc_torch_open(&file, job->path, job->err);

    if (st)
        return st;
    for (size_t i = 0; i < jc_torch_count(file) && st == JC_OK; i++) {
        const jc_tensor *t = jc_torch_at(file, i);
        if (is_stack(t)) {
            st = jc_foreign_add_stack(job, 1, t, NULL);
            break;
        }
        if (!read_name(t->name, &tap) || tap == job->info->layers)
            continue; /* of the last layer it is the identity */
        st = jc_foreign_add(job, tap, job->info->layers, t, NULL, false);
    }
    jc_torch_close(file);
    return st;
}

/* The map's matrix, row by row. */
static jc_status read_matrix(const jc_foreign_job *job, const jc_map *map, float *weight,
                             float *bias)
{
    size_t d = job->source->width;
    jc_status st = jc_map_dense(map, weight, bias, job->err);

    for (size_t i = 0; i < d && st == JC_OK; i++)
        if (bias[i] != 0)
            return jc_fail(
                job->err, JC_E_UNSUPPORTED,
                "cannot write '%s': %s has a constant, and a Jacobian lens holds "
                "matrices alone",
                job->path, jc_map_name(map));
    return st;
}

/* Of layers 1 .. L - 1: the package counts the outputs of blocks, without the embedding. */
static jc_status write_maps(const jc_foreign_job *job)
{
    const jc_shortcut *s = job->source;
    const char *texts = jc_shortcut_meta(s, "rows.texts");
    size_t d = s->width, n = 0, most = s->layers;
    float *numbers = jc_matrix_new(most * d + 1, d, sizeof *numbers);
    jc_torch_entry *entries = jc_alloc_array(most, sizeof *entries);
    jc_status st = numbers && entries ? JC_OK : jc_fail_nomem(job->err, job->path);

    for (uint32_t tap = 1; tap < s->layers && st == JC_OK; tap++) {
        const jc_map *map = jc_shortcut_find(s, tap, s->layers);
        float *weight = numbers + n * d * d;
        if (!map)
            continue;
        st = read_matrix(job, map, weight, numbers + most * d * d);
        entries[n++] = (jc_torch_entry){
            .layer = tap - 1, .data = weight, .n_dims = 2, .shape = {d, d}};
    }
    if (st == JC_OK && n == 0)
        st = jc_fail(job->err, JC_E_ARG,
                     "a Jacobian lens has maps from layers 1 to %u to the last, and there "
                     "are none",
                     s->layers - 1);
    if (st == JC_OK)
        st = jc_torch_write_j_lens(job->path, entries, n,
                                   texts ? strtoull(texts, NULL, 10) : 1, job->err);
    jc_free(numbers);
    jc_free(entries);
    return st;
}

const jc_foreign jc_foreign_j_lens = {
    .info = {"j-lens", "a Jacobian lens that the package jlens loads"},
    .is = is,
    .last_state = true,
    .read = read_maps,
    .write = write_maps,
};
