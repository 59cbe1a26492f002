# SPDX-License-Identifier: MIT
"""What the package is in a long-lived process: memory, threads, Ctrl-C."""

import os
import resource
import signal
import sys
import threading
import time

import numpy as np
import pytest

import jumpcut
from conftest import DEMO


def _resident():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * resource.getpagesize()


def test_memory_does_not_grow(model, shortcut):
    def work():
        h = model.states(["The town lies on the river"], taps=[0, "6.attn", 12])["12"]
        model.readout(shortcut[6, 12](h[:1]))
        model.lens("The town", shortcut)._show("csv")
        list(model.generate("The", tokens=1))
        model.tokenizer.decode(model.tokenizer.encode("The town"))

    for _ in range(50):
        work()
    before = _resident()
    for _ in range(1000):
        work()
    assert _resident() - before < 8 << 20


def test_two_models_in_two_threads(model, sentences):
    want = model.states(sentences)
    got = {}

    def run(name):
        got[name] = jumpcut.Model(DEMO, threads=1).states(sentences)

    threads = [threading.Thread(target=run, args=(k,)) for k in range(2)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for states in got.values():
        assert all(np.array_equal(states[tap], want[tap]) for tap in want)


def test_other_threads_run_during_long_calls(model, sentences):
    counted = 0
    done = threading.Event()

    def count():
        nonlocal counted
        while not done.is_set():
            counted += 1
            time.sleep(0.001)

    thread = threading.Thread(target=count)
    thread.start()
    jumpcut.gather(model, sentences * 40)
    done.set()
    thread.join()
    assert counted > 5


@pytest.mark.parametrize("work", ["fit", "tuned", "evaluate", "states", "lens", "readout", "generate"])
def test_interrupts_stop_long_calls_within_a_second(model, sentences, shortcut, work):
    many = sentences * 2000
    calls = {
        "fit": lambda: jumpcut.fit(model, many, pairs="all"),
        "tuned": lambda: jumpcut.fit(model, many, method="tuned"),
        "evaluate": lambda: jumpcut.evaluate(model, [shortcut], many),
        "states": lambda: model.states(many),
        "lens": lambda: [model.lens("The town " * 120, shortcut) for _ in range(1000)],
        "readout": lambda: model.readout(np.ones((100000, model.width), np.float32)),
        "generate": lambda: [list(model.generate("The", tokens=250)) for _ in range(1000)],
    }

    def interrupt(number, frame):
        raise KeyboardInterrupt

    # both in processor time, so that other work on the machine does not count
    old = signal.signal(signal.SIGPROF, interrupt)
    begun = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, 0.7)
    try:
        with pytest.raises(KeyboardInterrupt):
            calls[work]()
        assert time.process_time() - begun < 0.7 + os.cpu_count()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, old)
    assert model.states(["The town"], taps=[0])["0"].shape[1] == 128  # it goes on


@pytest.mark.parametrize("there", [True, False])
def test_progress_is_a_bar_where_tqdm_is_there_and_lines_where_not(model, sentences, there, monkeypatch, capsys):
    bars = []

    class Bar:
        def __init__(self, desc, unit, total):
            self.desc, self.n, self.total = desc, 0, total
            bars.append(self)

        def update(self, more):
            self.n += more

        def close(self):
            self.closed = True

    fake = type(sys)("tqdm.auto")
    fake.tqdm = Bar
    monkeypatch.setitem(sys.modules, "tqdm", type(sys)("tqdm") if there else None)
    monkeypatch.setitem(sys.modules, "tqdm.auto", fake if there else None)
    jumpcut.fit(model, sentences, method="ridge", ridge=1e-2, progress=True)
    if there:
        assert len(bars) > 1 and all(bar.closed and bar.n > 0 for bar in bars)
    else:
        assert " of " in capsys.readouterr().err and not bars
