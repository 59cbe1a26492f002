/* SPDX-License-Identifier: MIT */
/* cmd_generate.c: `jumpcut generate`: what a model writes after a prompt. */
#include <stdlib.h>
#include <string.h>

#include "cli/ahead.h"
#include "cli/cli.h"
#include "cli/closing.h"
#include "cli/continuation.h"
#include "cli/draft_text.h"
#include "cli/dry_run.h"
#include "cli/frequent.h"
#include "cli/output.h"
#include "cli/work.h"

static jc_status check(jc_cli *cli, jc_error *err)
{
    const jc_own *own = &cli->args.own;

    if (!own->prompt == !own->file)
        return jc_cli_usage(cli, err,
                            own->prompt
                                ? "'generate' wants only one of '--prompt' and '--text'"
                                : "'generate' wants a prompt: '--prompt' or '--text'");
    for (size_t i = 0; i < own->stop.n; i++)
        if (!own->stop.item[i][0])
            return jc_cli_usage(cli, err, "'--stop' wants a string that is not empty");
    static const char *const said[] = {"exit",    "exit-at", "exit-threshold",
                                       "kv-fill", "draft",   "draft-nodes"};
    for (size_t i = 0; own->policy && i < JC_COUNT_OF(said); i++)
        if (jc_args_given(&cli->args, said[i]))
            return jc_cli_usage(cli, err, "the policy says what '--%s' says: give one",
                                said[i]);
    if (own->compare && !own->policy && strcmp(cli->args.generate.exit, "none") == 0)
        return jc_cli_usage(cli, err,
                            "'--compare' is of a text that '--exit' changes: name a gate");
    return JC_OK;
}

/* ---- prompts ---- */

/* [n]; the ids of each are owned. */
typedef struct prompts {
    jc_prompt *list;
    size_t n;
} prompts;

static void free_prompts(prompts *p)
{
    for (size_t i = 0; i < p->n; i++) {
        union {
            const uint32_t *borrowed;
            void *own;
        } ids = {p->list[i].ids};
        free(ids.own);
    }
    free(p->list);
}

/* `times` copies; an empty prompt is the token that begins a text. */
static jc_status add(prompts *p, const jc_cli *cli, const jc_tokenizer *tokenizer,
                     const uint32_t *ids, size_t n, size_t times, jc_error *err)
{
    int64_t bos = jc_tokenizer_special(tokenizer, "bos");
    const uint32_t begin = (uint32_t)bos;

    if (n == 0 && bos < 0)
        return jc_cli_fail(err, JC_E_ARG,
                           "the prompt is empty, and the tokenizer of '%s' has no token "
                           "that begins a text",
                           cli->args.word[0]);
    if (n == 0) {
        ids = &begin;
        n = 1;
    }
    jc_prompt *more = realloc(p->list, (p->n + times) * sizeof *more);
    if (!more)
        return jc_cli_fail(err, JC_E_NOMEM, "out of memory for the prompts");
    p->list = more;
    for (size_t i = 0; i < times; i++) {
        uint32_t *copy = malloc(n * sizeof *copy);
        if (!copy)
            return jc_cli_fail(err, JC_E_NOMEM, "out of memory for the prompts");
        memcpy(copy, ids, n * sizeof *copy);
        p->list[p->n++] = (jc_prompt){copy, n};
    }
    return JC_OK;
}

static jc_status read_file(prompts *p, const jc_cli *cli, const jc_model_info *info,
                           const jc_tokenizer *tokenizer, jc_error *err)
{
    jc_samples_params params = cli->args.samples;
    jc_samples *samples = NULL;
    jc_sample sample;

    params.positions = "all";
    params.split = "all";
    params.train = params.val = 0;
    params.context = 0; /* a prompt that is too long is not cut but refused */
    params.vocab = info->vocab;
    params.keep_empty = strcmp(params.unit, "file") == 0;
    jc_status st =
        jc_samples_from_text(&samples, tokenizer, &cli->args.own.file, 1, &params, err);
    while (st == JC_OK) {
        st = jc_samples_next(samples, &sample, err);
        if (st || !sample.ids)
            break;
        st = add(p, cli, tokenizer, sample.ids, sample.n_ids, cli->args.own.sequences, err);
    }
    jc_samples_close(samples);
    return st;
}

