/* SPDX-License-Identifier: MIT */
/*
 * jc_bench_drafts [-n PROMPTS] [-p PROMPT_TOKENS] [-t TOKENS] [-T TEMPERATURE] [-k NODES]
 *                 [-K TOP_K] [-q TOP_P] [-s SHORTCUTS] [-f TEXT] [-d TEXT] [-u UNIT]
 *                 [-w TOKENS] [-P POLICY] MODEL TEXT DRAFTERS...
 *
 * What drafters gain over plain generation: each prompt is continued without drafts and
 * with each of DRAFTERS in turn, so all meet the machine in the same state. TEXT has a
 * prompt a document or line (-u line), or one in every window of so many tokens (-w); -f
 * names a text whose frequent tokens drafters with maps choose among, -d the one that
 * "corpus" looks n-grams up in. With -P the policy of
 * `jumpcut tune` is one more way to draft, "policy". Every text is compared with the plain
 * one. Speed-ups, by the clock, are the median and the mean over prompts. "less work" is
 * processor time of all prompts, which other programs on the machine change little.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "jumpcut.h"

enum { MOST = 16, LONGEST = 4096 };

typedef struct way {
    const char *draft;
    uint64_t tokens, turns, drafted;
    uint64_t reached[JC_DRAFT_DEPTHS], foreseen[JC_DRAFT_DEPTHS];
    double draft_seconds, pass_seconds, readout_seconds, draw_seconds;
    double seconds;    /* from the first token to the last */
    double work;       /* of all processors in them */
    uint64_t decoded;  /* tokens in them */
    double gain[1000]; /* of each prompt over the first way, in time */
} way;

typedef struct written {
    uint32_t ids[LONGEST];
    size_t n;
    double first, last;           /* when they came */
    double work_first, work_last; /* processor time until then */
} written;

