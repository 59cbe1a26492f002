# SPDX-License-Identifier: MIT
"""The C library: calls, failures as exceptions, and options by name."""

from __future__ import annotations

import difflib
from typing import Any, Iterator

from jumpcut._jumpcut import ffi, lib

from .errors import Error, of_status


def text_of(pointer: Any) -> str:
    """A borrowed C string; bytes that are not UTF-8 as Python's file names have them."""
    return ffi.string(pointer).decode("utf-8", "surrogateescape")


def bytes_of(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def call(function: Any, *args: Any) -> None:
    """Call a function that returns a jc_status and takes a jc_error last."""
    error = ffi.new("jc_error *")
    status = function(*args, error)
    if status != lib.JC_OK:
        message = text_of(error.message) or text_of(lib.jc_status_text(status))
        raise of_status(text_of(lib.jc_status_name(status)), message)


def make(ctype: str, function: Any, *args: Any) -> Any:
    """The object that a function of the kind `jc_status f(T **out, ...)` makes."""
    out = ffi.new(ctype + " **")
    call(function, out, *args)
    return out[0]


def table(entry: Any) -> Iterator[Any]:
    """The entries of a table with a getter by index, to the NULL past its end."""
    i = 0
    while entry(i) != ffi.NULL:
        yield entry(i)
        i += 1


class Params:
    """A params struct whose members are set by the names of options, as the program's
    are: `Params("jc_fit")` with `set("ridge", 1e-3)`."""

    def __init__(self, name: str):
        self.struct = ffi.new(name + "_params *")
        self.options = _options(name)
        self._rows, self._n = _rows(name)
        self._alive: list[Any] = []
        lib.jc_option_defaults(self.struct, ffi.sizeof(self.struct[0]), self._rows, self._n)

    def set(self, name: str, value: Any) -> None:
        text = ffi.new("char[]", bytes_of(_written(value)))
        self._alive.append(text)  # the struct borrows it
        call(lib.jc_option_set, self.struct, self._rows, self._n, bytes_of(name.replace("_", "-")), text)

    def keep(self, value: Any) -> Any:
        """Hold on to memory that the struct points to."""
        self._alive.append(value)
        return value


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else str(value)


def _rows(name: str) -> tuple[Any, int]:
    n = ffi.new("size_t *")
    rows = getattr(lib, name + "_options")(n)
    return rows, n[0]


def _options(name: str) -> dict[str, str]:
    """Python's names of the options, and their help."""
    rows, n = _rows(name)
    return {text_of(rows[i].name).replace("-", "_"): text_of(rows[i].help) for i in range(n)}


def spread(options: dict[str, Any], *params: Params) -> None:
    """Set each option in every struct that has one of its name. None means the default.

    Raises TypeError for a name that none has.
    """
    for name, value in options.items():
        takers = [p for p in params if name in p.options]
        if not takers:
            known = sorted({k for p in params for k in p.options})
            near = difflib.get_close_matches(name, known, 1)
            hint = f"; did you mean '{near[0]}'?" if near else f"; there are {', '.join(known)}"
            raise TypeError(f"no option is called '{name}'{hint}")
        for p in takers:
            if value is not None:
                p.set(name, value)


def documented(*names: str) -> Any:
    """Append to a function's docstring the options that it takes as keywords."""

    def decorate(function: Any) -> Any:
        lines = ["", "", "Options, as those of the program:", ""]
        seen: set[str] = set()
        for name in names:
            for option, about in _options(name).items():
                if option not in seen:
                    seen.add(option)
                    lines.append(f"    {option}: {about}")
        function.__doc__ = (function.__doc__ or "") + "\n".join(lines) + "\n"
        return function

    return decorate


__all__ = ["Error", "Params", "bytes_of", "call", "documented", "ffi", "lib", "make", "spread", "table", "text_of"]