static jc_status read_prompts(prompts *p, const jc_cli *cli, const jc_model *model,
                              const jc_tokenizer *tokenizer, jc_error *err)
{
    const jc_model_info *info = jc_model_get_info(model);
    const jc_own *own = &cli->args.own;
    jc_ids ids = {0};

    if (own->file)
        return read_file(p, cli, info, tokenizer, err);
    jc_status st =
        jc_tokenizer_encode(tokenizer, own->prompt, strlen(own->prompt), &ids, err);
    if (st == JC_OK)
        st = jc_tokenizer_check(tokenizer, ids.id, ids.n, info->vocab, err);
    if (st == JC_OK)
        st = add(p, cli, tokenizer, ids.id, ids.n, own->sequences, err);
    jc_ids_free(&ids);
    return st;
}

/* ---- the work ---- */

/* Reading a long prompt is shown; while text is written, it shows itself. */
static bool on_progress(void *arg, const jc_progress *progress)
{
    jc_ui *ui = arg;

    return strcmp(progress->stage, "reading") == 0 ? jc_ui_progress(ui, progress)
                                                   : !jc_signals_stopped();
}

/* What drafters use: the shortcuts after MODEL, the tokens of --frequent, and the text of
 * --draft-text. */
typedef struct drafting {
    jc_shortcut *shortcut;
    jc_policy *policy;
    uint32_t *frequent; /* [n_frequent] */
    size_t n_frequent;
    uint32_t *text; /* [n_text] */
    size_t n_text;
} drafting;

static jc_status read_drafting(drafting *d, jc_cli *cli, const jc_model *model,
                               const jc_tokenizer *tokenizer, jc_error *err)
{
    jc_status st = JC_OK;

    if (cli->args.n_words > 1)
        st = jc_work_shortcuts(&d->shortcut, cli, model, err);
    if (st == JC_OK && cli->args.own.policy)
        st = jc_policy_open(&d->policy, cli->args.own.policy, err);
    if (st == JC_OK && cli->args.own.policy)
        st = jc_policy_check(d->policy, model, d->shortcut, err);
    if (st == JC_OK && cli->args.own.frequent)
        st = jc_frequent_tokens(&d->frequent, &d->n_frequent, tokenizer,
                                cli->args.own.frequent, &cli->args.samples,
                                jc_model_get_info(model)->vocab, err);
    const char *draft = d->policy ? jc_policy_get_info(d->policy)->draft : NULL;
    if (st == JC_OK)
        st = jc_draft_text(&d->text, &d->n_text, cli,
                           !d->policy ? cli->args.generate.draft
                           : draft    ? draft
                                      : "none",
                           tokenizer, jc_model_get_info(model)->vocab, err);
    return st;
}

static void say_cost(jc_cli *cli, const jc_model *model, const prompts *p,
                     const jc_generate_params *params)
{
    double bytes = (double)jc_generate_bytes(model, p->list, p->n, params) +
                   (double)params->n_draft_text * JC_DRAFT_TEXT_BYTES;
    const jc_model_info *info = jc_model_get_info(model);
    jc_ahead_text text = jc_ahead_text_of(model, p->list, p->n, params->tokens);
    double flops = (text.read + text.written) * jc_ahead_pass(info) +
                   text.written * jc_ahead_readout(info);
    double waiting = jc_ahead_steps(cli, info, text.steps);
    jc_ahead_say(cli, model, bytes, flops > waiting ? flops : waiting, false);
}

