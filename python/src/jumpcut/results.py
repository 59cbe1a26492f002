# SPDX-License-Identifier: MIT
"""How good shortcuts are."""

from __future__ import annotations

import json
import os
import pathlib
from typing import TYPE_CHECKING, Any, Iterable

import numpy as np

from ._library import Params, call, documented, ffi, lib, path_of, pointer_of, spread
from .shortcut import Shortcut
from .texts import Texts, open_samples, origin

if TYPE_CHECKING:
    from .model import Model


class Results:
    """Scores of shortcuts. `json` holds all of them, as in results.json of the program; the
    properties give what is asked for most, by name of the method ("id" is the identity, the
    logit lens) as an array with a number for each layer 0..L."""

    def __init__(self, results: dict[str, Any]):
        self.json = results

    def _text(self) -> str:
        return json.dumps(self.json, indent=1) + "\n"

    @property
    def names(self) -> list[str]:
        return list(self.json["r2_last"])

    @property
    def r2(self) -> dict[str, np.ndarray]:
        """The share of the last state's variance that the map explains."""
        return self._by_layer("r2_last", "r2")

    @property
    def precision(self) -> dict[str, np.ndarray]:
        """Precision@1: how often the first guess is the model's own."""
        return self._by_layer("jump", "p1")

    @property
    def surprisal(self) -> dict[str, np.ndarray]:
        """How unexpected the first guess is to the model, in nats."""
        return self._by_layer("jump", "surprisal")

    def _by_layer(self, section: str, member: str) -> dict[str, np.ndarray]:
        if section not in self.json:
            raise KeyError(f"there is no '{section}' in these results: the model has no head")
        return {
            name: np.array([np.nan if row[member] is None else row[member] for row in rows])
            for name, rows in self.json[section].items()
        }

    def frame(self) -> Any:
        """A pandas DataFrame: a row for each method and layer."""
        import pandas

        rows = []
        for name in self.names:
            sections = (self.json[s][name] for s in ("r2_last", "jump") if s in self.json)
            for layers in zip(*sections):
                row: dict[str, Any] = {"method": name}
                for part in layers:
                    row.update((k, v) for k, v in part.items() if not isinstance(v, list))
                rows.append(row)
        return pandas.DataFrame(rows)

    def save(self, path: str | os.PathLike) -> None:
        """Write results.json, whole or not at all."""
        part = pathlib.Path(os.fspath(path) + ".part")
        try:
            part.write_text(self._text(), encoding="utf-8")
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    def report(self, path: str | os.PathLike) -> None:
        """Write the report, one HTML page."""
        data = self._text().encode()
        call(lib.jc_report_write_json, data, len(data), b"results", path_of(path))

    def __repr__(self) -> str:
        return f"<Results of {', '.join(self.names)}>"


@documented("jc_eval", "jc_samples")
def evaluate(
    model: Model, shortcuts: Shortcut | Iterable[Shortcut], texts: Texts, progress: Any = False, **options: Any
) -> Results:
    """Score the identity and each shortcut on texts, which should not be those of the fit."""
    shortcuts = [shortcuts] if isinstance(shortcuts, Shortcut) else list(shortcuts)
    pointers = [pointer_of(s, "jc_shortcut") for s in shortcuts]
    samples_params, eval_params = Params("jc_samples"), Params("jc_eval")
    spread(options, samples_params, eval_params)
    samples, hooks = open_samples(model, texts, samples_params, progress)
    out = ffi.new("jc_results **")
    with hooks:
        eval_params.struct.hooks = hooks.struct
        eval_params.struct.seed = samples_params.struct.seed  # of the bootstrap
        hooks.call(
            lib.jc_eval,
            out,
            model._pointer,
            pointers,
            len(pointers),
            samples.pointer,
            eval_params.struct,
        )
    results = ffi.gc(out[0], lib.jc_results_free)
    text = ffi.new("char **")
    call(lib.jc_results_json, results, text)
    try:
        scores = json.loads(ffi.string(text[0]))
    finally:
        lib.free(text[0])
    told = origin(texts, samples_params)
    scores["data"].update(sources=told["files"], positions=told["positions"], seed=told["seed"])
    for row, shortcut in zip(scores["fits"].values(), shortcuts):
        row.update(sources=json.loads(shortcut.meta("texts.files") or "[]"), file=shortcut.path)
    return Results(scores)
