/* SPDX-License-Identifier: MIT */
/*
 * That the golden files can tell: for each choice that a configuration makes, the same
 * weights without it are far from the reference states, which test_golden.c wants to
 * 1e-5. A text that were too short for a window or a scaling would show here.
 */
#include <unistd.h>

#include "model/golden.h"
#include "support/scratch.h"

/* A thousand times what is allowed with it. */
#define FAR 1e-2

static const struct {
    const char *model, *text, *instead; /* in its config.json */
    bool logits;                        /* all that changes */
} rows[] = {
    /* rotary positions: scaled, of what base, of which part of a head */
    {"tiny-llama", "\"llama3\"", "\"default\"", false},
    {"tiny-llama", "\"low_freq_factor\": 1.0", "\"low_freq_factor\": 3.0", false},
    {"tiny-llama-linear", "\"linear\"", "\"default\"", false},
    {"tiny-gpt_neox-serial", "\"linear\"", "\"default\"", false},
    {"tiny-llama-yarn", "\"yarn\"", "\"default\"", false},
    {"tiny-llama-yarn", "\"yarn\"", "\"linear\"", false},
    {"tiny-qwen2-window", "\"beta_fast\": 0.5", "\"beta_fast\": 32.0", false},
    {"tiny-qwen2-window", "\"beta_slow\": 0.1", "\"beta_slow\": 0.4", false},
    {"tiny-qwen2-window", "\"attention_factor\": 1.2", "\"attention_factor\": 1.0", false},
    {"tiny-phi3", "\"longrope\"", "\"default\"", false},
    {"tiny-phi3", "\"original_max_position_embeddings\": 16",
     "\"original_max_position_embeddings\": 64", false},
    {"tiny-llama", "\"rope_theta\": 10000.0", "\"rope_theta\": 500000.0", false},
    {"tiny-gpt_neox", "\"rotary_pct\": 0.5", "\"rotary_pct\": 1.0", false},
    {"tiny-phi3-window", "\"partial_rotary_factor\": 0.5", "\"partial_rotary_factor\": 1.0",
     false},
    {"tiny-gptj", "\"rotary_dim\": 4", "\"rotary_dim\": 8", false},
    /* windows, and in which blocks */
    {"tiny-mistral", "\"sliding_window\": 8", "\"sliding_window\": null", false},
    {"tiny-mistral", "\"sliding_window\": 8", "\"sliding_window\": 9", false},
    {"tiny-qwen2", "\"use_sliding_window\": false",
     "\"use_sliding_window\": true, "
     "\"max_window_layers\": 0",
     false},
    {"tiny-qwen2-window", "\"max_window_layers\": 1", "\"max_window_layers\": 0", false},
    {"tiny-qwen2-window", "\"max_window_layers\": 1", "\"max_window_layers\": 2", false},
    {"tiny-gemma2", "\"sliding_window\": 8", "\"sliding_window\": null", false},
    {"tiny-phi3-window", "\"sliding_window\": 8", "\"sliding_window\": null", false},
    {"tiny-gpt_neo", "\"local\"", "\"global\"", false},
    {"tiny-gpt_neo-local", "\"window_size\": 5", "\"window_size\": 6", false},
    {"tiny-llama4-pieces", "\"attention_chunk_size\": 8", "\"attention_chunk_size\": 9",
     false},
    {"tiny-llama4-pieces", "\"attention_chunk_size\": 8", "\"attention_chunk_size\": null",
     false},
    {"tiny-llama4-lists", "\"chunked_attention\"", "\"full_attention\"", false},
    {"tiny-llama4-lists", "0,\n    1,\n    1", "1,\n    1,\n    1", false},
    /* queries that grow with their positions */
    {"tiny-ministral3-long", "\"llama_4_scaling_beta\": 0.4", "\"unused\": 0.4", false},
    {"tiny-llama4-pieces", "\"attn_scale\": 0.4", "\"attn_temperature_tuning\": 0", false},
    {"tiny-llama4-pieces", "\"floor_scale\": 8", "\"floor_scale\": 9", false},
    {"tiny-llama4-pieces", "\"hidden_act\"", "\"use_qk_norm\": false, \"hidden_act\"",
     false},
    /* scores and logits */
    {"tiny-gemma2", "\"attn_logit_softcapping\": 4.0", "\"attn_logit_softcapping\": null",
     false},
    {"tiny-gemma2", "\"final_logit_softcapping\": 3.0", "\"final_logit_softcapping\": null",
     true},
    {"tiny-gemma2-scale", "\"query_pre_attn_scalar\": 5", "\"query_pre_attn_scalar\": 8",
     false},
    {"tiny-gpt2-unscaled", "\"scale_attn_weights\": false", "\"scale_attn_weights\": true",
     false},
    {"tiny-gpt2-options", "\"scale_attn_by_inverse_layer_idx\": true",
     "\"scale_attn_by_inverse_layer_idx\": false", false},
    /* norms: stored less one and an embedding that is scaled; of queries and keys; of what
     * a half adds; the same as another architecture that has not these */
    {"tiny-gemma", "\"gemma\"", "\"llama\"", false},
    {"tiny-qwen3", "\"qwen3\"", "\"llama\"", false},
    {"tiny-gemma2", "\"gemma2\"", "\"gemma\"", false},
    {"tiny-llama", "\"rms_norm_eps\": 1e-05", "\"rms_norm_eps\": 0.1", false},
    /* halves of a block, biases, activations */
    {"tiny-gpt_neox", "\"use_parallel_residual\": true", "\"use_parallel_residual\": false",
     false},
    {"tiny-gpt_neox-serial", "\"use_parallel_residual\": false",
     "\"use_parallel_residual\": true", false},
    {"tiny-llama-linear", "\"attention_bias\": true", "\"attention_bias\": false", false},
    {"tiny-llama-linear", "\"mlp_bias\": true", "\"mlp_bias\": false", false},
    {"tiny-llama", "\"silu\"", "\"gelu\"", false},
    {"tiny-gpt_neox", "\"gelu\"", "\"relu\"", false},
    /* what descendants of Llama have that it has not */
    {"tiny-olmo3", "\"yarn\"", "\"default\"", false},
    {"tiny-olmo3", "\"sliding_window\": 8", "\"sliding_window\": null", false},
    {"tiny-smollm3", "\"model_type\"", "\"no_rope_layer_interval\": 3, \"model_type\"",
     false},
    {"tiny-granite", "\"embedding_multiplier\": 3.0", "\"embedding_multiplier\": 1.0",
     false},
    {"tiny-granite", "\"attention_multiplier\": 0.2", "\"attention_multiplier\": 0.4",
     false},
    {"tiny-granite", "\"residual_multiplier\": 0.4", "\"residual_multiplier\": 1.0", false},
    {"tiny-granite", "\"logits_scaling\": 4.0", "\"logits_scaling\": 1.0", true},
    {"tiny-stablelm", "\"use_qkv_bias\": true", "\"use_qkv_bias\": false", false},
    {"tiny-cohere", "\"logit_scale\": 0.25", "\"logit_scale\": 1.0", true},
    {"tiny-cohere2", "\"sliding_window_pattern\": 3", "\"sliding_window_pattern\": 2",
     false},
    {"tiny-cohere2", "\"cohere2\"", "\"cohere\"", false},
    {"tiny-exaone4", "\"sliding_window\": 8", "\"sliding_window\": null", false},
    {"tiny-ministral3", "\"yarn\"", "\"default\"", false},
    {"tiny-starcoder2", "\"sliding_window\": 8", "\"sliding_window\": null", false},
    {"tiny-nemotron", "\"relu2\"", "\"relu\"", false},
    {"tiny-ernie4_5", "\"ernie4_5\"", "\"llama\"", false},
    {"tiny-mixtral", "\"num_experts_per_tok\": 2", "\"num_experts_per_tok\": 1", false},
    {"tiny-qwen3_moe", "\"norm_topk_prob\": true", "\"norm_topk_prob\": false", false},
    {"tiny-gpt_oss-clamp", "\"swiglu_limit\": 0.75", "\"swiglu_limit\": 7.0", false},
    {"tiny-gpt_oss", "\"truncate\": false", "\"truncate\": true", false},
    /* encoders: distances, windows on both sides, two rotary bases */
    {"tiny-deberta_v2", "\"max_relative_positions\": -1", "\"max_relative_positions\": 8",
     false},
    {"tiny-modernbert", "\"local_attention\": 8", "\"local_attention\": 10", false},
    {"tiny-modernbert", "\"global_attn_every_n_layers\": 3",
     "\"global_attn_every_n_layers\": 2", false},
    {"tiny-modernbert", "\"local_rope_theta\": 50.0", "\"local_rope_theta\": 1000.0",
     false},
    {"tiny-nomic_bert", "\"rotary_emb_base\": 50.0", "\"rotary_emb_base\": 1000.0", false},
    /* older decoders: ALiBi, clipped queries, keys and values */
    {"tiny-falcon-rw", "\"alibi\": true", "\"alibi\": false", false},
    {"tiny-mpt", "\"clip_qkv\": 1.5", "\"clip_qkv\": null", false},
    {"tiny-olmo-clip", "\"clip_qkv\": 0.75", "\"clip_qkv\": null", false},
    {"tiny-codegen", "\"rotary_dim\": 4", "\"rotary_dim\": 6", false},
    /* latent attention and groups of experts */
    {"tiny-deepseek_v2", "\"mscale_all_dim\": 1.5", "\"mscale_all_dim\": 0.707", false},
    {"tiny-deepseek_v2", "\"topk_group\": 2", "\"topk_group\": 4", false},
    {"tiny-deepseek_v2", "\"routed_scaling_factor\": 1.5", "\"routed_scaling_factor\": 1.0",
     false},
    {"tiny-deepseek_v3", "\"topk_group\": 2", "\"topk_group\": 3", false},
    {"tiny-deepseek_v3", "\"norm_topk_prob\": true", "\"norm_topk_prob\": false", false},
    {"tiny-deepseek_v3", "\"rope_interleave\": true", "\"rope_interleave\": false", false},
    {"tiny-hunyuan_v1_dense", "\"alpha\": 10.0", "\"alpha\": 1.0", false},
};

