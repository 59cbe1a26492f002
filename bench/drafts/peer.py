#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Decode of jumpcut, plainly and with drafts, beside llama.cpp, plainly and by prompt lookup.

    bench/drafts/peer.py MODEL.gguf TEXT... [--drafts ngram auto ...] [--temperatures 0 0.8] [--prompts 20]
                         [--shortcuts FILE] [--policy FILE] [--jumpcut build/jumpcut] [--lookup 10] [--threads N]

Prompts of 64 tokens of each text, 128 tokens after each, in alternation. Medians over prompts of tokens a second
from the first new token to the last, and of what that is times plain decode of each program; and how many texts are
those that the same program writes plainly. Needs llama-cpp-python; says so and ends with 0 where it is missing.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time

try:
    import llama_cpp
    from llama_cpp.llama_speculative import LlamaPromptLookupDecoding
except ImportError as missing:
    print(f"bench: skipped drafts/peer.py: {missing}", file=sys.stderr)
    sys.exit(0)

PROMPT, TOKENS, WINDOW = 64, 128, 512


def open_peer(args, draft=None):
    return llama_cpp.Llama(args.model, n_ctx=PROMPT + TOKENS + 64, n_batch=PROMPT, logits_all=draft is not None,
                           n_threads=args.threads, n_threads_batch=args.threads, draft_model=draft, verbose=False)


def read_prompts(args, model):
    """Texts whose first 64 tokens are prompts: those tokens, decoded."""
    prompts = []
    for path in args.texts:
        with open(path, "rb") as file:
            ids = model.tokenize(file.read(400000), add_bos=False)
        starts = range(0, len(ids) - WINDOW, WINDOW)[:args.prompts]
        prompts += [model.detokenize(ids[at:at + PROMPT - 1]).decode("utf-8", "ignore").strip() for at in starts]
    return prompts


def run_peer(model, prompt, warm):
    """Tokens a second, and the text."""
    model.reset()
    ids, out, first, last = model.tokenize(prompt.encode()), [], 0, 0
    for token in model.generate(ids, temp=warm, top_k=0, top_p=1.0, min_p=0.0, repeat_penalty=1.0):
        last = time.perf_counter()
        first = first or last
        if token == model.token_eos():
            break
        out.append(token)
        if len(out) == TOKENS:
            break
    text = model.detokenize(out).decode("utf-8", "replace")
    return (len(out) - 1) / (last - first) if len(out) > 1 else None, text


def run_jumpcut(args, prompt, warm, more):
    words = [args.jumpcut, "generate", args.model] + ([args.shortcuts] if args.shortcuts and more else [])
    done = subprocess.run(words + ["--prompt", prompt, "--tokens", str(TOKENS), "--threads", str(args.threads),
                                   "--temperature", str(warm), "--format", "json", "--quiet", *more],
                          capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    t, text = told["timings"], told["sequences"][0]["text"]
    return t["decoded_tokens"] / t["decode_seconds"] if t["decoded_tokens"] else None, text


def times(rates, base):
    gains = [r / b for r, b in zip(rates, base) if r and b]
    return f"{statistics.median(gains):.2f}" if gains else "-"


def measure(args, ways, prompts, warm):
    rates, texts = {way: [] for way in ways}, {way: [] for way in ways}
    for prompt in prompts:
        for way, run in ways.items():
            rate, text = run(prompt, warm)
            rates[way].append(rate)
            texts[way].append(text)
    print(f"\ntemperature {warm:g}, {len(prompts)} prompts")
    print(f"{'':28}{'tokens/s':>10}{'x llama.cpp':>13}{'x jumpcut':>11}   texts as written plainly")
    for way, own in rates.items():
        plain = "jumpcut" if way.startswith("jumpcut") else "llama.cpp"
        same = sum(a == b for a, b in zip(texts[way], texts[plain]))
        known = [r for r in own if r]
        print(f"{way:28}{statistics.median(known) if known else 0:10.1f}{times(own, rates['llama.cpp']):>13}"
              f"{times(own, rates['jumpcut']):>11}   {same} of {len(prompts)}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("model")
    parser.add_argument("texts", nargs="+")
    parser.add_argument("--jumpcut", default="build/jumpcut")
    parser.add_argument("--prompts", type=int, default=20, help="of each text")
    parser.add_argument("--drafts", nargs="+", default=["ngram", "recycle", "auto"])
    parser.add_argument("--temperatures", nargs="+", type=float, default=[0])
    parser.add_argument("--policy", help="of tune: one more way to draft")
    parser.add_argument("--shortcuts")
    parser.add_argument("--lookup", type=int, default=10)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    args = parser.parse_args()
    plain, lookup = open_peer(args), open_peer(args, LlamaPromptLookupDecoding(num_pred_tokens=args.lookup))
    ways = {"llama.cpp": lambda *at: run_peer(plain, *at),
            "llama.cpp, prompt lookup": lambda *at: run_peer(lookup, *at),
            "jumpcut": lambda *at: run_jumpcut(args, *at, [])}
    more = [["--draft", draft] for draft in args.drafts] + ([["--policy", args.policy]] if args.policy else [])
    for words in more:
        name = words[1] if words[0] == "--draft" else "policy"
        ways[f"jumpcut, {name}"] = lambda *at, words=words: run_jumpcut(args, *at, words)
    for warm in args.temperatures:
        measure(args, ways, read_prompts(args, plain), warm)


if __name__ == "__main__":
    main()
