/* SPDX-License-Identifier: MIT */
#include "cli/work.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/likely.h"
#include "cli/output.h"

/* ---- the model ---- */

static bool has_config(const char *folder)
{
    char *path = jc_format("%s/config.json", folder);
    struct stat info;
    bool found = path && stat(path, &info) == 0 && S_ISREG(info.st_mode);

    free(path);
    return found;
}

/* The demo model as seen from the folder of the program, wherever that is. */
static char *beside_program(const char *data)
{
    char program[4096];
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);

    if (n <= 0)
        return NULL;
    program[n] = '\0';
    char *slash = strrchr(program, '/');
    if (!slash)
        return NULL;
    *slash = '\0';
    char *path = jc_format("%s/%s/demo", program, data);
    char *plain = path ? realpath(path, NULL) : NULL; /* without links and dots */
    if (!plain)
        return path;
    free(path);
    return plain;
}

static jc_status demo_path(char **path, jc_error *err)
{
    const char *named = getenv("JUMPCUT_DATA");
    char *places[] = {
        named && named[0] ? jc_format("%s/demo", named) : NULL,
        beside_program(JC_DATA_RELATIVE), /* installed */
        beside_program("data"),           /* in the folder that it was built in */
    };
    char looked[360] = "";

    for (size_t i = 0; i < JC_COUNT_OF(places); i++) {
        size_t n = strlen(looked);
        if (!places[i])
            continue;
        if (!*path && has_config(places[i])) {
            *path = places[i];
            continue;
        }
        snprintf(looked + n, sizeof looked - n, "%s'%s'", n ? ", " : "", places[i]);
        free(places[i]);
    }
    if (*path)
        return JC_OK;
    return jc_cli_fail(err, JC_E_IO, "cannot find the demo model: looked for %s", looked);
}

jc_status jc_work_model_path(const jc_cli *cli, char **path, jc_error *err)
{
    *path = NULL;
    if (cli->args.n_words == 0)
        return demo_path(path, err);
    *path = jc_format("%s", cli->args.word[0]);
    return *path ? JC_OK : jc_cli_fail(err, JC_E_NOMEM, "out of memory for a path");
}

/* 'Demo' and 'dmeo', where nothing has that name. */
static jc_status nearly_demo(const char *name, jc_error *err)
{
    jc_likely likely;

    jc_likely_begin(&likely, name, strlen(name));
    jc_likely_offer(&likely, "demo", 4);
    if (!likely.name || strlen(name) > 5 || access(name, F_OK) == 0)
        return JC_OK;
    return jc_cli_fail(
        err, JC_E_IO,
        "cannot open model '%s': no such folder or file; did you mean 'demo', "
        "the model that comes with jumpcut?",
        name);
}

jc_status jc_work_demo(jc_cli *cli, jc_error *err)
{
    jc_args *args = &cli->args;
    bool takes_model = strncmp(cli->command->words, "MODEL", 5) == 0 && args->n_words > 0;
    const char **names[] = {takes_model ? &args->word[0] : NULL, &args->own.base,
                            &args->own.tokenizer};
    jc_status st = JC_OK;

    for (size_t i = 0; i < JC_COUNT_OF(names); i++) {
        if (!names[i] || !*names[i])
            continue;
        if (strcmp(*names[i], "demo") != 0) {
            st = nearly_demo(*names[i], err);
            if (st)
                return st;
            continue;
        }
        if (!cli->demo)
            st = demo_path(&cli->demo, err);
        if (st)
            return st;
        *names[i] = cli->demo;
    }
    if (!cli->demo)
        return JC_OK;
    if (has_config("demo"))
        jc_ui_remark(&cli->ui,
                     "'demo' is the model that comes with jumpcut; write './demo' for "
                     "the folder");
    return JC_OK;
}

jc_status jc_work_model(jc_model **model, jc_cli *cli, const char *path, bool run,
                        jc_error *err)
{
    jc_status st = run ? jc_model_open(model, path, &cli->args.model, err)
                       : jc_model_inspect(model, path, err);

    for (size_t i = 0; st == JC_OK && jc_model_note(*model, i); i++)
        jc_ui_note(&cli->ui, jc_model_note(*model, i));
    return st;
}

void jc_work_note_head(jc_cli *cli, const jc_model *model)
{
    const jc_model_info *info = jc_model_get_info(model);
    char *note = info->has_head
                     ? NULL
                     : jc_format("'%s' has no head, so nothing can be read out: R2 is "
                                 "scored, and neither precision, surprisal nor early exit",
                                 info->path);

    if (note)
        jc_ui_note(&cli->ui, note);
    free(note);
}

/* ---- samples ---- */

static bool takes(const jc_command *command, const jc_group *group)
{
    for (const jc_group *const *g = command->groups; *g; g++)
        if (*g == group)
            return true;
    return false;
}

/* Whether the first sample of the file says to which split it belongs; standard input
 * cannot be looked at; a file that cannot be read is an error later. */
