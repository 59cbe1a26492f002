#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Golden token ids, made by the `tokenizers` package (0.21.1).

    make_tokenizer_ids.py REPOSITORY GPT2_FOLDER BERT_FOLDER

writes tests/golden/tokenizer/: tiny/ (a small tokenizer.json with the same tokenizer as
vocab.json and merges.txt), hard.jsonl (ids of hard strings by data/demo, by tiny, and by the
published GPT-2 tokenizer, which is not part of this repository), added/ with added.jsonl
(added tokens with every flag), classes.txt (the class of every code point in GPT-2's
pattern); bert.jsonl (ids of hard strings by wiki-bert/, uncased, cased and in between, and
by the published bert-base-uncased, which is not part of this repository, and the texts they
decode to), bert-classes.txt (how BERT takes every code point), bert-added/ with its .jsonl
(a tokenizer.json with added tokens), and roberta/ with roberta.jsonl.
"""

import json
import os
import random
import sys
import unicodedata

from tokenizers import (AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers,
                        processors, trainers)
from tokenizers.implementations import BertWordPieceTokenizer

END = "<|endoftext|>"

# what the small vocabularies are trained on, with the licence; changing it changes them
PROSE = """Golden token ids, made by the `tokenizers` package (0.21.1).

    make_tokenizer_ids.py REPOSITORY GPT2_FOLDER

