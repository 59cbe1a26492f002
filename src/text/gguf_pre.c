/* SPDX-License-Identifier: MIT */
/* gguf_pre.c: tokenizer.ggml.pre, the name of how texts are cut up before BPE.
 * The patterns are those of the tokenizer.json of the models that the names come from. */
#include <string.h>

#include "text/gguf_pre.h"

#define LIKE   "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
#define SPACES "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define END    "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*" SPACES
#define WORD   "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+"
#define LLAMA3 LIKE "|" WORD "|\\p{N}{1,3}" END
#define QWEN2  LIKE "|" WORD "|\\p{N}" END

/* Qwen 3.5: marks belong to letters. */
#define QWEN35                                                                             \
    LIKE "|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}"                                   \
         "| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*" SPACES

/* A word's capitals, then its small letters. */
#define UPPER       "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
#define LOWER       "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"
#define BEFORE      "[^\\r\\n\\p{L}\\p{N}]?"
#define O200K_WORDS BEFORE UPPER "*" LOWER "+" LIKE "?|" BEFORE UPPER "+" LOWER "*" LIKE "?"
#define O200K_END   "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*" SPACES
#define O200K       O200K_WORDS "|\\p{N}{1,3}" O200K_END
#define TEKKEN      BEFORE UPPER "*" LOWER "+|" BEFORE UPPER "+" LOWER "*|\\p{N}" O200K_END

/* The same without Han characters, which stand alone. */
#define NO_HAN "(?:(?!\\p{Han})"
#define KIMI                                                                               \
    "\\p{Han}+|" BEFORE NO_HAN UPPER ")*" NO_HAN LOWER ")+" LIKE "?|" BEFORE NO_HAN UPPER  \
    ")+" NO_HAN LOWER ")*" LIKE "?|\\p{N}{1,3}" END

/* U+4E00-U+9FA5, U+0800-U+4E00, U+AC00-U+D7FF; and with kana in their place */
#define CJK "[\xe4\xb8\x80-\xe9\xbe\xa5\xe0\xa0\x80-\xe4\xb8\x80\xea\xb0\x80-\xed\x9f\xbf]+"
#define KANA                                                                               \
    "[\xe4\xb8\x80-\xe9\xbe\xa5\xe3\x81\x80-\xe3\x82\x9f\xe3\x82\xa0-\xe3\x83\xbf]+"
#define ASCII                                                                              \
    "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+"                                \
    "|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
#define ASCII_END ASCII "| ?[\\p{P}\\p{S}]+[\\r\\n]*" SPACES
#define DEEPSEEK3 "\\p{N}{1,3}", KANA, ASCII_END

/* Scripts without spaces between words, and Hangul */
#define UNSPACED                                                                           \
    "[\xe4\xb8\x80-\xe9\xbf\xbf\xe3\x90\x80-\xe4\xb6\xbf\xe8\xb1\x88-\xef\xab\xbf"         \
    "\xe3\x81\x80-\xe3\x82\x9f\xe3\x82\xa0-\xe3\x83\xbf\xef\xbd\xa5-\xef\xbe\x9f"          \
    "\xe2\xbc\x80-\xe2\xbf\x9f\xe0\xb9\x80-\xe0\xb9\xbf\xe0\xba\x80-\xe0\xbb\xbf"          \
    "\xe1\x9e\x80-\xe1\x9f\xbf\xe1\x80\x80-\xe1\x82\x9f\xea\xa9\xa0-\xea\xa9\xbf"          \
    "\xea\xa7\xa0-\xea\xa7\xbf\xea\xb0\x80-\xed\x9e\xaf\xe1\x84\x80-\xe1\x87\xbf]+"

/* Hangul; Chinese punctuation; Bopomofo */
#define YOUTU                                                                              \
    "[\xea\xb0\x80-\xed\x9e\xa3\xe3\x84\xb1-\xe3\x86\x8e]+"                                \
    "|["                                                                                   \
    "\xef\xbc\x81\xe2\x80\xa6\xe2\x80\x9c\xe2\x80\x9d\xe2\x80\x98\xe2\x80\x99\xe2\x80\x94" \
    "\xef\xbc\x9a\xef\xbc\x9b\xef\xbc\x8c\xe3\x80\x81-\xe3\x80\xbf\xef\xb8\xb0-"           \
    "\xef\xb9\x8f]+"                                                                       \
    "|[\xe3\x84\x85-\xe3\x84\xaf]+|" KANA

/* Anything but spaces and signs where sentences end, in several scripts */
#define BLOOM                                                                              \
    " ?[^(\\s|.,!?"                                                                        \
    "\xe2\x80\xa6\xe3\x80\x82\xef\xbc\x8c\xe3\x80\x81\xe0\xa5\xa4\xdb\x94\xd8\x8c)]+"

