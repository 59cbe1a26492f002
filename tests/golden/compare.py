# SPDX-License-Identifier: MIT
"""Compare two results.json; exit 1 when they differ by more than this:

    compare.py A B

R2            1e-3, relative where either is below -1; also the ends of its interval
p1 p5 p10     one row of n_val; at an exit point also
surprisal, kl 1e-3
exit layers   0.01
saved         0.05 blocks: the curve may turn where p1 differs by a row
intervals     an end by resampling is random: what the figure may differ by, and 0.15 of
              the interval's width more. 1,000 draws give a percentile of 2.5% with a
              standard deviation of sqrt(0.025 0.975 / 1000) / phi(1.96) = 0.085 of the
              figure's; five times that for the difference of two is 0.6, and the width 3.92
"""
import json
import sys
from pathlib import Path


class Worst:
    """The largest difference of one kind, as a share of what is allowed."""

    def __init__(self, allowed):
        self.allowed, self.difference, self.share, self.where, self.count = \
            allowed, 0.0, 0.0, "", 0

    def add(self, a, b, where, scale=1.0):
        self.count += 1
        if (a is None) != (b is None):
            self.difference = self.share = float("inf")
            self.where = f"{where}: {a} and {b}"
        if a is None or b is None:
            return
        share = abs(a - b) / (self.allowed * scale)
        if not share <= self.share:  # also where it is not a number
            self.difference, self.share, self.where = abs(a - b), share, f"{where}: {a} {b}"


def add_interval(kinds, kind, x, y, name, where):
    """The ends of two intervals, as a share of what they may differ by."""
    a, b = x[f"{name}_ci"], y[f"{name}_ci"]
    if a is None or b is None:
        kinds["intervals"].add(a and a[0], b and b[0], f"{where} {name}_ci")
        return
    scale = kinds[kind].allowed + 0.15 * max(a[1] - a[0], b[1] - b[0])
    for u, v in zip(a, b, strict=True):
        kinds["intervals"].add(u, v, f"{where} {name}_ci", scale)


def compare(a, b):
    """-> {kind: Worst}. Raises KeyError or ValueError where the parts are not the same."""
    if a["n_val"] != b["n_val"] or a["format"] != b["format"]:
        raise ValueError(f"n_val {a['n_val']} and {b['n_val']}: not of the same samples")
    if set(a["jump"]) != set(b["jump"]):
        raise ValueError(f"methods {sorted(a['jump'])} and {sorted(b['jump'])}")
    row = 1.000001 / a["n_val"]
    kinds = {"r2": Worst(1e-3), "precision": Worst(row), "surprisal": Worst(1e-3),
             "exit layers": Worst(0.01), "exit p1": Worst(row), "saved": Worst(0.05),
             "intervals": Worst(1.0)}
    for method in a["jump"]:
        for i, rows in enumerate(zip(a["r2"][method], b["r2"][method], strict=True)):
            for j, (x, y) in enumerate(zip(*rows, strict=True)):
                least = min(0.0 if x is None else x, 0.0 if y is None else y)
                kinds["r2"].add(x, y, f"{method} {i} -> {j}", max(1.0, -least))
        for x, y in zip(a["r2_last"][method], b["r2_last"][method], strict=True):
            where = f"{method} {x['layer']} -> last"
            for u, v in zip([x["r2"], *x["r2_ci"]], [y["r2"], *y["r2_ci"]], strict=True):
                kinds["r2"].add(u, v, where, max(1.0, -min(u, v)))
        x, y = a["jump_mean"][method], b["jump_mean"][method]
        kinds["precision"].add(x["p1"], y["p1"], f"{method} mean p1")
        add_interval(kinds, "precision", x, y, "p1", f"{method} mean")
        for x, y in zip(a["jump"][method], b["jump"][method], strict=True):
            where = f"{method} layer {x['layer']}"
            kinds["exit layers"].add(x["layer"], y["layer"], where)
            for k in ("p1", "p5", "p10"):
                kinds["precision"].add(x[k], y[k], f"{where} {k}")
                add_interval(kinds, "precision", x, y, k, where)
            for k in ("surprisal", "kl"):
                kinds["surprisal"].add(x[k], y[k], f"{where} {k}")
                add_interval(kinds, "surprisal", x, y, k, where)
        for x, y in zip(a["exit"][method], b["exit"][method], strict=True):
            where = f"{method} lambda {x['lambda']}"
            kinds["exit layers"].add(x["lambda"], y["lambda"], where + ", lambda itself")
            kinds["exit layers"].add(x["layers"], y["layers"], where)
            kinds["exit p1"].add(x["p1"], y["p1"], where)
            add_interval(kinds, "exit layers", x, y, "layers", where)
            add_interval(kinds, "exit p1", x, y, "p1", where)
        x, y = a["saved"][method], b["saved"][method]
        kinds["saved"].add(x["blocks"], y["blocks"], method)
        add_interval(kinds, "saved", x, y, "blocks", method)
    return kinds


def main():
    a, b = (json.loads(Path(path).read_text()) for path in sys.argv[1:3])
    kinds = compare(a, b)
    for name, worst in kinds.items():
        verdict = "ok" if worst.share <= 1 else "DIFFERS"
        print(f"{name:12} {worst.count:5} compared, worst {worst.difference:.3g}, "
              f"{worst.share:.3g} of what is allowed: {verdict}  {worst.where}")
    sys.exit(any(not worst.share <= 1 for worst in kinds.values()))


if __name__ == "__main__":
    main()
