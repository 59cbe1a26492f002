# SPDX-License-Identifier: MIT
"""Write tests/golden/eval/*-parts.results.json: what `jumpcut eval` must say of parts of
blocks and of schedules, by replacing them in the model of the transformers package.

parts      for a method's part maps, fitted here (LAPACK's gelsd) on the train rows from what
           the part is given to what it makes: at l = 0..L, run l blocks as they are and all
           later ones with the part replaced, at every position; then read. ffn is the MLP,
           ln1_ln2 both norms.
schedules  `alternate`: a blocks run and a map over b, for all a, b >= 1 with a + b dividing L,
           by a + b, then a. `best`: for 0..L-1 blocks run, of all choices of blocks the one
           with the largest product of R2 of the jumps (runs of blocks left out) on the train
           rows. `exit`: one jump to the end, from 0..L.

Positions of the validation texts where any of these reads out two logits within MARGIN of each
other are not scored: there float32 may pick the other token.
"""
import itertools
import json
from pathlib import Path

import numpy as np
import torch
from scipy.linalg import lstsq
from scipy.special import log_softmax
from sklearn.metrics import r2_score

from make_taps import Probe
from oracle import fitted_maps, gather, read_samples, rounded
from reference import Model

HERE = Path(__file__).parent
EVAL = HERE / "eval"
MARGIN = 0.003
KINDS = {"attn": ["attn"], "ffn": ["mlp"], "ln1_ln2": ["ln1", "ln2"]}


def write_samples(path, vocab, seed):
    """Random texts of 3 to 24 tokens, all positions."""
    rng = np.random.default_rng(seed)
    with open(path, "w") as file:
        for split in ["train"] * 60 + ["val"] * 20:
            n = int(rng.integers(3, 25))
            file.write(json.dumps({"ids": rng.integers(5, vocab, n).tolist(),
                                   "positions": list(range(n)), "split": split}) + "\n")


def blocks_of(model):
    return list(model.blocks if model.decoder else model.net.base_model.encoder.layer)


def fit_parts(model, samples):
    """[L] of {part: W}, y = W x."""
    rows = [{} for _ in range(model.layers)]
    for s in samples:
        probe = Probe(model, {})
        model.run(s["ids"])
        probe.close()
        n, seen = len(s["ids"]), probe.seen
        for b in range(1, model.layers + 1):
            get = lambda k: seen[f"{b}.{k}"].reshape(n, -1).detach().numpy()
            into = {"ln1": "ln1.given", "ln2": "ln2.given",
                    "attn": "in" if probe.post else "ln1",
                    "mlp": "ln1" if probe.post else "ln2"}
            for part, source in into.items():
                x, y = rows[b - 1].setdefault(part, ([], []))
                x.append(get(source)[s["positions"]])
                y.append(get(part)[s["positions"]])
    return [{part: torch.from_numpy(lstsq(np.concatenate(x), np.concatenate(y), cond=1e-11)[0].T)
             for part, (x, y) in block.items()} for block in rows]


@torch.no_grad()
def run_replaced(model, ids, maps, parts, after):
    """Tap L with parts replaced by their block's maps in all blocks after `after`."""
    probe = Probe(model, maps, parts, after)
    states, _ = model.run(ids)
    probe.close()
    return states[-1]


@torch.no_grad()
def run_schedule(model, ids, jumps, maps):
    """Tap L when maps take the place of the blocks of each jump, at all positions."""
    blocks, handles = blocks_of(model), []

    def give(b, source):
        def hook(module, args, more, out):
            h = args[0] if args else more["hidden_states"]
            x = source(h)
            return (x, *out[1:]) if isinstance(out, tuple) else x

        handles.append(blocks[b].register_forward_hook(hook, with_kwargs=True))

    for i, j in jumps:
        give(i, lambda h, f=maps[i, j]: torch.from_numpy(f(h[0].numpy()))[None])
        for b in range(i + 1, j):
            give(b, lambda h: h)
    states, _ = model.run(ids)
    for handle in handles:
        handle.remove()
    return states[-1]


