/* SPDX-License-Identifier: MIT */
/*
 * Configurations as published models have them, in the spelling of their day, at full size:
 * what is understood of each. And what is said of those that cannot be run.
 */
#include <string.h>

#include "model/model.h"
#include "support/check.h"

/* What follows from a configuration; zero: not there. */
typedef struct want {
    uint32_t layers, width, heads, kv_heads, head_width, ff_width, context, vocab;
    jc_act act;
    jc_rotary_type rotary;
    double theta;
    uint32_t turned;
    uint32_t window, first, last; /* and whether those blocks have it */
    bool untied;
    double eps;
} want;

typedef struct published {
    const char *name, *json;
    want want;
} published;

#define LLAMA_3(rest)                                                                      \
    "{\"architectures\": [\"LlamaForCausalLM\"], \"attention_bias\": false, "              \
    "\"attention_dropout\": 0.0, \"bos_token_id\": 128000, \"eos_token_id\": [128001, "    \
    "128008, 128009], \"hidden_act\": \"silu\", \"initializer_range\": 0.02, "             \
    "\"max_position_embeddings\": 131072, \"mlp_bias\": false, \"model_type\": "           \
    "\"llama\", \"num_key_value_heads\": 8, \"pretraining_tp\": 1, \"rms_norm_eps\": "     \
    "1e-05, \"rope_theta\": 500000.0, \"use_cache\": true, \"vocab_size\": 128256, " rest

#define SCALED_3(factor)                                                                   \
    "\"rope_scaling\": {\"factor\": " factor ", \"low_freq_factor\": 1.0, "                \
    "\"high_freq_factor\": 4.0, \"original_max_position_embeddings\": 8192, "              \
    "\"rope_type\": \"llama3\"}"

#define MISTRAL(rest)                                                                      \
    "{\"architectures\": [\"MistralForCausalLM\"], \"bos_token_id\": 1, "                  \
    "\"eos_token_id\": "                                                                   \
    "2, \"hidden_act\": \"silu\", \"initializer_range\": 0.02, \"model_type\": "           \
    "\"mistral\", \"num_attention_heads\": 32, \"num_key_value_heads\": 8, "               \
    "\"rms_norm_eps\": 1e-05, \"tie_word_embeddings\": false, \"torch_dtype\": "           \
    "\"bfloat16\", \"use_cache\": true, \"intermediate_size\": 14336, " rest

#define QWEN(rest)                                                                         \
    "{\"attention_dropout\": 0.0, \"bos_token_id\": 151643, \"eos_token_id\": 151645, "    \
    "\"hidden_act\": \"silu\", \"initializer_range\": 0.02, \"rms_norm_eps\": 1e-06, "     \
    "\"rope_theta\": 1000000.0, \"torch_dtype\": \"bfloat16\", \"use_cache\": true, "      \
    "\"vocab_size\": 151936, " rest

#define TWELVE "1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9, 2, 2.1"
#define FACTORS(n)                                                                         \
    "\"rope_scaling\": {\"type\": " n ", \"short_factor\": [" TWELVE ", " TWELVE           \
    ", " TWELVE ", " TWELVE "], \"long_factor\": [" TWELVE ", " TWELVE ", " TWELVE         \
    ", " TWELVE "]}"

#define PHI(rest)                                                                          \
    "{\"architectures\": [\"Phi3ForCausalLM\"], \"auto_map\": {\"AutoConfig\": "           \
    "\"configuration_phi3.Phi3Config\"}, \"embd_pdrop\": 0.0, \"hidden_act\": \"silu\", "  \
    "\"hidden_size\": 3072, \"intermediate_size\": 8192, \"model_type\": \"phi3\", "       \
    "\"num_hidden_layers\": 32, \"resid_pdrop\": 0.0, \"rms_norm_eps\": 1e-05, "           \
    "\"rope_theta\": 10000.0, " rest

#define OPT(rest)                                                                          \
    "{\"_remove_final_layer_norm\": false, \"activation_dropout\": 0.0, "                  \
    "\"activation_function\": \"relu\", \"architectures\": [\"OPTForCausalLM\"], "         \
    "\"bos_token_id\": 2, \"init_std\": 0.02, \"layerdrop\": 0.0, "                        \
    "\"max_position_embeddings\": 2048, \"model_type\": \"opt\", \"pad_token_id\": 1, "    \
    "\"prefix\": \"</s>\", \"use_cache\": true, \"vocab_size\": 50272, " rest

