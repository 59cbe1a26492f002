# SPDX-License-Identifier: MIT
"""Write the tiny random decoders of tests/golden/models that came after GPT-2, and what
transformers makes of them; the files are as make_models.py describes.

Windows (8) and the lengths that rotary scalings start from (16) are far shorter than the
texts, so that a mistake in either shows. With names, only those models are made.
"""
import sys
from copy import deepcopy

import numpy as np
import torch
from tokenizers import Tokenizer

from make_models import DATA, MODELS, write_golden, write_model
from reference import empty_net

LENGTHS = [5, 1, 56, 17, 2]  # of an architecture's first model
SHORT = [44, 12]             # of its variants
CONTEXT = 64


def llama(**changes):
    return {"model_type": "llama", "hidden_size": 24, "intermediate_size": 40,
            "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
            "hidden_act": "silu", "max_position_embeddings": CONTEXT, "vocab_size": 61,
            "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "tie_word_embeddings": False,
            "torch_dtype": "float32"} | changes


def neox(**changes):
    return {"model_type": "gpt_neox", "hidden_size": 24, "intermediate_size": 40,
            "num_hidden_layers": 2, "num_attention_heads": 3, "hidden_act": "gelu",
            "max_position_embeddings": CONTEXT, "vocab_size": 61, "layer_norm_eps": 1e-5,
            "rotary_pct": 0.5, "rotary_emb_base": 10000, "use_parallel_residual": True,
            "tie_word_embeddings": False, "torch_dtype": "float32"} | changes


def neo(**changes):
    return {"model_type": "gpt_neo", "hidden_size": 24, "intermediate_size": None,
            "num_layers": 2, "num_heads": 4, "activation_function": "gelu_new",
            "attention_types": [[["global", "local"], 1]], "window_size": 8,
            "max_position_embeddings": CONTEXT, "vocab_size": 61,
            "layer_norm_epsilon": 1e-5, "torch_dtype": "float32"} | changes


def gptj(**changes):
    return {"model_type": "gptj", "n_embd": 24, "n_inner": 40, "n_layer": 2, "n_head": 3,
            "rotary_dim": 4, "activation_function": "gelu_new", "n_positions": CONTEXT,
            "vocab_size": 61, "layer_norm_epsilon": 1e-5, "tie_word_embeddings": False,
            "torch_dtype": "float32"} | changes


def opt(**changes):
    return {"model_type": "opt", "hidden_size": 24, "ffn_dim": 40, "num_hidden_layers": 2,
            "num_attention_heads": 4, "word_embed_proj_dim": 24,
            "activation_function": "relu", "max_position_embeddings": CONTEXT,
            "vocab_size": 61, "do_layer_norm_before": True, "torch_dtype": "float32"
            } | changes


def gpt_oss(**changes):
    return llama(model_type="gpt_oss", num_local_experts=4, num_experts_per_tok=2,
                 intermediate_size=12, sliding_window=8, head_dim=8, rope_theta=1000.0,
                 rope_scaling={"rope_type": "yarn", "factor": 4.0, "beta_fast": 1.0,
                               "beta_slow": 0.1, "truncate": False,
                               "original_max_position_embeddings": 16}) | changes


def gpt2(**changes):
    return {"n_layer": 2, "n_embd": 24, "n_head": 4, "n_inner": 40, "n_positions": CONTEXT,
            "vocab_size": 61, "layer_norm_epsilon": 1e-5, "torch_dtype": "float32"
            } | changes


def falcon(**changes):
    return {"model_type": "falcon", "hidden_size": 24, "num_hidden_layers": 2,
            "num_attention_heads": 4, "ffn_hidden_size": 40, "vocab_size": 61,
            "max_position_embeddings": CONTEXT, "layer_norm_epsilon": 1e-5, "alibi": False,
            "bias": False, "multi_query": True, "new_decoder_architecture": False,
            "parallel_attn": True, "rope_theta": 10000.0, "torch_dtype": "float32"
            } | changes


