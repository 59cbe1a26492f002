/* SPDX-License-Identifier: MIT */
/* cmd_inspect.c: `jumpcut inspect`: what a model is. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/utf8.h"
#include "cli/cli.h"
#include "cli/closing.h"
#include "cli/contents.h"
#include "cli/work.h"

static void print_text(const jc_model *model, const jc_tokenizer *tokenizer)
{
    const jc_model_info *m = jc_model_get_info(model);

    printf("model         %s\n", m->path);
    printf("architecture  %s%s\n", m->architecture,
           m->causal ? " (decoder)" : " (encoder)");
    printf("blocks        %" PRIu32 "\n", m->layers);
    printf("width         %" PRIu32 "\n", m->width);
    printf("heads         %" PRIu32 " of %" PRIu32 "\n", m->heads, m->head_width);
    printf("inner width   %" PRIu32 "\n", m->ff_width);
    printf("context       %" PRIu32 " tokens\n", m->context);
    printf("vocabulary    %" PRIu32 " tokens%s\n", m->vocab,
           !m->has_head   ? ", no head"
           : m->tied_head ? ", head tied to the embedding"
                          : "");
    printf("parameters    %" PRIu64 "\n", m->parameters);
    printf("stored as     %s\n", m->stored_dtype);
    printf("in memory     %.1f MB", (double)m->weight_bytes / 1e6);
    if (m->has_head)
        printf(", and %.1f MB once states are read out", (double)m->head_bytes / 1e6);
    putchar('\n');
    if (tokenizer)
        printf("tokenizer     %s, %" PRIu32 " tokens\n", jc_tokenizer_kind(tokenizer),
               jc_tokenizer_size(tokenizer));
    else
        printf("tokenizer     none that can be read\n");
    printf("fingerprint   %s\n", m->fingerprint);
    if (jc_model_keys(model))
        jc_contents_print(model);
}

static jc_status print_json(const jc_model *model, const jc_tokenizer *tokenizer,
                            jc_error *err)
{
    const jc_model_info *m = jc_model_get_info(model);
    json_t *tok = tokenizer ? json_pack("{s:s,s:I}", "kind", jc_tokenizer_kind(tokenizer),
                                        "size", (json_int_t)jc_tokenizer_size(tokenizer))
                            : json_null();
    char *path = jc_utf8_name(m->path);
    json_t *json = json_pack(
        "{s:s,s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:s,s:b,s:b,s:b,s:s,s:o}", "path",
        path ? path : "", "architecture", m->architecture, "layers", (json_int_t)m->layers,
        "width", (json_int_t)m->width, "heads", (json_int_t)m->heads, "head_width",
        (json_int_t)m->head_width, "ff_width", (json_int_t)m->ff_width, "context",
        (json_int_t)m->context, "vocab", (json_int_t)m->vocab, "parameters",
        (json_int_t)m->parameters, "weight_bytes", (json_int_t)m->weight_bytes,
        "head_bytes", (json_int_t)m->head_bytes, "stored_dtype", m->stored_dtype,
        "has_head", m->has_head, "tied_head", m->tied_head, "causal", m->causal,
        "fingerprint", m->fingerprint, "tokenizer", tok);
    bool made = path && json;
    if (made && jc_model_keys(model))
        made = json_object_set_new(json, "metadata", jc_contents_keys(model)) == 0 &&
               json_object_set_new(json, "tensors", jc_contents_tensors(model)) == 0;
    char *text = made ? json_dumps(json, JSON_INDENT(2)) : NULL;
    json_decref(json);
    jc_free(path);
    if (!text)
        return jc_cli_fail(err, JC_E_NOMEM, "out of memory for the description");
    puts(text);
    free(text);
    return JC_OK;
}

static void close_inspect(jc_cli *cli, const jc_model_info *info)
{
    bool writes = info->causal && info->has_head;
    jc_next next;

    jc_next_begin(&next, cli, writes ? "lens" : "states");
    jc_next_model(&next);
    if (writes) {
        jc_next_option(&next, "--prompt", "The capital of France is");
    } else {
        jc_next_option(&next, "--text", "TEXTS.txt");
        jc_next_option(&next, "--out", "states.safetensors");
    }
    jc_next_say(&next);
}

static jc_status run(jc_cli *cli, jc_error *err)
{
    const char *path = cli->args.word[0];
    jc_model *model = NULL;
    jc_tokenizer *tokenizer = NULL;
    jc_error why;
    jc_status st = jc_work_model(&model, cli, path, false, err);

    if (st)
        return st;
    st = jc_tokenizer_open(&tokenizer, path, &why);
    if (st == JC_E_NOMEM) {
        jc_model_close(model);
        return jc_cli_fail(err, st, "%s", why.message);
    }
    if (st)
        jc_ui_note(&cli->ui, why.message);
    st = JC_OK;
    if (strcmp(cli->args.own.format, "json") == 0)
        st = print_json(model, tokenizer, err);
    else
        print_text(model, tokenizer);
    if (st == JC_OK && tokenizer)
        close_inspect(cli, jc_model_get_info(model));
    jc_tokenizer_close(tokenizer);
    jc_model_close(model);
    return st;
}

static const jc_own_row rows[] = {
    {{"format", JC_OPTION_TEXT, offsetof(jc_own, format), 0, 0, "text", "text|json",
      "how to print it"},
     "text|json"},
};
static const jc_group own = {.title = "Output", .own = rows, .n_own = JC_COUNT_OF(rows)};

const jc_command jc_command_inspect = {
    .name = "inspect",
    .summary = "what a model is: architecture, sizes, tokenizer, fingerprint",
    .usage = "MODEL [--format text|json]",
    .words = "MODEL",
    .min_words = 1,
    .max_words = 1,
    .teach =
        "Reads the description of a model without running it. A model of L blocks has taps "
        "0 (the embedding) to L (the last block); the width is the length of the state at "
        "each. The fingerprint is a number over names, shapes and contents of all weights: "
        "a shortcut file carries that of its model and works with no other. The memory is "
        "that of the weights once the model is open: float32 is packed, smaller types stay "
        "as they are stored.\n\n"
        "Of a GGUF file every key of the metadata and every tensor is listed too; as JSON "
        "in full.",
    .examples = "jumpcut inspect ./gpt2\n"
                "jumpcut inspect ./gpt2 --format json | grep layers\n"
                "jumpcut inspect ./model.gguf\n",
    .groups = (const jc_group *const[]){&own, &jc_group_common, NULL},
    .run = run,
};
