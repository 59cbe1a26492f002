# SPDX-License-Identifier: MIT
"""Write few/: of each type in blocks, some blocks of random bits and what the gguf package's
dequantize() makes of them, raw: <type>.blocks, and <type>.values in float32.

Scales have either sign; some are tiny or zero.
"""
from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type

from make_gguf import HALVES

OUT = Path(__file__).parent / "few"


def main():
    rng = np.random.default_rng(8)
    OUT.mkdir(exist_ok=True)
    for name, places in HALVES.items():
        length, size = gguf.GGML_QUANT_SIZES[Type[name]]
        count = 2048 // length
        blocks = rng.integers(0, 256, (count, size), dtype=np.uint8)
        for at in places:
            scale = (0.01 * rng.standard_normal(count)).astype(np.float16)
            scale[:2] = 2e-7, -0.0  # subnormal, and zero
            blocks[:, at:at + 2] = scale.view(np.uint8).reshape(-1, 2)
        values = gguf.dequantize(blocks.reshape(-1), Type[name]).astype("<f4")
        blocks.tofile(OUT / f"{name.lower()}.blocks")
        values.tofile(OUT / f"{name.lower()}.values")


if __name__ == "__main__":
    main()