/* clang-format off */
static const published configs[] = {
    {"Llama 2 7B",
     "{\"architectures\": [\"LlamaForCausalLM\"], \"hidden_act\": \"silu\", \"hidden_size\": 4096,"
     "\"intermediate_size\": 11008, \"max_position_embeddings\": 4096, \"model_type\": \"llama\","
     "\"num_attention_heads\": 32, \"num_hidden_layers\": 32, \"num_key_value_heads\": 32,"
     "\"pretraining_tp\": 1, \"rms_norm_eps\": 1e-05, \"rope_scaling\": null,"
     "\"tie_word_embeddings\": false, \"torch_dtype\": \"float16\", \"vocab_size\": 32000}",
     {32, 4096, 32, 32, 128, 11008, 4096, 32000, JC_ACT_SILU, JC_ROTARY_PLAIN, 10000, 128, .untied = true, .eps = 1e-5}},
    {"Llama 3.1 8B",
     LLAMA_3("\"hidden_size\": 4096, \"intermediate_size\": 14336, \"num_attention_heads\": 32,"
     "\"num_hidden_layers\": 32, \"tie_word_embeddings\": false, " SCALED_3("8.0") "}"),
     {32, 4096, 32, 8, 128, 14336, 131072, 128256, JC_ACT_SILU, JC_ROTARY_LLAMA3, 500000, 128, .untied = true, .eps = 1e-5}},
    {"Llama 3.2 1B",
     LLAMA_3("\"head_dim\": 64, \"hidden_size\": 2048, \"intermediate_size\": 8192,"
     "\"num_attention_heads\": 32, \"num_hidden_layers\": 16, \"tie_word_embeddings\": true, " SCALED_3("32.0") "}"),
     {16, 2048, 32, 8, 64, 8192, 131072, 128256, JC_ACT_SILU, JC_ROTARY_LLAMA3, 500000, 64, .eps = 1e-5}},
    {"Llama 3.2 1B as transformers 5 writes it",
     "{\"dtype\": \"bfloat16\", \"head_dim\": 64, \"hidden_act\": \"silu\", \"hidden_size\": 2048,"
     "\"intermediate_size\": 8192, \"max_position_embeddings\": 131072, \"model_type\": \"llama\","
     "\"num_attention_heads\": 32, \"num_hidden_layers\": 16, \"num_key_value_heads\": 8, \"rms_norm_eps\": 1e-05,"
     "\"rope_parameters\": {\"factor\": 32.0, \"high_freq_factor\": 4.0, \"low_freq_factor\": 1.0,"
     "\"original_max_position_embeddings\": 8192, \"rope_theta\": 500000.0, \"rope_type\": \"llama3\"},"
     "\"tie_word_embeddings\": true, \"vocab_size\": 128256}",
     {16, 2048, 32, 8, 64, 8192, 131072, 128256, JC_ACT_SILU, JC_ROTARY_LLAMA3, 500000, 64, .eps = 1e-5}},
    {"Mistral 7B v0.1",
     MISTRAL("\"hidden_size\": 4096, \"max_position_embeddings\": 32768, \"num_hidden_layers\": 32,"
     "\"rope_theta\": 10000.0, \"sliding_window\": 4096, \"vocab_size\": 32000}"),
     {32, 4096, 32, 8, 128, 14336, 32768, 32000, JC_ACT_SILU, JC_ROTARY_PLAIN, 10000, 128, 4096, 1, 1, true, 1e-5}},
    {"Mistral 7B v0.3",
     MISTRAL("\"head_dim\": null, \"hidden_size\": 4096, \"max_position_embeddings\": 32768, \"num_hidden_layers\": 32,"
     "\"rope_theta\": 1000000.0, \"sliding_window\": null, \"vocab_size\": 32768}"),
     {32, 4096, 32, 8, 128, 14336, 32768, 32768, JC_ACT_SILU, JC_ROTARY_PLAIN, 1e6, 128, .untied = true, .eps = 1e-5}},
    {"Mistral Nemo",
     MISTRAL("\"head_dim\": 128, \"hidden_size\": 5120, \"max_position_embeddings\": 1024000, \"num_hidden_layers\": 40,"
     "\"rope_theta\": 1000000.0, \"sliding_window\": null, \"vocab_size\": 131072}"),
     {40, 5120, 32, 8, 128, 14336, 1024000, 131072, JC_ACT_SILU, JC_ROTARY_PLAIN, 1e6, 128, .untied = true, .eps = 1e-5}},
    {"Qwen 2.5 7B",
     QWEN("\"architectures\": [\"Qwen2ForCausalLM\"], \"model_type\": \"qwen2\", \"hidden_size\": 3584,"
     "\"intermediate_size\": 18944, \"max_position_embeddings\": 131072, \"max_window_layers\": 28,"
     "\"num_attention_heads\": 28, \"num_hidden_layers\": 28, \"num_key_value_heads\": 4,"
     "\"sliding_window\": 131072, \"tie_word_embeddings\": false, \"use_mrope\": false, \"use_sliding_window\": false}"),
     {28, 3584, 28, 4, 128, 18944, 131072, 151936, JC_ACT_SILU, JC_ROTARY_PLAIN, 1e6, 128, .untied = true, .eps = 1e-6}},
    {"Qwen 2.5 with its window and YaRN turned on",
     QWEN("\"model_type\": \"qwen2\", \"hidden_size\": 3584, \"intermediate_size\": 18944,"
     "\"max_position_embeddings\": 32768, \"max_window_layers\": 21, \"num_attention_heads\": 28,"
     "\"num_hidden_layers\": 28, \"num_key_value_heads\": 4, \"sliding_window\": 32768, \"use_sliding_window\": true,"
     "\"rope_scaling\": {\"factor\": 4.0, \"original_max_position_embeddings\": 32768, \"type\": \"yarn\"}}"),
     {28, 3584, 28, 4, 128, 18944, 32768, 151936, JC_ACT_SILU, JC_ROTARY_YARN, 1e6, 128, 32768, 0, 1, .eps = 1e-6}},
    {"Qwen 3 0.6B",
     QWEN("\"architectures\": [\"Qwen3ForCausalLM\"], \"attention_bias\": false, \"head_dim\": 128, \"hidden_size\": 1024,"
     "\"intermediate_size\": 3072, \"max_position_embeddings\": 40960, \"max_window_layers\": 28, \"model_type\": \"qwen3\","
     "\"num_attention_heads\": 16, \"num_hidden_layers\": 28, \"num_key_value_heads\": 8, \"rope_scaling\": null,"
     "\"sliding_window\": null, \"tie_word_embeddings\": true, \"use_sliding_window\": false}"),
     {28, 1024, 16, 8, 128, 3072, 40960, 151936, JC_ACT_SILU, JC_ROTARY_PLAIN, 1e6, 128, .eps = 1e-6}},
    {"Gemma 2B",
     "{\"architectures\": [\"GemmaForCausalLM\"], \"attention_bias\": false, \"head_dim\": 256, \"hidden_act\": \"gelu_pytorch_tanh\","
     "\"hidden_activation\": null, \"hidden_size\": 2048, \"intermediate_size\": 16384, \"max_position_embeddings\": 8192,"
     "\"model_type\": \"gemma\", \"num_attention_heads\": 8, \"num_hidden_layers\": 18, \"num_key_value_heads\": 1,"
     "\"rms_norm_eps\": 1e-06, \"rope_scaling\": null, \"rope_theta\": 10000.0, \"vocab_size\": 256000}",
     {18, 2048, 8, 1, 256, 16384, 8192, 256000, JC_ACT_GELU_TANH, JC_ROTARY_PLAIN, 10000, 256, .eps = 1e-6}},
    {"Gemma 2 2B",
     "{\"architectures\": [\"Gemma2ForCausalLM\"], \"attn_logit_softcapping\": 50.0, \"cache_implementation\": \"hybrid\","
     "\"final_logit_softcapping\": 30.0, \"head_dim\": 256, \"hidden_act\": \"gelu_pytorch_tanh\", \"hidden_activation\":"
     "\"gelu_pytorch_tanh\", \"hidden_size\": 2304, \"intermediate_size\": 9216, \"max_position_embeddings\": 8192,"
     "\"model_type\": \"gemma2\", \"num_attention_heads\": 8, \"num_hidden_layers\": 26, \"num_key_value_heads\": 4,"
     "\"query_pre_attn_scalar\": 256, \"rms_norm_eps\": 1e-06, \"rope_theta\": 10000.0, \"sliding_window\": 4096,"
     "\"vocab_size\": 256000}",
     {26, 2304, 8, 4, 256, 9216, 8192, 256000, JC_ACT_GELU_TANH, JC_ROTARY_PLAIN, 10000, 256, 4096, 1, 0, .eps = 1e-6}},
    {"Phi 3 mini 4k",
     PHI("\"max_position_embeddings\": 4096, \"num_attention_heads\": 32, \"num_key_value_heads\": 32,"
     "\"original_max_position_embeddings\": 4096, \"rope_scaling\": null, \"sliding_window\": 2047,"
     "\"tie_word_embeddings\": false, \"vocab_size\": 32064}"),
     {32, 3072, 32, 32, 96, 8192, 4096, 32064, JC_ACT_SILU, JC_ROTARY_PLAIN, 10000, 96, 2047, 1, 1, true, 1e-5}},
    {"Phi 3 mini 128k",
     PHI("\"max_position_embeddings\": 131072, \"num_attention_heads\": 32, \"num_key_value_heads\": 32,"
     "\"original_max_position_embeddings\": 4096, " FACTORS("\"longrope\"") ", \"sliding_window\": 262144,"
     "\"tie_word_embeddings\": false, \"vocab_size\": 32064}"),
     {32, 3072, 32, 32, 96, 8192, 131072, 32064, JC_ACT_SILU, JC_ROTARY_LONGROPE, 10000, 96, 262144, 1, 1, true, 1e-5}},
    {"Phi 3 mini 128k at first, with scaling by its first name",
     PHI("\"max_position_embeddings\": 131072, \"num_attention_heads\": 32, \"num_key_value_heads\": 32,"
     "\"original_max_position_embeddings\": 4096, " FACTORS("\"su\"") ", \"sliding_window\": 262144, \"vocab_size\": 32064}"),
     {32, 3072, 32, 32, 96, 8192, 131072, 32064, JC_ACT_SILU, JC_ROTARY_LONGROPE, 10000, 96, 262144, 1, 1, .eps = 1e-5}},
    {"Phi 4 mini",
     PHI("\"full_attn_mod\": 1, \"interpolate_factor\": 1, \"lm_head_bias\": false, \"max_position_embeddings\": 131072,"
     "\"num_attention_heads\": 24, \"num_key_value_heads\": 8, \"original_max_position_embeddings\": 4096,"
     "\"partial_rotary_factor\": 0.75, " FACTORS("\"longrope\"") ", \"sliding_window\": 262144, \"tie_word_embeddings\": true,"
     "\"vocab_size\": 200064}"),
     {32, 3072, 24, 8, 128, 8192, 131072, 200064, JC_ACT_SILU, JC_ROTARY_LONGROPE, 10000, 96, 262144, 1, 1, .eps = 1e-5}},
    {"Pythia 70M",
     "{\"architectures\": [\"GPTNeoXForCausalLM\"], \"bos_token_id\": 0, \"eos_token_id\": 0, \"hidden_act\": \"gelu\","
     "\"hidden_size\": 512, \"initializer_range\": 0.02, \"intermediate_size\": 2048, \"layer_norm_eps\": 1e-05,"
     "\"max_position_embeddings\": 2048, \"model_type\": \"gpt_neox\", \"num_attention_heads\": 8, \"num_hidden_layers\": 6,"
     "\"rotary_emb_base\": 10000, \"rotary_pct\": 0.25, \"tie_word_embeddings\": false, \"torch_dtype\": \"float16\","
     "\"use_cache\": true, \"use_parallel_residual\": true, \"vocab_size\": 50304}",
     {6, 512, 8, 8, 64, 2048, 2048, 50304, JC_ACT_GELU, JC_ROTARY_PLAIN, 10000, 16, .untied = true, .eps = 1e-5}},
    {"Pythia 70M as transformers 5 writes it",
     "{\"attention_bias\": true, \"hidden_act\": \"gelu\", \"hidden_size\": 512, \"intermediate_size\": 2048,"
     "\"layer_norm_eps\": 1e-05, \"max_position_embeddings\": 2048, \"model_type\": \"gpt_neox\","
     "\"num_attention_heads\": 8, \"num_hidden_layers\": 6, \"rope_parameters\": {\"partial_rotary_factor\": 0.25,"
     "\"rope_theta\": 10000, \"rope_type\": \"default\"}, \"tie_word_embeddings\": false, \"vocab_size\": 50304}",
     {6, 512, 8, 8, 64, 2048, 2048, 50304, JC_ACT_GELU, JC_ROTARY_PLAIN, 10000, 16, .untied = true, .eps = 1e-5}},
    {"GPT-Neo 125M",
     "{\"activation_function\": \"gelu_new\", \"architectures\": [\"GPTNeoForCausalLM\"], \"attention_dropout\": 0,"
     "\"attention_layers\": [\"global\", \"local\"], \"attention_types\": [[[\"global\", \"local\"], 6]],"
     "\"bos_token_id\": 50256, \"embed_dropout\": 0, \"hidden_size\": 768, \"intermediate_size\": null,"
     "\"layer_norm_epsilon\": 1e-05, \"max_position_embeddings\": 2048, \"model_type\": \"gpt_neo\", \"num_heads\": 12,"
     "\"num_layers\": 12, \"resid_dropout\": 0, \"summary_type\": \"cls_index\", \"vocab_size\": 50257, \"window_size\": 256}",
     {12, 768, 12, 12, 64, 3072, 2048, 50257, JC_ACT_GELU_TANH, JC_ROTARY_NONE, 0, 0, 256, 0, 1, .eps = 1e-5}},
    {"GPT-J 6B",
     "{\"activation_function\": \"gelu_new\", \"architectures\": [\"GPTJForCausalLM\"], \"attn_pdrop\": 0.0,"
     "\"gradient_checkpointing\": false, \"layer_norm_epsilon\": 1e-05, \"model_type\": \"gptj\", \"n_embd\": 4096,"
     "\"n_head\": 16, \"n_inner\": null, \"n_layer\": 28, \"n_positions\": 2048, \"rotary\": true, \"rotary_dim\": 64,"
     "\"scale_attn_weights\": true, \"tie_word_embeddings\": false, \"vocab_size\": 50400}",
     {28, 4096, 16, 16, 256, 16384, 2048, 50400, JC_ACT_GELU_TANH, JC_ROTARY_PLAIN, 10000, 64, .untied = true, .eps = 1e-5}},
    {"OPT 125M",
     OPT("\"do_layer_norm_before\": true, \"ffn_dim\": 3072, \"hidden_size\": 768, \"num_attention_heads\": 12,"
     "\"num_hidden_layers\": 12, \"word_embed_proj_dim\": 768}"),
     {12, 768, 12, 12, 64, 3072, 2048, 50272, JC_ACT_RELU, JC_ROTARY_NONE, .eps = 1e-5}},
    {"OPT 350M",
     OPT("\"do_layer_norm_before\": false, \"ffn_dim\": 4096, \"hidden_size\": 1024, \"num_attention_heads\": 16,"
     "\"num_hidden_layers\": 24, \"word_embed_proj_dim\": 512}"),
     {24, 1024, 16, 16, 64, 4096, 2048, 50272, JC_ACT_RELU, JC_ROTARY_NONE, .eps = 1e-5}},
    {"OLMo 2 7B",
     "{\"architectures\": [\"Olmo2ForCausalLM\"], \"attention_bias\": false, \"attention_dropout\": 0.0, \"hidden_act\": \"silu\","
     "\"hidden_size\": 4096, \"initializer_range\": 0.02, \"intermediate_size\": 11008, \"max_position_embeddings\": 4096,"
     "\"model_type\": \"olmo2\", \"num_attention_heads\": 32, \"num_hidden_layers\": 32, \"num_key_value_heads\": 32,"
     "\"rms_norm_eps\": 1e-06, \"rope_scaling\": null, \"rope_theta\": 500000, \"tie_word_embeddings\": false, \"vocab_size\": 100352}",
     {32, 4096, 32, 32, 128, 11008, 4096, 100352, JC_ACT_SILU, JC_ROTARY_PLAIN, 500000, 128, .untied = true, .eps = 1e-6}},
};
/* clang-format on */

