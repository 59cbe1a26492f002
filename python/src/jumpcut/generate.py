# SPDX-License-Identifier: MIT
"""Tokens that a model writes after a prompt, as they come."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Any, Iterator, NamedTuple

import numpy as np

from ._hooks import Hooks
from ._library import Params, call, ffi, lib, make, spread
from .shortcut import Shortcut

if TYPE_CHECKING:
    from .model import Model


class Token(NamedTuple):
    """A token as it comes."""

    id: int
    text: str  #: what became certain with it: often a word, empty for half a character
    position: int  #: in the sequence, the prompt's first token being 0
    logprob: float  #: ln of its probability; 0 unless `logprobs=True`


class Generation:
    """Runs in a thread of its own as long as it is iterated over; `text` is what was written.

    Leaving the loop, or Ctrl-C, stops it after the token at hand.
    """

    def __init__(self, model: Model, prompt: str, shortcut: Shortcut | None, options: dict[str, Any]):
        self._model, self._shortcut = model, shortcut
        self._params = Params("jc_generate")
        logprobs = options.pop("logprobs", False)
        spread(options, self._params)
        self._params.struct.logprobs = logprobs
        if shortcut is not None:
            self._params.struct.shortcut = shortcut._pointer
        self.prompt_ids = model.tokenizer.encode(prompt)
        self.stats = ffi.new("jc_generate_stats *", {"size": ffi.sizeof("jc_generate_stats")})
        self._params.struct.stats = self.stats
        end = model.tokenizer.special("eos")
        self._ends = ffi.new("uint32_t[]", [] if end is None else [end])
        self._params.struct.ends, self._params.struct.n_ends = self._ends, len(self._ends)
        self.ids: list[int] = []  #: of the tokens written so far
        self.text = ""  #: written so far
        self._stop = False
        self._queue: queue.Queue[Any] = queue.Queue()

    def __iter__(self) -> Iterator[Token]:
        stream = ffi.gc(
            make("jc_text_stream", lib.jc_text_stream_new, self._model.tokenizer._pointer),
            lib.jc_text_stream_free,
        )
        for token in self.prompt_ids:
            _push(stream, int(token))
        worker = threading.Thread(target=self._run, daemon=True)
        worker.start()
        try:
            while True:
                item = self._queue.get()
                if item is None:
                    break
                if isinstance(item, BaseException):
                    raise item
                token, position, logprob, last = item
                text = _push(stream, token) + (_end(stream) if last else "")
                self.ids.append(token)
                self.text += text
                yield Token(token, text, position, logprob)
        finally:
            self._stop = True
            worker.join()

    def _run(self) -> None:
        handle = ffi.new_handle(self)
        prompt = ffi.new("jc_prompt[1]")
        ids = np.ascontiguousarray(self.prompt_ids)
        prompt[0].ids, prompt[0].n = ffi.from_buffer("uint32_t[]", ids), len(ids)
        try:
            with Hooks(lambda stage, done, total: not self._stop) as hooks:
                self._params.struct.hooks = hooks.struct
                hooks.call(lib.jc_generate, self._model._pointer, prompt, 1, self._params.struct, lib._token, handle)
            self._queue.put(None)
        except BaseException as error:
            self._queue.put(error)

    def take(self, token: Any) -> bool:
        last = self._stop or token.end != lib.JC_END_NOT
        self._queue.put((token.id, token.position, token.logprob, last))
        return not self._stop


@ffi.def_extern(error=False)
def _token(arg: Any, token: Any) -> bool:
    return ffi.from_handle(arg).take(token)


def _push(stream: Any, token: int) -> str:
    text, length = ffi.new("char **"), ffi.new("size_t *")
    call(lib.jc_text_stream_push, stream, token, text, length)
    return ffi.buffer(text[0], length[0])[:].decode("utf-8", "replace") if length[0] else ""


def _end(stream: Any) -> str:
    text, length = ffi.new("char **"), ffi.new("size_t *")
    call(lib.jc_text_stream_end, stream, text, length)
    return ffi.buffer(text[0], length[0])[:].decode("utf-8", "replace") if length[0] else ""