static void close_generate(jc_cli *cli, size_t tokens, size_t sequences)
{
    const jc_own *own = &cli->args.own;
    char many[48] = "", what[120];
    jc_next next;

    if (sequences > 1)
        snprintf(many, sizeof many, " in %zu sequences", sequences);
    snprintf(what, sizeof what, "%zu token%s%s", tokens, tokens == 1 ? "" : "s", many);
    jc_closing_wrote(cli, what, NULL);
    if (!own->prompt || !own->prompt[0])
        return;
    jc_next_begin(&next, cli, "lens");
    jc_next_model(&next);
    jc_next_option(&next, "--prompt", own->prompt);
    jc_next_say(&next);
}

static jc_status generate(jc_cli *cli, jc_model *model, const jc_tokenizer *tokenizer,
                          const prompts *p, const drafting *d, jc_error *err)
{
    jc_hooks hooks = {.progress = on_progress, .note = cli->ui.hooks.note, .arg = &cli->ui};
    jc_generate_params params = cli->args.generate;
    jc_ids ends = {0};
    jc_continuations all = {.model = model,
                            .tokenizer = tokenizer,
                            .ui = &cli->ui,
                            .stats = {.size = sizeof all.stats}};

    params.hooks = &hooks;
    params.logprobs = cli->args.generate.logprobs =
        strcmp(cli->args.own.format, "json") == 0;
    params.stats = &all.stats;
    params.measure = cli->args.own.speed;
    params.shortcut = d->shortcut;
    params.frequent = d->frequent;
    params.n_frequent = d->n_frequent;
    params.draft_text = d->text;
    params.n_draft_text = d->n_text;
    params.policy = d->policy;
    bool exits = strcmp(params.exit, "none") != 0;
    if (d->policy) {
        const jc_policy_info *info = jc_policy_get_info(d->policy);
        exits = info->gate && !info->never;
    }
    all.drafts = strcmp(params.draft, "none") != 0;
    if (d->policy) {
        const jc_policy_info *info = jc_policy_get_info(d->policy);
        all.drafts = info->draft && strcmp(info->draft, "none") != 0;
    }
    all.exits = exits;
    if (all.exits && cli->args.own.compare)
        all.compare = &params;
    jc_status st = jc_model_ends(model, tokenizer, &ends, err);
    params.ends = ends.id;
    params.n_ends = ends.n;
    if (st == JC_OK && cli->args.own.dry_run) {
        st = jc_generate_dry_run(model, p->list, p->n, &params, err);
        jc_ids_free(&ends);
        return st;
    }
    if (st == JC_OK)
        say_cost(cli, model, p, &params);
    if (st == JC_OK)
        st = jc_continuations_init(&all, cli, p->list, p->n, err);
    jc_continuations_start(&all);
    if (st == JC_OK)
        st = jc_generate(model, p->list, p->n, &params, jc_continuations_take, &all, err);
    if (st == JC_OK || st == JC_E_CANCELLED) {
        jc_error own;
        jc_status finished = jc_continuations_finish(&all, &own);
        if (finished) {
            if (finished != all.status)
                *err = own;
            st = finished;
        }
    }
    if (st == JC_OK)
        close_generate(cli, all.tokens, p->n);
    jc_continuations_free(&all);
    jc_ids_free(&ends);
    return st;
}

static jc_status run(jc_cli *cli, jc_error *err)
{
    jc_model *model = NULL;
    jc_tokenizer *tokenizer = NULL;
    prompts p = {0};
    drafting d = {.shortcut = NULL};
    jc_status st = check(cli, err);

    cli->args.model.as_stored = true; /* steps read them so, and memory holds them once */
    if (st == JC_OK)
        st = jc_work_model(&model, cli, cli->args.word[0], true, err);
    if (st == JC_OK && !jc_model_get_info(model)->causal)
        st = jc_cli_fail(err, JC_E_UNSUPPORTED, "'%s' is an encoder and cannot write texts",
                         cli->args.word[0]);
    if (st == JC_OK)
        st = jc_work_tokenizer(&tokenizer, cli, cli->args.word[0], err);
    if (st == JC_OK)
        jc_work_note_vocab(cli, model, tokenizer);
    if (st == JC_OK)
        st = read_prompts(&p, cli, model, tokenizer, err);
    if (st == JC_OK)
        st = read_drafting(&d, cli, model, tokenizer, err);
    if (st == JC_OK)
        st = generate(cli, model, tokenizer, &p, &d, err);
    free_prompts(&p);
    jc_shortcut_free(d.shortcut);
    jc_policy_free(d.policy);
    free(d.frequent);
    free(d.text);
    jc_tokenizer_close(tokenizer);
    jc_model_close(model);
    return st;
}

