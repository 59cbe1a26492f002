#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Golden token ids, made by the `tokenizers` package (0.21.1).

    make_tokenizer_ids.py REPOSITORY GPT2_FOLDER

writes tests/golden/tokenizer/: tiny/ (a small tokenizer.json with the same tokenizer as
vocab.json and merges.txt), hard.jsonl (ids of hard strings by data/demo, by tiny, and by the
published GPT-2 tokenizer, which is not part of this repository), added/ with added.jsonl
(added tokens with every flag), and classes.txt (the class of every code point in GPT-2's
pattern).
"""

import json
import os
import random
import sys
import unicodedata

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

END = "<|endoftext|>"


def hard_strings():
    s = [
        "", " ", "  ", "   ", "a", " a", "  a", "   a", "a ", "a  ", "a   ", "a   b",
        "\n", "\n\n", "\n\n\n", " \n", "\n ", " \n ", "a\n", "a\nb", "a\n\nb", "a \n b",
        "\t", "\t\t", "\ta", "a\tb", "a\t\tb", "\t \t", "\r\n", "a\r\nb\r\n", "\r", "\v", "\f",
        "a\x0bb", "a\x0cb", " " * 7, " " * 64, " " * 333 + "x", "x" + " " * 100,
        "\n" * 50 + "x", "\t" * 33 + "y", " \t\n\r" * 9, "x \t\n\r" * 9,
        "Hello, world!", "Hello  world", "The quick brown fox jumps over the lazy dog.",
        "I'm you're he's we've they'll I'd don't", "I'M YOU'RE HE'S WE'VE THEY'LL I'D DON'T",
        "I\u2019m you\u2019re don\u2019t", "'s 't 're 've 'm 'll 'd", "'S'T'RE", "''s '' 'x",
        "it's's", "rock'n'roll", "'tis", " 's", "x'dy", "l'll'll", "o'clock's", "'", "''", "'re'",
        "1234567890", "3.14159", "1,000,000", "x1y2z3", "12ab34", " 12 34", "0x1F", "1e-5",
        "snake_case camelCase kebab-case", "a_b", "__init__", "_", "C++ C# .NET", "@user #tag",
        "https://example.org/a?b=c&d=e%20f#g", "me@example.org", "<b>&amp;</b>", "{}[]()<>",
        "...", "\u2026", "--", "\u2014", "!?!?", "$%^&*", "\\n", "\"quoted\"", "`code`", "~",
        "if (x == 1) {\n    return x;\n}\n", "\tfor i in range(10):\n\t\tprint(i)\n",
        "caf\u00e9", "cafe\u0301", "na\u00efve", "\u00dcber", "stra\u00dfe", "\u0130stanbul",
        "\u01c5", "\u02b0", "\u00aa\u00ba", "\u00b2\u00b3\u00b9", "\u00bd", "\u2160\u2161",
        "x\u0301\u0302\u0303", "\u0301", " \u0301", "a \u0301", "Z" + "\u0335\u0321\u0353" * 20,
        "\u4f60\u597d\uff0c\u4e16\u754c\u3002", "\u65e5\u672c\u8a9e\u306e\u30c6\u30ad\u30b9\u30c8",
        "\ud55c\uad6d\uc5b4 \ubb38\uc7a5", "\u1112\u1161\u11ab", "\u3000\u4f60", "\u4e00\u3000\u3000\u4e8c",
        "\uff11\uff12\uff13", "\u4e09\u5341", "\u3007", "\U00020000\U0002a6d6",
        "\u0627\u0644\u0639\u0631\u0628\u064a\u0629", "\u0645\u064e\u0631\u0652\u062d\u064e\u0628\u0627\u064b",
        "\u0661\u0662\u0663", "\u06f1\u06f2\u06f3", "\u0640\u0640", "\u061f \u060c",
        "\u05e9\u05dc\u05d5\u05dd", "\u05e9\u05b8\u05c1\u05dc\u05d5\u05b9\u05dd",
        "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35\u0e0a\u0e32\u0e27\u0e42\u0e25\u0e01", "\u0e01\u0e33\u0e25\u0e31\u0e07",
        "\u0928\u092e\u0938\u094d\u0924\u0947", "\u0967\u0968\u0969", "\u0b95\u0bca", "\u0c95\u0ccd\u0cb7",
        "\u1019\u103c\u1014\u103a\u1019\u102c", "\u0f56\u0f7c\u0f51", "\u10d2\u10d0", "\u1200\u1208", "\u13a0\u13a1",
        "\u0441\u043b\u043e\u0432\u043e", "\u03bb\u03cc\u03b3\u03bf\u03c2", "\u0540\u0561\u0575",
        "\u1e9e", "\ufb01", "\u0149", "\u2126", "\u212b", "\ufdfa", "\U0001d400\U0001d7ce",
        "\U0001f600", "\U0001f44d\U0001f3fd", "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
        "\U0001f3f3\ufe0f\u200d\U0001f308", "\U0001f1e9\U0001f1ea\U0001f1eb", "1\ufe0f\u20e3", "\u2764\ufe0f",
        "\U0001f9d1\U0001f3ff\u200d\U0001f680 in space", "\u263a", "\u2603\ufe0e", "\U0001f600" * 30,
        "x\U0001f600y", " \U0001f600 ", "\U000e0067\U000e007f", "\U0001faf1\U0001f3fb\u200d\U0001faf2\U0001f3ff",
        "\u00a0", "a\u00a0b", "a \u00a0 b", "\u00a0\u00a0a", " \u00a0a", "\u00a0 a", "\u00a0\n",
        "a\u0085b", "\u0085", "a \u0085", "\u0085\u0085x", "a\u2028b", "a\u2029b", "\u2028\u2029 ",
        "a\u180eb", "\u180e", "\u180e\u180e", " \u180e", "\u180e a", "1\u180e2",
        "a\u200bb", "\u200b\u200b", "a\u200cb", "a\u200db", "a\u2060b", "\ufeff", "\ufeffa", "a\ufeffb",
        "a\u1680b", "a\u2000\u2001b", "a\u2002b", "a\u200ab", "a\u202fb", "a\u205fb", "a\u3000b",
        "a\x1cb", "\x1c\x1d\x1e\x1f", "a\x1fb", " \x1c ", "\x1c\n", "\x00", "a\x00b", "\x00\x00",
        "\x7f", "a\x7fb", "\x1b[31mred\x1b[0m", "\x01\x02\x03", "\u00ad", "a\u00adb", "\u0600",
        "\u2066a\u2069", "\u200ea\u200f", "\ufff9\ufffb", "\ufffd", "a\ufffdb", "\uffff", "\ufffe",
        "\U0010ffff", "\U0010fffd", "\ue000", "\ud7ff", "\u0378", "\U0001f0f6",
        END, END + END, "a" + END, END + "a", "a" + END + "b", "a " + END + " b", " " + END,
        END + " ", "<|endoftext", "|endoftext|>", "<" + END + ">", "<|endoftext|", "<|ENDOFTEXT|>",
        "<|endoftext|>" * 5 + "\n", "x" + END + "\n\n" + END, "<|<|endoftext|>|>", "  " + END + "  ",
        "a" * 1000, "ab" * 700, "Donaudampfschiffahrtsgesellschaftskapit\u00e4n" * 9,
        "x" * 129 + " " + "y" * 257, "\u00e9" * 300, "\u4e2d" * 300, "1" * 500, "!" * 500, "=" * 80,
        "-" * 80 + "\n" + "=" * 80, ".,.,.,.," * 40, "supercalifragilisticexpialidocious",
        "antidisestablishmentarianism pneumonoultramicroscopicsilicovolcanoconiosis",
        "the the the the", "The THE tHe", " the", "the", "in the of and to a", "Wikipedia, the free",
    ]
    s += [chr(c) for c in range(256)]
    s += ["a" + chr(c) + " b" for c in range(128, 256)]
    rng = random.Random(20260113)
    blocks = [(32, 127), (9, 14), (0xA0, 0x250), (0x300, 0x370), (0x370, 0x530), (0x590, 0x700),
              (0x900, 0xE80), (0x2000, 0x2070), (0x2070, 0x2C00), (0x3000, 0x3100),
              (0x4E00, 0x5200), (0xAC00, 0xAD00), (0x1F300, 0x1F700)]
    for _ in range(160):
        n = rng.randrange(1, 60)
        s.append("".join(chr(rng.randrange(*rng.choice(blocks))) for _ in range(n)))
    for _ in range(60):
        n = rng.randrange(1, 60)
        s.append("".join(rng.choice(" \n\t\r'sStTrReEvVmMlLdD1.\u00a0\u2028\u0085!") for _ in range(n)))
    return s


def write_ids(tokenizers, path):
    with open(path, "w") as f:
        for text in hard_strings():
            row = {"text": text}
            for name, tok in tokenizers.items():
                row[name] = tok.encode(text, add_special_tokens=False).ids
                assert tok.decode(row[name], skip_special_tokens=False) == text, text
            f.write(json.dumps(row, separators=(",", ":")) + "\n")


def gpt2_like(folder):
    """As `transformers` builds it from vocab.json and merges.txt."""
    tok = Tokenizer(models.BPE.from_file(folder + "/vocab.json", folder + "/merges.txt"))
    tok.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tok.decoder = decoders.ByteLevel()
    tok.add_special_tokens([END])
    return tok


def tiny(out, repository):
    """A vocabulary of 400, trained on this repository's own prose."""
    tok = Tokenizer(models.BPE())
    tok.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tok.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=[END], show_progress=False,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()))
    tok.train_from_iterator([open(repository + "/LICENSE").read(), __doc__], trainer)
    os.makedirs(out + "/tiny", exist_ok=True)
    tok.save(out + "/tiny/tokenizer.json", pretty=False)
    tok.model.save(out + "/tiny")
    return tok


