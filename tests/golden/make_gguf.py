# SPDX-License-Identifier: MIT
"""Write gguf/: files by the gguf package, and what it reads from them.

types.gguf has a tensor of each type and a key of each kind. Of each type in blocks there
is one of random bits, with scales of either sign that are numbers, tiny and zero ones
among them; of those that the package can make, also one that it made of numbers. The
values are those of its dequantize(). The others are models of models/, as F32. With names, only
those models are made.
"""
import sys
from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type
from gguf import GGUFValueType as Value
from safetensors.numpy import save_file

from to_gguf import write

HERE = Path(__file__).parent
OUT = HERE / "gguf"
TYPES = ("F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K",
         "Q2_K", "Q3_K", "IQ4_NL", "IQ4_XS", "IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ3_XXS", "IQ3_S",
         "IQ1_S", "IQ1_M", "TQ1_0", "TQ2_0", "MXFP4", "NVFP4")
HALVES = {"Q8_0": (0,), "Q4_0": (0,), "Q4_1": (0, 2), "Q5_0": (0,), "Q5_1": (0, 2),
          "Q4_K": (0, 2), "Q5_K": (0, 2), "Q6_K": (208,), "Q2_K": (80, 82), "Q3_K": (108,),
          "IQ4_NL": (0,), "IQ4_XS": (0,), "IQ2_XXS": (0,), "IQ2_XS": (0,), "IQ2_S": (0,),
          "IQ3_XXS": (0,), "IQ3_S": (0,), "IQ1_S": (0,), "IQ1_M": (), "TQ1_0": (52,),
          "TQ2_0": (64,), "MXFP4": (), "NVFP4": ()}  # where blocks have float16
ROWS, COLUMNS = 3, 512
MODELS = ("tiny-gpt2", "tiny-llama", "tiny-llama-linear", "tiny-llama-yarn", "tiny-mistral",
          "tiny-qwen2", "tiny-qwen3", "tiny-gemma", "tiny-gemma2", "tiny-gemma3",
          "tiny-phi3",
          "tiny-phi3-window", "tiny-gpt_neox", "tiny-gpt_neox-serial", "tiny-olmo2",
          "tiny-olmo", "tiny-olmo3", "tiny-smollm3", "tiny-granite", "tiny-phi",
          "tiny-stablelm", "tiny-stablelm-parallel", "tiny-cohere", "tiny-cohere2",
          "tiny-glm4", "tiny-internlm2", "tiny-exaone", "tiny-exaone4", "tiny-starcoder2",
          "tiny-nemotron", "tiny-arcee", "tiny-seed_oss", "tiny-ernie4_5",
          "tiny-hunyuan_v1_dense", "tiny-mixtral", "tiny-qwen2_moe", "tiny-qwen3_moe",
          "tiny-olmoe", "tiny-granitemoe", "tiny-gpt_oss", "tiny-bert", "tiny-roberta",
          "tiny-modernbert", "tiny-nomic_bert", "tiny-falcon", "tiny-falcon-multi",
          "tiny-bloom", "tiny-mpt", "tiny-gpt_bigcode", "tiny-olmo-clip",
          "tiny-deepseek_v2", "tiny-deepseek_v2-plain", "tiny-deepseek_v3",
          "tiny-lfm2", "tiny-mamba2", "tiny-granitemoehybrid", "tiny-granitemoehybrid-dense",
          "tiny-qwen3_next", "tiny-qwen3_5", "tiny-lfm2_moe", "tiny-qwen3_5_moe",
          "tiny-llama4")


def random_blocks(rng, kind):
    length, size = gguf.GGML_QUANT_SIZES[kind]
    count = ROWS * COLUMNS // length
    blocks = rng.integers(0, 256, (count, size), dtype=np.uint8)
    for at in HALVES[kind.name]:
        scale = (0.01 * rng.standard_normal(count)).astype(np.float16)
        scale[:3] = 2e-7, -0.0, -4e-6  # subnormal, and zero
        blocks[:, at:at + 2] = scale.view(np.uint8).reshape(-1, 2)
    if kind.name == "IQ1_M":  # four bits of the scale in each of four words
        scale = (0.01 * rng.standard_normal(count)).astype(np.float16).view(np.uint16)
        words = blocks[:, 48:].copy().view(np.uint16) & 0xfff
        words |= (scale.reshape(-1, 1) >> np.array([0, 4, 8, 12], np.uint16) & 15) << 12
        blocks[:, 48:] = words.view(np.uint8)
    if kind.name == "MXFP4":  # whose exponents go beyond float32
        blocks[:, 0] = np.arange(count) % 60 + 90
        blocks[:3, 0] = 0, 1, 2
    return blocks.reshape(ROWS, -1)


def add_remarks(writer):
    """Keys that no model needs: what there is to print."""
    writer.add_string("remarks.lines", "one\ntwo\x07")
    writer.add_string("remarks.long", "Straße " * 20)
    writer.add_array("remarks.texts", ["a", "", "c'd", "é", "e", "f", "g"])
    writer.add_array("remarks.reals", [0.1, -2.5, 1e30])
    writer.add_bool("remarks.bool", True)
    writer.add_float64("remarks.third", 1 / 3)


def make_types():
    rng = np.random.default_rng(31)
    writer = gguf.GGUFWriter(OUT / "types.gguf", "none")
    numbers = {"UINT8": 200, "INT8": -100, "UINT16": 60000, "INT16": -30000,
               "UINT32": 4000000000, "INT32": -2000000000, "FLOAT32": 0.5, "BOOL": True,
               "UINT64": 2**60, "INT64": -2**60, "FLOAT64": 1 / 3, "STRING": "Käse\n"}
    for name, value in numbers.items():
        writer.add_key_value(f"kinds.{name.lower()}", value, Value[name])
    writer.add_array("lists.text", ["", "two", "three\0"])
    writer.add_array("lists.i32", [1, -2, 3])
    writer.add_array("lists.f32", [0.25, -1.5])
    golden = {}
    for name in TYPES:
        kind, made = Type[name], {}
        if not name.endswith("_K") and not name.startswith(("IQ", "NV")):
            x = rng.standard_normal((ROWS, COLUMNS)).astype(np.float32)
            made[name.lower()] = gguf.quantize(x, kind)
        if name in HALVES:
            made[f"{name.lower()}.bits"] = random_blocks(rng, kind)
        for key, data in made.items():
            values = gguf.dequantize(data, kind).reshape(ROWS, COLUMNS)
            assert np.isfinite(values).all()
            writer.add_tensor(key, data, raw_dtype=kind)
            golden[key] = np.ascontiguousarray(values, dtype=np.float32)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    save_file(golden, OUT / "types.golden.safetensors")


if __name__ == "__main__":
    OUT.mkdir(exist_ok=True)
    if len(sys.argv) == 1:
        make_types()
    for model in sys.argv[1:] or MODELS:
        write(HERE / "models" / model, OUT / f"{model}.gguf",
              more=add_remarks if model == "tiny-gpt2" else None)
    write(HERE / "models" / "tiny-qwen3", OUT / "split.gguf", split=12)