static const jc_own_row prompt_rows[] = {
    {{"prompt", JC_OPTION_TEXT, offsetof(jc_own, prompt), 0, 0, NULL, NULL,
      "the text to go on from"},
     "TEXT"},
    {{"text", JC_OPTION_TEXT, offsetof(jc_own, file), 0, 0, NULL, NULL,
      "the file with that text, or with several; - is standard input"},
     "FILE"},
    JC_TOKENIZER_ROW,
    {{"sequences", JC_OPTION_U32, offsetof(jc_own, sequences), 1, 1e7, "1", NULL,
      "go on from each prompt this many times, side by side"},
     "N"},
};
static const jc_group prompt_group = {
    .title = "Prompt", .own = prompt_rows, .n_own = JC_COUNT_OF(prompt_rows)};

static const jc_group draw_group = {
    .title = "Writing", .rows = jc_generate_options, .params = offsetof(jc_args, generate)};

static const jc_own_row stop_rows[] = {
    {{"policy", JC_OPTION_TEXT, offsetof(jc_own, policy), 0, 0, NULL, NULL,
      "draft as this policy says, which 'jumpcut tune' made of this model, or exit as "
      "that of 'jumpcut calibrate' says"},
     "FILE"},
    {{"frequent", JC_OPTION_TEXT, offsetof(jc_own, frequent), 0, 0, NULL, NULL,
      "draft 'context' among the tokens that are most frequent in this text; without it "
      "among the first ones of the vocabulary"},
     "FILE"},
    JC_DRAFT_TEXT_ROW,
    {{"stop", JC_OPTION_TEXT, offsetof(jc_own, stop), 0, 0, NULL, NULL,
      "end before any of these strings, which may lie across tokens"},
     "STRING..."},
};
static const jc_group stop_group = {
    .title = "Writing", .own = stop_rows, .n_own = JC_COUNT_OF(stop_rows)};

static const jc_own_row out_rows[] = {
    {{"compare", JC_OPTION_BOOL, offsetof(jc_own, compare), 0, 0, "false", NULL,
      "with --exit: have the full model write and read, too, and tell how many tokens are "
      "equal and how much faster they came"},
     NULL},
    {{"format", JC_OPTION_TEXT, offsetof(jc_own, format), 0, 0, "text", "text|json",
      "text as it comes, or all at the end with ids, log-probabilities and times"},
     "text|json"},
    {{"stats", JC_OPTION_BOOL, offsetof(jc_own, speed), 0, 0, "false", NULL,
      "tell the speed on standard error, and what share of the machine's memory rate it "
      "is; with drafts a fifth of the steps are run without, and tell what drafts gain; "
      "with json, in it"},
     NULL},
};
static const jc_group out_group = {
    .title = "Output", .own = out_rows, .n_own = JC_COUNT_OF(out_rows)};

static const jc_default defaults[] = {{"unit", "file"}, {NULL, NULL}};

