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

#include "cli/ahead.h"
#include "cli/output.h"
#include "cli/study.h"

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
