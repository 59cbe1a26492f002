# SPDX-License-Identifier: MIT
"""What documents and examples show is run as it stands."""

import pathlib
import re
import subprocess
import sys

import pytest

from conftest import DEMO, SOURCE


def run(name, *args):
    command = [sys.executable, SOURCE / "examples" / name, DEMO, SOURCE / "examples/sentences.txt", *args]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_code_of_the_document(tmp_path, monkeypatch):
    for name in ("data", "examples"):
        (tmp_path / name).symlink_to(SOURCE / name)
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", (SOURCE / "docs/python.md").read_text(), re.S)
    assert blocks
    for block in blocks:
        exec(compile(block, "docs/python.md", "exec"), {})
    assert pathlib.Path("report.html").exists()


def test_probe_on_states():
    lines = run("numpy_states.py").splitlines()
    assert len(lines) == 14
    assert all(float(line.split()[2].rstrip("%")) > 75 for line in lines[1:])


def test_lens_in_torch():
    pytest.importorskip("torch")
    pytest.importorskip("safetensors")
    assert "72 of 72 guesses" in run("torch_lens.py", "The town lies on the")
