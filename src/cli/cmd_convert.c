/* SPDX-License-Identifier: MIT */
/* cmd_convert.c: `jumpcut convert`: maps from files of other programs, and to them. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/closing.h"
#include "cli/inputs.h"
#include "cli/work.h"

static void close_convert(jc_cli *cli, const jc_shortcut *shortcut)
{
    const jc_own *own = &cli->args.own;
    const char *out = cli->args.word[1];
    const char *base = own->base && own->base == cli->demo ? "demo" : own->base;
    const char *model = base ? base : jc_shortcut_meta(shortcut, "model");
    size_t n = 0;
    char what[60];
    jc_next next;

    while (jc_shortcut_map(shortcut, n))
        n++;
    if (strcmp(own->format, "npy") == 0)
        n = 1;
    snprintf(what, sizeof what, "%zu map%s", n, n == 1 ? "" : "s");
    if (strcmp(own->format, "j-lens") == 0)
        snprintf(what, sizeof what, "a Jacobian lens");
    jc_closing_wrote(cli, what, out);
    if (strcmp(own->format, "shortcuts") != 0)
        return; /* for another program */
    jc_next_begin(&next, cli, "eval");
    jc_next_word(&next, model && model[0] ? model : "MODEL");
    jc_next_word(&next, out);
    jc_next_option(&next, "--text", "OTHER.txt");
    jc_next_say(&next);
}

/* The file notes how much the matrices change by it. */
static jc_status store(jc_shortcut *shortcut, const char *type, jc_error *err)
{
    char text[32];
    double error;
    jc_status st = jc_shortcut_store(shortcut, type, &error, err);

    snprintf(text, sizeof text, "%.6g", error);
    return st ? st : jc_shortcut_set_meta(shortcut, "store.error", text, err);
}

/* What the maps to the last layer are tried on, where there is a tokenizer. */
static const char passage[] =
    "The old harbour lies at the mouth of the river, and for most of its history the town "
    "lived from fish and timber. In 1862 a railway was built along the coast; within ten "
    "years there were twice as many people, a school, two churches and a newspaper. \"We "
    "thought it would never end,\" wrote one of its first editors, who had come from the "
    "north with his wife and three children. Today visitors come in summer to see the "
    "houses of the merchants, to walk on the cliffs, and to eat in the small restaurants "
    "around the market. The water is cold, even in August, but the light is famous: "
    "several "
    "painters have worked here since the end of the war.";

static void read_passage(jc_convert_params *params, jc_ids *ids, const jc_model *model)
{
    jc_tokenizer *tokenizer;

    if (jc_tokenizer_open(&tokenizer, jc_model_get_info(model)->path, NULL))
        return;
    if (jc_tokenizer_encode(tokenizer, passage, sizeof passage - 1, ids, NULL) == JC_OK) {
        params->ids = ids->id;
        params->n_ids = ids->n;
    }
    jc_tokenizer_close(tokenizer);
}

static jc_status run(jc_cli *cli, jc_error *err)
{
    jc_convert_params params = cli->args.convert;
    jc_ids ids = {.id = NULL};
    const jc_args *args = &cli->args;
    const jc_own *own = &args->own;
    jc_model *model = NULL;
    jc_shortcut *shortcut = NULL;
    jc_status st = jc_inputs_file(args->word[1], "a file of tensors", err);

    if (st == JC_OK && own->base) /* run where the last layer's maps are to be looked at */
        st = jc_work_model(&model, cli, own->base, strcmp(args->convert.last, "state") != 0,
                           err);
    if (st == JC_OK && model)
        read_passage(&params, &ids, model);
    if (st == JC_OK)
        st = jc_convert_read(&shortcut, args->word[0], model, &params, err);
    if (st == JC_OK && model)
        st = jc_shortcut_check(shortcut, model, err);
    if (st == JC_OK && own->store)
        st = store(shortcut, own->store, err);
    if (st == JC_OK)
        st =
            jc_convert_write(shortcut, args->word[1], own->format, args->convert.pair, err);
    if (st == JC_OK)
        close_convert(cli, shortcut);
    jc_ids_free(&ids);
    jc_shortcut_free(shortcut);
    jc_model_close(model);
    return st;
}

static const jc_own_row rows[] = {
    {{"to", JC_OPTION_TEXT, offsetof(jc_own, format), 0, 0, "shortcuts",
      "shortcuts|safetensors|tuned-lens|j-lens|npy", "what OUT is to be"},
     "shortcuts|safetensors|tuned-lens|j-lens|npy"},
    {{"model", JC_OPTION_TEXT, offsetof(jc_own, base), 0, 0, NULL, NULL,
      "the model that the maps are of; files of others do not say"},
     "MODEL"},
    {{"store", JC_OPTION_TEXT, offsetof(jc_own, store), 0, 0, NULL, "f32|f16|bf16|int8",
      "how the matrices of shortcuts are kept"},
     "f32|f16|bf16|int8"},
};
static const jc_group own_rows = {
    .title = "Files", .own = rows, .n_own = JC_COUNT_OF(rows)};
static const jc_group read_rows = {
    .title = "Files", .rows = jc_convert_options, .params = offsetof(jc_args, convert)};

const jc_command jc_command_convert = {
    .name = "convert",
    .summary = "read maps from files of other programs, and write them",
    .usage = "IN OUT [--to FORMAT] [--model MODEL] [options]",
    .words = "IN OUT",
    .min_words = 2,
    .max_words = 2,
    .teach =
        "IN is a file of shortcuts; a folder of a tuned lens (config.json and params.pt); "
        "a Jacobian lens (the .pt file of the package jlens, whose layer 3 is what block 4 "
        "gives, tap 4 here); a folder of pickles <i>_<j>.pickle, as the paper's code "
        "writes "
        "them; a torch file or pickle of a matrix for each layer; or a .npy, .pt, .pickle "
        "or .safetensors file with one matrix, whose layers --pair names. A tensor of "
        "three "
        "dimensions holds a matrix for each layer, from layer 0 on. Pickles may hold "
        "tensors "
        "of torch and arrays of numpy. A pickle is read and never "
        "run: a call that it asks for is refused by its name.\n\n"
        "OUT is a file of shortcuts, in which each map keeps its form; one with each map "
        "as "
        "one matrix (safetensors); a folder for the tuned-lens package; a file for jlens; "
        "or the matrix of one pair (npy).\n\n"
        "Maps are of states before the model's final norm, as those of a tuned lens are. "
        "The last of the hidden_states of transformers is after it: a map to that would be "
        "normed twice when it is read out. The model is run on a few lines to find out "
        "which of the two the maps give; '--last normed' converts them.",
    .examples = "jumpcut convert lens/ lens.safetensors --model ./gpt2\n"
                "jumpcut convert mat.safetensors lens --to tuned-lens\n"
                "jumpcut convert 3_12.npy map.safetensors --model ./gpt2 --pair 3:12\n",
    .groups = (const jc_group *const[]){&own_rows, &read_rows, &jc_group_common, NULL},
    .run = run,
};
