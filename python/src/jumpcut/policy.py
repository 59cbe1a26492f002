# SPDX-License-Identifier: MIT
"""Policies: how a model is to be run with its shortcuts, found by measurement."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ._library import Params, ReadOnly, call, documented, ffi, lib, make, path_of, pointer_of, spread, text_of
from .shortcut import Shortcut
from .texts import Texts, open_samples

if TYPE_CHECKING:
    from .model import Model


class Policy(ReadOnly):
    """What calibrate() or tune() has found, for `generate(policy=...)`. Read-only."""

    def __init__(self, pointer: Any):
        self._pointer = ffi.gc(pointer, lib.jc_policy_free)

    @classmethod
    def load(cls, path: str | os.PathLike) -> Policy:
        """Read a policy that this package or the program has written."""
        return cls(make("jc_policy", lib.jc_policy_open, path_of(path)))

    def save(self, path: str | os.PathLike) -> None:
        """Write policy.json, whole or not at all."""
        call(lib.jc_policy_save, self._pointer, path_of(path))

    @property
    def info(self) -> dict[str, Any]:
        """What it says: numbers and names as `jc_policy_info` of jumpcut/policy.h has them.

        `gate` is None where nothing is said of early exit, `draft` where nothing is said of
        drafts. `pass_seconds` is the time of a pass by its tokens.
        """
        info, known = lib.jc_policy_get_info(self._pointer), {}
        for name, field in ffi.typeof("jc_policy_info").fields:
            value = getattr(info, name)
            if field.type.kind == "primitive":
                known[name] = value
            elif field.type.item.cname == "char":
                known[name] = None if value == ffi.NULL else text_of(value)
        rows = range(info.n_pass)
        known["pass_seconds"] = {info.pass_rows[i]: info.pass_seconds[i] for i in rows}
        for name in ("size", "n_pass", "n_tried"):
            known.pop(name, None)
        return known

    def __repr__(self) -> str:
        info = self.info
        exits = "no exit" if info["never"] else f"threshold {info['threshold']:.6g}"
        said = [f"exit {info['gate']}, {exits}"] if info["gate"] else []
        return f"<Policy: {'; '.join(said + ([f'''draft {info['draft']}'''] if info['draft'] else []))}>"


@documented("jc_calibrate", "jc_samples")
def calibrate(
    model: Model, shortcut: Shortcut, texts: Texts, progress: Any = False, **options: Any
) -> Policy:
    """Find a threshold of early exit with a bound on what exits change.

    Take other texts than the maps were fitted on, some hundred of them. Where there are too
    few, the policy lets no token leave (`info["never"]`), and a Note says so.
    """
    return _find(lib.jc_calibrate, "jc_calibrate", model, shortcut, texts, progress, options)


@documented("jc_tune", "jc_samples")
def tune(
    model: Model,
    texts: Texts,
    shortcut: Shortcut | None = None,
    progress: Any = False,
    **options: Any,
) -> Policy:
    """Measure which drafters make this model write faster on this machine.

    shortcut: with the maps that drafters need, such as the one of "context". Other work on
    the machine disturbs the times.
    """
    return _find(lib.jc_tune, "jc_tune", model, shortcut, texts, progress, options)


def _find(
    function: Any,
    name: str,
    model: Model,
    shortcut: Shortcut | None,
    texts: Texts,
    progress: Any,
    options: dict[str, Any],
) -> Policy:
    samples_params, params = Params("jc_samples"), Params(name)
    spread(options, samples_params, params)
    samples, hooks = open_samples(model, texts, samples_params, progress)
    out = ffi.new("jc_policy **")
    with hooks:
        params.struct.hooks = hooks.struct
        maps = ffi.NULL if shortcut is None else pointer_of(shortcut, "jc_shortcut")
        hooks.call(function, out, model._pointer, maps, samples.pointer, params.struct)
    return Policy(out[0])