#include "model/configs_encoders.h"
#include "model/configs_later.h"
#include "model/configs_older.h"

/* NULL past the last. */
static const published *config_at(size_t i)
{
    const struct {
        const published *of;
        size_t n;
    } lists[] = {{configs, JC_COUNT(configs)},
                 {later, JC_COUNT(later)},
                 {encoders, JC_COUNT(encoders)},
                 {older, JC_COUNT(older)}};

    for (size_t k = 0; k < JC_COUNT(lists); i -= lists[k++].n)
        if (i < lists[k].n)
            return &lists[k].of[i];
    return NULL;
}

static void open_part(jc_config **out, const published *p)
{
    jc_config *config;
    jc_error err = {JC_OK, ""};

    if (jc_config_parse(&config, p->json, strlen(p->json), "config.json", &err) ||
        jc_config_part(out, config, JC_TEXT_PARTS, &err))
        fail_msg("%s: %s", p->name, err.message);
    jc_config_close(config);
}

static bool any_window(const jc_hparams *hp)
{
    for (uint32_t l = 0; l < hp->layers; l++)
        if (jc_hparams_windowed(hp, l))
            return true;
    return false;
}

static void check_one(const published *p)
{
    jc_config *config;
    jc_hparams hp;
    const char *type;
    jc_error err = {JC_OK, ""};

    open_part(&config, p);
    assert_int_equal(jc_config_text(config, "model_type", &type, NULL), JC_OK);
    const jc_arch *arch = jc_arch_find(type);
    assert_non_null(arch);
    if (jc_hparams_read(&hp, arch, config, &err))
        fail_msg("%s: %s", p->name, err.message);
    const want got = {
        .layers = hp.layers,
        .width = hp.width,
        .heads = hp.heads,
        .kv_heads = hp.kv_heads,
        .head_width = hp.head_width,
        .ff_width = hp.ff_width,
        .context = hp.context,
        .vocab = hp.vocab,
        .act = hp.act,
        .rotary = hp.rotary.type,
        .theta = hp.rotary.theta,
        .turned = hp.rotary.dims,
        .window = any_window(&hp) ? hp.window : 0,
        .first = jc_hparams_windowed(&hp, 0),
        .last = jc_hparams_windowed(&hp, hp.layers - 1),
        .untied = !hp.tied,
        .eps = hp.eps,
    };
#define SAME(member)                                                                       \
    if ((double)got.member != (double)p->want.member)                                      \
    fail_msg("%s: " #member " is %g, not %g", p->name, (double)got.member,                 \
             (double)p->want.member)
    SAME(layers);
    SAME(width);
    SAME(heads);
    SAME(kv_heads);
    SAME(head_width);
    SAME(ff_width);
    SAME(context);
    SAME(vocab);
    SAME(act);
    SAME(rotary);
    SAME(theta);
    SAME(turned);
    SAME(window);
    SAME(first);
    SAME(last);
    SAME(untied);
    SAME(eps);
    jc_hparams_release(&hp);
    jc_config_close(config);
}

