/* SPDX-License-Identifier: MIT */
/* configs_later.h: configurations of models published from 2023 on; test_configs.c says
 * what they are for. */
#ifndef JC_TEST_CONFIGS_LATER_H
#define JC_TEST_CONFIGS_LATER_H

#define BODY(width, ff, heads, kv, layers, positions, vocab)                               \
    "\"hidden_size\": " #width ", \"intermediate_size\": " #ff                             \
    ", \"num_attention_heads\": " #heads ", \"num_key_value_heads\": " #kv                 \
    ", \"num_hidden_layers\": " #layers ", \"max_position_embeddings\": " #positions       \
    ", \"vocab_size\": " #vocab ", \"use_cache\": true, \"initializer_range\": 0.02, "

/* Attention, and three convolutions. */
#define LFM2_FOUR "\"full_attention\", \"conv\", \"conv\", \"conv\", "

/* clang-format off */
static const published later[] = {
    {"Mamba Codestral 7B",
     "{\"model_type\": \"mamba2\", \"bos_token_id\": 0, \"chunk_size\": 256, \"conv_kernel\": 4, \"expand\": 2, \"head_dim\": 64,"
     "\"hidden_act\": \"silu\", \"hidden_size\": 4096, \"layer_norm_epsilon\": 1e-05, \"n_groups\": 8, \"norm_before_gate\": true,"
     "\"num_heads\": 128, \"num_hidden_layers\": 64, \"residual_in_fp32\": true, \"rms_norm\": true, \"state_size\": 128,"
     "\"tie_word_embeddings\": false, \"time_step_limit\": [0.0, {\"__float__\": \"Infinity\"}], \"time_step_rank\": 256, \"use_bias\": false,"
     "\"use_conv_bias\": true, \"vocab_size\": 32768}",
     {64, 4096, 128, 1, 64, 0, 1048576, 32768, JC_ACT_SILU, JC_ROTARY_NONE, .untied = true, .eps = 1e-5}},
    {"Granite 4.0 H Tiny",
     "{\"model_type\": \"granitemoehybrid\", \"attention_bias\": false, \"attention_multiplier\": 0.0078125,"
     "\"embedding_multiplier\": 12, \"hidden_act\": \"silu\", \"intermediate_size\": 512, \"hidden_size\": 1536, \"layer_types\": ["
     "\"mamba\", \"mamba\", \"mamba\", \"mamba\", \"mamba\", \"attention\", \"mamba\", \"mamba\", \"mamba\", "
     "\"mamba\", \"mamba\", \"mamba\", \"mamba\", \"mamba\", \"mamba\", \"attention\", \"mamba\", \"mamba\", "
     "\"mamba\", \"mamba\", \"mamba\", \"mamba\", \"mamba\", \"mamba\", \"mamba\", \"attention\", \"mamba\", "
     "\"mamba\", \"mamba\", \"mamba\", \"mamba\", \"mamba\", \"mamba\", \"mamba\", \"mamba\", \"attention\", "
     "\"mamba\", \"mamba\", \"mamba\", \"mamba\""
     "], \"logits_scaling\": 6, \"mamba_chunk_size\": 256, \"mamba_conv_bias\": true, \"mamba_d_conv\": 4, \"mamba_d_head\": 64,"
     "\"mamba_d_state\": 128, \"mamba_expand\": 2, \"mamba_n_groups\": 1, \"mamba_n_heads\": 48, \"mamba_proj_bias\": false,"
     "\"max_position_embeddings\": 131072, \"normalization_function\": \"rmsnorm\", \"num_attention_heads\": 12,"
     "\"num_experts_per_tok\": 6, \"num_hidden_layers\": 40, \"num_key_value_heads\": 4, \"num_local_experts\": 64,"
     "\"position_embedding_type\": \"nope\", \"residual_multiplier\": 0.22, \"rms_norm_eps\": 1e-05, \"rope_scaling\": null,"
     "\"rope_theta\": 10000, \"shared_intermediate_size\": 1024, \"tie_word_embeddings\": true, \"vocab_size\": 100352}",
     {40, 1536, 12, 4, 128, 1024, 131072, 100352, JC_ACT_SILU, JC_ROTARY_NONE, 10000, .eps = 1e-5}},
    {"Llama 4 Scout",
     "{\"architectures\": [\"Llama4ForConditionalGeneration\"], \"boi_token_index\": 200080, \"eoi_token_index\": 200081,"
     "\"image_token_index\": 200092, \"model_type\": \"llama4\", \"text_config\": {\"attention_bias\": false,"
     "\"attention_chunk_size\": 8192, \"attention_dropout\": 0.0, \"bos_token_id\": 200000, \"eos_token_id\": [200001, 200007,"
     "200008], \"for_llm_compressor\": false, \"head_dim\": 128, \"hidden_act\": \"silu\", \"hidden_size\": 5120,"
     "\"initializer_range\": 0.02, \"interleave_moe_layer_step\": 1, \"intermediate_size\": 8192, \"intermediate_size_mlp\": 16384,"
     "\"max_position_embeddings\": 262144, \"model_type\": \"llama4_text\", \"no_rope_layers\": [], \"num_attention_heads\": 40,"
     "\"num_experts_per_tok\": 1, \"num_hidden_layers\": 48, \"num_key_value_heads\": 8, \"num_local_experts\": 16,"
     "\"output_router_logits\": false, \"pad_token_id\": 200018, \"rms_norm_eps\": 1e-05, \"rope_scaling\": {\"factor\": 16.0,"
     "\"high_freq_factor\": 1.0, \"low_freq_factor\": 1.0, \"original_max_position_embeddings\": 8192, \"rope_type\": \"llama3\"},"
     "\"rope_theta\": 500000.0, \"router_aux_loss_coef\": 0.001, \"router_jitter_noise\": 0.0, \"use_qk_norm\": true,"
     "\"vocab_size\": 202048}, \"vision_config\": {\"model_type\": \"llama4_vision_model\"}}",
     {48, 5120, 40, 8, 128, 16384, 262144, 202048, JC_ACT_SILU, JC_ROTARY_LLAMA3, 5e5, 128, 8192, 1, 0, .untied = true, .eps = 1e-5}},
    {"Llama 4 Scout, a text model made of it",
     "{\"architectures\": [\"Llama4ForCausalLM\"], \"attention_chunk_size\": 8192, \"attn_scale\": 0.1, \"attn_temperature_tuning\": 4,"
     "\"floor_scale\": 8192, \"head_dim\": 128, \"hidden_act\": \"silu\", \"hidden_size\": 5120, \"interleave_moe_layer_step\": 1,"
     "\"intermediate_size\": 8192, \"intermediate_size_mlp\": 16384, \"max_position_embeddings\": 262144, \"model_type\":"
     "\"llama4_text\", \"moe_layers\": [0, 1, 2, 3], \"no_rope_layers\": [1, 1, 1, 0], \"num_attention_heads\": 40,"
     "\"num_hidden_layers\": 4, \"num_key_value_heads\": 8, \"num_local_experts\": 16, \"rms_norm_eps\": 1e-05, \"rope_scaling\":"
     "null, \"rope_theta\": 500000.0, \"vocab_size\": 202048}",
     {4, 5120, 40, 8, 128, 16384, 262144, 202048, JC_ACT_SILU, JC_ROTARY_PLAIN, 5e5, 128, 8192, 1, 0, .untied = true, .eps = 1e-5}},
    {"Qwen 3 Next 80B",
     "{\"model_type\": \"qwen3_next\", \"attention_bias\": false, \"decoder_sparse_step\": 1, \"full_attention_interval\": 4,"
     BODY(2048, 5120, 16, 2, 48, 262144, 151936) "\"head_dim\": 256, \"hidden_act\": \"silu\", \"linear_conv_kernel_dim\": 4,"
     "\"linear_key_head_dim\": 128, \"linear_num_key_heads\": 16, \"linear_num_value_heads\": 32, \"linear_value_head_dim\": 128,"
     "\"mlp_only_layers\": [], \"moe_intermediate_size\": 512, \"norm_topk_prob\": true, \"num_experts\": 512,"
     "\"num_experts_per_tok\": 10, \"partial_rotary_factor\": 0.25, \"rms_norm_eps\": 1e-06, \"rope_scaling\": null,"
     "\"rope_theta\": 10000000, \"shared_expert_intermediate_size\": 512, \"tie_word_embeddings\": false}",
     {48, 2048, 16, 2, 256, 5120, 262144, 151936, JC_ACT_SILU, JC_ROTARY_PLAIN, 1e7, 64, .untied = true, .eps = 1e-6}},
    {"Qwen 3.5, the text part as the package has it by default",
     "{\"model_type\": \"qwen3_5\", \"text_config\": {\"model_type\": \"qwen3_5_text\","
     BODY(4096, 12288, 16, 4, 32, 32768, 248320) "\"head_dim\": 256, \"linear_num_value_heads\": 32, \"rope_parameters\":"
     "{\"mrope_interleaved\": true, \"mrope_section\": [11, 11, 10], \"partial_rotary_factor\": 0.25, \"rope_theta\": 10000000,"
     "\"rope_type\": \"default\"}, \"tie_word_embeddings\": false}, \"vision_config\": {\"model_type\": \"qwen3_5_vision\"}}",
     {32, 4096, 16, 4, 256, 12288, 32768, 248320, JC_ACT_SILU, JC_ROTARY_PLAIN, 1e7, 64, .untied = true, .eps = 1e-6}},
    {"Qwen 3.5 MoE, the text part as the package has it by default",
     "{\"model_type\": \"qwen3_5_moe\", \"text_config\": {\"model_type\": \"qwen3_5_moe_text\", \"hidden_size\": 2048,"
     "\"num_hidden_layers\": 40, \"num_attention_heads\": 16, \"num_key_value_heads\": 2, \"max_position_embeddings\": 32768,"
     "\"vocab_size\": 248320, \"head_dim\": 256, \"moe_intermediate_size\": 512, \"shared_expert_intermediate_size\": 512,"
     "\"num_experts\": 256, \"num_experts_per_tok\": 8, \"rms_norm_eps\": 1e-06, \"rope_parameters\": {\"rope_theta\": 10000.0,"
     "\"partial_rotary_factor\": 0.25, \"rope_type\": \"default\"}, \"tie_word_embeddings\": false}}",
     {40, 2048, 16, 2, 256, 512, 32768, 248320, JC_ACT_SILU, JC_ROTARY_PLAIN, 1e4, 64, .untied = true, .eps = 1e-6}},
    {"LFM2 8B A1B",
     "{\"model_type\": \"lfm2_moe\", \"vocab_size\": 65536, \"hidden_size\": 2048, \"intermediate_size\": 7168,"
     "\"moe_intermediate_size\": 1792, \"num_hidden_layers\": 24, \"tie_word_embeddings\": true, \"rope_parameters\":"
     "{\"rope_theta\": 1000000.0, \"rope_type\": \"default\"}, \"max_position_embeddings\": 128000, \"norm_eps\": 1e-05,"
     "\"num_attention_heads\": 32, \"num_key_value_heads\": 8, \"conv_bias\": false, \"conv_L_cache\": 3, \"num_dense_layers\": 2,"
     "\"num_experts_per_tok\": 4, \"num_experts\": 32, \"use_expert_bias\": true, \"routed_scaling_factor\": 1.0,"
     "\"norm_topk_prob\": true, \"layer_types\": [\"conv\", \"conv\", " LFM2_FOUR LFM2_FOUR LFM2_FOUR LFM2_FOUR
     "\"full_attention\", \"conv\", \"conv\", \"full_attention\", \"conv\", \"conv\"]}",
     {24, 2048, 32, 8, 64, 7168, 128000, 65536, JC_ACT_SILU, JC_ROTARY_PLAIN, 1e6, 64, .eps = 1e-5}},
    {"LFM2 1.2B",
     "{\"model_type\": \"lfm2\", \"block_auto_adjust_ff_dim\": true, \"block_dim\": 2048, \"block_ff_dim\": 12288,"
     "\"block_ffn_dim_multiplier\": 1.0, \"block_multiple_of\": 256, \"block_norm_eps\": 1e-05, \"conv_L_cache\": 3,"
     "\"conv_bias\": false, \"full_attn_idxs\": [2, 5, 8, 10, 12, 14], \"hidden_size\": 2048, \"max_position_embeddings\":"
     "128000, \"norm_eps\": 1e-05, \"num_attention_heads\": 32, \"num_hidden_layers\": 16, \"num_key_value_heads\": 8,"
     "\"rope_theta\": 1000000.0, \"use_pos_enc\": true, \"vocab_size\": 65536}",
     {16, 2048, 32, 8, 64, 8192, 128000, 65536, JC_ACT_SILU, JC_ROTARY_PLAIN, 1e6, 64, .eps = 1e-5}},
    {"Gemma 3 270M",
     "{\"model_type\": \"gemma3_text\", \"_sliding_window_pattern\": 6, \"attn_logit_softcapping\": null,"
     BODY(640, 2048, 4, 1, 18, 32768, 262144) "\"head_dim\": 256, \"hidden_activation\": \"gelu_pytorch_tanh\","
     "\"query_pre_attn_scalar\": 256, \"rms_norm_eps\": 1e-06, \"rope_local_base_freq\": 10000.0, \"rope_scaling\": null,"
     "\"rope_theta\": 1000000.0, \"sliding_window\": 512, \"use_bidirectional_attention\": false}",
     {18, 640, 4, 1, 256, 2048, 32768, 262144, JC_ACT_GELU_TANH, JC_ROTARY_PLAIN, 1e6, 256, 512, 1, 0, .eps = 1e-6}},
    {"Gemma 3 4B, the text part",
     "{\"architectures\": [\"Gemma3ForConditionalGeneration\"], \"boi_token_index\": 255999, \"eoi_token_index\": 256000,"
     "\"image_token_index\": 262144, \"mm_tokens_per_image\": 256, \"model_type\": \"gemma3\", \"text_config\": {\"hidden_size\":"
     "2560, \"intermediate_size\": 10240, \"model_type\": \"gemma3_text\", \"num_hidden_layers\": 34, \"rope_scaling\":"
     "{\"factor\": 8.0, \"rope_type\": \"linear\"}, \"sliding_window\": 1024}, \"vision_config\": {\"hidden_size\": 1152,"
     "\"model_type\": \"siglip_vision_model\", \"num_hidden_layers\": 27}}",
     {34, 2560, 8, 4, 256, 10240, 131072, 262208, JC_ACT_GELU_TANH, JC_ROTARY_LINEAR, 1e6, 256, 1024, 1, 1, .eps = 1e-6}},
    {"Qwen 2.5 VL 3B",
     "{\"model_type\": \"qwen2_5_vl\", " BODY(2048, 11008, 16, 2, 36, 128000, 151936) "\"hidden_act\": \"silu\","
     "\"max_window_layers\": 70, \"rms_norm_eps\": 1e-06, \"rope_scaling\": {\"mrope_section\": [16, 24, 24], \"type\": \"mrope\"},"
     "\"rope_theta\": 1000000.0, \"sliding_window\": 32768, \"tie_word_embeddings\": true, \"use_sliding_window\": false}",
     {36, 2048, 16, 2, 128, 11008, 128000, 151936, JC_ACT_SILU, JC_ROTARY_PLAIN, 1e6, 128, .eps = 1e-6}},
    {"Qwen 3 VL 2B, the text part",
     "{\"model_type\": \"qwen3_vl\", \"text_config\": {" BODY(2048, 6144, 16, 8, 28, 262144, 151936)
     "\"attention_bias\": false, \"head_dim\": 128, \"hidden_act\": \"silu\", \"model_type\": \"qwen3_vl_text\", \"rms_norm_eps\": 1e-06,"
     "\"rope_scaling\": {\"mrope_interleaved\": true, \"mrope_section\": [24, 20, 20], \"rope_type\": \"default\"},"
     "\"rope_theta\": 5000000, \"tie_word_embeddings\": true}, \"vision_config\": {\"depth\": 24}}",
     {28, 2048, 16, 8, 128, 6144, 262144, 151936, JC_ACT_SILU, JC_ROTARY_PLAIN, 5e6, 128, .eps = 1e-6}},
    {"Mistral Small 3.1, the text part",
     "{\"model_type\": \"mistral3\", \"projector_hidden_act\": \"gelu\", \"spatial_merge_size\": 2, \"text_config\": {"
     BODY(5120, 32768, 32, 8, 40, 131072, 131072) "\"head_dim\": 128, \"hidden_act\": \"silu\", \"model_type\": \"mistral\","
     "\"rms_norm_eps\": 1e-05, \"rope_theta\": 1000000000.0, \"sliding_window\": null}, \"vision_config\": {}}",
     {40, 5120, 32, 8, 128, 32768, 131072, 131072, JC_ACT_SILU, JC_ROTARY_PLAIN, 1e9, 128, .eps = 1e-5}},
    {"Ministral 3 3B, the text part",
     "{\"model_type\": \"mistral3\", \"text_config\": {" BODY(3072, 9216, 32, 8, 26, 262144, 131072) "\"head_dim\": 128,"
     "\"hidden_act\": \"silu\", \"model_type\": \"ministral3\", \"rms_norm_eps\": 1e-05, \"rope_parameters\": {\"beta_fast\": 32.0,"
     "\"beta_slow\": 1.0, \"factor\": 16.0, \"llama_4_scaling_beta\": 0.1, \"mscale\": 1.0, \"mscale_all_dim\": 1.0,"
     "\"original_max_position_embeddings\": 16384, \"rope_theta\": 1000000.0, \"rope_type\": \"yarn\", \"type\": \"yarn\"},"
     "\"sliding_window\": null, \"tie_word_embeddings\": true}, \"vision_config\": {}}",
     {26, 3072, 32, 8, 128, 9216, 262144, 131072, JC_ACT_SILU, JC_ROTARY_YARN, 1e6, 128, .eps = 1e-5}},
    {"OLMo 1B",
     "{\"model_type\": \"olmo\", " BODY(2048, 8192, 16, 16, 16, 2048, 50304) "\"attention_bias\": false, \"clip_qkv\": null,"
     "\"hidden_act\": \"silu\", \"rope_scaling\": null, \"rope_theta\": 10000.0, \"tie_word_embeddings\": true}",
     {16, 2048, 16, 16, 128, 8192, 2048, 50304, JC_ACT_SILU, JC_ROTARY_PLAIN, 10000, 128, .eps = 1e-5}},
    {"OLMo 3 7B",
     "{\"model_type\": \"olmo3\", " BODY(4096, 11008, 32, 32, 32, 65536, 100278) "\"attention_bias\": false, \"hidden_act\": \"silu\","
     "\"rms_norm_eps\": 1e-06, \"rope_scaling\": {\"attention_factor\": 1.2079441541679836, \"beta_fast\": 32.0, \"beta_slow\": 1.0,"
     "\"factor\": 8.0, \"original_max_position_embeddings\": 8192, \"rope_type\": \"yarn\"}, \"rope_theta\": 500000,"
     "\"sliding_window\": 4096, \"tie_word_embeddings\": false}",
     {32, 4096, 32, 32, 128, 11008, 65536, 100278, JC_ACT_SILU, JC_ROTARY_YARN, 5e5, 128, 4096, 1, 0, true, 1e-6}},
    {"SmolLM3 3B",
     "{\"model_type\": \"smollm3\", " BODY(2048, 11008, 16, 4, 36, 65536, 128256) "\"attention_bias\": false, \"hidden_act\": \"silu\","
     "\"max_window_layers\": 28, \"mlp_bias\": false, \"no_rope_layer_interval\": 4, \"no_rope_layers\": [1, 1, 1, 0, 1, 1, 1, 0, 1, 1,"
     "1, 0, 1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 0], \"rms_norm_eps\": 1e-06, \"rope_scaling\": null,"
     "\"rope_theta\": 5000000.0, \"sliding_window\": null, \"use_sliding_window\": false}",
     {36, 2048, 16, 4, 128, 11008, 65536, 128256, JC_ACT_SILU, JC_ROTARY_PLAIN, 5e6, 128, .eps = 1e-6}},
    {"Granite 3.3 2B",
     "{\"model_type\": \"granite\", " BODY(2048, 8192, 32, 8, 40, 131072, 49159) "\"attention_bias\": false, \"attention_multiplier\":"
     "0.015625, \"embedding_multiplier\": 12.0, \"hidden_act\": \"silu\", \"logits_scaling\": 8.0, \"mlp_bias\": false,"
     "\"residual_multiplier\": 0.22, \"rms_norm_eps\": 1e-05, \"rope_theta\": 10000000.0, \"tie_word_embeddings\": true}",
     {40, 2048, 32, 8, 64, 8192, 131072, 49159, JC_ACT_SILU, JC_ROTARY_PLAIN, 1e7, 64, .eps = 1e-5}},
    {"Phi 2",
     "{\"model_type\": \"phi\", " BODY(2560, 10240, 32, 32, 32, 2048, 51200) "\"hidden_act\": \"gelu_new\", \"layer_norm_eps\": 1e-05,"
     "\"partial_rotary_factor\": 0.4, \"qk_layernorm\": false, \"rope_scaling\": null, \"rope_theta\": 10000.0,"
     "\"tie_word_embeddings\": false}",
     {32, 2560, 32, 32, 80, 10240, 2048, 51200, JC_ACT_GELU_TANH, JC_ROTARY_PLAIN, 10000, 32, .untied = true, .eps = 1e-5}},
    {"StableLM 2 1.6B",
     "{\"model_type\": \"stablelm\", " BODY(2048, 5632, 32, 32, 24, 4096, 100352) "\"hidden_act\": \"silu\", \"layer_norm_eps\": 1e-05,"
     "\"partial_rotary_factor\": 0.25, \"rope_theta\": 10000, \"tie_word_embeddings\": false, \"use_qkv_bias\": true}",
     {24, 2048, 32, 32, 64, 5632, 4096, 100352, JC_ACT_SILU, JC_ROTARY_PLAIN, 10000, 16, .untied = true, .eps = 1e-5}},
    {"Command R",
     "{\"model_type\": \"cohere\", " BODY(8192, 22528, 64, 64, 40, 131072, 256000) "\"attention_bias\": false, \"hidden_act\": \"silu\","
     "\"layer_norm_eps\": 1e-05, \"logit_scale\": 0.0625, \"model_max_length\": 131072, \"rope_theta\": 8000000.0, \"use_qk_norm\": false}",
     {40, 8192, 64, 64, 128, 22528, 131072, 256000, JC_ACT_SILU, JC_ROTARY_PLAIN, 8e6, 128, .eps = 1e-5}},
    {"Command R7B",
     "{\"model_type\": \"cohere2\", " BODY(4096, 14336, 32, 8, 32, 132096, 256000) "\"attention_bias\": false, \"head_dim\": 128,"
     "\"hidden_act\": \"silu\", \"layer_norm_eps\": 1e-05, \"layer_switch\": 4, \"logit_scale\": 0.25, \"order_of_interleaved_layers\":"
     "\"local_attn_first\", \"position_embedding_type\": \"rope_gptj\", \"rope_scaling\": null, \"rope_theta\": 50000, \"rotary_pct\": 1.0,"
     "\"sliding_window\": 4096, \"sliding_window_pattern\": 4, \"use_embedding_sharing\": true, \"use_gated_activation\": true,"
     "\"use_parallel_block\": true, \"use_parallel_embedding\": true}",
     {32, 4096, 32, 8, 128, 14336, 132096, 256000, JC_ACT_SILU, JC_ROTARY_PLAIN, 5e4, 128, 4096, 1, 0, .eps = 1e-5}},
    {"GLM 4 9B chat",
     "{\"model_type\": \"glm\", " BODY(4096, 13696, 32, 2, 40, 131072, 151552) "\"attention_bias\": true, \"head_dim\": 128,"
     "\"hidden_act\": \"silu\", \"partial_rotary_factor\": 0.5, \"rms_norm_eps\": 1.5625e-07, \"rope_theta\": 10000.0,"
     "\"tie_word_embeddings\": false}",
     {40, 4096, 32, 2, 128, 13696, 131072, 151552, JC_ACT_SILU, JC_ROTARY_PLAIN, 10000, 64, .untied = true, .eps = 1.5625e-7}},
    {"GLM 4 0414 9B",
     "{\"model_type\": \"glm4\", " BODY(4096, 13696, 32, 2, 40, 32768, 151552) "\"attention_bias\": true, \"head_dim\": 128,"
     "\"hidden_act\": \"silu\", \"partial_rotary_factor\": 0.5, \"rms_norm_eps\": 1e-05, \"rope_theta\": 10000.0,"
     "\"tie_word_embeddings\": false}",
     {40, 4096, 32, 2, 128, 13696, 32768, 151552, JC_ACT_SILU, JC_ROTARY_PLAIN, 10000, 64, .untied = true, .eps = 1e-5}},
    {"InternLM 2.5 7B",
     "{\"model_type\": \"internlm2\", " BODY(4096, 14336, 32, 8, 32, 32768, 92544) "\"bias\": false, \"hidden_act\": \"silu\","
     "\"rms_norm_eps\": 1e-05, \"rope_scaling\": {\"factor\": 2.0, \"type\": \"dynamic\"}, \"rope_theta\": 1000000,"
     "\"tie_word_embeddings\": false}",
     {32, 4096, 32, 8, 128, 14336, 32768, 92544, JC_ACT_SILU, JC_ROTARY_PLAIN, 1e6, 128, .untied = true, .eps = 1e-5}},
    {"InternLM 3 8B",
     "{\"model_type\": \"internlm3\", " BODY(4096, 10240, 32, 2, 48, 32768, 128512) "\"bias\": false, \"head_dim\": 128,"
     "\"hidden_act\": \"silu\", \"qkv_bias\": false, \"rms_norm_eps\": 1e-05, \"rope_scaling\": {\"factor\": 6.0, \"rope_type\":"
     "\"dynamic\"}, \"rope_theta\": 50000000, \"tie_word_embeddings\": false}",
     {48, 4096, 32, 2, 128, 10240, 32768, 128512, JC_ACT_SILU, JC_ROTARY_PLAIN, 5e7, 128, .untied = true, .eps = 1e-5}},
    {"EXAONE 3.5 2.4B",
     "{\"model_type\": \"exaone\", \"activation_function\": \"silu\", \"head_dim\": 80, \"hidden_size\": 2560, \"intermediate_size\":"
     "7168, \"layer_norm_epsilon\": 1e-05, \"max_position_embeddings\": 32768, \"num_attention_heads\": 32, \"num_key_value_heads\": 8,"
     "\"num_layers\": 30, \"rope_scaling\": {\"factor\": 8.0, \"high_freq_factor\": 4.0, \"low_freq_factor\": 1.0,"
     "\"original_max_position_embeddings\": 8192, \"rope_type\": \"llama3\"}, \"rope_theta\": 1000000, \"tie_word_embeddings\": true,"
     "\"vocab_size\": 102400}",
     {30, 2560, 32, 8, 80, 7168, 32768, 102400, JC_ACT_SILU, JC_ROTARY_LLAMA3, 1e6, 80, .eps = 1e-5}},
    {"EXAONE 4 1.2B",
     "{\"model_type\": \"exaone4\", " BODY(2048, 4096, 32, 8, 30, 65536, 102400) "\"head_dim\": 64, \"hidden_act\": \"silu\","
     "\"rms_norm_eps\": 1e-05, \"rope_scaling\": {\"factor\": 16.0, \"high_freq_factor\": 4.0, \"low_freq_factor\": 1.0,"
     "\"original_max_position_embeddings\": 8192, \"rope_type\": \"llama3\"}, \"rope_theta\": 1000000, \"sliding_window\": null,"
     "\"sliding_window_pattern\": null, \"tie_word_embeddings\": true}",
     {30, 2048, 32, 8, 64, 4096, 65536, 102400, JC_ACT_SILU, JC_ROTARY_LLAMA3, 1e6, 64, .eps = 1e-5}},
    {"StarCoder 2 3B",
     "{\"model_type\": \"starcoder2\", " BODY(3072, 12288, 24, 2, 30, 16384, 49152) "\"hidden_act\": \"gelu_pytorch_tanh\","
     "\"mlp_type\": \"default\", \"norm_epsilon\": 1e-05, \"norm_type\": \"layer_norm\", \"rope_theta\": 999999.4420358813,"
     "\"sliding_window\": 4096, \"use_bias\": true}",
     {30, 3072, 24, 2, 128, 12288, 16384, 49152, JC_ACT_GELU_TANH, JC_ROTARY_PLAIN, 999999.4420358813, 128, 4096, 1, 1, .eps = 1e-5}},
    {"Minitron 4B",
     "{\"model_type\": \"nemotron\", " BODY(3072, 9216, 24, 8, 32, 4096, 256000) "\"attention_bias\": false, \"hidden_act\": \"relu2\","
     "\"head_dim\": 128, \"mlp_bias\": false, \"norm_eps\": 1e-05, \"partial_rotary_factor\": 0.5, \"rope_theta\": 10000,"
     "\"tie_word_embeddings\": false}",
     {32, 3072, 24, 8, 128, 9216, 4096, 256000, JC_ACT_RELU2, JC_ROTARY_PLAIN, 10000, 64, .untied = true, .eps = 1e-5}},
    {"AFM 4.5B",
     "{\"model_type\": \"arcee\", " BODY(2560, 18432, 20, 4, 36, 65536, 128004) "\"attention_bias\": false, \"head_dim\": 128,"
     "\"hidden_act\": \"relu2\", \"mlp_bias\": false, \"rms_norm_eps\": 1e-05, \"rope_scaling\": {\"beta_fast\": 32.0, \"beta_slow\": 1.0,"
     "\"factor\": 20.0, \"mscale\": 1.0, \"original_max_position_embeddings\": 4096, \"rope_type\": \"yarn\"}, \"rope_theta\": 10000.0,"
     "\"tie_word_embeddings\": false}",
     {36, 2560, 20, 4, 128, 18432, 65536, 128004, JC_ACT_RELU2, JC_ROTARY_YARN, 10000, 128, .untied = true, .eps = 1e-5}},
    {"Seed OSS 36B",
     "{\"model_type\": \"seed_oss\", " BODY(5120, 27648, 80, 8, 64, 524288, 155136) "\"attention_bias\": true, \"attention_out_bias\":"
     "false, \"head_dim\": 128, \"hidden_act\": \"silu\", \"mlp_bias\": false, \"rms_norm_eps\": 1e-06, \"rope_scaling\": {\"rope_type\":"
     "\"default\"}, \"rope_theta\": 10000000.0, \"tie_word_embeddings\": false}",
     {64, 5120, 80, 8, 128, 27648, 524288, 155136, JC_ACT_SILU, JC_ROTARY_PLAIN, 1e7, 128, .untied = true, .eps = 1e-6}},
    {"ERNIE 4.5 0.3B",
     "{\"model_type\": \"ernie4_5\", " BODY(1024, 3072, 16, 2, 18, 131072, 103424) "\"head_dim\": 128, \"hidden_act\": \"silu\","
     "\"rms_norm_eps\": 1e-05, \"rope_scaling\": null, \"rope_theta\": 500000, \"tie_word_embeddings\": true, \"use_bias\": false}",
     {18, 1024, 16, 2, 128, 3072, 131072, 103424, JC_ACT_SILU, JC_ROTARY_PLAIN, 5e5, 128, .eps = 1e-5}},
    {"Hunyuan 1.8B",
     "{\"model_type\": \"hunyuan_v1_dense\", " BODY(2048, 6144, 16, 4, 32, 262144, 120818) "\"attention_bias\": false, \"head_dim\": 128,"
     "\"hidden_act\": \"silu\", \"rms_norm_eps\": 1e-05, \"rope_scaling\": {\"alpha\": 1000.0, \"beta_fast\": 32, \"beta_slow\": 1,"
     "\"factor\": 1.0, \"mscale\": 1.0, \"mscale_all_dim\": 0.0, \"type\": \"dynamic\"}, \"rope_theta\": 10000.0, \"use_qk_norm\": true,"
     "\"tie_word_embeddings\": true}",
     {32, 2048, 16, 4, 128, 6144, 262144, 120818, JC_ACT_SILU, JC_ROTARY_PLAIN, 11158839.92507748, 128, .eps = 1e-5}},
    {"Mixtral 8x7B",
     "{\"model_type\": \"mixtral\", " BODY(4096, 14336, 32, 8, 32, 32768, 32000) "\"hidden_act\": \"silu\", \"num_experts_per_tok\": 2,"
     "\"num_local_experts\": 8, \"output_router_logits\": false, \"rms_norm_eps\": 1e-05, \"rope_theta\": 1000000.0,"
     "\"router_aux_loss_coef\": 0.02, \"sliding_window\": null, \"tie_word_embeddings\": false}",
     {32, 4096, 32, 8, 128, 14336, 32768, 32000, JC_ACT_SILU, JC_ROTARY_PLAIN, 1e6, 128, .untied = true, .eps = 1e-5}},
    {"Qwen 1.5 MoE A2.7B",
     "{\"model_type\": \"qwen2_moe\", " BODY(2048, 5632, 16, 16, 24, 8192, 151936) "\"decoder_sparse_step\": 1, \"hidden_act\": \"silu\","
     "\"max_window_layers\": 21, \"moe_intermediate_size\": 1408, \"norm_topk_prob\": false, \"num_experts\": 60,"
     "\"num_experts_per_tok\": 4, \"rms_norm_eps\": 1e-06, \"rope_theta\": 1000000.0, \"shared_expert_intermediate_size\": 5632,"
     "\"sliding_window\": 32768, \"tie_word_embeddings\": false, \"use_sliding_window\": false}",
     {24, 2048, 16, 16, 128, 5632, 8192, 151936, JC_ACT_SILU, JC_ROTARY_PLAIN, 1e6, 128, .untied = true, .eps = 1e-6}},
    {"Qwen 3 30B A3B",
     "{\"model_type\": \"qwen3_moe\", " BODY(2048, 6144, 32, 4, 48, 40960, 151936) "\"attention_bias\": false, \"decoder_sparse_step\": 1,"
     "\"head_dim\": 128, \"hidden_act\": \"silu\", \"max_window_layers\": 48, \"mlp_only_layers\": [], \"moe_intermediate_size\": 768,"
     "\"norm_topk_prob\": true, \"num_experts\": 128, \"num_experts_per_tok\": 8, \"rms_norm_eps\": 1e-06, \"rope_scaling\": null,"
     "\"rope_theta\": 1000000.0, \"sliding_window\": null, \"tie_word_embeddings\": false, \"use_sliding_window\": false}",
     {48, 2048, 32, 4, 128, 6144, 40960, 151936, JC_ACT_SILU, JC_ROTARY_PLAIN, 1e6, 128, .untied = true, .eps = 1e-6}},
    {"OLMoE 1B 7B",
     "{\"model_type\": \"olmoe\", " BODY(2048, 1024, 16, 16, 16, 4096, 50304) "\"attention_bias\": false, \"clip_qkv\": null,"
     "\"hidden_act\": \"silu\", \"norm_topk_prob\": false, \"num_experts\": 64, \"num_experts_per_tok\": 8, \"rms_norm_eps\": 1e-05,"
     "\"rope_scaling\": null, \"rope_theta\": 10000.0, \"tie_word_embeddings\": false}",
     {16, 2048, 16, 16, 128, 1024, 4096, 50304, JC_ACT_SILU, JC_ROTARY_PLAIN, 10000, 128, .untied = true, .eps = 1e-5}},
    {"Granite 3.1 1B A400M",
     "{\"model_type\": \"granitemoe\", " BODY(1024, 512, 16, 8, 24, 131072, 49155) "\"attention_bias\": false, \"attention_multiplier\":"
     "0.015625, \"embedding_multiplier\": 12.0, \"hidden_act\": \"silu\", \"logits_scaling\": 6.0, \"num_experts_per_tok\": 8,"
     "\"num_local_experts\": 32, \"residual_multiplier\": 0.22, \"rms_norm_eps\": 1e-06, \"rope_theta\": 1500000.0,"
     "\"tie_word_embeddings\": true}",
     {24, 1024, 16, 8, 64, 512, 131072, 49155, JC_ACT_SILU, JC_ROTARY_PLAIN, 1.5e6, 64, .eps = 1e-6}},
    {"DeepSeek-V2 Lite",
     "{\"architectures\": [\"DeepseekV2ForCausalLM\"], \"attention_bias\": false, \"aux_loss_alpha\": 0.001, \"first_k_dense_replace\": 1,"
     "\"hidden_act\": \"silu\", \"kv_lora_rank\": 512, \"model_type\": \"deepseek_v2\", \"moe_intermediate_size\": 1408, \"moe_layer_freq\": 1,"
     "\"n_group\": 1, \"n_routed_experts\": 64, \"n_shared_experts\": 2, \"norm_topk_prob\": false, \"num_experts_per_tok\": 6,"
     "\"q_lora_rank\": null, \"qk_nope_head_dim\": 128, \"qk_rope_head_dim\": 64, \"rms_norm_eps\": 1e-06, \"rope_scaling\": {\"beta_fast\": 32,"
     "\"beta_slow\": 1, \"factor\": 40, \"mscale\": 0.707, \"mscale_all_dim\": 0.707, \"original_max_position_embeddings\": 4096, \"type\":"
     "\"yarn\"}, \"rope_theta\": 10000, \"routed_scaling_factor\": 1.0, \"scoring_func\": \"softmax\", \"seq_aux\": true,"
     BODY(2048, 10944, 16, 16, 27, 163840, 102400) "\"tie_word_embeddings\": false, \"topk_group\": 1, \"topk_method\": \"greedy\", \"v_head_dim\": 128}",
     {27, 2048, 16, 1, 576, 10944, 163840, 102400, JC_ACT_SILU, JC_ROTARY_YARN, 10000, 64, .untied = true, .eps = 1e-6}},
    {"DeepSeek-V3",
     "{\"architectures\": [\"DeepseekV3ForCausalLM\"], \"attention_bias\": false, \"ep_size\": 1, \"first_k_dense_replace\": 3, \"hidden_act\":"
     "\"silu\", \"kv_lora_rank\": 512, \"model_type\": \"deepseek_v3\", \"moe_intermediate_size\": 2048, \"moe_layer_freq\": 1, \"n_group\": 8,"
     "\"n_routed_experts\": 256, \"n_shared_experts\": 1, \"norm_topk_prob\": true, \"num_experts_per_tok\": 8, \"num_nextn_predict_layers\": 1,"
     "\"q_lora_rank\": 1536, \"qk_nope_head_dim\": 128, \"qk_rope_head_dim\": 64, \"rms_norm_eps\": 1e-06, \"rope_scaling\": {\"beta_fast\": 32,"
     "\"beta_slow\": 1, \"factor\": 40, \"mscale\": 1.0, \"mscale_all_dim\": 1.0, \"original_max_position_embeddings\": 4096, \"type\": \"yarn\"},"
     "\"rope_theta\": 10000, \"routed_scaling_factor\": 2.5, \"scoring_func\": \"sigmoid\", " BODY(7168, 18432, 128, 128, 61, 163840, 129280)
     "\"tie_word_embeddings\": false, \"topk_group\": 4, \"topk_method\": \"noaux_tc\", \"v_head_dim\": 128}",
     {61, 7168, 128, 1, 576, 18432, 163840, 129280, JC_ACT_SILU, JC_ROTARY_YARN, 10000, 64, .untied = true, .eps = 1e-6}},
    {"Kimi K2",
     "{\"model_type\": \"kimi_k2\", \"attention_bias\": false, \"first_k_dense_replace\": 1, \"hidden_act\": \"silu\", \"kv_lora_rank\": 512,"
     "\"moe_intermediate_size\": 2048, \"moe_layer_freq\": 1, \"n_group\": 1, \"n_routed_experts\": 384, \"n_shared_experts\": 1,"
     "\"norm_topk_prob\": true, \"num_experts_per_tok\": 8, \"q_lora_rank\": 1536, \"qk_nope_head_dim\": 128, \"qk_rope_head_dim\": 64,"
     "\"rms_norm_eps\": 1e-06, \"rope_scaling\": {\"beta_fast\": 1.0, \"beta_slow\": 1.0, \"factor\": 32.0, \"mscale\": 1.0, \"mscale_all_dim\": 1.0,"
     "\"original_max_position_embeddings\": 4096, \"type\": \"yarn\"}, \"rope_theta\": 50000.0, \"routed_scaling_factor\": 2.827, \"scoring_func\":"
     "\"sigmoid\", " BODY(7168, 18432, 64, 64, 61, 131072, 163840) "\"tie_word_embeddings\": false, \"topk_group\": 1, \"topk_method\": \"noaux_tc\","
     "\"v_head_dim\": 128}",
     {61, 7168, 64, 1, 576, 18432, 131072, 163840, JC_ACT_SILU, JC_ROTARY_YARN, 50000, 64, .untied = true, .eps = 1e-6}},
    {"gpt-oss 20B",
     "{\"model_type\": \"gpt_oss\", " BODY(2880, 2880, 64, 8, 4, 131072, 201088) "\"attention_bias\": true, \"experts_per_token\": 4,"
     "\"head_dim\": 64, \"hidden_act\": \"silu\", \"initial_context_length\": 4096, \"layer_types\": [\"sliding_attention\","
     "\"full_attention\", \"sliding_attention\", \"full_attention\"], \"num_experts_per_tok\": 4, \"num_local_experts\": 32,"
     "\"rms_norm_eps\": 1e-05, \"rope_scaling\": {\"beta_fast\": 32.0, \"beta_slow\": 1.0, \"factor\": 32.0,"
     "\"original_max_position_embeddings\": 4096, \"rope_type\": \"yarn\", \"truncate\": false}, \"rope_theta\": 150000,"
     "\"sliding_window\": 128, \"swiglu_limit\": 7.0, \"tie_word_embeddings\": false}",
     {4, 2880, 64, 8, 64, 2880, 131072, 201088, JC_ACT_SILU, JC_ROTARY_YARN, 150000, 64, 128, 1, 0, true, 1e-5}},
};
/* clang-format on */

#endif
