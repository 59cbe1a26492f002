# SPDX-License-Identifier: MIT
"""Write the tiny random encoders of tests/golden/models that came after BERT's first
descendants, and what transformers makes of them; see make_models.py and make_decoders.py.

Texts are longer than windows, and than the distances that have a class of their own. With
names, only those models are made.
"""
import re
import sys

import numpy as np
import torch

from make_decoders import random_weights
from make_models import MODELS, write_golden, write_model

LENGTHS = [5, 1, 56, 17, 2]
FAR = [5, 180]  # of MPNet, whose distances are one class from 128 on


def bert(**changes):
    return {"hidden_size": 24, "intermediate_size": 40, "num_hidden_layers": 2,
            "num_attention_heads": 4, "hidden_act": "gelu", "max_position_embeddings": 64,
            "type_vocab_size": 2, "vocab_size": 61, "layer_norm_eps": 1e-12,
            "pad_token_id": 0, "torch_dtype": "float32"} | changes


MODELS_MADE = {
    "tiny-albert": bert(model_type="albert", embedding_size=16, num_hidden_layers=3,
                        hidden_act="gelu_new", num_hidden_groups=1, inner_group_num=1),
    "tiny-electra": bert(model_type="electra", embedding_size=16),
    "tiny-mpnet": bert(model_type="mpnet", max_position_embeddings=200, pad_token_id=1,
                       relative_attention_num_buckets=32, layer_norm_eps=1e-5),
    "tiny-deberta_v2": bert(model_type="deberta-v2", position_buckets=8,
                            max_relative_positions=-1, relative_attention=True,
                            position_biased_input=False, pos_att_type="p2c|c2p",
                            norm_rel_ebd="layer_norm", share_att_key=True,
                            type_vocab_size=0, layer_norm_eps=1e-7),
    # No logarithms, and token types; the head under the names of version 3.
    "tiny-deberta_v2-plain": bert(model_type="deberta-v2", position_buckets=-1,
                                  max_relative_positions=12, relative_attention=True,
                                  position_biased_input=False,
                                  pos_att_type=["c2p", "p2c"], norm_rel_ebd="layer_norm",
                                  share_att_key=True, layer_norm_eps=1e-7),
    "tiny-modernbert": {"model_type": "modernbert", "hidden_size": 24,
                        "intermediate_size": 40, "num_hidden_layers": 4,
                        "num_attention_heads": 3, "hidden_activation": "gelu",
                        "max_position_embeddings": 64, "vocab_size": 61, "norm_eps": 1e-5,
                        "global_attn_every_n_layers": 3, "global_rope_theta": 1000.0,
                        "local_rope_theta": 50.0, "local_attention": 8, "pad_token_id": 0,
                        "cls_token_id": 1, "sep_token_id": 2, "bos_token_id": 1,
                        "eos_token_id": 2, "torch_dtype": "float32"},
    "tiny-nomic_bert": bert(model_type="nomic_bert", hidden_act="silu",
                            rope_theta=50.0),
}


def nomic_names(weights, config):
    """As published."""
    out = {}
    for name, x in weights.items():
        name = re.sub(r"^nomic_bert\.", "bert.", name)
        for ours, theirs in (("bert.layers", "bert.encoder.layers"),
                             ("embeddings.LayerNorm", "emb_ln"),
                             ("self_attn.o_proj", "attn.out_proj"), ("up_proj", "fc11"),
                             ("gate_proj", "fc12"), ("down_proj", "fc2"),
                             ("post_attention_layernorm", "norm1"),
                             ("post_mlp_layernorm", "norm2")):
            name = name.replace(ours, theirs)
        if "q_proj" in name:
            x = torch.cat([weights[k] for k in weights if re.sub(
                r"[qkv]_proj", "q_proj", k) == name.replace("bert.encoder", "nomic_bert")])
            name = name.replace("self_attn.q_proj", "attn.Wqkv")
        elif "k_proj" in name or "v_proj" in name:
            continue
        out[name] = x
    return out


def nomic_config(config):
    keys = {"hidden_size": "n_embd", "num_hidden_layers": "n_layer",
            "num_attention_heads": "n_head", "intermediate_size": "n_inner",
            "max_position_embeddings": "n_positions", "rope_theta": "rotary_emb_base",
            "layer_norm_eps": "layer_norm_epsilon", "hidden_act": "activation_function"}
    return {keys.get(k, k): v for k, v in config.items()} | {
        "activation_function": "swiglu", "prenorm": False, "qkv_proj_bias": False}


def deberta_names(weights, config):
    return {k.replace("cls.predictions.transform.", "lm_predictions.lm_head.")
            .replace("cls.predictions.bias", "lm_predictions.lm_head.bias"): x
            for k, x in weights.items()}


# Published under other names than the package's.
RENAMED = {"tiny-nomic_bert": (nomic_config, nomic_names),
           "tiny-deberta_v2-plain": (dict, deberta_names)}


def make(name, config, seed):
    weights = random_weights(config, seed)
    for end in ("encoder.LayerNorm.weight", "relative_attention_bias.weight"):
        for k in weights:  # so that distances matter
            weights[k] = weights[k] * (5 if k.endswith("." + end) else 1)
    write_model(name, config, weights)
    rng = np.random.default_rng(seed + 1000)
    lengths = FAR if name == "tiny-mpnet" else LENGTHS
    texts = [rng.integers(3, config["vocab_size"], n) for n in lengths]
    write_golden(name, MODELS / name, texts)
    if name in RENAMED:
        spell, rename = RENAMED[name]
        write_model(name, spell(config), {
            k: x.contiguous() for k, x in rename(weights, config).items()})


if __name__ == "__main__":
    for number, (name, config) in enumerate(MODELS_MADE.items()):
        if len(sys.argv) == 1 or name in sys.argv[1:]:
            make(name, config, seed=300 + number)
