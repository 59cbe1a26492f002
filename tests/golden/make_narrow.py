# SPDX-License-Identifier: MIT
"""Write tests/golden/fits/narrow-<model>.safetensors: how well NJTC and N-NJTC do when they
are trained by gradient until nothing improves (Seshadri 2024, arXiv 2409.14091).

`x` [n, d] and `y` [n, d] F32 are the states of a model at two layers. NJTC is x A B, A [d, r],
B [r, d]; N-NJTC puts a batch norm before A, which by training's end is a scale and a shift of
each coordinate, and so gives an intercept. For each rank r in `ranks` the mean over rows of
|y - x A B|^2 that full-batch L-BFGS reaches, the best of several random starts, is in `plain`
F64 [k], and in `normed` F64 [k] that of N-NJTC.
"""
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file

from reference import Model

HERE = Path(__file__).parent
RANKS = (1, 3, 8)
STARTS = 3


def states(folder, low, high, rng):
    model = Model(folder)
    runs = [model.run(rng.integers(0, model.vocab, 24))[0] for _ in range(12)]
    rows = np.concatenate(runs, axis=1)
    return rows[low].astype(np.float32), rows[high].astype(np.float32)


def train(x, y, rank, normed, seed):
    """The mean squared error reached from one start."""
    torch.manual_seed(seed)
    d = x.shape[1]
    mean, spread = x.mean(0), x.std(0) + 1e-9
    a = (torch.randn(d, rank, dtype=torch.float64) / d**0.5).requires_grad_()
    b = (torch.randn(rank, d, dtype=torch.float64) / rank**0.5).requires_grad_()
    scale = torch.ones(d, dtype=torch.float64, requires_grad=True)
    shift = torch.zeros(d, dtype=torch.float64, requires_grad=True)
    free = torch.zeros(d, dtype=torch.float64, requires_grad=True)  # the bias of B
    some = [a, b] + ([scale, shift, free] if normed else [])
    step = torch.optim.LBFGS(some, lr=1, max_iter=4000, max_eval=8000, history_size=40,
                             tolerance_grad=1e-13, tolerance_change=1e-15,
                             line_search_fn="strong_wolfe")

    def guess():
        if not normed:
            return x @ a @ b
        return ((x - mean) / spread * scale + shift) @ a @ b + free

    def loss():
        step.zero_grad()
        value = ((y - guess()) ** 2).sum(1).mean()
        value.backward()
        return value

    step.step(loss)
    return float(loss().detach())


def main():
    rng = np.random.default_rng(5)
    cases = [("tiny-gpt2", HERE / "models" / "tiny-gpt2", 1, 3),
             ("tiny-llama", HERE / "models" / "tiny-llama", 0, 2),
             ("demo", HERE.parents[1] / "data" / "demo", 2, 6)]
    for name, folder, low, high in cases:
        x, y = states(folder, low, high, rng)
        if x.shape[1] > 64:  # keep the file small: a random plane of the states
            plane = np.linalg.qr(rng.standard_normal((x.shape[1], 32)))[0]
            x, y = (x @ plane).astype(np.float32), (y @ plane).astype(np.float32)
        tx, ty = torch.from_numpy(x).double(), torch.from_numpy(y).double()
        reached = {n: [min(train(tx, ty, r, n, s) for s in range(STARTS)) for r in RANKS]
                   for n in (False, True)}
        print(name, x.shape, reached)
        save_file({"x": np.ascontiguousarray(x), "y": np.ascontiguousarray(y),
                   "ranks": np.array(RANKS, np.int64),
                   "plain": np.array(reached[False]), "normed": np.array(reached[True])},
                  HERE / "fits" / f"narrow-{name}.safetensors")


if __name__ == "__main__":
    main()
