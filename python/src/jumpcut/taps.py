# SPDX-License-Identifier: MIT
"""Names of taps: this library's, and those of TransformerLens's hooks."""

from __future__ import annotations

import re

# what is the same tensor there and here; block b there is block b + 1 here
_HOOKS = {
    "hook_resid_pre": "{before}",
    "hook_resid_mid": "{block}.mid",
    "hook_resid_post": "{block}",
    "hook_attn_out": "{block}.attn",
    "hook_mlp_out": "{block}.mlp",
}


def tap_of(name: str | int) -> str:
    """The tap's own name: "7" for 7 and for "blocks.6.hook_resid_post", which is the output of
    the block that TransformerLens counts as 6."""
    match = re.fullmatch(r"blocks\.(\d+)\.(.*)", str(name))
    if not match:
        return str(name)
    block, hook = int(match[1]), match[2]
    if hook not in _HOOKS:
        raise ValueError(f"'{name}' is no state that is read here; there are {', '.join(_HOOKS)}")
    return _HOOKS[hook].format(before=block, block=block + 1)
