/* SPDX-License-Identifier: MIT */
/* gguf_pre.c: tokenizer.ggml.pre, the name of how texts are cut up before byte-level BPE.
 * The patterns are those of the tokenizer.json of the models that the names come from. */
#include <string.h>

#include "text/gguf_pre.h"

#define CONTRACTIONS "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
#define LLAMA3                                                                             \
    CONTRACTIONS                                                                           \
    "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"            \
    "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define QWEN2                                                                              \
    CONTRACTIONS "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"    \
                 "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define UPPER     "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
#define LOWER     "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"
#define O200K_END "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define TEKKEN                                                                             \
    "[^\\r\\n\\p{L}\\p{N}]?" UPPER "*" LOWER "+|[^\\r\\n\\p{L}\\p{N}]?" UPPER "+" LOWER    \
    "*|\\p{N}" O200K_END
#define O200K                                                                              \
    "[^\\r\\n\\p{L}\\p{N}]?" UPPER "*" LOWER "+" CONTRACTIONS                              \
    "?|[^\\r\\n\\p{L}\\p{N}]?" UPPER "+" LOWER "*" CONTRACTIONS "?|\\p{N}{1,3}" O200K_END
#define CJK "[\xe4\xb8\x80-\xe9\xbe\xa5\xe0\xa0\x80-\xe4\xb8\x80\xea\xb0\x80-\xed\x9f\xbf]+"
#define DEEPSEEK3                                                                          \
    "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+"                                \
    "|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*"              \
    "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define CJK3                                                                               \
    "[\xe4\xb8\x80-\xe9\xbe\xa5\xe3\x81\x80-\xe3\x82\x9f\xe3\x82\xa0-\xe3\x83\xbf]+"

#define NONE NULL
#define GPT2 "" /* the pattern of pattern.h, at the end */

static const jc_gguf_pre rows[] = {
    {"gpt-2", {GPT2}, false, false, false},
    {"phi-2", {GPT2}, false, false, false},
    {"olmo", {GPT2}, false, false, false}, /* and GPT-NeoX */
    {"mpt", {GPT2}, false, false, false},
    {"jais", {GPT2}, false, false, false},
    {"gigachat", {GPT2}, false, false, false},
    {"trillion", {GPT2}, false, false, false},
    {"llama-bpe", {LLAMA3}, false, true, true},
    {"llama3", {LLAMA3}, false, true, true},
    {"llama-v3", {LLAMA3}, false, true, true},
    {"dbrx", {LLAMA3}, false, false, false}, /* and OLMo 2 */
    {"smaug-bpe", {LLAMA3}, false, false, false},
    {"qwen2", {QWEN2}, true, false, false},
    {"deepseek-r1-qwen", {QWEN2}, true, false, false},
    {"stablelm2", {QWEN2}, true, false, false},
    {"starcoder", {"\\p{N}", GPT2}, false, false, false},
    {"refact", {"\\p{N}", GPT2}, false, false, false},
    {"smollm", {"\\p{N}", GPT2}, false, false, false},
    {"codeshell", {"\\p{N}", GPT2}, false, false, false},
    {"command-r", {"\\p{N}", GPT2}, true, false, false},
    {"tekken", {TEKKEN}, false, true, true},
    {"gpt-4o", {O200K}, false, false, false},
    {"llama4", {O200K}, false, false, true},
    {"deepseek-v3", {"\\p{N}{1,3}", CJK3, DEEPSEEK3}, false, false, false},
    {"deepseek-coder",
     {"[\\r\\n]", "\\s?\\p{L}+", "\\s?\\p{P}+", CJK, "\\p{N}"},
     false,
     false,
     false},
};

const jc_gguf_pre *jc_gguf_pre_find(const char *name, size_t n)
{
    for (size_t i = 0; i < JC_COUNT(rows); i++)
        if (strlen(rows[i].name) == n && memcmp(rows[i].name, name, n) == 0)
            return &rows[i];
    return NULL;
}

jc_status jc_gguf_pre_add(const jc_gguf_pre *pre, jc_normal *normal, jc_cut *cut,
                          const char *path, jc_error *err)
{
    jc_normal_step compose = {.run = jc_normal_form, .form = JC_FORM_NFC};
    jc_status st = pre->nfc ? jc_normal_add(normal, &compose, err) : JC_OK;

    for (size_t i = 0; st == JC_OK && i < JC_COUNT(pre->regex) && pre->regex[i]; i++)
        st = pre->regex[i][0]
                 ? jc_cut_add_regex(cut, pre->regex[i], JC_CUT_ISOLATED, path, err)
                 : jc_cut_add_gpt2(cut, err);
    cut->bytes = true;
    return st;
}