/* A folder with a changed config.json and the weights of the model. */
static void make_folder(void **state, size_t i)
{
    char path[512], from[2048] = "", to[2048] = "";

    snprintf(path, sizeof path, MODELS "%s/config.json", rows[i].model);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    assert_true(fread(from, 1, sizeof from - 1, f) > 0);
    fclose(f);
    const char *at = strstr(from, rows[i].text);
    if (!at)
        fail_msg("'%s' has no %s", path, rows[i].text);
    snprintf(to, sizeof to, "%.*s%s%s", (int)(at - from), from, rows[i].instead,
             at + strlen(rows[i].text));
    scratch_text(state, "config.json", to);
    snprintf(path, sizeof path, MODELS "%s/model.safetensors", rows[i].model);
    unlink(scratch_path(state, "model.safetensors"));
    assert_int_equal(symlink(path, scratch_path(state, "model.safetensors")), 0);
}

/* The largest difference in a row over the largest magnitude in that row. */
static double farthest(const float *got, const float *want, size_t n_rows, size_t d)
{
    double most = 0;

    for (size_t r = 0; r < n_rows; r++) {
        double largest = 0, worst = 0;
        for (size_t k = r * d; k < (r + 1) * d; k++) {
            worst = fmax(worst, fabs((double)got[k] - (double)want[k]));
            largest = fmax(largest, fabs((double)want[k]));
        }
        most = fmax(most, worst / largest);
    }
    return most;
}