def added(out):
    """The tiny tokenizer with added tokens of every flag; a word of its own in each."""
    tok = Tokenizer.from_file(out + "/tiny/tokenizer.json")
    tok.add_special_tokens([AddedToken("<mask>", lstrip=True), AddedToken("<r>", rstrip=True),
                            AddedToken("<mask>>"), AddedToken("\u00e9t\u00e9", normalized=True)])
    tok.add_tokens([AddedToken("word", single_word=True), AddedToken("    ", normalized=True),
                    AddedToken("both", lstrip=True, rstrip=True, single_word=True),
                    AddedToken("sk>  <r", normalized=True)])
    os.makedirs(out + "/added", exist_ok=True)
    tok.save(out + "/added/tokenizer.json", pretty=False)
    texts = ["a <mask> b", "a  \n<mask>b", "<mask><mask>", "<mask> <mask>", " <r> x", "<r>\u00a0\u3000x<r>",
             "<mask>>", " <mask>>>", "word", "words", "sword", "a word.", "\u00e9word", "word\u0301", "word\u24b6",
             "word\u200d", "word-word wordword word", "_word", "9word word9", "word\u2028word", "    ",
             "     x", "a        b", "both", " both  both x", "xboth both", "both  both<r>  both",
             "<mask>  <r", "<ma    sk>", "\u00e9t\u00e9", "l'\u00e9t\u00e9 \u00e9t\u00e9s", END + "<mask>" + END,
             "word\U0001f130", "\u00aaword", "word\u20dd", "<r>word", "a<r>    <mask>", "\t\n <mask>\t\n "]
    with open(out + "/added.jsonl", "w") as f:
        for text in texts:
            f.write(json.dumps({"text": text, "ids": tok.encode(text, add_special_tokens=False).ids}) + "\n")


