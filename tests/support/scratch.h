/* SPDX-License-Identifier: MIT */
/* scratch.h: a folder of its own for a test, removed after it also when the test fails:
 * list it as SCRATCH_TEST(test_x__y); *state is the path of the folder. */
#ifndef JC_SCRATCH_H
#define JC_SCRATCH_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/check.h"

#define SCRATCH_TEST(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

static inline int scratch_setup(void **state)
{
    const char *tmp = getenv("TMPDIR");
    char *dir = malloc(512);

    if (!dir)
        return -1;
    snprintf(dir, 512, "%s/jumpcut-test-XXXXXX", tmp ? tmp : "/tmp");
    *state = dir;
    return mkdtemp(dir) ? 0 : -1;
}

static inline void scratch_remove(const char *dir)
{
    DIR *d = opendir(dir);

    if (!d)
        return;
    for (struct dirent *e = readdir(d); e; e = readdir(d)) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        if (unlinkat(dirfd(d), e->d_name, 0) == 0)
            continue;
        size_t room = strlen(dir) + strlen(e->d_name) + 2;
        char *path = malloc(room);
        if (path) {
            snprintf(path, room, "%s/%s", dir, e->d_name);
            scratch_remove(path);
        }
        free(path);
    }
    closedir(d);
    rmdir(dir);
}

static inline int scratch_teardown(void **state)
{
    scratch_remove(*state);
    free(*state);
    return 0;
}

/* The path of `name` in the folder; the last eight results stay valid. */
static inline const char *scratch_path(void *const *state, const char *name)
{
    static char paths[8][1024];
    static unsigned turn;
    char *path = paths[turn++ % 8];

    snprintf(path, sizeof paths[0], "%s/%s", (const char *)*state, name);
    return path;
}

static inline void scratch_write(void *const *state, const char *name, const void *data,
                                 size_t size)
{
    FILE *f = fopen(scratch_path(state, name), "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
}

static inline void scratch_text(void *const *state, const char *name, const char *text)
{
    scratch_write(state, name, text, strlen(text));
}

/* How many entries the folder has. */
static inline int scratch_count(void *const *state)
{
    DIR *d = opendir(*state);
    int n = -2; /* "." and ".." */

    assert_non_null(d);
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

#endif
