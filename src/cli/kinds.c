/* SPDX-License-Identifier: MIT */
/* kinds.c: files by their first bytes, and the kinds that the words and options of a
 * command want. */
#include "cli/kinds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/sign.h"
#include "base/utf8.h"
#include "cli/output.h"

typedef enum kind {
    UNKNOWN,
    TEXT,
    MODEL,
    SHORTCUTS,
    SUMS,
    STATES,
    SAMPLES,
    RESULTS,
    LENS,
    WRITING,
    STUDY,
    TENSORS,
    FOLDER
} kind;

static const struct {
    const char *name, *about;
} kinds[] = {
    [TEXT] = {"text", "text"},
    [MODEL] = {"MODEL", "a model's folder or GGUF file"},
    [SHORTCUTS] = {"shortcuts", "shortcuts, as 'jumpcut fit' writes them"},
    [SUMS] = {"sums", "sums, as 'jumpcut fit --save-sums' writes them"},
    [STATES] = {"states", "states, as 'jumpcut states' writes them"},
    [SAMPLES] = {"samples", "samples, as 'jumpcut sample' writes them"},
    [RESULTS] = {"results", "results, as 'jumpcut eval --out' writes them"},
    [LENS] = {"a lens", "a lens, as 'jumpcut lens --format json' writes it"},
    [WRITING] = {"writing", "what 'jumpcut generate --format json' prints"},
    [STUDY] = {"a study", "what 'jumpcut study' wrote"},
    [TENSORS] = {"tensors", "a safetensors file of another program"},
    [FOLDER] = {"a folder", "a folder"},
};

/* ---- what a file is ---- */

/* The names of formats, as JSON and the headers of safetensors files hold them. */
static const struct {
    const char *format;
    kind kind;
} formats[] = {
    {"jumpcut-shortcuts/", SHORTCUTS}, {"jumpcut-sums/", SUMS},
    {"jumpcut-states/", STATES},       {"jumpcut-results/", RESULTS},
    {"jumpcut-lens/", LENS},           {"jumpcut-study/", STUDY},
    {"jumpcut-generate/", WRITING},    {"jumpcut-shares/", SUMS},
};

enum { HEAD = 64 << 10 }; /* bytes that are looked at */

static kind kind_of_format(const char *head, size_t n)
{
    const char *end = head + n;

    for (const char *at = head; (at = memchr(at, 'j', (size_t)(end - at))); at++)
        for (size_t i = 0; i < JC_COUNT_OF(formats); i++) {
            size_t length = strlen(formats[i].format);
            if (length <= (size_t)(end - at) && memcmp(at, formats[i].format, length) == 0)
                return formats[i].kind;
        }
    return UNKNOWN;
}

/* Text that is no JSON: of a document that another reader knows better it is not said. */
static bool is_text(const char *head, size_t n)
{
    uint32_t code;

    if (n == 0 || head[0] == '{' || head[0] == '[' || jc_sign_of(head, n))
        return false;
    for (size_t at = 0, used; at + 4 < n; at += used) {
        used = jc_utf8_next(head + at, n - at, &code);
        if (used == 0 || code == 0 || (code < ' ' && !strchr("\t\n\r\f\v", (int)code)))
            return false;
    }
    return true;
}

/* {"ids": begins a sample. */
static bool is_sample(const char *head)
{
    static const char *const parts[] = {"{", "\"ids\"", ":", "["};

    for (size_t i = 0; i < JC_COUNT_OF(parts); i++) {
        head += strspn(head, " \t\r\n");
        if (strncmp(head, parts[i], strlen(parts[i])) != 0)
            return false;
        head += strlen(parts[i]);
    }
    return true;
}

static kind kind_of_bytes(const char *head, size_t n)
{
    if (n >= 4 && memcmp(head, "GGUF", 4) == 0)
        return MODEL;
    if (n > 9 && head[8] == '{' && memchr(head, '\0', 8)) {
        kind named = kind_of_format(head, n);
        return named ? named : TENSORS;
    }
    if (head[0] == '{' && is_sample(head))
        return SAMPLES;
    if (head[0] == '{' && kind_of_format(head, n < 400 ? n : 400))
        return kind_of_format(head, n < 400 ? n : 400);
    return is_text(head, n) ? TEXT : UNKNOWN;
}

static bool has(const char *folder, const char *name)
{
    char *path = jc_format("%s/%s", folder, name);
    struct stat info;
    bool there = path && stat(path, &info) == 0;

    free(path);
    return there;
}

