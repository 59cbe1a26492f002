# SPDX-License-Identifier: MIT
"""Golden token ids of kinds of tokenizer.json that few published models have, made by the
`tokenizers` package (0.23.3):

    make_kind_ids.py

writes tests/golden/tokenizer/kind-<name>/tokenizer.json, small, and kinds.jsonl, the ids of
strings by each and the texts they decode to.
"""
import json
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers

OUT = Path(__file__).parent / "tokenizer"
WORDS = ["<unk>", "the", "a", "b", "ab", "1", "-", ",", "é", "x1", "aⒶ", "a\u200db", "🅰"]
PIECES = [("<unk>", 0.0), ("▁", -2.0), ("▁the", -3.0), ("t", -5.0), ("h", -5.0), ("e", -5.0),
          ("a", -4.5), ("b", -4.6), ("ab", -8.0), ("▁a", -4.0), ("é", -6.0), (" ", -3.0)]
STRINGS = ["", " ", "the", "the a b", "a-b-ab", "a--b", "-", "é the", "x1,ab", "a\u200db the", "aⒶ", "🅰 a",
           "a\u200db\u200c", "\x01a\x08b\x7f", "a\tb\nc", "a\u200bb\ufeff", "\ufffda", "▁the", "a▁b", "a\u0085b",
           "<unk>", "a<unk>b", "Ж<unk>", "<unk>Ж the", "Ж<unk><unk>ab", "ЖИ", "[X] sp a", "[X]  sp ", "the sp  sp b",
           "a [X]", "[X]\n sp \ta"]


def words(pre):
    tok = Tokenizer(models.WordLevel({w: i for i, w in enumerate(WORDS)}, unk_token="<unk>"))
    tok.pre_tokenizer = pre
    return tok


def unigram(fallback=False):
    pieces = PIECES + [(f"<0x{i:02X}>", -20.0) for i in range(256) if fallback]
    tok = Tokenizer(models.Unigram(pieces, 0, fallback))
    tok.pre_tokenizer = pre_tokenizers.Metaspace()
    tok.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace()])
    return tok


def control():
    tok = unigram()
    tok.normalizer = normalizers.Nmt()
    return tok


def spaced():
    """A token that begins in the white space that one before it takes."""
    tok = unigram()
    tok.add_tokens([AddedToken("[X]", rstrip=True), AddedToken(" sp ")])
    return tok


KINDS = {"words": words(pre_tokenizers.Whitespace()), "delimiter": words(pre_tokenizers.CharDelimiterSplit("-")),
         "unknown": unigram(), "unknown-bytes": unigram(True), "control": control(), "spaced": spaced()}

if __name__ == "__main__":
    made = {}
    for name, tok in KINDS.items():
        folder = OUT / ("kind-" + name)
        folder.mkdir(parents=True, exist_ok=True)
        tok.save(str(folder / "tokenizer.json"), pretty=False)
        made[name] = Tokenizer.from_file(str(folder / "tokenizer.json"))
    with open(OUT / "kinds.jsonl", "w") as f:
        for text in STRINGS:
            row = {"text": text}
            for name, tok in made.items():
                row[name] = tok.encode(text).ids
                row[name + "_text"] = tok.decode(row[name], skip_special_tokens=False)
            f.write(json.dumps(row, separators=(",", ":")) + "\n")
