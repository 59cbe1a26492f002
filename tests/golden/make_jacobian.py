# SPDX-License-Identifier: MIT
"""The exact mean Jacobian, by torch's autograd in float64: for each layer l the mean over
texts, positions t and t' >= t of d h_L(t') / d h_l(t).

    make_jacobian.py                          write tests/golden/fits/jacobian-<model>
    make_jacobian.py MODEL SAMPLES SHORTCUTS  print how far a file of maps is from it

`ids` [texts, n] I64 are random; `jacobian` [L, d, d] F64. All derivatives are taken, of
each position by each position, and then averaged. `jacobian-q8_0.gguf` is a model whose
matrices are Q8_0, and its Jacobian that of the numbers which the file holds.
"""
import json
import sys
import tempfile
from pathlib import Path

import gguf
import numpy as np
import torch
from safetensors.numpy import load_file, save_file
from safetensors.torch import save_file as save_torch

from make_decoders import llama, random_weights
from reference import Model, without_float32
from to_gguf import write

HERE = Path(__file__).parent
MODELS, TEXTS, LENGTH = ("tiny-gpt2", "tiny-llama"), 3, 8
Q8_0 = gguf.GGMLQuantizationType.Q8_0


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


def rounded(x):
    """A matrix as Q8_0 keeps it."""
    if x.ndim < 2:
        return x
    return torch.from_numpy(gguf.dequantize(gguf.quantize(x.numpy(), Q8_0), Q8_0))


def make_quantised(path, folder):
    """A random Llama as a GGUF file of Q8_0, and its numbers as a folder."""
    config = llama(hidden_size=32, intermediate_size=64)
    tensors = {k: rounded(x) for k, x in random_weights(config, 77).items()}
    (folder / "config.json").write_text(json.dumps(config))
    save_torch(tensors, folder / "model.safetensors", {"format": "pt"})
    write(folder, path, "Q8_0")
    kept = {t.name: gguf.dequantize(t.data, t.tensor_type)
            for t in gguf.GGUFReader(path).tensors if t.tensor_type == Q8_0}
    want = tensors["model.layers.1.mlp.down_proj.weight"].numpy()
    assert len(kept) == 16 and (kept["blk.1.ffn_down.weight"] == want).all()


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
    with tempfile.TemporaryDirectory() as folder:
        make_quantised(HERE / "fits" / "jacobian-q8_0.gguf", Path(folder))
        model = Model(folder)
        ids = rng.integers(0, model.vocab, (TEXTS, LENGTH))
        save_file({"ids": ids, "jacobian": mean_jacobian(model, ids)},
                  HERE / "fits" / "jacobian-q8_0.safetensors")


if __name__ == "__main__":
    main()
