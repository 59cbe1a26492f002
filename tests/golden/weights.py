# SPDX-License-Identifier: MIT
"""Random weights, far larger than a fresh model's, so that norms, attention and activations
do real work; biases and norms are random too."""
import numpy as np
import torch


class Weights(dict):
    """Tensors by name; each method adds some, in float32."""

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
        """A matrix as GPT-2 keeps it, [in, out]."""
        self.normal(name + ".weight", n_in, n_out)
        self.normal(name + ".bias", n_out)

    def linear(self, name, n_in, n_out):
        """A matrix as all others keep it, [out, in]."""
        self.normal(name + ".weight", n_out, n_in)
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


def bert_weights(config, seed):
    """The encoder of BERT and RoBERTa, without prefix and head."""
    d, inner, w = config["hidden_size"], config["intermediate_size"], Weights(seed)
    w.normal("embeddings.word_embeddings.weight", config["vocab_size"], d)
    w.normal("embeddings.position_embeddings.weight", config["max_position_embeddings"], d)
    w.normal("embeddings.token_type_embeddings.weight", config["type_vocab_size"], d)
    w.norm("embeddings.LayerNorm", d)
    for i in range(config["num_hidden_layers"]):
        layer = f"encoder.layer.{i}."
        for part in ("query", "key", "value"):
            w.linear(f"{layer}attention.self.{part}", d, d)
        w.linear(layer + "attention.output.dense", d, d)
        w.norm(layer + "attention.output.LayerNorm", d)
        w.linear(layer + "intermediate.dense", d, inner)
        w.linear(layer + "output.dense", inner, d)
        w.norm(layer + "output.LayerNorm", d)
    return dict(w)


def bert_head(config, seed):
    d, w = config["hidden_size"], Weights(seed)
    w.normal("cls.predictions.bias", config["vocab_size"])
    w.linear("cls.predictions.transform.dense", d, d)
    w.norm("cls.predictions.transform.LayerNorm", d)
    return dict(w)


def roberta_head(config, seed):
    d, w = config["hidden_size"], Weights(seed)
    w.normal("lm_head.bias", config["vocab_size"])
    w.linear("lm_head.dense", d, d)
    w.norm("lm_head.layer_norm", d)
    return dict(w)


def distilbert_weights(config, seed):
    """All of DistilBertForMaskedLM, with its prefix."""
    d, inner, w = config["dim"], config["hidden_dim"], Weights(seed)
    base = "distilbert.embeddings."
    w.normal(base + "word_embeddings.weight", config["vocab_size"], d)
    w.normal(base + "position_embeddings.weight", config["max_position_embeddings"], d)
    w.norm(base + "LayerNorm", d)
    for i in range(config["n_layers"]):
        layer = f"distilbert.transformer.layer.{i}."
        for part in ("q_lin", "k_lin", "v_lin", "out_lin"):
            w.linear(layer + "attention." + part, d, d)
        w.norm(layer + "sa_layer_norm", d)
        w.linear(layer + "ffn.lin1", d, inner)
        w.linear(layer + "ffn.lin2", inner, d)
        w.norm(layer + "output_layer_norm", d)
    w.linear("vocab_transform", d, d)
    w.norm("vocab_layer_norm", d)
    w.normal("vocab_projector.bias", config["vocab_size"])
    return dict(w)
