#!/bin/bash
# SPDX-License-Identifier: MIT
# killed.sh PROGRAM [MOMENTS [SEED]]: a study, and a fit that trains, are killed at so many
# random moments (30), each time in a run that goes on from the one before; what comes of them
# is bit for bit what comes of a run that nothing stopped.
set -u
program=$1 moments=${2-30} seed=${3-1}
SRC=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
export OMP_WAIT_POLICY=passive JUMPCUT_CHECKPOINT=0 # sums are written after every share
RANDOM=$seed
seq 1 160 | sed 's/.*/the town & lies on the river, has & houses and & churches, and a market/' >texts
failed=0

run() { # FOLDER PREFIX...: the work in a folder of its own, so that names and commands are the same
    local folder=$1
    shift
    (mkdir -p "$folder" && cd "$folder" && exec "$@" "$program" "${work[@]}" >out 2>err)
}

# try NAME FILES...: `work` killed again and again, then to its end
try() {
    local name=$1 begun=$(date +%s%N) kills=0
    shift
    run "$name-whole" env || { cat "$name-whole/err"; failed=1; return; }
    local took=$((($(date +%s%N) - begun) / 1000000))
    for _ in $(seq "$moments"); do
        # a run that ends is begun anew, so that all moments fall into work
        local after=$(((RANDOM * 32768 + RANDOM) % took))
        run "$name" timeout -s KILL "$(printf '%d.%03d' $((after / 1000)) $((after % 1000)))" &&
            { compare "$name" "$@"; rm -rf "$name"; continue; }
        kills=$((kills + 1))
    done 2>/dev/null
    run "$name" env || { cat "$name/err"; failed=1; }
    compare "$name" "$@"
    echo "$name: $took ms; killed $kills of $moments times, seed $seed"
    [ $kills -gt 0 ] || failed=1
}

compare() { # NAME FILES...
    local name=$1 file
    shift
    for file in "$@"; do
        cmp "$name-whole/$file" "$name/$file" || failed=1
    done
}

work=(study "$SRC/data/demo" --text ../texts --train 100 --val 40 --size-texts 8 --bootstrap 20
    --context --out study --quiet)
try study study/samples.jsonl study/mat.safetensors study/results.json study/report.html study/study.json
work=(fit "$SRC/data/demo" --text ../texts --method tuned --tokens 4000 --resume state
    --out tuned.safetensors --quiet)
try tuned tuned.safetensors
run tuned env # from the file of a training that has ended
compare tuned tuned.safetensors
exit $failed
