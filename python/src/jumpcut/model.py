# SPDX-License-Identifier: MIT
"""A model: what it is, and the states of texts that run through it."""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING, Any, Iterable, Iterator

import numpy as np

from ._library import Params, ReadOnly, bytes_of, call, documented, ffi, lib, make, path_of, run, spread, text_of
from .demo import demo_path
from .shortcut import Shortcut, floats, pieces, rows_of
from .taps import tap_of
from .texts import Sample, Texts, open_samples
from .tokenizer import Tokenizer

if TYPE_CHECKING:
    from .generate import Generation
    from .lens import Lens
    from .policy import Policy

_TOKENS_AT_ONCE, _FLOPS_AT_ONCE = 1024, 2**35  # of a pass: between two of them Ctrl-C is seen


class States(dict):
    """Arrays of states by tap, float32 [rows, width]; `s["6"]`, in the words of the caller.

    rows: int64 [rows, 2], the text of each row, counted from 0, and its position in it.
    ids: token ids of each text.
    texts: the texts as they were run: each one's ids decoded.
    """

    def __init__(self) -> None:
        super().__init__()
        self.rows: np.ndarray = np.empty((0, 2), np.int64)
        self.ids: list[np.ndarray] = []
        self.texts: list[str] = []


class Model(ReadOnly):
    """A transformer language model: a folder as downloaded, a GGUF file, or "demo", the small
    model that comes with jumpcut ("./demo" is a folder of that name).

    backend, dtype, threads: as the options of the program. tokenizer: another folder or GGUF
    file whose tokenizer to use. Read-only once opened; may be shared by threads.
    """

    def __init__(
        self,
        path: str | os.PathLike,
        *,
        backend: str | None = None,
        dtype: str | None = None,
        threads: int | None = None,
        tokenizer: str | os.PathLike | None = None,
    ):
        options = {"backend": backend, "dtype": dtype, "threads": threads}
        self._opened = _absolute(path), {**options, "tokenizer": tokenizer and _absolute(tokenizer)}
        path = demo_path() if path == "demo" else path
        params = Params("jc_model")
        spread(options, params)
        out = ffi.new("jc_model **")
        run(lib.jc_model_open, out, path_of(path), params.struct)
        self._pointer = ffi.gc(out[0], lib.jc_model_close)
        self._tokenizer: Tokenizer | None = None
        self._tokenizer_path = path if tokenizer is None else demo_path() if tokenizer == "demo" else tokenizer

    def __reduce_ex__(self, protocol: Any) -> Any:
        path, options = self._opened
        return functools.partial(Model, path, **options), ()  # opened again there

    @property
    def _info(self) -> Any:
        return lib.jc_model_get_info(self._pointer)

    @property
    def tokenizer(self) -> Tokenizer:
        if self._tokenizer is None:
            self._tokenizer = Tokenizer(self._tokenizer_path)
        return self._tokenizer

    @property
    def layers(self) -> int:
        """L: blocks. Layer taps are 0..L."""
        return self._info.layers

    @property
    def width(self) -> int:
        """d: numbers in a state."""
        return self._info.width

    @property
    def vocab(self) -> int:
        return self._info.vocab

    @property
    def context(self) -> int:
        """The longest text in tokens."""
        return self._info.context

    @property
    def causal(self) -> bool:
        """Whether it is a decoder."""
        return self._info.causal

    @property
    def info(self) -> dict[str, Any]:
        """All that is known of it: path, architecture, sizes, types, fingerprint."""
        info, known = self._info, {}
        for name, field in ffi.typeof("jc_model_info").fields:
            value = getattr(info, name)
            known[name] = text_of(value) if field.type.kind == "pointer" else value
        return known

    @property
    def notes(self) -> list[str]:
        """What is odd about its files without being an error."""
        notes: list[str] = []
        while (note := lib.jc_model_note(self._pointer, len(notes))) != ffi.NULL:
            notes.append(text_of(note))
        return notes

    def samples(self, texts: Texts, **options: Any) -> Iterator[Sample]:
        """The token ids and positions that a fit on these texts would use."""
        params = Params("jc_samples")
        spread(options, params)
        return iter(open_samples(self, texts, params)[0])

    @documented("jc_samples")
    def states(self, texts: Texts, taps: Iterable[str | int] | None = None, **options: Any) -> States:
        """The states of texts at taps; by default at all layers: "0" to str(layers).

        Tap "6" is the output of block 6, "6.attn" what its attention adds; names such as
        "blocks.5.hook_resid_post" mean the same as in TransformerLens. `hidden_states[i]` of
        transformers is tap i, but for the last, which it gives after the final norm.
        """
        if isinstance(taps, str):
            raise TypeError("taps is a str: give a list of taps")
        wanted = list(range(self.layers + 1)) if taps is None else list(taps)
        params = Params("jc_samples")
        spread(options, params)
        session = self._session(wanted)
        states, parts, rows = States(), [[] for _ in wanted], []
        at_once = min(_TOKENS_AT_ONCE, _FLOPS_AT_ONCE // (24 * self.layers * self.width**2 + 1))
        for batch in _batches(open_samples(self, texts, params)[0], at_once):
            session.run(batch)
            for part, read in zip(parts, session.reads):
                part.append(read())
            for sample in batch:
                text = np.full(len(sample.positions), len(states.ids), np.int64)
                rows.append(np.stack([text, sample.positions.astype(np.int64)], 1))
                states.ids.append(sample.ids)
                states.texts.append(self.tokenizer.decode(sample.ids))
        states.rows = np.concatenate(rows)
        states.update((str(tap), np.concatenate(part)) for tap, part in zip(wanted, parts))
        return states

    def readout(self, h: Any) -> np.ndarray:
        """Logits float32 [n, vocab] of states [n, width] that stand for the last block's
        output: final norm and unembedding, or an encoder's whole head."""
        x = rows_of(h, self.width)
        logits = np.empty((len(x), self.vocab), np.float32)
        for part in pieces(x):
            run(lib.jc_model_readout, self._pointer, floats(x[part]), len(x[part]), floats(logits[part]))
        return logits

    @documented("jc_lens")
    def lens(
        self,
        text: str,
        *shortcuts: Shortcut,
        target: str | int | Iterable[str | int] | None = None,
        progress: Any = False,
        **options: Any,
    ) -> Lens:
        """What each layer would say at each position of a text; of an encoder, at its masks.

        Without a shortcut states are read as they are (the logit lens). target: a token, or
        several, whose rank and probability to keep: " Paris", or its id.
        """
        from .lens import Lens

        return Lens(self, text, shortcuts, target, options, progress)

    @documented("jc_generate")
    def generate(
        self,
        prompt: str,
        *,
        shortcut: Shortcut | None = None,
        policy: Policy | None = None,
        frequent: Iterable[int] | None = None,
        draft_text: Iterable[int] | None = None,
        logprobs: bool = False,
        **options: Any,
    ) -> Generation:
        """Continue a prompt; iterate over the result for tokens as they come.

        shortcut: the maps that `exit`, or the drafters "context" and "exit:E", need. policy:
        what calibrate() or tune() has found, in place of these options. frequent: ids of the
        tokens that "context" chooses among, the most frequent first. draft_text: ids of the
        text that "corpus" looks up.
        """
        from .generate import Generation

        return Generation(self, prompt, shortcut, policy, frequent, draft_text, logprobs, options)

    def _session(self, taps: list[str | int]) -> _Session:
        return _Session(self, [tap_of(tap) for tap in taps])

    def __repr__(self) -> str:
        return f"<Model {text_of(self._info.architecture)}: {self.layers} layers of {self.width}>"


def _absolute(path: str | os.PathLike) -> str:
    return "demo" if path == "demo" else os.path.abspath(os.fsdecode(path))


class _Session:
    """Runs texts and reads states at taps that were named before."""

    def __init__(self, model: Model, taps: list[str]):
        self._model = model
        self._pointer = ffi.gc(
            make("jc_session", lib.jc_session_new, model._pointer), lib.jc_session_free
        )
        inside = []
        self.reads = []
        for name in taps:
            tap = ffi.new("jc_tap *")
            call(lib.jc_tap_parse, tap, model._pointer, bytes_of(name))
            if tap.point == 0:
                self.reads.append(self._reader(lib.jc_session_states, tap.block))
            else:
                self.reads.append(self._reader(lib.jc_session_wanted, len(inside)))
                inside.append(tap[0])
        if inside:
            call(lib.jc_session_want, self._pointer, ffi.new("jc_tap[]", inside), len(inside))

    def _reader(self, function: Any, which: int) -> Any:
        def read() -> np.ndarray:
            n, width = lib.jc_session_rows(self._pointer), self._model.width
            states = ffi.buffer(function(self._pointer, which), n * width * 4)
            return np.frombuffer(states, np.float32).reshape(n, width).copy()

        return read

    def run(self, samples: list[Sample]) -> None:
        texts, alive = ffi.new("jc_text[]", len(samples)), []
        for text, sample in zip(texts, samples):
            ids, positions = ffi.from_buffer("uint32_t[]", sample.ids), ffi.from_buffer("uint32_t[]", sample.positions)
            alive += [ids, positions]
            text.ids, text.n = ids, len(sample.ids)
            text.positions, text.n_positions = positions, len(sample.positions)
        run(lib.jc_session_run, self._pointer, texts, len(samples))


def _batches(samples: Iterable[Sample], at_once: int) -> Iterator[list[Sample]]:
    batch: list[Sample] = []
    tokens = 0
    for sample in samples:
        if batch and tokens + len(sample.ids) > at_once:
            yield batch
            batch, tokens = [], 0
        batch.append(sample)
        tokens += len(sample.ids)
    if batch:
        yield batch
