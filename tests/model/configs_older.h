/* SPDX-License-Identifier: MIT */
/* configs_older.h: configurations of older decoders; test_configs.c says what they are for.
 */
#ifndef JC_TEST_CONFIGS_OLDER_H
#define JC_TEST_CONFIGS_OLDER_H

/* clang-format off */
static const published older[] = {
    {"Falcon 7B",
     "{\"alibi\": false, \"apply_residual_connection_post_layernorm\": false, \"architectures\": [\"FalconForCausalLM\"],"
     "\"attention_dropout\": 0.0, \"bias\": false, \"bos_token_id\": 11, \"eos_token_id\": 11, \"hidden_dropout\": 0.0, \"hidden_size\": 4544,"
     "\"initializer_range\": 0.02, \"layer_norm_epsilon\": 1e-05, \"model_type\": \"falcon\", \"multi_query\": true,"
     "\"new_decoder_architecture\": false, \"num_attention_heads\": 71, \"num_hidden_layers\": 32, \"parallel_attn\": true,"
     "\"torch_dtype\": \"bfloat16\", \"use_cache\": true, \"vocab_size\": 65024}",
     {32, 4544, 71, 1, 64, 18176, 2048, 65024, JC_ACT_GELU, JC_ROTARY_PLAIN, 10000, 64, .eps = 1e-5}},
    {"Falcon 40B",
     "{\"alibi\": false, \"apply_residual_connection_post_layernorm\": false, \"bias\": false, \"hidden_size\": 8192, \"layer_norm_epsilon\":"
     "1e-05, \"model_type\": \"falcon\", \"multi_query\": true, \"new_decoder_architecture\": true, \"num_attention_heads\": 128,"
     "\"num_hidden_layers\": 60, \"num_kv_heads\": 8, \"parallel_attn\": true, \"vocab_size\": 65024}",
     {60, 8192, 128, 8, 64, 32768, 2048, 65024, JC_ACT_GELU, JC_ROTARY_PLAIN, 10000, 64, .eps = 1e-5}},
    {"Falcon RW 1B",
     "{\"alibi\": true, \"apply_residual_connection_post_layernorm\": false, \"bias\": true, \"hidden_size\": 2048, \"layer_norm_epsilon\":"
     "1e-05, \"model_type\": \"falcon\", \"multi_query\": false, \"new_decoder_architecture\": false, \"num_attention_heads\": 32,"
     "\"num_hidden_layers\": 24, \"parallel_attn\": false, \"vocab_size\": 50304}",
     {24, 2048, 32, 32, 64, 8192, 2048, 50304, JC_ACT_GELU, JC_ROTARY_NONE, 10000, .eps = 1e-5}},
    {"BLOOM 560M",
     "{\"apply_residual_connection_post_layernorm\": false, \"attention_softmax_in_fp32\": true, \"bias_dropout_fusion\": true,"
     "\"hidden_size\": 1024, \"n_head\": 16, \"n_inner\": null, \"n_layer\": 24, \"layer_norm_epsilon\": 1e-05, \"masked_softmax_fusion\": true,"
     "\"model_type\": \"bloom\", \"offset_alibi\": 100, \"pretraining_tp\": 1, \"seq_length\": 2048, \"skip_bias_add\": true,"
     "\"skip_bias_add_qkv\": false, \"slow_but_exact\": false, \"unk_token_id\": 0, \"vocab_size\": 250880}",
     {24, 1024, 16, 16, 64, 4096, 2048, 250880, JC_ACT_GELU_TANH, JC_ROTARY_NONE, .eps = 1e-5}},
    {"MPT 7B",
     "{\"architectures\": [\"MPTForCausalLM\"], \"attn_config\": {\"alibi\": true, \"alibi_bias_max\": 8, \"attn_impl\": \"torch\","
     "\"attn_pdrop\": 0, \"attn_type\": \"multihead_attention\", \"attn_uses_sequence_id\": false, \"clip_qkv\": null, \"prefix_lm\": false,"
     "\"qk_ln\": false, \"softmax_scale\": null}, \"d_model\": 4096, \"emb_pdrop\": 0, \"embedding_fraction\": 1.0, \"expansion_ratio\": 4,"
     "\"init_device\": \"cpu\", \"learned_pos_emb\": true, \"logit_scale\": null, \"max_seq_len\": 2048, \"model_type\": \"mpt\", \"n_heads\": 32,"
     "\"n_layers\": 32, \"no_bias\": true, \"norm_type\": \"low_precision_layernorm\", \"resid_pdrop\": 0, \"use_cache\": false, \"vocab_size\": 50432}",
     {32, 4096, 32, 32, 128, 16384, 2048, 50432, JC_ACT_GELU, JC_ROTARY_NONE, .eps = 1e-5}},
    {"StarCoder 15B",
     "{\"activation_function\": \"gelu\", \"architectures\": [\"GPTBigCodeForCausalLM\"], \"attention_softmax_in_fp32\": true, \"multi_query\":"
     "true, \"attn_pdrop\": 0.1, \"inference_runner\": 0, \"layer_norm_epsilon\": 1e-05, \"max_batch_size\": null, \"model_type\":"
     "\"gpt_bigcode\", \"n_embd\": 6144, \"n_head\": 48, \"n_inner\": 24576, \"n_layer\": 40, \"n_positions\": 8192, \"scale_attn_weights\": true,"
     "\"scale_attention_softmax_in_fp32\": true, \"vocab_size\": 49152}",
     {40, 6144, 48, 1, 128, 24576, 8192, 49152, JC_ACT_GELU, JC_ROTARY_NONE, .eps = 1e-5}},
    {"CodeGen 350M",
     "{\"activation_function\": \"gelu_new\", \"architectures\": [\"CodeGenForCausalLM\"], \"layer_norm_epsilon\": 1e-05, \"model_type\":"
     "\"codegen\", \"n_ctx\": 2048, \"n_embd\": 1024, \"n_head\": 16, \"n_inner\": null, \"n_layer\": 20, \"n_positions\": 2048, \"rotary_dim\": 32,"
     "\"scale_attn_weights\": true, \"tie_word_embeddings\": false, \"vocab_size\": 51200}",
     {20, 1024, 16, 16, 64, 4096, 2048, 51200, JC_ACT_GELU_TANH, JC_ROTARY_PLAIN, 10000, 32, .untied = true, .eps = 1e-5}},
    {"XGLM 564M",
     "{\"activation_dropout\": 0, \"activation_function\": \"gelu\", \"attention_heads\": 16, \"d_model\": 1024, \"decoder_start_token_id\": 2,"
     "\"ffn_dim\": 4096, \"layerdrop\": 0.0, \"max_position_embeddings\": 2048, \"model_type\": \"xglm\", \"num_layers\": 24, \"pad_token_id\": 1,"
     "\"scale_embedding\": true, \"use_cache\": true, \"vocab_size\": 256008}",
     {24, 1024, 16, 16, 64, 4096, 2048, 256008, JC_ACT_GELU, JC_ROTARY_NONE, .eps = 1e-5}},
};
/* clang-format on */

#endif
