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
  surprisal   mean of -ln p(top1(z))
  kl          mean of sum p ln(p / softmax(z))
jump_mean     p1: mean over l = 0..L-1 of p1
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
r2_last       r2[l][L] again

Every figure but r2 has an interval *_ci: the 2.5% and 97.5% percentiles of the same figure
over 10,000 draws of T of the T texts with replacement, all rows of a text together; N is
that of all rows.
r2_ci is r2 +- t s: the texts in order fall into G = min(20, T) groups, text k to k mod G;
with u_g the r2 of all rows but those of group g, s^2 = (G-1)/G sum (u_g - mean u)^2, and t
is the 97.5% quantile of Student's distribution of G - 1 degrees of freedom.
"""
import argparse
import json
from pathlib import Path

import numpy as np
from safetensors import safe_open
from scipy.linalg import lstsq
from scipy.special import log_softmax
from scipy.stats import t as student
from sklearn.metrics import r2_score

from reference import Model

TARGET, TAU = 0.95, 4
DRAWS, GROUPS = 10000, 20
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


def linear_fit(x, y, ridge=None, bias=False):
    """x, y [rows, d] -> the map h -> h w + b. Without ridge: least squares of minimum norm;
    with it, |w|^2 is added times ridge * mean of the diagonal of x'x. With an intercept
    both are of the centred x and y."""
    mx, my = (x.mean(axis=0), y.mean(axis=0)) if bias else (0.0, 0.0)
    x, y = x - mx, y - my
    if ridge is None:
        w = lstsq(x, y, cond=1e-11)[0]
    else:
        gram = x.T @ x
        penalty = ridge * np.diag(gram).mean() * np.eye(len(gram))
        w = np.linalg.solve(gram + penalty, x.T @ y)
    return lambda h: (h - mx) @ w + my


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


class Draws:
    """Texts drawn with replacement, and means over the rows of what was drawn."""

    def __init__(self, texts):
        n = texts.max() + 1
        self.texts = texts
        times = np.random.default_rng(1).multinomial(n, [1 / n] * n, DRAWS)
        self.times = times.astype(float)
        self.rows = self.times @ np.bincount(texts)

    def means(self, values):
        """[DRAWS]"""
        return self.times @ np.bincount(self.texts, values) / self.rows


def ends(values):
    return np.percentile(values, (2.5, 97.5)).tolist()


def figure(name, values, draws):
    return {name: values.mean(), f"{name}_ci": ends(draws.means(values))}


def jump_row(layer, tokens, z, full, logp, draws):
    larger = (full > np.take_along_axis(full, tokens[:, None], axis=1)).sum(axis=1)
    row = {"layer": layer}
    for k in (1, 5, 10):
        row |= figure(f"p{k}", (larger < k).astype(float), draws)
    surprisal = -np.take_along_axis(logp, tokens[:, None], axis=1)[:, 0]
    kl = (np.exp(logp) * (logp - log_softmax(z, axis=1))).sum(axis=1)
    return row | figure("surprisal", surprisal, draws) | figure("kl", kl, draws)


def mean_jump(tokens, draws):
    """The mean over layers of whether the token is the last layer's, and its interval."""
    return figure("p1", (tokens[:-1] == tokens[-1]).mean(axis=0), draws)


def r2_with_interval(layer, got, want, texts):
    n = min(GROUPS, texts.max() + 1)
    without = [r2_score(want[texts % n != g], got[texts % n != g]) for g in range(n)]
    half = student.ppf(0.975, n - 1) * np.sqrt((n - 1) * np.var(without))
    r2 = r2_score(want, got)
    return {"layer": layer, "r2": r2, "r2_ci": [r2 - half, r2 + half]}


def threshold(positions, exit_position=None):
    """The part of the threshold that falls with the position, [rows]."""
    t = positions if exit_position is None else np.full(len(positions), exit_position)
    return 0.1 * np.exp(-TAU * t / (positions + 1).mean())


def exit_curve(grid, tokens, gaps, decay, draws):
    """tokens [L+1, rows], gaps [L+1, rows], decay [rows] -> one point per lambda; and the
    points of each draw, [points, 2, DRAWS]."""
    last, rows = len(tokens) - 1, np.arange(len(decay))
    curve, drawn = [], []
    for lam in grid:
        leaves = gaps > 0.9 * lam + decay
        leaves[0], leaves[last] = False, True
        at = leaves.argmax(axis=0)
        same = (tokens[at, rows] == tokens[last]).astype(float)
        curve.append({"lambda": lam} | figure("layers", at.astype(float), draws)
                     | figure("p1", same, draws))
        drawn.append([draws.means(at.astype(float)), draws.means(same)])
    return curve, np.array(drawn)


def blocks_saved(points, layers):
    points = sorted([tuple(p) for p in points] + [(float(layers), 1.0)])
    need = points[0][0]
    for (m0, p0), (m1, p1) in zip(points[-2::-1], points[:0:-1]):
        if p0 < TARGET:
            need = m0 + (TARGET - p0) / (p1 - p0) * (m1 - m0)
            break
    return layers - need


