/* SPDX-License-Identifier: MIT */
#include "cli/ahead.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory_free.h"
#include "cli/output.h"

/* Flops a second of one thread, as processors of these years do them; --dry-run measures.
 * A byte of text or of a file of samples has about so many tokens. */
static const double RATE = 60e9, BYTE_TOKENS = 0.2;
static const double MUCH_MEMORY = 2e9, MUCH_TIME = 600; /* bytes, seconds */
static const double WRITING = 1.5;      /* times as long as running what was written */
static const double MEMORY_RATE = 10e9; /* bytes of weights that are read in a second */
static const double WORKING = 40e6;     /* bytes of the program and of a batch of states */

static double threads(const jc_cli *cli)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    if (cli->args.model.threads > 0)
        return cli->args.model.threads;
    return processors > 0 ? (double)processors : 1;
}

double jc_ahead_readout(const jc_model_info *info)
{
    return info->has_head ? 2.0 * info->vocab * info->width : 0;
}

double jc_ahead_pass(const jc_model_info *info)
{
    double head = 2.0 * info->vocab * info->width;
    double blocks = 2 * (double)info->parameters - (info->tied_head ? 1 : 2) * head;

    return blocks > 0 ? blocks : head;
}

double jc_ahead_tokens(const jc_cli *cli, const jc_samples *samples)
{
    const jc_self_text_params *self = &cli->args.self;
    jc_progress texts = {.unit = ""};

    if (self->self_text)
        return (double)self->self_text * self->self_tokens;
    jc_samples_position(samples, &texts);
    return (double)texts.total *
           (strcmp(texts.unit, "bytes") == 0 ? BYTE_TOKENS : JC_LINE_TOKENS);
}

double jc_ahead_vectors(const jc_cli *cli, double tokens)
{
    bool one = strcmp(cli->args.samples.positions, "one") == 0;

    return one ? tokens / JC_LINE_TOKENS : tokens;
}

double jc_ahead_training(const jc_cli *cli, const jc_model_info *info, const char *method,
                         double vectors)
{
    const jc_train_params *p = &cli->args.train;
    double total = p->tokens ? (double)p->tokens : vectors, layers = info->layers;
    double pass = jc_ahead_pass(info), head = jc_ahead_readout(info) / 2;

    if (strcmp(method, "tuned") == 0) { /* steps, and looks at texts held out */
        double held = vectors / 8 < JC_TUNED_HELD ? vectors / 8 : JC_TUNED_HELD;
        return total * (pass + (2 + 4 * layers) * head) +
               (JC_TUNED_CHECKS + 1) * held * (pass + (2 + 2 * layers) * head);
    }
    double directions =
        p->directions && p->directions < info->width ? p->directions : info->width;
    total = total < vectors ? total : vectors; /* it reads its texts once */
    return total * pass * (1 + 2 * directions * (layers + 1) / 2);
}

double jc_ahead_writing(const jc_cli *cli, const jc_model_info *info, double tokens)
{
    return cli->args.self.self_text
               ? WRITING * tokens * (jc_ahead_pass(info) + jc_ahead_readout(info))
               : 0;
}

jc_ahead_text jc_ahead_text_of(const jc_model *model, const jc_prompt *prompts, size_t n,
                               uint32_t tokens)
{
    size_t context = jc_model_get_info(model)->context;
    jc_ahead_text text = {.read = 0};

    for (size_t i = 0; i < n; i++) {
        size_t room = prompts[i].n < context ? context - prompts[i].n : 0;
        double most = (double)(tokens && tokens < room ? tokens : room);
        text.read += (double)prompts[i].n;
        text.written += most;
        text.steps = most > text.steps ? most : text.steps;
    }
    return text;
}

double jc_ahead_steps(const jc_cli *cli, const jc_model_info *info, double steps)
{
    return steps * (double)info->weight_bytes / MEMORY_RATE * RATE * threads(cli);
}

double jc_ahead_maps(const jc_cli *cli, const jc_model_info *info)
{
    const char *pairs = cli->args.stats.pairs;
    double layers = info->layers;

    return pairs && strcmp(pairs, "all") == 0 ? layers * (layers + 1) / 2 : layers;
}

double jc_ahead_sums(const jc_cli *cli, const jc_model_info *info)
{
    double d = info->width, layers = info->layers, maps = jc_ahead_maps(cli, info);
    double parts = cli->args.stats.parts ? 4 * layers : 0;

    return d * d *
           (sizeof(double) * (maps + layers + 2 * parts) + sizeof(float) * (maps + parts));
}

static void write_time(char *text, size_t size, double seconds)
{
    if (seconds < 90)
        snprintf(text, size, "%.0f seconds", seconds);
    else if (seconds < 90 * 60)
        snprintf(text, size, "%.0f minutes", seconds / 60);
    else if (seconds < 48 * 3600)
        snprintf(text, size, "%.0f hours", seconds / 3600);
    else
        snprintf(text, size, "%.0f days", seconds / 86400);
}

void jc_ahead_say(jc_cli *cli, const jc_model *model, double bytes, double flops,
                  bool in_files)
{
    double memory = bytes + WORKING + (double)jc_model_get_info(model)->weight_bytes;
    double seconds = flops / (RATE * threads(cli));
    char time[40] = "";

    if (cli->args.own.dry_run || (memory <= MUCH_MEMORY && seconds <= MUCH_TIME))
        return;
    write_time(time, sizeof time, seconds);
    char *line = jc_format(
        "this takes %s%sabout %.*f GB%s; '--dry-run' in its place would measure it",
        flops > 0 ? time : "", flops > 0 ? " or so and " : "",
        memory < 1e8    ? 3
        : memory < 1e10 ? 1
                        : 0,
        memory / 1e9,
        in_files && bytes > MUCH_MEMORY ? ", most of it in files of TMPDIR" : "");
    if (line)
        jc_ui_remark(&cli->ui, line);
    free(line);
}

double jc_ahead_memory(void)
{
    const char *chosen = getenv("JUMPCUT_MEMORY");
    uint64_t there = jc_memory_free();

    if (chosen)
        return strtod(chosen, NULL);
    return there ? (double)there : 1e18;
}
