# SPDX-License-Identifier: MIT
"""Failures of the library as exceptions, with its own messages."""

from __future__ import annotations


class Error(Exception):
    """What the library says when a call fails; `status` is its name, such as E_FORMAT."""

    status = "E"


class ArgumentError(Error, ValueError):
    """An argument is out of range, or a call makes no sense."""


class FormatError(Error, ValueError):
    """A file is not what it should be."""


class FileError(Error, OSError):
    """Reading or writing failed."""


class MismatchError(Error, ValueError):
    """Model, tokenizer and shortcuts do not belong together."""


class UnsupportedError(Error, NotImplementedError):
    """Valid, but not supported."""


class OutOfMemoryError(Error, MemoryError):
    """Memory is short."""


class NumericError(Error, ArithmeticError):
    """A numeric step failed: states that are not finite, or no convergence."""


class Note(UserWarning):
    """A sentence that the library wants a user to see, and that is no error."""


_KINDS: dict[str, type[Error]] = {
    "E_ARG": ArgumentError,
    "E_FORMAT": FormatError,
    "E_IO": FileError,
    "E_MISMATCH": MismatchError,
    "E_UNSUPPORTED": UnsupportedError,
    "E_NOMEM": OutOfMemoryError,
    "E_NUMERIC": NumericError,
}


def of_status(status: str, message: str) -> Error:
    """The exception of a status by its name."""
    error = _KINDS.get(status, Error)(message)
    error.status = status
    return error
