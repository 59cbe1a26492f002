# SPDX-License-Identifier: MIT
"""Write tests/golden/generate/greedy.safetensors: what transformers writes after prompts when
it always takes the most likely token, for every decoder of models/ and for data/demo.

    <model>.<k>         I32 [tokens]  the prompt and what follows, up to 100 tokens or the
                                      model's context
    <model>.<k>.prompt  I32 [1]       tokens of the prompt

A step is a run over the whole text, filled up to its final length: later tokens change
nothing before them, but LongRoPE turns by the length of the text, which jumpcut takes to be
the final one from the start. Where two tokens are nearly as likely, float32 may choose
either: such prompts are passed over. With names, only those models are run, and the others
stay as they are.
"""
import json
import sys

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from make_models import DATA, DEMO, HERE, MODELS
from reference import ENCODERS, Model

PROMPTS = [1, 5, 12]
TOKENS = 100
MARGIN = 1e-3  # of logits, which are about 1


def greedy(model, prompt, room):
    ids, least = list(prompt), np.inf
    while len(ids) < room:
        _, logits = model.run(ids + [0] * (room - len(ids)))
        first, second = np.sort(logits[len(ids) - 1])[:-3:-1]
        least = min(least, first - second)
        ids.append(int(np.argmax(logits[len(ids) - 1])))
    return ids, least


def context_of(model):
    config = model.net.config
    return next((getattr(config, k) for k in ("max_position_embeddings", "n_positions",
                                              "seq_length", "max_seq_len")
                 if getattr(config, k, None)), 1 << 20)  # of Mamba 2


def main():
    torch.set_num_threads(1)
    folders = {f.name: f for f in sorted(MODELS.glob("tiny-*/"))} | {"demo": DEMO}
    for more in sorted((DATA / "models").glob("stories*")):
        folders[more.name] = more
    out = load_file(HERE / "generate" / "greedy.safetensors") if sys.argv[1:] else {}
    for name, folder in folders.items():
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        if json.loads((folder / "config.json").read_text())["model_type"] in ENCODERS:
            continue
        model = Model(folder)
        rng = np.random.default_rng(31)
        for k, n in enumerate(PROMPTS):
            room = min(context_of(model), n + TOKENS)
            for _ in range(20):
                ids, least = greedy(model, rng.integers(0, model.vocab, n).tolist(), room)
                if least > MARGIN:
                    break
            else:
                raise ValueError(f"'{name}': the likeliest tokens are too close")
            out[f"{name}.{k}"] = torch.tensor(ids, dtype=torch.int32)
            out[f"{name}.{k}.prompt"] = torch.tensor([n], dtype=torch.int32)
            print(name, n, room, f"margin {least:.3g}", flush=True)
    (HERE / "generate").mkdir(exist_ok=True)
    save_file(out, HERE / "generate" / "greedy.safetensors")


if __name__ == "__main__":
    main()
