/* SPDX-License-Identifier: MIT */
/*
 * study_memory.c: sums and maps of all pairs grow with the square of the depth and of the
 * width: 0.9 GB for 12 x 768, 100 GB for 32 x 4096. Above 2 GB a note says so; where there
 * is not that much the study makes do with maps to the last layer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "cli/output.h"
#include "cli/study.h"

/* What programs may still take, in bytes; JUMPCUT_MEMORY says otherwise. */
static double available_memory(void)
{
    const char *chosen = getenv("JUMPCUT_MEMORY");
    char line[128];
    double kilobytes = 1e18;
    FILE *f = chosen ? NULL : fopen("/proc/meminfo", "r");

    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, "MemAvailable:", 13) == 0)
            kilobytes = strtod(line + 13, NULL);
    if (f)
        fclose(f);
    return chosen ? strtod(chosen, NULL) : 1024 * kilobytes;
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

/* Of the sums, with those of the parts, and of the maps while they are fitted. */
static double pairs_bytes(const jc_study *s, bool all)
{
    const jc_model_info *info = jc_model_get_info(s->model);
    double d = info->width, layers = info->layers;
    double pairs = all ? layers * (layers + 1) / 2 : layers;
    double parts = s->cli->args.stats.parts ? 4 * layers : 0;

    return d * d *
           (sizeof(double) * (pairs + layers + 2 * parts) +
            sizeof(float) * (pairs + parts));
}

jc_status jc_study_memory(jc_study *s, bool in_files, jc_error *err)
{
    jc_stats_params *params = &s->cli->args.stats;
    double need = pairs_bytes(s, params->pairs && strcmp(params->pairs, "all") == 0);
    double room = available_memory() + (in_files ? available_disk() : 0);
    char *note = NULL;

    if (params->pairs && strcmp(params->pairs, "all") == 0 && need > room) {
        params->pairs = "final";
        note = jc_format("sums and maps of all pairs of layers want %.3g GB, and there are "
                         "%.3g: '--pairs final' is taken, and schedules are left out",
                         need / 1e9, room / 1e9);
    } else if (need > 2e9) {
        note = jc_format("sums and maps take about %.3g GB%s", need / 1e9,
                         in_files ? ", most of it in files of TMPDIR" : "");
    } else {
        return JC_OK;
    }
    if (!note)
        return jc_cli_fail(err, JC_E_NOMEM, "out of memory for a note");
    jc_ui_note(&s->cli->ui, note);
    free(note);
    return JC_OK;
}
