/* SPDX-License-Identifier: MIT */
/* foreign_shortcuts.c: our own file, as it is or with each map as one matrix. */
#include "shortcut/foreign.h"

#include <string.h>

#include "base/file.h"

static bool is(const char *path)
{
    jc_safetensors *file;
    bool ours;

    if (!jc_foreign_ends(path, ".safetensors") && !jc_file_exists(path))
        return false;
    if (jc_safetensors_open(&file, path, NULL))
        return false;
    ours = jc_safetensors_meta(file, "format") &&
           strcmp(jc_safetensors_meta(file, "format"), JC_SHORTCUT_FORMAT) == 0;
    jc_safetensors_close(file);
    return ours;
}

static jc_status write(const jc_foreign_job *job)
{
    return jc_shortcut_save(job->source, job->path, job->err);
}

const jc_foreign jc_foreign_shortcuts = {
    .info = {"shortcuts", "a file of shortcuts, each map in the form it has"},
    .is = is,
    .write = write,
};

/* ---- each map as one matrix ---- */

static jc_status add_dense(jc_shortcut *to, const jc_map *map, jc_error *err)
{
    const jc_map_spec spec = {.form = &jc_form_affine, .place = map->place};
    jc_map *made;
    jc_status st = jc_shortcut_add(to, &spec, &made, err);

    if (st)
        return st;
    made->r2 = map->r2;
    return jc_map_dense(map, jc_map_fill(made, "weight"), jc_map_fill(made, "bias"), err);
}

static jc_status write_dense(const jc_foreign_job *job)
{
    const jc_shortcut *from = job->source;
    jc_shortcut *to = NULL;
    const jc_map *map;
    jc_status st =
        jc_shortcut_new(&to, &jc_form_affine, from->layers, from->width, job->err);

    for (size_t i = 0; i < from->meta.n && st == JC_OK; i++)
        if (!jc_shortcut_meta_fixed(from->meta.list[i].key))
            st = jc_shortcut_set_meta(to, from->meta.list[i].key, from->meta.list[i].value,
                                      job->err);
    for (size_t i = 0; (map = jc_shortcut_map(from, i)) && st == JC_OK; i++)
        if (map->place.kind != JC_PLACE_SHARED)
            st = add_dense(to, map, job->err);
    if (st == JC_OK)
        st = jc_shortcut_save(to, job->path, job->err);
    jc_shortcut_free(to);
    return st;
}

/* A safetensors file of others: one matrix of a given pair. */
static bool is_plain(const char *path)
{
    return jc_foreign_ends(path, ".safetensors") && jc_file_exists(path) && !is(path);
}

static jc_status read_plain(jc_foreign_job *job)
{
    jc_safetensors *file;
    const jc_tensor *weight = NULL, *bias = NULL;
    size_t matrices = 0;
    jc_status st = jc_safetensors_open(&file, job->path, job->err);

    if (st)
        return st;
    for (size_t i = 0; i < jc_safetensors_count(file); i++) {
        const jc_tensor *t = jc_safetensors_at(file, i);
        if (t->n_dims == 2) {
            weight = t;
            matrices++;
        } else if (t->n_dims == 1) {
            bias = t;
        }
    }
    if (matrices != 1)
        st = jc_fail(job->err, JC_E_FORMAT,
                     "cannot read '%s': it has %zu matrices, not one", job->path, matrices);
    else if (!job->has_pair)
        st = jc_fail(job->err, JC_E_ARG,
                     "'%s' does not say which layers its map is of: give '--pair 0:%u'",
                     job->path, job->info->layers);
    else
        st = jc_foreign_add(job, job->from, job->to, weight, bias, false);
    jc_safetensors_close(file);
    return st;
}

const jc_foreign jc_foreign_dense = {
    .info = {"safetensors", "the same, each map as one matrix and a constant"},
    .is = is_plain,
    .read = read_plain,
    .write = write_dense,
};
