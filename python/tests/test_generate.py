# SPDX-License-Identifier: MIT
import json
import threading

import numpy as np
import pytest

import jumpcut
from conftest import DEMO, SENTENCES


@pytest.fixture(scope="module")
def maps(model):
    """To every layer, as exits need them."""
    return jumpcut.fit(model, SENTENCES, method="ridge", ridge=1e-2, pairs="all")


def written(program, *args, shortcut=None):
    """What the program writes after the prompt of these tests."""
    model = [DEMO] if shortcut is None else [DEMO, shortcut]
    tokens = [] if "--tokens" in args else ["--tokens", "20"]
    return json.loads(program("generate", *model, "--prompt", "The town lies on the", "--format", "json", *tokens, *args))


def test_tokens_are_the_programs(model, program):
    want = json.loads(program("generate", DEMO, "--prompt", "The town lies on the", "--tokens", "20",
                              "--temperature", "0.8", "--seed", "5", "--format", "json"))  # fmt: skip
    g = model.generate("The town lies on the", tokens=20, temperature=0.8, seed=5, logprobs=True)
    tokens = list(g)
    assert "".join(t.text for t in tokens) == g.text
    assert json.dumps(g.ids) in json.dumps(want)
    assert all(t.logprob < 0 for t in tokens)
    assert tokens[0].position == len(g.prompt_ids)


def test_drafts_do_not_change_the_text(model, program):
    for sampled in ({}, {"temperature": 0.8, "seed": 7}):
        plain = model.generate("The town lies on the", tokens=30, **sampled)
        drafted = model.generate("The town lies on the", tokens=30, draft="ngram+recycle", **sampled)
        assert [t[:3] for t in plain] == [t[:3] for t in drafted]
    drafted = model.generate("The town lies on the", tokens=30, draft="ngram", draft_nodes=4)
    assert [t.id for t in drafted] == [t.id for t in model.generate("The town lies on the", tokens=30)]
    want = written(program, "--tokens", "30", "--draft", "ngram", "--draft-nodes", "4")["drafts"]
    got = drafted.stats
    assert got.passes < plain.stats.passes
    assert (got.passes, got.drafted, got.accepted) == (want["passes"], want["drafted"], want["accepted"])
    assert got.depths == [(d["reached"], d["right"]) for d in want["by_depth"]]
    assert got.left == {} and got.seconds["pass"] > 0


def test_exits_are_the_programs(model, maps, program, tmp_path):
    maps.save(tmp_path / "s.safetensors")
    want = written(program, "--tokens", "30", "--exit", "gap", "--exit-at", "6,9", "--exit-threshold", "0.3",
                   shortcut=tmp_path / "s.safetensors")  # fmt: skip
    g = model.generate("The town lies on the", tokens=30, shortcut=maps, exit="gap", exit_at="6,9", exit_threshold=0.3)
    layers = [t.layer for t in g]
    assert g.ids == want["sequences"][0]["ids"]
    assert g.stats.left == dict(zip([*want["exits"]["at"], 12], want["exits"]["left"]))
    assert {k: layers.count(k) for k in (6, 9, 12)} == g.stats.left and g.stats.left[6] > 0
    for kind, work in g.stats.work.items():
        row = want["exits"]["full_model" if kind == "plain" else kind]
        assert (work.n, work.flops, work.bytes) == (row["n"], row["flops"], row["bytes"])


def test_exits_need_maps_and_exclude_drafts(model, maps):
    with pytest.raises(jumpcut.ArgumentError, match="needs shortcuts with maps to layer 12"):
        list(model.generate("The", exit="gap"))
    with pytest.raises(jumpcut.ArgumentError, match="choose one"):
        list(model.generate("The", shortcut=maps, exit="gap", draft="ngram"))


