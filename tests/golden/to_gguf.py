# SPDX-License-Identifier: MIT
"""to_gguf.py FOLDER FILE [TYPE]: a model folder as one GGUF file, without a tokenizer.

Names and types are the gguf package's. What the format wants changed is done as its
published converter does: Llama's queries and keys with the halves of each head interleaved,
GPT-2's matrices transposed, GPT-NeoX's queries, keys and values apart, Gemma's norms one
larger, Llama 3's scaling as one factor a pair. TYPE (F32) is that of matrices whose rows
are made of whole blocks; other matrices are F16 then, and vectors F32.
"""
import json
import math
import re
import sys
from pathlib import Path

import gguf
import numpy as np
import torch
from safetensors.torch import load_file

ARCHES = {"llama": "LLAMA", "mistral": "LLAMA", "gpt2": "GPT2", "qwen2": "QWEN2",
          "qwen3": "QWEN3", "gemma": "GEMMA", "gemma2": "GEMMA2", "gemma3_text": "GEMMA3",
          "phi3": "PHI3",
          "gpt_neox": "GPTNEOX", "olmo2": "OLMO2", "olmo": "OLMO", "olmo3": "OLMO2",
          "smollm3": "SMOLLM3", "granite": "GRANITE", "phi": "PHI2",
          "stablelm": "STABLELM", "cohere": "COMMAND_R", "cohere2": "COHERE2",
          "glm4": "GLM4", "internlm2": "INTERNLM2", "exaone": "EXAONE",
          "exaone4": "EXAONE4", "starcoder2": "STARCODER2", "nemotron": "NEMOTRON",
          "arcee": "ARCEE", "seed_oss": "SEED_OSS", "ernie4_5": "ERNIE4_5",
          "hunyuan_v1_dense": "HUNYUAN_DENSE", "mixtral": "LLAMA",
          "qwen2_moe": "QWEN2MOE", "qwen3_moe": "QWEN3MOE", "olmoe": "OLMOE",
          "granitemoe": "GRANITE_MOE", "gpt_oss": "GPT_OSS", "bert": "BERT",
          "roberta": "BERT", "modernbert": "MODERN_BERT", "nomic_bert": "NOMIC_BERT"}
ARCHES |= {"falcon": "FALCON", "bloom": "BLOOM", "mpt": "MPT", "gpt_bigcode": "STARCODER"}
ARCHES |= {"deepseek_v2": "DEEPSEEK2", "deepseek_v3": "DEEPSEEK2"}
ARCHES |= {"lfm2": "LFM2", "mamba2": "MAMBA2", "granitemoehybrid": "GRANITE_HYBRID",
           "qwen3_next": "QWEN3NEXT", "qwen3_5_text": "QWEN35",
           "lfm2_moe": "LFM2MOE", "qwen3_5_moe_text": "QWEN35MOE", "llama4_text": "LLAMA4"}
ENCODERS = ("bert", "roberta", "modernbert", "nomic_bert")
INTERLEAVED = ("llama", "mistral", "olmo", "smollm3", "granite", "arcee", "internlm2",
               "mixtral", "granitemoe", "granitemoehybrid")


def load(folder):
    tensors = {}
    for file in sorted(folder.glob("*.safetensors")):
        tensors |= load_file(file)
    tensors = {k: x.to(torch.float32).numpy() for k, x in tensors.items()
               if not re.search(r"\.attn\.(masked_)?bias$|rotary_emb", k)}
    for name in [k for k in tensors if ".wqkv." in k]:  # of InternLM 2
        config = json.loads((folder / "config.json").read_text())
        groups = config["num_key_value_heads"]
        shared = config["num_attention_heads"] // groups
        x = tensors.pop(name)
        x = x.reshape(groups, shared + 2, -1, x.shape[1])
        for part, rows in (("wq", x[:, :shared]), ("wk", x[:, -2:-1]), ("wv", x[:, -1:])):
            tensors[name.replace("wqkv", part)] = rows.reshape(-1, x.shape[3])
    return stack_experts(tensors, json.loads((folder / "config.json").read_text()))


