# SPDX-License-Identifier: MIT
"""Write tests/golden/lens: what `jumpcut lens --format json` must say of tiny models, from
the definitions, in float64.

Of each map, tap and column, with z the logits read out of the mapped state, q = softmax(z),
p = softmax of the model's own logits and the answer the token of their largest:
guesses and their q, the rank 1 + #{z > z[answer]}, entropy -sum q ln q, and
kl sum p ln(p / q). settled: the first tap from which on the first guess is the answer.
The maps called "made" are those of made_map() below; tests/lens/test_lens.c has the same.

Of each target, and of the token that follows in the text ("next", decoders only), every read-out
has the rank 1 + #{z > z[token]} and q[token] (p) or -ln q[token] (loss).

The files that end in -at have rows for every point inside a block too, in the order in which
they come about, their states taken by hooks (make_taps.py) and read out as they are.
"""
import json
from pathlib import Path

import numpy as np
from scipy.special import log_softmax

from make_taps import run
from reference import Model

HERE = Path(__file__).parent
TOP, MASK, TARGETS = 5, 4, [17, 6]
OTHERS = ["tiny-mamba2", "tiny-granitemoehybrid", "tiny-lfm2", "tiny-lfm2_moe", "tiny-qwen3_next",
          "tiny-qwen3_5", "tiny-qwen3_5_moe", "tiny-mixtral", "tiny-qwen2_moe-dense",
          "tiny-qwen3_moe-step", "tiny-olmoe", "tiny-granitemoe", "tiny-gpt_oss",
          "tiny-deepseek_v2", "tiny-deepseek_v3", "tiny-llama4-pieces"]  # hybrids and mixtures
PRE, POST = ["ln1", "attn", "mid", "ln2", "mlp"], ["attn", "mid", "ln1", "mlp", "sum"]


def made_map(layer, d):
    r, c = np.mgrid[:d, :d]
    w = 0.6 * (r == c) + 0.2 * np.sin(1 + layer + 3 * r + 7 * c)
    return w, 0.1 * np.cos(layer + np.arange(d))


def scores(z, q, tokens):
    """Rank and -ln q of a token of each column."""
    own = np.take_along_axis(z, tokens[:, None], 1)
    return 1 + (z > own).sum(1), -np.take_along_axis(q, tokens[:, None], 1)[:, 0]


def read_map(model, states, mapped, layers, following):
    """layers: rows of `mapped` that are layer taps."""
    full = log_softmax(model.read(states[-1]), axis=1)
    answers = full.argmax(1)
    out = {name: [] for name in ("rank", "entropy", "kl", "guesses", "p")}
    out |= {"target_rank": [[] for _ in TARGETS], "target_p": [[] for _ in TARGETS]}
    if following is not None:
        out |= {"next_rank": [], "next_loss": []}
    for h in mapped:
        z = model.read(h)
        q = log_softmax(z, axis=1)
        best = np.argsort(-z, axis=1, kind="stable")[:, :TOP]
        own = np.take_along_axis(z, answers[:, None], 1)
        out["guesses"].append(best.tolist())
        out["p"].append(np.exp(np.take_along_axis(q, best, 1)).tolist())
        out["rank"].append((1 + (z > own).sum(1)).tolist())
        out["entropy"].append((-(np.exp(q) * q).sum(1)).tolist())
        out["kl"].append((np.exp(full) * (full - q)).sum(1).tolist())
        for i, target in enumerate(TARGETS):
            rank, loss = scores(z, q, np.full(len(z), target))
            out["target_rank"][i].append(rank.tolist())
            out["target_p"][i].append(np.exp(-loss).tolist())
        if following is not None:
            rank, loss = scores(z[:-1], q[:-1], following)
            out["next_rank"].append(rank.tolist() + [None])
            out["next_loss"].append(loss.tolist() + [None])
    first = np.array(out["guesses"])[layers, :, 0] == answers
    later = np.logical_and.accumulate(first[::-1])[::-1]
    return {"settled": later.argmax(0).tolist()} | out, answers.tolist()


def with_points(model, ids, positions, states):
    """Names of rows, and of each its states and, where it is a layer, its number."""
    seen, _ = run(model, ids, {})
    rows = [("0", states[0], 0)]
    for b in range(1, model.layers + 1):
        for point in POST if model.kind == "bert" else PRE:
            inner = seen[f"{b}.{point}"].numpy()[positions]
            rows.append((f"{b}.{point}", inner, None))
        rows.append((str(b), states[b], b))
    return rows


def short(x):
    """Seven digits are enough for the tolerance of 2e-5."""
    if isinstance(x, float):
        return float(f"{x:.7g}")
    if isinstance(x, list):
        return [short(v) for v in x]
    return {k: short(v) for k, v in x.items()} if isinstance(x, dict) else x


def write(name, seed, masks=None, points=False, few=False):
    model = Model(HERE / "models" / name)
    rng = np.random.default_rng(seed)
    ids = rng.integers(5, model.vocab, 20)[:5 if few else 7 if points and masks is None else None]
    positions = list(range(len(ids))) if masks is None else masks
    if masks is not None:
        ids[masks] = MASK
    states = model.run(ids)[0][:, positions]
    rows = [(str(b), h, b) for b, h in enumerate(states)]
    if points:
        rows = with_points(model, ids, positions, states)
    made = []
    for _, h, layer in rows:
        if layer is not None and layer < model.layers:
            w, b = made_map(layer, model.width)
            h = h @ w.astype(np.float32).astype(np.float64).T + b.astype(np.float32)
        made.append(h)
    layers = [r for r, (_, _, layer) in enumerate(rows) if layer is not None]
    maps, following = {}, ids[1:] if masks is None else None
    maps["id"], answers = read_map(model, states, [h for _, h, _ in rows], layers, following)
    maps["made"], _ = read_map(model, states, made, layers, following)
    after = [None] * len(positions) if following is None else following.tolist() + [None]
    maps = short(maps) if few else maps
    text = json.dumps({"ids": ids.tolist(), "positions": positions, "answers": answers,
                       "next": after, "targets": TARGETS,
                       "taps": [tap for tap, _, _ in rows], "maps": maps})
    (HERE / "lens" / f"{name}{'-at' if points else ''}.json").write_text(text + "\n")


def main():
    (HERE / "lens").mkdir(exist_ok=True)
    for points in False, True:
        write("tiny-gpt2", seed=7, points=points)
        write("tiny-bert", seed=8, masks=[2, 9, 17], points=points)
    for number, name in enumerate(OTHERS):
        write(name, seed=20 + number, few=True)


if __name__ == "__main__":
    main()