static bool is_split(const char *path)
{
    jc_samples *samples = NULL;
    jc_sample sample = {.ids = NULL};
    bool split = true;

    if (strcmp(path, "-") == 0)
        return true;
    if (jc_samples_from_file(&samples, path, NULL, NULL) == JC_OK &&
        jc_samples_next(samples, &sample, NULL) == JC_OK)
        split = sample.split != JC_SPLIT_NONE;
    jc_samples_close(samples);
    return split;
}

jc_status jc_work_check(jc_cli *cli, const char *split, jc_error *err)
{
    static const char *const of_texts[] = {"unit", "field",     "positions",    "train",
                                           "val",  "mask-rate", "mask-specials"};
    const jc_own *own = &cli->args.own;
    int n = (own->text.n > 0) + (own->samples != NULL) + (cli->args.self.self_text > 0);
    bool file = takes(cli->command, &jc_group_samples_file);
    const char *choice = !takes(cli->command, &jc_group_self_text)
                             ? "'--text' or '--samples'"
                         : file ? "'--text', '--samples' or '--self-text'"
                                : "'--text' or '--self-text'";

    if (n != 1)
        return jc_cli_usage(cli, err,
                            n ? "'%s' wants only one of %s" : "'%s' wants texts: %s",
                            cli->command->name, choice);
    for (size_t i = 0; own->samples && i < JC_COUNT_OF(of_texts); i++)
        if (jc_args_given(&cli->args, of_texts[i]))
            return jc_cli_usage(cli, err, "'--%s' means nothing with '--samples'",
                                of_texts[i]);
    if (!jc_args_given(&cli->args, "split") &&
        (own->samples || jc_args_given(&cli->args, "train") ||
         jc_args_given(&cli->args, "val")))
        cli->args.samples.split = own->samples && !is_split(own->samples) ? "all" : split;
    return JC_OK;
}

static jc_samples_params params_for(const jc_cli *cli, const jc_model *model)
{
    jc_samples_params params = cli->args.samples;

    params.context = jc_model_get_info(model)->context;
    params.vocab = jc_model_get_info(model)->vocab;
    params.masked = !jc_model_get_info(model)->causal;
    return params;
}

/* A text begins after the tokenizer's "bos", and ends at its "eos". It is run with what the
 * tokenizer puts around every text. */
static jc_status from_model(jc_work *work, jc_cli *cli, const jc_model *model,
                            jc_samples_params *params, jc_error *err)
{
    params->tokenizer = work->tokenizer;
    jc_status st = jc_self_text_new(
        &work->self, model, jc_tokenizer_special(work->tokenizer, "bos"),
        jc_tokenizer_special(work->tokenizer, "eos"), &cli->args.self, err);

    if (st)
        return st;
    return jc_samples_from_source(&work->samples, jc_self_text_next, work->self, params,
                                  err);
}

jc_status jc_work_tokenizer(jc_tokenizer **tokenizer, const jc_cli *cli, const char *model,
                            jc_error *err)
{
    const char *other = cli->args.own.tokenizer;
    jc_error why;
    jc_status st = jc_tokenizer_open(tokenizer, other ? other : model, &why);

    if (st == JC_OK)
        return st;
    return jc_cli_fail(err, st, "%s%s", why.message,
                       st == JC_E_IO && !other ? "; '--tokenizer' may name another folder"
                                               : "");
}

/* An embedding may have more rows than there are tokens, to a round number. */
enum { SPARE_ROWS = 1024 };

void jc_work_note_vocab(jc_cli *cli, const jc_model *model, const jc_tokenizer *tokenizer)
{
    const char *other = cli->args.own.tokenizer;
    uint32_t n = jc_tokenizer_size(tokenizer), rows = jc_model_get_info(model)->vocab;

    if (!other || (n <= rows && rows - n <= SPARE_ROWS))
        return;
    char *note = jc_format("'%s' has %u tokens and the model '%s' %u: the ids of this "
                           "tokenizer may mean other tokens to it",
                           other, n, jc_model_get_info(model)->path, rows);
    if (note)
        jc_ui_note(&cli->ui, note);
    free(note);
}

jc_status jc_work_texts(jc_work *work, jc_cli *cli, const jc_model *model, jc_error *err)
{
    const jc_list *text = &cli->args.own.text;
    jc_samples_params params = params_for(cli, model);
    jc_status st;

    memset(work, 0, sizeof *work);
    st = jc_work_tokenizer(&work->tokenizer, cli, jc_model_get_info(model)->path, err);
    if (st)
        return st;
    jc_work_note_vocab(cli, model, work->tokenizer);
    st = text->n ? jc_samples_from_text(&work->samples, work->tokenizer, text->item,
                                        text->n, &params, err)
                 : from_model(work, cli, model, &params, err);
    if (st)
        jc_work_close(work);
    return st;
}

static jc_status next_prompt(void *arg, const char **text, size_t *length, jc_error *err)
{
    jc_work *work = arg;

    (void)err;
    *text = work->prompt;
    *length = *text ? strlen(*text) : 0;
    work->prompt = NULL;
    return JC_OK;
}

