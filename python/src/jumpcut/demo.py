# SPDX-License-Identifier: MIT
"""Where the small model is that comes with jumpcut."""

import pathlib
import sys

from .errors import FileError


def demo_path() -> pathlib.Path:
    """In the package, as wheels have it, or where `make install` and Debian's package put it."""
    folders = [pathlib.Path(__file__).parent / "demo", pathlib.Path(sys.prefix) / "share" / "jumpcut" / "demo"]
    for folder in folders:
        if (folder / "config.json").exists():
            return folder
    raise FileError(f"the model 'demo' is not in '{folders[0]}' nor '{folders[1]}'; Debian's package 'jumpcut' has it")
