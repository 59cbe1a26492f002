# SPDX-License-Identifier: MIT
"""Write src/tensor/grids.c: the grids of GGUF's IQ types, as the gguf package has them.

A grid is part of the format: a stored number names one of its vectors. A vector of eight
numbers, each of three levels, is kept in sixteen bits, two a number, the first in the
lowest; one of four numbers of eight levels likewise, with four bits a number.
"""
from pathlib import Path

import gguf.quants as quants

OUT = Path(__file__).parents[2] / "src/tensor/grids.c"
GRIDS = (("iq1", quants.IQ1_S), ("iq2_xxs", quants.IQ2_XXS), ("iq2_xs", quants.IQ2_XS),
         ("iq2_s", quants.IQ2_S), ("iq3_xxs", quants.IQ3_XXS), ("iq3_s", quants.IQ3_S))


def entries(kind):
    kind.init_grid()
    vectors = kind.grid.reshape(kind.grid_shape)
    bits = 16 // kind.grid_shape[1]
    for vector in vectors:
        yield sum(kind.grid_map.index(x) << bits * i for i, x in enumerate(vector))


lines = ["/* SPDX-License-Identifier: MIT */",
         "/*",
         " * grids.c: the grids of the IQ types; made by tests/golden/make_grids.py.",
         " * long: data of the format.",
         " */",
         '#include "tensor/bits.h"',
         "",
         "/* clang-format off */"]
for name, kind in GRIDS:
    numbers = [f"0x{x:04x}," for x in entries(kind)]
    lines.append(f"const uint16_t jc_grid_{name}[{len(numbers)}] = {{")
    lines += ["    " + " ".join(numbers[i:i + 12]) for i in range(0, len(numbers), 12)]
    lines.append("};")
lines.append("/* clang-format on */")
OUT.write_text("\n".join(lines) + "\n")
