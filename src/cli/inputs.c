/* SPDX-License-Identifier: MIT */
/*
 * inputs.c: is an output one of the inputs?
 *
 * Names are compared as files: links are followed, and a file that is not there yet is
 * known by its folder and name. Of a model's folder, only what a model is made of is
 * spared: other files there may be the user's own results.
 */
#include "cli/inputs.h"

#include <dirent.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/output.h"

/* ---- one file or two ---- */

/* What tells a file that may not be there yet: its folder, and its name in it. */
static bool place_of(const char *path, struct stat *folder, char **name)
{
    char *real = jc_path_follow(path);
    char *slash = real ? strrchr(real, '/') : NULL;
    bool known = false;

    *name = NULL;
    if (real) {
        *name = jc_format("%s", slash ? slash + 1 : real);
        if (slash)
            slash[slash == real ? 1 : 0] = '\0';
        known = *name && stat(slash ? real : ".", folder) == 0;
    }
    jc_free(real);
    return known;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool is_same_file(const char *a, const char *b)
{
    struct stat x, y;
    char *name_x, *name_y;

    if (stat(a, &x) == 0 && stat(b, &y) == 0) /* a device can be read and written */
        return S_ISREG(x.st_mode) && is_same(&x, &y);
    bool known_x = place_of(a, &x, &name_x), known_y = place_of(b, &y, &name_y);
    bool same = known_x && known_y && is_same(&x, &y) && strcmp(name_x, name_y) == 0;
    free(name_x);
    free(name_y);
    return same;
}

/* ---- the model ---- */

/* What a model and its tokenizer are made of, as fnmatch() has it. */
static const char *const parts[] = {
    "config.json",
    "generation_config.json",
    "tokenizer*",
    "vocab*",
    "merges*",
    "added_tokens.json",
    "*.model",
    "tekken.json",
    "*.tiktoken",
    "special_tokens_map.json",
    "model*.safetensors",
    "*.gguf",
    "*.safetensors.index.json",
    "pytorch_model*",
    "*-of-*.safetensors",
};

static bool is_part(const char *name)
{
    for (size_t i = 0; i < JC_COUNT_OF(parts); i++)
        if (fnmatch(parts[i], name, 0) == 0)
            return true;
    return false;
}

/* Whether the file is one of those in a folder that a model is made of. */
static bool is_part_in(const struct stat *file, const char *folder)
{
    DIR *dir = opendir(folder);
    struct stat part;
    bool found = false;

    if (!dir)
        return false;
    for (const struct dirent *e = readdir(dir); e && !found; e = readdir(dir))
        found = is_part(e->d_name) && fstatat(dirfd(dir), e->d_name, &part, 0) == 0 &&
                is_same(&part, file);
    closedir(dir);
    return found;
}

/* Whether the file `path` is one that the model `model`, a folder or a file, is made of. */
static bool is_of_model(const char *path, const char *model)
{
    const char *slash = strrchr(model, '/');
    struct stat info, file;

    if (stat(path, &file) != 0 || stat(model, &info) != 0)
        return false; /* nothing is lost */
    if (S_ISDIR(info.st_mode))
        return is_part_in(&file, model);
    if (is_same(&info, &file))
        return true;
    char *folder = slash ? jc_format("%.*s/", (int)(slash - model), model) : jc_format(".");
    bool found = folder && is_part_in(&file, folder); /* other parts of a GGUF file */
    free(folder);
    return found;
}

/* ---- the command ---- */

static jc_status refuse(jc_error *err, const char *path, const char *why)
{
    return jc_cli_fail(err, JC_E_ARG, "cannot write '%s': %s", path, why);
}

static bool is_in(const jc_list *list, const char *path)
{
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->item[i], "-") != 0 && is_same_file(list->item[i], path))
            return true;
    return false;
}

static jc_status spare(const jc_cli *cli, const char *path, jc_error *err)
{
    const jc_args *args = &cli->args;
    const jc_own *own = &args->own;
    bool takes_model = strncmp(cli->command->words, "MODEL", 5) == 0;

    if (takes_model && args->n_words > 0 && is_of_model(path, args->word[0]))
        return refuse(err, path, "it is a file of the model");
    for (size_t i = takes_model; i < args->n_words; i++)
        if (is_same_file(args->word[i], path))
            return refuse(err, path, "the command reads it");
    if (is_in(&own->text, path) || is_in(&own->transfer, path) ||
        (own->file && is_same_file(own->file, path)) ||
        (own->draft_text && is_same_file(own->draft_text, path)))
        return refuse(err, path, "it is one of the texts");
    if (is_in(&own->sums, path))
        return refuse(err, path, "'--sums' reads it");
    if (own->samples && is_same_file(own->samples, path))
        return refuse(err, path, "'--samples' reads it");
    return JC_OK;
}

jc_status jc_inputs_spare(const jc_cli *cli, const char *const *path, size_t n,
                          jc_error *err)
{
    for (size_t i = 0; i < n; i++) {
        if (!path[i] || strcmp(path[i], "-") == 0)
            continue;
        jc_status st = spare(cli, path[i], err);
        if (st == JC_OK)
            st = jc_output_check(path[i], err);
        for (size_t k = 0; k < i && st == JC_OK; k++)
            if (path[k] && is_same_file(path[k], path[i]))
                st = refuse(err, path[i], "two outputs have this name");
        if (st)
            return st;
    }
    return JC_OK;
}

jc_status jc_inputs_file(const char *path, const char *what, jc_error *err)
{
    if (!path || strcmp(path, "-") != 0)
        return JC_OK;
    return jc_cli_fail(err, JC_E_ARG,
                       "cannot write 'standard output': %s cannot go there; name one",
                       what);
}
