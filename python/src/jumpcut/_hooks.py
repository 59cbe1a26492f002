# SPDX-License-Identifier: MIT
"""What long calls tell: progress, shown by tqdm where it is there, and notes, as warnings.

A callback runs while the library works; an exception in it (KeyboardInterrupt above all)
stops the work, and is raised again when the call has returned.
"""

from __future__ import annotations

import sys
import time
import warnings
from typing import Any, Callable, Iterable, Iterator

from ._library import ffi, lib, run, text_of
from .errors import Note


class _Bar:
    """Progress of one stage after the other; without tqdm, a line every second."""

    def __init__(self) -> None:
        try:
            from tqdm.auto import tqdm

            self._tqdm: Any = tqdm
        except ImportError:
            self._tqdm = None
        self._stage = ""
        self._bar: Any = None
        self._shown = 0.0

    def show(self, stage: str, unit: str, done: int, total: int) -> None:
        if self._tqdm is None:
            if time.monotonic() - self._shown > 1:
                self._shown = time.monotonic()
                print(f"{stage}: {done} of {total or '?'} {unit}", file=sys.stderr)
            return
        if stage != self._stage:
            self.close()
            self._stage = stage
            self._bar = self._tqdm(desc=stage, unit=" " + unit, total=total or None)
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


class Hooks:
    """`struct` goes into a params struct; the object must outlive the call.

        with Hooks(progress) as hooks:
            hooks.call(lib.jc_fit, out, stats, params)
    """

    def __init__(self, progress: bool | Callable[[str, int, int], Any] = False, texts: Iterable[str] = ()):
        if not (isinstance(progress, bool) or callable(progress)):
            raise TypeError(f"progress is True, False or a function, not {type(progress).__name__}")
        self._handle = ffi.new_handle(self)
        self._bar = _Bar() if progress is True else None
        self._progress = progress if callable(progress) else None
        self._texts: Iterator[str] = iter(texts)
        self._current: Any = None
        self.failed: BaseException | None = None
        self.notes: list[str] = []
        self.struct = ffi.new("jc_hooks *")
        self.struct.progress = lib._progress
        self.struct.note = lib._note
        self.struct.arg = self._handle

    @property
    def handle(self) -> Any:
        return self._handle

    def call(self, function: Any, *args: Any) -> None:
        """Run it, and warn of what it noted."""
        try:
            self.run(function, *args)
        finally:
            self.warn(5)

    def run(self, function: Any, *args: Any) -> None:
        """As call() of the library, raising what went wrong in a callback first."""
        try:
            run(function, *args)
        except Exception:
            if self.failed is None:
                raise
        if self.failed is not None:
            failed, self.failed = self.failed, None
            raise failed

    def warn(self, level: int) -> None:
        notes, self.notes = self.notes, []
        for note in notes:
            warnings.warn(note, Note, stacklevel=level)

    def __enter__(self) -> Hooks:
        return self

    def __exit__(self, *exception: Any) -> None:
        if self._bar is not None:
            self._bar.close()

    # ---- what the library calls ----

    def fail(self, error: BaseException) -> None:
        self.failed = self.failed or error

    def progressed(self, stage: str, unit: str, done: int, total: int) -> bool:
        if self.failed is not None:
            return False
        if self._bar is not None:
            self._bar.show(stage, unit, done, total)
        return self._progress is None or self._progress(stage, done, total) is not False

    def next_text(self) -> Any:
        """The next text as C memory that lives until the next call; None at the end."""
        text = next(self._texts, None)
        if text is None:
            return None
        if not isinstance(text, str):
            raise TypeError(f"a text must be a str, not {type(text).__name__}")
        self._current = ffi.from_buffer(text.encode("utf-8", "surrogatepass"))
        return self._current


def _failed(kind: Any, error: Any, traceback: Any) -> None:
    """cffi calls it for an exception in a callback, which then returns its `error`."""
    frame = traceback.tb_frame.f_locals
    ffi.from_handle(frame["arg"]).fail(error)


@ffi.def_extern(error=False, onerror=_failed)
def _progress(arg: Any, progress: Any) -> bool:
    return ffi.from_handle(arg).progressed(
        text_of(progress.stage), text_of(progress.unit), progress.done, progress.total
    )


@ffi.def_extern(onerror=_failed)
def _note(arg: Any, message: Any) -> None:
    ffi.from_handle(arg).notes.append(text_of(message))


@ffi.def_extern(error=lib.JC_E_CANCELLED, onerror=_failed)
def _next_text(arg: Any, text: Any, length: Any, error: Any) -> int:
    current = ffi.from_handle(arg).next_text()
    text[0] = ffi.NULL if current is None else current
    length[0] = 0 if current is None else len(current)
    return lib.JC_OK
