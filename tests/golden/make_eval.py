# SPDX-License-Identifier: MIT
"""Write tests/golden/eval: samples of random ids, and what the oracle says of tiny-gpt2."""
import json
from pathlib import Path

import numpy as np

from oracle import evaluate, table

HERE = Path(__file__).parent
EVAL = HERE / "eval"
VOCAB, CONTEXT = 61, 32


def random_sample(rng, split):
    n = int(rng.integers(1, CONTEXT + 1))
    some = rng.permutation(n)[:rng.integers(1, n + 1)]
    return {"ids": rng.integers(0, VOCAB, n).tolist(), "positions": sorted(some.tolist()),
            "split": split}


def main():
    rng = np.random.default_rng(5)
    EVAL.mkdir(exist_ok=True)
    samples = [random_sample(rng, split) for split in ["train"] * 60 + ["val"] * 30]
    path = EVAL / "tiny.samples.jsonl"
    path.write_text("".join(json.dumps(s) + "\n" for s in samples))
    results = evaluate(HERE / "models" / "tiny-gpt2", path)
    (EVAL / "tiny.results.json").write_text(json.dumps(results, indent=1) + "\n")
    print(table(results))


if __name__ == "__main__":
    main()
