/* SPDX-License-Identifier: MIT */
/* cmd_states.c: `jumpcut states`: the hidden states of texts, for other programs. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/closing.h"
#include "cli/ahead.h"
#include "cli/dry_run.h"
#include "cli/inputs.h"
#include "cli/output.h"
#include "cli/work.h"

/* Python, which most of those who want states have at hand. */
static void close_states(jc_cli *cli)
{
    const char *out = cli->args.own.out;
    size_t n = strlen(out);
    bool npy = n > 4 && strcmp(out + n - 4, ".npy") == 0;
    char *script =
        jc_format(npy ? "import numpy; print(numpy.load(\"%s\").shape)"
                      : "from safetensors.numpy import load_file; "
                        "print({k: v.shape for k, v in load_file(\"%s\").items()})",
                  out);
    jc_next next = {.cli = cli, .whole = true};

    jc_closing_wrote(cli, "the states", out);
    if (script && !strpbrk(out, "\"\\")) {
        jc_next_option(&next, "python3", "-c");
        jc_next_word(&next, script);
        jc_next_say(&next);
    }
    free(script);
}

static jc_status check_texts(jc_cli *cli, jc_error *err)
{
    const jc_own *own = &cli->args.own;

    if (!own->prompt)
        return jc_work_check(cli, "all", err);
    if (own->text.n || own->samples || cli->args.self.self_text)
        return jc_cli_usage(cli, err,
                            "'states' wants only one of '--prompt', '--text', '--samples' "
                            "and '--self-text'");
    return JC_OK;
}

/* Some of the states are written beside where all would be, and removed. */
static jc_status dry_run(jc_cli *cli, const jc_model *model, jc_error *err)
{
    const jc_args *args = &cli->args;
    const jc_model_info *info = jc_model_get_info(model);
    const char *dot = strrchr(args->own.out, '.'), *comma = args->states.taps;
    bool some = comma && strcmp(comma, "all") != 0;
    char *path =
        jc_format("%s.dry-run-%ld%s", args->own.out, (long)getpid(), dot ? dot : "");
    double taps = some ? 1 : info->layers + 1.0;
    jc_work work = {0};
    jc_dry dry;

    if (!path)
        return jc_cli_fail(err, JC_E_NOMEM, "out of memory for a path");
    jc_status st = jc_dry_count(&dry, cli, model, err);
    while (some && (comma = strchr(comma + 1, ',')))
        taps++;
    if (st == JC_OK)
        st = jc_work_open(&work, cli, model, err);
    if (st == JC_OK) {
        jc_dry_begin(&dry);
        st = jc_states_save(model, work.samples, path, &args->states, err);
        st = jc_dry_end(&dry, st);
        unlink(path);
    }
    if (st == JC_OK) {
        double bytes = dry.vectors * taps * info->width * sizeof(float);
        const jc_dry_step steps[] = {
            {"writing states", dry.seconds, dry.memory, 2 * bytes}};
        jc_dry_print(&dry, steps, JC_COUNT_OF(steps));
    }
    jc_work_close(&work);
    free(path);
    return st;
}

static void say_cost(jc_cli *cli, const jc_model *model, const jc_samples *samples)
{
    const jc_model_info *info = jc_model_get_info(model);
    double tokens = cli->args.own.prompt ? 0 : jc_ahead_tokens(cli, samples);

    jc_ahead_say(cli, model, 0,
                 tokens * jc_ahead_pass(info) + jc_ahead_writing(cli, info, tokens), false);
}

