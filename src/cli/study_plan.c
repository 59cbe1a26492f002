/* SPDX-License-Identifier: MIT */
/*
 * study_plan.c: the steps of a study, weighed by their flops. Measured on the demo model
 * the steps run at rates that differ by less than half, writing texts apart.
 */
#include <string.h>
#include <sys/stat.h>

#include "cli/ahead.h"
#include "cli/dry_run.h"
#include "cli/study.h"
#include "cli/train.h"

/* A token has so many bytes in a file of samples; a map of width d takes so many times d^3;
 * a token is drawn in that many; parts of blocks and schedules run about so many passes a
 * block; training size scores so many fits, and ranks so many maps. */
static const double TOKEN_BYTES = 6.5, FIT_FLOPS = 30, DRAW_FLOPS = 1e5;
/* Bytes of states that wait to be added up; sums that are added to at once, where they lie
 * in files. */
static const double WAITING = 48 << 20, ADDED = 8;
enum { ROUTES_A_BLOCK = 6, FITS = 60, RANKS = 12 };
/* Maps to the last layer of all ranks and of mat have so many times the numbers of mat's;
 * bytes of the full model's logits that are kept, and of maps, of which more are run where
 * they lie. */
static const double RANK_MAPS = 6.2, LOGITS = 64 << 20, PACKED = 96 << 20;

struct sizes {
    double train, val;    /* tokens of the texts */
    double vectors;       /* of those for validation */
    double pass, readout; /* flops of a token, of a vector */
    double width, square, layers;
};

static struct sizes sizes_of(const jc_study *s)
{
    const jc_args *args = &s->cli->args;
    const jc_samples_params *p = &args->samples;
    const jc_model_info *info = jc_model_get_info(s->model);
    double texts = (double)p->train + (double)p->val;
    double tokens =
        texts * (args->self.self_text ? args->self.self_tokens : JC_LINE_TOKENS);
    struct stat file;

    if (stat(s->samples, &file) == 0)
        tokens = (double)file.st_size / TOKEN_BYTES;
    if (s->tokens > 0)
        tokens = s->tokens;
    if (texts < 1)
        texts = 1;
    struct sizes sizes = {.train = tokens * (double)p->train / texts,
                          .val = tokens * (double)p->val / texts,
                          .pass = jc_ahead_pass(info),
                          .readout = jc_ahead_readout(info),
                          .width = info->width,
                          .square = (double)info->width * info->width,
                          .layers = info->layers};
    sizes.vectors = strcmp(p->positions, "one") == 0 ? (double)p->val : sizes.val;
    return sizes;
}

static bool all_pairs(const jc_study *s)
{
    const char *pairs = s->cli->args.stats.pairs;

    return pairs && strcmp(pairs, "all") == 0;
}

static double sums_flops(const struct sizes *z, bool all, bool parts)
{
    double taps = z->layers + 1, products = all ? taps * taps / 2 : 2 * taps;

    return z->train * (z->pass + 2 * (products + (parts ? 6 * z->layers : 0)) * z->square);
}

double jc_study_sums_flops(const jc_study *s)
{
    const struct sizes z = sizes_of(s);

    return sums_flops(&z, all_pairs(s), true);
}

static double fit_flops(const struct sizes *z, double fits, bool all)
{
    double maps = all ? z->layers * z->layers / 2 : z->layers;

    return fits * maps * FIT_FLOPS * z->square * z->width;
}

/* Of so many methods and of id, without routes. */
static double score_flops(const struct sizes *z, double methods)
{
    return z->val * z->pass + z->vectors * z->readout * (1 + (1 + methods) * z->layers);
}

static double routes_flops(const struct sizes *z)
{
    double vectors = z->vectors < JC_ROUTE_VECTORS ? z->vectors : JC_ROUTE_VECTORS;

    return ROUTES_A_BLOCK * z->layers * vectors * (z->pass + z->readout);
}

/* Both of its streams take a pass; the fits are scored after each. */
static double size_flops(const jc_study *s, const struct sizes *z, bool all)
{
    double texts = s->cli->args.training_size.size_texts, fits = all ? FITS / 2 : FITS / 3;

    return z->train * z->pass * (all ? 1 : 0.5) + fit_flops(z, fits, false) +
           fits * z->layers * texts * z->readout;
}

