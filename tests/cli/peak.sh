#!/bin/bash
# SPDX-License-Identifier: MIT
# peak.sh PROGRAM WIDE_TOOL PEAK_TOOL: the memory that --dry-run says is within 15% of what
# the command then holds, on models of 12 x 128, 12 x 768 and 4 x 1024.
set -u
program=$1 tool=$2 peak=$3
SRC=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
export OMP_WAIT_POLICY=passive
"$tool" wide && "$tool" llama llama || exit 1
for model in wide llama; do
    cp "$SRC"/data/demo/tokenizer* "$SRC"/data/demo/vocab.json "$SRC"/data/demo/merges.txt $model/ 2>/dev/null
done
seq 1 200 | sed 's/.*/the town & lies on the river and has & houses, & churches and a market/' >texts
head -60 texts >few
failed=0

# check ARGUMENTS...: what is said of them, and what they take
check() {
    local said held
    said=$("$program" "$@" --dry-run --threads 2 2>err | awk '/^in all/ { print $4 }')
    held=$("$peak" "$program" "$@" --threads 2 2>>err >out && tail -1 out)
    echo "$1 $2: said ${said:-nothing}, held ${held:-nothing} MB"
    awk -v a="${said:-0}" -v b="${held:-0}" \
        'BEGIN { exit !(a > 0 && b > 0 && a < 1.15 * b && a > 0.85 * b) }' && return
    cat err
    failed=1
}

check fit "$SRC/data/demo" --text texts --pairs all --out maps.safetensors
check eval "$SRC/data/demo" maps.safetensors --text texts
check fit wide --text few --out wide.safetensors
check fit llama --text few --pairs all --out llama.safetensors
check eval llama llama.safetensors --text few
check states wide --text texts --out states.safetensors
check lens wide wide.safetensors --map all --text texts --unit file --format json --out lens
check generate wide --prompt 'the town' --tokens 60 --sequences 64
for model in "$SRC/data/demo" wide llama; do
    rm -rf study
    check study "$model" --text few --train 40 --val 4 --size-texts 4 --bootstrap 0 --out study
done
head -20 texts >other
check study wide --text few --transfer other --context --ranks --train 40 --val 4 --no-training-size --bootstrap 0 --out all
exit $failed
