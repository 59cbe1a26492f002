#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Golden token ids of tiktoken's files and of tekken.json, by `tiktoken` (0.14.0).

    make_ranks_ids.py    writes tests/golden/tokenizer/ranks/

- ranks: the vocabulary of tokenizer/starcoder as "base64 rank" lines, to be read under several names.
- tekken.json: the same with Tekken's pattern and 20 special tokens before it, of which the file lists four.
- ranks.jsonl: a text and its ids by each name. Patterns are those that tiktoken (openai_public.py) and the models'
  own code give; special tokens of a name are found where they stand.
"""
import base64
import json
import os
import unicodedata

import tiktoken

HERE = os.path.dirname(os.path.abspath(__file__)) + "/tokenizer/"
LIKE = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
QWEN = LIKE + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
LLAMA3 = LIKE + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
CL100K = r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s"
R50K = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
END = r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
O200K = (rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+{LIKE}?|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*{LIKE}?" r"|\p{N}{1,3}" + END)
TEKKEN = rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*|\p{{N}}" + END
HU, HL = UPPER[:-1] + r"&&[^\p{Han}]]", LOWER[:-1] + r"&&[^\p{Han}]]"
KIMI = "|".join([r"[\p{Han}]+", rf"[^\r\n\p{{L}}\p{{N}}]?{HU}*{HL}+{LIKE}?", rf"[^\r\n\p{{L}}\p{{N}}]?{HU}+{HL}*{LIKE}?",
                 r"\p{N}{1,3}", r" ?[^\s\p{L}\p{N}]+[\r\n]*", r"\s*[\r\n]+", r"\s+(?!\S)", r"\s+"])
# name of the file: pattern, special tokens
NAMES = {
    "r50k_base.tiktoken": (R50K, {"<|endoftext|>": 50256}),
    "cl100k_base.tiktoken": (CL100K, {"<|endoftext|>": 100257, "<|fim_prefix|>": 100258, "<|fim_middle|>": 100259, "<|fim_suffix|>": 100260, "<|endofprompt|>": 100276}),
    "o200k_base.tiktoken": (O200K, {"<|endoftext|>": 199999, "<|endofprompt|>": 200018}),
    "qwen.tiktoken": (QWEN, {"<|endoftext|>": 151643, "<|im_start|>": 151644, "<|im_end|>": 151645}),
    "tokenizer.model": (LLAMA3, {"<|begin_of_text|>": 128000, "<|end_of_text|>": 128001, "<|eot_id|>": 128009}),
    "tiktoken.model": (KIMI, {}),
}
MORE = ["a<|endoftext|>b", "<|im_start|>user\nhi<|im_end|>", "<|begin_of_text|>The<|eot_id|>", "x<|fim_prefix|>y <|endofprompt|>",
        "\u300a's \u3001'll \u4e00's \u3005\u3007\u30a2\u30fc"]


def byte_chars():
    keep = [*range(33, 127), *range(161, 173), *range(174, 256)]
    chars = {b: chr(b) for b in keep}
    for n, b in enumerate(b for b in range(256) if b not in chars):
        chars[b] = chr(256 + n)
    return {c: b for b, c in chars.items()}


back = byte_chars()
vocab = json.load(open(HERE + "starcoder/tokenizer.json"))["model"]["vocab"]
ranks = {bytes(back[c] for c in t): i for i, t in enumerate(sorted(vocab, key=vocab.get))}
os.makedirs(HERE + "ranks", exist_ok=True)
with open(HERE + "ranks/ranks", "w") as f:
    for b, i in ranks.items():
        f.write(f"{base64.b64encode(b).decode()} {i}\n")
first = 20
tekken = dict(config=dict(pattern=TEKKEN, num_vocab_tokens=len(ranks) + 3, default_vocab_size=len(ranks) + first, default_num_special_tokens=first, version="v7"),
              vocab=[dict(rank=i, token_bytes=base64.b64encode(b).decode(), token_str=None) for b, i in ranks.items()]
              + [dict(rank=len(ranks) + i, token_bytes=base64.b64encode(b"too many%d" % i).decode(), token_str=None) for i in range(3)],
              special_tokens=[dict(rank=i, token_str=t, is_control=True) for i, t in enumerate(["<unk>", "<s>", "</s>", "[INST]"])])
json.dump(tekken, open(HERE + "ranks/tekken.json", "w"), separators=(",", ":"))
made = {n: tiktoken.Encoding(n, pat_str=p, mergeable_ranks=ranks, special_tokens=s) for n, (p, s) in NAMES.items()}
made["tekken.json"] = tiktoken.Encoding("tekken", pat_str=TEKKEN, mergeable_ranks=ranks, special_tokens={})
texts = [json.loads(x)["text"] for x in open(HERE + "pre.jsonl")] + MORE
with open(HERE + "ranks.jsonl", "w") as f:
    for text in texts:
        row = dict(text=text)
        for name, e in made.items():
            # so does the code of Qwen's tokenizer
            row[name] = e.encode(unicodedata.normalize("NFC", text) if "qwen" in name else text, allowed_special="all")
        row["tekken.json"] = [1] + [i + first for i in row["tekken.json"]]
        f.write(json.dumps(row, separators=(",", ":")) + "\n")
