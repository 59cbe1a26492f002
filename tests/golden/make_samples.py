# SPDX-License-Identifier: MIT
"""Sentences as samples, by the tokenizers package: every position of every text.

    make_samples.py MODEL sentences.txt --train 300 --val 100 > samples.jsonl

MODEL holds a byte-level BPE as vocab.json and merges.txt; one text a line, cut at the
model's context; the first texts are for training, the next for validation.
"""
import argparse
import json
from pathlib import Path

from tokenizers import ByteLevelBPETokenizer


def main():
    args = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    args.add_argument("model", type=Path)
    args.add_argument("text", type=Path)
    args.add_argument("--train", type=int, required=True)
    args.add_argument("--val", type=int, required=True)
    args = args.parse_args()
    tokenizer = ByteLevelBPETokenizer(str(args.model / "vocab.json"),
                                      str(args.model / "merges.txt"))
    context = json.loads((args.model / "config.json").read_text())["n_positions"]
    lines = [line for line in args.text.read_text().split("\n") if line.strip()]
    for k, line in enumerate(lines[:args.train + args.val]):
        ids = tokenizer.encode(line).ids[:context]
        print(json.dumps({"ids": ids, "positions": list(range(len(ids))),
                          "split": "train" if k < args.train else "val"}))


if __name__ == "__main__":
    main()
