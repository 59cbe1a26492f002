# SPDX-License-Identifier: MIT
"""Write gguf/beside_llama.tsv: of each GGUF model here, how far llama.cpp's logits, of
llama-cpp-python reading the very file, are from the reference's: the largest difference in a
row over its largest value, in all texts, and in those of up to 8 tokens, which no window of
these models cuts. With names, only those are printed.

Activations by tables of float16, as llama.cpp has GELU, show as 1e-3. Where it is another
model by design, REASONS says how; a file that it refuses is told with its reason.
"""
import contextlib
import io
import os
import sys
from pathlib import Path

import llama_cpp
import numpy as np
from gguf import GGUFReader
from safetensors.numpy import load_file

HERE = Path(__file__).parent
SHORT = 8
REASONS = {
    "tiny-mistral": "it has no window here",
    "tiny-mixtral": "it has no window here",
    "tiny-starcoder2": "it has no window here",
    "tiny-exaone4": "windows, and blocks without positions, are those of 64 blocks only",
    "tiny-phi3": "it has no window here; long factors by the room, not by the text",
    "tiny-phi3-window": "it has no window here; long factors by the room, not by the text",
    "tiny-gpt_oss": "it rounds the ends of YaRN to whole pairs",
    "tiny-qwen3_next": "its norms of queries and keys take the model's epsilon, here 1e-2; "
                       "with 1e-6 it is 1e-05 off",
    "tiny-qwen3_5": "its norms of queries and keys take the model's epsilon, here 1e-2; "
                    "with 1e-6 it is 4e-06 off",
    "tiny-qwen3_5_moe": "its norms of queries and keys take the model's epsilon, here 1e-2; "
                        "with 1e-6 it is 1e-05 off",
    "tiny-lfm2_moe": "it takes heads as wide as width by heads only, and experts' shares as they "
                     "are; so made, it is 2e-06 off",
    "tiny-deepseek_v2": "it takes groups by their two best experts",
}
said = []


@llama_cpp.llama_log_callback
def listen(level, text, data):
    said.append(text.decode(errors="replace"))


def open_model(path, vocab):
    reader = GGUFReader(path)
    arch = reader.get_field("general.architecture").contents()
    beta = {}
    for name, other in (("fast", 32.0), ("slow", 1.0)):  # which the package overrides
        field = reader.get_field(f"{arch}.rope.scaling.yarn_beta_{name}")
        beta[f"yarn_beta_{name}"] = float(field.contents()) if field else other
    return llama_cpp.Llama(
        str(path), n_ctx=256, n_batch=256, n_ubatch=256, logits_all=True, verbose=True,
        n_threads=2, flash_attn=False, type_k=0, type_v=0, **beta,
        kv_overrides={"tokenizer.ggml.model": "no_vocab", f"{arch}.vocab_size": vocab})


def difference(model, golden):
    at, worst, short = 0, 0.0, 0.0
    for n in golden["lengths"]:
        model.reset()
        model.eval(golden["ids"][at:at + n].tolist())
        want = golden["logits"][at:at + n]
        off = np.abs(model.scores[:n] - want).max(1) / np.abs(want).max(1)
        worst = max(worst, float(off.max()))
        short = max(short, float(off.max())) if n <= SHORT else short
        at += n
    return f"{worst:.0e}\t{short:.0e}" if short else f"{worst:.0e}\t-"


def compare(name):
    golden = load_file(HERE / "models" / f"{name}.golden.safetensors")
    said.clear()
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            model = open_model(HERE / "gguf" / f"{name}.gguf", golden["logits"].shape[1])
    except ValueError:
        why = [line for line in said if "error" in line]
        return "refused\t-\t" + REASONS.get(name, why[0].split(": ", 2)[-1].strip() if why else "")
    return difference(model, golden) + ("\t" + REASONS[name] if name in REASONS else "")


def main():
    llama_cpp.llama_log_set(listen, None)
    names = sys.argv[1:] or sorted(
        f.stem for f in (HERE / "gguf").glob("tiny-*.gguf")
        if not f.stem.endswith(("bert", "roberta")))  # whose heads are not in the files
    lines = [f"{name}\t{compare(name)}\n" for name in names]
    print("".join(lines), end="")
    if len(sys.argv) == 1:
        (HERE / "gguf" / "beside_llama.tsv").write_text(
            f"# llama-cpp-python {llama_cpp.__version__}\n" + "".join(lines))
    os._exit(0)  # its destructors call the log after Python has gone


if __name__ == "__main__":
    main()
