#!/bin/bash
# SPDX-License-Identifier: MIT
# stages.sh PROGRAM WIDE_TOOL: a study of a 12 x 768 model is stopped in each of its steps, by
# turns with SIGINT, SIGTERM and SIGHUP, and goes on from there each time; one of the demo
# model is stopped in the step of early exit, which takes long. It ends within a second of
# processor time for each thread; the bound by the clock is wide, as others use the machine.
set -u
program=$1 tool=$2
SRC=$(cd "$(dirname "$0")/../.." && pwd)
command -v script >/dev/null || { echo "skipped: no script"; exit 77; }
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
export OMP_WAIT_POLICY=passive TERM=xterm LC_ALL=C
unset JUMPCUT_PROGRESS
limit=${JC_STOP_LIMIT:-20} # seconds by the clock
"$tool" wide || exit 1
cp "$SRC"/data/demo/tokenizer* "$SRC"/data/demo/vocab.json "$SRC"/data/demo/merges.txt wide/ 2>/dev/null
seq 1 60 | sed 's/.*/the town & lies on the river and has & houses, & churches and a market/' >texts
sed 's/river/sea/; s/town/port/' texts >other
failed=0 seen=0
common="--text texts --train 30 --val 8 --size-texts 4 --bootstrap 20 --threads 2"

used() { # processor time of a process so far, in hundredths of a second
    awk '{ sub(/.*[)] /, ""); print $12 + $13 }' "/proc/$1/stat" 2>/dev/null
}

# What was drawn last: "step 3 of 9, fitting, 41%, ..."
drawn() { tr '\r' '\n' <typescript 2>/dev/null | grep -a '^step' | tail -1; }

# stop SIGNAL STEP NAME: run until that step or one behind it is drawn, then send the signal
stop() {
    local signal=$1 number=$2 step=$3 pid before after now last begun took at=0
    rm -f pid typescript
    script -qefc "env --default-signal=INT,QUIT sh -c 'echo \$\$ >pid; exec $command'" typescript >/dev/null 2>&1 &
    local job=$!
    while kill -0 $job 2>/dev/null && [ "$at" -lt "$number" ]; do
        sleep 0.05
        at=$(drawn | sed -n 's/^step \([0-9]*\) .*/\1/p')
        at=${at:-0}
    done
    pid=$(cat pid)
    before=$(used "$pid") begun=$(date +%s.%N)
    if [ -z "$before" ] || ! kill -s "$signal" "$pid" 2>/dev/null; then
        wait $job
        echo "$step: the study had ended"
        return
    fi
    last=$before
    while now=$(used "$pid") && [ -n "$now" ]; do
        last=$now
        sleep 0.02
    done
    wait $job
    local code=$?
    took=$(echo "$(date +%s.%N) - $begun" | bc)
    after=$((last - before))
    [ "$at" = "$number" ] && seen=$((seen + 1)) || step="$step passed by, $(drawn | cut -d, -f2)"
    echo "$step: SIG$signal, exit $code, ${after}0 ms of processor time, $took s by the clock"
    if [ $code != $((128 + $(kill -l "$signal"))) ] || [ $after -gt 200 ] ||
        [ "$(echo "$took > $limit" | bc)" = 1 ]; then
        tail -3 typescript
        failed=1
    fi
    find . -name 'jumpcut-*.tmp' | grep . && failed=1
}

signals=(INT TERM HUP)
command="$program study wide $common --transfer other --context --ranks --out study"
n=0
for step in 'reading texts' 'gathering sums' fitting scoring 'the token before' ranks \
    'training size (one)' 'training size (all)' 'other text'; do
    n=$((n + 1))
    stop "${signals[$((n % 3))]}" $n "$step"
done
$command --quiet >out 2>err && [ -s study/report.html ] || { cat err; failed=1; }
command="$program study $SRC/data/demo $common --no-training-size --decode-exits --out exits"
stop INT 5 'early exit'
# what goes by between two looks may not be seen
[ $seen -ge 7 ] || { echo "only $seen steps were seen"; failed=1; }
exit $failed
