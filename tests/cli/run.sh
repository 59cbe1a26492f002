#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh PROGRAM CASE: run one case of the program in an empty folder, compare what it
# prints and how it ends. UPDATE=1 writes what it did into the case instead: read the
# difference before you keep it.
#
# A case is a shell script, then what must come of it:
#     jumpcut list methods | head -1
#     --- stdout
#     id           the state as it is
#     --- stderr
#     --- exit 0
# $SRC is the root of the source tree, $DATA the demo model. In what was printed, their
# paths and that of the folder are written as $SRC, $DATA and $TMP. A script that exits
# with 77 skips its case.
set -u
program=$1 case=$2
SRC=$(cd "$(dirname "$0")/../.." && pwd)
TMP=$(mktemp -d) || exit 1
trap 'rm -rf "$TMP"' EXIT
DATA=$SRC/data/demo
mkdir "$TMP/bin" "$TMP/work" "$TMP/got" "$TMP/want"
ln -s "$program" "$TMP/bin/jumpcut"
PATH=$TMP/bin:$PATH LC_ALL=C OMP_WAIT_POLICY=passive # cases may share processors
JUMPCUT_PROGRESS=0 # what is said of steps depends on the time they take
export PATH SRC DATA LC_ALL OMP_WAIT_POLICY JUMPCUT_PROGRESS
unset JUMPCUT_DATA POSIXLY_CORRECT

awk -v dir="$TMP" '
BEGIN { to = dir "/script" }
/^--- stdout$/ { to = dir "/want/stdout"; printf "" > to; next }
/^--- stderr$/ { to = dir "/want/stderr"; printf "" > to; next }
/^--- exit /   { print $3 > (dir "/want/exit"); next }
{ print > to }' "$case"

( cd "$TMP/work" && exec sh "$TMP/script" ) </dev/null >"$TMP/out" 2>"$TMP/err"
code=$?
if [ $code = 77 ]; then
    cat "$TMP/out"
    exit 77
fi
echo $code >"$TMP/got/exit"
for stream in out err; do
    sed -e "s|$TMP/work|\$TMP|g" -e "s|$DATA|\$DATA|g" -e "s|$SRC|\$SRC|g" \
        "$TMP/$stream" >"$TMP/got/std$stream"
done
if [ "${UPDATE-}" ]; then
    {
        cat "$TMP/script"
        echo '--- stdout'; cat "$TMP/got/stdout"
        echo '--- stderr'; cat "$TMP/got/stderr"
        echo "--- exit $code"
    } >"$case"
    exit 0
fi
diff -ru "$TMP/want" "$TMP/got" || {
    echo "case: $case" # where to look
    exit 1
}
