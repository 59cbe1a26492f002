# SPDX-License-Identifier: MIT
import pathlib
import warnings

import numpy as np
import pytest

import jumpcut
from conftest import DEMO, SOURCE


def test_states_are_the_programs_bit_for_bit(model, sentences, program, tensors, tmp_path):
    program("states", DEMO, "--text", SOURCE / "examples/sentences.txt", "--taps", "0,6.attn,6.mid,12",
            "--out", tmp_path / "s.safetensors", "--quiet")  # fmt: skip
    want = tensors(tmp_path / "s.safetensors")
    got = model.states(sentences, taps=[0, "6.attn", "6.mid", 12])
    assert list(got) == ["0", "6.attn", "6.mid", "12"]
    for tap, states in got.items():
        assert states.dtype == np.float32 and states.shape[1] == model.width
        assert np.array_equal(states, want["states." + tap])
    assert np.array_equal(got.rows, want["rows"])


def test_files_and_strings_are_the_same_texts(model, sentences):
    path = SOURCE / "examples/sentences.txt"
    assert np.array_equal(model.states(path, taps=[3])["3"], model.states(sentences, taps=[3])["3"])
    assert np.array_equal(model.states([path], taps=[3])["3"], model.states(sentences, taps=[3])["3"])


def test_ids_and_rows_say_what_a_row_is(model):
    states = model.states(["The town", "", "It is a member"], taps=[0])
    assert [len(i) for i in states.ids] == [len(model.tokenizer.encode(t)) for t in ("The town", "It is a member")]
    assert states.rows[:, 0].tolist() == sum(([k] * len(i) for k, i in enumerate(states.ids)), [])
    assert model.tokenizer.decode(states.ids[1]) == "It is a member"


def test_names_of_transformer_lens_are_accepted(model):
    own = model.states(["The town lies"], taps=[6, 7, "7.mid", "7.attn", "7.mlp"])
    hooks = ["resid_pre", "resid_post", "resid_mid", "attn_out", "mlp_out"]
    theirs = model.states(["The town lies"], taps=[f"blocks.6.hook_{h}" for h in hooks])
    for a, b in zip(own.values(), theirs.values()):
        assert np.array_equal(a, b)
    with pytest.raises(ValueError, match="hook_resid_post"):
        model.states(["The"], taps=["blocks.6.hook_z"])


def test_texts_are_what_was_run(model):
    h = model.states(["The town lies", "on the river"], taps=[0])
    assert h.texts == ["The town lies", "on the river"]
    text, position = h.rows[-1]
    assert (text, position) == (1, len(h.ids[1]) - 1)


def test_demo_is_the_model_that_comes_along(model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    demo = jumpcut.Model("demo")
    assert demo.info["fingerprint"] == model.info["fingerprint"]
    assert demo.tokenizer.encode("The town").tolist() == model.tokenizer.encode("The town").tolist()
    with pytest.raises(jumpcut.FileError, match="./demo"):
        jumpcut.Model("./demo")


def test_one_position_a_text_and_splits(model, sentences):
    one = model.states(sentences, taps=[0], positions="one", seed=3)
    assert len(one.rows) == len(one.ids) == len(sentences)
    train = model.states(sentences, taps=[0], train=10, val=5, split="train")
    assert len(train.ids) == 10


def test_wrong_texts_are_told(model):
    with pytest.raises(TypeError, match="a list of texts, or a pathlib.Path"):
        model.states("The town")
    with pytest.raises(TypeError, match="must be a str, not int"):
        model.states([3])
    with pytest.raises(jumpcut.FileError, match="nowhere.txt"):
        model.states(pathlib.Path("nowhere.txt"))
    with pytest.raises(jumpcut.FormatError, match="there is no text"):
        model.states([])
    with pytest.raises(jumpcut.ArgumentError):
        model.states(["The"], taps=[13])


def test_what_was_cut_is_a_warning(model):
    with pytest.warns(jumpcut.Note, match="longer than 256 tokens"):
        model.states(["The town lies on the river. " * 100], taps=[0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.states(["The town lies on the river. " * 100], taps=[0], unit="document")


def test_readout_is_norm_and_unembedding(model, tensors):
    h = model.states(["The town lies on the"], taps=[12])["12"]
    weights = tensors(DEMO / "model.safetensors")
    centred = h.astype(float) - h.mean(1, keepdims=True, dtype=float)
    normed = centred / np.sqrt((centred**2).mean(1, keepdims=True) + 1e-5)
    normed = normed * weights["ln_f.weight"] + weights["ln_f.bias"]
    want = normed @ weights["wte.weight"].astype(float).T
    assert np.abs(model.readout(h) - want).max() < 1e-4 * np.abs(want).max()
    with pytest.raises(ValueError, match=r"\[n, 128\]"):
        model.readout(np.zeros((2, 5)))


def test_readout_takes_other_arrays(model):
    h = model.states(["The town lies"], taps=[12])["12"]
    want = model.readout(h)
    assert np.array_equal(model.readout(h.tolist()), want)
    assert np.array_equal(model.readout(np.asfortranarray(h.astype(float))), want)
    torch = pytest.importorskip("torch")
    assert np.array_equal(model.readout(torch.from_numpy(h)), want)



def test_dlpack_both_ways_without_a_copy(model):
    """By numpy itself, which is another library's tensor here but for its class."""

    class Tensor:
        def __init__(self, array):
            self.array = array

        def __dlpack__(self, **options):
            return self.array.__dlpack__(**options)

        def __dlpack_device__(self):
            return self.array.__dlpack_device__()

    h = model.states(["The town lies"], taps=[12])["12"]
    assert np.array_equal(model.readout(Tensor(h)), model.readout(h))
    assert np.from_dlpack(Tensor(h)).ctypes.data == h.ctypes.data
    torch = pytest.importorskip("torch")
    assert torch.from_dlpack(h).data_ptr() == torch.from_numpy(h).data_ptr() == h.ctypes.data
    grads = torch.from_numpy(h.copy()).requires_grad_()
    assert np.array_equal(model.readout(grads), model.readout(h))
    for kind in (torch.float16, torch.bfloat16):
        assert np.abs(model.readout(torch.from_numpy(h).to(kind)) - model.readout(h)).max() < 0.5


def test_a_tensor_of_a_gpu_is_told(model):
    class Far:
        def __dlpack__(self):
            raise AssertionError

        def __dlpack_device__(self):
            return 2, 0

    with pytest.raises(ValueError, match="memory of the CPU"):
        model.readout(Far())
