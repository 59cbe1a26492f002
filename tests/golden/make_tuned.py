# SPDX-License-Identifier: MIT
"""Write tests/golden/fits/tuned-<model>.safetensors: the loss that tuned maps are trained by
and its gradient, by torch's autograd in float64 through the package's own head.

`states` [L+1, n, d] F32 are states of the model at random ids; `weight` [L, d, d] and `bias`
[L, d] F32 some maps of each layer to the last, near the identity. With full = read(h_L),
`loss` [L] F64 is the sum over rows of KL(softmax(full) || softmax(read(W h_l + b))), and
`by_weight`, `by_bias` F64 are its gradient.
"""
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file

from reference import Model, without_float32

HERE = Path(__file__).parent
MODELS = ("tiny-gpt2", "tiny-gemma2", "tiny-cohere", "tiny-llama")
ROWS = 9


def read(model, h):
    """The package's head, differentiable."""
    z = model.net.get_output_embeddings()(model.norm(h)) * model.scale
    return model.cap * torch.tanh(z / model.cap) if model.cap else z


def main():
    rng = np.random.default_rng(11)
    for name in MODELS:
        model = Model(HERE / "models" / name)
        states = model.run(rng.integers(0, model.vocab, ROWS))[0].astype(np.float32)
        L, d = model.layers, model.width
        weight = (np.eye(d) + 0.2 * rng.standard_normal((L, d, d)) / d**0.5).astype("f4")
        bias = (0.1 * rng.standard_normal((L, d))).astype("f4")
        h = torch.from_numpy(states).double()
        w = torch.from_numpy(weight).double().requires_grad_()
        b = torch.from_numpy(bias).double().requires_grad_()
        with without_float32():
            full = read(model, h[-1]).detach().log_softmax(-1)
            loss = torch.stack([
                (full.exp() * (full - read(model, h[l] @ w[l].T + b[l]).log_softmax(-1))
                 ).sum() for l in range(L)])
        loss.sum().backward()
        print(name, loss.tolist())
        save_file({"states": states, "weight": weight, "bias": bias,
                   "loss": loss.detach().numpy(), "by_weight": w.grad.numpy(),
                   "by_bias": b.grad.numpy()},
                  HERE / "fits" / f"tuned-{name}.safetensors")


if __name__ == "__main__":
    main()
