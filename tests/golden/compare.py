# SPDX-License-Identifier: MIT
"""Compare two results.json; exit 1 when they differ by more than this:

    compare.py A B

R2            1e-3, relative where either is below -1
p1 p5 p10     one row of n_val; at an exit point also
surprisal     1e-3, also the ends of its interval
exit layers   0.01
saved         0.05 blocks: the curve may turn where p1 differs by a row
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


def compare(a, b):
    """-> {kind: Worst}. Raises KeyError or ValueError where the parts are not the same."""
    if a["n_val"] != b["n_val"] or a["format"] != b["format"]:
        raise ValueError(f"n_val {a['n_val']} and {b['n_val']}: not of the same samples")
    if set(a["jump"]) != set(b["jump"]):
        raise ValueError(f"methods {sorted(a['jump'])} and {sorted(b['jump'])}")
    row = 1.000001 / a["n_val"]
    kinds = {"r2": Worst(1e-3), "precision": Worst(row), "surprisal": Worst(1e-3),
             "exit layers": Worst(0.01), "exit p1": Worst(row), "saved": Worst(0.05)}
    for method in a["jump"]:
        for i, rows in enumerate(zip(a["r2"][method], b["r2"][method], strict=True)):
            for j, (x, y) in enumerate(zip(*rows, strict=True)):
                least = min(0.0 if x is None else x, 0.0 if y is None else y)
                kinds["r2"].add(x, y, f"{method} {i} -> {j}", max(1.0, -least))
        for x, y in zip(a["jump"][method], b["jump"][method], strict=True):
            where = f"{method} layer {x['layer']}"
            kinds["exit layers"].add(x["layer"], y["layer"], where)
            for k in ("p1", "p5", "p10"):
                kinds["precision"].add(x[k], y[k], f"{where} {k}")
            for u, v in zip([x["surprisal"], *x["surprisal_ci"]],
                            [y["surprisal"], *y["surprisal_ci"]], strict=True):
                kinds["surprisal"].add(u, v, where)
        for x, y in zip(a["exit"][method], b["exit"][method], strict=True):
            where = f"{method} lambda {x['lambda']}"
            kinds["exit layers"].add(x["lambda"], y["lambda"], where + ", lambda itself")
            kinds["exit layers"].add(x["layers"], y["layers"], where)
            kinds["exit p1"].add(x["p1"], y["p1"], where)
        x, y = a["saved"][method], b["saved"][method]
        kinds["saved"].add(x["blocks"], y["blocks"], method)
    return kinds


def main():
    a, b = (json.loads(Path(path).read_text()) for path in sys.argv[1:3])
    kinds = compare(a, b)
    for name, worst in kinds.items():
        verdict = "ok" if worst.share <= 1 else "DIFFERS"
        print(f"{name:12} {worst.count:5} compared, worst {worst.difference:.3g} "
              f"of {worst.allowed:.3g} allowed: {verdict}  {worst.where}")
    sys.exit(any(not worst.share <= 1 for worst in kinds.values()))


if __name__ == "__main__":
    main()
