/* SPDX-License-Identifier: MIT */
/* archs.c: the architecture table. */
#include "model/arch.h"

#include <string.h>

#include "jumpcut/model.h"

/* The rows, in the order in which they are listed: jc_arch_<name> is in arch/<name>.c. */
#define ARCHS(X)                                                                           \
    X(gpt2)                                                                                \
    X(bert)                                                                                \
    X(roberta)                                                                             \
    X(distilbert)                                                                          \
    X(llama)                                                                               \
    X(mistral)                                                                             \
    X(qwen2)                                                                               \
    X(qwen3)                                                                               \
    X(gemma)                                                                               \
    X(gemma2)                                                                              \
    X(gemma3)                                                                              \
    X(phi3)                                                                                \
    X(gpt_neox)                                                                            \
    X(gpt_neo)                                                                             \
    X(gptj)                                                                                \
    X(opt)                                                                                 \
    X(olmo2)                                                                               \
    X(olmo)                                                                                \
    X(olmo3)                                                                               \
    X(smollm3)                                                                             \
    X(granite)                                                                             \
    X(phi)                                                                                 \
    X(stablelm)                                                                            \
    X(cohere)                                                                              \
    X(cohere2)                                                                             \
    X(glm)                                                                                 \
    X(glm4)                                                                                \
    X(internlm2)                                                                           \
    X(internlm3)                                                                           \
    X(exaone)                                                                              \
    X(exaone4)                                                                             \
    X(ministral3)                                                                          \
    X(starcoder2)                                                                          \
    X(nemotron)                                                                            \
    X(arcee)                                                                               \
    X(seed_oss)                                                                            \
    X(ernie4_5)                                                                            \
    X(hunyuan_v1_dense)                                                                    \
    X(mixtral)                                                                             \
    X(qwen2_moe)                                                                           \
    X(qwen3_moe)                                                                           \
    X(olmoe)                                                                               \
    X(granitemoe)                                                                          \
    X(gpt_oss)                                                                             \
    X(albert)                                                                              \
    X(electra)                                                                             \
    X(mpnet)                                                                               \
    X(deberta_v2)                                                                          \
    X(modernbert)                                                                          \
    X(nomic_bert)                                                                          \
    X(falcon)                                                                              \
    X(bloom)                                                                               \
    X(mpt)                                                                                 \
    X(gpt_bigcode)                                                                         \
    X(codegen)                                                                             \
    X(xglm)                                                                                \
    X(deepseek_v2)                                                                         \
    X(deepseek_v3)                                                                         \
    X(lfm2)                                                                                \
    X(mamba2)                                                                              \
    X(granitemoehybrid)                                                                    \
    X(qwen3_next)                                                                          \
    X(qwen3_5)                                                                             \
    X(lfm2_moe)                                                                            \
    X(qwen3_5_moe)                                                                         \
    X(llama4)

#define JC_X(name) extern const jc_arch jc_arch_##name;
ARCHS(JC_X)
#undef JC_X

#define JC_X(name) &jc_arch_##name,
static const jc_arch *const table[] = {ARCHS(JC_X)};
#undef JC_X
#define JC_X(name) #name,
static const char *const names[] = {ARCHS(JC_X) NULL};
#undef JC_X

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

const jc_arch *jc_arch_find_gguf(const char *name)
{
    for (size_t i = 0; i < JC_COUNT(table); i++)
        for (const char *at = table[i]->gguf; at && *at;) {
            size_t n = strcspn(at, "|");
            if (strlen(name) == n && memcmp(at, name, n) == 0)
                return table[i];
            at += n + (at[n] == '|');
        }
    return NULL;
}

bool jc_architecture_find(const char *name, jc_architecture *out)
{
    for (size_t i = 0; i < JC_COUNT(table); i++)
        if (name && out && strcmp(table[i]->name, name) == 0) {
            *out = (jc_architecture){.name = table[i]->name,
                                     .about = table[i]->about,
                                     .compared =
                                         table[i]->compared ? table[i]->compared : "tiny",
                                     .model_types = table[i]->model_types,
                                     .gguf = table[i]->gguf,
                                     .causal = table[i]->causal};
            return true;
        }
    return false;
}

const char *const *jc_architecture_list(void)
{
    return names;
}
