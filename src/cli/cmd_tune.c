/* SPDX-License-Identifier: MIT */
/* cmd_tune.c: `jumpcut tune`: which drafters pay for a model on this machine. */
#include <stdlib.h>
#include <string.h>

#include "cli/ahead.h"
#include "cli/cli.h"
#include "cli/closing.h"
#include "cli/draft_text.h"
#include "cli/inputs.h"
#include "cli/work.h"

static void print_passes(const jc_policy_info *i)
{
    printf("a pass over tokens, in passes over one (%.2f ms):", 1e3 * i->pass_seconds[0]);
    for (size_t k = 1; k < i->n_pass; k++)
        printf(" %u: %.2f", i->pass_rows[k], i->pass_seconds[k] / i->pass_seconds[0]);
    printf("\n\n");
}

static void print_tried(const jc_tried *t)
{
    printf("%-24s %6.2f %6.1f %9.2f %8.2f  ", t->drafters, t->tokens, t->drafts,
           t->predicted, t->measured);
    for (size_t d = 0; d < 3 && t->came[d]; d++)
        printf(" %2.0f/%2.0f/%2.0f", 100 * t->right[d][0], 100 * t->right[d][1],
               100 * t->right[d][2]);
    putchar('\n');
}

static void print_policy(const jc_policy_info *i)
{
    print_passes(i);
    printf("%-24s %6s %6s %9s %8s   %s\n", "", "tokens", "drafts", "speed-up", "speed-up",
           "right, % by the 1st/2nd/3rd");
    printf("%-24s %6s %6s %9s %8s   %s\n", "drafters", "a pass", "a pass", "predicted",
           "by clock", "best guess, 1, 2, 3 deep");
    for (size_t k = 0; k < i->n_tried; k++)
        print_tried(&i->tried[k]);
    printf("\nchosen    %s", i->draft);
    if (i->draft_speed > 1)
        printf(": %.2f times as fast as plain decode", i->draft_speed);
    printf("\n");
}

/* Each text is continued plainly and with every choice of drafters. */
static void say_cost(jc_cli *cli, const jc_model *model)
{
    const jc_args *args = &cli->args;
    const char *draft = args->tune.draft;
    int drafters = strcmp(draft, "auto") == 0
                       ? 2 + (args->n_words > 1) + (args->own.draft_text != NULL)
                       : 1;

    for (; *draft; draft++)
        drafters += *draft == '+';
    double steps = (double)args->tune.prompts * args->tune.tokens * (1 << drafters);
    jc_ahead_say(cli, model, (double)args->tune.n_draft_text * JC_DRAFT_TEXT_BYTES,
                 jc_ahead_steps(cli, jc_model_get_info(model), steps), false);
}

static jc_status run(jc_cli *cli, jc_error *err)
{
    jc_args *args = &cli->args;
    jc_model *model = NULL;
    jc_shortcut *shortcut = NULL;
    jc_policy *policy = NULL;
    jc_work work = {0};
    jc_tokenizer *tokenizer = NULL;
    uint32_t *text = NULL;
    jc_status st;

    if (!args->own.out)
        return jc_cli_usage(cli, err, "'tune' wants '--out FILE'");
    st = jc_work_check(cli, "val", err);
    if (st == JC_OK)
        st = jc_inputs_file(args->own.out, "a policy", err);
    if (st == JC_OK)
        st = jc_inputs_spare(cli, &args->own.out, 1, err);
    if (st == JC_OK)
        st = jc_work_model(&model, cli, args->word[0], true, err);
    if (st == JC_OK && !jc_model_get_info(model)->causal)
        st = jc_cli_fail(err, JC_E_UNSUPPORTED, "'%s' is an encoder and cannot write texts",
                         args->word[0]);
    if (st == JC_OK && args->n_words > 1)
        st = jc_work_shortcuts(&shortcut, cli, model, err);
    if (st == JC_OK && shortcut)
        st = jc_origin_compare(cli, shortcut, args->word[1], err);
    if (st == JC_OK)
        st = jc_work_open(&work, cli, model, err);
    if (st == JC_OK && args->own.draft_text)
        st = jc_work_tokenizer(&tokenizer, cli, args->word[0], err);
    if (st == JC_OK)
        st = jc_draft_text(&text, &args->tune.n_draft_text, cli, args->tune.draft,
                           tokenizer, jc_model_get_info(model)->vocab, err);
    args->tune.draft_text = text;
    if (st == JC_OK)
        say_cost(cli, model);
    if (st == JC_OK)
        st = jc_tune(&policy, model, shortcut, work.samples, &args->tune, err);
    jc_ui_clear(&cli->ui);
    if (st == JC_OK)
        st = jc_policy_save(policy, args->own.out, err);
    if (st == JC_OK) {
        print_policy(jc_policy_get_info(policy));
        jc_closing_wrote(cli, "the policy", args->own.out);
    }
    if (st == JC_OK && strcmp(jc_policy_get_info(policy)->draft, "none") != 0) {
        jc_next next;
        jc_next_begin(&next, cli, "generate");
        jc_next_model(&next);
        if (shortcut)
            jc_next_word(&next, args->word[1]);
        jc_next_option(&next, "--policy", args->own.out);
        if (strstr(jc_policy_get_info(policy)->draft, "corpus"))
            jc_next_option(&next, "--draft-text", args->own.draft_text);
        jc_next_option(&next, "--prompt", "The river");
        jc_next_say(&next);
    }
    free(text);
    jc_tokenizer_close(tokenizer);
    jc_policy_free(policy);
    jc_work_close(&work);
    jc_shortcut_free(shortcut);
    jc_model_close(model);
    return st;
}

