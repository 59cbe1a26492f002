# SPDX-License-Identifier: MIT
"""A probe on hidden states: at which layer can one read best whether the next token begins a
new word? Ridge regression on the states of every other text, scored on the rest.

    python examples/numpy_states.py data/demo examples/sentences.txt
"""

import pathlib
import sys

import numpy as np

import jumpcut


def main(folder: str, texts: str) -> None:
    model = jumpcut.Model(folder)
    states = model.states(pathlib.Path(texts))

    keep, label = [], []  # rows that have a next token, and 1 or -1 for each of them
    for row, (text, position) in enumerate(states.rows):
        if position + 1 < len(states.ids[text]):
            following = model.tokenizer.decode([states.ids[text][position + 1]])
            keep.append(row)
            label.append(1.0 if following.startswith(" ") else -1.0)
    y = np.array(label)
    odd = states.rows[keep, 0] % 2 == 1
    print(f"{len(y)} positions; {100 * np.mean(y > 0):.1f}% are followed by a new word")

    for tap, h in states.items():
        x = np.column_stack([h[keep], np.ones(len(y))]).astype(float)
        square = x[~odd].T @ x[~odd]
        penalty = 1e-2 * np.trace(square) / len(square)
        w = np.linalg.solve(square + penalty * np.eye(len(square)), x[~odd].T @ y[~odd])
        right = np.mean(np.sign(x[odd] @ w) == y[odd])
        print(f"layer {tap:>2}: {100 * right:.1f}% right")


if __name__ == "__main__":
    main(*sys.argv[1:3])
