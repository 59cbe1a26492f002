# SPDX-License-Identifier: MIT
"""What documents and examples show is run as it stands."""

import json
import pathlib
import re
import subprocess
import sys

import pytest

import jumpcut

from conftest import DEMO, SENTENCES, SOURCE


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


def test_what_the_package_was_designed_to_say(tmp_path, monkeypatch):
    """Line by line the interface that was promised, with names in the place of dots."""
    monkeypatch.chdir(tmp_path)
    m = jumpcut.Model("demo")
    assert (m.layers, m.width) == (12, 128) and len(m.tokenizer.encode("The town")) == 2
    h = m.states(["a text", "The town"], taps=["0", "6.attn", "12"])
    assert {k: a.shape for k, a in h.items()} == dict.fromkeys(["0", "6.attn", "12"], (5, 128))
    assert h.rows.shape == (5, 2) and [len(ids) for ids in h.ids] == [3, 2] and h.texts == ["a text", "The town"]
    texts = SENTENCES
    s = jumpcut.fit(m, texts, method="mat", pairs="final", progress=True)
    assert s[6, 12].weight.shape == (128, 128) and s[6, 12].bias.shape == (128,)
    s.save("maps.safetensors")
    s = jumpcut.load("maps.safetensors")
    r = jumpcut.evaluate(m, [s], texts)
    assert r.precision["mat"].shape == (13,)
    r.report("report.html")
    assert "<html" in pathlib.Path("report.html").read_text()
    lens = m.lens("a prompt", s, target=" Paris")
    assert "<html" in lens.html() and "iframe" in lens._repr_html_()
    for options in ({"exit": "gap", "shortcut": s}, {"draft": "auto"}):
        assert len([t for t in m.generate("The town", tokens=5, **options)]) == 5
    pytest.importorskip("pandas")
    assert len(r.frame()) == 26


def test_notebook():
    """Every cell in a kernel of its own; the lens shows itself as a page."""
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    pytest.importorskip("pandas")
    book = nbformat.read(SOURCE / "examples/tour.ipynb", as_version=4)
    nbclient.NotebookClient(book, timeout=120, resources={"metadata": {"path": SOURCE / "examples"}}).execute()
    shown = [cell.outputs[-1].data for cell in book.cells if cell.cell_type == "code"]
    assert "Model gpt2" in shown[0]["text/plain"]
    assert shown[1]["text/html"].startswith("<iframe srcdoc=")
    assert "ridge" in shown[2]["text/html"] and "mat" in shown[2]["text/html"]
    right = eval(shown[3]["text/plain"])  # noqa: S307: a dict that the cell has printed
    assert list(right) == [str(i) for i in range(13)] and min(right.values()) > 0.75


def test_notebook_is_stored_without_outputs():
    book = json.loads((SOURCE / "examples/tour.ipynb").read_text())
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in book["cells"])


def test_probe_on_states():
    lines = run("numpy_states.py").splitlines()
    assert len(lines) == 14
    assert all(float(line.split()[2].rstrip("%")) > 75 for line in lines[1:])


def test_lens_in_torch():
    pytest.importorskip("torch")
    pytest.importorskip("safetensors")
    assert "72 of 72 guesses" in run("torch_lens.py", "The town lies on the")
