# SPDX-License-Identifier: MIT
"""A model as the transformers package computes it, in float64, with every layer tap.

Tap 0 is the output of the embeddings, tap l the output of block l. For pre-norm models
the package's own hidden_states[-1] is AFTER the final norm; tap L is before it, so it is
taken by a hook on the last block.
"""
import re
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModelForCausalLM


def read_tensors(folder, base):
    """All tensors of a folder under the package's names: old files leave out the name of
    the base model, and keep attention masks among the weights."""
    named = {}
    for file in sorted(Path(folder).glob("*.safetensors")):
        named |= load_file(file)
    own = (base + ".", "lm_head.", "cls.", "vocab_")
    named = {k if k.startswith(own) else f"{base}.{k}": x for k, x in named.items()}
    return {k: x.double() for k, x in named.items()
            if not re.search(r"\.attn\.(masked_)?bias$", k)}


class Model:
    def __init__(self, folder):
        config = AutoConfig.from_pretrained(folder)
        # It asks for float32 scores; in exact arithmetic it changes nothing.
        config.reorder_and_upcast_attn = False
        # "eager": other attention code ignores scale_attn_by_inverse_layer_idx.
        self.net = AutoModelForCausalLM.from_config(
            config, torch_dtype=torch.float64, attn_implementation="eager")
        tensors = read_tensors(folder, self.net.base_model_prefix)
        missing, unexpected = self.net.load_state_dict(tensors, strict=False)
        tied = self.net._tied_weights_keys if config.tie_word_embeddings else []
        if unexpected or set(missing) - set(tied):
            raise ValueError(f"'{folder}' lacks {missing} or has too much: {unexpected}")
        self.net.tie_weights()
        self.net.eval()
        self.folder, self.kind = str(folder), config.model_type
        self.layers, self.width = config.num_hidden_layers, config.hidden_size
        self.context, self.vocab = config.max_position_embeddings, config.vocab_size

    @torch.no_grad()
    def run(self, ids):
        """ids of one text -> states [L+1, n, d], logits [n, V], both float64."""
        last = []
        block = self.net.transformer.h[-1]
        hook = block.register_forward_hook(lambda module, args, out: last.append(out[0]))
        out = self.net(torch.as_tensor(np.asarray(ids))[None], output_hidden_states=True)
        hook.remove()
        states = torch.cat([*out.hidden_states[:-1], last[0]])
        return states.numpy(), out.logits[0].numpy()

    @torch.no_grad()
    def read(self, states):
        """The model's own head on states [n, d] that stand for tap L -> logits [n, V]."""
        h = torch.from_numpy(np.ascontiguousarray(states))
        return self.net.lm_head(self.net.transformer.ln_f(h)).numpy()
