#!/bin/bash
# SPDX-License-Identifier: MIT
# stop.sh PROGRAM WIDE_TOOL: whatever a command is doing on a model of 12 x 768, SIGINT,
# SIGTERM and SIGHUP end it within a second, and it leaves no temporary file.
set -u
program=$1 tool=$2
SRC=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
export OMP_WAIT_POLICY=passive
"$tool" wide || exit 1
cp "$SRC"/data/demo/tokenizer* wide/ 2>/dev/null
cp "$SRC"/data/demo/vocab.json "$SRC"/data/demo/merges.txt wide/ 2>/dev/null
seq 1 400 | sed 's/.*/the town & lies on the river and has & houses, & churches and a market/' >texts
failed=0
# half a second is given to clean up; what is beyond a second is the machine's, whose
# processors and disk other tests use too
limit=${JC_STOP_LIMIT:-8}

# stop SIGNAL SECONDS ARGUMENTS...: it must end with 128 + the signal's number, soon
stop() {
    local signal=$1 after=$2 number
    shift 2
    number=$((128 + $(kill -l "$signal")))
    local begun=$(date +%s.%N)
    timeout --preserve-status -s "$signal" "$after" "$program" "$@" >out 2>err
    local code=$? took=$(echo "$(date +%s.%N) - $begun - $after" | bc)
    echo "$1 stopped after $after s by SIG$signal: exit $code, took $took s"
    if [ $code = 0 ]; then
        echo "   (it had ended before)"
    elif [ $code != $number ] || [ "$(echo "$took > $limit" | bc)" = 1 ]; then
        cat err
        failed=1
    elif ! tail -n 1 err | grep -q 'jumpcut: stopped$'; then
        cat err
        failed=1
    fi
    if find . -name 'jumpcut-*.tmp' | grep .; then
        failed=1
    fi
}

study=(study wide --text texts --train 300 --val 60 --size-texts 20 --bootstrap 100)
for after in 0.3 2 5 12; do # from opening the model to the scores, however fast it is
    stop INT $after "${study[@]}" --out "study-$after" --quiet
done
stop TERM 4 fit wide --text texts --pairs all --out maps --quiet
stop HUP 4 fit wide --text texts --pairs all --out maps --quiet
"$program" fit wide --text texts --train 40 --val 40 --out mat --quiet || failed=1
stop INT 3 eval wide mat --text texts --out results --quiet
stop INT 1 lens wide mat --prompt "$(head -c 600 texts)" --format json --out lens --quiet
stop INT 3 states wide --text texts --out states.safetensors --quiet
stop INT 3 generate wide --prompt 'the town lies' --tokens 0 --sequences 8
exit $failed
