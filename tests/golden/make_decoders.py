# SPDX-License-Identifier: MIT
"""Write the tiny random decoders of tests/golden/models that came after GPT-2, and what
transformers makes of them; the files are as make_models.py describes.

Windows (8) and the lengths that rotary scalings start from (16) are far shorter than the
texts, so that a mistake in either shows. With names, only those models are made.
"""
import sys

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
}


def random_weights(config, seed):
    """Far larger than a fresh model's; norms are random around what leaves a value alone."""
    rng = np.random.default_rng(seed)
    weights = {}
    for name, x in empty_net(config).named_parameters():
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