def stack_experts(tensors, config):
    """All experts of a block in one tensor, gate and what it lets through in two."""
    names = {"w1": "gate_proj", "w2": "down_proj", "w3": "up_proj"}
    out, experts = {}, {}
    for name, x in tensors.items():
        single = re.match(r"(.*)\.(?:mlp|block_sparse_moe|feed_forward)\.experts\.(\d+)\.(\w+)\.weight$", name)
        if single:
            key = f"{single[1]}.mlp.experts.{names.get(single[3], single[3])}.weight"
            experts.setdefault(key, {})[int(single[2])] = x
        elif name.endswith("moe.input_linear.weight"):
            base = name.removesuffix("block_sparse_moe.input_linear.weight")
            half = x.shape[1] // 2
            out[base + "mlp.experts.gate_proj.weight"] = x[:, :half]
            out[base + "mlp.experts.up_proj.weight"] = x[:, half:]
        elif name.endswith("moe.output_linear.weight"):
            out[name.replace("block_sparse_moe.output_linear", "mlp.experts.down_proj")] = x
        elif ".experts." in name and config["model_type"].startswith("qwen"):
            block = "blk." + re.search(r"layers\.(\d+)", name)[1]
            if name.endswith("gate_up_proj"):  # files of 2026 may have them in one
                out[f"{block}.ffn_gate_up_exps.weight"] = x
            else:
                out[name + ".weight"] = x
        elif config["model_type"] == "llama4_text" and name.endswith("experts.gate_up_proj"):
            gate, up = np.split(x.swapaxes(1, 2), 2, axis=1)
            out[name.replace("gate_up_proj", "gate_proj.weight")] = gate
            out[name.replace("gate_up_proj", "up_proj.weight")] = up
        elif ".experts.gate_up_proj" in name:  # of gpt-oss: by inputs, pairs of outputs
            end = ".bias" if name.endswith("_bias") else ".weight"
            base = name[:name.index("gate_up_proj")]
            x = x if end == ".bias" else x.swapaxes(1, 2)
            out[f"{base}gate_proj{end}"] = x[:, ::2]
            out[f"{base}up_proj{end}"] = x[:, 1::2]
        elif name.endswith("experts.down_proj"):
            out[name + ".weight"] = x.swapaxes(1, 2)
        elif name.endswith("experts.down_proj_bias"):
            out[name.removesuffix("_bias") + ".bias"] = x
        else:
            out[name + ".weight" if name.endswith(".sinks") else name] = x
    return out | {k: np.stack([v[e] for e in sorted(v)]) for k, v in experts.items()}


def encoder_tensors(tensors, config):
    """Without prefix and head; positions of RoBERTa from those of texts on."""
    out = {}
    for name, x in tensors.items():
        name = re.sub(r"^(bert|roberta|model)\.", "", name)
        if name.startswith(("cls.", "lm_head.", "decoder.", "pooler.")):
            continue
        if name == "embeddings.position_embeddings.weight" and config["model_type"] == "roberta":
            x = x[config["pad_token_id"] + 1:]
        out[name] = x
    return out