static kind kind_of(const char *path)
{
    static char head[HEAD + 1];
    struct stat info;

    if (strcmp(path, "-") == 0 || stat(path, &info) != 0)
        return UNKNOWN;
    if (S_ISDIR(info.st_mode))
        return has(path, "study.json") ? STUDY : has(path, "config.json") ? MODEL : FOLDER;
    FILE *f = S_ISREG(info.st_mode) ? fopen(path, "rb") : NULL;
    if (!f)
        return UNKNOWN;
    size_t n = fread(head, 1, HEAD, f);
    fclose(f);
    head[n] = '\0';
    return n ? kind_of_bytes(head, n) : UNKNOWN;
}

/* ---- what a command wants ---- */

static jc_status wrong(kind is, kind wanted, const char *path, const char *how,
                       jc_error *err)
{
    return jc_cli_fail(err, JC_E_FORMAT, "cannot use '%s' as %s: it is %s; wanted %s%s",
                       path, kinds[wanted].name, kinds[is].about, kinds[wanted].about, how);
}

static bool takes(const jc_command *command, const char *option)
{
    jc_flag flags[JC_FLAGS_MAX];
    size_t n = jc_flags(command, flags);

    for (size_t i = 0; i < n; i++)
        if (strcmp(flags[i].row->name, option) == 0)
            return true;
    return false;
}

/* Any file may be read as text; but binary files of ours, folders and samples are not meant
 * to be. */
static jc_status check_text(const jc_cli *cli, const char *path, jc_error *err)
{
    kind is = kind_of(path);

    if (is == FOLDER)
        return jc_cli_fail(err, JC_E_FORMAT,
                           "cannot read '%s' as text: it is a folder; name the files in it",
                           path);
    if (is == MODEL)
        return wrong(is, TEXT, path, "; MODEL comes before '--text'", err);
    if (is == SAMPLES && !cli->args.own.decode)
        return wrong(is, TEXT, path,
                     takes(cli->command, "samples") ? "; '--samples' takes samples" : "",
                     err);
    if (is != UNKNOWN && is != TEXT && is != SAMPLES)
        return wrong(is, TEXT, path, "", err);
    return JC_OK;
}

static jc_status check_texts(const jc_cli *cli, const jc_list *list, jc_error *err)
{
    jc_status st = JC_OK;
    bool standard = false;

    for (size_t i = 0; i < list->n && st == JC_OK; i++) {
        bool is = strcmp(list->item[i], "-") == 0;
        if (is && standard)
            return jc_cli_fail(err, JC_E_ARG,
                               "standard input is named twice: it can be read once");
        standard |= is;
        st = check_text(cli, list->item[i], err);
    }
    return st;
}

static jc_status check(const char *path, kind wanted, jc_error *err)
{
    kind is = path ? kind_of(path) : UNKNOWN;
    const char *how = is == TEXT && wanted == SAMPLES ? "; '--text' takes text"
                      : is == TENSORS && wanted == SHORTCUTS
                          ? "; 'jumpcut convert' may read it"
                          : "";

    return is == UNKNOWN || is == wanted ? JC_OK : wrong(is, wanted, path, how, err);
}

static jc_status check_model(const char *path, jc_error *err)
{
    kind is = kind_of(path);

    if (is == SHORTCUTS || is == SUMS || is == STATES || is == SAMPLES || is == RESULTS ||
        is == LENS || is == STUDY)
        return wrong(is, MODEL, path, "", err);
    return JC_OK; /* the reader of models knows more of what may be wrong */
}

/* Words in the order of the command: MODEL, SHORTCUTS, RESULTS, SUMS. */
static jc_status check_words(const jc_cli *cli, jc_error *err)
{
    const jc_args *args = &cli->args;
    const char *words = cli->command->words;
    bool model = strncmp(words, "MODEL", 5) == 0;
    jc_status st = JC_OK;

    if (strcmp(words, "RESULTS") == 0 && args->n_words) {
        kind is = kind_of(args->word[0]);
        if (is != STUDY && is != FOLDER)
            st = check(args->word[0], RESULTS, err);
    }
    if (model && args->n_words)
        st = check_model(args->word[0], err);
    for (size_t i = 1; model && i < args->n_words && st == JC_OK; i++)
        st = check(args->word[i], SHORTCUTS, err);
    for (size_t i = 0; strcmp(words, "SUMS") == 0 && i < args->n_words && st == JC_OK; i++)
        st = check(args->word[i], SUMS, err);
    return st;
}

jc_status jc_kinds_check(const jc_cli *cli, jc_error *err)
{
    const jc_own *own = &cli->args.own;
    jc_status st = check_words(cli, err);

    if (st == JC_OK)
        st = check_texts(cli, &own->text, err);
    if (st == JC_OK)
        st = check_texts(cli, &own->transfer, err);
    if (st == JC_OK && own->file)
        st = check_text(cli, own->file, err);
    if (st == JC_OK)
        st = check(own->samples, SAMPLES, err);
    for (size_t i = 0; i < own->sums.n && st == JC_OK; i++)
        st = check(own->sums.item[i], SUMS, err);
    return st;
}
