#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How much text a mean Jacobian takes: its error against the number of tokens.

    bench/jacobian.py [--jumpcut build/jumpcut] [--directions 32] MODEL TEXT

Prints |J - K| / |K| (Frobenius) for some layers, as a table: J by `fit --method jacobian` on 250,
500, ... 4000 tokens of every other line of TEXT, K on 16000 tokens of the lines between. K is of a
sample, too. Squared errors of two samples add up and go with 1 / tokens, so of what is printed the
share of K is taken out: error / sqrt(1 + tokens / 16000).
"""
import argparse
import array
import json
import math
import subprocess
import tempfile
import time
from pathlib import Path

TOKENS, MANY = (250, 500, 1000, 2000, 4000), 16000


def matrices(path):
    """The maps of a file of shortcuts, by layer."""
    data = Path(path).read_bytes()
    size = int.from_bytes(data[:8], "little")
    maps = {}
    for name, tensor in json.loads(data[8:8 + size]).items():
        if name.startswith("map."):
            begin, end = (8 + size + at for at in tensor["data_offsets"])
            maps[int(name.split(".")[1])] = array.array("f", data[begin:end])
    return maps


def fit(args, text, tokens, out):
    begin = time.monotonic()
    subprocess.run([args.jumpcut, "fit", args.model, "--text", text, "--method", "jacobian",
                    "--tokens", str(tokens), "--directions", str(args.directions),
                    "--out", out, "--quiet"], check=True)
    return matrices(out), time.monotonic() - begin


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jumpcut", default="build/jumpcut")
    parser.add_argument("--directions", type=int, default=32)
    parser.add_argument("model")
    parser.add_argument("text")
    args = parser.parse_args()
    lines = Path(args.text).read_bytes().splitlines(keepends=True)
    with tempfile.TemporaryDirectory() as tmp:
        texts = [f"{tmp}/few", f"{tmp}/many"]
        for i, path in enumerate(texts):
            Path(path).write_bytes(b"".join(lines[i::2]))
        many, _ = fit(args, texts[1], MANY, f"{tmp}/maps")
        layers = sorted({0, len(many) // 2, len(many) - 1})
        print("| tokens |" + "".join(f" layer {l} |" for l in layers) + " seconds |")
        print("|---" * (len(layers) + 2) + "|", flush=True)
        for tokens in TOKENS:
            few, seconds = fit(args, texts[0], tokens, f"{tmp}/maps")
            off = [math.dist(few[l], many[l]) / math.hypot(*many[l])
                   / math.sqrt(1 + tokens / MANY) for l in layers]
            print(f"| {tokens} |" + "".join(f" {x:.2f} |" for x in off) + f" {seconds:.0f} |",
                  flush=True)


if __name__ == "__main__":
    main()
