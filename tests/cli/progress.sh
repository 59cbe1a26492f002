#!/bin/bash
# SPDX-License-Identifier: MIT
# progress.sh PROGRAM: a study says within seconds which step it is at, then at each tenth of
# the time in all, and from a quarter of the run on how long it takes; on a terminal more than
# once a second. The bounds are wide, as other tests use the machine too: JC_TOLERANCE, 3 by
# default, is how many times too long or too short the time in all may be; 1.3 is what is meant.
set -u
program=$1
SRC=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
export OMP_WAIT_POLICY=passive LC_ALL=C
unset JUMPCUT_PROGRESS
failed=0
fail() { echo "progress: $*"; failed=1; }
for i in $(seq 1 700); do
    echo "The town lies on the river and has $i houses, a church and a market on each day $((i * 7)) of the year"
done >texts
study=(study "$SRC/data/demo" --text texts --train 500 --val 150 --size-texts 40 --bootstrap 100)

begun=$(date +%s.%N)
"$program" "${study[@]}" --out lines 2>err >out || fail "the study failed"
wall=$(echo "$(date +%s.%N) - $begun" | bc)
grep '^jumpcut: step' err
line='^jumpcut: step [0-9]+ of 6, [a-z() ]+, [0-9]+%(, [0-9:]+ left \([0-9:]+ in all\))?$'
grep '^jumpcut: step' err | grep -Evq "$line" && fail "a line of another form"
n=$(grep -c '^jumpcut: step' err)
[ "$n" -ge 2 ] && [ "$n" -le 11 ] || fail "$n lines"
# line k is at about a tenth times k - 1 of the time in all: from the fourth on it is to be right
awk -v wall="$wall" -v most="${JC_TOLERANCE-3}" '
/^jumpcut: step.*in all/ {
    split($0, part, "[(]"); for (i in part) if (part[i] ~ /in all/) split(part[i], at, "[: ]")
    seconds = 60 * at[1] + at[2]; lines++
    ratio = seconds / wall
    if (lines > 3) {
        printf "said %d s, took %.1f s: %.2f\n", seconds, wall, ratio
        if (ratio > most || ratio < 1 / most) bad = 1
    }
}
END { exit bad }' err || fail "the time in all"

# on a terminal
if command -v script >/dev/null; then
    begun=$(date +%s.%N)
    TERM=xterm script -qec "$program ${study[*]} --no-training-size --out drawn" typescript >/dev/null
    wall=$(echo "$(date +%s.%N) - $begun" | bc)
    drawn=$(tr '\r' '\n' <typescript | grep -c '^step [0-9]* of 4, ')
    echo "drawn $drawn times in $wall s"
    [ "$(echo "$drawn > $wall - 2" | bc)" = 1 ] || fail "drawn too rarely"
fi
"$program" "${study[@]}" --no-training-size --out quiet --quiet 2>err >/dev/null
grep -q 'step' err && fail "--quiet is not"
# where JUMPCUT_PROGRESS is 0, nothing, of work without a plan too, which has a line in ten seconds
mkfifo slow
(for i in $(seq 12); do echo "The town lies on the river"; sleep 1; done) >slow &
JUMPCUT_PROGRESS=0 "$program" sample "$SRC/data/demo" --text slow --out samples 2>err
grep -Ev '^jumpcut: (wrote|next)' err && fail "progress that was not asked for"

exit $failed
