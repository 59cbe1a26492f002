# SPDX-License-Identifier: MIT
"""Write tests/golden/models: tiny random models, and what transformers makes of them.

<name>.golden.safetensors holds, for texts of unequal length run one by one in float64:
    ids      I32 [rows]         the texts, one after the other
    lengths  I32 [texts]        of each text
    states   F32 [L+1, rows, d] layer taps; tap L is before the final norm
    logits   F32 [rows, V]
    rows     I32 [n]            only where logits are kept for some rows alone: which
"""
import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from tokenizers import ByteLevelBPETokenizer

from reference import Model

HERE = Path(__file__).parent
MODELS = HERE / "models"
DEMO = HERE.parents[1] / "data" / "demo"
LENGTHS = [5, 1, 32, 17, 2, 1, 8]
DEMO_TEXTS = ["The river flows into the sea.",
              "In 1897 the company moved its head office to London, where it built "
              "three new ships."]


def gpt2_config(**changes):
    return {"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "n_layer": 3,
            "n_embd": 24, "n_head": 4, "n_positions": 32, "n_ctx": 32, "vocab_size": 61,
            "layer_norm_epsilon": 1e-05, "activation_function": "gelu_new", "n_inner": None,
            "torch_dtype": "float32"} | changes


class Weights(dict):
    """Random weights, far larger than a fresh model's, so that norms, attention and
    activations do real work; biases and norms are random too."""

    def __init__(self, seed):
        super().__init__()
        self.rng = np.random.default_rng(seed)

    def normal(self, name, *shape, mean=0.0, std=0.3):
        x = mean + std * self.rng.standard_normal(shape)
        self[name] = torch.from_numpy(x.astype(np.float32))

    def norm(self, name, width):
        self.normal(name + ".weight", width, mean=1.0)
        self.normal(name + ".bias", width)

    def conv(self, name, n_in, n_out):
        """GPT-2 keeps its matrices as [in, out]."""
        self.normal(name + ".weight", n_in, n_out)
        self.normal(name + ".bias", n_out)


def gpt2_weights(config, seed):
    d, w = config["n_embd"], Weights(seed)
    inner = config.get("n_inner") or 4 * d
    w.normal("wte.weight", config["vocab_size"], d)
    w.normal("wpe.weight", config["n_positions"], d)
    for i in range(config["n_layer"]):
        w.norm(f"h.{i}.ln_1", d)
        w.conv(f"h.{i}.attn.c_attn", d, 3 * d)
        w.conv(f"h.{i}.attn.c_proj", d, d)
        w.norm(f"h.{i}.ln_2", d)
        w.conv(f"h.{i}.mlp.c_fc", d, inner)
        w.conv(f"h.{i}.mlp.c_proj", inner, d)
    w.norm("ln_f", d)
    return dict(w)


def prefixed(weights):
    return {"transformer." + name: x for name, x in weights.items()}


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2) + "\n")


def write_model(name, config, *shards):
    folder = MODELS / name
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "config.json", config)
    if len(shards) == 1:
        save_file(shards[0], folder / "model.safetensors", {"format": "pt"})
        return
    index = {}
    for k, shard in enumerate(shards, 1):
        file = f"model-{k:05}-of-{len(shards):05}.safetensors"
        save_file(shard, folder / file, {"format": "pt"})
        index |= dict.fromkeys(shard, file)
    total = sum(x.nbytes for shard in shards for x in shard.values())
    write_json(folder / "model.safetensors.index.json",
               {"metadata": {"total_size": total}, "weight_map": index})


def write_golden(name, folder, texts, rows=None):
    model = Model(folder)
    runs = [model.run(ids) for ids in texts]
    states = np.concatenate([s for s, _ in runs], axis=1)
    logits = np.concatenate([z for _, z in runs])
    golden = {"ids": np.concatenate(texts), "lengths": np.array([len(t) for t in texts])}
    golden = {k: torch.from_numpy(v.astype(np.int32)) for k, v in golden.items()}
    if rows is not None:
        golden["rows"] = torch.tensor(rows, dtype=torch.int32)
        logits = logits[rows]
    golden["states"] = torch.from_numpy(states.astype(np.float32))
    golden["logits"] = torch.from_numpy(logits.astype(np.float32))
    save_file(golden, MODELS / f"{name}.golden.safetensors")


def random_texts(vocab, context, seed=7):
    rng = np.random.default_rng(seed)
    return [rng.integers(0, vocab, min(n, context)) for n in LENGTHS]


def make_gpt2():
    config = gpt2_config()
    weights = gpt2_weights(config, seed=1)
    named = prefixed(weights)
    write_model("tiny-gpt2", config, named)

    # As old files on the hub: no prefix, masks among the weights, options left to their
    # defaults; and a head of its own.
    bare = dict(weights)
    for i in range(config["n_layer"]):
        bare[f"h.{i}.attn.bias"] = torch.ones(32, 32).tril()[None, None]
        bare[f"h.{i}.attn.masked_bias"] = torch.tensor(-1e4)
    head = np.random.default_rng(2).standard_normal((61, 24))
    bare["lm_head.weight"] = torch.from_numpy(0.3 * head.astype(np.float32))
    keys = ("model_type", "n_layer", "n_embd", "n_head", "n_positions", "vocab_size")
    write_model("tiny-gpt2-bare",
                {k: config[k] for k in keys} | {"tie_word_embeddings": False}, bare)

    for kind, dtype in (("f16", torch.float16), ("bf16", torch.bfloat16)):
        write_model(f"tiny-gpt2-{kind}",
                    config | {"torch_dtype": str(dtype).removeprefix("torch.")},
                    {k: x.to(dtype) for k, x in named.items()})

    names = sorted(named)
    write_model("tiny-gpt2-shards", config,
                *({k: named[k] for k in names[i::3]} for i in range(3)))

    options = gpt2_config(n_inner=40, activation_function="gelu", layer_norm_epsilon=1e-3,
                          scale_attn_by_inverse_layer_idx=True, scale_attn_weights=True,
                          reorder_and_upcast_attn=True)
    write_model("tiny-gpt2-options", options, prefixed(gpt2_weights(options, seed=3)))
    unscaled = gpt2_config(n_layer=2, n_embd=10, n_head=2, n_positions=20, n_ctx=20,
                           activation_function="relu", scale_attn_weights=False)
    write_model("tiny-gpt2-unscaled", unscaled, prefixed(gpt2_weights(unscaled, seed=4)))

    for folder in sorted(MODELS.glob("tiny-gpt2*/")):
        context = json.loads((folder / "config.json").read_text())["n_positions"]
        write_golden(folder.name, folder, random_texts(61, context))


def make_demo():
    tokenizer = ByteLevelBPETokenizer(str(DEMO / "vocab.json"), str(DEMO / "merges.txt"))
    texts = [np.array(tokenizer.encode(t).ids) for t in DEMO_TEXTS]
    ends = np.cumsum([len(t) for t in texts]) - 1
    write_golden("demo", DEMO, texts, rows=ends.tolist())


if __name__ == "__main__":
    make_gpt2()
    make_demo()
