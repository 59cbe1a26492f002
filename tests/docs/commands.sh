#!/bin/sh
# SPDX-License-Identifier: MIT
# commands.sh PROGRAM DOCUMENT: run the commands of a document as they are written, one after
# another in an empty folder: the indented lines that begin with '$', with the lines that
# follow a '\'. The indented lines below say what comes of it: the same words, and numbers
# that differ by no more than 2 of the last place or 2%, as processors round differently.
# '...' stands for any lines at the end. Standard error is compared where the document shows
# lines of it ("jumpcut: ..."); elsewhere it must hold no note and no error.
set -u
program=$1 document=$2
SRC=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
mkdir "$work/run" "$work/run/build"
: >"$work/err"
ln -s "$program" "$work/run/build/jumpcut"
ln -s "$SRC/examples" "$SRC/data" "$work/run"
# JUMPCUT_PROGRESS: what is said of steps depends on the time they take
export LC_ALL=C.UTF-8 OMP_WAIT_POLICY=passive COLUMNS=100 JUMPCUT_PROGRESS=0
unset JUMPCUT_DATA

awk -v dir="$work" '
/^    \$ / { n++; file = dir "/" n; inside = 1; sub(/^    \$ /, ""); print > (file ".sh"); more = /\\$/; printf "" > (file ".want"); next }
inside && more { sub(/^    /, ""); print > (file ".sh"); more = /\\$/; next }
inside && /^$/ { blank = blank "\n"; next }
inside && /^    / { sub(/^    /, ""); printf "%s%s\n", blank, $0 > (file ".want"); blank = ""; next }
{ inside = 0; blank = "" }
END { print n + 0 > (dir "/count") }' "$document"

same() { # WANT GOT
    awk -v want="$1" '
    function number(x) { return x ~ /^[-+(]?[0-9][0-9,]*(\.[0-9]+)?(e[-+]?[0-9]+)?[%),.:*]*$/ }
    function value(x) { gsub(/[(),%*:]/, "", x); return x + 0 }
    function near(a, b,   d) {
        d = value(a) - value(b); d = d < 0 ? -d : d
        return d <= (a ~ /\./ ? 0.02 : 2) || d <= 0.02 * (value(a) < 0 ? -value(a) : value(a))
    }
    function wrong(text) { print "line " NR ": " text; bad = 1; exit }
    {
        if ((getline line < want) <= 0) wrong("not expected: " $0)
        if (line == "...") { any = 1; exit }
        n = split(line, words)
        if (n != NF) wrong("wanted: " line "\ngot: " $0)
        for (i = 1; i <= n; i++)
            if (words[i] != $i && !(number(words[i]) && number($i) && near(words[i], $i)))
                wrong("wanted: " line "\ngot: " $0)
    }
    END {
        if (!bad && !any && (getline line < want) > 0 && line != "...") { print "missing: " line; bad = 1 }
        exit bad
    }' "$2"
}

count=$(cat "$work/count")
[ "$count" -gt 0 ] || { echo "'$document' has no commands"; exit 1; }
n=0
while [ $n -lt "$count" ]; do
    n=$((n + 1))
    all=$(grep -c '^jumpcut: ' "$work/$n.want")
    (cd "$work/run" && if [ "$all" -gt 0 ]; then exec 2>&1; else exec 2>"$work/err"; fi &&
        sh "$work/$n.sh" </dev/null) >"$work/got"
    code=$?
    [ "$all" -gt 0 ] || ! grep -E '^jumpcut: (note|error): ' "$work/err" || code="0, but this is not told"
    [ "$code" = 0 ] || { echo "exit $code: $(cat "$work/$n.sh")"; cat "$work/got" "$work/err"; exit 1; }
    same "$work/$n.want" "$work/got" || { echo "of: $(cat "$work/$n.sh")"; exit 1; }
done
# the pictures are there, and small
for picture in $(sed -n 's/.*](\(pictures\/[^)]*\)).*/\1/p' "$document"); do
    file=$(dirname "$document")/$picture
    [ -s "$file" ] && [ "$(wc -c <"$file")" -lt 60000 ] || { echo "no picture '$file' below 60 KB"; exit 1; }
done
echo "$count commands of '$document'"
