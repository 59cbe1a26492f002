/* SPDX-License-Identifier: MIT */
/* cmd_lens.c: `jumpcut lens`: what each layer already knows about a text. */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/ahead.h"
#include "cli/cli.h"
#include "cli/closing.h"
#include "cli/dry_run.h"
#include "cli/inputs.h"
#include "cli/output.h"
#include "cli/targets.h"
#include "cli/work.h"

enum { PLAIN_WIDTH = 100 }; /* columns, where there is no terminal to ask */

static jc_status check(jc_cli *cli, jc_error *err)
{
    const jc_own *own = &cli->args.own;

    if (!own->prompt == !own->file)
        return jc_cli_usage(cli, err,
                            own->prompt ? "'lens' wants only one of '--prompt' and '--text'"
                                        : "'lens' wants a text: '--prompt' or '--text'");
    return JC_OK;
}

/* The ids of the first text of a file, cut at the model's context. */
static jc_status read_file(jc_ids *ids, jc_cli *cli, const jc_model_info *info,
                           const jc_tokenizer *tokenizer, jc_error *err)
{
    jc_samples_params params = cli->args.samples;
    const char *file = cli->args.own.file;
    jc_samples *samples = NULL;
    jc_sample sample = {0};

    params.context = info->context;
    params.vocab = info->vocab;
    jc_status st = jc_samples_from_text(&samples, tokenizer, &file, 1, &params, err);
    if (st == JC_OK)
        st = jc_samples_next(samples, &sample, err);
    if (st == JC_OK) { /* there is one, or it had failed */
        ids->id = malloc(sample.n_ids * sizeof *ids->id);
        ids->n = sample.n_ids;
        if (ids->id)
            memcpy(ids->id, sample.ids, sample.n_ids * sizeof *ids->id);
        else
            st = jc_cli_fail(err, JC_E_NOMEM, "out of memory for the text");
    }
    if (st == JC_OK && jc_samples_more(samples)) {
        char note[400];
        snprintf(note, sizeof note,
                 "only the first text of '%s' is shown; '--unit file' takes the whole file "
                 "for one",
                 file);
        jc_ui_note(&cli->ui, note);
    }
    jc_samples_close(samples);
    return st;
}

static jc_status read_text(jc_ids *ids, jc_cli *cli, const jc_model_info *info,
                           const jc_tokenizer *tokenizer, jc_error *err)
{
    const char *prompt = cli->args.own.prompt;

    if (!prompt)
        return read_file(ids, cli, info, tokenizer, err);
    jc_status st = jc_tokenizer_encode(tokenizer, prompt, strlen(prompt), ids, err);
    if (st == JC_OK)
        st = jc_tokenizer_check(tokenizer, ids->id, ids->n, info->vocab, err);
    if (st == JC_OK && ids->n == 0)
        st = jc_cli_fail(err, JC_E_ARG, "the prompt is empty");
    if (st == JC_OK && ids->n > info->context)
        st = jc_cli_fail(err, JC_E_ARG,
                         "the prompt has %zu tokens; the model takes %u at most", ids->n,
                         info->context);
    return st;
}

