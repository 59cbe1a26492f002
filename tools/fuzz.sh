#!/bin/sh
# SPDX-License-Identifier: MIT
# fuzz.sh BUILD: run each libFuzzer program of a fuzz build for FUZZ_SECONDS (60) over a copy
# of its corpus in tests/fuzz/. What is found stays in BUILD/found/.
set -u
build=$1
seconds=${FUZZ_SECONDS:-60}
passed=0
failed=0

for program in "$build"/fuzz_*; do
    [ -f "$program" ] && [ -x "$program" ] || continue
    name=$(basename "$program")
    mkdir -p "$build/corpus/$name" "$build/found"
    set --
    [ -d "tests/fuzz/corpus/${name#fuzz_}" ] && set -- "tests/fuzz/corpus/${name#fuzz_}"
    echo "$name: $seconds s"
    if "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -verbosity=0 \
        -print_final_stats=1 -artifact_prefix="$build/found/$name-" "$build/corpus/$name" "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "$name: failed; the input is in $build/found/"
    fi
done
[ $((passed + failed)) -gt 0 ] || { echo "fuzz: no program in '$build'" >&2; failed=1; }
printf '\n%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
