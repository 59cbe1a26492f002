# SPDX-License-Identifier: MIT
"""Linear shortcuts between the layers of transformer language models.

    import pathlib, jumpcut

    m = jumpcut.Model("gpt2")                       # a folder or GGUF file, or "demo"
    s = jumpcut.fit(m, pathlib.Path("corpus.txt"), method="mat")
    s[6, 12].weight                                 # numpy, [768, 768]
    m.states(["a text"], taps=[0, "6.attn", 12])    # arrays [rows, 768] by tap
    jumpcut.evaluate(m, [s], ["other texts"]).precision["mat"]
    m.lens("The town lies on the", s)               # a page, in a notebook
    for t in m.generate("The town", tokens=20):
        print(t.text, end="")

Long calls let other threads run, and end at once with KeyboardInterrupt.
"""

from ._library import lib as _lib, text_of as _text_of
from .errors import (
    ArgumentError,
    Error,
    FileError,
    FormatError,
    MismatchError,
    Note,
    NumericError,
    OutOfMemoryError,
    UnsupportedError,
)
from .generate import Counts, Generation, Token, Work
from .lens import Cell, Lens
from .model import Model, States
from .policy import Policy, calibrate, tune
from .results import Results, evaluate
from .shortcut import Map, Shortcut, Sums, fit, gather, load
from .texts import Sample, Texts
from .tokenizer import Tokenizer

__version__ = _text_of(_lib.jc_version())

__all__ = [
    "ArgumentError",
    "Cell",
    "Counts",
    "Error",
    "FileError",
    "FormatError",
    "Generation",
    "Lens",
    "Map",
    "MismatchError",
    "Model",
    "Note",
    "NumericError",
    "OutOfMemoryError",
    "Policy",
    "Results",
    "Sample",
    "Shortcut",
    "States",
    "Sums",
    "Texts",
    "Token",
    "Tokenizer",
    "UnsupportedError",
    "Work",
    "calibrate",
    "evaluate",
    "fit",
    "gather",
    "load",
    "tune",
]
