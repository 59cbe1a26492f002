# SPDX-License-Identifier: MIT
"""Write tests/golden/study: a second text, one position a text, and what the oracle says of
the training size and of other text on `tiny-gpt2`."""
import json
from pathlib import Path

import numpy as np

from oracle import read_samples, training_size, transfer
from reference import Model

HERE = Path(__file__).parent
STUDY = HERE / "study"
RIDGE, VAL_TEXTS = 0.01, 20


def whole_text(rng):
    ids = rng.integers(0, 61, rng.integers(1, 33)).tolist()
    return {"ids": ids, "positions": list(range(len(ids))), "split": "train"}


def one_position(sample, rng):
    at = int(rng.choice(sample["positions"]))
    return sample | {"ids": sample["ids"][:at + 1], "positions": [at]}


def other_text(rng, split):
    """Of few tokens, each mostly followed by the next one: unlike the uniform ids of
    eval/tiny.samples.jsonl."""
    n = int(rng.integers(4, 33))
    ids = (rng.integers(0, 12) + np.cumsum(rng.random(n) < 0.8)) % 12 + 20
    return {"ids": ids.tolist(), "positions": list(range(n)), "split": split}


def write(name, samples):
    text = "".join(json.dumps(s) + "\n" for s in samples)
    (STUDY / f"{name}.samples.jsonl").write_text(text)


def main():
    STUDY.mkdir(exist_ok=True)
    rng = np.random.default_rng(7)
    tiny = HERE / "eval" / "tiny.samples.jsonl"
    train, val = read_samples(tiny, "train"), read_samples(tiny, "val")
    whole = [whole_text(rng) for _ in range(60)]
    one = [one_position(s, rng) for s in whole]
    other = [other_text(rng, s) for s in ["train"] * 40 + ["val"] * 20]
    write("whole", whole)
    write("one", one)
    write("other", other)
    model = Model(HERE / "models" / "tiny-gpt2")
    texts = [{"train": train, "val": val},
             {s: [x for x in other if x["split"] == s] for s in ("train", "val")}]
    results = {
        "ridge": RIDGE, "val_texts": VAL_TEXTS,
        "training_size": training_size(model, {"one": one, "all": whole}, val[:VAL_TEXTS],
                                       RIDGE),
        "transfer": transfer(model, texts, {"mat": (None, False), "ridge": (RIDGE, True)})}
    (STUDY / "tiny.json").write_text(json.dumps(results, indent=1) + "\n")
    for s in results["training_size"]:
        print(s["positions"], s["method"], s["bias"], *(
            f"{p['vectors']}: {p['r2']:.4g} {p['p1']:.3f};" for p in s["points"]))
    print({m: t["p1_mean"] for m, t in results["transfer"].items()})


if __name__ == "__main__":
    main()
