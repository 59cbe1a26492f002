# SPDX-License-Identifier: MIT
"""Write tests/golden/eval: samples of random ids, and the oracle on tiny models."""
import json
from pathlib import Path

import numpy as np

from oracle import evaluate, table

HERE = Path(__file__).parent
EVAL = HERE / "eval"
VOCAB, CONTEXT, MASK = 61, 32, 4


def some_positions(rng):
    n = int(rng.integers(1, CONTEXT + 1))
    some = rng.permutation(n)[:rng.integers(1, n + 1)]
    return {"ids": rng.integers(0, VOCAB, n).tolist(), "positions": sorted(some.tolist())}


def some_masks(rng):
    """Masked tokens at positions 1..9 alone: states at tap 0 then span at most 9 of the 24
    dimensions."""
    ids = rng.integers(5, VOCAB, rng.integers(10, CONTEXT + 1))
    some = 1 + rng.permutation(9)[:rng.integers(1, 6)]
    ids[some] = MASK
    return {"ids": ids.tolist(), "positions": sorted(some.tolist())}


def write(name, model, sample, seed, **options):
    rng = np.random.default_rng(seed)
    samples = [sample(rng) | {"split": s} for s in ["train"] * 60 + ["val"] * 30]
    path = EVAL / f"{model.removesuffix('-gpt2')}.samples.jsonl"
    path.write_text("".join(json.dumps(s) + "\n" for s in samples))
    results = evaluate(HERE / "models" / model, path, **options)
    (EVAL / f"{name}.results.json").write_text(json.dumps(results, indent=1) + "\n")
    print(name, table(results), sep="\n")


def main():
    EVAL.mkdir(exist_ok=True)
    write("tiny", "tiny-gpt2", some_positions, seed=5)
    write("tiny-bert", "tiny-bert", some_masks, seed=6)
    write("tiny-bert-paper", "tiny-bert", some_masks, seed=6, exit_position=3)


if __name__ == "__main__":
    main()
