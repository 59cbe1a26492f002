/* SPDX-License-Identifier: MIT */
/* run.h: jc_generate() for those who want to know how its drafts went. */
#ifndef JC_RUN_H
#define JC_RUN_H

#include "generate/tree.h"

/* With a record, which may be NULL, drafts go on from what it holds, and are counted. */
jc_status jc_generate_run(const jc_model *model, const jc_prompt *prompts, size_t n_prompts,
                          const jc_generate_params *params, jc_draft_record *record,
                          jc_token_fn *token, void *arg, jc_error *err) JC_NODISCARD;

#endif
