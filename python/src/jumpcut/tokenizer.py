# SPDX-License-Identifier: MIT
"""Texts to token ids and back."""

from __future__ import annotations

import os
from typing import Iterable

import numpy as np

from ._library import bytes_of, call, ffi, lib, make, text_of


class Tokenizer:
    """The tokenizer of a model folder or a GGUF file. May be shared by threads."""

    def __init__(self, path: str | os.PathLike):
        self._pointer = ffi.gc(
            make("jc_tokenizer", lib.jc_tokenizer_open, os.fsencode(path)), lib.jc_tokenizer_close
        )

    @property
    def kind(self) -> str:
        """The algorithm: "byte-bpe", "bpe", "unigram" or "wordpiece"."""
        return text_of(lib.jc_tokenizer_kind(self._pointer))

    def __len__(self) -> int:
        """One more than the largest id."""
        return lib.jc_tokenizer_size(self._pointer)

    def special(self, role: str) -> int | None:
        """The id of "bos", "eos", "unk", "pad", "cls", "sep" or "mask"; None without one."""
        token = lib.jc_tokenizer_special(self._pointer, bytes_of(role))
        return None if token < 0 else token

    def encode(self, text: str) -> np.ndarray:
        """uint32 ids [n], with the tokens that the tokenizer puts around each text."""
        data = text.encode("utf-8", "surrogatepass")
        ids = ffi.new("jc_ids *")
        try:
            call(lib.jc_tokenizer_encode, self._pointer, data, len(data), ids)
            return np.frombuffer(ffi.buffer(ids.id, ids.n * 4), np.uint32).copy() if ids.n else np.empty(0, np.uint32)
        finally:
            lib.jc_ids_free(ids)

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids; bytes that are not UTF-8 become U+FFFD."""
        wanted = np.ascontiguousarray(ids if isinstance(ids, np.ndarray) else list(ids), np.uint32)
        text, n = ffi.new("char **"), ffi.new("size_t *")
        call(lib.jc_tokenizer_decode, self._pointer, ffi.from_buffer("uint32_t[]", wanted), len(wanted), text, n)
        try:
            return ffi.buffer(text[0], n[0])[:].decode("utf-8", "replace")
        finally:
            lib.free(text[0])
