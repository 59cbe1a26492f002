/* SPDX-License-Identifier: MIT */
/* bench_memory.c: the peak of `jumpcut fit` on 1 MB and on 100 MB of text, as the operating
 * system counted it. The model is small, so that 100 MB take a minute: memory must not
 * depend on the text whatever the model. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"
#include "bench.h"

/* GPT-2's byte tokens: printable bytes stand for themselves, the rest for U+0100 on. */
static void write_tokenizer(const char *dir)
{
    char path[640];
    int others = 0;

    snprintf(path, sizeof path, "%s/vocab.json", dir);
    FILE *f = fopen(path, "w");
    if (!f)
        bench_die(path, NULL);
    for (int b = 0; b < 256; b++) {
        bool itself = (b > 32 && b < 127) || (b > 160 && b != 173);
        fprintf(f, "%s\"\\u%04x\": %d", b ? ", " : "{", itself ? b : 256 + others++, b);
    }
    fputs("}\n", f);
    if (fclose(f) != 0)
        bench_die(path, NULL);
    snprintf(path, sizeof path, "%s/merges.txt", dir);
    f = fopen(path, "w");
    if (!f || fputs("#version: 0.2\n", f) < 0 || fclose(f) != 0)
        bench_die(path, NULL);
}

static void write_text(const char *path, size_t bytes)
{
    jc_rng rng = {1};
    FILE *f = fopen(path, "w");

    if (!f)
        bench_die(path, NULL);
    for (size_t i = 0; i < bytes; i++) {
        uint64_t r = jc_rng_below(&rng, 160);
        fputc(i + 1 == bytes || r == 0 ? '\n' : r < 30 ? ' ' : 'a' + (int)(r % 26), f);
    }
    if (fclose(f) != 0)
        bench_die(path, NULL);
}

static double peak_mb(char *const argv[])
{
    struct rusage usage;
    int status;
    pid_t child = fork();

    if (child < 0)
        bench_die("fork", NULL);
    if (child == 0) {
        execv(argv[0], argv);
        _exit(127);
    }
    if (wait4(child, &status, 0, &usage) < 0 || status != 0)
        bench_die("jumpcut fit failed", NULL);
    return (double)usage.ru_maxrss / 1024;
}

void bench_memory(json_t *out, const char *dir, const char *program)
{
    const bench_shape shape = {BENCH_GPT2, 2, 32, 2, 2, 128, 128, 256};
    static const size_t megabytes[] = {1, 100};
    char model[512], text[512], maps[512], name[512], key[32];

    snprintf(model, sizeof model, "%s/small", dir);
    snprintf(text, sizeof text, "%s/text", dir);
    snprintf(maps, sizeof maps, "%s/maps.safetensors", dir);
    snprintf(name, sizeof name, "%s", program);
    bench_write_model(model, &shape);
    write_tokenizer(model);
    for (size_t i = 0; i < JC_COUNT(megabytes); i++) {
        char fit[] = "fit", from[] = "--text", to[] = "--out", quiet[] = "--quiet";
        char *argv[] = {name, fit, model, from, text, to, maps, quiet, NULL};
        write_text(text, megabytes[i] * 1000000);
        double start = bench_seconds(), mb = peak_mb(argv);
        snprintf(key, sizeof key, "peak_mb_%zu", megabytes[i]);
        json_object_set_new(out, key, json_real(mb));
        snprintf(key, sizeof key, "seconds_%zu_mb", megabytes[i]);
        json_object_set_new(out, key, json_real(bench_seconds() - start));
        remove(text);
    }
}
