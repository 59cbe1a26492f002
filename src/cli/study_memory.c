/* SPDX-License-Identifier: MIT */
/*
 * study_memory.c: sums and maps of all pairs grow with the square of the depth and of the
 * width: 0.9 GB for 12 x 768, 100 GB for 32 x 4096. Where there is not that much the study
 * makes do with maps to the last layer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/spill.h"
#include "cli/ahead.h"
#include "cli/output.h"
#include "cli/study.h"

/* Sums and maps of so many bytes each may lie in files, up to a width at which even those
 * would be too large. */
enum { LARGE_SUMS = 1 << 20, SPILL_WIDTH = 2048 };

void jc_study_limit(jc_study *s)
{
    double share = jc_ahead_memory() / 8;

    s->in_files = jc_model_get_info(s->model)->width <= SPILL_WIDTH;
    s->in_memory = JC_SUMS_IN_MEMORY;
    /* what is compared with the paper's code is to be fast: files take a tenth of its time
     */
    if (s->cli->args.eval.paper && share > s->in_memory)
        s->in_memory = share;
    if (s->in_files)
        jc_spill_limit(s->in_memory < 1e18 ? (size_t)s->in_memory : SIZE_MAX, LARGE_SUMS);
}

/* What the folder of large files takes. */
static double available_disk(void)
{
    const char *folder = getenv("TMPDIR");
    struct statvfs info;

    if (statvfs(folder && *folder ? folder : "/tmp", &info) != 0)
        return 0;
    return (double)info.f_bavail * (double)info.f_frsize;
}

jc_status jc_study_memory(jc_study *s, jc_error *err)
{
    jc_stats_params *params = &s->cli->args.stats;
    double need = jc_ahead_sums(s->cli, jc_model_get_info(s->model));
    double room = jc_ahead_memory() + (s->in_files ? available_disk() : 0);

    if (!params->pairs || strcmp(params->pairs, "all") != 0 || need <= room)
        return JC_OK;
    params->pairs = "final";
    char *note =
        jc_format("sums and maps of all pairs of layers want %.3g GB, and there are "
                  "%.3g: '--pairs final' is taken, and schedules are left out",
                  need / 1e9, room / 1e9);
    if (!note)
        return jc_cli_fail(err, JC_E_NOMEM, "out of memory for a note");
    jc_ui_note(&s->cli->ui, note);
    free(note);
    return JC_OK;
}
