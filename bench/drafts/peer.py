#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Greedy decode of jumpcut, plainly and with drafts, beside llama.cpp, plainly and by prompt lookup.

    bench/drafts/peer.py MODEL.gguf TEXT... [--jumpcut build/jumpcut] [--prompts 20] [--policy FILE]
                         [--shortcuts FILE] [--draft auto] [--lookup 10] [--threads N]

Prompts of 64 tokens, 128 after each, in alternation; the median over prompts of tokens a second
from the first new token to the last, and how many texts are equal. Needs llama-cpp-python; says
so and ends with 0 where it is missing.
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

PROMPT, TOKENS = 64, 128


def open_peer(args, draft=None):
    return llama_cpp.Llama(args.model, n_ctx=PROMPT + TOKENS + 64, n_batch=PROMPT, logits_all=draft is not None,
                           n_threads=args.threads, n_threads_batch=args.threads, draft_model=draft, verbose=False)


def read_prompts(args, model):
    """Texts whose first 64 tokens are prompts: those tokens, decoded."""
    prompts = []
    for path in args.texts:
        ids, with_bos = model.tokenize(open(path, "rb").read(400000), add_bos=False), []
        for at in range(0, len(ids) - 512, 512):
            with_bos.append(model.detokenize(ids[at:at + PROMPT - 1]).decode("utf-8", "ignore").strip())
        prompts += with_bos[:args.prompts]
    return prompts


def run_peer(model, prompt):
    """Tokens a second, and the text."""
    model.reset()
    ids, out, first = model.tokenize(prompt.encode()), [], 0
    for token in model.generate(ids, temp=0.0, repeat_penalty=1.0):
        first = first or time.perf_counter()
        if token == model.token_eos():
            break
        out.append(token)
        if len(out) == TOKENS:
            break
    took = time.perf_counter() - first
    return (len(out) - 1) / took if len(out) > 1 else None, model.detokenize(out).decode("utf-8", "replace")


def run_jumpcut(args, prompt, more):
    words = [args.jumpcut, "generate", args.model] + ([args.shortcuts] if args.shortcuts and more else [])
    done = subprocess.run(words + ["--prompt", prompt, "--tokens", str(TOKENS), "--threads", str(args.threads),
                                   "--format", "json", *more], capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    t, text = told["timings"], told["sequences"][0]["text"]
    return t["decoded_tokens"] / t["decode_seconds"] if t["decoded_tokens"] else None, text


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model")
    parser.add_argument("texts", nargs="+")
    parser.add_argument("--jumpcut", default="build/jumpcut")
    parser.add_argument("--prompts", type=int, default=20)
    parser.add_argument("--policy")
    parser.add_argument("--shortcuts")
    parser.add_argument("--draft", default="auto")
    parser.add_argument("--lookup", type=int, default=10)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    args = parser.parse_args()
    plain, lookup = open_peer(args), open_peer(args, LlamaPromptLookupDecoding(num_pred_tokens=args.lookup))
    more = ["--policy", args.policy] if args.policy else ["--draft", args.draft]
    ways = {"llama.cpp": lambda p: run_peer(plain, p), "llama.cpp, prompt lookup": lambda p: run_peer(lookup, p),
            "jumpcut": lambda p: run_jumpcut(args, p, []), f"jumpcut {' '.join(more)}": lambda p: run_jumpcut(args, p, more)}
    rates, texts = {way: [] for way in ways}, {way: [] for way in ways}
    for prompt in read_prompts(args, plain):
        for way, run in ways.items():
            rate, text = run(prompt)
            rates[way].append(rate)
            texts[way].append(text)
    base = rates["llama.cpp"]
    for way, all_rates in rates.items():
        known = [r for r in all_rates if r]
        gains = [r / b for r, b in zip(all_rates, base) if r and b]
        same = sum(a == b for a, b in zip(texts[way], texts["llama.cpp"]))
        print(f"{way:32} {statistics.median(known):8.1f} tokens/s, {statistics.median(gains):.2f} times llama.cpp; "
              f"{same} of {len(base)} texts are its own")


if __name__ == "__main__":
    main()
