# SPDX-License-Identifier: MIT
"""Fit and score shortcuts from their definitions, in float64: what `jumpcut eval` must say.

    oracle.py MODEL samples.jsonl --out results.json [--shortcuts file.safetensors]
              [--exit-position 3]

Each line of the samples is {"ids": [...], "positions": [...], "split": "train" or "val"}.
States are those of the transformers package at the positions; of an encoder, the ids there
are [MASK] already. `mat` is fitted here on the
train rows (LAPACK's gelsd), or its maps are read from a shortcut file; `id` is always
scored. All scores are over the n validation rows. With read(h) the model's own head,
full = read(h_L), top1(z) the token of the largest logit and p = softmax(full):

r2[i][j]      sklearn's r2_score of the mapped h_i against h_j, uniform mean over
              coordinates; 1 for i = j, null for i > j and where there is no map.
jump          for l = 0..L, z = read(map l -> L of h_l), z = full for l = L:
  p1 p5 p10   share of rows where fewer than k tokens have a larger full logit than top1(z)
  surprisal   mean mu of s = -ln p(top1(z)); surprisal_ci: mu +- 1.96 sd, of the mean over
              texts, as rows of one text go together: with S_t the sum of s and n_t the
              rows of text t of T, sd^2 = T/(T-1) sum (S_t - mu n_t)^2 / (sum n_t)^2
exit          for each lambda: a row leaves at the first l in 1..L-1 where the gap between
              the two largest of softmax(z_l) is > 0.9 lambda + 0.1 exp(-4 t / N), else L.
              t is the row's position from 0, N the mean over rows of t + 1. With
              --exit-position all rows have that t, and N is as before. layers: mean of the
              blocks run; p1: share of rows whose token then is top1(full).
  lambda      -1.112, 0, 0.1 .. 1, 1.112; for id also nine more evenly between 1 and 1.112
saved         the points (layers, p1) of `exit` and (L, 1), by layers, then p1. Walk down
              from (L, 1) to the first point whose p1 is below the target; the line from the
              point before it meets the target at m blocks: blocks = L - m. If no point is
              below, m is the fewest blocks of any point. percent is of L.
"""
import argparse
import json
from pathlib import Path

import numpy as np
from safetensors import safe_open
from scipy.linalg import lstsq
from scipy.special import log_softmax
from sklearn.metrics import r2_score

from reference import Model

TARGET, TAU = 0.95, 4
GRID = [-1.112, *(k / 10 for k in range(11)), 1.112]
GRID_ID = GRID[:-1] + [1 + 0.112 * k / 10 for k in range(1, 10)] + GRID[-1:]


def read_samples(path, split):
    samples = [json.loads(line) for line in Path(path).read_text().splitlines() if line]
    return [s for s in samples if s.get("split", "val") == split]


def gather(model, samples):
    """States [L+1, rows, d], logits [rows, V], positions [rows] and texts [rows] of the
    samples."""
    states, logits, positions, texts = [], [], [], []
    for text, s in enumerate(samples):
        h, z = model.run(s["ids"])
        states.append(h[:, s["positions"]])
        logits.append(z[s["positions"]])
        positions += s["positions"]
        texts += [text] * len(s["positions"])
    return (np.concatenate(states, axis=1), np.concatenate(logits), np.array(positions),
            np.array(texts))


def identity_maps(layers):
    return {(i, j): lambda h: h for i in range(layers) for j in range(i + 1, layers + 1)}


def fitted_maps(states):
    """Least squares of minimum norm, no intercept, for every pair."""
    taps, _, d = states.shape
    maps = {}
    for i in range(taps - 1):
        w = lstsq(states[i], np.concatenate(states[i + 1:], axis=1), cond=1e-11)[0]
        for j in range(i + 1, taps):
            a = w[:, (j - i - 1) * d:(j - i) * d]
            maps[i, j] = lambda h, a=a: h @ a
    return maps


def stored_maps(path):
    """The maps of a shortcut file and the name of its method."""
    maps = {}
    with safe_open(path, "np") as file:
        names = set(file.keys())
        for name in names:
            _, i, j, part = name.split(".")
            if part != "weight":
                continue
            w = file.get_tensor(name).astype(np.float64)
            bias = name.removesuffix("weight") + "bias"
            b = file.get_tensor(bias).astype(np.float64) if bias in names else 0.0
            maps[int(i), int(j)] = lambda h, w=w, b=b: h @ w.T + b
        return maps, (file.metadata() or {}).get("method", "mat")


def r2_matrix(maps, states):
    taps = len(states)
    table = [[1.0 if i == j else None for j in range(taps)] for i in range(taps)]
    for (i, j), f in maps.items():
        table[i][j] = r2_score(states[j], f(states[i]))
    return table


def half_interval(values, texts):
    """1.96 standard deviations of the mean of values, texts being independent."""
    sums, counts = np.bincount(texts, values), np.bincount(texts)
    squares = ((sums - values.mean() * counts) ** 2).sum() / len(values) ** 2
    return 1.96 * np.sqrt(len(counts) / (len(counts) - 1) * squares)


