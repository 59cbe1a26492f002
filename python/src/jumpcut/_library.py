# SPDX-License-Identifier: MIT
"""The C library: calls, failures as exceptions, and options by name."""

from __future__ import annotations

import difflib
import os
from typing import Any, Iterator

from jumpcut._jumpcut import ffi, lib

from .errors import Error, UnsupportedError, of_status


def text_of(pointer: Any) -> str:
    """A borrowed C string; bytes that are not UTF-8 as Python's file names have them."""
    return ffi.string(pointer).decode("utf-8", "surrogateescape")


def bytes_of(text: str) -> bytes:
    return _whole(text.encode("utf-8", "surrogateescape"))


def path_of(path: str | os.PathLike) -> bytes:
    return _whole(os.fsencode(path))


def _whole(text: bytes) -> bytes:
    if b"\0" in text:
        raise ValueError(f"{text!r} holds a zero byte, where a name in C would end")
    return text


def call(function: Any, *args: Any) -> None:
    """Call a function that returns a jc_status and takes a jc_error last."""
    error = ffi.new("jc_error *")
    status = function(*args, error)
    if status != lib.JC_OK:
        message = text_of(error.message) or text_of(lib.jc_status_text(status))
        raise of_status(text_of(lib.jc_status_name(status)), message)


_ran = _forked = False


def run(function: Any, *args: Any) -> None:
    """As call(), of a function that runs threads: these do not come along when a process
    forks, and waiting for them would never end."""
    global _ran
    if _forked:
        raise UnsupportedError(
            "this process was forked from one that had run jumpcut already, whose threads a fork leaves behind:"
            " fork before the first model is opened, or take multiprocessing's start method 'spawn'"
        )
    _ran = True
    call(function, *args)


def _after_fork() -> None:
    global _forked
    _forked = _ran


os.register_at_fork(after_in_child=_after_fork)


class Handle:
    """An object of the library."""

    _pointer: Any

    def __reduce_ex__(self, protocol: Any) -> Any:
        how = "save() it and load() it there" if hasattr(self, "save") else "make it again there"
        raise TypeError(f"a {type(self).__name__} lies in this process, and cannot be pickled or copied: {how}")


class ReadOnly(Handle):
    """A handle that is as good as a copy of it."""

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: Any) -> Any:
        return self


def pointer_of(thing: Any, ctype: str) -> Any:
    """The C object of a handle; TypeError where it is another thing."""
    pointer = getattr(thing, "_pointer", None)
    if not isinstance(pointer, ffi.CData) or ffi.typeof(pointer) is not ffi.typeof(ctype + " *"):
        raise TypeError(f"a {ctype[3:].capitalize()} is wanted here, not {type(thing).__name__}")
    return pointer


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


