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
nothing() { ! ls out* sums* jumpcut-*.tmp 2>/dev/null | grep .; }

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
rm -f maps* got want

ranks 2 fit "$demo" --text nowhere --out out
[ $? -ne 0 ] && [ "$(grep -c nowhere err)" = 1 ] && nothing
check 'a file that is not there is told once' $?
ranks 2 eval "$demo" --text texts
[ $? -ne 0 ] && said "'eval' does not share its work among ranks" && nothing
check 'other commands are refused' $?
ranks 2 fit "$demo" --text - --out out </dev/null
[ $? -ne 0 ] && said 'cannot come from standard input' && nothing
check 'standard input is refused' $?
ranks 2 fit "$demo" --text texts --shard 1/2 --save-sums sums
[ $? -ne 0 ] && said 'ranks take theirs' && nothing
check 'shards of ranks are refused' $?

# rank 1 reads other texts, or none
cat >each.sh <<'END'
mkdir -p "$OMPI_COMM_WORLD_RANK"
cd "$OMPI_COMM_WORLD_RANK" || exit 1
[ "$OMPI_COMM_WORLD_RANK" = 1 ] && eval "$BEFORE"
exec "$PROGRAM" fit "$DEMO" --text ../texts"$OMPI_COMM_WORLD_RANK" --out ../out --threads 1
END
each() { # COMMANDS: before rank 1 begins
    PROGRAM=$folder/jumpcut-mpi DEMO=$demo BEFORE=$1 \
        mpirun -n 2 --oversubscribe --bind-to none -x PROGRAM -x DEMO -x BEFORE sh each.sh >/dev/null 2>err
}
cp texts texts0
head -n 790 texts >texts1
each :
[ $? -ne 0 ] && said 'their texts differ' && nothing
check 'ranks that read other texts' $?
each 'rm ../texts1'
[ $? -ne 0 ] && said 'rank 1 of 2: ' && said 'texts1' && nothing
check 'a rank that cannot read the file' $?

# a rank is killed while it reads a pipe that does not end
cp texts texts1
mkfifo pipe
rm texts0 texts1
ln -s pipe texts0
ln -s pipe texts1
(while cat texts; do :; done >pipe) 2>/dev/null &
feeder=$!
each 'echo $$ >../pid' &
job=$!
i=0
while [ ! -s pid ] && [ $i -lt 100 ]; do
    sleep 0.1
    i=$((i + 1))
done
sleep 2
kill -9 "$(cat pid)"
wait $job
[ $? -ne 0 ] && said 'signal 9' && nothing
check 'a rank that is killed' $?
kill $feeder 2>/dev/null

exit $failed