static void test_configs__published_ones_are_understood(void **state)
{
    (void)state;
    for (size_t i = 0; config_at(i); i++)
        check_one(config_at(i));
}

#define SMALL                                                                              \
    "\"hidden_size\": 24, \"intermediate_size\": 40, \"num_hidden_layers\": 2, "           \
    "\"num_attention_heads\": 4, \"max_position_embeddings\": 64, \"vocab_size\": 61"
#define BAD "'config.json': "

static const struct {
    const char *json, *message;
} refused[] = {
    /* published, and more than is known here */
    {OPT("\"do_layer_norm_before\": true, \"ffn_dim\": 4096, \"hidden_size\": 1024, "
         "\"num_attention_heads\": 16, \"num_hidden_layers\": 24, "
         "\"word_embed_proj_dim\": 512}"),
     BAD "a narrower embedding with a norm before the unembedding is not supported"},
    {OPT("\"do_layer_norm_before\": false, \"ffn_dim\": 4096, \"hidden_size\": 512, "
         "\"num_attention_heads\": 16, \"num_hidden_layers\": 24, "
         "\"word_embed_proj_dim\": 1024}"),
     BAD "an embedding of width 1024 in a model of width 512 is not supported"},
    {OPT("\"enable_bias\": false, \"ffn_dim\": 3072, \"hidden_size\": 768, "
         "\"num_attention_heads\": 12, \"num_hidden_layers\": 12}"),
     BAD "enable_bias 'false' is not supported, only 'true'"},
    {"{\"model_type\": \"qwen2\", " SMALL ", \"rope_scaling\": {\"type\": \"ntk\"}}",
     BAD "the scaling 'ntk' of rotary positions is not known"},
    {"{\"model_type\": \"olmo3\", " SMALL ", \"rope_parameters\": {\"sliding_attention\": "
     "{\"rope_type\": \"linear\", \"factor\": 2}}}",
     BAD "rope_parameters.sliding_attention.rope_type 'linear' is not supported, only "
         "'default'"},
    {"{\"model_type\": \"llama\", " SMALL ", \"hidden_act\": \"xielu\"}",
     BAD "the activation 'xielu' is not known"},
    {"{\"model_type\": \"qwen3_moe\", " SMALL
     ", \"num_experts\": 4, \"mlp_only_layers\": [2]}",
     BAD "'mlp_only_layers.0' is 2, and there are 2 blocks"},
    {"{\"model_type\": \"llama4_text\", " SMALL ", \"moe_layers\": 1}",
     BAD "'moe_layers' is not a list of blocks"},
    {"{\"model_type\": \"llama4_text\", " SMALL
     ", \"layer_types\": [\"sliding_attention\", "
     "\"full_attention\"]}",
     BAD "'layer_types.0' is 'sliding_attention', a kind of attention that is not known"},
    {"{\"model_type\": \"llama4_text\", " SMALL ", \"floor_scale\": 0}",
     BAD "a multiplier is out of range"},
    {"{\"model_type\": \"qwen3\", " SMALL ", \"layer_types\": [\"linear_attention\"]}",
     BAD "'layer_types.0' is 'linear_attention', a kind of attention that is not known"},
    /* contradictions and nonsense */
    {"{\"model_type\": \"qwen3\", " SMALL ", \"layer_types\": [\"full_attention\"]}",
     BAD "the kinds of attention are for 1 blocks of 2"},
    {"{\"model_type\": \"llama\", " SMALL ", \"num_key_value_heads\": 3}",
     BAD "4 heads of width 6 cannot share 3 of keys and values"},
    {"{\"model_type\": \"llama\", " SMALL ", \"head_dim\": 5}",
     BAD "rotary positions need an even number of a head's 5 values and a base above 0"},
    {"{\"model_type\": \"llama\", " SMALL ", \"rope_theta\": -1}",
     BAD "rotary positions need an even number of a head's 6 values and a base above 0"},
    {"{\"model_type\": \"phi3\", " SMALL ", \"partial_rotary_factor\": 1.5}",
     BAD "rotary positions need an even number of a head's 6 values and a base above 0"},
    {"{\"model_type\": \"llama\", " SMALL ", \"rope_scaling\": {\"type\": \"linear\"}}",
     BAD "rope_scaling must have 'factor' above 0"},
    {"{\"model_type\": \"llama\", " SMALL
     ", \"rope_scaling\": {\"rope_type\": \"llama3\", \"factor\": 8}}",
     BAD "rope_scaling must have 'factor', 'low_freq_factor' up to 'high_freq_factor', and "
         "'original_max_position_embeddings', all above 0"},
    {"{\"model_type\": \"phi3\", " SMALL ", \"original_max_position_embeddings\": 16, "
     "\"rope_scaling\": {\"type\": \"longrope\", \"short_factor\": [1, 1], "
     "\"long_factor\": [1, 1, 1]}}",
     BAD "rope_scaling must have 'original_max_position_embeddings' above 1, and a "
         "'short_factor' and a 'long_factor' for each pair"},
    {"{\"model_type\": \"gemma2\", " SMALL ", \"attn_logit_softcapping\": -1}",
     BAD "a soft cap, clip or the scale of attention is negative"},
    {"{\"model_type\": \"gpt_neo\", \"hidden_size\": 24, \"num_layers\": 2, \"num_heads\": "
     "4, \"max_position_embeddings\": 64, \"vocab_size\": 61, \"attention_types\": "
     "[[[\"global\", \"local\"], 4000000000]]}",
     BAD "'attention_types.0.0' is for more than 1048576 blocks"},
    {"{\"model_type\": \"llama\", \"hidden_size\": 24, \"intermediate_size\": 40, "
     "\"num_hidden_layers\": 4000000000, \"num_attention_heads\": 4, "
     "\"max_position_embeddings\": 64, \"vocab_size\": 61}",
     BAD "the number of layers is 4000000000; it must be from 1 to 16777216"},
};

