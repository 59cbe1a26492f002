/* SPDX-License-Identifier: MIT */
/* draft_text.h: the text of --draft-text, in which the drafter "corpus" looks n-grams up.
 */
#ifndef JC_CLI_DRAFT_TEXT_H
#define JC_CLI_DRAFT_TEXT_H

#include "cli/cli.h"

/* Its tokens (*ids)[*n], to be freed; none where the option is not given. `draft` are the
 * drafters, of which one must want it. */
jc_status jc_draft_text(uint32_t **ids, size_t *n, jc_cli *cli, const char *draft,
                        const jc_tokenizer *tokenizer, uint32_t vocab,
                        jc_error *err) JC_NODISCARD;

/* Bytes of a token of it: its id, its place in the order, and one more while that is made.
 */
enum { JC_DRAFT_TEXT_BYTES = 12 };

/* The row of '--draft-text'. */
#define JC_DRAFT_TEXT_ROW                                                                  \
    {                                                                                      \
        {"draft-text",                                                                     \
         JC_OPTION_TEXT,                                                                   \
         offsetof(jc_own, draft_text),                                                     \
         0,                                                                                \
         0,                                                                                \
         NULL,                                                                             \
         NULL,                                                                             \
         "the text that the drafter 'corpus' looks up: one like what is to be written"},   \
            "FILE"                                                                         \
    }

#endif