size_t jc_study_steps(const jc_study *s, jc_ui_step to[JC_STUDY_STEPS])
{
    const jc_args *args = &s->cli->args;
    const jc_own *own = &args->own;
    const struct sizes z = sizes_of(s);
    double n = (double)s->n, trained = 0;
    bool self = args->self.self_text > 0;

    for (size_t i = 0; i < s->n; i++)
        trained += jc_cli_trains(s->method[i]) ? 3.0 * (double)args->train.tokens : 0;
    double tokens = z.train + z.val;
    double draw = self ? jc_ahead_writing(s->cli, jc_model_get_info(s->model), tokens)
                       : DRAW_FLOPS * tokens;
    double final = sums_flops(&z, false, false) + fit_flops(&z, n, false);
    const jc_ui_step steps[] = {
        {self ? "writing texts" : "reading texts", draw},
        {"gathering sums", sums_flops(&z, all_pairs(s), args->stats.parts)},
        {"fitting", fit_flops(&z, n, all_pairs(s)) + trained * z.pass},
        {"scoring", score_flops(&z, n) + (args->eval.schedules ? routes_flops(&z) : 0)},
        {"the token before", own->context ? final + score_flops(&z, 3) : 0},
        {"early exit", own->decode_exits ? z.val * z.pass : 0},
        {"ranks", own->ranks ? final + score_flops(&z, RANKS) : 0},
        {"training size (one)", own->training_size ? size_flops(s, &z, false) : 0},
        {"training size (all)", own->training_size ? size_flops(s, &z, true) : 0},
        {"other text", own->transfer.n ? draw + final + 2 * score_flops(&z, 2 * n) : 0}};

    _Static_assert(JC_COUNT_OF(steps) == JC_STUDY_STEPS, "a step more");
    memcpy(to, steps, sizeof steps);
    return JC_COUNT_OF(steps);
}

void jc_study_say_cost(const jc_study *s)
{
    jc_ui_step steps[JC_STUDY_STEPS];
    size_t n = jc_study_steps(s, steps);
    double flops = 0;

    for (size_t i = 0; i < n; i++)
        flops += steps[i].weight;
    jc_ahead_say(s->cli, s->model, jc_ahead_sums(s->cli, jc_model_get_info(s->model)),
                 flops, s->in_files);
}

void jc_study_plan(jc_study *s)
{
    jc_ui_step steps[JC_STUDY_STEPS];
    size_t n = jc_study_steps(s, steps);

    jc_ui_plan(&s->cli->ui, steps, n);
}

/* Bytes in memory of so many of sums and maps. */
static double in_memory(const jc_study *s, double bytes)
{
    return s->in_files && bytes > s->in_memory ? s->in_memory : bytes;
}

/* Bytes while scores are taken by training size, in the midst of its sums: there are those
 * of maps to the last layer and a copy, with the states that wait to be added to it, and
 * maps twice, as they were fitted and as they are run. */
static double size_memory(const jc_study *s, const jc_dry *dry, const struct sizes *z)
{
    double maps = jc_ahead_maps(s->cli, jc_model_get_info(s->model)) * z->square * 4;
    double sums = jc_ahead_sums(s->cli, jc_model_get_info(s->model)) - maps;
    double at_once = s->in_files ? ADDED * z->square * sizeof(double) : 0;
    double gathered = in_memory(s, sums) + at_once;
    double twice = in_memory(s, 2 * (2 * z->layers + 1) * z->square * sizeof(double));
    double waiting = dry->vectors * (z->layers + 1) * z->width * sizeof(float);

    return dry->memory - (gathered < sums ? gathered : sums) + twice +
           2 * z->layers * z->square * sizeof(float) +
           (waiting < WAITING ? waiting : WAITING) + jc_dry_solving(z->width);
}

/* Bytes of the head: of its own, or those of the embedding's pages in a file, which nothing
 * else reads whole. */
static double head_memory(const jc_model_info *info)
{
    double part = (double)info->vocab * info->width / (double)info->parameters;

    if (!info->has_head)
        return 0;
    return info->head_bytes ? (double)info->head_bytes : part * (double)info->weight_bytes;
}

