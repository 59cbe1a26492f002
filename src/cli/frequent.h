/* SPDX-License-Identifier: MIT */
/* frequent.h: the tokens of a text by how often they are in it. */
#ifndef JC_CLI_FREQUENT_H
#define JC_CLI_FREQUENT_H

#include "cli/cli.h"

/* The tokens below `vocab` that are in a file, the most frequent first: (*ids)[*n], to be
 * freed. */
jc_status jc_frequent_tokens(uint32_t **ids, size_t *n, const jc_tokenizer *tokenizer,
                             const char *file, const jc_samples_params *how, uint32_t vocab,
                             jc_error *err) JC_NODISCARD;

#endif