const jc_command jc_command_generate = {
    .name = "generate",
    .summary = "what a model writes after a prompt",
    .usage = "MODEL [SHORTCUTS] --prompt TEXT|--text FILE [options]",
    .words = "MODEL [SHORTCUTS]",
    .min_words = 1,
    .max_words = 2,
    .teach =
        "Writes on from a prompt, token by token, to standard output. The prompt itself is "
        "not printed. Writing ends with a token that ends texts or turns, at a stop "
        "string, "
        "after --tokens, or when the model's context is full.\n\n"
        "At temperature 0, the default, the most likely token is taken each time. "
        "Otherwise "
        "it is drawn: the repetition penalty changes the logits, the temperature divides "
        "them, "
        "then top-k, top-p and min-p, in this order, leave the more likely tokens. A draw "
        "depends on the seed, the sequence's number and the position alone, so the same "
        "command writes the same text on any number of threads.\n\n"
        "A file is one prompt, as it is; with --unit line each of its lines is. Several "
        "sequences "
        "are "
        "written side by side, and each pass reads the model's weights once for all of "
        "them. "
        "As text they are printed one after the other, each under a line '==> 1 of 3 <=='; "
        "as JSON each has its ids, its text, the log-probability of each token in the "
        "model's own distribution, and why it ended: 'token', 'tokens', 'context', 'stop' "
        "or 'interrupted'.\n\n"
        "With --draft, drafters guess the tokens to come, a pass runs many guesses at "
        "once, "
        "and those that the model would have written anyway are written: the text is the "
        "same, bit for bit, at any temperature, and comes in fewer passes. 'ngram' guesses "
        "what followed the last tokens before; 'recycle' what the model held likely after "
        "the same token before; 'context' what a map from a token's embedding and the "
        "state "
        "of the token before makes of it, fitted with '--from 0,12@-1 --to 12' for a model "
        "of 12 blocks and named after MODEL; 'exit:3' what the first 3 blocks and the map "
        "from there do ('--pairs final'); 'corpus' what followed the last tokens in the "
        "text of --draft-text. 'auto' takes all but 'exit' that it can; "
        "'jumpcut tune' "
        "measures which of them pay, and --policy takes these.\n\n"
        "With --exit, a token leaves the model at the first exit point where the gate "
        "opens: "
        "the state there, mapped to the last layer by the shortcuts after MODEL, is read "
        "out, and later blocks are not run. This is another text than the full model's: "
        "--compare tells how many tokens are equal. Later tokens need keys and values of "
        "the "
        "blocks that were not run: 'defer' runs these when a later token goes that deep, "
        "and is "
        "exact; 'mat' makes them of the state mapped to each layer (fit with --pairs all), "
        "'copy' of the state at the exit. Maps, read-outs and fills cost, too: --stats "
        "tells "
        "of each.\n\n"
        "A pass over few tokens waits for memory: --stats compares the bytes of weights "
        "that it reads with what the machine's memory gives.",
    .examples =
        "jumpcut generate ./gpt2 --prompt 'The capital of France is' --tokens 20\n"
        "# four different ones, and how fast\n"
        "jumpcut generate ./gpt2 --prompt 'Once upon a time' --temperature 0.8 --top-p "
        "0.95 "
        "--sequences 4 --stats\n"
        "# the same text in fewer passes\n"
        "jumpcut generate ./gpt2 --prompt 'Once upon a time' --draft auto --stats\n"
        "jumpcut fit ./gpt2 --text texts.txt --from 0,12@-1 --to 12 --bias --out "
        "context.safetensors\n"
        "jumpcut generate ./gpt2 context.safetensors --prompt 'Once upon a time' --draft "
        "auto --frequent texts.txt\n"
        "# leave after 6 or 9 of 12 blocks where the best token is far ahead\n"
        "jumpcut fit ./gpt2 --text texts.txt --out maps.safetensors\n"
        "jumpcut generate ./gpt2 maps.safetensors --prompt 'Once upon a time' --exit gap "
        "--exit-at 6,9 --exit-threshold 0.6 --compare\n"
        "# up to the end of the sentence\n"
        "jumpcut generate ./gpt2 --prompt 'The river' --stop . --tokens 0\n"
        "# each line of a file is a prompt\n"
        "jumpcut generate ./gpt2 --text prompts.txt --unit line --format json\n",
    .groups = (const jc_group *const[]){&prompt_group, &draw_group, &stop_group, &out_group,
                                        &jc_group_texts, &jc_group_model, &jc_group_dry_run,
                                        &jc_group_common, NULL},
    .defaults = defaults,
    .run = run,
};