MODELS_MADE = {
    "tiny-llama": llama(rope_scaling={
        "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
        "high_freq_factor": 4.0, "original_max_position_embeddings": 16}),
    "tiny-llama-linear": llama(
        rope_scaling={"type": "linear", "factor": 2.5}, attention_bias=True, mlp_bias=True,
        head_dim=8, tie_word_embeddings=True, num_key_value_heads=4),
    "tiny-llama-yarn": llama(rope_theta=100.0, head_dim=16, num_key_value_heads=1,
                             rope_scaling={"rope_type": "yarn", "factor": 4.0,
                                           "original_max_position_embeddings": 16}),
    "tiny-mistral": llama(model_type="mistral", sliding_window=8),
    # The window is there and not to be used; then, with scaling, in the last block only.
    "tiny-qwen2": llama(model_type="qwen2", use_sliding_window=False, sliding_window=8),
    "tiny-qwen2-window": llama(model_type="qwen2", use_sliding_window=True,
                               sliding_window=8, max_window_layers=1, head_dim=8,
                               rope_theta=100.0,
                               rope_scaling={"type": "yarn", "factor": 4.0,
                                             "beta_fast": 0.5, "beta_slow": 0.1,
                                             "attention_factor": 1.2,
                                             "original_max_position_embeddings": 16}),
    "tiny-qwen3": llama(model_type="qwen3", head_dim=8, tie_word_embeddings=True),
    "tiny-gemma": llama(model_type="gemma", head_dim=8, num_key_value_heads=1,
                        hidden_act="gelu_pytorch_tanh", tie_word_embeddings=True),
    "tiny-gemma2": llama(model_type="gemma2", num_hidden_layers=3, head_dim=8,
                         hidden_activation="gelu_pytorch_tanh", sliding_window=8,
                         query_pre_attn_scalar=8, attn_logit_softcapping=4.0,
                         final_logit_softcapping=3.0, tie_word_embeddings=True),
    # Both rotary bases, windows in all blocks but the third, and scaling of that one.
    "tiny-gemma3": llama(model_type="gemma3_text", num_hidden_layers=4, head_dim=8,
                         hidden_activation="gelu_pytorch_tanh", sliding_window=8,
                         sliding_window_pattern=3, query_pre_attn_scalar=8,
                         rope_theta=1000.0, rope_local_base_freq=100.0,
                         rope_scaling={"rope_type": "linear", "factor": 2.0},
                         tie_word_embeddings=True),
    # One text is short enough for the short factors of each; see also LENGTHS.
    "tiny-phi3": llama(model_type="phi3", original_max_position_embeddings=16,
                       pad_token_id=0, rope_scaling={
                           "type": "longrope", "short_factor": [1.0, 1.1, 1.25],
                           "long_factor": [1.5, 2.5, 4.0]}),
    "tiny-phi3-window": llama(model_type="phi3", num_attention_heads=3,
                              num_key_value_heads=3, partial_rotary_factor=0.5,
                              sliding_window=8, pad_token_id=0),
    "tiny-gpt_neox": neox(),
    "tiny-gpt_neox-serial": neox(use_parallel_residual=False, attention_bias=False,
                                 rotary_pct=1.0, tie_word_embeddings=True,
                                 rope_scaling={"type": "linear", "factor": 2.0}),
    "tiny-gpt_neo": neo(),
    "tiny-gpt_neo-local": neo(attention_types=[[["local"], 1], [["global", "local"], 1]],
                              num_layers=3, intermediate_size=20, window_size=5),
    "tiny-opt": opt(),
    "tiny-opt-after": opt(do_layer_norm_before=False),
    "tiny-gptj": gptj(),
    # GGUF has no place for this scale.
    "tiny-gemma2-scale": llama(model_type="gemma2", head_dim=8, sliding_window=8,
                               hidden_activation="gelu_pytorch_tanh",
                               query_pre_attn_scalar=5, attn_logit_softcapping=None,
                               final_logit_softcapping=None, tie_word_embeddings=True),
    "tiny-olmo2": llama(model_type="olmo2", rope_theta=500000.0),
    "tiny-opt-narrow": opt(do_layer_norm_before=False, word_embed_proj_dim=16),
    "tiny-olmo": llama(model_type="olmo", pad_token_id=0),
    # YaRN in the fourth block only; the others have a window.
    "tiny-olmo3": llama(model_type="olmo3", num_hidden_layers=4, sliding_window=8,
                        pad_token_id=0, rope_theta=500000.0,
                        rope_scaling={"rope_type": "yarn", "factor": 4.0, "beta_fast": 32.0,
                                      "beta_slow": 1.0,
                                      "original_max_position_embeddings": 16}),
    "tiny-smollm3": llama(model_type="smollm3", num_hidden_layers=4, pad_token_id=0,
                          rope_theta=1000.0),
    "tiny-granite": llama(model_type="granite", embedding_multiplier=3.0,
                          attention_multiplier=0.2, residual_multiplier=0.4,
                          logits_scaling=4.0, tie_word_embeddings=True),
    "tiny-phi": {"model_type": "phi", "hidden_size": 24, "intermediate_size": 40,
                 "num_hidden_layers": 2, "num_attention_heads": 3,
                 "num_key_value_heads": None, "hidden_act": "gelu_new",
                 "max_position_embeddings": CONTEXT, "vocab_size": 61,
                 "layer_norm_eps": 1e-5, "partial_rotary_factor": 0.5,
                 "rope_theta": 10000.0, "tie_word_embeddings": False,
                 "torch_dtype": "float32"},
    "tiny-stablelm": llama(model_type="stablelm", layer_norm_eps=1e-5, head_dim=None,
                           num_attention_heads=3, num_key_value_heads=3,
                           partial_rotary_factor=0.5, use_qkv_bias=True),
    "tiny-stablelm-parallel": llama(model_type="stablelm", layer_norm_eps=1e-5,
                                    num_attention_heads=3, num_key_value_heads=1,
                                    partial_rotary_factor=0.25,
                                    use_parallel_residual=True),
    "tiny-cohere": llama(model_type="cohere", layer_norm_eps=1e-5, logit_scale=0.25,
                         pad_token_id=0, tie_word_embeddings=True),
    "tiny-cohere2": llama(model_type="cohere2", layer_norm_eps=1e-5, logit_scale=0.25,
                          num_hidden_layers=3, sliding_window=8, pad_token_id=0,
                          sliding_window_pattern=3, tie_word_embeddings=True),
    "tiny-glm": llama(model_type="glm", head_dim=8, num_attention_heads=3,
                      num_key_value_heads=1, partial_rotary_factor=0.5,
                      attention_bias=True, pad_token_id=0),
    "tiny-glm4": llama(model_type="glm4", head_dim=8, num_attention_heads=3,
                       num_key_value_heads=1, partial_rotary_factor=0.5,
                       attention_bias=True, pad_token_id=0),
    "tiny-exaone4": llama(model_type="exaone4", num_hidden_layers=4, sliding_window=8,
                          layer_types=["sliding_attention"] * 3 + ["full_attention"],
                          rope_theta=1000.0),
    "tiny-ministral3": llama(model_type="ministral3", head_dim=8, pad_token_id=0,
                             max_position_embeddings=256, rope_theta=None,
                             rope_parameters={"rope_type": "yarn", "rope_theta": 100.0,
                                              "factor": 4.0, "beta_fast": 4.0,
                                              "beta_slow": 0.25, "mscale": 1.0,
                                              "mscale_all_dim": 1.0,
                                              "llama_4_scaling_beta": 0.1,
                                              "original_max_position_embeddings": 64}),
    "tiny-starcoder2": llama(model_type="starcoder2", hidden_act="gelu_pytorch_tanh",
                             norm_epsilon=1e-5, use_bias=True, sliding_window=8,
                             tie_word_embeddings=True),
    "tiny-nemotron": llama(model_type="nemotron", hidden_act="relu2", norm_eps=1e-5,
                           head_dim=8, partial_rotary_factor=0.5),
    "tiny-arcee": llama(model_type="arcee", hidden_act="relu2", head_dim=8),
    "tiny-seed_oss": llama(model_type="seed_oss", head_dim=8, attention_bias=True,
                           attention_out_bias=False, pad_token_id=0),
    "tiny-ernie4_5": llama(model_type="ernie4_5", head_dim=8, use_bias=False,
                           pad_token_id=0, tie_word_embeddings=True),
    "tiny-gpt_oss": gpt_oss(),
    "tiny-gpt_oss-clamp": gpt_oss(swiglu_limit=0.75),  # of which GGUF knows 7 only
    "tiny-hunyuan_v1_dense": llama(model_type="hunyuan_v1_dense", head_dim=8,
                                   pad_token_id=0, rope_theta=100.0,
                                   rope_scaling={"type": "dynamic", "alpha": 10.0,
                                                 "factor": 1.0}),
    # The larger ones; of 7 billion; RW.
    "tiny-falcon": falcon(num_kv_heads=2, new_decoder_architecture=True),
    "tiny-falcon-multi": falcon(),
    "tiny-falcon-rw": falcon(alibi=True, bias=True, multi_query=False, parallel_attn=False,
                             num_attention_heads=3),
    "tiny-bloom": {"model_type": "bloom", "n_layer": 2, "hidden_size": 24, "n_head": 3,
                   "vocab_size": 61, "layer_norm_epsilon": 1e-5, "seq_length": CONTEXT,
                   "torch_dtype": "float32"},
    "tiny-mpt": {"model_type": "mpt", "n_layers": 2, "d_model": 24, "n_heads": 6,
                 "vocab_size": 61, "max_seq_len": CONTEXT, "expansion_ratio": 4,
                 "no_bias": True, "attn_config": {"alibi": True, "alibi_bias_max": 8,
                                                  "clip_qkv": 1.5, "softmax_scale": None},
                 "torch_dtype": "float32"},
    "tiny-gpt_bigcode": gpt2(model_type="gpt_bigcode", multi_query=True,
                             activation_function="gelu_pytorch_tanh"),
    "tiny-gpt_bigcode-heads": gpt2(model_type="gpt_bigcode", multi_query=False,
                                   activation_function="gelu_pytorch_tanh"),
    "tiny-codegen": gpt2(model_type="codegen", rotary_dim=4, n_ctx=CONTEXT,
                         activation_function="gelu_new", tie_word_embeddings=False),
    "tiny-xglm": {"model_type": "xglm", "num_layers": 2, "d_model": 24,
                  "attention_heads": 4, "ffn_dim": 40, "max_position_embeddings": CONTEXT,
                  "vocab_size": 61, "activation_function": "gelu", "scale_embedding": True,
                  "torch_dtype": "float32"},
    "tiny-olmo-clip": llama(model_type="olmo", pad_token_id=0, clip_qkv=0.75),
}


