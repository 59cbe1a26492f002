/* SPDX-License-Identifier: MIT */
/* configs_encoders.h: configurations of published encoders; test_configs.c says what they
 * are for. */
#ifndef JC_TEST_CONFIGS_ENCODERS_H
#define JC_TEST_CONFIGS_ENCODERS_H

/* clang-format off */
#define DROPOUT "\"attention_probs_dropout_prob\": 0.1, \"hidden_dropout_prob\": 0.1, \"initializer_range\": 0.02, "

static const published encoders[] = {
    {"XLM-RoBERTa base",
     "{\"architectures\": [\"XLMRobertaForMaskedLM\"], " DROPOUT "\"bos_token_id\": 0, \"eos_token_id\": 2, \"hidden_act\": \"gelu\","
     "\"hidden_size\": 768, \"intermediate_size\": 3072, \"layer_norm_eps\": 1e-05, \"max_position_embeddings\": 514,"
     "\"model_type\": \"xlm-roberta\", \"num_attention_heads\": 12, \"num_hidden_layers\": 12, \"output_past\": true,"
     "\"pad_token_id\": 1, \"position_embedding_type\": \"absolute\", \"type_vocab_size\": 1, \"use_cache\": true, \"vocab_size\": 250002}",
     {12, 768, 12, 12, 64, 3072, 512, 250002, JC_ACT_GELU, JC_ROTARY_NONE, .eps = 1e-5}},
    {"ALBERT base v2",
     "{\"architectures\": [\"AlbertForMaskedLM\"], \"attention_probs_dropout_prob\": 0, \"bos_token_id\": 2, \"classifier_dropout_prob\":"
     "0.1, \"down_scale_factor\": 1, \"embedding_size\": 128, \"eos_token_id\": 3, \"gap_size\": 0, \"hidden_act\": \"gelu_new\","
     "\"hidden_dropout_prob\": 0, \"hidden_size\": 768, \"initializer_range\": 0.02, \"inner_group_num\": 1, \"intermediate_size\":"
     "3072, \"layer_norm_eps\": 1e-12, \"max_position_embeddings\": 512, \"model_type\": \"albert\", \"net_structure_type\": 0,"
     "\"num_attention_heads\": 12, \"num_hidden_groups\": 1, \"num_hidden_layers\": 12, \"num_memory_blocks\": 0, \"pad_token_id\": 0,"
     "\"type_vocab_size\": 2, \"vocab_size\": 30000}",
     {12, 768, 12, 12, 64, 3072, 512, 30000, JC_ACT_GELU_TANH, JC_ROTARY_NONE, .eps = 1e-12}},
    {"ELECTRA small, the generator",
     "{\"architectures\": [\"ElectraForMaskedLM\"], " DROPOUT "\"embedding_size\": 128, \"hidden_act\": \"gelu\", \"hidden_size\": 256,"
     "\"intermediate_size\": 1024, \"layer_norm_eps\": 1e-12, \"max_position_embeddings\": 512, \"model_type\": \"electra\","
     "\"num_attention_heads\": 4, \"num_hidden_layers\": 12, \"summary_activation\": \"gelu\", \"type_vocab_size\": 2, \"vocab_size\": 30522}",
     {12, 256, 4, 4, 64, 1024, 512, 30522, JC_ACT_GELU, JC_ROTARY_NONE, .eps = 1e-12}},
    {"MPNet base",
     "{\"architectures\": [\"MPNetForMaskedLM\"], " DROPOUT "\"bos_token_id\": 0, \"eos_token_id\": 2, \"hidden_act\": \"gelu\","
     "\"hidden_size\": 768, \"intermediate_size\": 3072, \"layer_norm_eps\": 1e-05, \"max_position_embeddings\": 514, \"model_type\":"
     "\"mpnet\", \"num_attention_heads\": 12, \"num_hidden_layers\": 12, \"pad_token_id\": 1, \"relative_attention_num_buckets\": 32,"
     "\"vocab_size\": 30527}",
     {12, 768, 12, 12, 64, 3072, 512, 30527, JC_ACT_GELU, JC_ROTARY_NONE, .eps = 1e-5}},
    {"DeBERTa 3 base",
     "{\"model_type\": \"deberta-v2\", " DROPOUT "\"hidden_act\": \"gelu\", \"hidden_size\": 768, \"intermediate_size\": 3072,"
     "\"max_position_embeddings\": 512, \"relative_attention\": true, \"position_buckets\": 256, \"norm_rel_ebd\": \"layer_norm\","
     "\"share_att_key\": true, \"pos_att_type\": \"p2c|c2p\", \"layer_norm_eps\": 1e-7, \"max_relative_positions\": -1,"
     "\"position_biased_input\": false, \"num_attention_heads\": 12, \"num_hidden_layers\": 12, \"type_vocab_size\": 0, \"vocab_size\": 128100}",
     {12, 768, 12, 12, 64, 3072, 512, 128100, JC_ACT_GELU, JC_ROTARY_NONE, .eps = 1e-7}},
    {"ModernBERT base",
     "{\"architectures\": [\"ModernBertForMaskedLM\"], \"attention_bias\": false, \"attention_dropout\": 0.0, \"bos_token_id\": 50281,"
     "\"classifier_activation\": \"gelu\", \"classifier_bias\": false, \"classifier_dropout\": 0.0, \"classifier_pooling\": \"mean\","
     "\"cls_token_id\": 50281, \"decoder_bias\": true, \"deterministic_flash_attn\": false, \"embedding_dropout\": 0.0, \"eos_token_id\":"
     "50282, \"global_attn_every_n_layers\": 3, \"global_rope_theta\": 160000.0, \"gradient_checkpointing\": false, \"hidden_activation\":"
     "\"gelu\", \"hidden_size\": 768, \"intermediate_size\": 1152, \"layer_norm_eps\": 1e-05, \"local_attention\": 128,"
     "\"local_rope_theta\": 10000.0, \"max_position_embeddings\": 8192, \"mlp_bias\": false, \"mlp_dropout\": 0.0, \"model_type\":"
     "\"modernbert\", \"norm_bias\": false, \"norm_eps\": 1e-05, \"num_attention_heads\": 12, \"num_hidden_layers\": 22, \"pad_token_id\":"
     "50283, \"position_embedding_type\": \"absolute\", \"sep_token_id\": 50282, \"tie_word_embeddings\": true, \"vocab_size\": 50368}",
     {22, 768, 12, 12, 64, 1152, 8192, 50368, JC_ACT_GELU, JC_ROTARY_PLAIN, 160000, 64, 128, 0, 0, .eps = 1e-5}},
    {"Nomic Embed 1.5",
     "{\"activation_function\": \"swiglu\", \"architectures\": [\"NomicBertModel\"], \"attn_pdrop\": 0.0, \"bos_token_id\": null,"
     "\"causal\": false, \"dense_seq_output\": true, \"embd_pdrop\": 0.0, \"fused_bias_fc\": true, \"layer_norm_epsilon\": 1e-12,"
     "\"max_trained_positions\": 2048, \"mlp_fc1_bias\": false, \"mlp_fc2_bias\": false, \"model_type\": \"nomic_bert\", \"n_embd\": 768,"
     "\"n_head\": 12, \"n_inner\": 3072, \"n_layer\": 12, \"n_positions\": 8192, \"pad_vocab_size_multiple\": 64, \"parallel_block\": false,"
     "\"parallel_block_tied_norm\": false, \"prenorm\": false, \"qkv_proj_bias\": false, \"rotary_emb_base\": 1000, \"rotary_emb_fraction\":"
     "1.0, \"rotary_emb_interleaved\": false, \"rotary_emb_scale_base\": null, \"rotary_scaling_factor\": null, \"scale_attn_weights\": true,"
     "\"type_vocab_size\": 2, \"use_rms_norm\": false, \"vocab_size\": 30528}",
     {12, 768, 12, 12, 64, 3072, 8192, 30528, JC_ACT_SILU, JC_ROTARY_PLAIN, 1000, 64, .eps = 1e-12}},
};
/* clang-format on */

#endif
