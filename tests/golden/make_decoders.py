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
}


def random_weights(config, seed):
    """Far larger than a fresh model's; norms are random around what leaves a value alone."""
    rng = np.random.default_rng(seed)
    weights = {}
    # The package adds keys of today to a configuration of old ones.
    for name, x in empty_net(deepcopy(config)).named_parameters():
        rest = x.float().mean().item() if "norm" in name or ".ln_" in name else 0.0
        values = rest + 0.3 * rng.standard_normal(tuple(x.shape))
        weights[name] = torch.from_numpy(values.astype(np.float32))
    return weights


def make(name, config, seed):
    write_model(name, config, random_weights(config, seed))
    first = name.count("-") == 1
    rng = np.random.default_rng(seed + 1000)
    texts = [rng.integers(0, config["vocab_size"], n) for n in (LENGTHS if first else SHORT)]
    write_golden(name, MODELS / name, texts)


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
    for number, (name, config) in enumerate(MODELS_MADE.items()):
        if len(sys.argv) == 1 or name in sys.argv[1:]:
            make(name, config, seed=100 + number)
    if len(sys.argv) == 1:
        make_stories()
