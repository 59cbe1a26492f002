# SPDX-License-Identifier: MIT
"""Write tests/golden/exits: what tiny models write when tokens leave them early, by hooks on
the blocks of the transformers package (float64).

Each file is of one model of L blocks and holds

map.<i>.<j>              [d, d], map.<i>.<j>.bias [d]: W h + b, for 1 <= i < j <= L
prompt                   [n] int32
<gate>.<fill>.ids        [n + tokens] int32: the prompt and what follows, greedy
<gate>.<fill>.layers     [tokens] int32: after which block each of them was drawn
<gate>.lambda            [1]

Exits are after blocks 1 .. L - 1. The token at position t is run block by block. At an exit l,
z = read(map l -> L of h_l) and p = softmax(z); it leaves when

gap      p1 - p2 > 0.9 lambda + 0.1 exp(-4 t / N)      N = (n + tokens) / 2
calm     p1 - p2 > lambda (0.9 + 0.1 exp(-4 t / N))
max      p1 > lambda
agree    the last lambda exits, this one among them, have the same argmax z
cosine   the cosine of this exit's mapped state and that of the exit before is > lambda

Its keys and values in block j + 1 > l are what that block makes of

defer    the full model's state after block j, given the same tokens
mat      map l -> j of h_l; h_l itself for j = l
copy     h_l

Prompts are taken so that no decision is close: no gate is within MARGIN of its level, nor the two
largest logits of each other.
"""
import numpy as np
import torch
from safetensors.torch import save_file

from make_models import HERE, MODELS
from reference import Model

OUT = HERE / "exits"
NAMES = ["tiny-gpt2", "tiny-gemma3", "tiny-exaone4", "tiny-smollm3", "tiny-lfm2",
         "tiny-mamba2", "tiny-qwen3_5", "tiny-qwen3_next", "tiny-granitemoehybrid"]
PROMPT, TOKENS, MARGIN = 5, 18, 1e-4
GATES = ["gap", "calm", "max", "agree", "cosine"]
FILLS = ["defer", "mat", "copy"]


class Close(Exception):
    """A decision that float32 may take the other way."""


class Blocks:
    """Runs of the model in which the inputs of some blocks are given at some positions."""

    def __init__(self, model):
        self.model, self.given, self.out = model, {}, {}
        for j, block in enumerate(model.blocks):
            block.register_forward_pre_hook(lambda m, a, k, j=j: self.enter(j, a, k),
                                            with_kwargs=True)
            block.register_forward_hook(lambda m, a, out, j=j: self.leave(j, out))

    def enter(self, j, args, more):
        h = (args[0] if args else more["hidden_states"]).clone()
        for (block, position), x in self.given.items():
            if block == j and position < h.shape[1]:
                h[0, position] = torch.from_numpy(x)
        if args:
            return (h, *args[1:]), more
        return args, more | {"hidden_states": h}

    def leave(self, j, out):
        self.out[j + 1] = (out[0] if isinstance(out, tuple) else out)[0].numpy()

    def states(self, ids):
        """{l: h_l of the last token}"""
        self.model.run(ids)
        return {l: h[-1] for l, h in self.out.items()}


def softmax(z):
    e = np.exp(z - z.max())
    return e / e.sum()


def above(score, level):
    if abs(score - level) < MARGIN:
        raise Close
    return score > level


def best(z):
    a, b = np.sort(z)[:-3:-1]
    if a - b < MARGIN:
        raise Close
    return int(z.argmax())


def leaves(gate, lam, t, mean, z, h, before):
    """before: [(z, mapped state)] of the exits before."""
    p = np.sort(softmax(z))[::-1]
    decay = np.exp(-4 * t / mean)
    if gate == "gap":
        return above(p[0] - p[1], 0.9 * lam + 0.1 * decay)
    if gate == "calm":
        return above(p[0] - p[1], lam * (0.9 + 0.1 * decay))
    if gate == "max":
        return above(p[0], lam)
    if gate == "agree":
        tops = [best(x) for x, _ in before] + [best(z)]
        return len(tops) >= lam and len(set(tops[-int(lam):])) == 1
    if not before:
        return False
    g = before[-1][1]
    return above(h @ g / np.sqrt((h @ h) * (g @ g)), lam)


