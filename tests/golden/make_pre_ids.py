#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Golden token ids of pre-tokenizers by the name that GGUF files give them, by `tokenizers` (0.22.2).

    make_pre_ids.py    writes tests/golden/tokenizer/pre.jsonl

The steps are those of the tokenizer.json of the models that the names come from, in the syntax of
that file (Oniguruma's); where two names have the same steps, the first one's ids are given. The
vocabulary is that of tokenizer/starcoder. A line is a text and its ids by each name.
"""
import json
import os
import random

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

HERE = os.path.dirname(os.path.abspath(__file__)) + "/tokenizer/"
LIKE = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
SPACES = r"|\s*[\r\n]+|\s+(?!\S)|\s+"
END = r"| ?[^\s\p{L}\p{N}]+[\r\n]*" + SPACES
WORD = r"|[^\r\n\p{L}\p{N}]?\p{L}+"
LLAMA3 = LIKE + WORD + r"|\p{N}{1,3}" + END
QWEN2 = LIKE + WORD + r"|\p{N}" + END
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
O200K_WORDS = rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+{LIKE}?|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*{LIKE}?"
O200K_END = r"| ?[^\s\p{L}\p{N}]+[\r\n/]*" + SPACES
O200K = O200K_WORDS + r"|\p{N}{1,3}" + O200K_END
BLOOM = " ?[^(\\s|.,!?\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c)]+"
KANA = "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+"
UNSPACED = "[\u4e00-\u9fff\u3400-\u4dbf\u8c48-\ufaff\u3040-\u309f\u30a0-\u30ff\uff65-\uff9f\u2f00-\u2fdf\u0e40-\u0e7f\u0e80-\u0eff\u1780-\u17ff\u1000-\u109f\uaa60-\uaa7f\ua9e0-\ua9ff\uac00-\ud7af\u1100-\u11ff]+"
ASCII = r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
HAN_UPPER, HAN_LOWER = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}&&[^\\p{Han}]]", "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}&&[^\\p{Han}]]"
GPT2 = None

# name: whether texts are composed first, then the steps
PRE = {
    "gpt-2": [False, GPT2],
    "starcoder": [False, r"\p{N}", GPT2],
    "falcon": [False, r"[\p{P}\$\+<=>\^~\|`]+", GPT2, "[0-9][0-9][0-9]"],
    "default": [False, r"[\p{P}\$\+<=>\^~\|]+", GPT2, r"\p{N}+", "[0-9][0-9][0-9]"],
    "llama-bpe": [False, LLAMA3],
    "qwen2": [True, QWEN2],
    "grok-2": [False, QWEN2],
    "qwen35": [True, LIKE + r"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*" + SPACES],
    "bloom": [False, BLOOM],
    "viking": [False, BLOOM, r"\p{N}"],
    "gpt-4o": [False, O200K],
    "tiny_aya": [False, r"\d{1,3}(?=(?:\d{3})*\b)", O200K],
    "superbpe": [False, r"\p{N}+", r"(?=(\d{3})+(?!\d))"],
    "bailingmoe": [False, r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"],
    "seed-coder": [False, LIKE + WORD + r"|\p{N}{1}| ?[^\s\p{L}\p{N}" + "\r\n]+|\\s*[\r\n]+|\\s+(?!\\S)|\\s+"],
    "deepseek-v3": [False, r"\p{N}{1,3}", KANA, ASCII + r"| ?[\p{P}\p{S}]+[\r\n]*" + SPACES],
    "afmoe": [False, r"\d{1,3}(?=(?:\d{3})*(?!\d))", UNSPACED, ASCII + r"| ?[\p{P}\p{S}]+[\r\n]*" + SPACES],
    "spark2_5": [False, r"\p{N}{1,3}", KANA, ASCII + r"| ?[\p{P}\p{S}]+|[\r\n]|\s+(?!\S)|\s+", r"\p{N}"],
    "youtu": [False, "[\uac00-\ud7a3\u3131-\u318e]+|[\uff01\u2026\u201c\u201d\u2018\u2019\u2014\uff1a\uff1b\uff0c\u3001-\u303f\ufe30-\ufe4f]+|[\u3105-\u312f]+|" + KANA,
              O200K_WORDS + r"|\p{N}" + O200K_END],
    "jais-2": [False, LIKE + WORD + r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
               + "".join(rf"|\s{{{n}}}(?!\S)" for n in ("512", "256", "128", "64", "32", "16", "8", "4", "1,2")) + r"|\s{1}"],
    "exaone-moe": [False, LIKE + r"|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+"],
    "laguna": [False, r"[^\n]+|[\n]+", QWEN2],
    "minicpm5": [False, r"\p{N}{1,3}", LIKE + WORD + r"|\p{N}+" + END],
    "ufakzeka": [False, WORD[1:] + r"|\p{N}" + END],
    "chameleon": [False, "<sentinel:[0-9]+>", "(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z", "([\\t\\n]|    |  )", r"\p{N}", r"[\p{P}!-/:-@\[-`{-~]", GPT2],
    "kimi-k2": [False, "|".join([r"\p{Han}+", rf"[^\r\n\p{{L}}\p{{N}}]?{HAN_UPPER}*{HAN_LOWER}+{LIKE}?", rf"[^\r\n\p{{L}}\p{{N}}]?{HAN_UPPER}+{HAN_LOWER}*{LIKE}?",
                                 r"\p{N}{1,3}", r" ?[^\s\p{L}\p{N}]+[\r\n]*", r"\s*[\r\n]+", r"\s+(?!\S)", r"\s+"])],
    "deepseek-llm": [False, "[\r\n]", r"\s?[\p{Lu}\p{Ll}\p{Lt}]+", "\\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+", r"\s+$",
                     "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+", r"\p{N}+"],
}

TEXTS = ["Hello world", "don't you're WE'LL I'm they've he'd it's 'Tis DON'T", "1 12 123 1234 12345 1234567 1,234.50 \u0664\u0665\u0666 \u00b2\u00b3",
         "a  b   c    d\t\te\n\nf \n g\r\n\r\nh  \n", "x=1; y += 2 // z\n\n\n  if (a != b) { return; }", "\u4f60\u597d\uff0c\u4e16\u754c\u3002 \u4f60\u597d123abc \u4e2d\u6587",
         "\u30c6\u30ad\u30b9\u30c8\u3067\u3059\u3002\u3072\u3089\u304c\u306a \u30ab\u30bf\u30ab\u30ca\u30fc", "\uc548\ub155\ud558\uc138\uc694 \uc138\uacc4 \u3131\u3132", "HTTPServer XMLHttpRequest iPhone fooBarBaz ABC",
         "Stra\u00dfe na\u00efve cafe\u0301 E\u0301A\u030a \u00e9t\u00e9", "\u0928\u092e\u0938\u094d\u0924\u0947 \u0926\u0941\u0928\u093f\u092f\u093e\u0964 \u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35", "\u0645\u0631\u062d\u0628\u0627\u060c \u0628\u0627\u0644\u0639\u0627\u0644\u0645\u06d4 123",
         "\U0001f600\U0001f601 \u2026 \u201cquoted\u201d \u2018x\u2019 \u2014 end", "   leading", "trailing   ", " ", "  ", "\n", " \n ", "foo/bar/baz\n/ a_b-c", "$5+3=8 ^~|`x`", "<sentinel:12> IMGIMGABZ x",
         "\u3000\u3000wide\u3000space\uff01\uff1f \uff11\uff12\uff13", "end of\n\nparagraph.\n\nNext", "a" * 20, "?!?!..,,", "\u01c5\u01c6 \u02b0 \u2168 \u2460", "12ab34 a1b2 3x", "caf\u00e9's l'\u00e9t\u00e9 d'\u00c9", " \t \r\n x",
         "\u0130stanbul'da \u00e7ok", "1234567890123", "x 12345678 y", "A\u0301\u0301 \u0301", "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd"]


def strings():
    rng = random.Random(5)
    words = "the The don't 1234 \u00e9 e\u0301 \u4f60\u597d \U0001f600 \u00a0 \t \n   . , -- == \u0441\u043b\u043e\u0432\u043e x1y2 HTTPServer 12 'S /".split(" ")
    more = [rng.choice(["", " ", "  "]).join(rng.choice(words) for _ in range(rng.randrange(2, 14))) for _ in range(60)]
    return list(dict.fromkeys(TEXTS + more))


model = json.load(open(HERE + "starcoder/tokenizer.json"))["model"]
made = {}
for name, (nfc, *steps) in PRE.items():
    tok = Tokenizer(models.BPE(vocab=model["vocab"], merges=[tuple(m) if isinstance(m, list) else tuple(m.split(" ")) for m in model["merges"]]))
    gpt2 = GPT2 in steps
    after = steps[steps.index(GPT2) + 1:] if gpt2 else []
    assert all("0-9" in x or "N}" in x for x in after)     # they do not match letters that stand for bytes, but for a few
    before = [pre_tokenizers.Split(Regex(x), "isolated", False) for x in (steps[:steps.index(GPT2)] if gpt2 else steps)]
    if gpt2:   # GPT-2's own pattern, without what it does to bytes
        before.append(pre_tokenizers.Split(Regex(r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"), "isolated", False))
    before += [pre_tokenizers.Split(Regex(x), "isolated", False) for x in after]
    tok.pre_tokenizer = pre_tokenizers.Sequence([*before, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tok.decoder = decoders.ByteLevel()
    if nfc:
        tok.normalizer = normalizers.NFC()
    made[name] = tok
# as Falcon's tokenizer.json has it: steps after ByteLevel, which see a character for each byte
tok = Tokenizer.from_str(made["gpt-2"].to_str())
tok.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Punctuation("contiguous"), pre_tokenizers.ByteLevel(add_prefix_space=False),
                                             pre_tokenizers.Digits(individual_digits=False), pre_tokenizers.Split(Regex("[0-9][0-9][0-9]"), "isolated", False)])
made["falcon-json"] = tok
with open(HERE + "pre.jsonl", "w") as f:
    for text in strings():
        f.write(json.dumps(dict(text=text, ids={n: t.encode(text).ids for n, t in made.items()}), separators=(",", ":")) + "\n")
