/* SPDX-License-Identifier: MIT */
/* targets.h: the tokens that `lens --target` names. */
#ifndef JC_CLI_TARGETS_H
#define JC_CLI_TARGETS_H

#include "cli/cli.h"

/* The ids of cli->args.own.target: each the text of a token, or #ID. Notes where a token of
 * the same letters with a space before it is another one. Release *ids with jc_ids_free(),
 * also after a failure. */
jc_status jc_targets_read(jc_ids *ids, jc_cli *cli, const jc_tokenizer *tokenizer,
                          uint32_t vocab, jc_error *err) JC_NODISCARD;

#endif
