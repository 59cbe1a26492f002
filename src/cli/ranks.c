/* SPDX-License-Identifier: MIT */
/* ranks.c: what the ranks of MPI may share: texts that all of them can read. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli/team.h"
#include "cli/work.h"

jc_status jc_ranks_check(jc_cli *cli, jc_error *err)
{
    const jc_args *args = &cli->args;
    bool once = args->own.samples && strcmp(args->own.samples, "-") == 0;

    if (jc_team_get()->ranks == 1)
        return JC_OK;
    if (args->own.dry_run)
        return jc_cli_usage(cli, err, "'--dry-run' measures one process: run one");
    if (args->self.self_text)
        return jc_cli_usage(cli, err,
                            "ranks want texts that are there: keep those of '--self-text' "
                            "with 'sample' first");
    for (size_t i = 0; i < args->own.text.n; i++)
        once |= strcmp(args->own.text.item[i], "-") == 0;
    return once ? jc_cli_usage(cli, err,
                               "every rank reads all texts, so they cannot come from "
                               "standard input")
                : JC_OK;
}

jc_status jc_ranks_texts(const jc_cli *cli, jc_error *err)
{
    const jc_list *text = &cli->args.own.text;

    if (jc_team_get()->ranks == 1)
        return JC_OK;
    for (size_t i = 0; i < text->n; i++)
        if (access(text->item[i], R_OK) != 0)
            return jc_cli_fail(err, JC_E_IO, "cannot open '%s': %s", text->item[i],
                               strerror(errno));
    return JC_OK;
}
