# SPDX-License-Identifier: MIT
"""A model as the transformers package computes it, in float64, with every layer tap.

Tap 0 is the output of the embeddings (of an encoder: after their LayerNorm), tap l the
output of block l. For pre-norm models the package's own hidden_states[-1] is AFTER the
final norm; tap L is before it, so it is taken by a hook on the last block.
"""
import re
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForMaskedLM

# Tensors of old files that are no weights, or of heads that are not used here.
UNUSED = re.compile(r"\.attn\.(masked_)?bias$|position_ids$|\.pooler\.|seq_relationship")


def read_tensors(folder, base):
    """All tensors of a folder under the package's names: old files leave out the name of
    the base model, and call the weights of a LayerNorm gamma and beta."""
    named = {}
    for file in sorted(Path(folder).glob("*.safetensors")):
        named |= load_file(file)
    own = (base + ".", "lm_head.", "cls.", "vocab_")
    named = {k if k.startswith(own) else f"{base}.{k}": x for k, x in named.items()}
    named = {re.sub("gamma$", "weight", re.sub("beta$", "bias", k)): x.double()
             for k, x in named.items()}
    return {k: x for k, x in named.items() if not UNUSED.search(k)}


class Model:
    def __init__(self, folder):
        config = AutoConfig.from_pretrained(folder)
        self.folder, self.kind = str(folder), config.model_type
        self.decoder = self.kind == "gpt2"
        # It asks for float32 scores; in exact arithmetic it changes nothing.
        config.reorder_and_upcast_attn = False
        family = AutoModelForCausalLM if self.decoder else AutoModelForMaskedLM
        # "eager": other attention code ignores scale_attn_by_inverse_layer_idx.
        self.net = family.from_config(config, torch_dtype=torch.float64,
                                      attn_implementation="eager")
        tensors = read_tensors(folder, self.net.base_model_prefix)
        missing, unexpected = self.net.load_state_dict(tensors, strict=False)
        tied = tuple(self.net._tied_weights_keys if config.tie_word_embeddings else ())
        missing = [name for name in missing if not name.endswith(tied)]
        if unexpected or missing:
            raise ValueError(f"'{folder}' lacks {missing} or has too much: {unexpected}")
        self.net.tie_weights()
        self.net.eval()
        self.layers, self.width = config.num_hidden_layers, config.hidden_size
        self.vocab = config.vocab_size

    @torch.no_grad()
    def run(self, ids, **more):
        """ids of one text -> states [L+1, n, d], logits [n, V], both float64. `more`: other
        inputs of the package, as lists."""
        ids = torch.as_tensor(np.asarray(ids, dtype=np.int64))[None]
        more = {k: torch.as_tensor(np.asarray(v, dtype=np.int64))[None]
                for k, v in more.items()}
        last = []
        if self.decoder:
            hook = self.net.transformer.h[-1].register_forward_hook(
                lambda module, args, out: last.append(out[0]))
        out = self.net(ids, attention_mask=torch.ones_like(ids), output_hidden_states=True,
                       **more)
        states = list(out.hidden_states)
        if self.decoder:
            hook.remove()
            states[-1] = last[0]
        return torch.cat(states).numpy(), out.logits[0].numpy()

    @torch.no_grad()
    def read(self, states):
        """The model's own head on states [n, d] that stand for tap L -> logits [n, V]."""
        h, net = torch.from_numpy(np.ascontiguousarray(states)), self.net
        if self.kind == "gpt2":
            return net.lm_head(net.transformer.ln_f(h)).numpy()
        if self.kind == "bert":
            return net.cls(h).numpy()
        if self.kind == "roberta":
            return net.lm_head(h).numpy()
        h = net.vocab_layer_norm(net.activation(net.vocab_transform(h)))
        return net.vocab_projector(h).numpy()
