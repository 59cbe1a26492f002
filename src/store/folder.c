/* SPDX-License-Identifier: MIT */
/* folder.c: from the path that was given to the model folder or GGUF file that it means. */
#include "store/folder.h"

#include <dirent.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

enum {
    DEEPEST = 3, /* steps from a path to what it means */
    NAMED = 4,   /* choices that a message names */
    REF = 256    /* bytes of the name of a snapshot */
};

/* ---- listings ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

bool jc_listing_open(jc_listing *listing, const char *folder)
{
    bool ok = true;

    *listing = (jc_listing){0};
    DIR *dir = opendir(folder);
    for (struct dirent *e = dir ? readdir(dir) : NULL; e && ok; e = readdir(dir)) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        ok = jc_grow(&listing->names, &listing->capacity, listing->n + 1, sizeof(char *));
        char *name = ok ? jc_strdup(e->d_name) : NULL;
        ok = name != NULL;
        if (ok)
            listing->names[listing->n++] = name;
    }
    if (dir)
        closedir(dir);
    if (listing->n)
        qsort(listing->names, listing->n, sizeof(char *), by_name);
    return ok;
}

void jc_listing_close(jc_listing *listing)
{
    for (size_t i = 0; i < listing->n; i++)
        jc_free(listing->names[i]);
    jc_free(listing->names);
    *listing = (jc_listing){0};
}

const char *jc_listing_match(const jc_listing *listing, const char *pattern, size_t i)
{
    for (size_t k = 0; k < listing->n; k++)
        if (fnmatch(pattern, listing->names[k], 0) == 0 && i-- == 0)
            return listing->names[k];
    return NULL;
}

/* ---- what a path means ---- */

/* Keep the names for which `keep` is true. */
static void choose(jc_listing *listing, const char *folder,
                   bool (*keep)(const char *folder, const char *name))
{
    size_t n = 0;

    for (size_t i = 0; i < listing->n; i++)
        if (keep(folder, listing->names[i]))
            listing->names[n++] = listing->names[i];
        else
            jc_free(listing->names[i]);
    listing->n = n;
}

/* Not the projector of images nor a matrix for quantising, and of a split model the first
 * part. */
static bool is_gguf_model(const char *folder, const char *name)
{
    (void)folder;
    return fnmatch("*.[gG][gG][uU][fF]", name, 0) == 0 && !strstr(name, "mmproj") &&
           !strstr(name, "imatrix") &&
           (fnmatch("*-[0-9][0-9][0-9][0-9][0-9]-of-[0-9][0-9][0-9][0-9][0-9].gguf", name,
                    0) != 0 ||
            strstr(name, "-00001-of-"));
}

/* *out: the only one that is left in the listing; E_ARG, naming some, where it has more. */
static jc_status only(char **out, const jc_listing *listing, const char *folder,
                      const char *what, jc_error *err)
{
    char names[300] = "";

    if (listing->n == 1) {
        *out = jc_path_join(folder, listing->names[0]);
        return *out ? JC_OK : jc_fail_nomem(err, folder);
    }
    for (size_t i = 0; i < listing->n && i < NAMED; i++) {
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s'%.60s'", i ? ", " : "",
                 listing->names[i]);
    }
    return jc_fail(err, JC_E_ARG, "cannot open model '%s': it has %zu %s: name one: %s%s",
                   folder, listing->n, what, names, listing->n > NAMED ? ", ..." : "");
}

/* The snapshot that refs/main names; false where there is none. */
static bool main_snapshot(const char *cache, const char *snapshots, char ref[REF])
{
    char *path = jc_path_join(cache, "refs/main");
    FILE *f = path && jc_file_exists(path) ? fopen(path, "r") : NULL;
    size_t n = f ? fread(ref, 1, REF - 1, f) : 0;

    if (f)
        fclose(f);
    jc_free(path);
    ref[n] = 0;
    ref[strcspn(ref, " \r\n")] = 0;
    return ref[0] && ref[0] != '.' && !strchr(ref, '/') && jc_dir_in(snapshots, ref);
}

static jc_status find_snapshot(char **out, const char *cache, jc_error *err)
{
    jc_listing listing = {0};
    char ref[REF];
    char *snapshots = jc_path_join(cache, "snapshots");
    jc_status st = JC_OK;

    if (!snapshots || !jc_listing_open(&listing, snapshots)) {
        st = jc_fail_nomem(err, cache);
        goto done;
    }
    choose(&listing, snapshots, jc_dir_in);
    if (main_snapshot(cache, snapshots, ref)) {
        *out = jc_path_join(snapshots, ref);
        st = *out ? JC_OK : jc_fail_nomem(err, cache);
    } else if (listing.n == 0) {
        st = jc_fail(err, JC_E_IO,
                     "cannot open model '%s': it is a folder of the hub's cache without a "
                     "snapshot: the download was not finished",
                     cache);
    } else {
        st = only(out, &listing, snapshots, "snapshots", err);
    }
done:
    jc_listing_close(&listing);
    jc_free(snapshots);
    return st;
}

static jc_status find_gguf(char **out, const char *folder, jc_error *err)
{
    jc_listing listing;
    jc_status st = JC_OK;

    if (!jc_listing_open(&listing, folder))
        st = jc_fail_nomem(err, folder);
    choose(&listing, folder, is_gguf_model);
    if (st == JC_OK && listing.n > 0)
        st = only(out, &listing, folder, "GGUF files", err);
    jc_listing_close(&listing);
    return st;
}

/* One step from a folder to what it means; *out stays NULL where that is itself. */
static jc_status step(char **out, const char *folder, jc_error *err)
{
    *out = NULL;
    if (jc_file_in(folder, JC_WEIGHTS) || jc_file_in(folder, JC_WEIGHTS_MAP))
        return JC_OK;
    if (jc_dir_in(folder, "snapshots") && !jc_file_in(folder, JC_CONFIG))
        return find_snapshot(out, folder, err);
    return find_gguf(out, folder, err);
}

jc_status jc_folder_find(char **out, const char *path, jc_error *err)
{
    char *found = jc_strdup(path);
    jc_status st = found ? JC_OK : jc_fail_nomem(err, path);

    for (int i = 0; st == JC_OK && i < DEEPEST && jc_dir_exists(found); i++) {
        char *next;
        st = step(&next, found, err);
        if (st || !next)
            break;
        jc_free(found);
        found = next;
    }
    if (st) {
        jc_free(found);
        found = NULL;
    }
    *out = found;
    return st;
}