def jump_row(layer, tokens, full, logp, texts):
    larger = (full > np.take_along_axis(full, tokens[:, None], axis=1)).sum(axis=1)
    surprisal = -np.take_along_axis(logp, tokens[:, None], axis=1)[:, 0]
    mean, half = surprisal.mean(), half_interval(surprisal, texts)
    return {"layer": layer} | {f"p{k}": (larger < k).mean() for k in (1, 5, 10)} | {
        "surprisal": mean, "surprisal_ci": [mean - half, mean + half]}


def threshold(positions, exit_position=None):
    """The part of the threshold that falls with the position, [rows]."""
    t = positions if exit_position is None else np.full(len(positions), exit_position)
    return 0.1 * np.exp(-TAU * t / (positions + 1).mean())


def exit_curve(grid, tokens, gaps, decay):
    """tokens [L+1, rows], gaps [L+1, rows], decay [rows] -> one point per lambda."""
    last, rows = len(tokens) - 1, np.arange(len(decay))
    curve = []
    for lam in grid:
        leaves = gaps > 0.9 * lam + decay
        leaves[0], leaves[last] = False, True
        at = leaves.argmax(axis=0)
        curve.append({"lambda": lam, "layers": at.mean(),
                      "p1": (tokens[at, rows] == tokens[last]).mean()})
    return curve


def saved(curve, layers):
    points = sorted([(p["layers"], p["p1"]) for p in curve] + [(float(layers), 1.0)])
    need = points[0][0]
    for (m0, p0), (m1, p1) in zip(points[-2::-1], points[:0:-1]):
        if p0 < TARGET:
            need = m0 + (TARGET - p0) / (p1 - p0) * (m1 - m0)
            break
    return {"blocks": layers - need, "percent": 100 * (layers - need) / layers}


def score(model, maps, grid, states, full, decay, texts):
    """r2, jump, exit and saved of one method."""
    L, logp = model.layers, log_softmax(full, axis=1)
    tokens = np.zeros((L + 1, len(full)), dtype=int)
    gaps = np.zeros((L + 1, len(full)))
    jump = []
    for l in range(L + 1):
        z = full if l == L else model.read(maps[l, L](states[l]))
        tokens[l] = z.argmax(axis=1)
        second, first = np.partition(np.exp(log_softmax(z, axis=1)), (-2, -1))[:, -2:].T
        gaps[l] = first - second
        jump.append(jump_row(l, tokens[l], full, logp, texts))
    curve = exit_curve(grid, tokens, gaps, decay)
    return {"r2": r2_matrix(maps, states), "jump": jump, "exit": curve,
            "saved": saved(curve, L)}


def rounded(value):
    """Ten significant digits everywhere, plain Python numbers."""
    if isinstance(value, dict):
        return {k: rounded(v) for k, v in value.items()}
    if isinstance(value, list):
        return [rounded(v) for v in value]
    return float(f"{value:.10g}") if isinstance(value, (float, np.floating)) else value


def evaluate(folder, samples, shortcuts=None, exit_position=None):
    model = Model(folder)
    if shortcuts:
        maps, method = stored_maps(shortcuts)
    else:
        maps, method = fitted_maps(gather(model, read_samples(samples, "train"))[0]), "mat"
    states, full, positions, texts = gather(model, read_samples(samples, "val"))
    decay = threshold(positions, exit_position)
    rows = states, full, decay, texts
    scores = {"id": score(model, identity_maps(model.layers), GRID_ID, *rows),
              method: score(model, maps, GRID, *rows)}
    parts = {part: {m: s[part] for m, s in scores.items()}
             for part in ("r2", "jump", "exit", "saved")}
    parts["saved"] = {"target": TARGET} | parts["saved"]
    return rounded({
        "format": "jumpcut-results/1",
        "model": {"path": Path(folder).resolve().name, "architecture": model.kind,
                  "layers": model.layers, "width": model.width, "vocab": model.vocab},
        "n_val": len(positions)} | parts)


def table(results):
    methods = list(results["jump"])
    lines = ["layer " + "".join(f"{m + ' ' + k:>14}" for m in methods
                                for k in ("p1", "p10", "surprisal"))]
    for rows in zip(*results["jump"].values()):
        lines.append(f"{rows[0]['layer']:5} " + "".join(
            f"{r[k]:14.4f}" for r in rows for k in ("p1", "p10", "surprisal")))
    for m in methods:
        s = results["saved"][m]
        lines.append(f"saved at {TARGET}: {m} {s['blocks']:.3f} blocks, "
                     f"{s['percent']:.2f}%")
    return "\n".join(lines)


def main():
    args = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    args.add_argument("model")
    args.add_argument("samples")
    args.add_argument("--out", required=True)
    args.add_argument("--shortcuts")
    args.add_argument("--exit-position", type=int)
    args = args.parse_args()
    results = evaluate(args.model, args.samples, args.shortcuts, args.exit_position)
    Path(args.out).write_text(json.dumps(results) + "\n")
    print(table(results))


if __name__ == "__main__":
    main()
