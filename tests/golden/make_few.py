# SPDX-License-Identifier: MIT
"""Write few/: of each type in blocks, some blocks of random bits and what the gguf package's
dequantize() makes of them, raw: <type>.blocks, and <type>.values in float32.

Scales have either sign; some are tiny or zero.
"""
from pathlib import Path

import gguf
import numpy as np
import torch
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
    make_own(rng)


def scales(rng, whole):
    """64 floats, of which the first are tiny and zero; of as many bits as a float16 has, or
    all."""
    d = (0.01 * rng.standard_normal(64)).astype(np.float32 if whole else np.float16)
    d[:2] = 2e-7, -0.0
    return d.astype("<f4")[:, None]


def write_own(name, parts, values):
    np.concatenate(parts, axis=1).tofile(OUT / f"{name}.blocks")
    values.astype("<f4").tofile(OUT / f"{name}.values")


def make_own(rng):
    """Those that no other program has, by their definitions, 32 numbers each: (q - zero) d,
    or q d in E4M3 by torch."""
    d, zero = scales(rng, False), rng.integers(0, 17, (64, 1))
    q = rng.integers(0, 16, (64, 32))
    head = (d.view("<u4") | zero.astype("<u4")).view(np.uint8)  # d's lowest byte is 0
    halves = (q[:, :16] | q[:, 16:] << 4).astype(np.uint8)
    write_own("q4_z", (head, halves), (q - zero).astype(np.float32) * d)
    d, zero = scales(rng, True), rng.integers(0, 257, (64, 1))
    q = rng.integers(0, 256, (64, 32))
    write_own("q8_z", (d.view(np.uint8), zero.astype("<u2").view(np.uint8),
                       q.astype(np.uint8)), (q - zero).astype(np.float32) * d)
    d, q = scales(rng, True), rng.integers(0, 256, (64, 32)).astype(np.uint8)
    q[q % 128 == 127] = 0  # NaN
    values = torch.from_numpy(q).view(torch.float8_e4m3fn).float().numpy()
    write_own("f8_s", (d.view(np.uint8), q), values * d)


if __name__ == "__main__":
    main()
