# SPDX-License-Identifier: MIT
"""Write real/: some states of published models, as transformers computes them in float32.

    make_real.py MODELS    the folder that has gemma-3-270m-q4_k_m.gguf and all-minilm-l6-v2

Gemma's weights are dequantised by the gguf package. A file has
    ids     I32 [n]            one text
    taps    I32 [taps]         layers, 0 for the embedding
    rows    I32 [rows]         positions
    states  F32 [taps, rows, d]
"""
import sys
from pathlib import Path

import gguf
import numpy as np
import torch
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertModel, Gemma3ForCausalLM, Gemma3TextConfig

OUT = Path(__file__).parent / "real"
PARTS = {"attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj",
         "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
         "attn_output": "self_attn.o_proj", "attn_q_norm": "self_attn.q_norm",
         "attn_k_norm": "self_attn.k_norm", "ffn_gate": "mlp.gate_proj",
         "post_attention_norm": "post_attention_layernorm", "ffn_up": "mlp.up_proj",
         "ffn_norm": "pre_feedforward_layernorm", "ffn_down": "mlp.down_proj",
         "post_ffw_norm": "post_feedforward_layernorm"}


def gemma(path):
    weights = {}
    for t in gguf.GGUFReader(path).tensors:
        x = gguf.dequantize(t.data, t.tensor_type).reshape([int(n) for n in t.shape[::-1]])
        _, _, rest = t.name.partition(".")
        block, _, part = rest.partition(".")
        name = {"token_embd.weight": "model.embed_tokens.weight",
                "output_norm.weight": "model.norm.weight"}.get(t.name)
        if not name:
            name = f"model.layers.{block}.{PARTS[part.removesuffix('.weight')]}.weight"
        weights[name] = torch.from_numpy(np.array(x, dtype=np.float32)) - int("norm" in name)
    config = Gemma3TextConfig(
        vocab_size=len(weights["model.embed_tokens.weight"]), hidden_size=640,
        intermediate_size=2048, num_hidden_layers=18, num_attention_heads=4,
        num_key_value_heads=1, head_dim=256, max_position_embeddings=32768,
        sliding_window=512, rms_norm_eps=1e-6, query_pre_attn_scalar=256,
        rope_parameters={"full_attention": {"rope_type": "default", "rope_theta": 1e6},
                         "sliding_attention": {"rope_type": "default", "rope_theta": 1e4}})
    net = Gemma3ForCausalLM._from_config(config, attn_implementation="eager")
    missing, unexpected = net.load_state_dict(weights, strict=False)
    assert missing == ["lm_head.weight"] and not unexpected
    net.tie_weights()
    return net.eval(), net.model.layers


def minilm(folder):
    net = BertModel(BertConfig.from_pretrained(folder), add_pooling_layer=False)
    _, unexpected = net.load_state_dict(load_file(folder / "model.safetensors"), strict=False)
    assert all("pooler" in k or "position_ids" in k for k in unexpected)
    return net.eval(), net.encoder.layer


@torch.no_grad()
def write(name, net, blocks, ids, taps, rows):
    last = []
    blocks[-1].register_forward_hook(
        lambda module, args, out: last.append(out[0] if isinstance(out, tuple) else out))
    out = net(torch.tensor([ids]), output_hidden_states=True)
    states = [*out.hidden_states[:-1], last[0]]
    whole = {"ids": ids, "taps": taps, "rows": rows}
    save_file({k: torch.tensor(v, dtype=torch.int32) for k, v in whole.items()}
              | {"states": torch.stack([states[t][0, rows] for t in taps]).contiguous()},
              OUT / f"{name}.safetensors")


if __name__ == "__main__":
    models = Path(sys.argv[1])
    OUT.mkdir(exist_ok=True)
    rng = np.random.default_rng(5)
    write("gemma3", *gemma(models / "gemma-3-270m-q4_k_m.gguf"),
          [2, *rng.integers(1000, 50000, 39).tolist()], [0, 1, 6, 12, 18], [1, 39])
    write("bert", *minilm(models / "all-minilm-l6-v2"),
          [101, *rng.integers(2000, 20000, 20).tolist(), 102], [0, 1, 3, 6], [0, 21])
