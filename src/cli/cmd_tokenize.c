/* SPDX-License-Identifier: MIT */
/* cmd_tokenize.c: `jumpcut tokenize`: texts to ids, and ids back to texts. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "cli/cli.h"
#include "cli/closing.h"
#include "cli/inputs.h"
#include "cli/json_text.h"
#include "cli/output.h"
#include "cli/work.h"

/* What was read or written. */
struct count {
    uint64_t texts, tokens;
};

/* ---- texts to ids ---- */

static void print_ids(FILE *f, const uint32_t *ids, size_t n)
{
    fputs("{\"ids\":[", f);
    for (size_t i = 0; i < n; i++)
        fprintf(f, "%s%" PRIu32, i ? "," : "", ids[i]);
    fputs("]}\n", f);
}

static jc_status encode(jc_cli *cli, const jc_tokenizer *tokenizer, jc_output *out,
                        struct count *count, jc_error *err)
{
    const jc_own *own = &cli->args.own;
    jc_samples_params params = cli->args.samples;
    jc_samples *samples = NULL;
    jc_sample sample;

    params.positions = "all";
    params.split = "all";
    params.train = params.val = 0;
    params.context = 0; /* no text is cut */
    params.keep_empty = true;
    params.vocab = jc_tokenizer_size(tokenizer);
    jc_status st = jc_samples_from_text(&samples, tokenizer, own->text.item, own->text.n,
                                        &params, err);
    while (st == JC_OK) {
        jc_progress progress;
        st = jc_samples_next(samples, &sample, err);
        if (st || !sample.ids)
            break;
        print_ids(out->f, sample.ids, sample.n_ids);
        count->texts++;
        count->tokens += sample.n_ids;
        st = jc_output_look(out, err);
        jc_samples_position(samples, &progress);
        if (st == JC_OK && !jc_ui_progress(&cli->ui, &progress))
            st = jc_cli_fail(err, JC_E_CANCELLED, "stopped");
    }
    jc_samples_close(samples);
    return st;
}

/* ---- ids to texts ---- */

static jc_status read_ids(json_t *json, jc_ids *ids, const char *where, jc_error *err)
{
    json_t *list = json_object_get(json, "ids");
    size_t n = json_array_size(list);

    if (!json_is_array(list))
        return jc_cli_fail(err, JC_E_FORMAT, "cannot decode %s: no list called 'ids'",
                           where);
    if (n > ids->capacity) {
        uint32_t *grown = realloc(ids->id, n * sizeof *grown);
        if (!grown)
            return jc_cli_fail(err, JC_E_NOMEM, "out of memory for %s", where);
        ids->id = grown;
        ids->capacity = n;
    }
    ids->n = n;
    for (size_t i = 0; i < n; i++) {
        json_t *id = json_array_get(list, i);
        if (!json_is_integer(id) || json_integer_value(id) < 0 ||
            json_integer_value(id) > UINT32_MAX)
            return jc_cli_fail(err, JC_E_FORMAT,
                               "cannot decode %s: element %zu of 'ids' is not an id", where,
                               i);
        ids->id[i] = (uint32_t)json_integer_value(id);
    }
    return JC_OK;
}

static jc_status decode_line(const jc_tokenizer *tokenizer, const char *line, size_t n,
                             const char *where, jc_ids *ids, FILE *f, jc_error *err)
{
    json_error_t why = {0};
    json_t *json = json_loadb(line, n, 0, &why);
    char *text = NULL;
    size_t length;
    jc_error inner;

    if (!json && jc_json_short(&why))
        return jc_cli_fail(err, JC_E_NOMEM, "out of memory for %s", where);
    if (!json)
        return jc_cli_fail(err, JC_E_FORMAT, "cannot decode %s: %s", where, why.text);
    jc_status st = read_ids(json, ids, where, err);
    json_decref(json);
    if (st)
        return st;
    st = jc_tokenizer_decode(tokenizer, ids->id, ids->n, &text, &length, &inner);
    if (st)
        return jc_cli_fail(err, st, "cannot decode %s: %s", where, inner.message);
    fputs("{\"text\":", f);
    jc_json_string(f, text, length);
    fputs("}\n", f);
    free(text);
    return JC_OK;
}

static jc_status decode_file(const jc_tokenizer *tokenizer, const char *path, FILE *f,
                             struct count *count, jc_error *err)
{
    bool input = strcmp(path, "-") == 0;
    FILE *in = input ? stdin : fopen(path, "r");
    char *line = NULL, where[300];
    size_t room = 0;
    jc_ids ids = {0};
    jc_status st = JC_OK;