/* Of published models nothing is left unread; of a Granite that is called a Llama, much. */
static void test_configs__choices_that_nothing_reads_are_noted(void **state)
{
    static const char granite[] =
        "{\"model_type\": \"llama\", \"embedding_multiplier\": 12.0, "
        "\"residual_multiplier\": 0.22, \"logits_scaling\": 8.0, \"clip_qkv\": null, "
        "\"alibi\": false, \"num_experts\": 0, \"attention_multiplier\": 1.0, "
        "\"partial_rotary_factor\": 0.5}";
    jc_notes notes = {0};
    jc_config *config;

    (void)state;
    for (size_t i = 0; config_at(i); i++) {
        const char *type;
        open_part(&config, config_at(i));
        assert_int_equal(jc_config_text(config, "model_type", &type, NULL), JC_OK);
        assert_int_equal(jc_unread_keys(&notes, jc_arch_find(type), config, NULL), JC_OK);
        if (notes.n)
            fail_msg("%s: %s", config_at(i)->name, notes.text[0]);
        jc_config_close(config);
    }
    assert_int_equal(
        jc_config_parse(&config, granite, strlen(granite), "config.json", NULL), JC_OK);
    assert_int_equal(jc_unread_keys(&notes, jc_arch_find("llama"), config, NULL), JC_OK);
    assert_int_equal(notes.n, 1);
    assert_non_null(strstr(notes.text[0], "'config.json' has 'embedding_multiplier', "
                                          "'residual_multiplier', 'logits_scaling', "
                                          "'partial_rotary_factor', which"));
    jc_notes_free(&notes);
    jc_config_close(config);
}