def internlm2_weights(x, config):
    """Queries, keys and values of each group of heads in one matrix."""
    names = {"embed_tokens": "tok_embeddings", "o_proj": "wo", "input_layernorm":
             "attention_norm", "post_attention_layernorm": "ffn_norm", "mlp": "feed_forward",
             "gate_proj": "w1", "up_proj": "w3", "down_proj": "w2", "self_attn": "attention",
             "lm_head": "output"}
    groups, head = config["num_key_value_heads"], 24 // config["num_attention_heads"]
    out = {}
    for name, w in x.items():
        if "q_proj" in name:
            parts = [x[name.replace("q_proj", f"{p}_proj")].reshape(groups, -1, head, 24)
                     for p in "qkv"]
            out[name.replace("self_attn.q_proj", "attention.wqkv")] = torch.cat(
                parts, dim=1).reshape(-1, 24)
        elif not ("k_proj" in name or "v_proj" in name):
            out[".".join(names.get(part, part) for part in name.split("."))] = w
    return out


def exaone_weights(x, config):
    names = {"embed_tokens": "wte", "model": "transformer", "layers": "h",
             "input_layernorm": "ln_1", "post_attention_layernorm": "ln_2",
             "self_attn": "attn.attention", "o_proj": "out_proj", "gate_proj": "c_fc_0",
             "up_proj": "c_fc_1", "down_proj": "c_proj", "norm": "ln_f"}
    return {".".join(names.get(part, part) for part in name.split(".")): w
            for name, w in x.items()}


