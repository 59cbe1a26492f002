/* SPDX-License-Identifier: MIT */
/* cmd_calibrate.c: `jumpcut calibrate`: a threshold of early exit with a promise. */
#include <string.h>

#include "cli/ahead.h"
#include "cli/cli.h"
#include "cli/closing.h"
#include "cli/inputs.h"
#include "cli/work.h"

static void print_policy(const jc_policy_info *i)
{
    printf("gate      %s, exits after %s\n", i->gate, i->exit_at);
    if (i->never) {
        printf("threshold none: no token leaves\n");
        printf("texts     %llu, of %llu tokens\n", (unsigned long long)i->texts,
               (unsigned long long)i->tokens);
        return;
    }
    printf("threshold %.6g\n", i->threshold);
    printf("promise   exits change less than %g%% of a text's tokens on average, with "
           "confidence %g%%\n",
           100 * i->risk, 100 * i->confidence);
    printf("shown on  %llu texts, of %llu tokens: %.3f%% were changed, p = %.4g\n",
           (unsigned long long)i->texts, (unsigned long long)i->tokens,
           100 * i->measured_risk, i->p);
    printf(
        "saving    leaves %.2f of %.0f blocks unrun by a token on its way, of which %.2f "
        "are run later\n",
        i->layers - i->blocks, i->layers, i->late);
    printf("          with maps and read-outs: %.3f of the multiply-adds and %.3f of the "
           "bytes of the full model\n",
           i->flops, i->bytes);
}

enum { CHOSEN = 3 }; /* exit points where none are named, at most */

/* Each text is read once, with a read-out at every exit point and at the end. */
static void say_cost(jc_cli *cli, const jc_model *model, const jc_samples *samples)
{
    const jc_model_info *info = jc_model_get_info(model);
    const char *at = cli->args.calibrate.exit_at;
    double readouts = at ? 2 : 1 + CHOSEN, tokens = jc_ahead_tokens(cli, samples);

    for (; at && *at; at++)
        readouts += *at == ',';
    jc_ahead_say(cli, model, 0,
                 jc_ahead_writing(cli, info, tokens) +
                     tokens * (jc_ahead_pass(info) + readouts * jc_ahead_readout(info)),
                 false);
}

static jc_status run(jc_cli *cli, jc_error *err)
{
    const jc_args *args = &cli->args;
    jc_model *model = NULL;
    jc_shortcut *shortcut = NULL;
    jc_policy *policy = NULL;
    jc_work work = {0};
    jc_status st;

    if (!args->own.out)
        return jc_cli_usage(cli, err, "'calibrate' wants '--out FILE'");
    st = jc_work_check(cli, "val", err);
    if (st == JC_OK)
        st = jc_inputs_file(args->own.out, "a policy", err);
    if (st == JC_OK)
        st = jc_inputs_spare(cli, &args->own.out, 1, err);
    if (st == JC_OK)
        st = jc_work_model(&model, cli, args->word[0], true, err);
    if (st == JC_OK)
        st = jc_work_shortcuts(&shortcut, cli, model, err);
    if (st == JC_OK)
        st = jc_origin_compare(cli, shortcut, args->word[1], err);
    if (st == JC_OK)
        st = jc_work_open(&work, cli, model, err);
    if (st == JC_OK)
        say_cost(cli, model, work.samples);
    if (st == JC_OK)
        st = jc_calibrate(&policy, model, shortcut, work.samples, &args->calibrate, err);
    jc_ui_clear(&cli->ui);
    if (st == JC_OK)
        st = jc_policy_save(policy, args->own.out, err);
    if (st == JC_OK) {
        print_policy(jc_policy_get_info(policy));
        jc_closing_wrote(cli, "the policy", args->own.out);
    }
    if (st == JC_OK && !jc_policy_get_info(policy)->never) {
        jc_next next;
        jc_next_begin(&next, cli, "generate");
        jc_next_model(&next);
        jc_next_word(&next, args->word[1]);
        jc_next_option(&next, "--policy", args->own.out);
        jc_next_option(&next, "--prompt", "The river");
        jc_next_say(&next);
    }
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
static const jc_group output = {.title = "Output", .own = rows, .n_own = JC_COUNT_OF(rows)};

static const jc_group exits = {.title = "Early exit",
                               .rows = jc_calibrate_options,
                               .params = offsetof(jc_args, calibrate)};

static const jc_default defaults[] = {{"split", NULL}, {NULL, NULL}};

const jc_command jc_command_calibrate = {
    .name = "calibrate",
    .summary = "a threshold for early exit, with a bound on what it changes",
    .usage = "MODEL SHORTCUTS --text FILE...|--samples FILE|--self-text N --out FILE "
             "[options]",
    .words = "MODEL SHORTCUTS",
    .min_words = 2,
    .max_words = 2,
    .teach =
        "Reads texts with the full model, works out for every threshold of the gate which "
        "tokens would leave and what they would change, and chooses the threshold that "
        "lets "
        "most leave among those that were shown to keep the promise: exits change less "
        "than "
        "--risk of a text's tokens on average, with --confidence. The method is Learn then "
        "Test with Hoeffding-Bentkus p-values over texts: it holds whatever the model and "
        "the maps are worth, if the texts are of the kind that will be written.\n\n"
        "A text's loss is the share of its tokens whose most likely next one at the exit "
        "is "
        "not that of the full model. Keys and values are those of '--kv-fill defer'. With "
        "too few texts nothing can be shown, and the policy lets no token leave: for 5% at "
        "95%, 59 texts are the fewest, and some hundred are of use. Take other texts than "
        "the maps were fitted on: without --split the texts are those that 'fit' leaves "
        "for "
        "validation.",
    .examples =
        "jumpcut fit ./gpt2 --text texts.txt --out maps.safetensors\n"
        "jumpcut calibrate ./gpt2 maps.safetensors --text texts.txt --exit-at 6,9 --out "
        "policy.json\n"
        "jumpcut generate ./gpt2 maps.safetensors --policy policy.json --prompt 'The "
        "river' "
        "--compare\n",
    .groups = (const jc_group *const[]){&exits, &output, &jc_group_corpus, &jc_group_texts,
                                        &jc_group_samples_file, &jc_group_self_text,
                                        &jc_group_samples, &jc_group_model,
                                        &jc_group_common, NULL},
    .defaults = defaults,
    .run = run,
};