static double now(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool take(void *arg, const jc_token *token)
{
    written *w = arg;

    w->last = now(CLOCK_MONOTONIC);
    w->work_last = now(CLOCK_PROCESS_CPUTIME_ID);
    if (w->n == 0) {
        w->first = w->last;
        w->work_first = w->work_last;
    }
    w->ids[w->n++] = token->id;
    return w->n < LONGEST;
}

static void die(const char *what, const jc_error *err)
{
    fprintf(stderr, "bench_drafts: %s%s%s\n", what, err ? ": " : "",
            err ? err->message : "");
    exit(1);
}

static void add(way *w, const jc_generate_stats *stats, const written *text)
{
    w->tokens += stats->tokens;
    w->turns += stats->turns;
    w->drafted += stats->drafted;
    for (size_t k = 0; k < JC_DRAFT_DEPTHS; k++) {
        w->reached[k] += stats->reached[k];
        w->foreseen[k] += stats->foreseen[k];
    }
    w->draft_seconds += stats->draft_seconds;
    w->pass_seconds += stats->pass_seconds;
    w->readout_seconds += stats->readout_seconds;
    w->draw_seconds += stats->draw_seconds;
    w->seconds += text->last - text->first;
    w->work += text->work_last - text->work_first;
    w->decoded += text->n - 1;
}

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static void print(way *w, const way *plain, size_t n_prompts)
{
    qsort(w->gain, n_prompts, sizeof w->gain[0], by_value);
    double mean = 0;
    for (size_t k = 0; k < n_prompts; k++)
        mean += w->gain[k] / (double)n_prompts;
    printf("%-24s %6.3f %7.2f %9.1f %7.2f %7.2f %7.2f   ", w->draft,
           (double)w->tokens / (double)w->turns, (double)w->drafted / (double)w->turns,
           w->seconds > 0 ? (double)w->decoded / w->seconds : 0, w->gain[n_prompts / 2],
           mean, w->work > 0 ? plain->work / w->work : 0);
    for (size_t k = 0; k < 6 && w->reached[k]; k++)
        printf(" %2.0f%%", 100 * (double)w->foreseen[k] / (double)w->reached[k]);
    double all = w->draft_seconds + w->pass_seconds + w->readout_seconds + w->draw_seconds;
    if (all > 0)
        printf("   %.0f/%.0f/%.0f/%.0f", 100 * w->draft_seconds / all,
               100 * w->pass_seconds / all, 100 * w->readout_seconds / all,
               100 * w->draw_seconds / all);
    putchar('\n');
    fflush(stdout);
}

/* ---- frequent tokens ---- */

typedef struct counted {
    uint32_t id;
    uint64_t n;
} counted;

static int by_count(const void *a, const void *b)
{
    const counted *x = a, *y = b;

    return x->n != y->n ? (x->n < y->n) - (x->n > y->n) : (x->id > y->id) - (x->id < y->id);
}

/* Of a line each, or `whole`. */
static jc_samples *open_text(const jc_tokenizer *tokenizer, const char *file,
                             uint32_t vocab, bool whole)
{
    jc_samples_params params;
    jc_samples *samples;
    jc_error err;

    jc_samples_params_init(&params);
    params.positions = params.split = "all";
    params.train = params.val = 0;
    params.vocab = vocab;
    if (whole) {
        params.unit = "file";
        params.context = 0;
    }
    if (jc_samples_from_text(&samples, tokenizer, &file, 1, &params, &err))
        die("the text that drafts are made of", &err);
    return samples;
}

static size_t frequent_tokens(const jc_tokenizer *tokenizer, const char *file,
                              uint32_t vocab, uint32_t **ids)
{
    counted *all = calloc(vocab, sizeof *all);
    jc_samples *samples = open_text(tokenizer, file, vocab, false);
    jc_sample sample;
    jc_error err;
    size_t n = 0;

    *ids = malloc(vocab * sizeof **ids);
    if (!all || !*ids)
        die("the frequent tokens", NULL);
    for (uint32_t i = 0; i < vocab; i++)
        all[i].id = i;
    while (jc_samples_next(samples, &sample, &err) == JC_OK && sample.ids)
        for (size_t i = 0; i < sample.n_ids; i++)
            all[sample.ids[i]].n++;
    jc_samples_close(samples);
    qsort(all, vocab, sizeof *all, by_count);
    while (n < vocab && all[n].n > 0) {
        (*ids)[n] = all[n].id;
        n++;
    }
    free(all);
    return n;
}

static size_t all_tokens(const jc_tokenizer *tokenizer, const char *file, uint32_t vocab,
                         uint32_t **ids)
{
    jc_samples *samples = open_text(tokenizer, file, vocab, true);
    jc_sample sample;
    jc_error err;
    size_t n = 0;

    *ids = NULL;
    while (jc_samples_next(samples, &sample, &err) == JC_OK && sample.ids) {
        uint32_t *more = realloc(*ids, (n + sample.n_ids) * sizeof *more);
        if (!more)
            die("the text for drafts", NULL);
        *ids = more;
        memcpy(more + n, sample.ids, sample.n_ids * sizeof *more);
        n += sample.n_ids;
    }
    jc_samples_close(samples);
    return n;
}

int main(int argc, char **argv)
{
    static way ways[MOST];
    static written texts[2];
    size_t n_prompts = 20, prompt_tokens = 64, done = 0, n_ways = 1;
    const char *shortcuts = NULL, *common = NULL, *unit = "document", *tuned = NULL;
    const char *looked_up = NULL;
    jc_policy *policy = NULL;
    uint32_t *frequent = NULL, *text_ids = NULL;
    jc_generate_params params;
    jc_samples_params sampling;
    jc_error err;
    int option;

    jc_generate_params_init(&params);
    jc_samples_params_init(&sampling);
    sampling.context = 0;
    while ((option = getopt(argc, argv, "n:p:t:T:k:K:q:s:u:f:d:w:P:")) != -1)
        switch (option) {
        case 'n':
            n_prompts = strtoul(optarg, NULL, 10);
            break;
        case 'p':
            prompt_tokens = strtoul(optarg, NULL, 10);
            break;
        case 't':
            params.tokens = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case 'T':
            params.temperature = strtod(optarg, NULL);
            break;
        case 'k':
            params.draft_nodes = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case 'K':
            params.top_k = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case 'q':
            params.top_p = strtod(optarg, NULL);
            break;
        case 'd':
            looked_up = optarg;
            break;
        case 'f':
            common = optarg;
            break;
        case 's':
            shortcuts = optarg;
            break;
        case 'w':
            sampling.context = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case 'P':
            tuned = optarg;
            break;
        case 'u':
            unit = optarg;
            break;
        default:
            return 2;
        }
    if (argc - optind < 2 + !tuned || argc - optind > MOST || n_prompts == 0 ||
        n_prompts > 1000)
        die("wants MODEL TEXT DRAFTERS...", NULL);
    jc_model *model;
    jc_tokenizer *tokenizer;
    jc_samples *samples;
    jc_sample sample;
    jc_shortcut *maps = NULL;
    const char *file = argv[optind + 1];
    if (jc_model_open(&model, argv[optind], NULL, &err) ||
        jc_tokenizer_open(&tokenizer, argv[optind], &err))
        die("the model", &err);
    if (shortcuts &&
        (jc_shortcut_open(&maps, shortcuts, &err) || jc_shortcut_check(maps, model, &err)))
        die("the shortcuts", &err);
    if (tuned && (jc_policy_open(&policy, tuned, &err) ||
                  jc_policy_check(policy, model, maps, &err)))
        die("the policy", &err);
    ways[0].draft = "none";
    for (; optind + 2 < argc; optind++)
        ways[n_ways++].draft = argv[optind + 2];
    if (policy)
        ways[n_ways++].draft = "policy";
    sampling.unit = unit;
    sampling.positions = "all";
    sampling.split = "all";
    sampling.train = sampling.val = 0;
    sampling.vocab = jc_model_get_info(model)->vocab;
    if (jc_samples_from_text(&samples, tokenizer, &file, 1, &sampling, &err))
        die("the texts", &err);
    params.shortcut = maps;
    if (common)
        params.n_frequent =
            frequent_tokens(tokenizer, common, jc_model_get_info(model)->vocab, &frequent);
    params.frequent = frequent;
    if (looked_up)
        params.n_draft_text =
            all_tokens(tokenizer, looked_up, jc_model_get_info(model)->vocab, &text_ids);
    params.draft_text = text_ids;
    while (done < n_prompts) {
        if (jc_samples_next(samples, &sample, &err))
            die("the texts", &err);
        if (!sample.ids)
            die("there are too few texts that are long enough", NULL);
        if (sample.n_ids < prompt_tokens)
            continue;
        const jc_prompt prompt = {sample.ids, prompt_tokens};
        for (size_t k = 0; k < n_ways; k++) {
            written *text = &texts[k > 0];
            jc_generate_stats stats = {.size = sizeof stats};
            text->n = 0;
            bool by_policy = policy && k + 1 == n_ways;
            params.draft = by_policy ? "none" : ways[k].draft;
            params.policy = by_policy ? policy : NULL;
            params.stats = &stats;
            if (jc_generate(model, &prompt, 1, &params, take, text, &err))
                die(ways[k].draft, &err);
            if (k && (text->n != texts[0].n ||
                      memcmp(text->ids, texts[0].ids, text->n * sizeof *text->ids) != 0))
                die("drafts have changed the text", NULL);
            add(&ways[k], &stats, text);
            ways[k].gain[done] =
                (texts[0].last - texts[0].first) /
                (text->last - text->first > 0 ? text->last - text->first : 1);
        }
        params.seed++;
        done++;
    }
    printf("%-24s %6s %7s %9s %7s %7s %7s    %s\n", "drafters", "tokens", "drafts",
           "tokens/s", "speed-", "speed-", "less",
           "right, by depth   time: draft/pass/read-out/draw, %");
    printf("%-24s %6s %7s %9s %7s %7s %7s\n", "", "a pass", "a pass", "", "up", "up mean",
           "work");
    for (size_t k = 0; k < n_ways; k++)
        print(&ways[k], &ways[0], n_prompts);
    free(frequent);
    free(text_ids);
    jc_samples_close(samples);
    jc_shortcut_free(maps);
    jc_policy_free(policy);
    jc_tokenizer_close(tokenizer);
    jc_model_close(model);
    return 0;
}
