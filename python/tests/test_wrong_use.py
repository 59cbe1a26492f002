# SPDX-License-Identifier: MIT
"""What users do wrong is told by an exception, in words that help, and nothing ends the process."""

import pathlib
import shutil

import numpy as np
import pytest

import jumpcut
from conftest import DEMO, SENTENCES

FEW = SENTENCES[:3]
ARGUMENT, MISMATCH = jumpcut.ArgumentError, jumpcut.MismatchError


def list_of(model, **options):
    return list(model.generate("The", **options))


# what is called with a model and its shortcut, the exception, and words of its message
WRONG = [
    (lambda m, s: jumpcut.Model(None), TypeError, "PathLike"),
    (lambda m, s: jumpcut.Model(""), jumpcut.FileError, "cannot open model ''"),
    (lambda m, s: jumpcut.Model("a\0b"), ValueError, "zero byte"),
    (lambda m, s: jumpcut.Model("demo", backend="gpu"), ARGUMENT, "not 'gpu'"),
    (lambda m, s: jumpcut.Model("demo", dtype="int3"), ARGUMENT, "not 'int3'"),
    (lambda m, s: jumpcut.Model("demo", threads=-1), ARGUMENT, "from 0 to 4096"),
    (lambda m, s: jumpcut.Model("demo", tokenizer="/no").tokenizer, jumpcut.FileError, "'/no'"),
    (lambda m, s: m.readout(np.zeros((2, 3, 128))), ValueError, r"not \[2, 3, 128\]"),
    (lambda m, s: m.readout(np.zeros((2, 128), complex)), TypeError, "not complex128"),
    (lambda m, s: m.readout([["a"] * 128]), TypeError, "real numbers"),
    (lambda m, s: m.readout([[1] * 128, [2] * 3]), ValueError, "inhomogeneous"),
    (lambda m, s: m.readout(None), TypeError, "not object"),
    (lambda m, s: s[6, 12](np.zeros((2, 64))), ValueError, r"\[n, 128\]"),
    (lambda m, s: s[6, 11], KeyError, "no map from 6 to 11"),
    (lambda m, s: s[6], KeyError, r"as in s\[6, 12\]"),
    (lambda m, s: m.states(FEW, taps="12"), TypeError, "a list of taps"),
    (lambda m, s: m.states(FEW, taps=[-1]), ARGUMENT, "'-1' is not a tap"),
    (lambda m, s: m.states(FEW, taps=[1.5]), ARGUMENT, "'1.5' is not a tap"),
    (lambda m, s: m.states(FEW, taps=[10**30]), ARGUMENT, "is not a tap"),
    (lambda m, s: m.states(None), TypeError, "not NoneType"),
    (lambda m, s: m.states([b"a"]), TypeError, "not bytes"),
    (lambda m, s: m.states(["a", pathlib.Path("x")]), TypeError, "a text must be a str"),
    (lambda m, s: m.states(["", ""]), jumpcut.FormatError, "there is no text"),
    (lambda m, s: m.states(pathlib.Path("/")), jumpcut.FileError, "cannot read '/'"),
    (lambda m, s: m.states(FEW, split="tr\0ain"), ValueError, "zero byte"),
    (lambda m, s: m.states(FEW, train=[1]), ARGUMENT, "wants a number"),
    (lambda m, s: jumpcut.fit("demo", FEW), TypeError, "a Model is wanted here, not str"),
    (lambda m, s: jumpcut.fit(m, FEW, method="magic"), ARGUMENT, "not 'magic'"),
    (lambda m, s: jumpcut.fit(m, FEW, maps="::"), ARGUMENT, "not a tap"),
    (lambda m, s: jumpcut.fit(m, FEW, progress=3), TypeError, "progress is True"),
    (lambda m, s: jumpcut.fit(m, FEW, method="tuned", ridge=1), TypeError, "'ridge'"),
    (lambda m, s: jumpcut.load("/no/where"), jumpcut.FileError, "/no/where"),
    (lambda m, s: jumpcut.load(DEMO / "config.json"), jumpcut.FormatError, "not a safetensors file"),
    (lambda m, s: jumpcut.load(DEMO / "model.safetensors"), jumpcut.FormatError, "not a shortcut file"),
    (lambda m, s: s.save("/no/where/s.safetensors"), jumpcut.FileError, "cannot write"),
    (lambda m, s: s.save("/"), jumpcut.FileError, "a folder"),
    (lambda m, s: jumpcut.evaluate(m, ["s"], FEW), TypeError, "a Shortcut is wanted here, not str"),
    (lambda m, s: m.lens("The", [s]), TypeError, "a Shortcut is wanted here, not list"),
    (lambda m, s: m.lens("", s), ARGUMENT, "no tokens"),
    (lambda m, s: m.lens(None, s), TypeError, "not NoneType"),
    (lambda m, s: m.lens("The town. " * 999, s), ARGUMENT, "1 to 256 fit"),
    (lambda m, s: m.lens("The", s, target=1.5), TypeError, "integer"),
    (lambda m, s: m.lens("The", s).target(" city"), KeyError, "no target of this lens"),
    (lambda m, s: m.lens("The", s).settled("mat"), KeyError, "there are ridge"),
    (lambda m, s: m.generate(None), TypeError, "not NoneType"),
    (lambda m, s: m.generate("The", shortcut="x"), TypeError, "a Shortcut is wanted here"),
    (lambda m, s: m.generate("The", policy=s), TypeError, "a Policy is wanted here, not Shortcut"),
    (lambda m, s: m.generate("The", frequent=[-1]), ValueError, "not -1"),
    (lambda m, s: m.generate("The", tokens=-5), ARGUMENT, "not '-5'"),
    (lambda m, s: m.generate("The", temperature=float("nan")), ARGUMENT, "not 'nan'"),
    (lambda m, s: list_of(m, draft="magic"), ARGUMENT, "no drafter 'magic'"),
    (lambda m, s: list(m.generate("The town. " * 999)), ARGUMENT, "no room"),
    (lambda m, s: m.tokenizer.encode(None), TypeError, "not NoneType"),
    (lambda m, s: m.tokenizer.decode([10**7]), ARGUMENT, "no token has id 10000000"),
    (lambda m, s: m.tokenizer.decode([2**40]), ValueError, "4294967295"),
    (lambda m, s: m.tokenizer.decode([1.5]), TypeError, "whole numbers"),
    (lambda m, s: m.tokenizer.decode([[1, 2]]), TypeError, r"shape \[1, 2\]"),
    (lambda m, s: jumpcut.Policy.load(DEMO / "vocab.json"), jumpcut.FormatError, "jumpcut-policy"),
    (lambda m, s: jumpcut.Sums.load(DEMO / "vocab.json"), jumpcut.FormatError, "not a safetensors file"),
    (lambda m, s: jumpcut.calibrate(m, None, FEW), ARGUMENT, "needs shortcuts"),
    (lambda m, s: jumpcut.gather(m, FEW).add(jumpcut.gather(m, FEW, pairs="all")), MISMATCH, "cannot merge"),
    (lambda m, s: jumpcut.Results({}).report("/no/where"), jumpcut.FormatError, "jumpcut-results"),
]


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_what_is_wrong_is_told(model, shortcut, number):
    work, exception, words = WRONG[number]
    with pytest.raises(exception, match=words):
        work(model, shortcut)


