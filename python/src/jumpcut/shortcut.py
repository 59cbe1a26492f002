# SPDX-License-Identifier: MIT
"""Fitted maps between taps, and the sums that they are fitted on."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Iterator

import numpy as np

from ._hooks import Hooks
from ._library import (
    Handle,
    Params,
    ReadOnly,
    bytes_of,
    call,
    documented,
    ffi,
    lib,
    make,
    path_of,
    run,
    spread,
    text_of,
)
from .taps import tap_of
from .texts import Texts, open_samples, origin
from .train import train, trains

if TYPE_CHECKING:
    from .model import Model


_ROWS_AT_ONCE = 128


class Map(ReadOnly):
    """A linear map from the states at one or several taps to the state at a tap."""

    def __init__(self, shortcut: Shortcut, pointer: Any):
        self._shortcut, self._pointer = shortcut, pointer
        self._dense: tuple[np.ndarray, np.ndarray] | None = None

    @property
    def name(self) -> str:
        """As its tensors are called in the file: "map.6.12"."""
        return text_of(lib.jc_map_name(self._pointer))

    @property
    def form(self) -> str:
        """What it is made of: "dense", "affine", "low-rank", ..."""
        return text_of(lib.jc_map_form(self._pointer))

    @property
    def sources(self) -> list[str]:
        """The taps it takes, side by side: ["0", "12@-1"]. Empty for a part of a block."""
        n = lib.jc_map_sources(self._pointer)
        return [_tap_name(lib.jc_map_source(self._pointer, i)) for i in range(n)]

    @property
    def target(self) -> str:
        return _tap_name(lib.jc_map_target(self._pointer))

    @property
    def weight(self) -> np.ndarray:
        """float32 [outputs, inputs]: h_target ~ weight @ h_sources + bias."""
        return self._matrix()[0]

    @property
    def bias(self) -> np.ndarray:
        """float32 [outputs]; zeros where the map has none."""
        return self._matrix()[1]

    @property
    def cost(self) -> dict[str, int]:
        """parameters; bytes as stored; flops of one row."""
        cost = lib.jc_map_costs(self._pointer)
        return {"parameters": cost.parameters, "bytes": cost.bytes, "flops": cost.flops}

    def __call__(self, h: Any) -> np.ndarray:
        """float32 [n, outputs] from h [n, inputs], an array or a torch tensor on the CPU."""
        x = rows_of(h, lib.jc_map_inputs(self._pointer))
        y = np.empty((len(x), lib.jc_map_outputs(self._pointer)), np.float32)
        for part in pieces(x):
            run(lib.jc_map_run, self._pointer, floats(x[part]), len(x[part]), floats(y[part]))
        return y

    def _matrix(self) -> tuple[np.ndarray, np.ndarray]:
        if self._dense is None:
            outputs = lib.jc_map_outputs(self._pointer)
            weight = np.empty((outputs, lib.jc_map_inputs(self._pointer)), np.float32)
            bias = np.empty(outputs, np.float32)
            call(lib.jc_map_dense, self._pointer, floats(weight), floats(bias))
            self._dense = weight, bias
        return self._dense

    def __repr__(self) -> str:
        return f"<{self.form} {self.name}>"


class Shortcut(ReadOnly):
    """Maps of a model. `s[6, 12]` is the one from layer 6 to layer 12; `for m in s` gives
    all of them. Read-only; may be shared by threads."""

    def __init__(self, pointer: Any, path: str = "in memory"):
        self._pointer = ffi.gc(pointer, lib.jc_shortcut_free)
        self.path = path  #: of the file it was read from or last saved to

    def __getitem__(self, taps: tuple[Any, Any]) -> Map:
        if not isinstance(taps, tuple) or len(taps) != 2:
            raise KeyError(f"a map goes from a tap to a tap, as in s[6, 12]; {taps!r} is not two")
        source, target = taps
        wanted = [tap_of(t) for t in source] if isinstance(source, (list, tuple)) else [tap_of(source)]
        for m in self:
            if m.sources == wanted and m.target == tap_of(target):
                return m
        there = ", ".join(sorted({"+".join(m.sources) + ":" + m.target for m in self if m.sources})[:8])
        raise KeyError(f"there is no map from {'+'.join(wanted)} to {target}; there are {there or 'none'}")

    def __iter__(self) -> Iterator[Map]:
        i = 0
        while (pointer := lib.jc_shortcut_map(self._pointer, i)) != ffi.NULL:
            yield Map(self, pointer)
            i += 1

    @property
    def method(self) -> str | None:
        return self.meta("method")

    def meta(self, key: str) -> str | None:
        """A value of the file's metadata: "method", "rows", "model.fingerprint", ..."""
        value = lib.jc_shortcut_meta(self._pointer, bytes_of(key))
        return None if value == ffi.NULL else text_of(value)

    def set_meta(self, key: str, value: str) -> None:
        call(lib.jc_shortcut_set_meta, self._pointer, bytes_of(key), bytes_of(value))

    def save(self, path: str | os.PathLike) -> None:
        """Write a safetensors file, whole or not at all."""
        call(lib.jc_shortcut_save, self._pointer, path_of(path))
        self.path = os.fspath(path)

    def __repr__(self) -> str:
        layers, width = lib.jc_shortcut_layers(self._pointer), lib.jc_shortcut_width(self._pointer)
        return f"<Shortcut {self.method}: {layers} layers of {width}>"


def load(path: str | os.PathLike) -> Shortcut:
    """Read the maps of a shortcut file."""
    return Shortcut(make("jc_shortcut", lib.jc_shortcut_open, path_of(path)), os.fspath(path))