writes tests/golden/tokenizer/: tiny/ (a small tokenizer.json with the same tokenizer as
vocab.json and merges.txt), hard.jsonl (ids of hard strings by data/demo, by tiny, and by the
published GPT-2 tokenizer, which is not part of this repository), added/ with added.jsonl
(added tokens with every flag), and classes.txt (the class of every code point in GPT-2's
pattern).
"""


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
    tok.train_from_iterator([open(repository + "/LICENSE").read(), PROSE], trainer)
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


# ---- BERT ----

def bert_strings():
    s = [
        "[CLS]", "[SEP]", "[PAD]", "[MASK]", "[UNK]", "[cls]", "[Mask]", "[ MASK ]", "[MASK", "MASK]",
        "a [MASK] b", "a[MASK]b", "[MASK][MASK]", "The capital of France is [MASK].", "[CLS] x [SEP]",
        "[[MASK]]", "[unused0]", "[unused1] x", "\u00e9[MASK]\u0301", "e[SEP]\u0301x",
        "ISTANBUL \u0130stanbul \u0131spanak I\u0307", "DI\u015eI di\u015f\u0131", "\u0130", "i\u0307", "\u0131",
        "Stra\u00dfe STRASSE \u1e9e \u00df", "Gr\u00f6\u00dfe", "\u039f\u03a3 \u03a3\u0391\u03a3 \u03c3\u03c2",
        "\u01c4 \u01c5 \u01c6 \u01f1", "\ufb00 \ufb01 \ufb03 \ufb06 of\ufb01ce \ufb01sh", "\u0132 \u0133sland",
        "\u00c5ngstr\u00f6m \u212bngstr\u00f6m A\u030angstro\u0308m", "\u2126 \u03a9 \u212a K", "\u1e69 s\u0323\u0307 s\u0307\u0323",
        "Cr\u00e8me Br\u00fbl\u00e9e, d\u00e9j\u00e0 vu", "r\u00e9sum\u00e9 re\u0301sume\u0301", "\u00f1 n\u0303 \u00d1", "\u0141\u00f3d\u017a", "\u00d8resund \u00c6r\u00f8",
        "Vi\u1ec7t Nam ti\u1ebfng Vi\u1ec7t", "\u0e44\u0e17\u0e22\u0e40\u0e1b\u0e47\u0e19", "\u0939\u093f\u0928\u094d\u0926\u0940", "\u0438\u0306 \u0439 \u0419", "\u0407\u0457",
        "\u4e2d\u6587abc\u4e2d\u6587", "abc\u3042\u30a2\uff71", "\u65e5\u672c", "\u3400\u4dbf\u4dc0\u4e00\u9fff\ua000", "\uf900\ufaff\ufb00", "\ufa0e",
        "\U00020000\U0002a6df\U0002a6e0\U0002a700\U0002b73f\U0002b740\U0002b81f\U0002b820\U0002b91f\U0002b920\U0002ceaf\U0002ceb0", "\U0002f800\U0002fa1f\U0002fa20",
        "\uac00\uac01\ud7a3", "\u1100\u1161\u11a8", "\u3131", "\u302e\u302f", "a\u302fb", "\U0001d15e\U0001d165",
        "x" * 99, "x" * 100, "x" * 101, "x" * 102, "\u00e9" * 99, "\u00e9" * 100, "\u00e9" * 101, "e\u0301" * 100, "e\u0301" * 101,
        "\u0130" * 50, "\u0130" * 51, "\uac01" * 33, "\uac01" * 34, "the" * 33, "the" * 34, "the" * 33 + "." + "the" * 33, "ab" * 50 + " ok",
        "a\u200bb", "a\u200db", "a\u00adb", "a\ufeffb", "a\u2060b", "a\u061cb", "a\u180eb", "a\x85b", "a\x9fb", "a\ue000b", "a\U000f0000b", "a\U00100000b",
        "a\x00b", "a\ufffdb", "\ufffd", "\x00", "a\x0bb", "a\x0cb", "a\x1cb", "a\tb\nc\rd", "a\u2028b\u2029c", "a\u1680b\u3000c\u202fd",
        "a\u0890b", "a\u08e2b", "a\U00013430b", "a\U000e0001b", "\u061d\u061e", "a\u2e43b a\u2e5db", "\u0c77\u0c84", "\u166d", "\U000111c9", "\u1734",
        "\u07fd\u0898\u08d4", "e\u1abf", "e\u1ab0", "e\u1df6\u1df5", "\U0001e944\U0001e900", "\u0d00\u0d01", "\U00011938", "\U0001133b\U0001133c",
        "\u00a1\u00a7\u00ab\u00b6\u00b7\u00bb\u00bf", "\u2010-\u2013\u2014\u2015", "\u2018a\u2019\u201cb\u201d\u2026", "\u3001\u3002\u300c\u300d\u30fb", "\uff01\uff0c\uff0e",
        "$5 + 5 = 10", "a^b`c~d|e<f>g=h+i$j", "\u20ac5 \u00a35 \u00a55 \u00a2", "\u00b0C \u00ae \u00a9 \u2122", "\u00d7 \u00f7 \u2212 \u221e", "\u2190 \u21d2 \u25a0",
        "50% off!!! (really?)", "e-mail: me@x.org;", "'tis rock'n'roll; don't", "U.S.A. Ph.D. etc.", "3.14 1,000 10:30 1/2", "#hashtag @user", "##ing ing ##", "a##b",
        "Hello, World! HELLO WORLD hello world", "McDonald's iPhone eBay", "unaffable unaffordable", "antidisestablishmentarianism", "Wikipedia Wikinews",
        "caf\u00e9\u4e2d\u6587na\u00efve\U0001f600Stra\u00dfe", "\u0430b\u0441", "\u0391B\u0393", "\uff28\uff45\uff4c\uff4c\uff4f", "\u2460 \u00b2 \u2167 \u2177", "\U0001d400\U0001d41a",
        "\U0001f600 \U0001f44d\U0001f3fd \u2764\ufe0f", "\U0001f468\u200d\U0001f469", "a\U0001f600b", "\u10a0 \u10d0 \u1c90", "\u13a0 \uab70", "\ua64a \u1c88", "\u2c2f \u2c5f", "\U00010400 \U00010428",
    ]
    rng = random.Random(20261124)
    blocks = [(32, 127), (97, 123), (65, 91), (0x80, 0x250), (0x300, 0x370), (0x370, 0x530), (0x590, 0x700), (0x700, 0x1200),
              (0x1200, 0x2000), (0x2000, 0x2070), (0x2070, 0x3100), (0x3400, 0x3420), (0x4e00, 0x4e40), (0xa000, 0xac40),
              (0xf900, 0x10000), (0x10000, 0x12000), (0x1d000, 0x1d800), (0x1e000, 0x1f000), (0x1f300, 0x1f700), (0x2f800, 0x2fa20)]
    for _ in range(300):
        n = rng.randrange(1, 50)
        s.append("".join(chr(rng.randrange(*rng.choice(blocks))) for _ in range(n)))
    words = ("the of Paris caf\u00e9 [MASK] [SEP] don't U.S. 1999 -- \u2014 \u201cno\u201d \u4e2d\u56fd na\u00efve ( ) , . ! ? \u00df "
             "\u0130 government international xqzt \t \n \u00a0").split(" ")
    for _ in range(60):
        s.append(rng.choice(["", " "]).join(rng.choice(words) for _ in range(rng.randrange(1, 20))))
    known = hard_strings()
    s += [t for t in known if not (len(t) == 4 and t[0] == "a" and t[2:] == " b")]
    # what Python's Unicode does not know may be known to a later utf8proc
    return [t for t in s if all(unicodedata.category(c) != "Cn" for c in t)]


def write_bert(out, base):
    """ids with [CLS] and [SEP], and what the tokens between them decode to"""
    wiki = out + "/wiki-bert/vocab.txt"
    tokenizers = {
        "uncased": BertWordPieceTokenizer(wiki, lowercase=True),
        "cased": BertWordPieceTokenizer(wiki, lowercase=False),
        "accents": BertWordPieceTokenizer(wiki, lowercase=True, strip_accents=False, handle_chinese_chars=False),
        "base": BertWordPieceTokenizer(base + "/vocab.txt", lowercase=True),
    }
    around = {n: {t.token_to_id(x) for x in ("[CLS]", "[SEP]", "[PAD]")} for n, t in tokenizers.items()}
    with open(out + "/bert.jsonl", "w") as f:
        for text in bert_strings():
            row = {"text": text}
            for name, tok in tokenizers.items():
                ids = row[name] = tok.encode(text).ids
                if name in ("uncased", "base"):
                    row[name + "_text"] = tok.decode([i for i in ids if i not in around[name]],
                                                     skip_special_tokens=False)
            f.write(json.dumps(row, separators=(",", ":")) + "\n")


def bert_classes(path):
    """Ranges `first last classes`: C dropped by cleaning, S made a space, P a word of its own,
    M an accent, I an ideograph; what is not listed is none of these, `?` is not known to this
    Python's Unicode."""
    def normal(**on):
        off = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
        return normalizers.BertNormalizer(**{**off, **on})

    clean, cjk, strip = normal(clean_text=True), normal(handle_chinese_chars=True), normal(strip_accents=True)
    split = pre_tokenizers.BertPreTokenizer()

    def of(c):
        ch = chr(c)
        if 0xD800 <= c < 0xE000 or unicodedata.category(ch) == "Cn":
            return "?"
        cleaned = clean.normalize_str("a" + ch + "b")
        return ("C" * (cleaned == "ab") + "S" * (cleaned == "a b") +
                "P" * (len(split.pre_tokenize_str("a" + ch + "b")) == 3) +
                "M" * (strip.normalize_str(ch) == "") + "I" * (cjk.normalize_str(ch) == " " + ch + " "))

    with open(path, "w") as f:
        f.write(f"# Unicode {unicodedata.unidata_version}\n")
        first, kind = 0, of(0)
        for c in range(1, 0x110001):
            now = "end" if c == 0x110000 else of(c)
            if now != kind:
                if kind:
                    f.write(f"{first:x} {c - 1:x} {kind}\n")
                first, kind = c, now


