# SPDX-License-Identifier: MIT
"""What each layer would say."""

from __future__ import annotations

import html
import json
import operator
from typing import TYPE_CHECKING, Any, Callable, NamedTuple

import numpy as np

from ._hooks import Hooks
from ._library import Params, ReadOnly, bytes_of, call, ffi, lib, pointer_of, spread, text_of
from .shortcut import Shortcut

if TYPE_CHECKING:
    from .model import Model


class Cell(NamedTuple):
    """The read-out at one tap and position. The answer is the model's own first guess."""

    ids: np.ndarray  #: uint32 [top]: the first guesses, best first
    p: np.ndarray  #: float32 [top]: their probabilities
    tokens: list[str]  #: [top]: as text
    rank: int  #: of the answer here, 1 for the first guess
    entropy: float  #: nats
    kl: float  #: from the model's own distribution, nats


class Lens(ReadOnly):
    """Guesses by map, tap and position; a notebook shows it as a page.

    `lens["mat"]` is a list, a row for each tap of `taps`, of lists of Cells, one for each
    position of `positions`.
    """

    def __init__(
        self,
        model: Model,
        text: str,
        shortcuts: tuple[Shortcut, ...],
        target: Any,
        options: dict[str, Any],
        progress: Any,
    ):
        params = Params("jc_lens")
        pointers = [pointer_of(s, "jc_shortcut") for s in shortcuts]
        targets = params.keep(ffi.new("uint32_t[]", _targets(model, target)))
        params.struct.targets, params.struct.n_targets = targets, len(targets)
        if len(shortcuts) > 1 and "map" not in options:
            options = {**options, "map": "all"}
        spread(options, params)
        ids = model.tokenizer.encode(text)
        out = ffi.new("jc_lens **")
        with Hooks(progress) as hooks:
            params.struct.hooks = hooks.struct
            hooks.call(
                lib.jc_lens_new,
                out,
                model._pointer,
                model.tokenizer._pointer,
                pointers,
                len(pointers),
                ffi.from_buffer("uint32_t[]", ids),
                len(ids),
                params.struct,
            )
        self._pointer = ffi.gc(out[0], lib.jc_lens_free)
        self._model = model  # borrowed by the lens
        self.ids = ids  #: token ids of the text

    @property
    def maps(self) -> list[str]:
        """Names of the maps that were read."""
        maps: list[str] = []
        while (name := lib.jc_lens_map(self._pointer, len(maps))) != ffi.NULL:
            maps.append(text_of(name))
        return maps

    @property
    def taps(self) -> list[str]:
        """Names of the rows: layers, and taps inside blocks that were asked for."""
        name = ffi.new("char[]", lib.JC_TAP_NAME)
        taps = []
        for row in range(lib.jc_lens_rows(self._pointer)):
            lib.jc_tap_name(lib.jc_lens_tap(self._pointer, row), name)
            taps.append(text_of(name))
        return taps

    @property
    def positions(self) -> list[int]:
        """Positions of the text that were read, the columns."""
        return [lib.jc_lens_position(self._pointer, c) for c in range(lib.jc_lens_columns(self._pointer))]

    def __getitem__(self, name: str) -> list[list[Cell]]:
        index = self._index(name)
        columns = range(len(self.positions))
        return [[self._cell(index, row, c) for c in columns] for row in range(len(self.taps))]

    def _index(self, name: str) -> int:
        if name not in self.maps:
            raise KeyError(f"no map '{name}' was read; there are {', '.join(self.maps)}")
        return self.maps.index(name)

    def _cell(self, index: int, row: int, column: int) -> Cell:
        cell = lib.jc_lens_at(self._pointer, index, row, column)
        ids = np.frombuffer(ffi.buffer(cell.ids, cell.n * 4), np.uint32).copy()
        p = np.frombuffer(ffi.buffer(cell.p, cell.n * 4), np.float32).copy()
        tokens = [self._model.tokenizer.decode([i]) for i in ids]
        return Cell(ids, p, tokens, cell.rank, cell.entropy, cell.kl)

    def settled(self, name: str) -> list[int]:
        """For each position the first layer from which on the answer is the first guess."""
        index = self._index(name)
        return [lib.jc_lens_settled(self._pointer, index, c) for c in range(len(self.positions))]

    @property
    def targets(self) -> list[int]:
        """Ids of the tokens of `target`."""
        n = lib.jc_lens_targets(self._pointer)
        return [lib.jc_lens_target(self._pointer, i) for i in range(n)]

    def target(self, token: str | int, name: str | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Of one of the tokens of `target`: its rank, 1 for the first guess, int64 [taps,
        positions], and its probability, float64 [taps, positions]; by the map `name`, or the
        first."""
        index = self._index(name) if name else 0
        wanted = _token(self._model, token)
        if wanted not in self.targets:
            raise KeyError(f"{token!r} is no target of this lens: give it as target=")
        wanted = self.targets.index(wanted)
        return self._scores(lambda r, c: lib.jc_lens_of_target(self._pointer, index, r, c, wanted))

    def next(self, name: str | None = None) -> tuple[np.ndarray, np.ndarray]:
        """The same of the token that follows in the text; rank 0 where there is none."""
        index = self._index(name) if name else 0
        return self._scores(lambda r, c: lib.jc_lens_of_next(self._pointer, index, r, c))

    def _scores(self, at: Callable[[int, int], Any]) -> tuple[np.ndarray, np.ndarray]:
        shape = len(self.taps), len(self.positions)
        cells = [at(r, c) for r, c in np.ndindex(shape)]
        rank = np.array([cell.rank for cell in cells], np.int64).reshape(shape)
        return rank, np.array([cell.p for cell in cells]).reshape(shape)

    @property
    def json(self) -> dict[str, Any]:
        """All of it, as `jumpcut lens --format json` writes it."""
        return json.loads(self._show("json"))

    def html(self) -> str:
        """The page, which needs no network."""
        return self._show("html")

    def _show(self, view: str) -> str:
        text, length = ffi.new("char **"), ffi.new("size_t *")
        look = ffi.new("jc_lens_look *", {"width": 120, "colour": False})
        call(lib.jc_lens_show, self._pointer, bytes_of(view), look, text, length)
        try:
            return ffi.buffer(text[0], length[0])[:].decode()
        finally:
            lib.free(text[0])

    def _repr_html_(self) -> str:
        page = html.escape(self.html(), quote=True)
        return f'<iframe srcdoc="{page}" style="width:100%;height:600px;border:0"></iframe>'

    def __str__(self) -> str:
        return self._show("text")


def _token(model: Model, token: str | int) -> int:
    return model.tokenizer.find(token) if isinstance(token, str) else operator.index(token)


def _targets(model: Model, target: Any) -> list[int]:
    if target is None:
        return []
    wanted = list(target) if np.iterable(target) and not isinstance(target, str) else [target]
    ids = [_token(model, token) for token in wanted]
    for token in ids:
        if not 0 <= token < model.vocab:
            raise ValueError(f"target {token}: the model has {model.vocab} tokens, from 0")
    return ids
