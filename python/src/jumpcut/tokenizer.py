# SPDX-License-Identifier: MIT
"""Texts to token ids and back."""

from __future__ import annotations

import codecs
import os
from typing import Any, Iterable

import numpy as np

from ._library import ReadOnly, bytes_of, call, ffi, lib, make, path_of, text_of


class Tokenizer(ReadOnly):
    """The tokenizer of a model folder or a GGUF file. May be shared by threads."""

    def __init__(self, path: str | os.PathLike):
        self._pointer = ffi.gc(
            make("jc_tokenizer", lib.jc_tokenizer_open, path_of(path)), lib.jc_tokenizer_close
        )
        self._path = os.path.abspath(path)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return Tokenizer, (self._path,)  # opened again there

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
        data = _encoded(text)
        ids = ffi.new("jc_ids *")
        try:
            call(lib.jc_tokenizer_encode, self._pointer, data, len(data), ids)
            return np.frombuffer(ffi.buffer(ids.id, ids.n * 4), np.uint32).copy() if ids.n else np.empty(0, np.uint32)
        finally:
            lib.jc_ids_free(ids)

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids; bytes that are not UTF-8 become U+FFFD."""
        return self._bytes(ids).decode("utf-8", "replace")

    def find(self, text: str) -> int:
        """The one token that is this text, where a space before a word counts: " Paris"; or
        the special token of this name. ArgumentError where there is none."""
        data, token = _encoded(text), ffi.new("uint32_t *")
        call(lib.jc_tokenizer_find, self._pointer, data, len(data), token)
        return token[0]

    def _bytes(self, ids: Iterable[int]) -> bytes:
        wanted = ids_of(ids)
        text, n = ffi.new("char **"), ffi.new("size_t *")
        call(lib.jc_tokenizer_decode, self._pointer, ffi.from_buffer("uint32_t[]", wanted), len(wanted), text, n)
        try:
            return ffi.buffer(text[0], n[0])[:]
        finally:
            lib.free(text[0])


def _encoded(text: str) -> bytes:
    if not isinstance(text, str):
        raise TypeError(f"a text must be a str, not {type(text).__name__}")
    return text.encode("utf-8", "surrogatepass")


def ids_of(ids: Iterable[int]) -> np.ndarray:
    """uint32 [n] of whole numbers in one row."""
    given = np.asarray(ids if isinstance(ids, np.ndarray) else list(ids))
    if given.ndim != 1 or (given.size and given.dtype.kind not in "iu"):
        raise TypeError(f"ids must be whole numbers in one row, not {given.dtype} of shape {list(given.shape)}")
    if given.size and not 0 <= int(given.min()) <= int(given.max()) < 2**32:
        raise ValueError(f"ids are from 0 to 4294967295, not {int(given.min())} to {int(given.max())}")
    return np.ascontiguousarray(given, np.uint32)


class TextStream:
    """The text behind a prompt, token by token; what half a character or a space could still
    become is held back."""

    def __init__(self, tokenizer: Tokenizer, prompt: np.ndarray):
        self._tokenizer = tokenizer
        self._pointer = ffi.gc(
            make("jc_text_stream", lib.jc_text_stream_new, tokenizer._pointer), lib.jc_text_stream_free
        )
        given = sum(len(self._push(int(token))) for token in prompt)
        # held back of the prompt, but for half a character that the next token completes
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        decoder.decode(whole := tokenizer._bytes(prompt))
        self._skip = max(0, len(whole) - len(decoder.getstate()[0]) - given)

    def push(self, token: int) -> str:
        return self._new(self._push(token))

    def end(self) -> str:
        return self._new(self._taken(lib.jc_text_stream_end))

    def _push(self, token: int) -> bytes:
        return self._taken(lib.jc_text_stream_push, token)

    def _taken(self, function: Any, *token: int) -> bytes:
        text, length = ffi.new("char **"), ffi.new("size_t *")
        call(function, self._pointer, *token, text, length)
        return ffi.buffer(text[0], length[0])[:] if length[0] else b""

    def _new(self, data: bytes) -> str:
        skipped = data[self._skip :]
        self._skip = max(0, self._skip - len(data))
        return skipped.decode("utf-8", "replace")
