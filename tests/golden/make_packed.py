# SPDX-License-Identifier: MIT
"""Write tiny models as folders of quantised weights, and what transformers makes of the
models multiplied out.

Bits, scales and zeros are random; each format is packed here as its programs write it, and
multiplied out by its reference formula, w = (q - zero) scale, from the packed tensors:
GPTQ's as AutoGPTQ unpacks them, AWQ's as AutoAWQ's, MXFP4 by the package's own function,
8-bit floats by torch, compressed-tensors' as that package's helpers unpack them.
packed/values.safetensors has a matrix of each multiplied out.
"""
import json

import numpy as np
import torch
from safetensors.torch import save_file
from transformers.integrations.mxfp4 import convert_moe_packed_tensors

from make_decoders import SHORT, gpt_oss, llama, random_weights
from make_models import MODELS, write_golden, write_model

GROUP = 16
AWQ_ORDER = [0, 2, 4, 6, 1, 3, 5, 7]    # of eight outputs, from the lowest bits on
AWQ_REVERSED = [0, 4, 1, 5, 2, 6, 3, 7]


def words(x):
    return torch.from_numpy(x.astype(np.uint32).view(np.int32).copy())


def pack(q, bits, axis):
    """The bits of numbers one after another, along an axis, from the lowest of a word on."""
    q = np.moveaxis(q.astype(np.uint64), axis, -1)
    each = q[..., None] >> np.arange(bits, dtype=np.uint64) & 1
    each = each.reshape(*q.shape[:-1], -1, 32)
    shifts = np.arange(32, dtype=np.uint64)
    return np.moveaxis((each << shifts).sum(-1, dtype=np.uint64).astype(np.uint32), -1, axis)


