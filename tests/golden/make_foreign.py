# SPDX-License-Identifier: MIT
"""Write tests/golden/foreign: maps of tiny-gpt2 in files of other programs, and the matrices
that they hold, in `wanted.safetensors` as `<file>.<i>.<j>.weight` and `.bias`.

    lens/           a tuned lens, saved by the package's own code: I + weight, bias
    pickles/        <i>_<j>.pickle by pickle.dump() of a tensor, protocols 3 to 5
    layers.pt       torch.save() of a dict, a matrix for each layer; float16, float64, transposed
    old.pt          torch.save() of one matrix, as it was before zip files: layers 1 to 2
    one.npy         numpy.save(): layers 0 to 2; half.npy: layers 0 to 1, float16, by columns
    j-lens.pt       torch.save() of what the package jlens saves: {"J": {layer: [d, d] float16},
                    ...}, its layer l being what block l gives, counted from 0, which is tap l + 1
    arrays.pt       torch.save() of a dict of arrays of numpy: float32, float64 by columns, float16
    arrays/         the same as pickles by pickle.dump(), protocols 2, 4 and 5
    stack.pt        torch.save() of all layers in one tensor: {"weight": [L, d, d], "bias": [L, d]}
    stack.npy       numpy.save() of [L + 1, d, d], the last of the last layer itself
    j-stack.pt      a lens of jlens with one tensor, {"J": [L - 1, d, d]}
    objects.pickle, big-endian.pickle  arrays of numpy that are refused
    hostile.pickle  wants os.system to be called
    state.pt        torch.save() of affine maps of the layers of tiny-gpt2 to the last one's state,
                    by least squares on 4,000 random tokens
    normed.pt       the same to the last of transformers' hidden_states, which is after the norm
"""
import os
import pickle
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from reference import Model
from tuned_lens.nn.lenses import TunedLens, TunedLensConfig

HERE = Path(__file__).parent / "foreign"
LAYERS, WIDTH = 3, 24


class Hostile:
    def __reduce__(self):
        return os.system, ("touch hostile-was-here",)


class NoUnembed(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.unembedding = torch.nn.Linear(WIDTH, 5)

    def unembedding_hash(self):
        return "0" * 64


def least_squares():
    """The files state.pt and normed.pt: {"<i>.weight": [d, d], "<i>.bias": [d]}."""
    model = Model(Path(__file__).parent / "models" / "tiny-gpt2")
    ids = np.random.default_rng(5).integers(0, model.vocab, (250, 16))
    states = [[], [], [], []]
    normed = []
    for text in ids:
        run = model.net(torch.as_tensor(text)[None], output_hidden_states=True)
        normed.append(run.hidden_states[-1][0].detach().double().numpy())
        for of_layer, h in zip(states, model.run(text)[0], strict=True):
            of_layer.append(h)
    states, normed = [np.concatenate(s) for s in states], np.concatenate(normed)
    for name, target in (("state", states[LAYERS]), ("normed", normed)):
        file = {}
        for i in range(LAYERS):
            x = np.concatenate([states[i], np.ones((len(target), 1))], 1)
            solved = torch.from_numpy(np.linalg.lstsq(x, target, rcond=None)[0]).float()
            file[f"{i}.weight"] = solved[:-1].T.contiguous()
            file[f"{i}.bias"] = solved[-1].clone()
        torch.save(file, HERE / f"{name}.pt")


def main():
    torch.manual_seed(3)
    least_squares()
    torch.manual_seed(3)
    (HERE / "pickles").mkdir(parents=True, exist_ok=True)
    wanted = {}

    def matrix():
        return torch.randn(WIDTH, WIDTH)

    lens = TunedLens(NoUnembed(), TunedLensConfig("tiny-gpt2", WIDTH, LAYERS))
    for i, translator in enumerate(lens.layer_translators):
        torch.nn.init.normal_(translator.weight)
        torch.nn.init.normal_(translator.bias)
        wanted[f"lens.{i}.{LAYERS}.weight"] = torch.eye(WIDTH) + translator.weight.detach()
        wanted[f"lens.{i}.{LAYERS}.bias"] = translator.bias.detach().clone()
    lens.save(HERE / "lens")

    for protocol, (i, j) in zip((3, 4, 5), ((0, 1), (1, 3), (2, 3))):
        wanted[f"pickles.{i}.{j}.weight"] = m = matrix()
        with open(HERE / "pickles" / f"{i}_{j}.pickle", "wb") as f:
            pickle.dump(m, f, protocol=protocol)

    layers = {0: matrix().half(), 1: matrix().double(), 2: matrix().T, "note": [1, 2.5, None]}
    for i in range(LAYERS):
        wanted[f"layers.{i}.{LAYERS}.weight"] = layers[i].float().contiguous()
    torch.save(layers, HERE / "layers.pt")

    wanted["old.1.2.weight"] = m = matrix()
    torch.save(m, HERE / "old.pt", _use_new_zipfile_serialization=False)
    wanted["one.0.2.weight"] = m = matrix()
    np.save(HERE / "one.npy", m.numpy())
    jacobians = {layer: matrix().half() for layer in range(LAYERS - 1)}
    for layer, m in jacobians.items():
        wanted[f"j-lens.{layer + 1}.{LAYERS}.weight"] = m.float()
    torch.save({"J": jacobians, "n_prompts": 100, "source_layers": list(jacobians), "d_model": WIDTH},
               HERE / "j-lens.pt")
    wanted["half.0.1.weight"] = (m := matrix().half()).float()
    np.save(HERE / "half.npy", np.asfortranarray(m.numpy()))
    arrays = {0: matrix().numpy(), 1: np.asfortranarray(matrix().double().numpy()), 2: matrix().half().numpy()}
    (HERE / "arrays").mkdir(exist_ok=True)
    for protocol, (i, m) in zip((2, 4, 5), arrays.items()):
        for name, j in (("arrays", LAYERS), ("arrays-each", LAYERS)):
            wanted[f"{name}.{i}.{j}.weight"] = torch.from_numpy(np.ascontiguousarray(m)).float().clone()
        with open(HERE / "arrays" / f"{i}_{LAYERS}.pickle", "wb") as f:
            pickle.dump(m, f, protocol=protocol)
    torch.save(arrays, HERE / "arrays.pt")
    for name, m in (("objects", np.array([[{}], [[]]], dtype=object)), ("big-endian", np.ones(2, ">f4"))):
        with open(HERE / f"{name}.pickle", "wb") as f:
            pickle.dump(m, f, protocol=4)
    stack, constants = torch.randn(LAYERS, WIDTH, WIDTH), torch.randn(LAYERS, WIDTH)
    torch.save({"weight": stack, "bias": constants}, HERE / "stack.pt")
    np.save(HERE / "stack.npy", torch.cat([stack, torch.eye(WIDTH)[None]]).numpy())
    torch.save({"J": stack[1:].clone(), "n_prompts": 7}, HERE / "j-stack.pt")
    for i in range(LAYERS):
        for name in ("stack", "stack-npy") + (("j-stack",) if i else ()):
            wanted[f"{name}.{i}.{LAYERS}.weight"] = stack[i].clone()
        wanted[f"stack.{i}.{LAYERS}.bias"] = constants[i].clone()
    with open(HERE / "hostile.pickle", "wb") as f:
        pickle.dump({"0": Hostile()}, f)
    save_file(wanted, HERE / "wanted.safetensors")


if __name__ == "__main__":
    main()
