# SPDX-License-Identifier: MIT
import json
import threading

import numpy as np
import pytest

import jumpcut
from conftest import DEMO


def test_tokens_are_the_programs(model, program):
    want = json.loads(program("generate", DEMO, "--prompt", "The town lies on the", "--tokens", "20",
                              "--temperature", "0.8", "--seed", "5", "--format", "json"))  # fmt: skip
    g = model.generate("The town lies on the", tokens=20, temperature=0.8, seed=5, logprobs=True)
    tokens = list(g)
    assert "".join(t.text for t in tokens) == g.text
    assert json.dumps(g.ids) in json.dumps(want)
    assert all(t.logprob < 0 for t in tokens)
    assert tokens[0].position == len(g.prompt_ids)


def test_drafts_do_not_change_the_text(model):
    plain = model.generate("The town lies on the", tokens=30)
    drafted = model.generate("The town lies on the", tokens=30, draft="ngram")
    assert [t.id for t in plain] == [t.id for t in drafted]
    assert drafted.stats.passes < plain.stats.passes


def test_leaving_the_loop_stops_it(model):
    before = threading.active_count()
    g = model.generate("The town lies on the", tokens=200)
    for i, _ in enumerate(g):
        if i == 3:
            break
    del g
    assert threading.active_count() == before


def test_a_prompt_without_tokens_is_told(model):
    with pytest.raises(jumpcut.ArgumentError):
        list(model.generate("", tokens=3))


def test_text_of_half_characters_is_held_back(model):
    ids = model.tokenizer.encode("naïve café 北京")
    assert model.tokenizer.decode(ids) == "naïve café 北京"
    assert isinstance(ids, np.ndarray) and len(model.tokenizer) == model.vocab