def test_shortcuts_of_another_model_are_refused(model, shortcut, tmp_path):
    """The same sizes and the same tokenizer, other weights."""
    folder = shutil.copytree(DEMO, tmp_path / "other")
    weights = bytearray((folder / "model.safetensors").read_bytes())
    weights[-1000:] = bytes(1000)
    (folder / "model.safetensors").write_bytes(weights)
    other = jumpcut.Model(folder)
    for work in (
        lambda: jumpcut.evaluate(other, shortcut, FEW),
        lambda: other.lens("The", shortcut),
        lambda: list_of(other, shortcut=shortcut, exit="gap"),
        lambda: jumpcut.calibrate(other, shortcut, FEW),
        lambda: jumpcut.gather(model, FEW).add(jumpcut.gather(other, FEW)),
    ):
        with pytest.raises(MISMATCH):
            work()


def test_objects_outlive_what_they_came_from(shortcut):
    m = jumpcut.Model("demo")
    lens, sums, tokenizer, generation = m.lens("The", shortcut), jumpcut.gather(m, FEW), m.tokenizer, m.generate("The")
    del m
    assert "<html" in lens.html() and sums.fit(method="ridge")[6, 12].weight.shape == (128, 128)
    assert tokenizer.decode(tokenizer.encode("The town")) == "The town"
    assert next(iter(generation)).text


def test_one_shortcut_needs_no_list(model, shortcut):
    assert jumpcut.evaluate(model, shortcut, FEW).names == ["id", "ridge"]
