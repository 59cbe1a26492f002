#!/bin/sh
# SPDX-License-Identifier: MIT
# ranks.sh FOLDER: any number of ranks gives the bits of one process, and a rank that fails
# or is killed ends the job with its reason and without output. FOLDER has the programs.
set -u
folder=$1
src=$(cd "$(dirname "$0")/../.." && pwd)
command -v mpirun >/dev/null || { echo "skipped: no mpirun"; exit 77; }
temp=$(mktemp -d) || exit 1
trap 'rm -rf "$temp"' EXIT
cd "$temp" || exit 1
export OMP_WAIT_POLICY=passive OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export TMPDIR="$temp" OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_btl=self,vader,tcp
demo=$src/data/demo
failed=0

ranks() { # N ARGUMENT...
    n=$1
    shift
    mpirun -n "$n" --oversubscribe --bind-to none "$folder/jumpcut-mpi" "$@" --threads 1 2>err
}
check() { # WHAT STATUS
    if [ "$2" -eq 0 ]; then
        echo "passed: $1"
    else
        echo "failed: $1"
        cat err
        failed=1
    fi
}
said() { grep -qF "$1" err; }
nothing() { ! ls out* sums* jumpcut-* 2>/dev/null | grep .; }

for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    sed "s/\$/ $i/" "$src/examples/sentences.txt"
done >texts
"$folder/jumpcut" fit "$demo" --text texts --pairs all --parts --maps '0,2@-1:2' \
    --save-sums want --out maps --quiet >/dev/null 2>err
check 'one process' $?
for n in 1 2 3 4 8; do
    ranks $n fit "$demo" --text texts --pairs all --parts --maps '0,2@-1:2' \
        --save-sums got --out maps.$n >/dev/null && cmp got want && cmp maps.$n maps
    check "the bits of one process: $n ranks" $?
done
[ "$(grep -c 'wrote .* maps' err)" = 1 ]
check 'one rank speaks' $?

# ranks that have 5 MB each, where sums and maps of all pairs take 17
head -n 400 texts >some
"$folder/jumpcut" fit "$demo" --text some --pairs all --out want --quiet >/dev/null 2>err
check 'one process, all pairs' $?
for n in 2 3 4 8; do
    JUMPCUT_MEMORY=5e6 ranks $n fit "$demo" --text some --pairs all --out got >/dev/null &&
        said "divided among $((n < 4 ? n : 4)) teams" && cmp got want
    check "pairs that are divided among $n ranks" $?
done
rm -f want got

# scores: of all pairs, parts and schedules; and those thinned, and only to the last layer
head -n 200 texts | sed 's/the/a/g' >other
"$folder/jumpcut" fit "$demo" --text texts --pairs all --parts --out all --quiet >/dev/null 2>err &&
    "$folder/jumpcut" fit "$demo" --text other --method ridge --out ridge --quiet >/dev/null 2>err
check 'maps to score' $?
for how in '' '--route-every 3 --route-positions 2 --batch 300'; do
    set -- all ridge --schedules
    [ "$how" ] && set -- all ridge
    "$folder/jumpcut" eval "$demo" "$@" --text other $how --out got --threads 1 >table 2>err
    check "one process scores $how" $?
    mv got want
    for n in 1 2 3 4 8; do
        ranks $n eval "$demo" "$@" --text other $how --out got >table.$n &&
            cmp got want && cmp table.$n table
        check "the scores of one process: $n ranks $how" $?
    done
done
[ "$(grep -c 'wrote the scores' err)" = 1 ]
check 'one rank speaks of scores' $?
ranks 2 eval "$demo" maps --text other --out out
[ $? -ne 0 ] && [ "$(grep -c 'not shared among ranks' err)" -ge 1 ] && ! ls out 2>/dev/null
check 'maps that are scored one by one are refused' $?
rm -f maps* got want table* ridge

ranks 2 fit "$demo" --text nowhere --out out
[ $? -ne 0 ] && [ "$(grep -c nowhere err)" = 1 ] && nothing
check 'a file that is not there is told once' $?
ranks 2 lens "$demo" --text texts
[ $? -ne 0 ] && said "'lens' does not share its work among ranks" && nothing
check 'other commands are refused' $?
ranks 2 fit "$demo" --text - --out out </dev/null
[ $? -ne 0 ] && said 'cannot come from standard input' && nothing
check 'standard input is refused' $?
ranks 2 eval "$demo" --text texts --dry-run
[ $? -ne 0 ] && [ "$(grep -c 'measures one process' err)" = 1 ] && nothing
check 'ranks measure nothing beforehand' $?
ranks 2 eval "$demo" --text nowhere --out out
[ $? -ne 0 ] && [ "$(grep -c nowhere err)" = 1 ] && nothing
check 'a file to score on that is not there is told once' $?
ranks 2 fit "$demo" --text texts --shard 1/2 --save-sums sums
[ $? -ne 0 ] && said 'ranks take theirs' && nothing
check 'shards of ranks are refused' $?

# rank 1 reads other texts, or none
cat >each.sh <<'END'
mkdir -p "$OMPI_COMM_WORLD_RANK"
cd "$OMPI_COMM_WORLD_RANK" || exit 1
[ "$OMPI_COMM_WORLD_RANK" = 1 ] && eval "$BEFORE"
[ "$MEMORY" ] && export JUMPCUT_MEMORY="$MEMORY"
exec "$PROGRAM" $COMMAND "$DEMO" --text ../texts"$OMPI_COMM_WORLD_RANK" --out ../out --threads 1
END
each() { # COMMANDS: before rank 1 begins $command
    PROGRAM=$folder/jumpcut-mpi DEMO=$demo COMMAND=$command BEFORE=$1 MEMORY=$memory \
        mpirun -n 2 --oversubscribe --bind-to none -x PROGRAM -x DEMO -x COMMAND -x BEFORE \
        -x MEMORY \
        sh each.sh >/dev/null 2>err
}
for command in fit eval 'fit --pairs all'; do
    [ "$command" = 'fit --pairs all' ] && memory=1 || memory= # two teams
    head -n 400 texts >texts0
    for lines in 390 410; do # the same up to the end of the shorter one
        head -n $lines texts >texts1
        each :
        [ $? -ne 0 ] && said 'texts differ' && nothing
        check "$command: ranks that read other texts, $lines lines" $?
    done
    sed 's/the/a/' texts0 >texts1
    each :
    [ $? -ne 0 ] && said 'texts differ' && nothing
    check "$command: ranks that read other words" $?
    each 'rm ../texts1'
    [ $? -ne 0 ] && said 'rank 1 of 2: ' && said 'texts1' && nothing
    check "$command: a rank that cannot read the file" $?
done

# a rank is killed in the middle of texts that do not end soon
i=0
while [ $i -lt 100 ]; do
    cat texts
    i=$((i + 1))
done >texts0
cp texts0 texts1
for command in fit eval 'fit --pairs all'; do
    [ "$command" = 'fit --pairs all' ] && memory=1 || memory=
    rm -f pid
    each 'echo $$ >../pid' &
    job=$!
    i=0
    while [ ! -s pid ] && [ $i -lt 100 ]; do
        sleep 0.1
        i=$((i + 1))
    done
    sleep 3
    kill -9 "$(cat pid)"
    wait $job
    [ $? -ne 0 ] && said 'signal 9' && nothing
    check "$command: a rank that is killed" $?
done

exit $failed
