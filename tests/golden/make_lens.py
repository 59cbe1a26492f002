# SPDX-License-Identifier: MIT
"""Write tests/golden/lens: what `jumpcut lens --format json` must say of tiny models, from
the definitions, in float64.

Of each map, tap and column, with z the logits read out of the mapped state, q = softmax(z),
p = softmax of the model's own logits and the answer the token of their largest:
guesses and their q, the rank 1 + #{z > z[answer]}, entropy -sum q ln q, and
kl sum p ln(p / q). settled: the first tap from which on the first guess is the answer.
The maps called "made" are those of made_map() below; tests/lens/test_lens.c has the same.
"""
import json
from pathlib import Path

import numpy as np
from scipy.special import log_softmax

from reference import Model

HERE = Path(__file__).parent
TOP, MASK = 5, 4


def made_map(layer, d):
    r, c = np.mgrid[:d, :d]
    w = 0.6 * (r == c) + 0.2 * np.sin(1 + layer + 3 * r + 7 * c)
    return w, 0.1 * np.cos(layer + np.arange(d))


def read_map(model, states, mapped):
    full = log_softmax(model.read(states[-1]), axis=1)
    answers = full.argmax(1)
    out = {name: [] for name in ("rank", "entropy", "kl", "guesses", "p")}
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
    first = np.array(out["guesses"])[:, :, 0] == answers
    later = np.logical_and.accumulate(first[::-1])[::-1]
    return {"settled": later.argmax(0).tolist()} | out, answers.tolist()


def write(name, seed, masks=None):
    model = Model(HERE / "models" / name)
    rng = np.random.default_rng(seed)
    ids = rng.integers(5, model.vocab, 20)
    positions = list(range(len(ids))) if masks is None else masks
    if masks is not None:
        ids[masks] = MASK
    states = model.run(ids)[0][:, positions]
    made = []
    for layer, h in enumerate(states[:-1]):
        w, b = made_map(layer, model.width)
        made.append(h @ w.astype(np.float32).astype(np.float64).T + b.astype(np.float32))
    maps = {}
    maps["id"], answers = read_map(model, states, states)
    maps["made"], _ = read_map(model, states, [*made, states[-1]])
    text = json.dumps({"ids": ids.tolist(), "positions": positions, "answers": answers,
                       "maps": maps})
    (HERE / "lens" / f"{name}.json").write_text(text + "\n")


def main():
    (HERE / "lens").mkdir(exist_ok=True)
    write("tiny-gpt2", seed=7)
    write("tiny-bert", seed=8, masks=[2, 9, 17])


if __name__ == "__main__":
    main()
