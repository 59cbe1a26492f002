# SPDX-License-Identifier: MIT
"""greedy_beside_llama.py JUMPCUT MODEL.gguf [OUT]: what jumpcut writes after 20 prompts, 64 likeliest
tokens each, beside llama-cpp-python on the very file.

llama.cpp runs the same ids, and at each place says which token it holds likeliest; transformers
judges, in float32 on the weights multiplied out (Gemma 3 only). A place where the two programs
differ is told with the margin of log-probabilities by the judge, below 0 where it sides with
llama.cpp. How far the log-probabilities of both are from the judge's says what a tie is: llama.cpp
rounds activations to 8 bits, jumpcut to 16.
"""
import json
import subprocess
import sys
import tempfile

import llama_cpp
import numpy as np
import torch

from make_real import gemma

PROMPTS = """The capital of France is
Once upon a time there was a girl who
def fibonacci(n):
The three laws of thermodynamics are
In 1969, the first people
Dear Sir or Madam,
To bake bread you need
The quick brown fox
Water boils at
SELECT name FROM users
La Révolution française a commencé
Die Hauptstadt von Deutschland ist
The sum of 17 and 25 is
Shakespeare wrote
The opposite of hot is
A haiku about the sea:
#include <stdio.h>
The largest planet of the solar system
My favourite recipe begins with
In conclusion, we have shown that""".splitlines()
TOKENS = 64


def log_softmax(z):
    z = z.astype(np.float64) - z.max()
    return z - np.log(np.exp(z).sum())


def main(program, path, out=None):
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("".join(p + "\n" for p in PROMPTS))
        file.flush()
        said = subprocess.run(
            [program, "generate", path, "--text", file.name, "--unit", "line", "--tokens",
             str(TOKENS), "--format", "json", "--quiet"], check=True, capture_output=True)
    sequences = json.loads(said.stdout)["sequences"]
    model = llama_cpp.Llama(path, n_ctx=256, n_batch=256, n_ubatch=256, logits_all=True,
                            verbose=False, n_threads=2)
    judge, _ = gemma(path)
    lines, places, sides, whole = [], 0, [0, 0, 0], 0
    off = {"jumpcut": [], "llama.cpp": []}
    for number, s in enumerate(sequences):
        prompt, ids, equal = s["prompt"], s["ids"], True
        model.reset()
        model.eval(prompt + ids)
        with torch.no_grad():
            z = judge(torch.tensor([prompt + ids])).logits[0].numpy()
        for i, mine in enumerate(ids):
            at = len(prompt) + i - 1
            p, q = log_softmax(model.scores[at]), log_softmax(z[at])
            other, best = int(p.argmax()), int(q.argmax())
            places += 1
            off["jumpcut"].append(abs(s["logprobs"][i] - q[mine]))
            off["llama.cpp"].append(abs(p[mine] - q[mine]))
            if other != mine:
                equal = False
                sides[0 if best == mine else 1 if best == other else 2] += 1
                lines.append(f"prompt {number}, token {i}: {mine}, llama.cpp {other} by "
                             f"{p[other] - p[mine]:.3f}; the judge says {best}, margin "
                             f"{q[mine] - q[other]:.3f}")
            elif best != mine:
                lines.append(f"prompt {number}, token {i}: both {mine}; the judge says {best} by "
                             f"{q[best] - q[mine]:.3f}")
        whole += equal
    lines.append(f"{whole} of {len(sequences)} prompts equal, {sum(sides)} of {places} places "
                 f"differ: the judge is with jumpcut at {sides[0]}, with llama.cpp at {sides[1]}, "
                 f"with neither at {sides[2]}")
    for who, x in off.items():
        lines.append(f"log-probabilities of {who} are {np.mean(x):.4f} from the judge's on "
                     f"average, {np.max(x):.4f} at most")
    lines.append(f"llama-cpp-python {llama_cpp.__version__}")
    print("\n".join(lines))
    if out:
        with open(out, "w") as file:
            file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
