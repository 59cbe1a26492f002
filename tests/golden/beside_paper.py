# SPDX-License-Identifier: MIT
"""`jumpcut study --paper` beside the arithmetic of the published method, by the clock.

    beside_paper.py [--jumpcut build/jumpcut] [--train 3000] [--val 1000] [--rounds 1]
                    [--threads 2] [--dtypes f32,bf16]

A random model of GPT-2's shape (12 x 768, 50,257 tokens) and sentences of JC_DATA. Both do the
same work on the same samples: states of one position of each text at all layers, least
squares without intercept between all 78 pairs of layers, R2 of each on the validation
texts, and precision@1 and surprisal of a jump from each layer to the end, by the maps and
by the identity. PyTorch runs texts of one length together, 32 at most, which is faster than
the published code's one at a time; scikit-learn's LinearRegression fits pair by pair in
float32, as published; r2_score scores. Loading the model, tokenizing and compiling count
for jumpcut alone. In alternation; medians over rounds, of seconds by the clock and of
processor seconds, which a loaded machine changes less.
"""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import torch
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from transformers import GPT2Config, GPT2LMHeadModel

DATA = Path(os.environ.get("JC_DATA", "../shared/data"))
TOGETHER = 32


def make_model(folder):
    torch.manual_seed(1)
    model = GPT2LMHeadModel(GPT2Config())
    with torch.no_grad():  # as they are, all weights are so small that layers hardly differ
        for block in model.transformer.h:
            block.attn.c_proj.weight.mul_(4)
            block.mlp.c_proj.weight.mul_(4)
    model.save_pretrained(folder)
    for file in (DATA / "tokenizers/gpt2").iterdir():
        shutil.copy(file, folder)
    return model.eval()


def gather(model, samples):
    """States [taps, rows, d] at the position of each sample."""
    order = sorted(range(len(samples)), key=lambda i: len(samples[i]["ids"]))
    taps, d = model.config.n_layer + 1, model.config.n_embd
    last = {}  # transformers' last state is after the final norm: the last block's is taken
    model.transformer.h[-1].register_forward_hook(
        lambda m, i, o: last.update(h=o[0] if isinstance(o, tuple) else o))
    states = torch.empty(taps, len(samples), d)
    while order:
        n = len(samples[order[0]]["ids"])
        some = [i for i in order[:TOGETHER] if len(samples[i]["ids"]) == n]
        order = order[len(some):]
        ids = torch.tensor([samples[i]["ids"] for i in some])
        at = [samples[i]["positions"][0] for i in some]
        hidden = model.transformer(ids, output_hidden_states=True).hidden_states
        hidden = list(hidden[:-1]) + [last["h"]]
        for tap in range(taps):
            states[tap, some] = hidden[tap][range(len(some)), at]
    return states


def published(model, samples):
    """Seconds of each stage."""
    train = [s for s in samples if s["split"] == "train"]
    val = [s for s in samples if s["split"] == "val"]
    begun = time.perf_counter()
    states, held = gather(model, train).numpy(), gather(model, val)
    passes = time.perf_counter()
    taps = len(held)
    maps = {(i, j): LinearRegression(fit_intercept=False).fit(states[i], states[j])
            for i in range(taps) for j in range(i + 1, taps)}
    fitted = time.perf_counter()
    mapped = {(i, j): torch.from_numpy(m.predict(held[i].numpy()))
              for (i, j), m in maps.items()}
    for (i, j), h in mapped.items():
        r2_score(held[j].numpy(), h.numpy())
    read = lambda h: model.lm_head(model.transformer.ln_f(h))
    full = torch.log_softmax(read(held[-1]), -1)
    own, hits = full.argmax(-1), 0
    for i in range(taps - 1):
        for h in (held[i], mapped[i, taps - 1]):
            top = read(h).argmax(-1)
            hits += (top == own).float().mean() - full.gather(-1, top[:, None]).mean()
    scored = time.perf_counter()
    return {"passes": passes - begun, "fits": fitted - passes, "scores": scored - fitted}


def measure(call):
    """Seconds by the clock and of processors, children included, and what it returns."""
    before, start = os.times(), time.perf_counter()
    result = call()
    clock, after = time.perf_counter() - start, os.times()
    return clock, sum(after[:4]) - sum(before[:4]), result


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--jumpcut", default="build/jumpcut")
    parser.add_argument("--train", type=int, default=3000)
    parser.add_argument("--val", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--dtypes", default="f32,bf16")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.set_grad_enabled(False)
    times = {}

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        model = make_model(path / "model")
        for _ in range(args.rounds):
            for dtype in args.dtypes.split(","):
                command = [args.jumpcut, "study", path / "model", "--text",
                           DATA / "text/wiki-sentences.txt", "--paper", "--train",
                           str(args.train), "--val", str(args.val), "--dtype", dtype,
                           "--no-parts", "--no-schedules", "--no-training-size",
                           "--threads", str(args.threads), "--quiet", "--out", path / "study",
                           "--force"]
                times.setdefault(dtype, []).append(measure(lambda: subprocess.run(
                    command, check=True, stdout=subprocess.DEVNULL))[:2])
            samples = [json.loads(line) for line in open(path / "study/samples.jsonl")]
            clock, cpu, stages = measure(lambda: published(model, samples))
            times.setdefault("published", []).append((clock, cpu))
            print({k: round(v, 1) for k, v in stages.items()}, flush=True)
        tokens = sum(len(s["ids"]) for s in samples)
    median = {k: [statistics.median(t) for t in zip(*v)] for k, v in times.items()}
    print(f"{args.train} + {args.val} texts, {tokens} tokens, {args.rounds} rounds")
    for name, (clock, cpu) in median.items():
        base = median["published"]
        print(f"{name}: {clock:.1f} s, processors {cpu:.1f} s: "
              f"{base[0] / clock:.2f} and {base[1] / cpu:.2f} times as fast")


if __name__ == "__main__":
    main()