static double compare(void **state, size_t i)
{
    struct golden g;

    golden_open(&g, rows[i].model);
    jc_model *model = open_model(*state, "ref", "f32");
    jc_session *session = run(model, g.texts, g.n_texts);
    uint32_t last = (uint32_t)g.taps - 1;
    const float *h = jc_session_states(session, last);
    double far = farthest(h, g.states + last * g.rows * g.width, g.used, g.width);
    if (rows[i].logits) {
        float *logits = jc_matrix_new(g.used, g.vocab, sizeof *logits);
        assert_true(far < 1e-5);
        assert_int_equal(jc_model_readout(model, h, g.used, logits, NULL), JC_OK);
        far = farthest(logits, g.logits, g.used, g.vocab);
        jc_free(logits);
    }
    jc_session_free(session);
    jc_model_close(model);
    golden_close(&g);
    return far;
}

static void test_choices__each_shows_in_the_golden_states(void **state)
{
    for (size_t i = 0; i < JC_COUNT(rows); i++) {
        make_folder(state, i);
        double far = compare(state, i);
        if (!(far > FAR))
            fail_msg("%s is the same within %.3g with %s", rows[i].model, far,
                     rows[i].instead);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(test_choices__each_shows_in_the_golden_states),
    };
    return cmocka_run_group_tests_name("model/choices", tests, NULL, NULL);
}