def unpack(x, bits, axis):
    """The same back, by one large whole number for each line of words."""
    x = np.moveaxis(x.numpy().view(np.uint32), axis, -1)
    lines = []
    for line in x.reshape(-1, x.shape[-1]):
        whole = int.from_bytes(line.tobytes(), "little")
        lines.append([whole >> i * bits & (1 << bits) - 1
                      for i in range(32 * len(line) // bits)])
    return np.moveaxis(np.array(lines).reshape(*x.shape[:-1], -1), -1, axis)


def gptq(rng, n_in, n_out, bits, group, act, second, size=0.05):
    groups = -(-n_in // group)
    q = rng.integers(0, 1 << bits, (n_in, n_out))
    zeros = rng.integers(0, 1 << bits, (groups, n_out))
    scales = (size * (1 + rng.random((groups, n_out)))).astype(np.float16)
    scales = (scales * 2.0 ** (4 - bits)).astype(np.float16)
    g_idx = np.arange(n_in, dtype=np.int32) // group
    parts = {"qweight": words(pack(q, bits, 0)), "qzeros": words(pack(zeros, bits, 1)),
             "scales": torch.from_numpy(scales)}
    if act:
        g_idx = rng.permutation(g_idx).astype(np.int32)
    if act is not None:
        parts["g_idx"] = torch.from_numpy(g_idx)
    # AutoGPTQ: unpack, and, of the first format, add one to zeros.
    z = unpack(parts["qzeros"], bits, 1) + (0 if second else 1)
    w = unpack(parts["qweight"], bits, 0)
    assert (w == q).all()
    out = scales.astype(np.float32)[g_idx] * (w - z[g_idx]).astype(np.float32)
    return parts, torch.from_numpy(out.T.copy())


def awq(rng, n_in, n_out, group, size=0.05):
    groups = -(-n_in // group)
    q, zeros = (rng.integers(0, 16, (n, n_out)) for n in (n_in, groups))
    scales = (size * (1 + rng.random((groups, n_out)))).astype(np.float16)

    def ordered(x):
        return x.reshape(len(x), -1, 8)[:, :, AWQ_ORDER].reshape(x.shape)

    parts = {"qweight": words(pack(ordered(q), 4, 1)),
             "qzeros": words(pack(ordered(zeros), 4, 1)),
             "scales": torch.from_numpy(scales)}

    def unpacked(x):  # AutoAWQ: unpack in the order of bits, then put outputs in order
        x = x.numpy().view(np.uint32)[:, :, None] >> np.arange(0, 32, 4, dtype=np.uint32) & 15
        return x[:, :, AWQ_REVERSED].reshape(len(x), -1).astype(np.int64)

    w, z = unpacked(parts["qweight"]), unpacked(parts["qzeros"])
    assert (w == q).all()
    w = (w - z.repeat(group, 0)[:n_in]).astype(np.float32)
    out = w * scales.astype(np.float32).repeat(group, 0)[:n_in]
    return parts, torch.from_numpy(out.T.copy())


def fp8(rng, n_in, n_out, rows, columns, name, shape=None, dtype=torch.float32):
    """Of random numbers in E4M3, a scale for each rectangle."""
    weight = torch.from_numpy(rng.standard_normal((n_out, n_in)).astype(np.float32) * 20)
    weight = weight.to(torch.float8_e4m3fn)
    scale = 0.0003 * (1 + rng.random((-(-n_out // rows), -(-n_in // columns))))
    scale = torch.from_numpy(scale.astype(np.float32)).to(dtype)
    wide = scale.float().repeat_interleave(rows, 0)[:n_out]
    out = weight.float() * wide.repeat_interleave(columns, 1)[:, :n_in]
    return {"weight": weight, name: scale.reshape(shape or scale.shape)}, out


def compressed(rng, n_in, n_out, bits, group, packed, zeros):
    """Whole numbers with a sign, groups of inputs, scales in bfloat16."""
    half, groups = 1 << bits - 1, n_in // group
    q = rng.integers(-half, half, (n_out, n_in))
    z = rng.integers(-half, half, (n_out, groups)) * zeros
    scale = 0.02 * 2.0 ** -bits * (1 + rng.random((n_out, groups)))
    scale = torch.from_numpy(scale.astype(np.float32)).bfloat16()
    parts = {"weight_scale": scale}
    if packed:
        parts["weight_packed"] = words(pack(q + half, bits, 1))
        parts["weight_shape"] = torch.tensor([n_out, n_in])
        assert (unpack(parts["weight_packed"], bits, 1) - half == q).all()
    else:
        parts["weight"] = torch.from_numpy(q.astype(np.int8))
    if zeros:
        parts["weight_zero_point"] = (words(pack(z + half, bits, 0)) if packed else
                                      torch.from_numpy(z.astype(np.int8)))
    w = (q - z.repeat(group, 1)).astype(np.float32)
    return parts, torch.from_numpy(w * scale.float().numpy().repeat(group, 1))


def mixed(rng, i, o, key):
    """As llm-compressor mixes them in one folder."""
    if "mlp" in key:
        return compressed(rng, i, o, 4, 32, True, True)
    if "q_proj" in key:
        return compressed(rng, i, o, 8, i, False, True)
    if "k_proj" in key:
        return compressed(rng, i, o, 8, i, True, False)
    if "v_proj" in key:
        return compressed(rng, i, o, 4, i, True, False)
    return fp8(rng, i, o, 1, i, "weight_scale", dtype=torch.bfloat16)


def dynamic(rng, i, o, key):
    """GPTQModel's rules: 3 bits where they match, 8 elsewhere."""
    if "mlp" in key:
        return gptq(rng, i, o, 3, 32, True, False, 0.005)
    return gptq(rng, i, o, 8, 64, True, False, 0.005)


def mxfp4(rng, experts, n_out, n_in):
    blocks = torch.from_numpy(rng.integers(0, 256, (experts, n_out, n_in // 32, 16), np.uint8))
    scales = torch.from_numpy(rng.integers(120, 124, (experts, n_out, n_in // 32)
                                           ).astype(np.uint8))
    out = convert_moe_packed_tensors(blocks, scales, dtype=torch.float32)
    return {"_blocks": blocks, "_scales": scales}, out.contiguous()  # [experts, in, out]


def make(name, config, how, packer, values, seed, many=False):
    rng = np.random.default_rng(seed)
    plain = random_weights(config, seed)
    packed = {}
    for key, x in list(plain.items()):
        if config["model_type"] == "gpt_oss":
            if not key.endswith(("experts.gate_up_proj", "experts.down_proj")):
                packed[key] = x
                continue
            parts, plain[key] = packer(rng, x.shape[0], x.shape[2], x.shape[1])
            packed |= {key + end: y for end, y in parts.items()}
            if "layers.0" in key:
                values[f"{name}/{key}"] = plain[key].swapaxes(1, 2).contiguous()
            continue
        if "_proj." not in key:
            packed[key] = x
            continue
        parts, plain[key] = packer(rng, x.shape[1], x.shape[0], key)
        packed |= {key.removesuffix("weight") + part: y for part, y in parts.items()}
        if "down_proj" in key or many and "attn" in key:
            values[f"{name}/{key}"] = plain[key]
    write_model(name, config, plain)
    texts = [rng.integers(0, config["vocab_size"], n) for n in SHORT]
    write_golden(name, MODELS / name, texts)
    write_model(name, config | {"quantization_config": how}, packed)


def main():
    small = llama(hidden_size=32, intermediate_size=48, num_hidden_layers=1)
    wide = llama(hidden_size=64, intermediate_size=96, num_hidden_layers=1)

    def how(method, group=GROUP, **more):
        return {"quant_method": method, "bits": 4, "group_size": group, **more}

    cases = {
        "tiny-llama-gptq": (small, how("gptq", desc_act=False, sym=False), lambda rng, i, o, _:
                            gptq(rng, i, o, 4, GROUP, False, False)),
        "tiny-llama-gptq-act": (small, how("gptq", desc_act=True,
                                           checkpoint_format="gptq_v2"),
                                lambda rng, i, o, _: gptq(rng, i, o, 4, GROUP, True, True)),
        "tiny-llama-gptq-8": (small, how("gptq", checkpoint_format="gptq")
                              | {"bits": 8, "group_size": -1},
                              lambda rng, i, o, _: gptq(rng, i, o, 8, i, None, False, 0.005)),
        "tiny-llama-awq": (small, how("awq", version="gemm", zero_point=True),
                           lambda rng, i, o, _: awq(rng, i, o, GROUP)),
        "tiny-gpt_oss-mxfp4": (gpt_oss(hidden_size=32, intermediate_size=32),
                               {"quant_method": "mxfp4", "modules_to_not_convert":
                                ["model.layers.*.self_attn", "lm_head"]}, mxfp4),
        # groups of 32 and more are put into blocks for the kernels; weights are small, so
        # that what these round does not grow
        "tiny-llama-gptq-32": (wide, how("gptq", 32, checkpoint_format="gptq"), lambda rng, i, o, _:
                               gptq(rng, i, o, 4, 32, False, False, 0.005)),
        "tiny-llama-gptq-2": (wide, how("gptq", 32, checkpoint_format="gptq") | {"bits": 2},
                              lambda rng, i, o, _: gptq(rng, i, o, 2, 32, None, False, 0.005)),
        "tiny-llama-awq-32": (wide, how("awq", 32, version="gemm"),
                              lambda rng, i, o, _: awq(rng, i, o, 32, 0.005)),
        "tiny-llama-gptq-dynamic": (wide, how("gptq", 64, desc_act=True,
                                              dynamic={"+:.*mlp.*": {"bits": 3,
                                                                     "group_size": 32}})
                                    | {"bits": 8}, dynamic),
        "tiny-llama-fp8": (wide, {"quant_method": "fp8", "weight_block_size": [64, 32],
                                  "activation_scheme": "dynamic"}, lambda rng, i, o, _:
                           fp8(rng, i, o, 64, 32, "weight_scale_inv")),
        "tiny-llama-fp8-static": (wide, {"quant_method": "fp8", "weight_block_size": None,
                                         "activation_scheme": "static"},
                                  lambda rng, i, o, _:
                                  fp8(rng, i, o, o, i, "weight_scale_inv", ())),
        "tiny-llama-compressed": (wide, {"quant_method": "compressed-tensors",
                                         "format": "mixed-precision"}, mixed),
    }
    values = {}
    for number, (name, (config, quantised, packer)) in enumerate(cases.items()):
        make(name, config, quantised, packer, values, 900 + number,
             quantised["quant_method"] == "compressed-tensors" or "dynamic" in quantised)
    (MODELS.parent / "packed").mkdir(exist_ok=True)
    save_file(values, MODELS.parent / "packed" / "values.safetensors")


if __name__ == "__main__":
    main()
