# SPDX-License-Identifier: MIT
"""A model as the transformers package computes it, in float64, with every layer tap.

Tap 0 is the output of the embeddings (of an encoder: after their LayerNorm), tap l the
output of block l. For pre-norm models the package's own hidden_states[-1] is AFTER the
final norm; tap L is before it, so it is taken by a hook on the last block.
"""
import re
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForMaskedLM
from transformers.models.deepseek_v2 import modeling_deepseek_v2
from transformers.models.llama4 import modeling_llama4

# Tensors of old files that are no weights, or of heads that are not used here.
UNUSED = re.compile(r"\.attn\.(masked_)?bias$|position_ids$|\.pooler\.|seq_relationship")


def read_tensors(folder, base, known=()):
    """All tensors of a folder under the package's names: old files leave out the name of
    the base model, and call the weights of a LayerNorm gamma and beta. `known` are names
    that stay as they are."""
    named = {}
    for file in sorted(Path(folder).glob("*.safetensors")):
        named |= load_file(file)
    if base == "language_model":  # of Gemma 3, under which its own models have "model"
        base = "model"
        named = {k.removeprefix("language_model."): x for k, x in named.items()}
    own = (base + ".", "lm_head.", "embed_out.", "cls.", "vocab_")
    named = {k if k.startswith(own) or k in known else f"{base}.{k}": x
             for k, x in named.items()}
    named = {re.sub("gamma$", "weight", re.sub("beta$", "bias", k)): x.double()
             for k, x in named.items()}
    return {k: x for k, x in named.items() if not UNUSED.search(k)}


ENCODERS = ("bert", "roberta", "distilbert", "albert", "electra", "mpnet", "deberta-v2",
            "modernbert", "nomic_bert")


def empty_net(config):
    """The package's model of a configuration, untrained, in float64. It is the package's
    plain attention that is taken: other code of its ignores some options."""
    if isinstance(config, dict):
        config = AutoConfig.for_model(**config)
    # It asks for float32 scores; in exact arithmetic it changes nothing.
    config.reorder_and_upcast_attn = False
    # This version of the package masks by the window whether it is to be used or not.
    if (not getattr(config, "use_sliding_window", True)
            and config.model_type != "qwen2_moe"):
        config.sliding_window = None
    mixture = getattr(config, "num_experts_per_tok", None)
    experts = {"experts_implementation": "eager"} if mixture else {}
    family = (AutoModelForMaskedLM if config.model_type in ENCODERS
              else AutoModelForCausalLM)
    # Its plain attention adds Falcon's ALiBi twice.
    plain = "sdpa" if getattr(config, "alibi", False) else "eager"
    return family.from_config(config, torch_dtype=torch.float64,
                              attn_implementation=plain, **experts)


@contextmanager
def without_float32():
    """The package takes norms and softmax in float32, whatever the model is; here they are
    taken in float64 like the rest. The angles of rotary positions remain float32, as that
    is no loss of digits but what the models were trained with."""
    single = torch.float32
    torch.float32 = torch.float64
    try:
        yield
    finally:
        torch.float32 = single


PUBLISHED = (("block_sparse_moe.gate", "mlp.gate"), ("block_sparse_moe.experts", "mlp.experts"),
             (".w1.", ".gate_proj."), (".w2.", ".down_proj."), (".w3.", ".up_proj."),
             ("router.layer.weight", "router.weight"),
             ("moe.input_linear.weight", "moe.experts.gate_up_proj"),
             ("moe.output_linear.weight", "moe.experts.down_proj"))


def stack_experts(tensors):
    """All experts of a block in one tensor, and by the names that the package has."""
    out, parts = {}, {}
    for published, name in PUBLISHED:  # w1 of LFM2's MLP keeps its name
        tensors = {k.replace(published, name) if not published.startswith(".w") or ".experts." in k else k: x
                   for k, x in tensors.items()}
    for name, x in tensors.items():
        found = re.match(r"(.*experts\.)(\d+)\.(gate|up|down)_proj\.weight$", name)
        if found:
            parts.setdefault(found[1], {}).setdefault(int(found[2]), {})[found[3]] = x
        else:
            out[name] = x
    for base, experts in parts.items():
        each = [experts[e] for e in sorted(experts)]
        out[base + "gate_up_proj"] = torch.stack(
            [torch.cat([e["gate"], e["up"]]) for e in each])
        out[base + "down_proj"] = torch.stack([e["down"] for e in each])
    return out


def turned(x, turns):
    pairs = torch.view_as_complex(x.reshape(*x.shape[:-1], -1, 2))
    return torch.view_as_real(pairs * turns).flatten(3)


# Code of the package that takes these in float32: rotary positions of DeepSeek-V2 and Llama 4,
# and the norms of the latter.
modeling_deepseek_v2.apply_rotary_emb = lambda q, k, turns: (
    turned(q, turns.unsqueeze(1)), turned(k, turns.unsqueeze(1)))
modeling_llama4.apply_rotary_emb = lambda q, k, turns: (
    turned(q, turns.unsqueeze(2)), turned(k, turns.unsqueeze(2)))