def read_out(ends, model, full):
    """Of each row: tokens above the read-out's first in full, its surprisal, and the margin."""
    z = model.read(ends)
    tokens = z.argmax(axis=1)[:, None]
    second, first = np.partition(z, (-2, -1))[:, -2:].T
    larger = (full > np.take_along_axis(full, tokens, axis=1)).sum(axis=1)
    surprisal = -np.take_along_axis(log_softmax(full, axis=1), tokens, axis=1)[:, 0]
    return larger, surprisal, first - second


def mean_scores(rows, kept):
    larger, surprisal, _ = rows
    return {f"p{k}": (larger[kept] < k).mean() for k in (1, 5, 10)} | {
        "surprisal": surprisal[kept].mean()}


def jumps_of(run, layers):
    """The runs of blocks, from 0, that are not in `run`, as pairs of layers."""
    left = [b for b in range(layers) if b not in run]
    starts = [b for b in left if b - 1 not in left]
    return [(b, next(e for e in range(b, layers + 1) if e == layers or e not in left))
            for b in starts]


def all_schedules(layers, r2):
    for period in range(2, layers + 1):
        for a in range(1, period):
            if layers % period == 0:
                jumps = [(at, at + period - a) for at in range(a, layers, period)]
                yield {"kind": "alternate", "blocks": layers // period * a, "run": a,
                       "jump": period - a}, jumps
    for n in range(layers):
        choices = [jumps_of(set(run), layers)
                   for run in itertools.combinations(range(layers), n)]
        yield ({"kind": "best", "blocks": n},
               max(choices, key=lambda c: np.prod([r2[j] for j in c])))
    for l in range(layers + 1):
        yield {"kind": "exit", "blocks": l}, [(l, layers)] if l < layers else []


def keep_positions(path, val, kept):
    """Write the samples again with the kept rows of the validation texts only."""
    lines = [json.dumps(s | {"split": "train"}) for s in read_samples(path, "train")]
    for s in val:
        own, kept = kept[:len(s["positions"])], kept[len(s["positions"]):]
        positions = [p for p, k in zip(s["positions"], own) if k]
        if positions:
            lines.append(json.dumps(s | {"positions": positions}))
    path.write_text("\n".join(lines) + "\n")


def write(name, folder, seed):
    model = Model(folder)
    path = EVAL / f"{name}.samples.jsonl"
    write_samples(path, model.vocab, seed)
    train, val = read_samples(path, "train"), read_samples(path, "val")
    states = gather(model, train)[0]
    full = gather(model, val)[1]
    maps, part_maps = fitted_maps(states), fit_parts(model, train)
    at = lambda run: read_out(np.concatenate([run(s["ids"])[s["positions"]] for s in val]),
                              model, full)
    parts = {f"mat_{kind}": [
        at(lambda ids: run_replaced(model, ids, part_maps, replaced, l))
        for l in range(model.layers + 1)] for kind, replaced in KINDS.items()}
    r2 = {(i, j): max(r2_score(states[j], f(states[i])), 0) for (i, j), f in maps.items()}
    schedules = [
        ({"map": "mat"} | what | {"jumps": [list(j) for j in jumps],
                                  "r2_product": float(np.prod([r2[j] for j in jumps]))},
         at(lambda ids: run_schedule(model, ids, jumps, maps)))
        for what, jumps in all_schedules(model.layers, r2)]
    every = [x for part in parts.values() for x in part] + [x for _, x in schedules]
    kept = np.min([margin for _, _, margin in every], axis=0) > MARGIN
    keep_positions(path, val, kept)
    results = rounded({
        "n_val": int(kept.sum()),
        "parts": {k: [{"layer": l} | mean_scores(x, kept) for l, x in enumerate(part)]
                  for k, part in parts.items()},
        "schedules": [what | mean_scores(x, kept) for what, x in schedules]})
    (EVAL / f"{name}.results.json").write_text(json.dumps(results, indent=1) + "\n")
    print(name, int(kept.sum()), "of", len(kept))


if __name__ == "__main__":
    write("demo-parts", HERE / "../../data/demo", seed=8)
    write("tiny-bert-parts", HERE / "models" / "tiny-bert", seed=9)
    write("tiny-gemma2-parts", HERE / "models" / "tiny-gemma2", seed=10)
