/* SPDX-License-Identifier: MIT */
/* cmd_report.c: `jumpcut report`: results as one HTML page. */
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "report/report.h"

/* "results.json" -> "results.html"; free(). */
static char *beside(const char *results)
{
    size_t n = strlen(results);

    if (n > 5 && strcmp(results + n - 5, ".json") == 0)
        n -= 5;
    return jc_format("%.*s.html", (int)n, results);
}

static jc_status run(jc_cli *cli, jc_error *err)
{
    const char *results = cli->args.word[0];
    char *path = cli->args.own.out ? jc_format("%s", cli->args.own.out) : beside(results);

    if (!path)
        return jc_cli_fail(err, JC_E_NOMEM, "out of memory for a path");
    jc_status st = jc_report_write(results, path, err);
    if (st == JC_OK)
        printf("report: %s\n", path);
    free(path);
    return st;
}

static const jc_own_row rows[] = {
    {{"out", JC_OPTION_TEXT, offsetof(jc_own, out), 0, 0, NULL, NULL,
      "the page to write; without it, RESULTS with .html for .json"},
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
        "Makes a page with charts out of a file written by 'eval' or 'study': R2 between "
        "all layers, precision and surprisal by layer, and the exits. The page is a single "
        "file and needs no network.",
    .examples = "jumpcut report results.json --out report.html\n",
    .groups = (const jc_group *const[]){&own_rows, &jc_group_common, NULL},
    .run = run,
};
