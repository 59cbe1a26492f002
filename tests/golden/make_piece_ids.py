#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Golden token ids of decoders' tokenizers, made by the `tokenizers` (0.21.1), `sentencepiece`
(0.2.3) and `transformers` packages, with GGUF files written by the `gguf` package.

    make_piece_ids.py REPOSITORY STORIES_FOLDER NEOX_FOLDER [FOLDER]

writes to tests/golden/tokenizer/ (or FOLDER; with ALL_STRINGS=1 in the environment, the ids of
four times as many strings):

- <name>/ for each kind of sentencepiece model: tokenizer.model, trained here on a few hundred
  pieces; <name>-json/ for what `transformers` converts it to; and pieces.jsonl, the ids of
  hard strings by each and the texts they decode to; and decoded.jsonl, texts of ids at random.
- <pattern>/tokenizer.json: a small byte-level BPE with the pre-tokenizer of a published
  model; and patterns.jsonl, the ids of hard strings by each.
- *.gguf: the same tokenizers as metadata of GGUF files, which give the ids of their folders.
- whole.gguf: a model with its tokenizer; forms.jsonl: what normalizers make of strings.
- published.jsonl: the ids by two published tokenizers, which are not part of this repository.
"""

import json
import os
import random
import sys
import tempfile

import gguf
import sentencepiece
from sentencepiece import sentencepiece_model_pb2 as model_pb2
from tokenizers import (AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors,
                        trainers)
from transformers import AlbertTokenizer, GemmaTokenizer, LlamaTokenizer, T5Tokenizer, XLNetTokenizer
from transformers.convert_slow_tokenizer import convert_slow_tokenizer

from make_tokenizer_ids import PROSE, hard_strings

MORE = """The quick brown fox jumps over the lazy dog. Once upon a time there was a little girl.
She said: don't you know it's the year 1984? They'll see, we've seen, I'm here.
Der schnelle braune Fuchs springt \u00fcber den faulen Hund. Stra\u00dfe, \u00c4pfel, \u00d6l.
Le renard brun saute par-dessus le chien paresseux. O\u00f9 est l'\u00e9t\u00e9? Gar\u00e7on, na\u00efve.
\u0411\u044b\u0441\u0442\u0440\u0430\u044f \u043b\u0438\u0441\u0430 \u043f\u0440\u044b\u0433\u0430\u0435\u0442 \u0447\u0435\u0440\u0435\u0437 \u043b\u0435\u043d\u0438\u0432\u0443\u044e \u0441\u043e\u0431\u0430\u043a\u0443.
\u4f60\u597d\uff0c\u4e16\u754c\u3002\u65e5\u672c\u8a9e\u306e\u30c6\u30ad\u30b9\u30c8\u3067\u3059\u3002
int main(void) { return x == 1 ? 0 : 2; } for i in range(10): print(i)
1 12 123 1234 12345 3.14 1,000,000 0x1F 2026-11-25 10:30
"""

# a few rules of sentencepiece's own, small: "from to", code points in hexadecimal
RULES = [("FB01", "66 69"), ("FF21", "41"), ("00A0", "20"), ("3000", "20"), ("0009", "20"), ("000A", "20"),
         ("000D", "20"), ("200B", ""), ("0041 030A", "00C5"), ("0065 0301", "00E9"), ("2026", "2E 2E 2E"),
         ("00BD", "31 2F 32"), ("212B", "00C5"), ("0300", ""), ("2160", "49"), ("FDFA", "635 644 649 20 627")]


def strings(most=60):
    s = [t for t in hard_strings() if len(t) <= most]
    if not os.environ.get("ALL_STRINGS"):  # few enough to be kept
        s = [t for i, t in enumerate(s) if (len(t) > 1 or t < "a") and (i < 120 or i % 4 == 0) and not (
            len(t) == 4 and t[0] == "a" and t[2:] == " b")]
    s += ["\u2581", "a\u2581b", "\u2581\u2581", " \u2581 ", "<0x41>", "<0x0A>", "<unk>", "<s>", "</s>", "a<s>b", "<s> a </s> b",
          "<pad>", "[CLS] a [SEP]", "<sep>", "  two  spaces  ", "\ufb01sh \uff21 \u00bd \u2026", "A\u030a e\u0301 e\u0301\u0301 E\u0301",
          "\ufb01\u0301x", "\ufb01\u0301\u0301x", "\u212bngstr\u00f6m", "a\u200bb", "\u0300", "a\u0300b", "\ufdfa", "``quoted''", "\u2160\u2161", "<ud>", "a<ud>b", " <ud> ", "<ud><ud>",
          "<ud>\u00e9 x", "the<ud>the", "a  b   c    d", "don't DON'T Don\u2019t we'LL", "I'\u017fve \u212a's",
          "1234567 12 1 1234", "x=1;\n\n\n  y=2\n", "foo/bar/baz\n/", "\u4f60\u597d1\u4e16\u754c", "end. \n\n Begin", "tabs\t\there",
          "HTTPServer XMLHttpRequest iPhone", "\u30c6\u30ad\u30b9\u30c8\u3067\u3059abc", "\uac00\uac01 \u1100\u1161", "\u0958 \u0344 \u1e9b\u0323"]
    rng = random.Random(20261125)
    words = ("the The don't 1234 \u00e9 e\u0301 \u4f60\u597d \U0001f600 <ud> \ufb01 \u00a0 \t \n   . , -- == \u0441\u043b\u043e\u0432\u043e x1y2 \u2581").split(" ")
    for _ in range(40):
        s.append(rng.choice(["", " ", "  "]).join(rng.choice(words) for _ in range(rng.randrange(1, 12))))
    return list(dict.fromkeys(s))


# ---- sentencepiece ----

def train(folder, **how):
    os.makedirs(folder, exist_ok=True)
    with tempfile.TemporaryDirectory() as temp:
        with open(temp + "/text", "w") as f:
            f.write(PROSE + MORE)
        with open(temp + "/rules", "w") as f:
            f.write("".join(f"{a}\t{b}\n" for a, b in RULES))
        if how.pop("rules", False):
            how["normalization_rule_tsv"] = temp + "/rules"
        else:
            how["normalization_rule_name"] = "identity"
        sentencepiece.SentencePieceTrainer.train(
            input=temp + "/text", model_prefix=temp + "/m", num_threads=1, minloglevel=2, hard_vocab_limit=False,
            **how)
        proto = model_pb2.ModelProto.FromString(open(temp + "/m.model", "rb").read())
    # what training leaves in it that says where it was done
    proto.trainer_spec.ClearField("input")
    proto.trainer_spec.ClearField("model_prefix")
    proto.normalizer_spec.ClearField("normalization_rule_tsv")
    with open(folder + "/tokenizer.model", "wb") as f:
        f.write(proto.SerializeToString())


KINDS = {
    # as Llama 2 and Mistral
    "llama": (dict(model_type="bpe", vocab_size=420, byte_fallback=True, add_dummy_prefix=True,
                   remove_extra_whitespaces=False, split_digits=True, character_coverage=0.99,
                   allow_whitespace_only_pieces=True),
              lambda path: LlamaTokenizer(path + "/tokenizer.model", legacy=True)),
    # the same without the space before a text, and a piece of the user's, as Gemma
    "gemma": (dict(model_type="bpe", vocab_size=420, byte_fallback=True, add_dummy_prefix=False,
                   remove_extra_whitespaces=False, user_defined_symbols=["<ud>", "\u2581\u2581", "\u2581\u2581\u2581"],
                   pad_id=0, eos_id=1, bos_id=2, unk_id=3, bos_piece="<bos>", eos_piece="<eos>",
                   character_coverage=0.99),
              lambda path: GemmaTokenizer(path + "/tokenizer.model")),
    # T5, and its charsmap
    "t5": (dict(model_type="unigram", vocab_size=260, rules=True, pad_id=0, eos_id=1, unk_id=2, bos_id=-1,
                character_coverage=0.98),
           lambda path: T5Tokenizer(path + "/tokenizer.model", extra_ids=0, legacy=True)),
    # a unigram model that falls back to bytes
    "bytes": (dict(model_type="unigram", vocab_size=520, byte_fallback=True, add_dummy_prefix=True,
                   remove_extra_whitespaces=True, character_coverage=0.98, user_defined_symbols=["<ud>"]), None),
    "albert": (dict(model_type="unigram", vocab_size=260, rules=True, pad_id=0, unk_id=1, bos_id=-1, eos_id=-1,
                    pad_piece="<pad>", control_symbols=["[CLS]", "[SEP]", "[MASK]"], character_coverage=0.98),
               lambda path: AlbertTokenizer(path + "/tokenizer.model")),
}


def write_json(folder, value):
    with open(folder, "w") as f:
        json.dump(value, f)
        f.write("\n")


def by_hand(folder):
    """A model small enough for an embedding of 61 rows."""
    proto = model_pb2.ModelProto()
    words = ("\u2581t he \u2581the in \u2581a er on \u2581s re \u2581o \u2581c an \u2581w ou nd \u2581b is it at en es or \u2581and "
             "\u2581of ing \u2581said th").split(" ")
    for i, name in enumerate(["<unk>", "<s>", "</s>", *words, "\u2581", *"etaoinshrdlucmfwypvbgkjqxz.,"]):
        piece = proto.pieces.add()
        piece.piece, piece.score, piece.type = name, -float(i), 2 if i == 0 else 3 if i < 3 else 1
    proto.trainer_spec.model_type = 2
    proto.normalizer_spec.remove_extra_whitespaces = False
    os.makedirs(folder, exist_ok=True)
    with open(folder + "/tokenizer.model", "wb") as f:
        f.write(proto.SerializeToString())


def pieces(out):
    by_hand(out + "/whole")
    packages, converted = {}, {}
    for name, (how, slow) in KINDS.items():
        folder = f"{out}/{name}"
        train(folder, **how)
        write_json(folder + "/tokenizer_config.json", {"add_bos_token": False, "add_eos_token": False})
        packages[name] = sentencepiece.SentencePieceProcessor(model_file=folder + "/tokenizer.model")
        if slow:
            fast = convert_slow_tokenizer(slow(folder))
            os.makedirs(folder + "-json", exist_ok=True)
            fast.save(folder + "-json/tokenizer.json", pretty=False)
            converted[name + "-json"] = Tokenizer.from_file(folder + "-json/tokenizer.json")
    # the same, not legacy: a space before the first word alone
    fast = convert_slow_tokenizer(LlamaTokenizer(out + "/llama/tokenizer.model", legacy=False))
    os.makedirs(out + "/llama-first-json", exist_ok=True)
    fast.save(out + "/llama-first-json/tokenizer.json", pretty=False)
    converted["llama-first-json"] = Tokenizer.from_file(out + "/llama-first-json/tokenizer.json")
    special = ["<s>", "</s>", "<unk>", "<pad>", "<bos>", "<eos>", "[CLS]", "[SEP]", "[MASK]"]
    with open(out + "/pieces.jsonl", "w") as f:
        for text in strings():
            row = {"text": text}
            for name, sp in packages.items():
                if any(x in text for x in special):
                    continue  # sentencepiece does not look for them
                row[name] = sp.encode(text)
                row[name + "_text"] = sp.decode(row[name])
            for name, tok in converted.items():
                row[name] = tok.encode(text).ids
                row[name + "_text"] = tok.decode(row[name], skip_special_tokens=False)
            f.write(json.dumps(row, separators=(",", ":")) + "\n")
    decoded(out + "/decoded.jsonl", packages, converted)
    return packages


def decoded(path, packages, converted):
    """Texts of ids that no text gives: bytes that are no characters, special tokens anywhere."""
    rng = random.Random(7)
    with open(path, "w") as f:
        for name, tok in {**packages, **converted}.items():
            n = tok.get_piece_size() if name in packages else tok.get_vocab_size()
            for i in range(24):
                ids = [rng.randrange(n if i % 3 else min(n, 270)) for _ in range(rng.randrange(1, 14))]
                text = tok.decode(ids) if name in packages else tok.decode(ids, skip_special_tokens=False)
                f.write(json.dumps({"name": name, "ids": ids, "text": text}, separators=(",", ":")) + "\n")


# ---- byte-level BPE ----

CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
LLAMA3 = CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}" + REST
QWEN2 = CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}" + REST
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
O200K_REST = r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
TEKKEN = (rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*|\p{{N}}" + O200K_REST)
O200K = (rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+{CONTRACTIONS}?|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*{CONTRACTIONS}?"
         r"|\p{N}{1,3}" + O200K_REST)


def split(pattern, behaviour="isolated", invert=False):
    return pre_tokenizers.Split(Regex(pattern), behaviour, invert)


def sequence(*steps):
    return pre_tokenizers.Sequence([*steps, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def gpt2():
    return pre_tokenizers.ByteLevel(add_prefix_space=False)


# name: pre-tokenizer, normalizer, ignore_merges, the name in GGUF files
PATTERNS = {
    "llama3": (sequence(split(LLAMA3)), None, True, "llama-bpe"),
    "qwen2": (sequence(split(QWEN2)), normalizers.NFC(), False, "qwen2"),
    "neox": (gpt2(), normalizers.NFC(), False, None),
    "tekken": (sequence(split(TEKKEN)), None, True, "tekken"),
    "o200k": (sequence(split(O200K)), None, False, "gpt-4o"),
    "starcoder": (pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), gpt2()]), None, False,
                  "starcoder"),
    "deepseek": (sequence(split("[\r\n]"), split(r"\s?\p{L}+"), split(r"\s?\p{P}+"),
                          split("[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+"), pre_tokenizers.Digits(individual_digits=True)),
                 None, False, "deepseek-coder"),
    "deepseek3": (sequence(split(r"\p{N}{1,3}"), split("[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+"),
                           split("[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
                                 "| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+")), None, False, "deepseek-v3"),
    # not of a model: every behaviour, and what Oniguruma reads otherwise than PCRE2
    "odd": (sequence(split(r"\s+", "merged_with_next"), split("[!?]", "merged_with_previous"),
                     split("[a-c\\h]+|\\w$|[^\\W_]\\d", "contiguous"), split("=", "removed"),
                     split("[^\\s]+", "removed", True), pre_tokenizers.Punctuation("contiguous"),
                     pre_tokenizers.Digits(individual_digits=False)), None, False, None),
}


def patterns(out):
    base = Tokenizer(models.BPE())
    base.pre_tokenizer = gpt2()
    base.train_from_iterator([PROSE, MORE], trainers.BpeTrainer(
        vocab_size=520, show_progress=False, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet())))
    model = json.loads(base.to_str())["model"]
    made = {}
    for name, (pre, normal, whole, _) in PATTERNS.items():
        tok = Tokenizer(models.BPE(vocab=model["vocab"], merges=[tuple(m) for m in model["merges"]],
                                   ignore_merges=whole))
        if whole:  # tokens that no merge gives
            model2 = json.loads(tok.to_str())
            for word in ("\u0120girl", "\u0120whole", "\u00e4\u00bd\u0142\u00e5\u00a5\u00bd"):
                model2["model"]["vocab"].setdefault(word, len(model2["model"]["vocab"]))
            tok = Tokenizer.from_str(json.dumps(model2))
        tok.pre_tokenizer = pre
        tok.decoder = decoders.ByteLevel()
        if normal:
            tok.normalizer = normal
        if name == "neox":
            tok.add_tokens([AddedToken(" " * n, normalized=True) for n in range(24, 1, -1)])
        tok.add_special_tokens(["<|endoftext|>", "<|begin|>"])
        if name == "llama3":
            begin = tok.token_to_id("<|begin|>")
            tok.post_processor = processors.Sequence([
                processors.ByteLevel(trim_offsets=False),
                processors.TemplateProcessing(single="<|begin|> $A", pair="<|begin|> $A <|begin|>:1 $B:1",
                                              special_tokens=[("<|begin|>", begin)])])
        os.makedirs(f"{out}/{name}", exist_ok=True)
        tok.save(f"{out}/{name}/tokenizer.json", pretty=False)
        made[name] = Tokenizer.from_file(f"{out}/{name}/tokenizer.json")
    with open(out + "/patterns.jsonl", "w") as f:
        for text in strings():
            row = {"text": text}
            for name, tok in made.items():
                row[name] = tok.encode(text).ids
            f.write(json.dumps(row, separators=(",", ":")) + "\n")
    return made


# ---- GGUF ----

def piece_gguf(path, model, sp, proto, roles):
    w = gguf.GGUFWriter(path, "llama")
    w.add_tokenizer_model(model)
    tokens, scores, types = [], [], []
    for p in proto.pieces:
        text = p.piece.replace("\u2581", " ") if p.type == 4 else p.piece
        tokens.append(text.encode())
        scores.append(p.score)
        types.append(p.type)
    w.add_token_list(tokens)
    w.add_token_scores(scores)
    w.add_token_types(types)
    for name, piece in roles.items():
        getattr(w, f"add_{name}_token_id")(sp.piece_to_id(piece))
    w.add_add_bos_token(False)
    w.add_add_eos_token(False)
    w.add_add_space_prefix(proto.normalizer_spec.add_dummy_prefix)
    if proto.normalizer_spec.remove_extra_whitespaces:
        w.add_remove_extra_whitespaces(True)
    if proto.normalizer_spec.precompiled_charsmap:
        w.add_precompiled_charsmap(proto.normalizer_spec.precompiled_charsmap)
    finish(w)


def whole_gguf(path, source, proto):
    """A model with its tokenizer: all that `source` holds, and the tokenizer."""
    reader = gguf.GGUFReader(source)
    w = gguf.GGUFWriter(path, "llama")
    for key, field in reader.fields.items():
        if not key.startswith("GGUF.") and key != "general.architecture":
            w.add_key_value(key, field.contents(), field.types[0], field.types[-1])
    w.add_tokenizer_model("llama")
    w.add_token_list([p.piece for p in proto.pieces])
    w.add_token_scores([p.score for p in proto.pieces])
    w.add_token_types([p.type for p in proto.pieces])
    for tensor in reader.tensors:
        w.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
    finish(w)


def finish(w):
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def merges_of(w, tok):
    whole = json.loads(tok.to_str())
    n = tok.get_vocab_size()
    added = {t["id"]: t for t in whole["added_tokens"]}
    byte = [len(tok.id_to_token(i)) == 6 and tok.id_to_token(i).startswith("<0x") for i in range(n)]
    w.add_token_list([tok.id_to_token(i) for i in range(n)])
    w.add_token_types([6 if byte[i] else 1 if i not in added else 3 if added[i]["special"] else 4 for i in range(n)])
    w.add_token_merges([" ".join(m) for m in whole["model"]["merges"]])


def chars_gguf(path, tok):
    """As the files of Gemma 4: merges of characters."""
    w = gguf.GGUFWriter(path, "gemma4")
    w.add_tokenizer_model("gemma4")
    merges_of(w, tok)
    for name in ("bos", "eos", "unk", "pad"):
        getattr(w, f"add_{name}_token_id")(tok.token_to_id(f"<{name}>"))
    w.add_add_bos_token(False)
    finish(w)


def bytes_gguf(path, tok, pre, bos):
    w = gguf.GGUFWriter(path, "llama")
    w.add_tokenizer_model("gpt2")
    w.add_tokenizer_pre(pre)
    merges_of(w, tok)
    w.add_eos_token_id(tok.token_to_id("<|endoftext|>"))
    w.add_bos_token_id(tok.token_to_id("<|begin|>"))
    if bos is not None:
        w.add_add_bos_token(bos)
    finish(w)


def bert_gguf(path, out):
    tok = Tokenizer.from_file(out + "/bert-added/tokenizer.json")
    added = {t["id"] for t in json.loads(tok.to_str())["added_tokens"]}
    w = gguf.GGUFWriter(path, "bert")
    w.add_tokenizer_model("bert")
    names = [tok.id_to_token(i) for i in range(300)]
    w.add_token_list([t if i in added else t[2:] if t.startswith("##") else "\u2581" + t for i, t in enumerate(names)])
    w.add_token_types([3 if i in added else 1 for i in range(300)])
    w.add_bos_token_id(2)  # which stands for [CLS] there
    w.add_sep_token_id(3)
    w.add_unk_token_id(1)
    w.add_mask_token_id(4)
    finish(w)
    with open(out + "/bert-gguf.jsonl", "w") as f:
        for text in strings(40):
            f.write(json.dumps({"text": text, "ids": tok.encode(text).ids}, separators=(",", ":")) + "\n")


def ggufs(out, packages, made):
    for name, model, roles in (("llama", "llama", {"bos": "<s>", "eos": "</s>", "unk": "<unk>"}),
                               ("gemma", "llama", {"bos": "<bos>", "eos": "<eos>", "unk": "<unk>", "pad": "<pad>"}),
                               ("t5", "t5", {"eos": "</s>", "unk": "<unk>", "pad": "<pad>"}),
                               ("bytes", "t5", {"bos": "<s>", "eos": "</s>", "unk": "<unk>"})):
        proto = model_pb2.ModelProto.FromString(open(f"{out}/{name}/tokenizer.model", "rb").read())
        piece_gguf(f"{out}/{name}.gguf", model, packages[name], proto, roles)
    for name, (_, _, _, pre) in PATTERNS.items():
        if pre:
            bytes_gguf(f"{out}/{name}.gguf", made[name], pre, None if name == "llama3" else False)
    chars_gguf(out + "/gemma4.gguf", Tokenizer.from_file(out + "/gemma-json/tokenizer.json"))
    bert_gguf(out + "/bert.gguf", out)
    whole_gguf(out + "/whole.gguf", sys.argv[1] + "/tests/golden/gguf/tiny-llama.gguf",
               model_pb2.ModelProto.FromString(open(f"{out}/whole/tokenizer.model", "rb").read()))


FORMS = {"NFC": normalizers.NFC(), "NFD": normalizers.NFD(), "NFKC": normalizers.NFKC(), "NFKD": normalizers.NFKD(),
         "StripAccents": normalizers.StripAccents(), "Lowercase": normalizers.Lowercase(), "Strip": normalizers.Strip()}


def forms(path):
    """What each form makes of marks out of order, and of characters that its tables do not know."""
    marks = [0x301, 0x327, 0x334, 0x323, 0x7fd, 0x898, 0xc3c, 0xd3b, 0x1715, 0x1abf, 0x1ac5, 0x1df6, 0x11938, 0x1e130,
             0x1cf2, 0x20dd, 0x93c, 0x302a, 0x1d165]
    texts = [chr(a) + chr(b) + chr(c) for a in (0x65, 0x928, 0x11935) for b in marks for c in marks[:3]]
    texts += ["\ufb01 \u2460 \u32ff \u00bd \u1d2c \ufdfa \u212b \u0958 \u1e9b\u0323", " \u00a0x\u3000\n", "\t", "\u0130 \u039f\u03a3",
              "\u1100\u1161\u11a8 \ud55c", "\U0001d15e\U0001f16c\U00010781", "a\u0315\u0300\u05ae\u0300b"]
    with open(path, "w") as f:
        for text in texts:
            row = {"text": text, **{name: n.normalize_str(text) for name, n in FORMS.items()}}
            f.write(json.dumps(row, separators=(",", ":")) + "\n")


def published(out, stories, neox):
    names = {"stories": Tokenizer.from_file(stories + "/tokenizer.json"),
             "neox": Tokenizer.from_file(neox + "/tokenizer.json")}
    with open(out + "/published.jsonl", "w") as f:
        for text in strings():
            row = {"text": text}
            for name, tok in names.items():
                row[name] = tok.encode(text).ids
            row["stories_text"] = names["stories"].decode(row["stories"], skip_special_tokens=False)
            f.write(json.dumps(row, separators=(",", ":")) + "\n")


def main():
    out = (sys.argv[4] if len(sys.argv) > 4 else sys.argv[1] + "/tests/golden/tokenizer")
    packages = pieces(out)
    ggufs(out, packages, patterns(out))
    forms(out + "/forms.jsonl")
    published(out, sys.argv[2], sys.argv[3])


if __name__ == "__main__":
    main()
