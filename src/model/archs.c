/* SPDX-License-Identifier: MIT */
/* archs.c: the architecture table. */
#include "model/arch.h"

#include <string.h>

#include "jumpcut/model.h"

static const jc_arch *const table[] = {
    &jc_arch_gpt2,    &jc_arch_bert,    &jc_arch_roberta, &jc_arch_distilbert,
    &jc_arch_llama,   &jc_arch_mistral, &jc_arch_qwen2,   &jc_arch_qwen3,
    &jc_arch_gemma,   &jc_arch_gemma2,  &jc_arch_phi3,    &jc_arch_gpt_neox,
    &jc_arch_gpt_neo, &jc_arch_opt};
static const char *const names[] = {
    "gpt2",  "bert",   "roberta", "distilbert", "llama",   "mistral", "qwen2", "qwen3",
    "gemma", "gemma2", "phi3",    "gpt_neox",   "gpt_neo", "opt",     NULL};

const jc_arch *const *jc_archs(size_t *n)
{
    *n = JC_COUNT(table);
    return table;
}

const jc_arch *jc_arch_find(const char *model_type)
{
    for (size_t i = 0; i < JC_COUNT(table); i++)
        for (const char *const *type = table[i]->model_types; *type; type++)
            if (strcmp(*type, model_type) == 0)
                return table[i];
    return NULL;
}

const char *const *jc_architecture_list(void)
{
    return names;
}

const char *const *jc_backend_list(void)
{
    return jc_backend_names();
}