class Sums(Handle):
    """What every fit needs to know of the texts. Their size depends on the model alone."""

    def __init__(self, pointer: Any, model: Model | None = None):
        self._pointer = ffi.gc(pointer, lib.jc_stats_free)
        self._model = model

    @classmethod
    def load(cls, path: str | os.PathLike) -> Sums:
        return cls(make("jc_stats", lib.jc_stats_load, path_of(path)))

    @property
    def rows(self) -> int:
        """Vectors."""
        return lib.jc_stats_rows(self._pointer)

    @property
    def texts(self) -> int:
        return lib.jc_stats_texts(self._pointer)

    def add(self, other: Sums) -> None:
        """Add the sums of other texts, of the same model and pairs."""
        call(lib.jc_stats_merge, self._pointer, other._pointer)

    def save(self, path: str | os.PathLike) -> None:
        call(lib.jc_stats_save, self._pointer, path_of(path))

    @documented("jc_fit")
    def fit(self, progress: Any = False, **options: Any) -> Shortcut:
        """Solve for the maps."""
        params = Params("jc_fit")
        spread(options, params)
        return self._fit(params, progress)

    def _fit(self, params: Params, progress: Any) -> Shortcut:
        out = ffi.new("jc_shortcut **")
        if self._model is not None:
            params.struct.model = self._model._pointer
        with Hooks(progress) as hooks:
            params.struct.hooks = hooks.struct
            hooks.call(lib.jc_fit, out, self._pointer, params.struct)
        return Shortcut(out[0])


@documented("jc_samples", "jc_stats")
def gather(model: Model, texts: Texts, progress: Any = False, **options: Any) -> Sums:
    """Run texts through the model once and gather the sums of all maps that are wanted."""
    samples_params, stats_params = Params("jc_samples"), Params("jc_stats")
    spread(options, samples_params, stats_params)
    return _gather(model, texts, samples_params, stats_params, progress)


def _gather(model: Model, texts: Texts, samples_params: Params, stats_params: Params, progress: Any) -> Sums:
    samples, hooks = open_samples(model, texts, samples_params, progress)
    out = ffi.new("jc_stats **")
    with hooks:
        stats_params.struct.hooks = hooks.struct
        hooks.call(lib.jc_stats_gather, out, model._pointer, samples.pointer, stats_params.struct)
    return Sums(out[0], model)


@documented("jc_fit", "jc_train", "jc_stats", "jc_samples")
def fit(model: Model, texts: Texts, progress: Any = False, **options: Any) -> Shortcut:
    """Fit maps on texts: `fit(m, texts, method="ridge", ridge=1e-3, pairs="all")`.

    texts: strings, or paths of files (pathlib.Path). progress: True for a bar, or a function
    of (stage, done, total) that returns False to stop. The methods "tuned" and "jacobian" read
    texts again and again, so those of an iterator are kept in memory.
    """
    samples_params = Params("jc_samples")
    if trains(options.get("method")):
        train_params = Params("jc_train")
        spread(options, samples_params, train_params)
        shortcut = Shortcut(train(model, texts, samples_params, train_params, progress))
    else:
        stats_params, fit_params = Params("jc_stats"), Params("jc_fit")
        spread(options, samples_params, stats_params, fit_params)
        shortcut = _gather(model, texts, samples_params, stats_params, progress)._fit(fit_params, progress)
    told = origin(texts, samples_params)
    for key in ("files", "split", "unit"):
        value = told.pop(key)
        if value:
            shortcut.set_meta("texts." + key, value if isinstance(value, str) else json.dumps(value))
    for key, value in told.items():
        shortcut.set_meta(key, str(value))
    return shortcut


def floats(array: np.ndarray) -> Any:
    return ffi.from_buffer("float[]", array)


def rows_of(h: Any, width: int) -> np.ndarray:
    """h as float32 [n, width] that lies in memory row by row; without a copy where it does.

    Takes what numpy takes, and tensors of other libraries by DLPack.
    """
    if not isinstance(h, np.ndarray) and hasattr(h, "__dlpack__"):
        h = _by_dlpack(h)
    if np.asarray(h).dtype.kind not in "fiub":
        raise TypeError(f"states must be real numbers, not {np.asarray(h).dtype}")
    x = np.ascontiguousarray(h, np.float32)
    if x.ndim == 1:
        x = x[None]
    if x.ndim != 2 or x.shape[1] != width:
        raise ValueError(f"states must be of shape [n, {width}], not {list(x.shape)}")
    return x


def _by_dlpack(tensor: Any) -> np.ndarray:
    """Without a copy, but of types that numpy does not have, such as torch's bfloat16."""
    tensor = tensor.detach() if hasattr(tensor, "detach") else tensor
    if tensor.__dlpack_device__()[0] != 1:
        raise ValueError("states must lie in the memory of the CPU: a tensor's .cpu() copies them there")
    try:
        return np.from_dlpack(tensor)
    except (RuntimeError, BufferError):
        if not hasattr(tensor, "float"):
            raise
        return np.from_dlpack(tensor.float())


def pieces(x: np.ndarray) -> Iterator[slice]:
    """Rows of one call: between two Ctrl-C is seen."""
    return (slice(i, i + _ROWS_AT_ONCE) for i in range(0, len(x), _ROWS_AT_ONCE))


def _tap_name(tap: Any) -> str:
    name = ffi.new("char[]", lib.JC_TAP_AT_NAME)
    lib.jc_tap_at_name(tap, name)
    return text_of(name)