def split_experts(x, config):
    """One tensor an expert, as published; the package stacks them when it reads them."""
    mixtral = config["model_type"] == "mixtral"
    up, down = ("w1", "w3"), "w2"
    if config["model_type"] not in ("mixtral", "lfm2_moe"):
        up, down = ("gate_proj", "up_proj"), "down_proj"
    out = {}
    for name, w in x.items():
        if mixtral:
            name = name.replace(".mlp.", ".block_sparse_moe.")
        if not name.endswith(("experts.gate_up_proj", "experts.down_proj")):
            out[name] = w
            continue
        base, part = name.rsplit(".", 1)
        for e in range(len(w)):
            parts = zip(up, w[e].chunk(2)) if part == "gate_up_proj" else [(down, w[e])]
            out |= {f"{base}.{e}.{p}.weight": v for p, v in parts}
    return out


def granitemoe_weights(x, config):
    return {name.replace("router.weight", "router.layer.weight")
            .replace("experts.gate_up_proj", "input_linear.weight")
            .replace("experts.down_proj", "output_linear.weight"): w
            for name, w in x.items()}


def mamba2(**changes):
    return {"model_type": "mamba2", "hidden_size": 24, "num_hidden_layers": 3, "expand": 2,
            "num_heads": 6, "head_dim": 8, "state_size": 5, "n_groups": 2, "conv_kernel": 4,
            "chunk_size": 8, "vocab_size": 61, "layer_norm_epsilon": 1e-5,
            "tie_word_embeddings": False, "torch_dtype": "float32"} | changes