/* Bytes while maps are scored: no sums, but the head, logits, and maps that are packed. */
static double score_memory(const jc_study *s, const jc_dry *dry, const struct sizes *z,
                           double maps)
{
    const jc_model_info *info = jc_model_get_info(s->model);
    double logits = z->vectors * info->vocab * sizeof(float);
    double packed = maps * z->square * sizeof(float);

    if (!info->has_head)
        logits = 0;
    return dry->memory - in_memory(s, jc_ahead_sums(s->cli, info)) + head_memory(info) +
           (logits < LOGITS ? logits : LOGITS) + (packed < PACKED ? packed : 0);
}

/* Those of the steps that fit and score maps to the last layer, beside the study's own. */
static void say_further(const jc_study *s, const jc_dry *dry, const struct sizes *z,
                        jc_dry_step say[JC_STUDY_STEPS])
{
    const double map = z->square * sizeof(float), n = (double)s->n;
    double sums = in_memory(s, (2 * z->layers + 1) * z->square * sizeof(double));
    double read = score_memory(s, dry, z, 0);

    say[4].memory = read + sums + 2 * z->layers * map + jc_dry_solving(2 * z->width);
    say[5].memory = read;
    say[6].memory = read + RANK_MAPS * z->layers * map;
    say[9].memory = score_memory(s, dry, z, 2 * n * z->layers) + sums + n * z->layers * map;
}

/* What it takes beside time. */
static void say_room(const jc_study *s, const jc_dry *dry, const struct sizes *z,
                     jc_dry_step say[JC_STUDY_STEPS])
{
    const jc_model_info *info = jc_model_get_info(s->model);
    double maps =
        jc_ahead_maps(s->cli, info) + (s->cli->args.stats.parts ? 2 * z->layers : 0);
    double bytes = maps * z->square * sizeof(float);
    double sums = jc_ahead_sums(s->cli, info);

    if (jc_study_shares(s) > 1) /* a share's sums are added to those before */
        say[1].memory += in_memory(s, 2 * sums) - in_memory(s, sums);
    say[0].disk = TOKEN_BYTES * (z->train + z->val);
    say[1].disk = 3 * bytes;
    say[2].disk = (double)s->n * bytes;
    say[2].memory = jc_dry_fitting(in_memory(s, sums), z->width);
    say[3].memory = score_memory(s, dry, z, (double)s->n * maps);
    say_further(s, dry, z, say);
    say[7].memory = say[8].memory = size_memory(s, dry, z) + head_memory(info);
}

/* Some seconds of its sums, and for those of texts that the model writes before; the other
 * steps are thought to do as many flops a second. */
static void print_dry(const jc_study *s, const jc_dry *dry)
{
    const struct sizes z = sizes_of(s);
    jc_ui_step steps[JC_STUDY_STEPS];
    jc_dry_step say[JC_STUDY_STEPS] = {{.name = NULL}};
    size_t n = jc_study_steps(s, steps);
    double drawn = s->cli->args.self.self_text ? steps[0].weight : 0;
    double flops = steps[1].weight + drawn * z.train / (z.train + z.val);

    for (size_t i = 0; i < n; i++)
        say[i] =
            (jc_dry_step){.name = steps[i].name,
                          .seconds = flops > 0 ? dry->seconds * steps[i].weight / flops : 0,
                          .memory = dry->memory};
    say_room(s, dry, &z, say);
    jc_dry_print(dry, say, n);
}

jc_status jc_study_dry_run(jc_study *s, jc_error *err)
{
    jc_samples_params *p = &s->cli->args.samples;
    jc_work work = {0};
    jc_stats *sums = NULL;
    jc_dry dry;

    p->split = "all";
    jc_status st = jc_dry_count(&dry, s->cli, s->model, err);
    p->split = "train";
    s->tokens = dry.tokens;
    if (st == JC_OK)
        st = jc_work_texts(&work, s->cli, s->model, err);
    if (st == JC_OK) {
        jc_dry_begin(&dry);
        st = jc_dry_end(
            &dry, jc_stats_gather(&sums, s->model, work.samples, &s->cli->args.stats, err));
    }
    jc_stats_free(sums);
    jc_work_close(&work);
    if (st == JC_OK)
        print_dry(s, &dry);
    return st;
}