def write(blocks, maps, prompt, gate, lam, fill):
    model, last = blocks.model, blocks.model.layers
    ids, layers, mean = list(prompt), [], (len(prompt) + TOKENS) / 2
    blocks.given = {}
    for _ in range(TOKENS):
        t = len(ids) - 1
        h = blocks.states(ids)
        before, left, z = [], last, model.read(h[last][None])[0]
        for l in range(1, last):
            mapped = maps[l, last](h[l])
            guess = model.read(mapped[None])[0]
            if leaves(gate, lam, t, mean, guess, mapped, before):
                left, z = l, guess
                break
            before.append((guess, mapped))
        for j in range(left, last):  # block j + 1 of this token
            if fill == "mat":
                blocks.given[j, t] = maps[left, j](h[left]) if j > left else h[left]
            if fill == "copy":
                blocks.given[j, t] = h[left]
        layers.append(left)
        ids.append(best(z))
    return ids, layers


def make_maps(layers, d, rng):
    maps, tensors = {}, {}
    for i in range(1, layers):
        for j in range(i + 1, layers + 1):
            w = (np.eye(d) + rng.normal(0, 0.15, (d, d))).astype(np.float32)
            b = rng.normal(0, 0.1, d).astype(np.float32)
            tensors[f"map.{i}.{j}"] = torch.from_numpy(w)
            tensors[f"map.{i}.{j}.bias"] = torch.from_numpy(b)
            maps[i, j] = lambda h, w=w.astype(float), b=b.astype(float): w @ h + b
    return maps, tensors


def lambda_of(gate, blocks, maps, prompt):
    """One at which about half of the tokens leave at each exit."""
    if gate == "agree":
        return 2.0
    scores, last = [], blocks.model.layers
    blocks.given = {}
    ids = list(prompt)
    for _ in range(TOKENS):
        h, before = blocks.states(ids), None
        for l in range(1, last):
            mapped = maps[l, last](h[l])
            p = np.sort(softmax(blocks.model.read(mapped[None])[0]))[::-1]
            if gate in ("gap", "calm"):
                scores.append(p[0] - p[1])
            elif gate == "max":
                scores.append(p[0])
            elif before is not None:
                scores.append(mapped @ before / np.sqrt(mapped @ mapped * (before @ before)))
            before = mapped
        ids.append(int(blocks.model.read(h[last][None])[0].argmax()))
    return float(np.quantile(scores, 0.6)) * (0.95 if gate == "gap" else 1)


def make(name):
    model = Model(MODELS / name)
    blocks = Blocks(model)
    for seed in range(200):
        rng = np.random.default_rng(seed)
        maps, out = make_maps(model.layers, model.width, rng)
        prompt = rng.integers(0, model.vocab, PROMPT).tolist()
        out["prompt"] = torch.tensor(prompt, dtype=torch.int32)
        kinds = set()
        try:
            for gate in GATES:
                lam = np.float32(lambda_of(gate, blocks, maps, prompt))
                out[f"{gate}.lambda"] = torch.tensor([lam])
                for fill in FILLS:
                    ids, layers = write(blocks, maps, prompt, gate, float(lam), fill)
                    out[f"{gate}.{fill}.ids"] = torch.tensor(ids, dtype=torch.int32)
                    out[f"{gate}.{fill}.layers"] = torch.tensor(layers, dtype=torch.int32)
                    kinds |= {(gate, layer) for layer in layers}
        except Close:
            continue
        if len({layer for _, layer in kinds}) == model.layers and len(kinds) > 10:
            print(name, "seed", seed, sorted(kinds), flush=True)
            save_file(out, OUT / f"{name}.safetensors")
            return
    raise ValueError(f"'{name}': no prompt without close decisions")


if __name__ == "__main__":
    torch.set_num_threads(1)
    OUT.mkdir(exist_ok=True)
    for each in NAMES:
        make(each)
