/* SPDX-License-Identifier: MIT */
/* jc_bench [-b BACKEND] [-o FILE] [-p JUMPCUT] [PART...]: run the benchmarks, all or those
 * named (forward, gather, wide, parts, study, fit, memory, weights, few, decode, experts,
 * int8, lens), print the figures and write them as JSON. Figures are ratios to what the
 * machine reached in the same run, so that they can be compared between machines. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "bench.h"
#include "bench_fit.h"
#include "gpu.h"
#include "kernels/kernels.h"

static void add_fit(json_t *out)
{
    bench_fit_result r;

    if (!bench_fit(12, 768, 9000, &r))
        bench_die("the fit failed", NULL);
    json_object_set_new(out, "fit_vs_gelsd_speedup", json_real(r.speedup));
    json_object_set_new(out, "fit_seconds", json_real(r.fit_seconds));
    json_object_set_new(out, "gelsd_seconds", json_real(r.gelsd_seconds));
}

static void add_machine(json_t *out)
{
    char line[256], *colon = NULL;
    FILE *f = fopen("/proc/cpuinfo", "r");

    while (f && !colon && fgets(line, sizeof line, f))
        if (strncmp(line, "model name", 10) == 0)
            colon = strchr(line, ':');
    if (f)
        fclose(f);
    if (colon)
        colon[strcspn(colon, "\n")] = 0;
    json_object_set_new(out, "processor", json_string(colon ? colon + 2 : "unknown"));
    if (bench_backend)
        json_object_set_new(out, "gpu", json_string(bench_gpu_name()));
    json_object_set_new(out, "threads", json_integer(jc_threads_max()));
}

static bool wanted(int argc, char **argv, const char *part)
{
    bool any = false;

    for (int i = optind; i < argc; i++) {
        any = true;
        if (strcmp(argv[i], part) == 0)
            return true;
    }
    return !any;
}

int main(int argc, char **argv)
{
    const char *file = NULL, *program = "build/jumpcut";
    char dir[] = "/tmp/jc_bench.XXXXXX", command[64];
    int option;

    while ((option = getopt(argc, argv, "b:o:p:w:")) != -1)
        if (option == 'o')
            file = optarg;
        else if (option == 'b')
            bench_backend = optarg;
        else if (option == 'p')
            program = optarg;
        else if (option == 'w')
            return bench_weights_work(optarg);
        else
            return 2;
    if (!mkdtemp(dir))
        bench_die("a folder for files", NULL);
    json_t *out = json_object();
    add_machine(out);
    /* these first: the peak of a process is never less than that of the one it came from */
    if (wanted(argc, argv, "memory"))
        bench_memory(out, dir, program);
    if (wanted(argc, argv, "weights"))
        bench_weights(out, dir);
    if (wanted(argc, argv, "forward") || wanted(argc, argv, "gather") ||
        wanted(argc, argv, "parts"))
        bench_forward(out,
                      dir); /* makes the model that bench_gather() and bench_parts() read */
    if (wanted(argc, argv, "gather"))
        bench_gather(out, dir);
    if (wanted(argc, argv, "wide"))
        bench_wide(out, dir);
    if (wanted(argc, argv, "parts"))
        bench_parts(out, dir);
    if (wanted(argc, argv, "study"))
        bench_study(out, dir);
    if (wanted(argc, argv, "decode"))
        bench_decode(out, dir);
    if (wanted(argc, argv, "fit"))
        add_fit(out);
    if (wanted(argc, argv, "experts"))
        bench_experts(out, dir);
    if (wanted(argc, argv, "few"))
        bench_few(out, dir);
    if (wanted(argc, argv, "int8"))
        bench_int8(out);
    if (wanted(argc, argv, "lens"))
        bench_lens(out, dir);
    snprintf(command, sizeof command, "rm -r %s", dir);
    if (system(command) != 0)
        fprintf(stderr, "bench: cannot remove '%s'\n", dir);
    json_dumpf(out, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(4));
    putchar('\n');
    if (file && json_dump_file(out, file, JSON_INDENT(1) | JSON_REAL_PRECISION(6)) != 0)
        bench_die(file, NULL);
    json_decref(out);
    return 0;
}
