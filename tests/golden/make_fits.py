# SPDX-License-Identifier: MIT
"""Write tests/golden/fits: inputs of a fit, and what it must give, by LAPACK and sklearn.

With X [n, d] and Y [n, d] the rows (float32, exactly as stored; all else in float64) and
Xc, Yc the same less their means, W [d, d] in y ~ W x + b, each is the W that minimises

    mat          |X W' - Y|^2                     the W of least norm where there are many
    mat_bias     |Xc W' - Yc|^2                   the same; b = mean(Y) - W mean(X)
    ridge        |X W' - Y|^2 + lambda |W|^2      lambda = r * mean(diag(X'X))
    ridge_bias   |Xc W' - Yc|^2 + lambda |W|^2    lambda = r * mean(diag(Xc'Xc)); b is free

X'X is the sum over rows, not the average, and r is `ridge` in the file's metadata. In a
file: `x`, `y` F32 [n, d]; `<method>.weight` F64 [d, d], `<method>.bias` F64 [d]. Its
metadata also has the rank of X and of Xc, and `condition`, the ratio of the largest to the
smallest non-zero singular value of X with its columns scaled to unit length.

Inputs whose rank matters have it exactly in float32: small integers, scaled by powers of
two, or few different rows. The singular values that count and those that do not are far
apart in every case (checked), so no solver may differ on which is which.
"""
import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save
from scipy.linalg import lstsq
from sklearn.linear_model import Ridge

from reference import Model

HERE = Path(__file__).parent
FITS = HERE / "fits"
RIDGE = 0.01
ZERO = 1e-11  # singular values below this share of the largest are zero


def rank_of(x):
    """Rank of x with unit columns, and its condition; the gap must be wide."""
    length = np.linalg.norm(x, axis=0)
    s = np.linalg.svd(x / np.where(length > 0, length, 1), compute_uv=False)
    s /= s[0]
    rank = int((s > ZERO).sum())
    assert s[rank - 1] > 1e-5 and (rank == len(s) or s[rank] < 1e-14), s
    return rank, 1 / s[rank - 1]


def least_squares(x, y):
    w, _, rank, s = lstsq(x, y, cond=ZERO, lapack_driver="gelsd")
    assert rank == rank_of(x)[0], (rank, rank_of(x), s)
    return w.T


def sorted_metadata(data):
    """The bytes of a safetensors file, the same every time: the package shuffles it."""
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + size])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":")).encode()
    return data[:8] + text.ljust(size) + data[8 + size:]


def write(name, x, y):
    x, y = x.astype(np.float32), y.astype(np.float32)
    out = {"x": x, "y": y}
    x, y = x.astype(np.float64), y.astype(np.float64)
    mx, my = x.mean(axis=0), y.mean(axis=0)
    xc, yc = x - mx, y - my
    xc[:, np.ptp(x, axis=0) == 0] = 0  # a constant coordinate, free of rounding
    out["mat.weight"] = least_squares(x, y)
    out["mat_bias.weight"] = w = least_squares(xc, yc)
    out["mat_bias.bias"] = my - w @ mx
    for method, rows in (("ridge", x), ("ridge_bias", xc)):
        alpha = RIDGE * (rows**2).sum(axis=0).mean()
        fit = Ridge(alpha=alpha, fit_intercept=method == "ridge_bias", solver="svd")
        out[method + ".weight"] = fit.fit(x, y).coef_
    out["ridge_bias.bias"] = fit.intercept_
    rank, condition = rank_of(x)
    meta = {"ridge": RIDGE, "rank": rank, "rank_centred": rank_of(xc)[0],
            "condition": f"{condition:.3g}"}
    print(f"{name:16} {str(x.shape):10}", meta)
    data = save({k: np.ascontiguousarray(v) for k, v in out.items()},
                {k: str(v) for k, v in meta.items()})
    (FITS / f"{name}.safetensors").write_bytes(sorted_metadata(data))


def noisy_map(rng, x, noise):
    """Some linear map of x with unit-variance rows of noise added, as far as x goes."""
    y = x @ rng.standard_normal((x.shape[1], x.shape[1])) / np.sqrt(x.shape[1])
    return y + noise * y.std() * rng.standard_normal(y.shape) + y.std()


def scales(rng, d):
    """d factors from 1/128 to 128, in any order: powers of two, so products are exact."""
    return rng.permutation(np.exp2(np.round(np.linspace(-7, 7, d))))


def main():
    FITS.mkdir(exist_ok=True)
    rng = np.random.default_rng(11)

    model = Model(HERE / "models" / "tiny-gpt2")
    runs = [model.run(rng.integers(0, model.vocab, 25))[0] for _ in range(16)]
    write("states", *np.concatenate(runs, axis=1)[[1, 3]])

    d = 24
    x = rng.standard_normal((400, d)) @ rng.standard_normal((d, d)) + rng.standard_normal(d)
    y = noisy_map(rng, x, 0.5)
    write("scaled", x * scales(rng, d), y * scales(rng, d))
    offset = np.where(np.arange(d) % 8 == 3, 300 * x.std(axis=0), 0)
    write("offset", x + offset, y + offset)

    x = rng.integers(-4, 5, (120, 7)) @ rng.integers(-3, 4, (7, 16))
    x[:, 5] = 0
    x[:, 11] = 3
    y = noisy_map(rng, x, 0.3)
    write("deficient", x, y)
    factors = scales(rng, 16)
    write("deficient-scaled", x * factors, y * factors)

    kinds = rng.standard_normal((9, d)).astype(np.float32)
    x = kinds[rng.integers(0, len(kinds), 200)]
    write("repeated", x, noisy_map(rng, x, 1.0))

    x = rng.standard_normal((10, d))
    y = noisy_map(rng, x, 0.3)
    write("short", x, y)
    write("short-scaled", x * scales(rng, d), y)


if __name__ == "__main__":
    main()