def bert_added(out, repository):
    """A small tokenizer.json with added tokens, some of them looked for in the normal text."""
    tok = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tok.normalizer = normalizers.BertNormalizer()
    tok.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tok.decoder = decoders.WordPiece()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tok.train_from_iterator([open(repository + "/LICENSE").read(), PROSE],
                            trainers.WordPieceTrainer(vocab_size=300, special_tokens=special, show_progress=False))
    tok.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    tok.add_tokens([AddedToken("COVID-19", normalized=True), AddedToken("\u00c9t\u00e9", normalized=True),
                    AddedToken("Word", single_word=True, normalized=True), AddedToken("Raw", normalized=False)])
    os.makedirs(out + "/bert-added", exist_ok=True)
    tok.save(out + "/bert-added/tokenizer.json", pretty=False)
    texts = ["", "covid-19", "COVID-19 Covid-19s", "xCOVID-19x", "CO\u0301VID-19", "ETE \u00e9t\u00e9 Ete", "l'\u00e9t\u00e9",
             "word Word words WORD", "Raw raw RAW", "aRawb", "[CLS] a [MASK]", "[mask]", "C[MASK]OVID-19", "COVID-\x0019", "COVID-\t19"]
    with open(out + "/bert-added.jsonl", "w") as f:
        for text in texts:
            f.write(json.dumps({"text": text, "ids": tok.encode(text).ids}) + "\n")


def roberta(out, repository):
    """RoBERTa's tokenizer, small, as tokenizer.json and as the two files of old."""
    names = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    tok = Tokenizer(models.BPE())
    tok.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tok.decoder = decoders.ByteLevel()
    tok.train_from_iterator([open(repository + "/LICENSE").read(), PROSE], trainers.BpeTrainer(
        vocab_size=400, special_tokens=names, show_progress=False,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet())))
    tok.post_processor = processors.RobertaProcessing(sep=("</s>", 2), cls=("<s>", 0), add_prefix_space=False)
    tok.add_special_tokens([AddedToken("<mask>", lstrip=True)])
    os.makedirs(out + "/roberta", exist_ok=True)
    tok.save(out + "/roberta/tokenizer.json", pretty=False)
    tok.model.save(out + "/roberta")
    texts = ["", "a", "Hello world", "The <mask> of it.", "a  <mask> b<mask>", "<s>x</s>", "<pad> <unk>", "\u00e9\U0001f600", " <mask>\n"]
    with open(out + "/roberta.jsonl", "w") as f:
        for text in texts:
            f.write(json.dumps({"text": text, "ids": tok.encode(text).ids}) + "\n")


def main():
    repository = sys.argv[1]
    out = repository + "/tests/golden/tokenizer"
    tokenizers = {"demo": gpt2_like(repository + "/data/demo"), "tiny": tiny(out, repository),
                  "gpt2": gpt2_like(sys.argv[2])}
    write_ids(tokenizers, out + "/hard.jsonl")
    added(out)
    classes(out + "/classes.txt")
    write_bert(out, sys.argv[3])
    bert_classes(out + "/bert-classes.txt")
    bert_added(out, repository)
    roberta(out, repository)


if __name__ == "__main__":
    main()
