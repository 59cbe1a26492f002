# SPDX-License-Identifier: MIT
"""Write tests/golden/taps: states inside blocks, and the ends of runs in which maps stand for
parts of blocks or for blocks, by hooks on the modules of the transformers package (float64).

Each file is of one text of a tiny model:

ids                       [n] int32
<block>.<point>           [n, d]; block 1..L; ln1, ln2: what the norms give; attn, mlp: what is
                          added to the residual stream; mid, sum: the stream after that
map.<part>                [d, d]: random W, y = W x
end.<parts>.<from>        [n, d]: tap L when in all blocks after <from> the parts, joined by
                          "+", are W of what the part is given
end.jump                  [n, d]: tap L when block 2 is W (map.mlp) of its input
"""
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from reference import Model

HERE = Path(__file__).parent
TAPS = HERE / "taps"
MODELS = ["tiny-gpt2", "tiny-bert", "tiny-gpt_neox", "tiny-gemma2", "tiny-opt-after"]
N = 14


def modules(model, block):
    """Of a block: the norms, and the modules whose output attention and the MLP add; and
    whether both halves read the block's input."""
    kind = model.kind
    if kind == "gpt2":
        return block.ln_1, block.attn, block.ln_2, block.mlp, False
    if kind == "gpt_neox":
        return (block.input_layernorm, block.attention, block.post_attention_layernorm,
                block.mlp, True)
    if kind == "gemma2":
        return (block.input_layernorm, block.post_attention_layernorm,
                block.pre_feedforward_layernorm, block.post_feedforward_layernorm, False)
    if kind == "opt":
        return (block.self_attn_layer_norm, block.self_attn, block.final_layer_norm, block.fc2,
                False)
    return (block.attention.output.LayerNorm, block.attention.output.dense,
            block.output.LayerNorm, block.output.dense, False)


def first(out):
    return out[0] if isinstance(out, tuple) else out


class Probe:
    """Hooks on all blocks: `seen` gets the states; in blocks after `after`, `parts` are maps:
    {part: W}, or a list of that, one for each block."""

    def __init__(self, model, maps, parts=(), after=0):
        self.seen, self.handles, self.post = {}, [], False
        blocks = (model.blocks if model.decoder else model.net.base_model.encoder.layer)
        self.post = model.kind == "bert" or (
            model.kind == "opt" and not blocks[0].do_layer_norm_before)
        for b, block in enumerate(blocks, 1):
            ln1, attn, ln2, mlp, parallel = modules(model, block)
            own = maps[b - 1] if isinstance(maps, list) else maps
            use = {p: own[p] for p in parts} if b > after else {}
            given = {}  # to each part, in this block
            self.watch(block, b, "in", given)
            self.hook(ln1, b, "ln1", given, use, None)
            self.hook(attn, b, "attn", given, use, "in" if self.post else "ln1")
            self.hook(ln2, b, "ln2", given, use, None)
            self.hook(mlp, b, "mlp", given, use, "ln1" if self.post else "ln2")

    def watch(self, block, b, name, given):
        def pre(module, args, more):
            h = args[0] if args else more["hidden_states"]
            given[name] = self.seen[f"{b}.{name}"] = h

        self.handles.append(block.register_forward_pre_hook(pre, with_kwargs=True))

    def hook(self, module, b, name, given, use, source):
        def after(module, args, out):
            x = first(out)
            shape = x.shape
            if name in use:
                x = (args[0] if source is None else given[source]) @ use[name].T
            x = x.reshape(shape)
            given[name] = self.seen[f"{b}.{name}"] = x
            if source is None:  # a norm: what it is given is the stream
                self.seen[f"{b}.{name}.given"] = args[0]
            return (x, *out[1:]) if isinstance(out, tuple) else x

        self.handles.append(module.register_forward_hook(after))

    def close(self):
        for handle in self.handles:
            handle.remove()


@torch.no_grad()
def run(model, ids, maps, parts=(), after=0):
    probe = Probe(model, maps, parts, after)
    states, _ = model.run(ids)
    probe.close()
    n = len(ids)
    seen = {k: v.reshape(n, -1) for k, v in probe.seen.items()}
    for b in range(1, model.layers + 1):
        if probe.post:
            seen[f"{b}.mid"] = seen.pop(f"{b}.ln1.given")
            seen[f"{b}.sum"] = seen.pop(f"{b}.ln2.given")
        else:
            seen[f"{b}.mid"] = seen[f"{b}.in"] + seen[f"{b}.attn"]
            seen[f"{b}.sum"] = seen[f"{b}.mid"] + seen[f"{b}.mlp"]
            seen.pop(f"{b}.ln1.given"), seen.pop(f"{b}.ln2.given")
        seen.pop(f"{b}.in")
    return seen, torch.from_numpy(states[-1])


@torch.no_grad()
def run_jump(model, ids, w):
    blocks = model.blocks if model.decoder else model.net.base_model.encoder.layer

    def jump(module, args, more, out):
        h = args[0] if args else more["hidden_states"]
        return (h @ w.T, *out[1:]) if isinstance(out, tuple) else h @ w.T

    handle = blocks[1].register_forward_hook(jump, with_kwargs=True)
    states, _ = model.run(ids)
    handle.remove()
    return torch.from_numpy(states[-1])


def write(name, seed):
    model = Model(HERE / "models" / name)
    rng = np.random.default_rng(seed)
    ids = rng.integers(5, model.vocab, N)
    # Small: where no norm holds the states, they grow, and every rounding with them.
    scale = {"ln1": 0.2, "attn": 1, "ln2": 0.2, "mlp": 1}
    maps = {p: torch.from_numpy((rng.normal(size=(model.width,) * 2) * x / model.width ** 0.5)
                                .astype(np.float32)).double()
            for p, x in scale.items()}
    tensors, _ = run(model, ids, maps)
    for parts in (["attn"], ["mlp"], ["ln1", "ln2"]):
        for after in range(model.layers):
            tensors[f"end.{'+'.join(parts)}.{after}"] = run(model, ids, maps, parts, after)[1]
    tensors["end.jump"] = run_jump(model, ids, maps["mlp"])
    tensors |= {f"map.{p}": w for p, w in maps.items()}
    tensors = {k: v.reshape(-1, model.width).float().contiguous().clone()
               for k, v in tensors.items()}
    tensors["ids"] = torch.from_numpy(ids.astype(np.int32))
    save_file(tensors, TAPS / f"{name}.safetensors")
    print(name, len(tensors))


if __name__ == "__main__":
    TAPS.mkdir(exist_ok=True)
    for seed, name in enumerate(MODELS):
        write(name, seed)
