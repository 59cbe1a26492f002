# SPDX-License-Identifier: MIT
"""Copies, pickles, forks, and loops and processes that end half-way."""

import copy
import multiprocessing
import pickle
import subprocess
import sys
import threading

import numpy as np
import pytest

import jumpcut
from conftest import DEMO, SENTENCES


def test_a_copy_of_what_is_read_only_is_itself(model, shortcut):
    for thing in (model, model.tokenizer, shortcut, shortcut[6, 12], model.lens("The", shortcut)):
        assert copy.copy(thing) is thing and copy.deepcopy([thing])[0] is thing


def test_a_model_and_a_tokenizer_are_opened_again_from_a_pickle(model, tmp_path, monkeypatch):
    again = pickle.loads(pickle.dumps(jumpcut.Model(DEMO, threads=1)))
    assert again.info == model.info and again is not model
    assert pickle.loads(pickle.dumps(model.tokenizer)).encode("The town").tolist() == [411, 1641]
    demo = pickle.dumps(jumpcut.Model("demo"))
    monkeypatch.chdir(tmp_path)
    assert pickle.loads(demo).layers == 12


def test_states_and_results_are_pickled_as_they_are(model, shortcut):
    states = model.states(SENTENCES[:3], taps=[0, "6.attn"])
    again = pickle.loads(pickle.dumps(states))
    assert list(again) == list(states) and again.texts == states.texts
    assert np.array_equal(again["6.attn"], states["6.attn"]) and np.array_equal(again.rows, states.rows)
    results = jumpcut.evaluate(model, shortcut, SENTENCES[:3])
    assert pickle.loads(pickle.dumps(results)).json == results.json


def test_what_lies_in_the_library_is_not_pickled(model, shortcut):
    sums = jumpcut.gather(model, SENTENCES[:3])
    for thing, how in ((shortcut, "save"), (sums, "save"), (shortcut[6, 12], "make it again"), (model.generate("The"), "make it again")):
        with pytest.raises(TypeError, match=f"cannot be pickled or copied: {how}"):
            pickle.dumps(thing)
    with pytest.raises(TypeError, match="copied"):  # sums can be added to
        copy.deepcopy(sums)


def shape(model):
    return model.states(["The town"], taps=[0])["0"].shape


def opened():
    """In a forked process: it may encode, but not run."""
    try:
        jumpcut.Tokenizer(DEMO).encode("The town")
        return shape(jumpcut.Model(DEMO))
    except jumpcut.UnsupportedError as error:
        return str(error)


def test_a_forked_process_is_told_and_a_spawned_one_works(model):
    """OpenMP's threads are not in a child: waiting for them, it would hang."""
    shape(model)
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert "start method 'spawn'" in pool.apply_async(opened).get(60)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply_async(shape, (model,)).get(60) == (2, 128)


def test_a_loop_that_is_left_half_way_stops_the_writing(model):
    before = threading.active_count()
    generation = model.generate("The town", tokens=200)
    for token in generation:
        if len(generation.ids) == 3:
            break
    assert threading.active_count() == before and len(generation.ids) == 3
    half = iter(generation)
    next(half)
    with pytest.raises(RuntimeError, match="under way"):
        next(iter(generation))
    half.close()
    assert len(list(generation)) > 3 and generation.ids[:1] == [336]


@pytest.mark.parametrize("how", ["half = iter(g); next(half)", "half = iter(g); next(half); raise SystemExit(0)"])
def test_a_process_ends_while_a_model_writes(how):
    code = f"import jumpcut; g = jumpcut.Model('demo').generate('The town', tokens=250); {how}"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
