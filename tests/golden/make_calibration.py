# SPDX-License-Identifier: MIT
"""Write tests/golden/calibration/p_values.safetensors: Hoeffding-Bentkus p-values by scipy, for
losses in [0, 1] with a mean (Bates et al. 2021, Angelopoulos et al. 2021):

p = min(exp(-n KL(min(mean, alpha), alpha)), e P(Binomial(n, alpha) <= ceil(n mean)), 1)

mean, n, alpha, p   [k] float64; ceil is taken of the exact n mean
"""
from fractions import Fraction
from math import ceil

import numpy as np
import torch
from safetensors.torch import save_file
from scipy.special import rel_entr
from scipy.stats import binom

from make_models import HERE


def main():
    rows = []
    for n in (1, 7, 58, 59, 100, 1000, 20000):
        for alpha in (0.01, 0.05, 0.3):
            for part in (0, Fraction(1, 100), Fraction(1, 7), Fraction(49, 1000), Fraction(1, 2), 1):
                exact = Fraction(part) if n in (7, 100, 1000) else Fraction(round(part * n), n)
                mean = float(exact)
                a = min(mean, alpha)
                kl = rel_entr(a, alpha) + rel_entr(1 - a, 1 - alpha)
                bentkus = np.e * binom.cdf(ceil(n * exact), n, alpha)
                rows.append((mean, n, alpha, min(np.exp(-n * kl), bentkus, 1)))
    table = torch.tensor(rows, dtype=torch.float64)
    names = ("mean", "n", "alpha", "p")
    (HERE / "calibration").mkdir(exist_ok=True)
    save_file({k: table[:, i].contiguous() for i, k in enumerate(names)},
              HERE / "calibration" / "p_values.safetensors")


if __name__ == "__main__":
    main()