jc_status jc_work_prompt(jc_work *work, jc_cli *cli, const jc_model *model, jc_error *err)
{
    jc_samples_params params = params_for(cli, model);

    memset(work, 0, sizeof *work);
    params.masked = false;
    params.unit = "file";
    work->prompt = cli->args.own.prompt;
    jc_status st =
        jc_work_tokenizer(&work->tokenizer, cli, jc_model_get_info(model)->path, err);
    if (st == JC_OK)
        jc_work_note_vocab(cli, model, work->tokenizer);
    if (st == JC_OK)
        st = jc_samples_from_strings(&work->samples, work->tokenizer, next_prompt, work,
                                     &params, err);
    if (st)
        jc_work_close(work);
    return st;
}

jc_status jc_work_samples(jc_work *work, jc_cli *cli, const char *path, const char *split,
                          const jc_model *model, jc_error *err)
{
    jc_samples_params params = params_for(cli, model);

    memset(work, 0, sizeof *work);
    params.split = split;
    return jc_samples_from_file(&work->samples, path, &params, err);
}

/* Fills ids with those of the next of the whole texts. */
static jc_status next_whole(void *whole, jc_ids *ids, jc_error *err)
{
    jc_sample sample;
    jc_status st = jc_samples_next(whole, &sample, err);

    if (st || !sample.ids)
        return st;
    if (ids->capacity < sample.n_ids) {
        uint32_t *more = realloc(ids->id, sample.n_ids * sizeof *more);
        if (!more)
            return jc_cli_fail(err, JC_E_NOMEM, "out of memory for a text");
        ids->id = more;
        ids->capacity = sample.n_ids;
    }
    memcpy(ids->id, sample.ids, sample.n_ids * sizeof *ids->id);
    ids->n = sample.n_ids;
    return JC_OK;
}

jc_status jc_work_choose(jc_work *work, jc_cli *cli, const char *path, const char *split,
                         const jc_model *model, jc_error *err)
{
    jc_samples_params params = params_for(cli, model);
    jc_status st = jc_work_samples(work, cli, path, split, model, err);

    if (st)
        return st;
    work->whole = work->samples;
    work->samples = NULL;
    params.positions = "one";
    params.split = "all"; /* of those of the split */
    params.train = params.val = 0;
    st = jc_samples_from_source(&work->samples, next_whole, work->whole, &params, err);
    if (st)
        jc_work_close(work);
    return st;
}

jc_status jc_work_open(jc_work *work, jc_cli *cli, const jc_model *model, jc_error *err)
{
    const jc_args *args = &cli->args;

    if (args->own.samples)
        return jc_work_samples(work, cli, args->own.samples, args->samples.split, model,
                               err);
    return jc_work_texts(work, cli, model, err);
}

void jc_work_close(jc_work *work)
{
    jc_samples_close(work->samples);
    jc_samples_close(work->whole);
    jc_self_text_free(work->self);
    jc_tokenizer_close(work->tokenizer);
    memset(work, 0, sizeof *work);
}

jc_status jc_work_copy(jc_work *work, jc_cli *cli, const char *path, uint64_t n[3],
                       jc_error *err)
{
    jc_output out;
    jc_sample sample;
    jc_status st = jc_output_open(&out, path, err);

    n[JC_SPLIT_NONE] = n[JC_SPLIT_TRAIN] = n[JC_SPLIT_VAL] = 0;
    while (st == JC_OK) {
        jc_progress progress;
        char *line;
        st = jc_samples_next(work->samples, &sample, err);
        if (st || !sample.ids)
            break;
        st = jc_sample_line(&sample, &line, err);
        if (st)
            break;
        fputs(line, out.f);
        free(line);
        n[sample.split]++;
        st = jc_output_look(&out, err);
        jc_samples_position(work->samples, &progress);
        if (work->self) {
            progress.stage = "writing texts";
            progress.total = cli->args.self.self_text;
        }
        if (st == JC_OK && !jc_ui_progress(&cli->ui, &progress))
            st = jc_cli_fail(err, JC_E_CANCELLED, "stopped");
    }
    jc_ui_clear(&cli->ui);
    if (st == JC_OK)
        return jc_output_commit(&out, err);
    jc_output_discard(&out);
    return st;
}

jc_status jc_work_shortcuts(jc_shortcut **shortcuts, const jc_cli *cli,
                            const jc_model *model, jc_error *err)
{
    const jc_args *args = &cli->args;

    for (size_t i = 1; i < args->n_words; i++) {
        jc_error why;
        jc_status st = jc_shortcut_open(&shortcuts[i - 1], args->word[i], err);
        if (st)
            return st;
        st = jc_shortcut_check(shortcuts[i - 1], model, &why);
        if (st)
            return jc_cli_fail(err, st, "cannot use '%s': %s", args->word[i], why.message);
    }
    return JC_OK;
}
