/* SPDX-License-Identifier: MIT */
/*
 * foreign_tuned_lens.c: the folder of a tuned lens (Belrose et al. 2023): `config.json` and
 * `params.pt` with `<i>.weight` and `<i>.bias`; the map of layer i to the last is I +
 * weight.
 */
#include "shortcut/foreign.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "store/torch.h"

static bool has(const char *folder, const char *name)
{
    char *path = jc_path_join(folder, name);
    bool there = path && jc_file_exists(path);

    jc_free(path);
    return there;
}

static bool is(const char *path)
{
    return jc_dir_exists(path) && has(path, "config.json") && has(path, "params.pt");
}

static jc_status check_config(const jc_foreign_job *job)
{
    char *path = jc_path_join(job->path, "config.json");
    jc_config *config = NULL;
    uint32_t width = 0, layers = 0;
    const char *type = "linear_tuned_lens";
    jc_status st =
        path ? jc_config_open(&config, path, job->err) : jc_fail_nomem(job->err, job->path);

    if (st == JC_OK)
        st = jc_config_u32(config, "d_model", &width, job->err);
    if (st == JC_OK)
        st = jc_config_u32(config, "num_hidden_layers", &layers, job->err);
    if (st == JC_OK && jc_config_has(config, "lens_type"))
        st = jc_config_text(config, "lens_type", &type, job->err);
    if (st == JC_OK && strcmp(type, "linear_tuned_lens") != 0)
        st = jc_fail(job->err, JC_E_UNSUPPORTED,
                     "cannot read '%s': its lens is of type '%.40s', not linear_tuned_lens",
                     job->path, type);
    if (st == JC_OK && (width != job->info->width || layers != job->info->layers))
        st = jc_fail(
            job->err, JC_E_MISMATCH,
            "the lens '%s' is of %u layers of width %u, model '%s' has %u of width "
            "%u",
            job->path, layers, width, job->info->path, job->info->layers, job->info->width);
    jc_config_close(config);
    jc_free(path);
    return st;
}

static const jc_tensor *find(const jc_torch *file, uint32_t layer, const char *what)
{
    char name[32];

    snprintf(name, sizeof name, "%u.%s", layer, what);
    for (size_t i = 0; i < jc_torch_count(file); i++)
        if (strcmp(jc_torch_at(file, i)->name, name) == 0)
            return jc_torch_at(file, i);
    return NULL;
}

static jc_status read(jc_foreign_job *job)
{
    char *path = jc_path_join(job->path, "params.pt");
    jc_torch *file = NULL;
    jc_status st = path ? check_config(job) : jc_fail_nomem(job->err, job->path);

    if (st == JC_OK)
        st = jc_torch_open(&file, path, job->err);
    for (uint32_t l = 0; l < job->info->layers && st == JC_OK; l++) {
        const jc_tensor *weight = find(file, l, "weight");
        if (!weight)
            st = jc_fail(job->err, JC_E_FORMAT,
                         "cannot read '%s': tensor '%u.weight' is missing", path, l);
        else
            st = jc_foreign_add(job, l, job->info->layers, weight, find(file, l, "bias"),
                                true);
    }
    jc_torch_close(file);
    jc_free(path);
    return st;
}

/* ---- writing ---- */

/* JSON's text of a name: quotes, backslashes and controls are escaped. */
static void put_json(FILE *f, const char *text)
{
    fputc('"', f);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            fprintf(f, "\\%c", c);
        else if (c < 0x20)
            fprintf(f, "\\u%04x", c);
        else
            fputc(c, f);
    }
    fputc('"', f);
}

static jc_status write_config(const jc_foreign_job *job)
{
    const jc_shortcut *s = job->source;
    const char *model = jc_shortcut_meta(s, "model");
    char *path = jc_path_join(job->path, "config.json");
    jc_outfile out = {0};
    jc_status st =
        path ? jc_outfile_open(&out, path, job->err) : jc_fail_nomem(job->err, job->path);

    if (st == JC_OK) {
        fputs("{\"base_model_name_or_path\": ", out.f);
        put_json(out.f, model ? model : "");
        fprintf(out.f,
                ", \"d_model\": %u, \"num_hidden_layers\": %u, \"bias\": true, "
                "\"base_model_revision\": null, \"unembed_hash\": null, "
                "\"lens_type\": \"linear_tuned_lens\"}\n",
                s->width, s->layers);
        st = jc_outfile_commit(&out, job->err);
    }
    jc_free(path);
    return st;
}

static jc_status write_params(const jc_foreign_job *job)
{
    const jc_shortcut *s = job->source;
    size_t d = s->width, n = s->layers;
    float *numbers = jc_matrix_new(n * (d + 1), d, sizeof *numbers);
    jc_torch_entry *entries = jc_alloc_array(2 * n, sizeof *entries);
    char(*names)[2][24] = jc_alloc_array(n, sizeof *names);
    char *path = jc_path_join(job->path, "params.pt");
    jc_status st =
        numbers && entries && names && path ? JC_OK : jc_fail_nomem(job->err, job->path);

    for (uint32_t l = 0; l < n && st == JC_OK; l++) {
        const jc_map *map = jc_shortcut_find(s, l, s->layers);
        float *weight = numbers + l * (d + 1) * d, *bias = weight + d * d;
        if (!map) {
            st = jc_fail(job->err, JC_E_ARG,
                         "a tuned lens has a map from every layer to the last; that from "
                         "layer %u is missing",
                         l);
            break;
        }
        st = jc_map_dense(map, weight, bias, job->err);
        for (size_t i = 0; i < d && st == JC_OK; i++)
            weight[i * d + i] -= 1;
        snprintf(names[l][0], sizeof names[l][0], "%u.weight", l);
        snprintf(names[l][1], sizeof names[l][1], "%u.bias", l);
        entries[2 * l] = (jc_torch_entry){names[l][0], 0, weight, 2, {d, d}};
        entries[2 * l + 1] = (jc_torch_entry){names[l][1], 0, bias, 1, {d, 1}};
    }
    if (st == JC_OK)
        st = jc_torch_write(path, entries, 2 * n, job->err);
    jc_free(numbers);
    jc_free(entries);
    jc_free(names);
    jc_free(path);
    return st;
}

/* A folder without one of its files is no lens. */
static void remove_folder(const jc_foreign_job *job)
{
    char *params = jc_path_join(job->path, "params.pt");

    if (params)
        (void)remove(params);
    (void)remove(job->path);
    jc_free(params);
}

static jc_status write(const jc_foreign_job *job)
{
    bool made = mkdir(job->path, 0777) == 0;

    if (!made && errno != EEXIST)
        return jc_fail(job->err, JC_E_IO, "cannot make folder '%s': %s", job->path,
                       strerror(errno));
    jc_status st = write_params(job);
    if (st == JC_OK)
        st = write_config(job);
    if (st && made)
        remove_folder(job);
    return st;
}

const jc_foreign jc_foreign_tuned_lens = {
    .info = {"tuned-lens", "a folder that the tuned-lens package loads"},
    .is = is,
    .read = read,
    .write = write,
};
