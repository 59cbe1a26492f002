/* SPDX-License-Identifier: MIT */
/* man.c: the whole man page in scdoc's format, from the same rows as --help. */
#include <string.h>

#include "cli/cli.h"

static const char about[] =
    "A transformer language model is a stack of blocks, each of which changes a hidden "
    "state a little; after the last one the state is read out as a guess of the next word. "
    "*jumpcut* asks how much of that work a single matrix can stand for. It runs texts "
    "through a model, fits by least squares a map from the state after one block to the "
    "state after a later one, and measures what is lost when the blocks between are jumped "
    "over: how much of the later state is explained, how often the model's own guess is "
    "found, and how many blocks could be saved by leaving early.\n\n"
    "The method is that of Yom Din, Karidi, Choshen and Geva, \"Jump to Conclusions: "
    "Short-Cutting Transformers With Linear Transformations\" (LREC-COLING 2024).\n\n";

static const char concepts[] =
    "# CONCEPTS\n\n"
    "*tap*\n"
    "\tA place in the model where a hidden state can be read. Tap 0 is the output of the "
    "embedding, tap _l_ the output of block _l_, so a model of L blocks has L + 1 taps. "
    "The state of tap L is taken before the final norm.\n\n"
    "*map*\n"
    "\tA function from the state at one tap to the state at a later one, at the same "
    "position of the same text.\n\n"
    "*method*\n"
    "\tHow a map is found. *id* takes the earlier state for the later one, unchanged: read "
    "out at the last tap this is the logit lens. *mat* is the matrix of ordinary least "
    "squares, of minimum norm where the vectors do not span the space. *ridge* adds a "
    "penalty, relative to the mean square of a coordinate, and helps when there are few "
    "vectors. With *--bias* a map also has a constant term.\n\n"
    "*shortcut*\n"
    "\tA file of maps, with the fingerprint of the model that they belong to. It is "
    "refused "
    "by another model.\n\n"
    "*sums*\n"
    "\tWhat every fit needs to know of the texts: counts, means and products of states. "
    "They are gathered in one pass, their size does not grow with the texts, and the sums "
    "of parts add up to the sums of the whole; so a fit with another ridge needs no new "
    "pass (*--save-sums*, *--sums*).\n\n"
    "*scores*\n"
    "\tR2 is the part of the later state's variance that a map explains. Precision at k "
    "says "
    "how often the shortcut's first guess is among the first k guesses of the whole model; "
    "surprisal, how surprised the whole model is by it, in nats; KL, how far all "
    "probabilities are from the whole model's, in nats. An exit leaves the model "
    "after some block and jumps to the last tap, either always at the same block (fixed) "
    "or "
    "as soon as the guess is sure enough (early).\n\n";

static const char files[] =
    "# FILES\n\n"
    "*MODEL*\n"
    "\tA folder as downloaded: _config.json_; the weights as _model.safetensors_, or as "
    "shards with _model.safetensors.index.json_, or as _pytorch_model.bin_; and the "
    "tokenizer as _tokenizer.json_, or else _tekken.json_, _tokenizer.model_, a "
    "_.tiktoken_ file, _vocab.json_ and _merges.txt_, or _vocab.txt_. Or a GGUF file; of "
    "a model in several parts the first.\n\n"
    "*samples* (.jsonl)\n"
    "\tOne text a line: {\"ids\":[...],\"positions\":[...],\"split\":\"train\"}, positions "
    "counted from 0, split only where texts were split.\n\n"
    "*shortcuts* (.safetensors)\n"
    "\t_map.<i>.<j>.weight_ of shape [out, in], so that h_j is about W h_i, and "
    "_map.<i>.<j>.bias_; the header's metadata tells the method, its options, the model, "
    "the "
    "texts and the counts.\n\n"
    "*sums* (.safetensors)\n"
    "\tWhat *fit --save-sums* keeps: counts, means and second moments, for *merge* and "
    "*fit --sums*.\n\n"
    "*policy* (.json)\n"
    "\tWhat *tune* or *calibrate* found, for *generate --policy*.\n\n"
    "*results* (.json)\n"
    "\tThe scores; _format_ is \"jumpcut-results/1\".\n\n"
    "*study.json*\n"
    "\tWhat *jumpcut study* was asked for, in its folder.\n\n"
    "*report* (.html)\n"
    "\tOne page that needs no network.\n\n";

