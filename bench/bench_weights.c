/* SPDX-License-Identifier: MIT */
/*
 * bench_weights.c: what the weights of a Llama of 12 x 768 take in memory, stored as
 * bfloat16, as Q8_0 and as GGUF's float16, against the size of the file: the peak of a
 * process that opens the model, runs a text and reads some of it out, less that of the same
 * work with one block and few tokens, whose file is taken off the size as well.
 */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"
#include "bench.h"
#include "support/llama_gguf.h"

enum { LENGTH = 128, READ = 16, BASE_VOCAB = 512 };

/* The work that is measured, in a process of its own. */
int bench_weights_work(const char *path)
{
    static uint32_t ids[LENGTH], positions[READ];
    const jc_text text = {ids, LENGTH, positions, READ};
    jc_model *model;
    jc_session *session;
    jc_error err;

    for (uint32_t i = 0; i < LENGTH; i++)
        ids[i] = i * 7919 % BASE_VOCAB;
    for (uint32_t i = 0; i < READ; i++)
        positions[i] = LENGTH - READ + i;
    if (jc_model_open(&model, path, NULL, &err) || jc_session_new(&session, model, &err) ||
        jc_session_run(session, &text, 1, &err))
        bench_die("weights", &err);
    const jc_model_info *info = jc_model_get_info(model);
    float *logits = jc_alloc_array((size_t)READ * info->vocab, sizeof *logits);
    if (!logits || jc_model_readout(model, jc_session_states(session, info->layers), READ,
                                    logits, &err))
        bench_die("weights", logits ? &err : NULL);
    jc_free(logits);
    jc_session_free(session);
    jc_model_close(model);
    return 0;
}

static double peak_bytes(const char *path)
{
    struct rusage usage;
    int status;
    pid_t child = fork();

    if (child < 0)
        bench_die("fork", NULL);
    if (child == 0) {
        execl("/proc/self/exe", "jc_bench", "-w", path, (char *)NULL);
        _exit(127);
    }
    if (wait4(child, &status, 0, &usage) < 0 || status != 0)
        bench_die(path, NULL);
    return (double)usage.ru_maxrss * 1024;
}

static double file_bytes(const char *path)
{
    struct stat info;

    if (stat(path, &info) != 0)
        bench_die(path, NULL);
    return (double)info.st_size;
}

static void put(json_t *out, const char *name, const char *what, double x)
{
    char key[64];

    snprintf(key, sizeof key, "%s_%s", name, what);
    json_object_set_new(out, key, json_real(x));
}

/* `model` and `base` are what is opened, `file` and `base_file` what is measured of it. */
static void add(json_t *out, const char *name, const char *model, const char *file,
                const char *base, const char *base_file)
{
    double peak = peak_bytes(model), base_peak = peak_bytes(base);
    double bytes = file_bytes(file) - file_bytes(base_file);

    put(out, name, "memory_ratio", (peak - base_peak) / bytes);
    put(out, name, "file_mb", file_bytes(file) / 1e6);
    put(out, name, "peak_mb", peak / 1e6);
}

void bench_weights(json_t *out, const char *dir)
{
    const bench_shape shapes[] = {{BENCH_LLAMA, 12, 768, 12, 4, 2048, 2048, 32000},
                                  {BENCH_LLAMA, 1, 768, 12, 4, 2048, 2048, BASE_VOCAB}};
    const struct {
        const char *name;
        jc_dtype type;
    } files[] = {{"q8_0", JC_Q8_0}, {"f16_gguf", JC_F16}};
    char folder[2][512], path[2][1100];

    for (int i = 0; i < 2; i++) {
        snprintf(folder[i], sizeof folder[i], "%s/weights-%d", dir, i);
        snprintf(path[i], sizeof path[i], "%s/model.safetensors", folder[i]);
        bench_write_model(folder[i], &shapes[i]);
    }
    add(out, "bf16", folder[0], path[0], folder[1], path[1]);
    for (size_t k = 0; k < JC_COUNT(files); k++) {
        for (int i = 0; i < 2; i++) {
            snprintf(path[i], sizeof path[i], "%s.gguf", folder[i]);
            if (!llama_gguf_write(path[i], folder[i], files[k].type))
                bench_die(path[i], NULL);
        }
        add(out, files[k].name, path[0], path[0], path[1], path[1]);
    }
}