    if (!in)
        return jc_cli_fail(err, JC_E_IO, "cannot open '%s': %s", path, strerror(errno));
    for (uint64_t number = 1; st == JC_OK; number++) {
        errno = 0;
        ssize_t n = getline(&line, &room, in);
        if (n < 0)
            break;
        snprintf(where, sizeof where, "line %" PRIu64 " of '%s'", number, path);
        st = decode_line(tokenizer, line, (size_t)n, where, &ids, f, err);
        count->texts++;
        count->tokens += ids.n;
    }
    if (st == JC_OK && !feof(in)) /* also for want of memory */
        st = jc_cli_fail(err, JC_E_IO, "cannot read '%s': %s", path, strerror(errno));
    jc_ids_free(&ids);
    free(line);
    if (!input)
        fclose(in);
    return st;
}

/* ---- the command ---- */

static void close_tokenize(jc_cli *cli, const struct count *count)
{
    const jc_own *own = &cli->args.own;
    char what[120];
    jc_next next;

    snprintf(what, sizeof what, "%" PRIu64 " text%s %s %" PRIu64 " token%s", count->texts,
             count->texts == 1 ? "" : "s", own->decode ? "made of" : "as", count->tokens,
             count->tokens == 1 ? "" : "s");
    jc_closing_wrote(cli, what, own->out);
    if (own->decode || !own->out || strcmp(own->out, "-") == 0)
        return;
    jc_next_begin(&next, cli, "tokenize");
    jc_next_model(&next);
    jc_next_word(&next, "--decode");
    jc_next_option(&next, "--text", own->out);
    jc_next_say(&next);
}

static jc_status run(jc_cli *cli, jc_error *err)
{
    const jc_own *own = &cli->args.own;
    jc_tokenizer *tokenizer = NULL;
    jc_output out = {0};
    struct count count = {0};
    jc_status st;

    if (own->text.n == 0)
        return jc_cli_usage(cli, err, "'tokenize' wants '--text FILE'");
    st = jc_inputs_spare(cli, &own->out, 1, err);
    if (st == JC_OK)
        st = jc_work_tokenizer(&tokenizer, cli, cli->args.word[0], err);
    if (st)
        return st;
    st = jc_output_open(&out, own->out, err);
    if (st)
        goto done;
    if (!own->decode)
        st = encode(cli, tokenizer, &out, &count, err);
    for (size_t i = 0; own->decode && i < own->text.n && st == JC_OK; i++)
        st = decode_file(tokenizer, own->text.item[i], out.f, &count, err);
    if (st == JC_OK)
        st = jc_output_commit(&out, err);
    if (st == JC_OK)
        close_tokenize(cli, &count);
done:
    jc_output_discard(&out);
    jc_tokenizer_close(tokenizer);
    return st;
}

static const jc_own_row rows[] = {
    {{"decode", JC_OPTION_BOOL, offsetof(jc_own, decode), 0, 0, "false", NULL,
      "the other way: FILEs hold {\"ids\":[...]} a line, and texts are printed"},
     NULL},
    {{"out", JC_OPTION_TEXT, offsetof(jc_own, out), 0, 0, NULL, NULL,
      "write there instead of standard output, which - names too"},
     "FILE"},
};
static const jc_group own_rows = {
    .title = "Output", .own = rows, .n_own = JC_COUNT_OF(rows)};

const jc_command jc_command_tokenize = {
    .name = "tokenize",
    .summary = "texts to token ids and back, as JSON Lines",
    .usage = "MODEL --text FILE... [--decode] [options]",
    .words = "MODEL",
    .min_words = 1,
    .max_words = 1,
    .teach =
        "Prints one line {\"ids\":[...]} for each text, with the special tokens that the "
        "model wants around it; an empty text has its line too. Only the tokenizer's files "
        "are needed in the folder MODEL: tokenizer.json, or else tekken.json, "
        "tokenizer.model, a .tiktoken file, vocab.json and merges.txt, or vocab.txt; a "
        "GGUF "
        "file holds its own. Any bytes are taken: those that are not UTF-8 become the "
        "tokens of these bytes, or count as U+FFFD where the tokenizer knows characters "
        "only. Special tokens written out in the text are recognised.\n\n"
        "With --decode, lines {\"ids\":[...]} become lines {\"text\":\"...\"}; bytes that "
        "are not UTF-8 are shown there as U+FFFD.",
    .examples = "echo 'Jump to conclusions' | jumpcut tokenize ./gpt2 --text -\n"
                "# there and back\n"
                "jumpcut tokenize ./gpt2 --text a.txt | jumpcut tokenize ./gpt2 --decode "
                "--text -\n",
    .groups = (const jc_group *const[]){&own_rows, &jc_group_corpus, &jc_group_texts,
                                        &jc_group_common, NULL},
    .run = run,
};
