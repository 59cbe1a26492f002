# SPDX-License-Identifier: MIT
import json
import sys

import numpy as np
import pytest

import jumpcut
from conftest import DEMO, SOURCE


@pytest.fixture(scope="module")
def results(model, shortcut, sentences):
    return jumpcut.evaluate(model, [shortcut], sentences, bootstrap=10)


def test_scores_are_the_programs(results, shortcut, program, tmp_path):
    shortcut.save(tmp_path / "s.safetensors")
    program("eval", DEMO, tmp_path / "s.safetensors", "--text", SOURCE / "examples/sentences.txt",
            "--bootstrap", "10", "--out", tmp_path / "r.json", "--quiet")  # fmt: skip
    want = json.loads((tmp_path / "r.json").read_text())
    for section in ("r2", "r2_last", "jump", "exit", "saved"):
        assert _rounded(results.json[section]) == _rounded(want[section])


def test_curves_are_arrays_by_layer(results):
    assert results.names == ["id", "ridge"]
    assert results.precision["ridge"].shape == (13,) and results.precision["id"][12] == 1
    assert results.r2["ridge"][6] > results.r2["id"][6]
    assert results.surprisal["ridge"][0] > results.surprisal["ridge"][11]


def test_report_and_files(results, tmp_path):
    results.save(tmp_path / "r.json")
    assert json.loads((tmp_path / "r.json").read_text()) == results.json
    results.report(tmp_path / "r.html")
    assert "<html" in (tmp_path / "r.html").read_text()


def test_frame(results):
    pytest.importorskip("pandas")
    frame = results.frame()
    assert len(frame) == 26 and {"method", "layer", "r2", "p1", "surprisal"} <= set(frame.columns)


def test_frame_without_pandas_says_what_is_missing(results, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="pandas"):
        results.frame()


def test_lens_is_the_read_out_of_the_mapped_state(model, shortcut):
    lens = model.lens("The town lies on the", shortcut, top=5)
    assert lens.maps == ["ridge"] and lens.taps == [str(t) for t in range(13)] and lens.positions == list(range(6))
    h = model.states(["The town lies on the"])
    for tap in ("0", "6", "11"):
        logits = model.readout(shortcut[tap, 12](h[tap])).astype(float)
        p = np.exp(logits - logits.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        for cell, row in zip(lens["ridge"][int(tap)], p):
            best = np.argsort(-row, kind="stable")[:5]
            assert cell.ids.tolist() == best.tolist()
            assert np.allclose(cell.p, row[best], rtol=1e-4)
            assert cell.tokens == [model.tokenizer.decode([i]) for i in best]
            assert cell.entropy == pytest.approx(-(row * np.log(row)).sum(), rel=1e-4)
    with pytest.raises(KeyError, match="there are ridge"):
        lens["mat"]


def test_lens_of_targets(model, shortcut, program, tmp_path):
    shortcut.save(tmp_path / "s.safetensors")
    text = "The town lies on the river"
    want = json.loads(program("lens", DEMO, tmp_path / "s.safetensors", "--prompt", text, "--target", " city",
                              "--target", "#7", "--format", "json"))  # fmt: skip
    lens = model.lens(text, shortcut, target=[" city", 7])
    assert lens.json == want and lens.targets == [model.tokenizer.find(" city"), 7] == want["targets"]
    h = model.states([text])
    for i, token in enumerate([" city", 7]):
        rank, p = lens.target(token)
        assert rank.shape == p.shape == (13, len(lens.positions))
        for row, tap in enumerate(lens.taps):
            logits = model.readout(h[tap] if tap == "12" else shortcut[tap, 12](h[tap])).astype(float)
            mine = logits[:, lens.targets[i]][:, None]
            assert (rank[row] == 1 + (logits > mine).sum(1)).all()
            assert np.allclose(p[row], 1 / np.exp(logits - mine).sum(1), rtol=1e-4)
    rank, p = lens.next()
    assert (rank[:, -1] == 0).all()
    for column, token in enumerate(lens.ids[1:]):
        said = model.lens(text, shortcut, target=int(token)).target(int(token))
        assert (rank[:, column] == said[0][:, column]).all() and (p[:, column] == said[1][:, column]).all()
    assert model.lens(text, shortcut, target=" city").targets == [lens.targets[0]]
    with pytest.raises(jumpcut.ArgumentError, match="Parisian"):
        model.lens(text, shortcut, target=" Parisian")
    with pytest.raises(ValueError, match="target 4000000"):
        model.lens(text, shortcut, target=4000000)


def test_lens_shows_itself(model, shortcut):
    lens = model.lens("The town lies on the", shortcut)
    assert lens._repr_html_().startswith("<iframe srcdoc=") and "<html" in lens.html()
    assert lens.json["positions"] == lens.positions and list(lens.json["maps"]) == ["ridge"]
    assert "settled" in str(lens)
    assert model.lens("The town").maps == ["id"]


def _rounded(value):
    if isinstance(value, dict):
        return {k: _rounded(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_rounded(v) for v in value]
    return float(f"{value:.8g}") if isinstance(value, float) else value
