# SPDX-License-Identifier: MIT
import numpy as np
import pytest

import jumpcut
from conftest import DEMO, SOURCE


def test_maps_are_the_programs_bit_for_bit(model, sentences, program, tensors, tmp_path):
    program("fit", DEMO, "--text", SOURCE / "examples/sentences.txt", "--method", "ridge", "--ridge", "1e-2",
            "--pairs", "all", "--bias", "--out", tmp_path / "s.safetensors", "--quiet")  # fmt: skip
    want = tensors(tmp_path / "s.safetensors")
    got = jumpcut.fit(model, sentences, method="ridge", ridge=1e-2, pairs="all", bias=True)
    assert len(list(got)) == 78
    for m in got:
        assert np.array_equal(m.weight, want[m.name + ".weight"])
        assert np.array_equal(m.bias, want[m.name + ".bias"])


def test_a_map_is_found_by_its_taps_and_applied(shortcut, model):
    m = shortcut[6, 12]
    assert (m.name, m.form, m.sources, m.target) == ("map.6.12", "dense", ["6"], "12")
    assert m.cost == {"parameters": 128 * 128, "bytes": 4 * 128 * 128, "flops": 2 * 128 * 128}
    h = model.states(["The town lies"], taps=[6])["6"]
    want = h.astype(float) @ m.weight.astype(float).T + m.bias
    assert np.abs(m(h) - want).max() < 1e-5 * np.abs(want).max()
    assert np.array_equal(m(h[:1]), m(h)[:1])
    with pytest.raises(KeyError, match="no map from 12 to 6"):
        shortcut[12, 6]


def test_maps_of_several_taps(model, sentences):
    s = jumpcut.fit(model, sentences, method="ridge", ridge=1e-2, maps="0,12@-1:12")
    m = s[["0", "12@-1"], 12]
    assert m.weight.shape == (128, 256) and m.target == "12"


def test_sums_of_parts_are_those_of_the_whole(model, sentences, tmp_path):
    whole = jumpcut.gather(model, sentences)
    part = jumpcut.gather(model, sentences[:20])
    part.add(jumpcut.gather(model, sentences[20:]))
    assert (part.rows, part.texts) == (whole.rows, whole.texts)
    a, b = (s.fit(method="ridge", ridge=1e-2)[3, 12].weight for s in (part, whole))
    assert np.abs(a - b).max() < 1e-4 * np.abs(b).max()
    whole.save(tmp_path / "sums.safetensors")
    again = jumpcut.Sums.load(tmp_path / "sums.safetensors").fit(method="ridge", ridge=1e-2)
    assert np.array_equal(again[3, 12].weight, b)


def test_saved_and_loaded(shortcut, tmp_path, program):
    shortcut.save(tmp_path / "s.safetensors")
    again = jumpcut.load(tmp_path / "s.safetensors")
    assert again.method == "ridge" and again.meta("positions") == "all" and again.meta("none") is None
    assert np.array_equal(again[6, 12].weight, shortcut[6, 12].weight)
    assert "ridge" in program("lens", DEMO, tmp_path / "s.safetensors", "--prompt", "The town", "--format", "csv")


def test_progress_may_stop_the_work(model, sentences):
    stages = []

    def until_fit(stage, done, total):
        stages.append(stage)
        return not stage.startswith("fit")

    with pytest.raises(jumpcut.Error) as error:
        jumpcut.fit(model, sentences, progress=until_fit)
    assert error.value.status == "E_CANCELLED" and stages[-1].startswith("fit")


def test_wrong_options_are_told(model, sentences):
    with pytest.raises(TypeError, match="did you mean 'method'"):
        jumpcut.fit(model, sentences, methd="mat")
    with pytest.raises(jumpcut.ArgumentError, match="'--ridge'"):
        jumpcut.fit(model, sentences, method="ridge", ridge=-1)
    assert "ridge:" in jumpcut.fit.__doc__


def test_a_failing_iterator_is_raised(model):
    def texts():
        yield "The town lies on the"
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        jumpcut.fit(model, texts())


def test_what_is_no_model_is_told(tmp_path):
    with pytest.raises(jumpcut.FileError, match="nowhere"):
        jumpcut.Model("nowhere")
    (tmp_path / "x.gguf").write_bytes(b"GGUF")
    with pytest.raises(jumpcut.FormatError):
        jumpcut.Model(tmp_path / "x.gguf")


def test_trained_maps_are_the_programs(model, sentences, program, tensors, tmp_path):
    program("fit", DEMO, "--text", SOURCE / "examples/sentences.txt", "--method", "tuned", "--tokens", "2000", "--step",
            "128", "--out", tmp_path / "s.safetensors", "--quiet")  # fmt: skip
    want = tensors(tmp_path / "s.safetensors")
    got = jumpcut.fit(model, iter(sentences), method="tuned", tokens=2000, step=128)  # read more than once
    assert got.method == "tuned" and len(list(got)) == 12
    for m in got:
        assert np.array_equal(m.weight, want[m.name + ".weight"]) and np.array_equal(m.bias, want[m.name + ".bias"])


def test_a_training_that_fails_says_why(model, sentences):
    def texts():
        yield from sentences
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        jumpcut.fit(model, texts(), method="tuned")
    with pytest.raises(TypeError, match="must be a str, not int"):
        jumpcut.fit(model, [3], method="tuned")
    with pytest.raises(jumpcut.Error) as error:
        jumpcut.fit(model, sentences, method="tuned", progress=lambda *_: False)
    assert error.value.status == "E_CANCELLED"