static jc_lens_look look_of(FILE *f)
{
    const char *term = getenv("TERM"), *plain = getenv("NO_COLOR");
    jc_lens_look look = {.width = PLAIN_WIDTH};
    struct winsize size;

    if (!isatty(fileno(f)))
        return look;
    if (ioctl(fileno(f), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        look.width = size.ws_col;
    look.colour = !(plain && plain[0]) && term && strcmp(term, "dumb") != 0;
    return look;
}

/* A page is nothing to read on a terminal. */
static const char *out_path(const jc_cli *cli)
{
    const jc_own *own = &cli->args.own;
    bool page = strcmp(own->format, "html") == 0;

    return !own->out && page && isatty(STDOUT_FILENO) ? "lens.html" : own->out;
}

/* A page is looked at; of anything else a page can be made. */
static void close_lens(jc_cli *cli, const jc_lens *lens, const char *path)
{
    const jc_own *own = &cli->args.own;
    bool page = strcmp(own->format, "html") == 0;
    bool file = path && strcmp(path, "-") != 0;
    size_t n = jc_lens_columns(lens);
    char what[60];
    jc_next next;

    snprintf(what, sizeof what, "the lens of %zu position%s", n, n == 1 ? "" : "s");
    if (file)
        jc_closing_wrote(cli, what, path);
    if (file && page)
        jc_closing_open(cli, path);
    if (page || (own->file && strcmp(own->file, "-") == 0))
        return;
    jc_next_begin(&next, cli, "lens");
    jc_next_model(&next);
    for (size_t i = 1; i < cli->args.n_words; i++)
        jc_next_word(&next, cli->args.word[i]);
    jc_next_option(&next, own->prompt ? "--prompt" : "--text",
                   own->prompt ? own->prompt : own->file);
    if (jc_args_given(&cli->args, "unit"))
        jc_next_option(&next, "--unit", cli->args.samples.unit);
    for (size_t i = 0; i < own->target.n; i++)
        jc_next_option(&next, "--target", own->target.item[i]);
    if (own->range)
        jc_next_option(&next, "--positions", own->range);
    jc_next_option(&next, "--format", "html");
    jc_next_option(&next, "--out", "lens.html");
    jc_next_say(&next);
}

static jc_status show(jc_cli *cli, const jc_lens *lens, jc_error *err)
{
    const char *format = cli->args.own.format, *path = out_path(cli);
    char *text = NULL;
    size_t length;
    jc_output out;
    jc_status st = jc_output_open(&out, path, err);

    if (st)
        return st;
    jc_ui_clear(&cli->ui);
    const jc_lens_look look = look_of(out.f);
    st = jc_lens_show(lens, format, &look, &text, &length, err);
    if (st == JC_OK) {
        fwrite(text, 1, length, out.f); /* errors are seen at commit */
        st = jc_output_commit(&out, err);
    } else {
        jc_output_discard(&out);
    }
    free(text);
    if (st == JC_OK && path && !cli->args.own.out)
        printf("lens: %s\n", path);
    if (st == JC_OK)
        close_lens(cli, lens, path);
    return st;
}

/* A text and how it is read. */
typedef struct reading {
    const jc_model *model;
    const jc_tokenizer *tokenizer;
    const jc_shortcut *const *shortcuts;
    size_t n_shortcuts;
    jc_ids ids;
    jc_lens_params params;
} reading;

static jc_status make(jc_lens **lens, const reading *r, jc_error *err)
{
    return jc_lens_new(lens, r->model, r->tokenizer, r->shortcuts, r->n_shortcuts,
                       r->ids.id, r->ids.n, &r->params, err);
}

/* Layers that are read out by all maps; taps inside blocks are not counted. */
static double lines_of(const reading *r)
{
    const char *map = r->params.map;
    double maps = map && strcmp(map, "all") == 0 ? 1 + (double)r->n_shortcuts : 1;

    return maps * (jc_model_get_info(r->model)->layers + 1.0);
}

/* What a lens holds of a position: guesses and their probabilities, and some numbers. */
static double bytes_of(const reading *r)
{
    return lines_of(r) * (8.0 * r->params.top + 24 + 16.0 * (double)r->params.n_targets);
}

/* Read-outs are counted where all positions are read. */
static void say_cost(jc_cli *cli, const reading *r)
{
    const jc_model_info *info = jc_model_get_info(r->model);
    double n = (double)r->ids.n, columns = r->params.positions ? 1 : n;

    jc_ahead_say(cli, r->model, columns * bytes_of(r),
                 n * jc_ahead_pass(info) + columns * lines_of(r) * jc_ahead_readout(info),
                 false);
}

/* Bytes of the output of some positions. */
static jc_status output_of(double *bytes, double *columns, jc_cli *cli,
                           const reading *whole, const char *positions, jc_error *err)
{
    const jc_lens_look look = {.width = PLAIN_WIDTH};
    reading few = *whole;
    jc_lens *lens = NULL;
    char *text = NULL;
    size_t length = 0;

    few.params.hooks = NULL;
    few.params.positions = positions;
    jc_status st = make(&lens, &few, err);
    if (st == JC_OK)
        st = jc_lens_show(lens, cli->args.own.format, &look, &text, &length, err);
    *bytes = (double)length;
    *columns = (double)jc_lens_columns(lens);
    free(text);
    jc_lens_free(lens);
    return st;
}

/* Of all, from what a few positions add. An encoder has few, which are masks: all. */
static jc_status measure_output(double *bytes, jc_cli *cli, const reading *whole,
                                jc_error *err)
{
    double some, more, columns, n, all = (double)whole->ids.n;
    bool few = !jc_model_get_info(whole->model)->causal || whole->ids.n < 8;
    const char *range = whole->params.positions;

    jc_status st = output_of(&some, &columns, cli, whole, few ? range : "0:2", err);
    *bytes = some;
    if (st || few)
        return st;
    st = output_of(&more, &n, cli, whole, "0:6", err);
    *bytes = some + (more - some) / (n - columns) * (all - columns);
    return st;
}

static jc_status dry_run(jc_cli *cli, reading *r, jc_error *err)
{
    const bool to_file = cli->args.own.out && strcmp(cli->args.own.out, "-") != 0;
    jc_lens *lens = NULL;
    double output;
    jc_dry dry = {.cli = cli};
    jc_status st = measure_output(&output, cli, r, err);

    if (st)
        return st;
    jc_dry_begin(&dry);
    st = jc_dry_end(&dry, make(&lens, r, err));
    jc_lens_free(lens);
    if (st)
        return st;
    double columns = dry.total / lines_of(r), all = (double)r->ids.n;
    double part = dry.enough ? dry.part : 1;
    if (r->params.positions && columns < all)
        output *= columns / all;
    double memory = dry.memory + columns * (1 - part) * bytes_of(r) + output;
    const jc_dry_step steps[] = {
        {"running the text", dry.start - dry.begun, dry.memory, 0},
        {"reading layers", dry.seconds, memory, to_file ? output : 0}};
    printf("texts    1\ntokens   %zu\nread     %.0f times\n", r->ids.n, dry.total);
    jc_dry_print_steps(steps, JC_COUNT_OF(steps));
    return JC_OK;
}

/* Read the text and its targets, and make the lens of them. */
static jc_status look(jc_lens **lens, jc_cli *cli, reading *r, jc_error *err)
{
    const jc_model_info *info = jc_model_get_info(r->model);
    jc_ids targets = {0};
    jc_status st = jc_targets_read(&targets, cli, r->tokenizer, info->vocab, err);

    r->params = cli->args.lens;
    r->params.positions = cli->args.own.range;
    r->params.targets = targets.id;
    r->params.n_targets = targets.n;
    if (st == JC_OK)
        st = read_text(&r->ids, cli, info, r->tokenizer, err);
    if (st == JC_OK && cli->args.own.dry_run)
        st = dry_run(cli, r, err);
    else if (st == JC_OK) {
        say_cost(cli, r);
        st = make(lens, r, err);
    }
    jc_ids_free(&r->ids);
    jc_ids_free(&targets);
    return st;
}

static jc_status run(jc_cli *cli, jc_error *err)
{
    const jc_args *args = &cli->args;
    jc_model *model = NULL;
    jc_tokenizer *tokenizer = NULL;
    jc_shortcut **shortcuts = NULL;
    jc_lens *lens = NULL;
    const char *out = out_path(cli);
    jc_status st = check(cli, err);

    if (st == JC_OK)
        st = jc_inputs_spare(cli, &out, 1, err);
    if (st)
        return st;
    shortcuts = calloc(args->n_words, sizeof *shortcuts);
    if (!shortcuts)
        return jc_cli_fail(err, JC_E_NOMEM, "out of memory for the shortcuts");
    st = jc_work_model(&model, cli, args->word[0], true, err);
    if (st == JC_OK)
        st = jc_work_tokenizer(&tokenizer, cli, args->word[0], err);
    if (st == JC_OK)
        jc_work_note_vocab(cli, model, tokenizer);
    if (st == JC_OK)
        st = jc_work_shortcuts(shortcuts, cli, model, err);
    reading text = {.model = model,
                    .tokenizer = tokenizer,
                    .shortcuts = (const jc_shortcut *const *)shortcuts,
                    .n_shortcuts = args->n_words - 1};
    if (st == JC_OK)
        st = look(&lens, cli, &text, err);
    if (st == JC_OK && lens)
        st = show(cli, lens, err);
    jc_lens_free(lens);
    for (size_t i = 0; i < args->n_words; i++)
        jc_shortcut_free(shortcuts[i]);
    free(shortcuts);
    jc_tokenizer_close(tokenizer);
    jc_model_close(model);
    return st;
}

static const jc_own_row text_rows[] = {
    {{"prompt", JC_OPTION_TEXT, offsetof(jc_own, prompt), 0, 0, NULL, NULL,
      "the text to read"},
     "TEXT"},
    {{"text", JC_OPTION_TEXT, offsetof(jc_own, file), 0, 0, NULL, NULL,
      "the file whose first text to read, cut at the model's context; - is standard "
      "input, .gz and .zst are read as they are, .jsonl by --field"},
     "FILE"},
    JC_TOKENIZER_ROW,
};
static const jc_group text_group = {
    .title = "Text", .own = text_rows, .n_own = JC_COUNT_OF(text_rows)};

static const jc_own_row out_rows[] = {
    {{"format", JC_OPTION_TEXT, offsetof(jc_own, format), 0, 0, "text",
      "text|html|json|csv", "how to show it"},
     "text|html|json|csv"},
    {{"out", JC_OPTION_TEXT, offsetof(jc_own, out), 0, 0, NULL, NULL,
      "write there instead of standard output; without it, a page goes to lens.html "
      "where standard output is a terminal"},
     "FILE"},
};
static const jc_group out_group = {
    .title = "Output", .own = out_rows, .n_own = JC_COUNT_OF(out_rows)};
static const jc_own_row target_rows[] = {
    {{"target", JC_OPTION_TEXT, offsetof(jc_own, target), 0, 0, NULL, NULL,
      "tokens whose rank and probability to show at every layer: a token as it is in a "
      "text, mostly with a space before it, ' France', or #ID"},
     "TOKEN..."},
    {{"positions", JC_OPTION_TEXT, offsetof(jc_own, range), 0, 0, NULL, NULL,
      "show these positions only: 3:8 is 3 to 7, -5: the last five, 4 one; the whole text "
      "before them is read all the same"},
     "A:B"},
};
static const jc_group target_group = {
    .title = "Lens", .own = target_rows, .n_own = JC_COUNT_OF(target_rows)};
static const jc_group lens_group = {.title = "Lens",
                                    .rows = jc_lens_options,
                                    .params = offsetof(jc_args, lens),
                                    .hide = "positions"};

const jc_command jc_command_lens = {
    .name = "lens",
    .summary = "what each layer of a model already knows about a text",
    .usage = "MODEL [SHORTCUTS...] --prompt TEXT|--text FILE [options]",
    .words = "MODEL",
    .min_words = 1,
    .max_words = 1000,
    .teach =
        "Runs a text through the model and reads the state out after every layer, as if "
        "the model ended there: through the map of a shortcut to the last layer, or, "
        "through 'id', as it is (the logit lens). At each position, the guesses of a layer "
        "are compared with the answer, which is the model's own first guess.\n\n"
        "The rank is that of the answer at a layer, from 1; entropy and KL, of the layer's "
        "distribution from the model's own, are in nats. A position is settled at the "
        "layer from which on the answer is the first guess. Each layer's "
        "rank and loss (-ln p) of the token that really follows in the text are given too, "
        "and the rank and probability of each --target. An encoder is read where the text "
        "has a mask, so write one, as [MASK].\n\n"
        "--at reads inside blocks too: at 6.mlp what the MLP of block 6 adds to the "
        "residual "
        "stream, at 6.attn what attention adds, at 6.mid the stream between them, at 6.ln1 "
        "and "
        "6.ln2 what the norms give. These are read through a map that was fitted from "
        "there "
        "('fit --from 6.mid --to 12'), where a shortcut has one, else as they are, and say "
        "nothing of where a position is settled. In a mixture of experts, "
        "6.experts tells which experts the router of block 6 chooses and their shares, as "
        "text and in JSON.\n\n"
        "'html' is a page for a browser, in which a cell tells its guesses (--top, 50 at "
        "most). "
        "'json' "
        "and 'csv' hold the numbers of every layer and position.",
    .examples =
        "jumpcut lens ./gpt2 --prompt 'The capital of France is'\n"
        "# through a fitted map, and what it says of the answer's rank\n"
        "jumpcut lens ./gpt2 mat.safetensors --text story.txt --unit file --format csv "
        "--out lens.csv\n"
        "# all maps side by side, to look at in a browser\n"
        "jumpcut lens ./gpt2 mat.safetensors --text story.txt --unit file --map all "
        "--format html --out lens.html\n"
        "# where ' Paris' comes up, at the last position\n"
        "jumpcut lens ./gpt2 --prompt 'The capital of France is' --target ' Paris' "
        "--positions -1:\n"
        "# what the MLPs of all blocks add\n"
        "jumpcut lens ./gpt2 --prompt 'The capital of France is' --at mlp\n"
        "# a tap inside a block through a map of its own\n"
        "jumpcut fit ./gpt2 --text wiki.txt --from 6.mid --to 12 --out mid.safetensors\n"
        "jumpcut lens ./gpt2 mat.safetensors mid.safetensors --prompt 'The capital of "
        "France "
        "is' --at 6.mid\n"
        "jumpcut lens ./bert --prompt 'Paris is the [MASK] of France.'\n",
    .groups = (const jc_group *const[]){&text_group, &target_group, &lens_group, &out_group,
                                        &jc_group_texts, &jc_group_model, &jc_group_dry_run,
                                        &jc_group_common, NULL},
    .run = run,
};