def granitemoehybrid(**changes):
    return llama(model_type="granitemoehybrid", num_hidden_layers=3, num_local_experts=4,
                 num_experts_per_tok=2, intermediate_size=12, shared_intermediate_size=20,
                 layer_types=["mamba", "attention", "mamba"], mamba_n_heads=6,
                 mamba_n_groups=1, mamba_d_state=5, mamba_d_head=8, mamba_d_conv=4,
                 mamba_expand=2, mamba_chunk_size=8, embedding_multiplier=3.0,
                 attention_multiplier=0.2, residual_multiplier=0.4, logits_scaling=4.0,
                 tie_word_embeddings=True) | changes


def delta(**changes):
    """Two recurrent blocks, attention, a recurrent block; heads of values share keys. What
    a head reads of its state may be tiny before its norm, so epsilon is large: with 1e-6
    float32 is not enough for 1e-5. Logits of transformers itself are then 8e-6 to 3e-5 off
    its float64, in three seeds of either model, by chunks or token by token."""
    return llama(num_hidden_layers=4, head_dim=8, rms_norm_eps=1e-2, full_attention_interval=3,
                 partial_rotary_factor=0.5, linear_conv_kernel_dim=4,
                 linear_num_value_heads=4, linear_num_key_heads=2, linear_key_head_dim=8,
                 linear_value_head_dim=8) | changes


def llama4(**changes):
    return llama(model_type="llama4_text", num_hidden_layers=4, head_dim=8,
                 intermediate_size=12, intermediate_size_mlp=20, num_local_experts=4,
                 num_experts_per_tok=2, interleave_moe_layer_step=2, attention_chunk_size=8,
                 floor_scale=8, attn_scale=0.4, rope_theta=10000.0, rope_scaling={
                     "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
                     "high_freq_factor": 4.0, "original_max_position_embeddings": 16}
                 ) | changes


def all_sparse(config):
    return {k: v for k, v in config.items() if k != "intermediate_size"}


def exaone_config(config):
    names = {"num_hidden_layers": "num_layers", "hidden_act": "activation_function",
             "rms_norm_eps": "layer_norm_epsilon"}
    return {names.get(k, k): v for k, v in config.items()}