def test_a_calibrated_policy_is_the_programs(model, maps, program, tmp_path):
    maps.save(tmp_path / "s.safetensors")
    texts = tmp_path / "texts.txt"
    texts.write_text("\n".join(SENTENCES * 3))
    policy = jumpcut.calibrate(model, maps, texts, exit_at="6,9", risk=0.3)
    program("calibrate", DEMO, tmp_path / "s.safetensors", "--text", texts, "--exit-at", "6,9", "--risk", "0.3",
            "--out", tmp_path / "want.json", "--quiet")  # fmt: skip
    policy.save(tmp_path / "got.json")
    assert (tmp_path / "got.json").read_bytes() == (tmp_path / "want.json").read_bytes()
    info = jumpcut.Policy.load(tmp_path / "got.json").info
    assert info["gate"] == "gap" and info["texts"] == 120 and info["draft"] is None and not info["never"]
    assert info["threshold"] == policy.info["threshold"] and "threshold" in repr(policy)

    ids = written(program, "--policy", tmp_path / "got.json", shortcut=tmp_path / "s.safetensors")["sequences"][0]["ids"]
    g = model.generate("The town lies on the", tokens=20, shortcut=maps, policy=policy)
    assert [t.id for t in g] == ids and set(g.stats.left) == {6, 9, 12}
    with pytest.raises(TypeError, match="the policy says what 'exit' says"):
        model.generate("The", shortcut=maps, policy=policy, exit="gap")
    with pytest.raises(jumpcut.ArgumentError, match="made with shortcuts"):
        list(model.generate("The", policy=policy))


def test_a_policy_of_too_few_texts_never_exits(model, maps):
    with pytest.warns(jumpcut.Note):
        policy = jumpcut.calibrate(model, maps, SENTENCES[:5], exit_at="6")
    assert policy.info["never"] and "no exit" in repr(policy)
    g = model.generate("The", tokens=5, shortcut=maps, policy=policy)
    assert all(t.layer == 12 for t in g)


def test_tuned_drafts_write_the_same_text(model, tmp_path):
    policy = jumpcut.tune(model, SENTENCES, draft="ngram", prompts=2, tokens=8)
    info = policy.info
    assert info["draft"] in ("ngram", "none") and info["gate"] is None and info["pass_seconds"][1] > 0
    policy.save(tmp_path / "p.json")
    assert json.loads((tmp_path / "p.json").read_text())["format"] == "jumpcut-policy/1"
    plain = model.generate("The town lies on the", tokens=20)
    tuned = model.generate("The town lies on the", tokens=20, policy=jumpcut.Policy.load(tmp_path / "p.json"))
    assert [t.id for t in plain] == [t.id for t in tuned]


def test_frequent_tokens_are_what_context_chooses_among(model):
    context = jumpcut.fit(model, SENTENCES, method="ridge", ridge=1e-2, maps="0,12@-1:12")
    options = dict(tokens=20, shortcut=context, draft="context")
    plain = list(model.generate("The town lies on the", tokens=20))
    for frequent in (None, [t.id for t in plain]):
        assert [t.id for t in model.generate("The town lies on the", frequent=frequent, **options)] == [t.id for t in plain]
    with pytest.raises(jumpcut.ArgumentError):
        list(model.generate("The", frequent=[10**6], **options))


def test_a_text_that_is_given_is_looked_up(model):
    plain = list(model.generate("The town lies on the", tokens=20))
    options = dict(tokens=20, draft="corpus", draft_nodes=8)
    g = model.generate("The town lies on the", draft_text=[t.id for t in plain], **options)
    assert [t.id for t in g] == [t.id for t in plain]
    assert g.stats.accepted > 0
    for ids in (None, [1], [1, 10**6]):
        with pytest.raises(jumpcut.ArgumentError):
            list(model.generate("The", draft_text=ids, **options))


def test_leaving_the_loop_stops_it(model):
    before = threading.active_count()
    g = model.generate("The town lies on the", tokens=200)
    for i, _ in enumerate(g):
        if i == 3:
            break
    del g
    assert threading.active_count() == before


def test_an_empty_prompt_is_the_token_that_begins_a_text(model, program):
    want = json.loads(program("generate", DEMO, "--prompt", "", "--tokens", "9", "--format", "json"))
    g = model.generate("", tokens=9)
    assert [t.id for t in g] == want["sequences"][0]["ids"] and g.text == want["sequences"][0]["text"]


def test_iterated_twice_it_writes_the_same_again(model):
    g = model.generate("The town", tokens=5)
    assert list(g) == list(g) and len(g.ids) == 5 and g.stats.tokens == 5


def test_text_of_half_characters_is_held_back(model):
    ids = model.tokenizer.encode("naïve café 北京")
    assert model.tokenizer.decode(ids) == "naïve café 北京"
    assert isinstance(ids, np.ndarray) and len(model.tokenizer) == model.vocab
