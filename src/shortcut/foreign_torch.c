/* SPDX-License-Identifier: MIT */
/*
 * foreign_torch.c: torch files and pickles: one matrix of a given pair, or one for each
 * layer, to the last: by its number ("3", "3.weight" and "3.bias"), of a pair ("3_12"), or
 * all in one tensor [layers, d, d]; of torch or of numpy.
 * And a folder of pickles `<i>_<j>.pickle`, as the paper's code writes them.
 */
#include "shortcut/foreign.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "store/torch.h"

/* "3", "3_12", then nothing or `rest`. */
static bool read_name(const char *name, uint32_t last, const char *rest, uint32_t *from,
                      uint32_t *to)
{
    char *end;

    if (*name < '0' || *name > '9')
        return false;
    *from = (uint32_t)strtoul(name, &end, 10);
    *to = last;
    if (*end == '_' && end[1] >= '0' && end[1] <= '9')
        *to = (uint32_t)strtoul(end + 1, &end, 10);
    return strcmp(end, rest) == 0;
}

static const jc_tensor *find(const jc_torch *file, uint32_t from, const char *rest)
{
    uint32_t own, to;

    for (size_t i = 0; i < jc_torch_count(file); i++)
        if (read_name(jc_torch_at(file, i)->name, 0, rest, &own, &to) && own == from)
            return jc_torch_at(file, i);
    return NULL;
}

/* Several tensors, by their names. */
static jc_status take_named(jc_foreign_job *job, const jc_torch *file)
{
    size_t taken = 0;
    jc_status st = JC_OK;

    for (size_t i = 0; i < jc_torch_count(file) && st == JC_OK; i++) {
        const jc_tensor *t = jc_torch_at(file, i);
        uint32_t from, to;
        bool weight = read_name(t->name, job->info->layers, ".weight", &from, &to);
        if (!weight && !read_name(t->name, job->info->layers, "", &from, &to))
            continue;
        if (to == from) /* some lenses have one of the last layer too */
            continue;
        st = jc_foreign_add(job, from, to, t, weight ? find(file, from, ".bias") : NULL,
                            false);
        taken++;
    }
    return st || taken ? st
                       : jc_fail(job->err, JC_E_FORMAT,
                                 "cannot read '%s': it holds no matrix named by its layer, "
                                 "as '3', '3.weight' or '3_%u', and not one tensor of all",
                                 job->path, job->info->layers);
}

/* The only tensor of three dimensions, and the vectors that go with it; NULL: there are
 * others, or none. */
static const jc_tensor *find_stack(const jc_torch *file, const jc_tensor **bias)
{
    const jc_tensor *stack = NULL;

    *bias = NULL;
    for (size_t i = 0; i < jc_torch_count(file); i++) {
        const jc_tensor *t = jc_torch_at(file, i);
        if (t->n_dims == 3 && stack)
            return NULL;
        stack = t->n_dims == 3 ? t : stack;
        *bias = t->n_dims == 2 && jc_foreign_ends(t->name, "bias") ? t : *bias;
    }
    if (stack && *bias && (*bias)->shape[0] != stack->shape[0])
        return NULL;
    return stack;
}

static jc_status take_file(jc_foreign_job *job, const char *path)
{
    const jc_tensor *stack, *bias;
    jc_torch *file;
    jc_status st = jc_torch_open(&file, path, job->err);

    if (st)
        return st;
    if ((stack = find_stack(file, &bias)))
        st = jc_foreign_add_stack(job, 0, stack, bias);
    else if (jc_torch_count(file) == 1 && job->has_pair)
        st = jc_foreign_add(job, job->from, job->to, jc_torch_at(file, 0), NULL, false);
    else if (jc_torch_count(file) == 1 && !*jc_torch_at(file, 0)->name)
        st = jc_fail(job->err, JC_E_ARG,
                     "'%s' does not say which layers its map is of: give '--pair 0:%u'",
                     path, job->info->layers);
    else
        st = take_named(job, file);
    jc_torch_close(file);
    return st;
}

static bool is_torch(const char *path)
{
    return jc_file_exists(path) &&
           (jc_foreign_ends(path, ".pt") || jc_foreign_ends(path, ".pth") ||
            jc_foreign_ends(path, ".bin") || jc_foreign_ends(path, ".pickle") ||
            jc_foreign_ends(path, ".pkl"));
}

static jc_status read_torch(jc_foreign_job *job)
{
    return take_file(job, job->path);
}

const jc_foreign jc_foreign_torch = {
    .info = {"torch", "a torch file or pickle of a matrix for each layer, or of one"},
    .is = is_torch,
    .read = read_torch,
};

/* ---- a folder of pickles ---- */

static bool next_pickle(DIR *dir, const char **name, uint32_t *from, uint32_t *to)
{
    const struct dirent *entry;

    while ((entry = readdir(dir)))
        if (strchr(entry->d_name, '_') &&
            read_name(entry->d_name, 0, ".pickle", from, to)) {
            *name = entry->d_name;
            return true;
        }
    return false;
}

static bool is_pickles(const char *path)
{
    DIR *dir = opendir(path);
    const char *name;
    uint32_t from, to;
    bool any = dir && next_pickle(dir, &name, &from, &to);

    if (dir)
        closedir(dir);
    return any;
}

/* Of each pair in order, so that the file does not depend on the folder's. */
static jc_status read_pickles(jc_foreign_job *job)
{
    jc_status st = JC_OK;

    job->has_pair = true;
    for (uint32_t from = 0; from < job->info->layers; from++)
        for (uint32_t to = from + 1; to <= job->info->layers && st == JC_OK; to++) {
            char name[40];
            snprintf(name, sizeof name, "%u_%u.pickle", from, to);
            char *path = jc_path_join(job->path, name);
            if (!path)
                return jc_fail_nomem(job->err, job->path);
            job->from = from;
            job->to = to;
            if (jc_file_exists(path))
                st = take_file(job, path);
            jc_free(path);
        }
    if (st == JC_OK && job->shortcut->n == 0)
        st = jc_fail(job->err, JC_E_FORMAT,
                     "cannot read '%s': none of its pickles is of layers 0 to %u",
                     job->path, job->info->layers);
    return st;
}

const jc_foreign jc_foreign_pickles = {
    .info = {"pickles", "a folder of <i>_<j>.pickle, a matrix each"},
    .is = is_pickles,
    .read = read_pickles,
};