def classes(path):
    """Ranges `first last class`: L, N or S by how the pattern takes the character. A code
    point that this Python's Unicode does not know is left out as `?`."""
    split = pre_tokenizers.ByteLevel(add_prefix_space=False)

    def of(c):
        ch = chr(c)
        if unicodedata.category(ch) == "Cn":
            return "?"
        for mark, kind in (("a", "L"), ("1", "N"), ("!", "O")):
            if len(split.pre_tokenize_str(mark + ch + mark)) == 1:
                return kind
        return "S"

    with open(path, "w") as f:
        f.write(f"# Unicode {unicodedata.unidata_version}; what is not listed is O\n")
        first, kind = 0, of(0)
        for c in range(1, 0x110001):
            now = "end" if c == 0x110000 else "?" if 0xD800 <= c < 0xE000 else of(c)
            if now != kind:
                if kind != "O":
                    f.write(f"{first:x} {c - 1:x} {kind}\n")
                first, kind = c, now


def main():
    repository = sys.argv[1]
    out = repository + "/tests/golden/tokenizer"
    tokenizers = {"demo": gpt2_like(repository + "/data/demo"), "tiny": tiny(out, repository),
                  "gpt2": gpt2_like(sys.argv[2])}
    write_ids(tokenizers, out + "/hard.jsonl")
    added(out)
    classes(out + "/classes.txt")


main()
