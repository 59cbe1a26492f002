# SPDX-License-Identifier: MIT
"""Texts as the library takes them: from memory or from files, cut and chosen by options."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Iterable, Iterator, NamedTuple, Union

import numpy as np

from ._hooks import Hooks
from ._library import Params, ffi, lib, path_of, pointer_of, text_of

if TYPE_CHECKING:
    from .model import Model

#: Strings, each a text; or a path, or several, of files with a text a line (also .jsonl, .gz,
#: .zst). A path is a pathlib.Path, so that a text is never taken for one.
Texts = Union[Iterable[str], os.PathLike, Iterable[os.PathLike]]


class Sample(NamedTuple):
    """Token ids of a text, and the positions of it that are used."""

    text: int  #: the number of the text, from 0
    ids: np.ndarray  #: uint32 [n], with the mask tokens of an encoder's texts
    positions: np.ndarray  #: uint32 [m], ascending


class Samples:
    """A stream of samples; see `jumpcut sample --help` for its options."""

    def __init__(self, model: Model, texts: Texts, params: Params, hooks: Hooks, paths: list[bytes] | None):
        info = lib.jc_model_get_info(pointer_of(model, "jc_model"))
        p = params.struct
        p.context, p.vocab, p.masked = info.context, info.vocab, not info.causal
        p.hooks = hooks.struct
        self._alive = (params, hooks)
        out = ffi.new("jc_samples **")
        tokenizer = model.tokenizer._pointer
        if paths is None:
            hooks.call(lib.jc_samples_from_strings, out, tokenizer, lib._next_text, hooks.handle, p)
        else:
            names = [ffi.new("char[]", path) for path in paths]
            hooks.call(lib.jc_samples_from_text, out, tokenizer, names, len(names), p)
        self.pointer = ffi.gc(out[0], lib.jc_samples_close)

    def __iter__(self) -> Iterator[Sample]:
        hooks = self._alive[1]
        sample = ffi.new("jc_sample *")
        while True:
            hooks.call(lib.jc_samples_next, self.pointer, sample)
            if sample.ids == ffi.NULL:
                return
            yield Sample(
                sample.text, _copied(sample.ids, sample.n_ids), _copied(sample.positions, sample.n_positions)
            )


def _copied(pointer: Any, n: int) -> np.ndarray:
    return np.frombuffer(ffi.buffer(pointer, n * 4), np.uint32).copy()


def paths_of(texts: Texts) -> list[bytes] | None:
    """The paths, where texts are files; None where they are strings."""
    if isinstance(texts, str):
        raise TypeError("texts is a str: give a list of texts, or a pathlib.Path of a file")
    if isinstance(texts, os.PathLike):
        return [path_of(texts)]
    if isinstance(texts, (list, tuple)) and texts and all(isinstance(t, os.PathLike) for t in texts):
        return [path_of(t) for t in texts]
    if not hasattr(texts, "__iter__"):
        raise TypeError(f"texts are a list of texts, or a pathlib.Path of a file, not {type(texts).__name__}")
    return None


def origin(texts: Texts, params: Params) -> dict[str, Any]:
    """Where texts come from and how they were chosen, in the words of the program's files."""
    p, paths = params.struct, paths_of(texts)
    return {
        "files": [] if paths is None else [os.fsdecode(path) for path in paths],
        "split": text_of(p.split),
        "unit": text_of(p.unit),
        "positions": text_of(p.positions),
        "seed": p.seed,
        "train": p.train,
        "val": p.val,
    }


def open_samples(model: Model, texts: Texts, params: Params, progress: Any = False) -> tuple[Samples, Hooks]:
    paths = paths_of(texts)
    hooks = Hooks(progress, texts if paths is None else ())
    return Samples(model, texts, params, hooks, paths), hooks
