# SPDX-License-Identifier: MIT
"""Write tests/golden/models: tiny random models, and what transformers makes of them.

<name>.golden.safetensors holds, for texts of unequal length run one by one in float64:
    ids      I32 [rows]         the texts, one after the other
    lengths  I32 [texts]        of each text
    states   F32 [L+1, rows, d] layer taps; tap L is before the final norm
    logits   F32 [rows, V]
    rows     I32 [n]            only where logits are kept for some rows alone: which
    types    I32 [rows]         only where a model has token types: of each token
"""
import json
import os
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from tokenizers import BertWordPieceTokenizer, ByteLevelBPETokenizer

from reference import Model
from weights import (bert_head, bert_weights, distilbert_weights, gpt2_weights,
                     roberta_head)

HERE = Path(__file__).parent
MODELS = HERE / "models"
DEMO = HERE.parents[1] / "data" / "demo"
LENGTHS = [5, 1, 32, 17, 2, 1, 8]
DATA = Path(os.environ.get("JC_DATA", HERE.parents[2] / "shared" / "data"))
DEMO_TEXTS = ["The river flows into the sea.",
              "In 1897 the company moved its head office to London, where it built "
              "three new ships."]
MASKED_TEXTS = ["The river [MASK] into the sea.",
                "In 1897 the company moved its head office to [MASK], where it built "
                "three new [MASK]."]


def gpt2_config(**changes):
    return {"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "n_layer": 3,
            "n_embd": 24, "n_head": 4, "n_positions": 32, "n_ctx": 32, "vocab_size": 61,
            "layer_norm_epsilon": 1e-05, "activation_function": "gelu_new", "n_inner": None,
            "torch_dtype": "float32"} | changes


def prefixed(weights, prefix="transformer."):
    return {prefix + name: x for name, x in weights.items()}


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


def write_golden(name, folder, texts, rows=None, types=None):
    """`folder`: or a Model."""
    model = folder if isinstance(folder, Model) else Model(folder)
    more = [{"token_type_ids": t} for t in types] if types else [{}] * len(texts)
    runs = [model.run(ids, **m) for ids, m in zip(texts, more)]
    states = np.concatenate([s for s, _ in runs], axis=1)
    logits = np.concatenate([z for _, z in runs])
    golden = {"ids": np.concatenate(texts), "lengths": np.array([len(t) for t in texts])}
    if types:
        golden["types"] = np.concatenate(types)
    if rows is not None:
        golden["rows"] = np.array(rows)
        logits = logits[rows]
    golden = {k: v.astype(np.int32) for k, v in golden.items()}
    golden |= {"states": states.astype(np.float32), "logits": logits.astype(np.float32)}
    save_file({k: torch.from_numpy(v) for k, v in golden.items()},
              MODELS / f"{name}.golden.safetensors")


def random_texts(vocab, context, first=0):
    rng = np.random.default_rng(7)
    return [rng.integers(first, vocab, min(n, context)) for n in LENGTHS]


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


def make_bert():
    config = {"model_type": "bert", "architectures": ["BertForMaskedLM"],
              "num_hidden_layers": 3, "hidden_size": 24, "num_attention_heads": 4,
              "intermediate_size": 40, "max_position_embeddings": 32, "type_vocab_size": 2,
              "vocab_size": 61, "layer_norm_eps": 1e-12, "hidden_act": "gelu",
              "pad_token_id": 0, "torch_dtype": "float32"}
    body, head = bert_weights(config, seed=21), bert_head(config, seed=22)
    named = prefixed(body, "bert.") | head
    write_model("tiny-bert", config, named)

    # The same, as old files on the hub: other names of norms, the tied matrix written out
    # twice, and what pre-training left over.
    old = {k.replace("LayerNorm.weight", "LayerNorm.gamma")
            .replace("LayerNorm.bias", "LayerNorm.beta"): x for k, x in named.items()}
    words = body["embeddings.word_embeddings.weight"]
    old |= {"cls.predictions.decoder.weight": words.clone(),
            "cls.predictions.decoder.bias": head["cls.predictions.bias"].clone(),
            "bert.embeddings.position_ids": torch.arange(32)[None],
            "bert.pooler.dense.weight": torch.eye(24),
            "bert.pooler.dense.bias": torch.ones(24),
            "cls.seq_relationship.weight": torch.ones(2, 24),
            "cls.seq_relationship.bias": torch.zeros(2)}
    write_model("tiny-bert-old", config, old)
    write_model("tiny-bert-headless", config | {"architectures": ["BertModel"]}, body)

    texts = random_texts(61, 32)
    types = [np.zeros_like(t) for t in texts]
    types[-1][3:] = 1
    for name in ("tiny-bert", "tiny-bert-old"):
        write_golden(name, MODELS / name, texts, types=types)

    # Its positions count from pad_token_id + 1, over the tokens that are no padding.
    roberta = config | {"model_type": "roberta", "architectures": ["RobertaForMaskedLM"],
                        "num_hidden_layers": 2, "max_position_embeddings": 34,
                        "type_vocab_size": 1, "layer_norm_eps": 1e-5, "pad_token_id": 1}
    write_model("tiny-roberta", roberta,
                prefixed(bert_weights(roberta, seed=23), "roberta.")
                | roberta_head(roberta, seed=24))
    write_golden("tiny-roberta", MODELS / "tiny-roberta", random_texts(61, 32, first=2))

    distil = {"model_type": "distilbert", "architectures": ["DistilBertForMaskedLM"],
              "n_layers": 2, "dim": 24, "n_heads": 4, "hidden_dim": 40,
              "max_position_embeddings": 32, "vocab_size": 61, "activation": "gelu",
              "sinusoidal_pos_embds": False, "pad_token_id": 0, "torch_dtype": "float32"}
    write_model("tiny-distilbert", distil, distilbert_weights(distil, seed=25))
    write_golden("tiny-distilbert", MODELS / "tiny-distilbert", texts)


def make_wiki_bert():
    """Of a model outside the repository; left as it is where that is not there."""
    folder = DATA / "models" / "wiki-bert-8x128"
    if not folder.exists():
        print(f"no '{folder}': models/wiki-bert.golden.safetensors is not made again")
        return
    tokenizer = BertWordPieceTokenizer(str(folder / "vocab.txt"))
    texts = [np.array(tokenizer.encode(t).ids) for t in MASKED_TEXTS]
    rows = np.flatnonzero(np.concatenate(texts) == tokenizer.token_to_id("[MASK]"))
    write_golden("wiki-bert", folder, texts, rows=rows.tolist())


def make_demo():
    tokenizer = ByteLevelBPETokenizer(str(DEMO / "vocab.json"), str(DEMO / "merges.txt"))
    texts = [np.array(tokenizer.encode(t).ids) for t in DEMO_TEXTS]
    ends = np.cumsum([len(t) for t in texts]) - 1
    write_golden("demo", DEMO, texts, rows=ends.tolist())


if __name__ == "__main__":
    make_gpt2()
    make_demo()
    make_bert()
    make_wiki_bert()
