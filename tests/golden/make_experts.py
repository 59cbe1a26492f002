# SPDX-License-Identifier: MIT
"""Write tests/golden/experts/experts.safetensors: what the routers of the transformers package
choose in each tiny mixture, by hooks on them (float64).

<model>.ids                 [n] int32: a text
<model>.<block>.experts     [n, k] int32: block 1..L; those of each token, best first
<model>.<block>.weights     [n, k]: their shares
"""
import re
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from make_models import MODELS
from reference import Model

OUT = Path(__file__).parent / "experts"
MIXTURES = ["tiny-mixtral", "tiny-qwen2_moe", "tiny-qwen3_moe", "tiny-qwen3_moe-step",
            "tiny-olmoe", "tiny-granitemoe", "tiny-gpt_oss", "tiny-deepseek_v2",
            "tiny-deepseek_v3", "tiny-qwen2_moe-dense", "tiny-granitemoehybrid",
            "tiny-qwen3_next", "tiny-qwen3_5_moe", "tiny-lfm2_moe", "tiny-llama4",
            "tiny-llama4-pieces"]
N = 14


def main():
    out = {}
    for number, name in enumerate(MIXTURES):
        model = Model(MODELS / name)
        ids = np.random.default_rng(700 + number).integers(0, model.vocab, N)
        out[f"{name}.ids"] = torch.from_numpy(ids.astype(np.int32))

        def keep(block, result):
            if len(result) == 2:  # Llama 4's: scores, 0 of those that are not taken
                result = (result[1], *result[0].topk((result[0] > 0).sum(1).max().item()))
            _, weights, experts = result
            order = weights.argsort(1, descending=True)
            out[f"{name}.{block}.experts"] = experts.gather(1, order).int()
            out[f"{name}.{block}.weights"] = weights.gather(1, order).float()

        for path, module in model.net.named_modules():
            found = re.match(r".*layers\.(\d+)\.(mlp|block_sparse_moe|feed_forward)"
                             r"\.(gate|router)$", path)
            if found and type(module).__name__.lower().endswith("router"):
                module.register_forward_hook(
                    lambda m, args, result, block=int(found[1]) + 1: keep(block, result))
        model.run(ids)
    OUT.mkdir(exist_ok=True)
    save_file({k: x.contiguous() for k, x in out.items()}, OUT / "experts.safetensors")


if __name__ == "__main__":
    main()