def deepseek(**changes):
    return llama(num_hidden_layers=3, num_key_value_heads=4, q_lora_rank=None,
                 kv_lora_rank=10, qk_nope_head_dim=6, qk_rope_head_dim=4, v_head_dim=5,
                 n_shared_experts=2, moe_intermediate_size=12, first_k_dense_replace=1,
                 routed_scaling_factor=1.5, rope_theta=100.0, rope_scaling={
                     "type": "yarn", "factor": 4.0, "mscale": 1.5, "mscale_all_dim": 1.5,
                     "beta_fast": 1.0, "beta_slow": 0.1,
                     "original_max_position_embeddings": 16}) | changes


# Models whose code is not in the package: what they compute is a Llama, with other names.
RENAMED = {
    "tiny-mixtral": (llama(model_type="mixtral", num_local_experts=4,
                           num_experts_per_tok=2, sliding_window=8), {}, dict,
                     split_experts),
    "tiny-qwen2_moe": (llama(model_type="qwen2_moe", num_experts=5, sliding_window=8, num_experts_per_tok=2,
                             moe_intermediate_size=12, norm_topk_prob=False,
                             shared_expert_intermediate_size=20, decoder_sparse_step=1,
                             mlp_only_layers=[]), {}, dict, split_experts),
    "tiny-qwen3_moe": (llama(model_type="qwen3_moe", num_experts=4, head_dim=8,
                             num_experts_per_tok=3, moe_intermediate_size=12,
                             norm_topk_prob=True, decoder_sparse_step=1,
                             mlp_only_layers=[]), {}, dict, split_experts),
    # Every second block is dense.
    "tiny-qwen3_moe-step": (llama(model_type="qwen3_moe", num_experts=4, head_dim=8,
                                  num_experts_per_tok=1, moe_intermediate_size=12,
                                  num_hidden_layers=3, norm_topk_prob=False,
                                  decoder_sparse_step=2, mlp_only_layers=[]), {}, dict,
                            split_experts),
    "tiny-olmoe": (llama(model_type="olmoe", num_experts=4, num_experts_per_tok=2,
                         intermediate_size=12, pad_token_id=0), {}, dict, split_experts),
    "tiny-granitemoe": (llama(model_type="granitemoe", num_local_experts=4,
                              num_experts_per_tok=2, intermediate_size=12,
                              embedding_multiplier=3.0, attention_multiplier=0.2,
                              residual_multiplier=0.4, logits_scaling=4.0,
                              tie_word_embeddings=True), {}, dict, granitemoe_weights),
    # Latent attention; experts from two of four groups.
    "tiny-deepseek_v2": (deepseek(
        model_type="deepseek_v2", n_routed_experts=8, num_experts_per_tok=3, n_group=4,
        topk_group=2, topk_method="group_limited_greedy", norm_topk_prob=False,
        q_lora_rank=7), {}, dict, split_experts),
    "tiny-deepseek_v2-lite": (deepseek(
        model_type="deepseek_v2", n_routed_experts=4, num_experts_per_tok=2, n_group=1,
        topk_group=1, topk_method="greedy", norm_topk_prob=False,
        rope_scaling=deepseek()["rope_scaling"] | {"mscale": 0.707}), {},
                              dict, split_experts),
    "tiny-deepseek_v3": (deepseek(
        model_type="deepseek_v3", n_routed_experts=8, num_experts_per_tok=3, n_group=4,
        topk_group=2, norm_topk_prob=True, q_lora_rank=7, n_shared_experts=1,
        rope_interleave=True), {}, dict, split_experts),
    "tiny-internlm2": (llama(), {"model_type": "internlm2", "bias": False}, dict,
                       internlm2_weights),
    # InternLM 3 without the biases that it has by two keys is Llama as it is.
    "tiny-internlm3": (llama(attention_bias=True, mlp_bias=True, head_dim=8),
                       {"model_type": "internlm3", "qkv_bias": True, "bias": True}, dict,
                       lambda x, config: x),
    "tiny-exaone": (llama(rope_scaling={
        "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
        "high_freq_factor": 4.0, "original_max_position_embeddings": 16}),
                    {"model_type": "exaone"}, exaone_config, exaone_weights),
    "tiny-deepseek_v2-plain": (deepseek(
        model_type="deepseek_v2", n_routed_experts=4, num_experts_per_tok=2, n_group=1,
        num_hidden_layers=2, topk_group=1, topk_method="greedy", norm_topk_prob=False,
        rope_scaling=None), {}, dict, split_experts),
}


