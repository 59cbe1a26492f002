# SPDX-License-Identifier: MIT
"""The exact mean Jacobian, by torch's autograd in float64: for each layer l the mean over
texts, positions t and t' >= t of d h_L(t') / d h_l(t).

    make_jacobian.py                          write tests/golden/fits/jacobian-<model>
    make_jacobian.py MODEL SAMPLES SHORTCUTS  print how far a file of maps is from it

`ids` [texts, n] I64 are random; `jacobian` [L, d, d] F64. All derivatives are taken, of
each position by each position, and then averaged.
"""
import json
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file, save_file

from reference import Model, without_float32

HERE = Path(__file__).parent
MODELS, TEXTS, LENGTH = ("tiny-gpt2", "tiny-llama"), 3, 8


def rerun(model, ids, layer, h):
    """h_L [n, d], with h [n, d] in the place of what block layer + 1 is given."""
    last = []

    def swap(module, args, more):
        if args:
            return (h[None], *args[1:]), more
        return args, more | {"hidden_states": h[None]}

    hooks = [model.blocks[layer].register_forward_pre_hook(swap, with_kwargs=True),
             model.blocks[-1].register_forward_hook(
                 lambda module, args, out: last.append(
                     out[0] if isinstance(out, tuple) else out))]
    model.net(torch.as_tensor(ids)[None])
    for hook in hooks:
        hook.remove()
    return last[0].reshape(h.shape)


def mean_jacobian(model, texts):
    total = np.zeros((model.layers, model.width, model.width))
    for ids in texts:
        states, n = torch.from_numpy(model.run(ids)[0]), len(ids)
        for l in range(model.layers):
            with without_float32():
                j = torch.autograd.functional.jacobian(
                    lambda h: rerun(model, ids, l, h), states[l]).numpy()
            later = np.tril(np.ones((n, n)))  # t' >= t
            total[l] += np.einsum("aibk,ab->ik", j, later) / later.sum()
    return total / len(texts)


def main():
    if len(sys.argv) == 4:
        model = Model(sys.argv[1])
        texts = [json.loads(x)["ids"] for x in Path(sys.argv[2]).read_text().splitlines()]
        want, got = mean_jacobian(model, texts), load_file(sys.argv[3])
        for l in range(model.layers):
            w = got[f"map.{l}.{model.layers}.weight"]
            print(l, np.linalg.norm(w - want[l]) / np.linalg.norm(want[l]))
        return
    rng = np.random.default_rng(3)
    for name in MODELS:
        model = Model(HERE / "models" / name)
        ids = rng.integers(0, model.vocab, (TEXTS, LENGTH))
        save_file({"ids": ids, "jacobian": mean_jacobian(model, ids)},
                  HERE / "fits" / f"jacobian-{name}.safetensors")


if __name__ == "__main__":
    main()