/* letters with case; ASCII signs, full-width signs, quotation marks, U+3000-U+3002 */
#define CASED "\\s?[\\p{Lu}\\p{Ll}\\p{Lt}]+"
#define SIGNS                                                                              \
    "\\s?[!-/"                                                                             \
    ":-~\xef\xbc\x81-\xef\xbc\x8f\xef\xbc\x9a-\xef\xbd\x9e\xe2\x80\x98-\xe2\x80\x9f"       \
    "\xe3\x80\x80-\xe3\x80\x82]+"

#define JAIS2                                                                              \
    LIKE "|" WORD "|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+"              \
         "|\\s{512}(?!\\S)|\\s{256}(?!\\S)|\\s{128}(?!\\S)|\\s{64}(?!\\S)|\\s{32}(?!\\S)"  \
         "|\\s{16}(?!\\S)|\\s{8}(?!\\S)|\\s{4}(?!\\S)|\\s{1,2}(?!\\S)|\\s{1}"
#define BAILING                                                                            \
    "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}"                          \
    "| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+"
#define SEED_CODER LIKE "|" WORD "|\\p{N}{1}| ?[^\\s\\p{L}\\p{N}\\r\\n]+" SPACES
#define EXAONE                                                                             \
    LIKE "|" BEFORE "(?:\\p{L}\\p{M}*(?: \\p{L}\\p{M}*)*)+|\\p{N}"                         \
         "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]?|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+"

/* Digits in threes, counted from the right. */
#define THREES(digit) digit "{1,3}(?=(?:" digit "{3})*\\b)"

#define GPT2 "" /* the pattern of pattern.h */

#define LINES "[^\\n]+|[\\n]+"

enum {
    NFC = JC_PRE_NFC,
    WHOLE = JC_PRE_WHOLE,
    BOS = JC_PRE_BOS,
    CHARS = JC_PRE_CHARS,
    DROP = JC_PRE_DROP
};

