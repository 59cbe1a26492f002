#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Golden token ids of tokenizer folders with files beside the vocabulary, by `transformers`
(4.57.1, with tokenizers 0.22.2 and sentencepiece 0.2.3).

    make_beside_ids.py    writes tests/golden/tokenizer/beside.jsonl

A line is a folder: `take`, files of the folder `base` of tests/golden/tokenizer; `files`, those
written beside them; and `ids`, those of the texts on the first line, by the fast tokenizer. Null
where the slow one, if there is one, has other ids: then there is no right answer.
"""
import json
import logging
import os
import shutil
import tempfile
import warnings

import sentencepiece
from transformers import AutoTokenizer

logging.disable(logging.CRITICAL)
warnings.simplefilter("ignore")
HERE = os.path.dirname(os.path.abspath(__file__)) + "/tokenizer/"
TEXTS = ["<|user|> the river", "the <|user|>  <tool>ice", "<s>In winter", "a<pad>b <pad> c", " the <tool> ", "The <Tool> the",
         "x<|user|><|user|> <mask>", "[PAD] <unk> [E1]x [e1]", "in<|a|>the<|b|> river", "  two", "the the",
         "don't you're  I'll 123 1234\n\n x", "(((the", "\u00e9 \u00c9 \ufb01 \u00c5"]
rows = []


def entry(s, **k):
    return dict(content=s, lstrip=False, normalized=False, rstrip=False, single_word=False, special=True) | k


def ids(folder, fast):
    t = AutoTokenizer.from_pretrained(folder, use_fast=fast)
    return [t(x)["input_ids"] for x in TEXTS] if t.is_fast == fast else None


def row(name, base, take, config, **files):
    files = {k.replace("_json", ".json"): json.dumps(v) for k, v in (files | dict(tokenizer_config_json=config)).items()}
    with tempfile.TemporaryDirectory() as folder:
        for f in take:
            shutil.copy(HERE + base + "/" + f, folder + "/" + f)
        for f, text in files.items():
            open(folder + "/" + f, "w").write(text)
        fast, slow = ids(folder, True), ids(folder, False)
    right = [a if slow is None or a == b else None for a, b in zip(fast, slow or fast)]
    rows.append(dict(name=name, base=base, take=take, files=files, ids=right))


def whole(base):
    """tokenizer.json and what its configuration adds."""
    def one(name, config={}, **files):
        row(f"{base}/{name}", base, ["tokenizer.json"], dict(tokenizer_class="PreTrainedTokenizerFast") | config, **files)

    def decoder(**k):
        return dict(added_tokens_decoder={i[1:]: t for i, t in k.items()})
    one("plain")
    one("decoder", decoder(_9000=entry("<|user|>"), _9001=entry("<tool>", special=False)))
    one("normalized", decoder(_9000=entry("<|user|>", normalized=True, special=False), _9001=entry("<Tool>", special=False, normalized=True)))
    one("strips", decoder(_9000=entry("<|user|>", rstrip=True), _9001=entry("<tool>", lstrip=True), _9005=entry("the", single_word=True)))
    one("order", decoder(_9010=entry("<|user|>"), _9002=entry("<tool>")))
    one("roles", dict(pad_token="<pad>", mask_token="<mask>", additional_special_tokens=["<|user|>", "<|a|>"]))
    one("all-roles", dict(pad_token="<pad>", sep_token="<|b|>", cls_token="<|a|>", mask_token="<mask>") | decoder(_9010=entry("<mask>", lstrip=True)))
    one("map", special_tokens_map_json=dict(pad_token=entry("<pad>", lstrip=True), additional_special_tokens=["<|user|>"]))
    one("added", added_tokens_json={"<|user|>": 9000, "<tool>": 9001})
    one("both", decoder(_9010=entry("<|user|>")), added_tokens_json={"<tool>": 9001})
    if base == "tiny":
        one("prefix", dict(add_prefix_space=True))
        one("no-prefix", dict(add_prefix_space=False))


def merges(cls):
    n = len(json.load(open(HERE + "tiny/vocab.json")))
    end = "<|endoftext|>"

    def one(name, config={}, **files):
        row(f"{cls}/{name}", "tiny", ["vocab.json", "merges.txt"], dict(tokenizer_class=cls, unk_token=end, bos_token=end, eos_token=end) | config, **files)
    one("plain")
    one("decoder", dict(added_tokens_decoder={str(n): entry("<|user|>"), str(n + 1): entry("<tool>", special=False)}))
    one("normalized", dict(added_tokens_decoder={str(n): entry("<|user|>", normalized=True, special=False), str(n + 1): entry("<tool>", special=False, lstrip=True)}))
    one("roles", dict(pad_token="<pad>", mask_token="<mask>", additional_special_tokens=["<|user|>", "<|a|>"]))
    one("map", special_tokens_map_json=dict(pad_token=entry("<pad>", lstrip=True), additional_special_tokens=["<|user|>"]))
    one("added", added_tokens_json={"<|user|>": n, "<tool>": n + 1})
    if cls == "GPT2Tokenizer":
        one("prefix", dict(add_prefix_space=True))
        one("bos", dict(add_bos_token=True))


def words(lower):
    n = sum(1 for _ in open(HERE + "wiki-bert/vocab.txt"))

    def one(name, config={}, **files):
        row(f"bert-{lower}/{name}", "wiki-bert", ["vocab.txt"], dict(tokenizer_class="BertTokenizer", do_lower_case=lower) | config, **files)
    one("plain")
    one("decoder", dict(added_tokens_decoder={str(n): entry("<|user|>"), str(n + 1): entry("<Tool>", special=False), str(n + 2): entry("[E1]", special=False, normalized=True)}))
    one("added", dict(additional_special_tokens=["<Tool>"]), added_tokens_json={"<|user|>": n, "<Tool>": n + 1, "[E1]": n + 2})
    one("roles", dict(bos_token="<s>", additional_special_tokens=["<|user|>", "<|a|>"]))


def pieces(base, cls):
    sp = sentencepiece.SentencePieceProcessor(HERE + base + "/tokenizer.model")
    n = sp.get_piece_size()
    for legacy in (True, False):
        for prefix in (None, True, False):
            how = dict(tokenizer_class=cls, unk_token=sp.id_to_piece(sp.unk_id()), eos_token=sp.id_to_piece(sp.eos_id()), legacy=legacy)
            if prefix is not None:
                how["add_prefix_space"] = prefix

            def one(name, config={}, **files):
                row(f"{base}-{legacy}-{prefix}/{name}", base, ["tokenizer.model"], how | config, **files)
            one("plain")
            one("decoder", dict(added_tokens_decoder={str(n): entry("<|user|>"), str(n + 1): entry("<tool>", special=False), str(n + 2): entry("<mask>", lstrip=True)}))
            one("added", dict(additional_special_tokens=["<tool>"]), added_tokens_json={"<|user|>": n, "<tool>": n + 1})


for base in ("tiny", "llama-json", "bert-added", "t5-json", "qwen2"):
    whole(base)
for cls in ("GPT2Tokenizer", "Qwen2Tokenizer"):
    merges(cls)
for lower in (True, False):
    words(lower)
pieces("llama", "LlamaTokenizer")
pieces("gemma", "GemmaTokenizer")
with open(HERE + "beside.jsonl", "w") as f:
    for x in [dict(texts=TEXTS)] + rows:
        f.write(json.dumps(x, separators=(",", ":")) + "\n")
print(len(rows), "folders;", sum(i is None for r in rows for i in r["ids"]), "texts without an answer")