def saved(curve, drawn, layers):
    blocks = blocks_saved([(p["layers"], p["p1"]) for p in curve], layers)
    low, high = ends([blocks_saved(drawn[:, :, i], layers) for i in range(DRAWS)])
    scale = 100 / layers
    return {"blocks": blocks, "blocks_ci": [low, high],
            "percent": scale * blocks, "percent_ci": [scale * low, scale * high]}


def score(model, maps, grid, states, full, decay, texts):
    """The parts of one method."""
    draws = Draws(texts)
    L, logp = model.layers, log_softmax(full, axis=1)
    tokens = np.zeros((L + 1, len(full)), dtype=int)
    gaps = np.zeros((L + 1, len(full)))
    jump, r2_last = [], []
    for l in range(L + 1):
        z = full if l == L else model.read(maps[l, L](states[l]))
        tokens[l] = z.argmax(axis=1)
        second, first = np.partition(np.exp(log_softmax(z, axis=1)), (-2, -1))[:, -2:].T
        gaps[l] = first - second
        jump.append(jump_row(l, tokens[l], z, full, logp, draws))
        mapped = states[L] if l == L else maps[l, L](states[l])
        r2_last.append(r2_with_interval(l, mapped, states[L], texts))
    curve, drawn = exit_curve(grid, tokens, gaps, decay, draws)
    return {"r2": r2_matrix(maps, states), "r2_last": r2_last, "jump": jump,
            "jump_mean": mean_jump(tokens, draws), "exit": curve,
            "saved": saved(curve, drawn, L)}


# ---- experiments of more than one fit ----

VARIANTS = [("mat", False), ("mat", True), ("ridge", False), ("ridge", True)]


def final_maps(states, method, ridge, bias):
    return [linear_fit(h, states[-1], ridge if method == "ridge" else None, bias)
            for h in states[:-1]]


def precision_curve(model, maps, states, full):
    """precision@1 by layer, of maps to the last one; there it is 1."""
    rows = np.arange(len(full))
    top = [model.read(f(h)).argmax(axis=1) for f, h in zip(maps, states)]
    return [float((full <= full[rows, t][:, None]).all(axis=1).mean()) for t in top] + [1.0]


def least_eigenvalue(x):
    """Of the correlation matrix of the rows of x, those that the number of rows makes zero
    left out."""
    spread = x[:, x.std(axis=0) > 0]
    n = min(len(x) - 1, spread.shape[1])
    return np.linalg.eigvalsh(np.corrcoef(spread.T))[-n]


def grid(d, total):
    """d/4, d/2, d, 2d, 4d, 16d, 64d ... below total, and total."""
    at = [-(-d // 4) * 2 ** k for k in range(5)]
    while at[-1] < total:
        at.append(at[-1] * 4)
    return [n for n in at if n < total] + [total]


def training_size(model, series, val, ridge):
    """series {positions: training samples}. For each and each variant, at each number of
    vectors: means over the layers before the last of R2 and of precision@1 of the maps
    fitted on the first so many training vectors, over the vectors of val; and how well
    determined the fit is, the least eigenvalue of any layer's correlation matrix."""
    states, full = gather(model, val)[:2]
    result = []
    for positions, samples in series.items():
        train = gather(model, samples)[0]
        for method, bias in VARIANTS:
            points = []
            for n in grid(train.shape[2], train.shape[1]):
                maps = final_maps(train[:, :n], method, ridge, bias)
                curve = precision_curve(model, maps, states, full)
                points.append({
                    "vectors": n,
                    "least": min(least_eigenvalue(h) for h in train[:-1, :n]), "p1": np.mean(curve[:-1]),
                    "r2": np.mean([r2_score(states[-1], f(h))
                                   for f, h in zip(maps, states)])})
            result.append({"method": method, "ridge": ridge if method == "ridge" else 0.0,
                           "bias": bias, "positions": positions, "points": points})
    return rounded(result)


def transfer(model, samples, methods):
    """samples: of two texts, {"train": [...], "val": [...]}. methods {name: (ridge, bias)}.
    p1[fitted on][scored on] by layer, and its mean over the layers before the last."""
    train = [gather(model, s["train"])[0] for s in samples]
    val = [gather(model, s["val"])[:2] for s in samples]
    identity = [lambda h: h] * model.layers
    result = {}
    for name in [*methods, "id"]:
        maps = [identity if name == "id" else final_maps(t, name, *methods[name])
                for t in train]
        p1 = [[precision_curve(model, m, *v) for v in val] for m in maps]
        result[name] = {"p1": p1,
                        "p1_mean": [[np.mean(curve[:-1]) for curve in of] for of in p1]}
    return rounded(result)


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
             for part in ("r2", "r2_last", "jump", "jump_mean", "exit", "saved")}
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