static void test_configs__what_cannot_be_run_is_said(void **state)
{
    (void)state;
    for (size_t i = 0; i < JC_COUNT(refused); i++) {
        jc_config *config;
        jc_hparams hp;
        const char *type;
        jc_error err = {JC_OK, ""};
        assert_int_equal(jc_config_parse(&config, refused[i].json, strlen(refused[i].json),
                                         "config.json", &err),
                         JC_OK);
        assert_int_equal(jc_config_text(config, "model_type", &type, NULL), JC_OK);
        assert_true(jc_hparams_read(&hp, jc_arch_find(type), config, &err) != JC_OK);
        assert_string_equal(err.message, refused[i].message);
        jc_hparams_release(&hp);
        jc_config_close(config);
    }
}

#define KNOWN "; 'jumpcut list architectures' says which are"

/* Which are known, which is nearest, and what is new. */
static void test_configs__an_unknown_type_is_compared_with_the_known(void **state)
{
    static const struct {
        const char *json, *message;
    } unknown[] = {
        {"{\"model_type\": \"olmo9\", " SMALL ", \"rms_norm_eps\": 1e-6, "
         "\"attention_bias\": false, \"hidden_act\": \"silu\", \"eos_token_id\": 1, "
         "\"hc_mult\": 4}",
         BAD "the model_type 'olmo9' is not known" KNOWN
             "; the nearest is llama; none has hc_mult; did you mean 'olmo2'?"},
        {"{\"model_type\": \"mptx\", \"d_model\": 64, \"n_layers\": 2}",
         BAD "the model_type 'mptx' is not known" KNOWN
             "; the nearest is mpt; did you mean 'mpt'?"},
        {"{\"model_type\": \"llava\", \"vision_config\": {\"hidden_size\": 32}}",
         BAD "the model 'llava' has 'vision_config' but no text part ('text_config'); give "
             "the folder of the language model that it was made from"},
        {"{\"model_type\": \"x\"}", BAD "the model_type 'x' is not known" KNOWN},
        {"{\"model_type\": \"x\", \"num_local_experts\": 8}",
         BAD "the model_type 'x' is not known; it is a mixture of experts" KNOWN
             "; the nearest is mixtral"},
    };

    (void)state;
    for (size_t i = 0; i < JC_COUNT(unknown); i++) {
        jc_config *config;
        const char *type;
        jc_error err = {JC_OK, ""};
        assert_int_equal(jc_config_parse(&config, unknown[i].json, strlen(unknown[i].json),
                                         "config.json", &err),
                         JC_OK);
        assert_int_equal(jc_config_text(config, "model_type", &type, NULL), JC_OK);
        assert_null(jc_arch_find(type));
        assert_int_equal(jc_arch_unknown(type, config, &err), JC_E_UNSUPPORTED);
        assert_string_equal(err.message, unknown[i].message);
        jc_config_close(config);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_configs__published_ones_are_understood),
        cmocka_unit_test(test_configs__choices_that_nothing_reads_are_noted),
        cmocka_unit_test(test_configs__what_cannot_be_run_is_said),
        cmocka_unit_test(test_configs__an_unknown_type_is_compared_with_the_known),
    };
    return cmocka_run_group_tests_name("model/configs", tests, NULL, NULL);
}
