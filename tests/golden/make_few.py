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

KERNELS = ("Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K", "Q2_K", "Q3_K",
           "IQ4_NL", "IQ4_XS", "MXFP4")
OUT = Path(__file__).parent / "few"


def main():
    rng = np.random.default_rng(8)
    OUT.mkdir(exist_ok=True)
    for name in KERNELS:
        length, size = gguf.GGML_QUANT_SIZES[Type[name]]
        count = 2048 // length
        blocks = rng.integers(0, 256, (count, size), dtype=np.uint8)
        if name == "MXFP4":  # the power of two
            blocks[:, 0] = rng.integers(100, 135, count)
            blocks[:3, 0] = 0, 1, 2
        for at in HALVES[name]:
            scale = (0.01 * rng.standard_normal(count)).astype(np.float16)
            scale[:2] = 2e-7, -0.0  # subnormal, and zero
            blocks[:, at:at + 2] = scale.view(np.uint8).reshape(-1, 2)
        values = gguf.dequantize(blocks.reshape(-1), Type[name]).astype("<f4")
        blocks.tofile(OUT / f"{name.lower()}.blocks")
        values.tofile(OUT / f"{name.lower()}.values")
    make_q4_z(rng)


def make_q4_z(rng):
    """By its definition, as no other program has it: d, a zero, and 32 numbers of 4 bits, of
    which the first 16 are low halves of bytes: (q - zero) d."""
    blocks = rng.integers(0, 256, (64, 20), dtype=np.uint8)
    d = (0.01 * rng.standard_normal(64)).astype(np.float16)
    d[:2] = 2e-7, -0.0
    zero = rng.integers(0, 17, 64).astype(np.uint16)
    blocks[:, :2] = d.view(np.uint8).reshape(-1, 2)
    blocks[:, 2:4] = zero.view(np.uint8).reshape(-1, 2)
    q = np.concatenate([blocks[:, 4:] & 15, blocks[:, 4:] >> 4], axis=1).astype(np.float32)
    values = (q - zero[:, None].astype(np.float32)) * d[:, None].astype(np.float32)
    blocks.tofile(OUT / "q4_z.blocks")
    values.astype("<f4").tofile(OUT / "q4_z.values")


if __name__ == "__main__":
    main()
