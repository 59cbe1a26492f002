# SPDX-License-Identifier: MIT
"""Train a lens with the package tuned-lens, by the recipe of its `train` command, for
`fit --method tuned` to be held against:

    jumpcut sample MODEL --text wiki-documents.txt --unit document --train 7300 --val 300 \\
        --out samples.jsonl
    make_tuned_beside.py MODEL samples.jsonl LENS [steps] [tokens a step]

The recipe: TunedLens.from_model, which starts at the identity; KL(p || q) of each layer;
SGD with Nesterov momentum 0.9 and a rate of 1 - 0.9, that falls to 0 in a straight line
over 250 steps; weight decay 1e-3, towards the identity; the norm of all gradients clipped
at 1. It takes 2^18 tokens a step on clusters; here by default 2^12, so that a million
tokens, windows of 256 of the training texts each seen once, are enough. Products are
float32 where the command has bfloat16. Prints KL by layer on the validation windows, and
leaves the lens, for `jumpcut convert`, and `kl.json` in LENS.
"""
import json
import sys
import time
from pathlib import Path

import torch
from transformers import GPT2LMHeadModel
from tuned_lens import TunedLens

MOMENTUM, DECAY, CLIP = 0.9, 1e-3, 1.0


def windows(path, split, length=None):
    for line in Path(path).read_text().splitlines():
        s = json.loads(line)
        if s["split"] == split and (length is None or len(s["ids"]) == length):
            yield s["ids"]


def states_of(model, ids):
    with torch.no_grad():
        out = model(torch.tensor(ids), output_hidden_states=True)
    return out.hidden_states[:-1], out.logits.log_softmax(-1)


def kl(labels, logits):
    return (labels.exp() * (labels - logits.log_softmax(-1))).sum(-1)


def train(model, lens, texts, steps, tokens, context):
    opt = torch.optim.SGD(lens.layer_translators.parameters(), lr=1 - MOMENTUM,
                          momentum=MOMENTUM, nesterov=True, weight_decay=DECAY)
    plan = torch.optim.lr_scheduler.LambdaLR(opt, lambda t: max(0.0, 1 - t / steps))
    texts, start = iter(texts), time.time()
    for step in range(steps):
        h, labels = states_of(model, [next(texts) for _ in range(tokens // context)])
        losses = []
        for i, x in enumerate(h):
            loss = kl(labels, lens(x, idx=i)).mean()
            loss.backward()
            losses.append(loss.item())
        torch.nn.utils.clip_grad_norm_(lens.layer_translators.parameters(), CLIP)
        opt.step()
        opt.zero_grad()
        plan.step()
        if step % 10 == 9:
            print(f"{step + 1:4} {time.time() - start:6.0f} s",
                  *(f"{x:.3f}" for x in losses), flush=True)


def evaluate(model, lens, texts):
    total, rows = torch.zeros(len(lens)), 0
    for ids in texts:
        h, labels = states_of(model, [ids])
        with torch.no_grad():
            total += torch.stack([kl(labels, lens(x, idx=i)).sum()
                                  for i, x in enumerate(h)])
        rows += len(ids)
    return (total / rows).tolist(), rows


def main():
    folder, samples, out = sys.argv[1:4]
    steps, tokens = (int(x) for x in [*sys.argv[4:6], *("250", "4096")[len(sys.argv) - 4:]])
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = GPT2LMHeadModel.from_pretrained(folder, dtype=torch.float32).eval()
    model.requires_grad_(False)
    lens = TunedLens.from_model(model)
    context = model.config.n_positions
    train(model, lens, windows(samples, "train", context), steps, tokens, context)
    lens.save(out)
    losses, rows = evaluate(model, lens, windows(samples, "val"))
    figures = {"steps": steps, "tokens": steps * tokens, "val_rows": rows,
               "kl": [round(x, 5) for x in losses]}
    (Path(out) / "kl.json").write_text(json.dumps(figures) + "\n")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
