#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tokens a second of jumpcut and of llama.cpp on the same files with the same threads.

    bench/peer.py [--jumpcut build/jumpcut] [--rounds 3] [--threads N] [MODEL.gguf ...]

Without models: random Llama-type files of 12 blocks 2048 wide in F16, Q8_0 and Q4_K, written to
a temporary folder, and Gemma 3 270M where JC_MODELS (~/.cache/jumpcut/models) has it. A prompt of
512 tokens and 128 tokens after it, in alternation; medians over rounds. Needs numpy, gguf and
llama-cpp-python; says so and ends with 0 where one is missing.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

try:
    import gguf
    import llama_cpp
    import numpy as np
except ImportError as missing:
    print(f"bench: skipped peer.py: {missing}", file=sys.stderr)
    sys.exit(0)

LAYERS, WIDTH, HEADS, KV_HEADS, FF, VOCAB, PROMPT, TOKENS = 12, 2048, 16, 4, 5632, 32000, 512, 128
WORD = "a"  # of which the prompts are made; one token each in the random files


def quantised(rng, kind, rows, columns):
    """A random matrix as the file stores it; of Q4_K only the scales are chosen."""
    if kind == "q4_k":
        blocks = rng.integers(0, 256, (rows, columns // 256, 144), dtype=np.uint8)
        halves = np.array([4e-4, 3e-3], np.float16).view(np.uint8)  # d, and what is subtracted
        blocks[..., :4] = halves
        return blocks.reshape(rows, -1), gguf.GGMLQuantizationType.Q4_K
    x = (rng.standard_normal((rows, columns), dtype=np.float32) * 0.02).astype(np.float32)
    if kind == "f16":
        return x.astype(np.float16), None
    return gguf.quants.quantize(x, gguf.GGMLQuantizationType.Q8_0), gguf.GGMLQuantizationType.Q8_0


def write_model(path, kind):
    rng = np.random.default_rng(8)
    out = gguf.GGUFWriter(path, "llama")
    out.add_context_length(1024)
    out.add_embedding_length(WIDTH)
    out.add_block_count(LAYERS)
    out.add_feed_forward_length(FF)
    out.add_head_count(HEADS)
    out.add_head_count_kv(KV_HEADS)
    out.add_rope_dimension_count(WIDTH // HEADS)
    out.add_layer_norm_rms_eps(1e-5)
    out.add_vocab_size(VOCAB)
    out.add_tokenizer_model("llama")
    tokens = [b"<unk>", b"<s>", b"</s>"] + [f"<0x{i:02X}>".encode() for i in range(256)]
    types = [2, 3, 3] + [6] * 256
    tokens += [("\u2581" + WORD).encode(), WORD.encode(), "\u2581".encode()]
    tokens += [f"token{i}".encode() for i in range(len(tokens), VOCAB)]
    types += [1] * (VOCAB - len(types))
    out.add_token_list(tokens)
    out.add_token_scores([-float(i) for i in range(VOCAB)])
    out.add_token_types(types)
    out.add_bos_token_id(1)
    out.add_eos_token_id(2)
    out.add_unk_token_id(0)

    def matrix(name, rows, columns):
        data, raw = quantised(rng, kind, rows, columns)
        out.add_tensor(name, data, raw_dtype=raw)

    kv = WIDTH // HEADS * KV_HEADS
    ones = np.ones(WIDTH, np.float32)
    matrix("token_embd.weight", VOCAB, WIDTH)
    for layer in range(LAYERS):
        at = f"blk.{layer}."
        out.add_tensor(at + "attn_norm.weight", ones)
        out.add_tensor(at + "ffn_norm.weight", ones)
        matrix(at + "attn_q.weight", WIDTH, WIDTH)
        matrix(at + "attn_k.weight", kv, WIDTH)
        matrix(at + "attn_v.weight", kv, WIDTH)
        matrix(at + "attn_output.weight", WIDTH, WIDTH)
        matrix(at + "ffn_gate.weight", FF, WIDTH)
        matrix(at + "ffn_up.weight", FF, WIDTH)
        matrix(at + "ffn_down.weight", WIDTH, FF)
    out.add_tensor("output_norm.weight", ones)
    matrix("output.weight", VOCAB, WIDTH)
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()


class Peer:
    def __init__(self, path, threads):
        self.model = llama_cpp.Llama(path, n_ctx=PROMPT + TOKENS + 8, n_batch=PROMPT,
                                     n_threads=threads, n_threads_batch=threads, verbose=False)
        word = self.model.tokenize((" " + WORD).encode(), add_bos=False)[:1]
        self.ids = [max(self.model.token_bos(), 0)] + word * (PROMPT - 1)

    def run(self):
        """Tokens a second of the prompt, and after it (greedy, whatever is drawn)."""
        self.model.reset()
        start = time.perf_counter()
        self.model.eval(self.ids)
        self.model.sample(temp=0.0)
        first = time.perf_counter()
        for _ in range(TOKENS):
            self.model.eval([self.model.sample(temp=0.0)])
        return PROMPT / (first - start), TOKENS / (time.perf_counter() - first)


def run_jumpcut(program, path, threads):
    """The same of jumpcut, a process of its own each time."""
    prompt = " ".join([WORD] * (PROMPT - 1))
    done = subprocess.run(
        [program, "generate", path, "--prompt", prompt, "--tokens", str(TOKENS + 1), "--threads",
         str(threads), "--format", "json"], capture_output=True, text=True, check=True)
    t = json.loads(done.stdout)["timings"]
    if not t["decoded_tokens"]:
        sys.exit(f"bench: '{path}': the text ended after its first token")
    return (t["prompt_tokens"] / t["first_token_seconds"],
            t["decoded_tokens"] / t["decode_seconds"])


def compare(args, path):
    peer = Peer(path, args.threads)
    runs = {"jumpcut": [], "llama.cpp": []}
    for _ in range(args.rounds):
        runs["jumpcut"].append(run_jumpcut(args.jumpcut, path, args.threads))
        runs["llama.cpp"].append(peer.run())
    name = os.path.basename(path)
    for i, what in enumerate(("prompt", "decode")):
        ours, theirs = (statistics.median(r[i] for r in runs[who]) for who in runs)
        print(f"{name:28} {what} {ours:8.1f} tokens/s, llama.cpp {theirs:8.1f}, "
              f"ratio {ours / theirs:.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--jumpcut", default="build/jumpcut")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("models", nargs="*")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        models = args.models
        if not models:
            for kind in ("f16", "q8_0", "q4_k"):
                models.append(os.path.join(folder, f"llama-{kind}.gguf"))
                write_model(models[-1], kind)
            gemma = os.path.join(os.environ.get("JC_MODELS", os.path.expanduser(
                "~/.cache/jumpcut/models")), "gemma-3-270m-q4_k_m.gguf")
            models += [gemma] if os.path.exists(gemma) else []
        for model in models:
            compare(args, model)


if __name__ == "__main__":
    main()
