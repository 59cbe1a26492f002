# SPDX-License-Identifier: MIT
"""Maps that are trained: by methods that look at the model and read texts again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._hooks import Hooks
from ._library import Params, ffi, lib, table, text_of
from .texts import Samples, Texts, paths_of

if TYPE_CHECKING:
    from .model import Model


def trains(method: Any) -> bool:
    return any(row.texts and text_of(row.name) == method for row in table(lib.jc_method_at))


class _Again:
    """Texts for jc_texts: each opening begins at the first one."""

    def __init__(self, model: Model, texts: Texts, params: Params, hooks: Hooks):
        self._model, self._params, self._hooks = model, params, hooks
        self._texts = texts if paths_of(texts) is not None else list(texts)
        self._opened: dict[int, tuple[Samples, Hooks]] = {}
        self._first = True
        self.handle = ffi.new_handle(self)
        self.struct = ffi.new("jc_texts *", {"open": lib._open_texts, "close": lib._close_texts, "arg": self.handle})

    def open(self) -> Any:
        paths = paths_of(self._texts)
        hooks = Hooks(False, self._texts if paths is None else ())
        samples = Samples(self._model, self._texts, self._params, hooks, paths)
        if self._first:  # later ones would say the same again
            self._first, hooks.notes = False, self._hooks.notes
        self._opened[int(ffi.cast("uintptr_t", samples.pointer))] = samples, hooks
        return samples.pointer

    def close(self, pointer: Any) -> None:
        samples, hooks = self._opened.pop(int(ffi.cast("uintptr_t", pointer)))
        ffi.release(samples.pointer)
        if hooks.failed is not None:
            self._hooks.fail(hooks.failed)

    def fail(self, error: BaseException) -> None:
        self._hooks.fail(error)


def train(model: Model, texts: Texts, samples_params: Params, train_params: Params, progress: Any) -> Any:
    """The jc_shortcut, as jc_train() makes it."""
    out = ffi.new("jc_shortcut **")
    with Hooks(progress) as hooks:
        again = _Again(model, texts, samples_params, hooks)
        train_params.struct.hooks = hooks.struct
        train_params.struct.tokenizer = model.tokenizer._pointer
        try:
            hooks.call(lib.jc_train, out, model._pointer, again.struct, ffi.NULL, train_params.struct)
        except BaseException:
            lib.jc_shortcut_free(out[0])  # the best so far, where it was stopped
            raise
    return out[0]


def _failed(kind: Any, error: Any, traceback: Any) -> None:
    ffi.from_handle(traceback.tb_frame.f_locals["arg"]).fail(error)


@ffi.def_extern(error=lib.JC_E_CANCELLED, onerror=_failed)
def _open_texts(arg: Any, samples: Any, error: Any) -> int:
    samples[0] = ffi.from_handle(arg).open()
    return lib.JC_OK


@ffi.def_extern(onerror=_failed)
def _close_texts(arg: Any, samples: Any) -> None:
    ffi.from_handle(arg).close(samples)
