# SPDX-License-Identifier: MIT
"""Tokens that a model writes after a prompt, as they come."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Any, Iterable, Iterator, NamedTuple

import numpy as np

from ._hooks import Hooks
from ._library import Handle, Params, call, ffi, lib, pointer_of, spread
from .policy import Policy
from .shortcut import Shortcut
from .tokenizer import TextStream, ids_of

if TYPE_CHECKING:
    from .model import Model


class Token(NamedTuple):
    """A token as it comes."""

    id: int
    text: str  #: the text that it completes: often a word, empty for half a character
    position: int  #: in the sequence, the prompt's first token being 0
    logprob: float  #: ln of its probability; 0 unless `logprobs=True`
    layer: int  #: the block after which it left the model; the last one unless it exited


class Work(NamedTuple):
    """Work of one kind: how often for one token, multiply-adds times 2, bytes read."""

    n: int
    flops: float
    bytes: float


class Counts(NamedTuple):
    """What a generation has done so far."""

    tokens: int  #: written
    passes: int  #: through the model; fewer than tokens where drafts were right
    drafted: int  #: tokens that were run as drafts
    accepted: int  #: of these, written
    depths: list[tuple[int, int]]  #: entry k: passes whose first k drafts were right, and those whose next one was right too
    left: dict[int, int]  #: tokens by the block after which they left; empty without `exit`
    work: dict[str, Work]  #: "blocks", "maps", "readouts", "fills", and "plain", the full model's
    seconds: dict[str, float]  #: "draft", "pass", "readout", "draw", without reading the prompt


class Generation(Handle):
    """Runs in a thread of its own as long as it is iterated over; `text` is what was written.

    Leaving the loop, or Ctrl-C, stops it after the token at hand.
    """

    def __init__(
        self,
        model: Model,
        prompt: str,
        shortcut: Shortcut | None,
        policy: Policy | None,
        frequent: Iterable[int] | None,
        draft_text: Iterable[int] | None,
        logprobs: bool,
        options: dict[str, Any],
    ):
        self._model, self._borrowed = model, (shortcut, policy)
        self._params = Params("jc_generate")
        spread(options, self._params)
        struct, keep = self._params.struct, self._params.keep
        struct.logprobs = logprobs
        if shortcut is not None:
            struct.shortcut = pointer_of(shortcut, "jc_shortcut")
        if policy is not None:
            _refuse_both(options)
            struct.policy = pointer_of(policy, "jc_policy")
        if frequent is not None:
            ids = keep(ffi.from_buffer("uint32_t[]", keep(ids_of(frequent))))
            struct.frequent, struct.n_frequent = ids, len(ids)
        if draft_text is not None:
            ids = keep(ffi.from_buffer("uint32_t[]", keep(ids_of(draft_text))))
            struct.draft_text, struct.n_draft_text = ids, len(ids)
        self._stats = ffi.new("jc_generate_stats *", {"size": ffi.sizeof("jc_generate_stats")})
        struct.stats = self._stats
        ends = keep(ffi.gc(ffi.new("jc_ids *"), lib.jc_ids_free))
        call(lib.jc_model_ends, model._pointer, model.tokenizer._pointer, ends)
        struct.ends, struct.n_ends = ends.id, ends.n
        self.prompt_ids = _prompt(model, prompt)  #: uint32 [n]
        self.ids: list[int] = []  #: of the tokens written so far
        self.text = ""  #: written so far
        self._running = self._stop = False
        self._queue: queue.Queue[Any] = queue.Queue()

    @property
    def stats(self) -> Counts:
        """How many drafts were right, where tokens left the model, and what it cost."""
        s = self._stats
        points = list(s.exit_at[0 : s.exit_points]) + [self._model.layers]
        work = {k: getattr(s, k) for k in ("blocks", "maps", "readouts", "fills", "plain")}
        return Counts(
            s.tokens,
            s.passes,
            s.drafted,
            s.accepted,
            [(n, right) for n, right in zip(s.reached, s.foreseen) if n],
            {point: s.left[i] for i, point in enumerate(points)} if s.exit_points else {},
            {k: Work(w.n, w.flops, w.bytes) for k, w in work.items()},
            {k: getattr(s, k + "_seconds") for k in ("draft", "pass", "readout", "draw")},
        )

    def __iter__(self) -> Iterator[Token]:
        if self._running:
            raise RuntimeError("a loop over this generation is under way: end it, or call generate() again")
        self._running = True
        stream = TextStream(self._model.tokenizer, self.prompt_ids)
        self.ids, self.text, self._stop, self._queue = [], "", False, queue.Queue()
        self._hooks = Hooks(lambda stage, done, total: not self._stop)
        worker = threading.Thread(target=self._run, daemon=True)
        worker.start()
        try:
            while True:
                item = self._queue.get()
                if item is None:
                    break
                if isinstance(item, BaseException):
                    raise item
                token, position, logprob, layer, last = item
                text = stream.push(token) + (stream.end() if last else "")
                self.ids.append(token)
                self.text += text
                yield Token(token, text, position, logprob, layer)
        finally:
            self._stop = True
            worker.join()
            self._running = False
            self._hooks.warn(3)

    def _run(self) -> None:
        handle = ffi.new_handle(self)
        prompt = ffi.new("jc_prompt[1]")
        ids = np.ascontiguousarray(self.prompt_ids)
        prompt[0].ids, prompt[0].n = ffi.from_buffer("uint32_t[]", ids), len(ids)
        hooks = self._hooks
        self._params.struct.hooks = hooks.struct
        try:
            with hooks:
                hooks.run(lib.jc_generate, self._model._pointer, prompt, 1, self._params.struct, lib._token, handle)
            self._queue.put(None)
        except BaseException as error:
            self._queue.put(error)

    def take(self, token: Any) -> bool:
        last = self._stop or token.end != lib.JC_END_NOT
        self._queue.put((token.id, token.position, token.logprob, token.layer, last))
        return not self._stop


@ffi.def_extern(error=False)
def _token(arg: Any, token: Any) -> bool:
    return ffi.from_handle(arg).take(token)


def _prompt(model: Model, prompt: str) -> np.ndarray:
    """Its ids; of an empty one, the token that begins a text, as the program has it."""
    ids = model.tokenizer.encode(prompt)
    begin = model.tokenizer.special("bos")
    return np.array([begin], np.uint32) if len(ids) == 0 and begin is not None else ids


def _refuse_both(options: dict[str, Any]) -> None:
    said = {"exit", "exit_at", "exit_threshold", "kv_fill", "draft", "draft_nodes"}
    for name in said.intersection(options):
        raise TypeError(f"the policy says what '{name}' says: give one")
