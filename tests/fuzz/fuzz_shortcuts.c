/* SPDX-License-Identifier: MIT */
/* fuzz_shortcuts.c: any bytes as a file of shortcuts; what is accepted can be asked for its
 * maps, saved, and read again. Maps are not run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernels/kernels.h"
#include "shortcut/shortcut.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What these files want of the kernels and of models, and none is asked here. */
const jc_backend *jc_backend_find(const char *name)
{
    (void)name;
    abort();
}

const char *const *jc_backend_names(void)
{
    abort();
}

const jc_model_info *jc_model_get_info(const jc_model *model)
{
    (void)model;
    abort();
}

jc_status jc_linear_new(jc_linear **out, const jc_backend *backend,
                        const jc_linear_spec *spec, jc_error *err)
{
    (void)out;
    (void)backend;
    (void)spec;
    (void)err;
    abort();
}

jc_status jc_linear_run(const jc_linear *linear, const float *x, size_t rows, float *y,
                        jc_error *err)
{
    (void)linear;
    (void)x;
    (void)rows;
    (void)y;
    (void)err;
    abort();
}

void jc_linear_free(jc_linear *linear)
{
    if (linear)
        abort();
}

static void check(bool ok)
{
    if (!ok)
        abort();
}

/* Every map has a name, a place inside the model, and finite costs. */
static void look(const jc_shortcut *s)
{
    for (size_t i = 0; jc_shortcut_map(s, i); i++) {
        const jc_map *map = jc_shortcut_map(s, i);
        check(jc_map_name(map)[0]);
        for (size_t k = 0; k < jc_map_sources(map); k++)
            check(jc_map_source(map, k).tap.block <= s->layers);
    }
    check(jc_shortcut_meta(s, "format") != NULL);
}

static void use(const jc_shortcut *s, const char *path)
{
    jc_shortcut *again = NULL;
    jc_error err = {JC_OK, ""};

    look(s);
    check(jc_shortcut_save(s, path, &err) == JC_OK);
    check(jc_shortcut_open(&again, path, &err) == JC_OK);
    look(again);
    jc_shortcut_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64], out[80];
    jc_shortcut *s = NULL;
    jc_error err = {JC_OK, ""};

    snprintf(path, sizeof path, "/tmp/jumpcut-fuzz-%ld", (long)getpid());
    snprintf(out, sizeof out, "%s.out", path);
    FILE *file = fopen(path, "wb");
    check(file && fwrite(data, 1, size, file) == size && fclose(file) == 0);
    jc_status st = jc_shortcut_open(&s, path, &err);
    if (st)
        check(!s && err.status == st && err.message[0] && !strchr(err.message, '\n'));
    else
        use(s, out);
    jc_shortcut_free(s);
    remove(path);
    remove(out);
    return 0;
}