static const jc_own_row rows[] = {
    {{"out", JC_OPTION_TEXT, offsetof(jc_own, out), 0, 0, NULL, NULL,
      "write the policy there, for 'jumpcut generate --policy'"},
     "FILE"},
};
static const jc_own_row text_rows[] = {JC_DRAFT_TEXT_ROW};
static const jc_group text_group = {
    .title = "Drafts", .own = text_rows, .n_own = JC_COUNT_OF(text_rows)};
static const jc_group output = {.title = "Output", .own = rows, .n_own = JC_COUNT_OF(rows)};

static const jc_group drafts = {
    .title = "Drafts", .rows = jc_tune_options, .params = offsetof(jc_args, tune)};

static const jc_default defaults[] = {{"split", NULL}, {NULL, NULL}};

const jc_command jc_command_tune = {
    .name = "tune",
    .summary = "which drafters make a model write faster on this machine",
    .usage = "MODEL [SHORTCUTS] --text FILE...|--samples FILE --out FILE [options]",
    .words = "MODEL [SHORTCUTS]",
    .min_words = 1,
    .max_words = 2,
    .teach =
        "Drafters guess tokens, and one pass runs many guesses ('generate --draft'): the "
        "text is the same, bit for bit, and what is gained depends on the model, the "
        "machine and the texts. This command measures it: what passes over 1 to 32 tokens "
        "take, how often the guesses of each drafter are right, by depth and rank, and "
        "what guessing costs. It continues each text plainly and with every choice of "
        "drafters, and keeps the fastest; where none is faster than plain decode, it says "
        "so.\n\n"
        "The policy holds the drafters, the times of passes, by which trees are grown, and "
        "what guesses were worth. 'jumpcut generate --policy' uses it, at any temperature, "
        "and refuses the policy of another model. Name shortcuts with a map that drafters "
        "need ('fit --from 0,12@-1 --to 12' for a model of 12 blocks), and texts other "
        "than "
        "those that it was fitted on. The most frequent tokens of the texts are those that "
        "such drafters choose among. With --draft-text the drafter 'corpus' is tried, too; "
        "give 'generate' the same text.\n\n"
        "Measure on the machine as it will be used, with nothing else running.",
    .examples =
        "jumpcut tune ./gpt2 --text texts.txt --out policy.json\n"
        "jumpcut generate ./gpt2 --policy policy.json --prompt 'The river' --stats\n"
        "# with context maps, for texts that are drawn\n"
        "jumpcut fit ./gpt2 --text texts.txt --from 0,12@-1 --to 12 --bias --out "
        "context.safetensors\n"
        "jumpcut tune ./gpt2 context.safetensors --text texts.txt --temperature 0.8 --out "
        "policy.json\n",
    .groups = (const jc_group *const[]){&drafts, &text_group, &output, &jc_group_corpus,
                                        &jc_group_texts, &jc_group_samples_file,
                                        &jc_group_samples, &jc_group_model,
                                        &jc_group_common, NULL},
    .defaults = defaults,
    .run = run,
};
