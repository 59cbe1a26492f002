# SPDX-License-Identifier: MIT
"""Write the tiny random models of tests/golden/models that are saved by transformers itself,
with the names and keys that it has today, and what it makes of them; see make_models.py.

They are choices that the first model of an architecture leaves out. With names, only those
models are made.
"""
import json
import sys

import numpy as np
import torch

from make_decoders import llama
from make_encoders import bert
from make_models import MODELS, write_golden
from reference import Model, empty_net

TEXTS = [44, 12]
NEEDLESS = ("architectures", "initializer_range", "transformers_version", "use_cache", "dtype")


def now(rope, **changes):
    """A Llama with rotary positions as they are told today, one head of keys."""
    config = llama(rope_parameters={"rope_theta": 500.0} | rope, num_attention_heads=3,
                   num_key_value_heads=1, head_dim=8, pad_token_id=0, bos_token_id=1,
                   eos_token_id=2) | changes
    return {k: v for k, v in config.items() if k not in ("rope_theta", "torch_dtype")}


def encoder(**changes):
    return {k: v for k, v in (bert() | changes).items() if k != "torch_dtype"}


LINEAR = {"rope_type": "linear", "factor": 2.5}
YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16}

MODELS_MADE = {
    "tiny-phi-tied": now({"rope_type": "default", "partial_rotary_factor": 0.5},
                         model_type="phi", tie_word_embeddings=True),
    # A factor that is not that of the lengths.
    "tiny-granite-long": now({"rope_type": "longrope", "factor": 9.0,
                              "original_max_position_embeddings": 16,
                              "short_factor": [1.0, 1.1, 1.2, 1.3],
                              "long_factor": [1.5, 2.5, 4.0, 6.0]},
                             model_type="granite", attention_multiplier=0.3),
    "tiny-internlm3-now": now(LINEAR, model_type="internlm3", attention_bias=True,
                              mlp_bias=True),
    "tiny-exaone-now": now(LINEAR, model_type="exaone", attention_bias=True, mlp_bias=True),
    # Two bases and YaRN, told kind by kind.
    "tiny-olmo3-kinds": now({"sliding_attention": {"rope_type": "default",
                                                   "rope_theta": 70.0},
                             "full_attention": YARN | {"rope_theta": 900.0}},
                            model_type="olmo3", sliding_window=8, layer_types=[
                                "full_attention", "sliding_attention"]),
    # The unembedding has a matrix and a bias of its own.
    "tiny-bert-untied": encoder(model_type="bert", tie_word_embeddings=False),
    "tiny-nomic_bert-now": encoder(model_type="nomic_bert", hidden_act="silu", head_dim=6,
                                   rope_parameters=LINEAR | {"rope_theta": 50.0}),
    # Norms of each head of queries and keys, with weights of its own.
    "tiny-cohere-norms": now({"rope_type": "default"}, model_type="cohere", use_qk_norm=True,
                             num_attention_heads=4, num_key_value_heads=2, logit_scale=0.3,
                             head_dim=6, tie_word_embeddings=True),
    "tiny-stablelm-norms": now({"rope_type": "default", "partial_rotary_factor": 0.5},
                               model_type="stablelm", qk_layernorm=True, head_dim=8,
                               use_parallel_residual=True),
}


def fill(net, seed):
    rng = np.random.default_rng(seed)
    with torch.no_grad():
        for name, x in net.named_parameters():
            norm = x.ndim == 1 and name.endswith("weight")
            values = norm + 0.3 * rng.standard_normal(tuple(x.shape))
            x.copy_(torch.from_numpy(values.astype(np.float32)))
    net.tie_weights()


def make(name, config, seed):
    net = empty_net(config)
    fill(net, seed)
    rng = np.random.default_rng(seed + 1000)
    write_golden(name, Model.of(net), [rng.integers(3, config["vocab_size"], n) for n in TEXTS])
    net.float().save_pretrained(MODELS / name)
    path = MODELS / name / "config.json"
    saved = json.loads(path.read_text())
    path.write_text(json.dumps({k: v for k, v in saved.items() if k not in NEEDLESS}, indent=2)
                    + "\n")
    for needless in (MODELS / name).glob("generation_config.json"):
        needless.unlink()


if __name__ == "__main__":
    for number, (name, config) in enumerate(MODELS_MADE.items()):
        if len(sys.argv) == 1 or name in sys.argv[1:]:
            make(name, config, seed=700 + number)