# Models that came later: seeds go by place.
LATER = {
    # Two convolutions, attention, a convolution.
    "tiny-lfm2": llama(model_type="lfm2", num_hidden_layers=4, head_dim=8,
                       layer_types=["conv", "conv", "full_attention", "conv"],
                       block_ff_dim=60, block_multiple_of=8, block_ffn_dim_multiplier=0.9,
                       norm_eps=1e-5, conv_L_cache=4, conv_bias=True, pad_token_id=0,
                       eos_token_id=1, bos_token_id=1, tie_word_embeddings=True),
    "tiny-mamba2": mamba2(),
    # Limits of steps, one group, other biases, an unembedding that is tied.
    "tiny-mamba2-limits": mamba2(time_step_limit=[0.5, 0.9], n_groups=1, use_bias=True,
                                 use_conv_bias=False, tie_word_embeddings=True),
    "tiny-qwen3_5": delta(model_type="qwen3_5_text", intermediate_size=40),
}
RENAMED_LATER = {
    # A recurrence, attention, a recurrence; experts beside an MLP for all tokens.
    "tiny-granitemoehybrid": (granitemoehybrid(), {}, dict, granitemoe_weights),
    # Without experts, with positions.
    "tiny-granitemoehybrid-dense": (granitemoehybrid(
        num_local_experts=0, position_embedding_type="rope", mamba_n_groups=2), {}, dict,
        granitemoe_weights),
    "tiny-qwen3_next": (delta(model_type="qwen3_next", num_experts=4, num_experts_per_tok=2,
                              moe_intermediate_size=12, shared_expert_intermediate_size=20,
                              norm_topk_prob=True), {}, dict, split_experts),
    # A dense block first; experts by sigmoids and a bias.
    "tiny-lfm2_moe": (llama(model_type="lfm2_moe", num_hidden_layers=4, head_dim=8,
                            layer_types=["conv", "conv", "full_attention", "conv"],
                            norm_eps=1e-5, conv_L_cache=3, num_dense_layers=1, num_experts=4,
                            num_experts_per_tok=2, moe_intermediate_size=12,
                            routed_scaling_factor=1.5, pad_token_id=0, eos_token_id=1,
                            bos_token_id=1, tie_word_embeddings=True), {}, dict, split_experts),
    "tiny-qwen3_5_moe": (delta(model_type="qwen3_5_moe_text", num_experts=4,
                               num_experts_per_tok=2, moe_intermediate_size=12,
                               shared_expert_intermediate_size=20), {}, all_sparse,
                         lambda x, config: x),
    # Clipped behind the norms.
    "tiny-olmoe-clip": (llama(model_type="olmoe", num_experts=4, num_experts_per_tok=2,
                              intermediate_size=12, pad_token_id=0, clip_qkv=0.6,
                              norm_topk_prob=True), {}, dict, split_experts),
    # Positions told twice, of which the object counts.
    "tiny-qwen3_5-bias": (delta(model_type="qwen3_5_text", attention_bias=True, head_dim=16,
                                rope_parameters={"rope_type": "default", "rope_theta": 77.0,
                                                 "partial_rotary_factor": 0.25}), {}, dict,
                          lambda x, config: x),
    # Dense blocks by step and by list: of four blocks the last is a mixture.
    "tiny-qwen2_moe-dense": (llama(model_type="qwen2_moe", num_experts=5, num_hidden_layers=4,
                                   num_experts_per_tok=2, moe_intermediate_size=12,
                                   norm_topk_prob=True, shared_expert_intermediate_size=20,
                                   decoder_sparse_step=2, mlp_only_layers=[0, 1]), {}, dict,
                             split_experts),
    # An expert in matrices of its own, as the package saves them.
    "tiny-qwen3_5_moe-each": (delta(model_type="qwen3_5_moe_text", num_experts=4,
                                    num_experts_per_tok=2, moe_intermediate_size=12,
                                    shared_expert_intermediate_size=20), {}, all_sparse,
                              split_experts),
    # Pieces of attention and growth of queries of 8192 tokens, experts in all blocks, none of
    # it a choice in GGUF; positions that are scaled, none in the fourth block.
    "tiny-llama4": (llama4(attention_chunk_size=8192, floor_scale=8192, attn_scale=0.1,
                           interleave_moe_layer_step=1, num_experts_per_tok=1), {}, dict,
                    lambda x, config: x),
    # Pieces of 8 tokens, queries that grow, every other block dense; scaling without a middle,
    # as published.
    "tiny-llama4-pieces": (llama4(rope_scaling=llama4()["rope_scaling"] | {
        "high_freq_factor": 1.0}), {}, dict, lambda x, config: x),
    # Texts longer than it was trained with, where queries grow.
    "tiny-ministral3-long": (MODELS_MADE["tiny-ministral3"] | {"rope_parameters": {
        "rope_type": "yarn", "rope_theta": 100.0, "factor": 4.0, "beta_fast": 4.0,
        "beta_slow": 0.25, "mscale": 1.0, "mscale_all_dim": 1.0, "llama_4_scaling_beta": 0.4,
        "original_max_position_embeddings": 16}}, {}, dict, lambda x, config: x),
    # Blocks by lists; no norm of queries and keys.
    "tiny-llama4-lists": (llama4(num_hidden_layers=3, moe_layers=[0], no_rope_layers=[0, 1, 1],
                                 layer_types=["full_attention", "full_attention",
                                              "chunked_attention"], use_qk_norm=False,
                                 attention_bias=True, tie_word_embeddings=True), {}, dict,
                          lambda x, config: x),
}