static const char ending[] =
    "# ENVIRONMENT\n\n"
    "*JUMPCUT_DATA*\n"
    "\tThe folder in which _demo_, the model that comes with jumpcut, is looked for "
    "first.\n\n"
    "*JUMPCUT_CHECKPOINT*\n"
    "\tHow many seconds *study* gathers sums before it writes them, to go on from after it "
    "was killed; 40 where it is not set.\n\n"
    "*JUMPCUT_PROGRESS*\n"
    "\tWhere it is 0, no command says how far it is; notes and closing lines stay, unlike "
    "with\n"
    "\t*--quiet*.\n\n"
    "*JUMPCUT_MEMORY*\n"
    "\tHow many bytes of memory *study* may count on, in place of what the machine has "
    "free.\n\n"
    "*TMPDIR*\n"
    "\tThe folder in which *study* keeps large sums, in files without a name; _/tmp_ where "
    "it "
    "is not set.\n\n"
    "# EXIT STATUS\n\n"
    "*0*\n\tAll went well.\n\n"
    "*1*\n\tSomething failed: one line on standard error names the file and the thing. No "
    "file is left half-written. A line that standard error does not take, because its "
    "reader is gone, is a failure too.\n\n"
    "*2*\n\tThe program was called in a wrong way.\n\n"
    "*129*, *130*, *143*\n\tStopped by SIGHUP, Ctrl-C or SIGTERM (128 + the number of the "
    "signal). Every command ends about 0.9 seconds after it at the latest, *study* too. A "
    "fit that is trained first saves what it has, which may take longer. A second signal, "
    "half a second or more after the first, ends it at once.\n\n";

/* Text as it is: what scdoc takes for markup is escaped. */
static void put(FILE *f, const char *text)
{
    for (const char *at = text; *at; at++) {
        bool first = at == text || at[-1] == '\n';
        if (strchr("*_\\", *at) || (first && strchr("#|`-", *at)))
            fputc('\\', f);
        fputc(*at, f);
    }
}

static void option(FILE *f, const jc_flag *flag)
{
    char bounds[160];
    bool on = !flag->value && flag->def && flag->def[0] == 't';

    fprintf(f, "*--%s%s*", on ? "no-" : "", flag->row->name);
    if (flag->value) {
        fputc(' ', f);
        put(f, flag->value);
    }
    fputs(on ? "\n\tleave out " : "\n\t", f);
    put(f, flag->row->help);
    jc_help_bounds(flag, bounds, sizeof bounds);
    if (bounds[0])
        fprintf(f, " (%s)", bounds);
    fputs(".\n\n", f);
}

static void options(FILE *f, const jc_command *c, bool all)
{
    jc_flag flags[JC_FLAGS_MAX];
    size_t n = jc_flags(c, flags);

    for (size_t i = 0; i < n; i++)
        if (!flags[i].repeated && (all || flags[i].group != &jc_group_common))
            option(f, &flags[i]);
}

static void command(FILE *f, const jc_command *c)
{
    fprintf(f, "## jumpcut %s ", c->name);
    put(f, c->usage);
    fputs("\n\n", f);
    put(f, c->teach);
    fputs("\n\n", f);
    options(f, c, false);
}

static void example(FILE *f, const jc_command *c)
{
    if (c->examples)
        fprintf(f, "```\n%s```\n\n", c->examples);
}

void jc_man_page(FILE *f)
{
    fprintf(f, "jumpcut(1) \"jumpcut %s\"\n\n", jc_version());
    fputs("# NAME\n\njumpcut - linear shortcuts between the layers of a transformer "
          "language model\n\n# SYNOPSIS\n\n",
          f);
    for (size_t i = 0; jc_command_at(i); i++) {
        fprintf(f, "*jumpcut %s* ", jc_command_at(i)->name);
        put(f, jc_command_at(i)->usage);
        fputs(jc_command_at(i + 1) ? "++\n" : "\n\n", f);
    }
    fprintf(f, "# DESCRIPTION\n\n%s%s# COMMANDS\n\n", about, concepts);
    fputs(
        "A command ends by saying on standard error what it wrote, and a command that goes "
        "on from there. *--quiet* leaves that and progress out; notes about the results, "
        "such as texts that were fitted on and are scored again, stay. *--help*, taken by "
        "all commands, teaches one. An option that takes several values "
        "takes all words up to the next option.\n\n",
        f);
    for (size_t i = 0; jc_command_at(i); i++)
        command(f, jc_command_at(i));
    fputs(files, f);
    fputs("# EXAMPLES\n\n", f);
    for (size_t i = 0; jc_command_at(i); i++)
        example(f, jc_command_at(i));
    fputs(ending, f);
    fputs("# SEE ALSO\n\n", f);
    for (size_t i = 0; jc_command_at(i); i++)
        fprintf(f, "*jumpcut-%s*(1)%s", jc_command_at(i)->name,
                jc_command_at(i + 1) ? ", " : "\n");
}

void jc_man_command(FILE *f, const jc_command *c)
{
    fprintf(f, "jumpcut-%s(1) \"jumpcut %s\"\n\n# NAME\n\njumpcut-%s - ", c->name,
            jc_version(), c->name);
    put(f, c->summary);
    fprintf(f, "\n\n# SYNOPSIS\n\n*jumpcut %s* ", c->name);
    put(f, c->usage);
    fputs("\n\n# DESCRIPTION\n\n", f);
    put(f, c->teach);
    fputs("\n\n# OPTIONS\n\n", f);
    options(f, c, true);
    fputs("*--help*\n\tteach the command.\n\n", f);
    if (c->examples)
        fputs("# EXAMPLES\n\n", f);
    example(f, c);
    fputs(ending, f);
    fputs("# SEE ALSO\n\n*jumpcut*(1)\n", f);
}