modeling_llama4.Llama4TextL2Norm.forward = lambda self, x: self._norm(x)
modeling_llama4.Llama4TextRMSNorm.forward = lambda self, x: self._norm(x) * self.weight


def decoder_parts(net):
    """The blocks of a decoder and its final norm, None where it has none."""
    base = net.base_model
    base = getattr(base, "decoder", getattr(base, "model", base))
    blocks = next(getattr(base, k) for k in ("h", "layers", "blocks") if hasattr(base, k))
    for name in ("ln_f", "norm", "final_layer_norm", "final_layernorm", "norm_f",
                 "layer_norm", "embedding_norm"):
        if hasattr(base, name):
            return blocks, getattr(base, name)
    raise ValueError(f"{type(net)} has no final norm that is known")


class Model:
    def __init__(self, folder):
        config = AutoConfig.from_pretrained(folder)
        self.folder, self.kind = str(folder), config.model_type
        self.decoder = self.kind not in ENCODERS
        self.net = empty_net(config)
        tensors = read_tensors(folder, self.net.base_model_prefix, self.net.state_dict())
        if any(".experts.0." in k or "moe.input_linear." in k for k in tensors):  # as published
            tensors = stack_experts(tensors)
        missing, unexpected = self.net.load_state_dict(tensors, strict=False)
        tied = tuple(self.net._tied_weights_keys if config.tie_word_embeddings else ())
        missing = [name for name in missing if not name.endswith(tied)]
        if unexpected or missing:
            raise ValueError(f"'{folder}' lacks {missing} or has too much: {unexpected}")
        self.net.tie_weights()
        self.begin(config)

    @classmethod
    def of(cls, net):
        """A model that is in no folder yet."""
        self = cls.__new__(cls)
        self.net, self.kind = net, net.config.model_type
        self.decoder = self.kind not in ENCODERS
        self.begin(net.config)
        return self

    def begin(self, config):
        self.net.eval()
        self.layers, self.width = config.num_hidden_layers, config.hidden_size
        self.vocab = config.vocab_size
        self.cap = getattr(config, "final_logit_softcapping", None)
        self.scale = ((getattr(config, "logit_scale", None) or 1)
                      / (getattr(config, "logits_scaling", None) or 1))
        self.blocks = None
        if self.decoder:
            self.blocks, self.norm = decoder_parts(self.net)
            self.mask_late(config)
        elif self.kind == "modernbert":  # whose last state is normed
            self.blocks = self.net.model.layers

    def mask_late(self, config):
        """The windows of Qwen begin with block max_window_layers; this version of the
        package gives its plain attention the window's mask in all blocks."""
        if not getattr(config, "use_sliding_window", False):
            return

        def plain(module, args, more):
            n = more["hidden_states"].shape[1]
            mask = torch.full((n, n), -torch.inf, dtype=torch.float64).triu(1)
            return args, more | {"attention_mask": mask[None, None]}

        for block in self.blocks[:config.max_window_layers]:
            block.self_attn.register_forward_pre_hook(plain, with_kwargs=True)

    @torch.no_grad()
    def run(self, ids, **more):
        """ids of one text -> states [L+1, n, d], logits [n, V], both float64. `more`: other
        inputs of the package, as lists."""
        ids = torch.as_tensor(np.asarray(ids, dtype=np.int64))[None]
        more = {k: torch.as_tensor(np.asarray(v, dtype=np.int64))[None]
                for k, v in more.items()}
        last = []
        if self.blocks:
            hook = self.blocks[-1].register_forward_hook(
                lambda module, args, out: last.append(
                    out[0] if isinstance(out, tuple) else out))
        # XGLM's mask is of the default type
        torch.set_default_dtype(torch.float64 if self.kind == "xglm" else torch.float32)
        with without_float32():
            out = self.net(ids, attention_mask=torch.ones_like(ids),
                           output_hidden_states=True, **more)
        torch.set_default_dtype(torch.float32)
        states = list(out.hidden_states)
        if self.kind == "mamba2":  # whose list begins after the first block
            states = [self.net.get_input_embeddings()(ids)] + states[:-1]
        if self.blocks:
            hook.remove()
            states[-1] = last[0]
        return torch.cat(states).numpy(), out.logits[0].numpy()

    @torch.no_grad()
    def read(self, states):
        """The model's own head on states [n, d] that stand for tap L -> logits [n, V]."""
        h, net = torch.from_numpy(np.ascontiguousarray(states)), self.net
        if self.decoder:
            with without_float32():
                z = net.get_output_embeddings()(self.norm(h) if self.norm else h)
            z = z * self.scale
            return (self.cap * torch.tanh(z / self.cap) if self.cap else z).numpy()
        if self.kind == "bert":
            return net.cls(h).numpy()
        if self.kind == "roberta":
            return net.lm_head(h).numpy()
        h = net.vocab_layer_norm(net.activation(net.vocab_transform(h)))
        return net.vocab_projector(h).numpy()