static const jc_gguf_pre rows[] = {
    {"default", {"[\\p{P}\\$\\+<=>\\^~\\|]+", GPT2, "\\p{N}+", "[0-9][0-9][0-9]"}, 0},
    {"gpt-2", {GPT2}, 0},
    {"phi-2", {GPT2}, 0},
    {"olmo", {GPT2}, 0}, /* and GPT-NeoX */
    {"mpt", {GPT2}, 0},
    {"jais", {GPT2}, 0},
    {"gigachat", {GPT2}, 0},
    {"trillion", {GPT2}, 0},
    {"granite-docling", {GPT2}, 0},
    {"exaone4", {GPT2}, 0},
    {"a.x-4.0", {GPT2}, 0},
    {"mellum", {GPT2}, 0},
    {"modern-bert", {GPT2}, NFC},
    {"jina-es", {GPT2}, 0},
    {"jina-de", {GPT2}, 0},
    {"jina-v2-es", {GPT2}, 0},
    {"jina-v2-de", {GPT2}, 0},
    {"jina-v1-en", {GPT2}, 0},
    {"jina-v2-code", {GPT2}, 0},
    {"roberta-bpe", {GPT2}, 0},
    {"starcoder", {"\\p{N}", GPT2}, 0},
    {"refact", {"\\p{N}", GPT2}, 0},
    {"smollm", {"\\p{N}", GPT2}, 0},
    {"codeshell", {"\\p{N}", GPT2}, 0},
    {"exaone", {"\\p{N}", GPT2}, 0},
    {"minerva-7b", {"\\p{N}", GPT2}, 0},
    {"mellum2", {"\\p{N}", GPT2}, 0},
    {"command-r", {"\\p{N}", GPT2}, NFC},
    {"falcon", {"[\\p{P}\\$\\+<=>\\^~\\|`]+", GPT2, "[0-9][0-9][0-9]"}, 0},
    {"chameleon",
     {"<sentinel:[0-9]+>", "(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z", "([\\t\\n]|    |  )",
      "\\p{N}", "[\\p{P}!-/:-@\\[-`{-~]", GPT2},
     BOS},
    {"llama-bpe", {LLAMA3}, WHOLE | BOS},
    {"llama3", {LLAMA3}, WHOLE | BOS},
    {"llama-v3", {LLAMA3}, WHOLE | BOS},
    {"falcon3", {LLAMA3}, WHOLE | BOS},
    {"falcon-h1", {LLAMA3}, WHOLE | BOS},
    {"pixtral", {LLAMA3}, WHOLE | BOS},
    {"midm-2.0", {LLAMA3}, WHOLE | BOS},
    {"lfm2", {LLAMA3}, WHOLE | BOS},
    {"jina-v5-nano", {LLAMA3}, WHOLE | BOS},
    {"dbrx", {LLAMA3}, 0}, /* and OLMo 2 */
    {"smaug-bpe", {LLAMA3}, 0},
    {"chatglm-bpe", {LLAMA3}, 0},
    {"glm4", {LLAMA3}, WHOLE},
    {"glm5", {LLAMA3}, WHOLE},
    {"minicpm5", {"\\p{N}{1,3}", LIKE "|" WORD "|\\p{N}+" END}, WHOLE},
    {"jais-2", {JAIS2}, 0},
    {"qwen2", {QWEN2}, NFC},
    {"deepseek-r1-qwen", {QWEN2}, NFC},
    {"kormo", {QWEN2}, NFC},
    {"f2llmv2", {QWEN2}, NFC},
    {"megrez", {QWEN2}, NFC},
    {"stablelm2", {QWEN2}, NFC},
    {"hunyuan", {QWEN2}, 0},
    {"solar-open", {QWEN2}, 0},
    {"grok-2", {QWEN2}, 0},
    {"laguna", {LINES, QWEN2}, 0},
    {"ufakzeka", {WORD "|\\p{N}" END}, 0},
    {"qwen35", {QWEN35}, NFC},
    {"tekken", {TEKKEN}, WHOLE | BOS},
    {"gpt-4o", {O200K}, 0},
    {"kanana2", {O200K}, 0},
    {"talkie", {O200K}, 0},
    {"minimax-m2", {O200K}, 0},
    {"llama4", {O200K}, 0},
    {"granite-embed-multi-97m", {O200K}, WHOLE},
    {"youtu", {YOUTU, O200K_WORDS "|\\p{N}" O200K_END}, WHOLE},
    {"tiny_aya", {THREES("\\d"), O200K}, 0},
    {"cohere2moe", {THREES("\\d"), O200K}, 0},
    {"kimi-k2", {KIMI}, 0},
    {"deepseek-llm", {"[\\r\\n]", (CASED), (SIGNS), "\\s+$", CJK, "\\p{N}+"}, 0},
    {"deepseek-coder", {"[\\r\\n]", "\\s?\\p{L}+", "\\s?\\p{P}+", CJK, "\\p{N}"}, 0},
    {"deepseek-v3", {DEEPSEEK3}, 0},
    {"hunyuan-dense", {DEEPSEEK3}, 0},
    {"joyai-llm", {DEEPSEEK3}, 0},
    {"hy_v4", {DEEPSEEK3}, 0},
    {"afmoe", {"\\d{1,3}(?=(?:\\d{3})*(?!\\d))", UNSPACED, ASCII_END}, 0},
    {"spark2_5",
     {"\\p{N}{1,3}", KANA, ASCII "| ?[\\p{P}\\p{S}]+|[\\r\\n]|\\s+(?!\\S)|\\s+", "\\p{N}"},
     0},
    {"bloom", {BLOOM}, 0},
    {"poro-chat", {BLOOM}, 0},
    {"gpt3-finnish", {BLOOM}, 0},
    {"viking", {BLOOM, "\\p{N}"}, 0},
    {"superbpe", {"\\p{N}+", "(?=(\\d{3})+(?!\\d))"}, 0},
    {"bailingmoe", {BAILING}, 0},
    {"bailingmoe2", {BAILING}, 0},
    {"llada-moe", {BAILING}, 0},
    {"seed-coder", {SEED_CODER}, 0},
    {"exaone-moe", {EXAONE}, 0},
    {"gemma4", {LINES}, CHARS | BOS},
    {"granite-embed-multi-311m", {LINES}, CHARS | BOS},
    {"sarvam-moe", {LINES}, CHARS},
    {"whitespace", {"\\s+"}, CHARS | DROP},
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
    jc_behaviour behaviour = pre->flags & DROP ? JC_CUT_REMOVED : JC_CUT_ISOLATED;
    jc_normal_step compose = {.run = jc_normal_form, .form = JC_FORM_NFC};
    jc_status st = pre->flags & JC_PRE_NFC ? jc_normal_add(normal, &compose, err) : JC_OK;

    for (size_t i = 0; st == JC_OK && i < JC_COUNT(pre->regex) && pre->regex[i]; i++)
        st = pre->regex[i][0] ? jc_cut_add_regex(cut, pre->regex[i], behaviour, path, err)
                              : jc_cut_add_gpt2(cut, err);
    cut->bytes = !(pre->flags & CHARS);
    return st;
}
