/* SPDX-License-Identifier: MIT */
/* fuzz_sums.c: any bytes as a file of sums, finished or shares; what is accepted can be
 * merged, finished, saved and read again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernels/kernels.h"
#include "stats/moments.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What these files want of the kernels, on one thread, and of models, which are never
 * asked. */
jc_status jc_parallel(size_t n, jc_task_fn *fn, void *arg, jc_error *err)
{
    jc_status st = JC_OK;

    for (size_t i = 0; i < n && st == JC_OK; i++)
        st = fn(arg, i, err);
    return st;
}

uint32_t jc_threads_enter(uint32_t n)
{
    return n;
}

void jc_threads_leave(const uint32_t *before)
{
    (void)before;
}

uint32_t jc_threads_max(void)
{
    return 1;
}

const jc_model_info *jc_model_get_info(const jc_model *model)
{
    (void)model;
    abort();
}

static void check(bool ok)
{
    if (!ok)
        abort();
}

static void check_failure(jc_status st, const jc_error *err)
{
    check(err->status == st && err->message[0] && !strchr(err->message, '\n'));
}

static void load_again(const char *path)
{
    jc_stats *stats;
    jc_error err;

    check(jc_stats_load(&stats, path, &err) == JC_OK);
    jc_stats_free(stats);
}

/* b is as a, but of the shares that a has not. */
static void use(jc_stats *a, jc_stats *b, const char *path)
{
    jc_error err = {JC_OK, ""};

    check(jc_stats_save(a, path, &err) == JC_OK);
    load_again(path);
    for (uint32_t i = 0; i < b->shares.of; i++)
        b->shares.has[i] = !a->shares.has[i];
    jc_status st = jc_stats_merge(a, b, &err);
    if (st == JC_OK)
        st = jc_stats_finish(a, &err);
    if (st)
        check_failure(st, &err);
    else
        check(!a->exact && jc_stats_mean(a, (jc_tap){0, JC_POINT_OUT}));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64], out[80];
    jc_stats *a = NULL, *b = NULL;
    jc_error err = {JC_OK, ""};

    snprintf(path, sizeof path, "/tmp/jumpcut-fuzz-%ld", (long)getpid());
    snprintf(out, sizeof out, "%s.out", path);
    FILE *file = fopen(path, "wb");
    check(file && fwrite(data, 1, size, file) == size && fclose(file) == 0);
    jc_status st = jc_stats_load(&a, path, &err);
    if (st) {
        check(!a);
        check_failure(st, &err);
    } else if (jc_stats_load(&b, path, &err) == JC_OK) {
        use(a, b, out);
    }
    jc_stats_free(a);
    jc_stats_free(b);
    remove(path);
    remove(out);
    return 0;
}