def random_weights(config, seed):
    """Far larger than a fresh model's; norms are random around what leaves a value alone."""
    rng = np.random.default_rng(seed)
    weights = {}
    # The package adds keys of today to a configuration of old ones.
    for name, x in empty_net(deepcopy(config)).named_parameters():
        rest = x.float().mean().item() if "norm" in name or ".ln_" in name else 0.0
        rest -= config["model_type"] == "nemotron"  # whose norms are stored less one
        values = rest + 0.3 * rng.standard_normal(tuple(x.shape))
        weights[name] = torch.from_numpy(values.astype(np.float32))
    for name, x in empty_net(deepcopy(config)).named_buffers():
        if name.endswith(("e_score_correction_bias", "expert_bias")):
            weights[name] = torch.from_numpy(
                0.3 * rng.standard_normal(tuple(x.shape)).astype(np.float32))
    return weights


def make(name, config, seed):
    weights = random_weights(config, seed)
    write_model(name, config, weights)
    first = name.count("-") == 1
    rng = np.random.default_rng(seed + 1000)
    texts = [rng.integers(0, config["vocab_size"], n) for n in (LENGTHS if first else SHORT)]
    write_golden(name, MODELS / name, texts)
    if name in RENAMED | RENAMED_LATER:
        _, changes, spell, rename = (RENAMED | RENAMED_LATER)[name]
        write_model(name, spell(config | changes), {
            k: x.contiguous() for k, x in rename(weights, config).items()})


def make_stories():
    """Of a trained model outside the repository; left as it is where that is not there."""
    folder = DATA / "models" / "stories260K"
    if not folder.exists():
        print(f"no '{folder}': models/stories260K.golden.safetensors is not made again")
        return
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    text = "Once upon a time, there was a little girl named Lily. She liked to play outside."
    ids = np.array(tokenizer.encode(text).ids)
    write_golden("stories260K", folder, [ids, ids[:7]], rows=[0, 3, len(ids) - 1])


if __name__ == "__main__":
    made = MODELS_MADE | {name: row[0] for name, row in RENAMED.items()} | LATER
    made |= {name: row[0] for name, row in RENAMED_LATER.items()}
    for number, (name, config) in enumerate(made.items()):
        if len(sys.argv) == 1 or name in sys.argv[1:]:
            make(name, config, seed=100 + number)
    if len(sys.argv) == 1:
        make_stories()