static jc_status run(jc_cli *cli, jc_error *err)
{
    const jc_args *args = &cli->args;
    jc_model *model = NULL;
    jc_work work = {0};
    const jc_ui_step steps[] = {{"writing states", 1}};
    jc_status st;

    if (!args->own.out)
        return jc_cli_usage(cli, err, "'states' wants '--out FILE'");
    st = check_texts(cli, err);
    if (st == JC_OK)
        st = jc_inputs_file(args->own.out, "a file of tensors", err);
    if (st == JC_OK)
        st = jc_inputs_spare(cli, &args->own.out, 1, err);
    if (st)
        return st;
    st = jc_work_model(&model, cli, args->word[0], true, err);
    if (st == JC_OK && args->own.dry_run) {
        st = args->own.prompt ? jc_cli_usage(cli, err,
                                             "'--dry-run' is of texts, and "
                                             "'--prompt' is soon done")
                              : dry_run(cli, model, err);
        jc_model_close(model);
        return st;
    }
    if (st == JC_OK)
        st = args->own.prompt ? jc_work_prompt(&work, cli, model, err)
                              : jc_work_open(&work, cli, model, err);
    if (st == JC_OK)
        say_cost(cli, model, work.samples);
    jc_ui_plan(&cli->ui, steps, JC_COUNT_OF(steps));
    if (st == JC_OK)
        st = jc_states_save(model, work.samples, args->own.out, &args->states, err);
    jc_work_close(&work);
    jc_model_close(model);
    jc_ui_clear(&cli->ui);
    if (st == JC_OK)
        close_states(cli);
    return st;
}

static const jc_own_row rows[] = {
    {{"out", JC_OPTION_TEXT, offsetof(jc_own, out), 0, 0, NULL, NULL,
      "the file to write; its name ends in .safetensors, or in .npy for a single tap"},
     "FILE"},
    {{"prompt", JC_OPTION_TEXT, offsetof(jc_own, prompt), 0, 0, NULL, NULL,
      "one text to run, in place of --text: its states are taken at every token"},
     "TEXT"},
};
static const jc_group own_rows = {
    .title = "Output", .own = rows, .n_own = JC_COUNT_OF(rows)};
static const jc_group states_rows = {
    .title = "Output", .rows = jc_states_options, .params = offsetof(jc_args, states)};

const jc_command jc_command_states = {
    .name = "states",
    .summary = "the hidden states of texts, as a file for other programs",
    .usage = "MODEL --text FILE...|--prompt TEXT|--samples FILE --out FILE [options]",
    .words = "MODEL",
    .min_words = 1,
    .max_words = 1,
    .teach =
        "Runs texts through the model and writes the states at the taps that --taps names, "
        "at the positions that the samples name: of an encoder, at its masks. Memory does "
        "not grow with the texts; the disk must hold the states twice for a while.\n\n"
        "Tap 0 is the output of the embedding, and tap 6 that of block 6: the same as "
        "hidden_states[0] and hidden_states[6] of transformers. The last tap is the output "
        "of the last block, before the final norm; hidden_states[-1] is after it, where "
        "the "
        "model has one (encoders such as BERT have none, and there the two are the same). "
        "Of an encoder tap 0 is after the norm of the embedding, again as hidden_states[0]."
        "\n\n"
        "Inside block 6, 6.ln1 and 6.ln2 are the outputs of its norms, 6.attn and 6.mlp "
        "what attention and the MLP add to the residual stream (after the norm behind "
        "them, "
        "if there is one), 6.mid the stream after attention, 6.sum after the MLP. "
        "transformers does not list these. They are the outputs of modules there, such as "
        "h[5].attn in GPT-2 and layers[5].self_attn in Llama: it counts blocks from 0.\n\n"
        "A .safetensors file holds 'states.TAP' [rows, width] in float32 for each tap, and "
        "in int64 'rows' [rows, 2], the text of each row, counted from 0 in the order that "
        "texts were run, and its position in it; 'ids', the tokens of all texts, one text "
        "after another; and 'texts', where each text's tokens begin in 'ids', and where "
        "the "
        "last one's end. Row r is of the token ids[texts[rows[r, 0]] + rows[r, 1]]. A .npy "
        "file holds the states of one tap.",
    .examples = "jumpcut states ./gpt2 --text wiki.txt --taps 0,6,6.attn,12 --out "
                "states.safetensors\n"
                "jumpcut states ./gpt2 --prompt 'The capital of France is' --out "
                "prompt.safetensors\n"
                "# exactly those texts and positions, in that order\n"
                "jumpcut sample ./gpt2 --text wiki.txt --positions one --out work.jsonl\n"
                "jumpcut states ./gpt2 --samples work.jsonl --taps 6 --out six.npy\n",
    .groups =
        (const jc_group *const[]){&own_rows, &states_rows, &jc_group_corpus,
                                  &jc_group_texts, &jc_group_samples_file,
                                  &jc_group_self_text, &jc_group_samples, &jc_group_model,
                                  &jc_group_dry_run, &jc_group_common, NULL},
    .run = run,
};
