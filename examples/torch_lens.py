# SPDX-License-Identifier: MIT
"""The lens in torch: a fitted map, the final norm and the unembedding of a GPT-2, against what
the library reads.

    python examples/torch_lens.py data/demo examples/sentences.txt "The town lies on the"
"""

import pathlib
import sys

import torch
from safetensors.torch import load_file

import jumpcut


def main(folder: str, texts: str, prompt: str) -> None:
    model = jumpcut.Model(folder)
    shortcut = jumpcut.fit(model, pathlib.Path(texts), method="ridge", ridge=1e-2)
    weights = {k: v.float() for k, v in load_file(pathlib.Path(folder) / "model.safetensors").items()}

    def read(h: torch.Tensor) -> torch.Tensor:
        h = torch.nn.functional.layer_norm(h, h.shape[-1:], weights["ln_f.weight"], weights["ln_f.bias"])
        return h @ weights["wte.weight"].T

    lens = model.lens(prompt, shortcut)
    states = model.states([prompt])
    last = str(model.layers)
    same = 0
    for layer in range(model.layers):
        h = torch.from_numpy(states[str(layer)])
        logits = read(h @ torch.from_numpy(shortcut[layer, last].weight).T)
        theirs = [cell.ids[0] for cell in lens["ridge"][layer]]
        ours = logits.argmax(-1)
        same += sum(int(a) == int(b) for a, b in zip(ours, theirs))
        print(f"layer {layer:>2}: {model.tokenizer.decode([int(ours[-1])])!r}")
    print(f"{same} of {model.layers * len(lens.positions)} guesses are the library's")


if __name__ == "__main__":
    main(*sys.argv[1:4])