def interleave(x, heads):
    return x.reshape(heads, 2, x.shape[0] // heads // 2, -1).swapaxes(1, 2).reshape(x.shape)


def split_by_head(x, heads):
    parts = x.reshape(heads, 3, x.shape[0] // heads // 3, -1)
    return np.concatenate([parts[:, i].reshape(x.shape[0] // 3, -1) for i in range(3)]
                          ).reshape(x.shape)


def changed(name, x, config):
    kind = config["model_type"]
    heads = config.get("num_attention_heads")
    if kind in INTERLEAVED:
        if ".q_proj." in name or ".wq." in name:
            return interleave(x, heads)
        if ".k_proj." in name or ".wk." in name:
            return interleave(x, config.get("num_key_value_heads", heads))
    if kind == "gpt2" and re.search(r"\.(c_attn|c_proj|c_fc)\.weight$", name):
        return x.T
    if kind == "gpt_neox" and ".query_key_value." in name:
        return split_by_head(x, heads)
    if kind == "bloom" and ".query_key_value." in name:
        return split_by_head(x, config["n_head"])
    if kind == "falcon" and ".query_key_value." in name:
        groups = config.get("num_kv_heads", 1)
        x = x.reshape(groups, heads // groups + 2, -1, *x.shape[1:])
        return np.concatenate([part.reshape(-1, *x.shape[3:])
                               for part in (x[:, :-2], x[:, -2], x[:, -1])])
    if (kind.startswith("gemma") or kind == "nemotron") and name.endswith("norm.weight"):
        return x + 1
    return x


def llama3_factors(config, head):
    s = config["rope_scaling"]
    factors = []
    for i in range(0, head, 2):
        wave = 2 * math.pi * config["rope_theta"] ** (i / head)
        low = s["original_max_position_embeddings"] / s["low_freq_factor"]
        high = s["original_max_position_embeddings"] / s["high_freq_factor"]
        if wave < high:
            factors.append(1.0)
        elif wave > low:
            factors.append(s["factor"])
        else:
            smooth = ((s["original_max_position_embeddings"] / wave - s["low_freq_factor"])
                      / (s["high_freq_factor"] - s["low_freq_factor"]))
            factors.append(1 / ((1 - smooth) / s["factor"] + smooth))
    return np.array(factors, dtype=np.float32)


def add_scaling(writer, config, head):
    s = config.get("rope_scaling") or {}
    kind = s.get("rope_type", s.get("type"))
    if kind == "llama3":
        writer.add_tensor("rope_freqs.weight", llama3_factors(config, head))
    elif kind == "longrope":
        original = config["original_max_position_embeddings"]
        scale = config["max_position_embeddings"] / original
        writer.add_rope_scaling_orig_ctx_len(original)
        writer.add_rope_scaling_attn_factors(
            math.sqrt(1 + math.log(scale) / math.log(original)) if scale > 1 else 1.0)
        for length in ("long", "short"):
            writer.add_tensor(f"rope_factors_{length}.weight",
                              np.array(s[f"{length}_factor"], dtype=np.float32))
    elif kind == "dynamic":  # of Hunyuan: only the base is another
        writer.add_rope_freq_base(
            config["rope_theta"] * s["alpha"] ** (head / (head - 2)))
    elif kind:
        writer.add_rope_scaling_type(gguf.RopeScalingType(kind))
        writer.add_rope_scaling_factor(s["factor"])
        if s.get("beta_fast", 32.0) != 32.0:
            writer.add_rope_scaling_yarn_beta_fast(s["beta_fast"])
            writer.add_rope_scaling_yarn_beta_slow(s["beta_slow"])
        if "original_max_position_embeddings" in s:
            writer.add_rope_scaling_orig_ctx_len(s["original_max_position_embeddings"])


def add_latent(writer, config):
    """DeepSeek's: V2 as files of 2024 have it, V3 as those of 2025 and later."""
    latent, rope = config["kv_lora_rank"], config["qk_rope_head_dim"]
    key, value = config["qk_nope_head_dim"] + rope, config["v_head_dim"]
    sigmoid = config["model_type"] == "deepseek_v3"
    if sigmoid:
        writer.add_key_length_mla(key)
        writer.add_value_length_mla(value)
        key, value = latent + rope, latent
    writer.add_key_length(key)
    writer.add_value_length(value)
    writer.add_kv_lora_rank(latent)
    if config["q_lora_rank"]:
        writer.add_q_lora_rank(config["q_lora_rank"])
    writer.add_leading_dense_block_count(config["first_k_dense_replace"])
    writer.add_expert_count(config["n_routed_experts"])
    writer.add_expert_shared_count(config["n_shared_experts"])
    writer.add_expert_weights_scale(config["routed_scaling_factor"])
    writer.add_expert_weights_norm(config["norm_topk_prob"])
    writer.add_expert_gating_func(gguf.ExpertGatingFuncType.SIGMOID if sigmoid
                                  else gguf.ExpertGatingFuncType.SOFTMAX)
    if config["n_group"] > 1:
        writer.add_expert_group_count(config["n_group"])
        writer.add_expert_group_used_count(config["topk_group"])
    if config["rope_scaling"]:
        writer.add_rope_scaling_yarn_log_mul(0.1 * config["rope_scaling"]["mscale_all_dim"])


def split_latent(tensors, config):
    """Keys by latents, of each head the other way round, and values."""
    out = {}
    for name, x in tensors.items():
        if name.endswith("kv_b_proj.weight"):
            x = x.reshape(config["num_attention_heads"], -1, x.shape[1])
            nope = config["qk_nope_head_dim"]
            out[name.replace("kv_b", "k_b")] = x[:, :nope].swapaxes(1, 2)
            out[name.replace("kv_b", "v_b")] = x[:, nope:]
        else:
            out[name.replace("correction_bias", "correction.bias")] = x
    return out


QWEN35 = ("qwen3_5_text", "qwen3_5_moe_text")
LFM2 = ("lfm2", "lfm2_moe")
RECURRENT = ("mamba2", "granitemoehybrid", "qwen3_next", *QWEN35)


def tiled(x, config, first=0, axis=0):
    """Of Qwen 3.5: heads of values from `first` on, by key within the order of sharing."""
    keys = config["linear_num_key_heads"]
    x = np.moveaxis(x, axis, 0)
    rest = x[first:].reshape(keys, config["linear_num_value_heads"] // keys, -1, *x.shape[1:])
    x = np.concatenate([x[:first], rest.swapaxes(0, 1).reshape(-1, *x.shape[1:])])
    return np.moveaxis(x, 0, axis)


def split_by_key(x, config):
    """Of Qwen 3 Next: queries, keys and values of all heads, then gates."""
    keys, n = config["linear_num_key_heads"], config["linear_key_head_dim"]
    values = config["linear_num_value_heads"] // keys * config["linear_value_head_dim"]
    parts = np.split(x.reshape(keys, -1, x.shape[1]), np.cumsum([n, n, values]), axis=1)
    parts = [part.reshape(-1, x.shape[1]) for part in parts]
    return np.concatenate(parts[:3]), parts[3]


def recurrent_tensors(tensors, config):
    out = {}
    queries = 2 * config.get("linear_num_key_heads", 0) * config.get("linear_key_head_dim", 0)
    space = config["model_type"] in ("mamba2", "granitemoehybrid")
    for name, x in tensors.items():
        if name.endswith(".A_log"):
            x = -np.exp(x.astype(np.float64))
        if space and name.endswith((".A_log", ".D")):
            x = x[:, None]
        if name.endswith(".conv1d.weight"):
            x = x[:, 0]
        if name.endswith((".mixer.norm.weight", ".mamba.norm.weight")):
            x = x.reshape(config.get("n_groups", config.get("mamba_n_groups")), -1)
        if "qwen" in config["model_type"] and "norm" in name and ".linear_attn." not in name:
            x = x + 1
        if config["model_type"] in QWEN35:
            end = name.split(".linear_attn.")[-1]
            if end in ("conv1d.weight", "in_proj_qkv.weight"):
                x = tiled(x, config, queries)
            elif end in ("in_proj_z.weight", "in_proj_a.weight", "in_proj_b.weight", "A_log",
                         "dt_bias"):
                x = tiled(x, config)
            elif end == "out_proj.weight":
                x = tiled(x, config, axis=1)
        name = name.replace(".dt_bias", ".dt_proj.bias")
        block = "blk." + (re.search(r"layers\.(\d+)", name) or ["", ""])[1]
        of = "_shexp" if config.get("num_local_experts") else ""
        if name.endswith("in_proj_qkvz.weight"):
            out[f"{block}.attn_qkv.weight"], out[f"{block}.attn_gate.weight"] = (
                split_by_key(x, config))
        elif name.endswith("shared_mlp.input_linear.weight"):
            gate, up = np.split(x, 2)
            out |= {f"{block}.ffn_gate{of}.weight": gate, f"{block}.ffn_up{of}.weight": up}
        elif name.endswith("shared_mlp.output_linear.weight"):
            out[f"{block}.ffn_down{of}.weight"] = x
        else:
            out[name] = x
    return out


def add_mixers(writer, config):
    """What is not attention, block by block."""
    get = config.get
    kinds = get("layer_types")
    if kinds:
        writer.add_head_count_kv([get("num_key_value_heads") if "attention" in kind else 0
                                  for kind in kinds])
    if get("conv_L_cache"):
        writer.add_shortconv_l_cache(get("conv_L_cache"))
        if get("num_experts"):
            writer.add_leading_dense_block_count(get("num_dense_layers"))
            writer.add_expert_weights_scale(get("routed_scaling_factor"))
            writer.add_expert_gating_func(gguf.ExpertGatingFuncType.SIGMOID)
        return
    heads, state = (get("num_heads") or get("mamba_n_heads")
                    or get("linear_num_value_heads")), get("state_size")
    width = get("head_dim") if get("num_heads") else (get("mamba_d_head")
                                                      or get("linear_value_head_dim"))
    writer.add_ssm_conv_kernel(get("conv_kernel") or get("mamba_d_conv")
                               or get("linear_conv_kernel_dim"))
    writer.add_ssm_inner_size(heads * width)
    writer.add_ssm_state_size(state or get("mamba_d_state") or get("linear_key_head_dim"))
    writer.add_ssm_time_step_rank(heads)
    writer.add_ssm_group_count(get("n_groups") or get("mamba_n_groups")
                               or get("linear_num_key_heads"))
    if get("full_attention_interval"):
        writer.add_full_attention_interval(get("full_attention_interval"))
    if config["model_type"] in QWEN35:  # of images; text has one position
        writer.add_rope_dimension_sections([1, 1, 0, 0])
    if config["model_type"] == "granitemoehybrid":
        writer.add_rope_scaling_finetuned(get("position_embedding_type") == "rope")


def add_mamba2(writer, config):
    writer.add_block_count(layers(config))
    writer.add_context_length(1 << 20)
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(0)
    writer.add_head_count(0)
    writer.add_layer_norm_rms_eps(config["layer_norm_epsilon"])
    add_mixers(writer, config)


def layers(config):
    return next(config[k] for k in ("num_hidden_layers", "num_layers", "n_layer", "n_layers")
                if k in config)


def add_config(writer, config):
    get = config.get
    if config["model_type"] == "mamba2":
        add_mamba2(writer, config)
        return
    mixed = config["model_type"] in RECURRENT + LFM2
    heads = get("num_attention_heads") or get("n_head") or get("n_heads")
    width = get("hidden_size") or get("n_embd") or get("d_model")
    head = get("head_dim") or width // heads
    writer.add_block_count(layers(config))
    positions = next(get(k) for k in ("max_position_embeddings", "n_positions", "seq_length",
                                      "max_seq_len") if get(k))
    before = get("pad_token_id") + 1 if config["model_type"] == "roberta" else 0
    writer.add_context_length(positions - before)
    writer.add_embedding_length(width)
    dense = get("shared_intermediate_size") if not get("num_local_experts") else None
    thirds = (math.floor(math.floor(2 * get("block_ff_dim") / 3)
                         * get("block_ffn_dim_multiplier")) if get("block_ff_dim") else None)
    if thirds:
        thirds = -(-thirds // get("block_multiple_of")) * get("block_multiple_of")
    writer.add_feed_forward_length(dense or thirds or get("intermediate_size_mlp")
                                   or get("intermediate_size") or get("n_inner")
                                   or get("ffn_hidden_size") or 4 * width)
    writer.add_head_count(heads)
    shared = get("num_key_value_heads") or get("num_kv_heads")
    if config["model_type"] == "deepseek_v3":
        shared = 1
    if mixed:
        add_mixers(writer, config)
    if (shared or get("multi_query")) and not (mixed and get("layer_types")):
        writer.add_head_count_kv(shared or 1)
    if config["model_type"] == "olmo":
        writer.add_layer_norm_eps(1e-5)
    if config["model_type"] in ("gpt_oss", "llama4_text"):
        writer.add_expert_feed_forward_length(get("intermediate_size"))
    if config["model_type"] == "llama4_text":
        writer.add_interleave_moe_layer_step(get("interleave_moe_layer_step"))
    if config["model_type"] == "mpt":
        writer.add_layer_norm_eps(1e-5)
        writer.add_max_alibi_bias(get("attn_config")["alibi_bias_max"])
    clip = get("clip_qkv") or get("attn_config", {}).get("clip_qkv")
    if clip:
        writer.add_clamp_kqv(clip)
    if get("head_dim"):
        writer.add_key_length(head)
        writer.add_value_length(head)
    for key, add in (("rms_norm_eps", writer.add_layer_norm_rms_eps),
                     ("layer_norm_eps", writer.add_layer_norm_eps),
                     ("layer_norm_epsilon", writer.add_layer_norm_rms_eps
                      if config["model_type"] == "exaone" else writer.add_layer_norm_eps),
                     ("num_local_experts", writer.add_expert_count),
                     ("num_experts", writer.add_expert_count),
                     ("num_experts_per_tok", writer.add_expert_used_count),
                     ("moe_intermediate_size", writer.add_expert_feed_forward_length),
                     ("shared_expert_intermediate_size",
                      writer.add_expert_shared_feed_forward_length),
                     ("shared_intermediate_size",
                      writer.add_expert_shared_feed_forward_length),
                     ("norm_epsilon", writer.add_layer_norm_eps),
                     ("norm_eps", writer.add_layer_norm_rms_eps
                      if config["model_type"] in LFM2 else writer.add_layer_norm_eps),
                     ("logit_scale", writer.add_logit_scale),
                     ("logits_scaling", writer.add_logit_scale),
                     ("embedding_multiplier", writer.add_embedding_scale),
                     ("residual_multiplier", writer.add_residual_scale),
                     ("attention_multiplier", writer.add_attention_scale),
                     ("rope_theta", writer.add_rope_freq_base),
                     ("rotary_emb_base", writer.add_rope_freq_base),
                     ("use_parallel_residual", writer.add_parallel_residual),
                     ("attn_logit_softcapping", writer.add_attn_logit_softcapping),
                     ("final_logit_softcapping", writer.add_final_logit_softcapping)):
        if get(key) is not None and not (
                key == "rope_theta" and "alpha" in (get("rope_scaling") or {})) and not (
                "expert" in key and get("num_local_experts") == 0):
            add(get(key))
    if get("sliding_window") and get("use_sliding_window", True):
        writer.add_sliding_window(get("sliding_window"))
    if get("rope_local_base_freq"):
        writer.add_rope_freq_base_swa(get("rope_local_base_freq"))
    if get("sliding_window_pattern"):
        writer.add_sliding_window_pattern(get("sliding_window_pattern"))
    if config["model_type"] in ENCODERS:
        writer.add_causal_attention(False)
    if get("type_vocab_size"):
        writer.add_token_type_count(get("type_vocab_size"))
    if get("global_attn_every_n_layers"):
        writer.add_sliding_window(get("local_attention"))
        writer.add_sliding_window_pattern(get("global_attn_every_n_layers"))
        writer.add_rope_freq_base(get("global_rope_theta"))
        writer.add_rope_freq_base_swa(get("local_rope_theta"))
    part = get("partial_rotary_factor") or get("rotary_pct")
    if get("kv_lora_rank"):
        add_latent(writer, config)
        part, head = 1, get("qk_rope_head_dim")
    if config["model_type"] != "gpt2":
        writer.add_rope_dimension_count(int((part or 1) * head))
    add_scaling(writer, config, head)


def write(folder, path, kind="F32", split=0, more=None):
    """more(writer) adds keys."""
    folder = Path(folder)
    config = json.loads((folder / "config.json").read_text())
    arch = gguf.MODEL_ARCH[ARCHES[config["model_type"]]]
    writer = gguf.GGUFWriter(path, gguf.MODEL_ARCH_NAMES[arch], split_max_tensors=split)
    names = gguf.get_tensor_name_map(
        arch, layers(config))
    add_config(writer, config)
    if more:
        more(writer)
    tensors = load(folder)
    if config["model_type"] in ENCODERS:
        tensors = encoder_tensors(tensors, config)
    if config["model_type"] in RECURRENT:
        tensors = recurrent_tensors(tensors, config)
    if config["model_type"] in LFM2:
        tensors = {re.sub("expert_bias$", "expert_bias.bias", k):
                   x[:, 0] if k.endswith("conv.conv.weight") else x for k, x in tensors.items()}
    if config["model_type"] == "bloom":
        tensors = {k.removeprefix("transformer."): x for k, x in tensors.items()}
    if config["model_type"] == "deepseek_v3":
        tensors = split_latent(tensors, config)
    for name, x in tensors.items():
        to = (name if name.startswith("blk.")
              else names.get_name(name, try_suffixes=(".weight", ".bias")))
        assert to, name
        x = np.ascontiguousarray(changed(name, x, config), dtype=np.float32)
        to_kind = gguf.GGMLQuantizationType[kind if x.ndim > 1 else "F32"]
        if x.shape[-1] % gguf.GGML_QUANT_SIZES[to_kind][0]:
            to_kind = gguf.GGMLQuantizationType.F16
        writer.add_tensor(to, gguf.quantize(x, to_kind), raw_dtype=to_kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    write(*sys.argv[1:])
