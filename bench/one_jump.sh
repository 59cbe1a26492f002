#!/bin/sh
# SPDX-License-Identifier: MIT
# one_jump.sh BUILD MODEL TEXT OTHER: is one map for all layers as good as one for each? Fits
# both on TEXT at ranks 1, 16 and without a limit, the shared one pooled and picked, and prints
# the scores on OTHER, means over layers, with the parameters of each.
set -eu
build=$1 model=$2 text=$3 other=$4
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

"$build/jumpcut" fit "$model" --text "$text" --bias --save-sums "$tmp/sums" --out "$tmp/each-full" --quiet
fit() {
    out=$1
    shift
    "$build/jumpcut" fit --sums "$tmp/sums" "$@" --out "$tmp/$out" --quiet
}
for rank in 1 16; do
    fit each-$rank --method narrow --bias --rank $rank
    fit pooled-$rank --method one-jump --rank $rank
    fit picked-$rank --method one-jump --share pick --rank $rank
done
fit pooled-full --method one-jump
fit picked-full --method one-jump --share pick
set --
for rank in 1 16 full; do
    set -- "$@" "$tmp/each-$rank" "$tmp/pooled-$rank" "$tmp/picked-$rank"
done
"$build/jumpcut" eval "$model" "$@" --text "$other" --bootstrap 0 --quiet | sed -n "/^mean/,/^\$/{s|$tmp/||;p}"
