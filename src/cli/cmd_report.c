/* SPDX-License-Identifier: MIT */
/* cmd_report.c: `jumpcut report`: results as one HTML page. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "cli/closing.h"
#include "cli/inputs.h"
#include "cli/output.h"
#include "jumpcut/report.h"

/* "results.json" -> "results.html"; free(). */
static char *beside(const char *results)
{
    size_t n = strlen(results);

    if (n > 5 && strcmp(results + n - 5, ".json") == 0)
        n -= 5;
    return jc_format("%.*s.html", (int)n, results);
}

/* A folder is that of a study: its results.json; free(). */
static char *results_of(const char *word)
{
    struct stat info;
    bool folder = stat(word, &info) == 0 && S_ISDIR(info.st_mode);

    return folder ? jc_format("%s/results.json", word) : jc_format("%s", word);
}

/* A study calls its page report.html. */
static char *page_of(const char *word, const char *results)
{
    return strcmp(word, results) == 0 ? beside(results) : jc_format("%s/report.html", word);
}

/* The page to standard output. */
static jc_status show(const char *results, jc_error *err)
{
    char *page;
    size_t length;
    jc_status st = jc_report_show(results, &page, &length, err);

    if (st == JC_OK)
        st = jc_output_text(NULL, page, err);
    free(page);
    return st;
}

static jc_status run(jc_cli *cli, jc_error *err)
{
    const char *word = cli->args.word[0], *out = cli->args.own.out;
    char *results = results_of(word), *path = NULL;

    if (results)
        path = out ? jc_format("%s", out) : page_of(word, results);
    bool shown = out && strcmp(out, "-") == 0;
    jc_status st = path ? jc_inputs_spare(cli, (const char *const *)&path, 1, err)
                        : jc_cli_fail(err, JC_E_NOMEM, "out of memory for a path");
    if (st == JC_OK)
        st = shown ? show(results, err) : jc_report_write(results, path, err);
    if (st == JC_OK && !shown) {
        printf("report: %s\n", path);
        jc_closing_open(cli, path);
    }
    free(path);
    free(results);
    return st;
}

static const jc_own_row rows[] = {
    {{"out", JC_OPTION_TEXT, offsetof(jc_own, out), 0, 0, NULL, NULL,
      "the page to write; without it, RESULTS with .html for .json, or report.html in a "
      "study's folder; - is standard output"},
     "FILE"},
};
static const jc_group own_rows = {
    .title = "Output", .own = rows, .n_own = JC_COUNT_OF(rows)};

const jc_command jc_command_report = {
    .name = "report",
    .summary = "show results as one HTML page",
    .usage = "RESULTS [--out FILE]",
    .words = "RESULTS",
    .min_words = 1,
    .max_words = 1,
    .teach =
        "Makes a page with charts out of a file written by 'eval', or the folder of a "
        "'study': R2 between "
        "all layers, precision and surprisal by layer, and the exits. The page is a single "
        "file and needs no network.",
    .examples = "jumpcut report results.json --out report.html\n"
                "jumpcut report ./jumpcut-study\n",
    .groups = (const jc_group *const[]){&own_rows, &jc_group_common, NULL},
    .run = run,
};
