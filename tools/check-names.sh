#!/bin/sh
# SPDX-License-Identifier: MIT
# check-names.sh [BUILD]: what libjumpcut.so exports is what the headers declare JC_API, no
# more and no less; and every global name of the rooms starts with jc_. (.gomp_critical_user_*
# are the compiler's locks of named critical sections.)
set -u
build=${1:-build}
temp=$(mktemp -d) || exit 1
trap 'rm -rf "$temp"' EXIT

cat include/jumpcut/*.h | tr '\n' ' ' | grep -oE 'JC_API [^;([]*[[(;]' |
    grep -oE 'jc_[a-z0-9_]+ *[[(;]$' | tr -d '[(; ' | sort -u >"$temp/declared"
nm -D --defined-only "$build/libjumpcut.so" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' |
    grep -v '^\.gomp_' | sort -u >"$temp/exported"
find "$build"/CMakeFiles/jc_*.dir/src -name "*.o" | xargs nm -g --defined-only | awk 'NF == 3 { print $3 }' |
    grep -v '^\.gomp_' | sort -u >"$temp/global"
[ -s "$temp/declared" ] && [ -s "$temp/exported" ] && [ -s "$temp/global" ] || {
    echo "no symbols found in $build"
    exit 1
}
{
    comm -23 "$temp/declared" "$temp/exported" | sed 's/^/declared JC_API, not exported: /'
    comm -13 "$temp/declared" "$temp/exported" | sed 's/^/exported, not declared JC_API: /'
    grep -v '^jc_' "$temp/global" | sed 's/^/global name without jc_: /'
} >"$temp/wrong"
cat "$temp/wrong"
[ ! -s "$temp/wrong" ]
