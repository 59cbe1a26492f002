#!/bin/bash
# SPDX-License-Identifier: MIT
# torture.sh PROGRAM SCARCE.so [GROWTH [REGEX]]: run every command (those that match REGEX) on
# small inputs again and again, while one allocation of the process fails, or that and all
# later ones (scarce.c). Each run must end with exit 0 and the output that it has with memory
# enough, or with a message and exit 1; files under their final names are whole, and none is
# left under a temporary one. Allocations are tried from a command's first and last one on,
# at distances that grow by GROWTH (25) percent. The last line is 'N passed, N failed'.
set -u
program=$(realpath "$1") scarce=$(realpath "$2") growth=${3:-25} regex=${4:-.}
SRC=$(cd "$(dirname "$0")/../.." && pwd)
top=$(mktemp -d) || exit 1
trap 'rm -rf "$top"' EXIT
export OMP_WAIT_POLICY=passive OMP_NUM_THREADS=1 LC_ALL=C TMPDIR=$top
given=$top/given work=$top/work want=$top/want left=$top/left
passed=0 failed=0

jumpcut() { "$program" "$@" --quiet; }

# What the commands read, made by the program itself.
mkdir "$given" "$want"
cd "$given" || exit 1
cp -r "$SRC/data/demo" demo # ./demo, as 'demo' is found in many places
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
    echo "Line $i says that the river runs to the sea, and number $i runs with it."
done >text.txt
gzip -nk text.txt
command -v zstd >/dev/null && zstd -q text.txt
jumpcut tokenize ./demo --text text.txt >ids.jsonl
jumpcut sample ./demo --text text.txt --out samples.jsonl
jumpcut fit ./demo --text text.txt --method ridge --pairs all --save-sums sums --out maps
jumpcut fit ./demo --text text.txt --shard 1/2 --save-sums one
jumpcut fit ./demo --text text.txt --shard 2/2 --save-sums two
jumpcut eval ./demo maps --text text.txt --out results.json >table

commands() { # each runs in a copy of `given`; what it makes is new there
    cat <<'EOF'
version
help fit
list methods
inspect ./demo
inspect ./demo --format json
tokenize ./demo --text text.txt.gz --out ids
tokenize ./demo --text text.txt.zst
tokenize ./demo --decode --text ids.jsonl
sample ./demo --text text.txt --positions one --out new.jsonl
sample ./demo --self-text 2 --self-tokens 4 --out new.jsonl
fit ./demo --text text.txt --out new
fit ./demo --sums sums --method one-jump --store int8 --out new
fit ./demo --sums sums --method narrow --rank-curve curve.csv --out new
fit ./demo --text text.txt --method jacobian --directions 12 --out new
merge one two --out new
eval ./demo maps --text text.txt --out new.json
states ./demo --text text.txt --taps 0,1.mlp --out new.safetensors
lens ./demo maps --prompt river --format html --out new.html
lens ./demo --prompt river --at all --target a
report results.json --out new.html
generate ./demo --prompt river --tokens 4
generate ./demo --prompt river --tokens 6 --draft auto
generate ./demo maps --prompt river --tokens 4 --exit gap
calibrate ./demo maps --text text.txt --out new.json
convert maps new --to tuned-lens
study ./demo --text text.txt --train 8 --val 4 --out new
EOF
}

fresh() {
    rm -rf "$work"
    cp -r "$given" "$work"
    cd "$work" || exit 1
}

complain() { # N WHAT
    echo "FAIL $command: allocation $1: $2"
    head -c 300 "$top/err"
    failed=$((failed + 1))
}

look() { # N STATUS: what one run did
    local path
    [ "$2" -le 1 ] || { complain "$1" "exit status $2"; return; }
    [ "$2" = 0 ] || [ -s "$top/err" ] || { complain "$1" "exit 1 without a message"; return; }
    if [ "$2" = 0 ] && ! cmp -s "$top/out" "$want/.out"; then
        complain "$1" 'exit 0 with other output'
        return
    fi
    path=$(find . -name '*.tmp' | head -1)
    [ -z "$path" ] || { complain "$1" "$path is left"; return; }
    while read -r path; do
        case $2$path in
        1*/results.json | 1*/report.html) continue ;; # a study writes them after every stage
        esac
        if [ "$2" = 0 ] || [ -e "$path" ]; then
            cmp -s "$path" "$want/$path" || { complain "$1" "$path is not whole"; return; }
        fi
    done <"$top/made"
    passed=$((passed + 1))
}

try() { # N[+]
    fresh
    { timeout 60 env JC_SCARCE="$1" LD_PRELOAD="$scarce" "$program" $command \
        >"$top/out" 2>"$top/err"; } 2>/dev/null
    look "$1" $?
}

torture() {
    local all n
    fresh
    JC_SCARCE=1000000000 JC_SCARCE_LEFT=$left LD_PRELOAD=$scarce "$program" $command \
        >"$top/out" 2>"$top/err" || { complain none "exit status $?"; return; }
    all=$((1000000000 - $(cat "$left")))
    rm -rf "$want"
    cp -r "$work" "$want"
    cp "$top/out" "$want/.out"
    diff -rq "$given" "$work" | sed -n 's/^Only in .*: \(.*\)/\1/p' | while read -r path; do
        find "$path" -type f ! -name '.*'
    done >"$top/made"
    n=0
    while [ "$n" -lt "$all" ]; do
        try "$n"
        try "$((all - 1 - n))"
        try "$n+"
        n=$((n + 1 + n * growth / 100))
    done
    echo "$command: $all allocations"
}

while read -r command; do
    case $command in
    *.zst*) [ -e "$given/text.txt.zst" ] || continue ;;
    esac
    torture
done < <(commands | grep -E "$regex")
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
