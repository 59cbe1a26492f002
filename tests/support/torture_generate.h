/* SPDX-License-Identifier: MIT */
/* torture_generate.h: jc_generate() while one of its allocations fails. */
#ifndef JC_TESTS_TORTURE_GENERATE_H
#define JC_TESTS_TORTURE_GENERATE_H

#include "jumpcut/generate.h"
#include "model/model.h"
#include "support/torture.h"

struct scarce {
    const jc_model *model;
    const jc_generate_params *params;
};

static inline bool hear(void *arg, const jc_token *token)
{
    (void)arg;
    (void)token;
    return true;
}

static inline jc_status write_two(void *arg)
{
    static const uint32_t start[] = {7, 8};
    static const jc_prompt prompts[] = {{start, 2}, {start, 1}};
    const struct scarce *scarce = arg;

    return jc_generate(scarce->model, prompts, 2, scarce->params, hear, NULL, NULL);
}

/* Each allocation is let fail that writing after two prompts takes. */
static inline void check_torture_generate(jc_model *model, const jc_generate_params *params)
{
    struct scarce scarce = {model, params};
    uint32_t threads = model->threads;

    model->threads = 1; /* so that allocations come in one order */
    check_torture(write_two, &scarce, 5000);
    model->threads = threads;
}

#endif
