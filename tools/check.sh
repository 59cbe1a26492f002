#!/bin/sh
# SPDX-License-Identifier: MIT
# check.sh [BUILD]: all static checks, a line each, with details where one fails. BUILD is a
# folder in which everything has been built (default build).
set -u
build=${1:-build}
jobs=$(nproc)
temp=$(mktemp) || exit 1
trap 'rm -f "$temp"' EXIT
passed=0
failed=0

check() { # NAME COMMAND...
    name=$1
    shift
    started=$(date +%s)
    if "$@" >"$temp" 2>&1; then
        verdict=ok
        passed=$((passed + 1))
    else
        verdict=failed
        failed=$((failed + 1))
    fi
    printf '%-12s %-7s %4d s\n' "$name" "$verdict" "$(($(date +%s) - started))"
    [ "$verdict" = ok ] || sed 's/^/    /' "$temp"
}

format() {
    find include src tests bench examples -name '*.[ch]' | sort |
        xargs -r clang-format --dry-run -Werror
}

cppcheck_library() {
    cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr \
        --suppressions-list=tools/cppcheck.suppressions --library=posix -j "$jobs" \
        --error-exitcode=1 -Iinclude -Isrc src examples
}

# One file a process: version 14 carries the state of va_list from one to the next.
tidy() {
    {
        find src -name '*.c' ! -path 'src/base/*' ! -path 'src/cli/*' ! -path 'src/report/*' |
            sed "s|\$| --extra-arg=-include --extra-arg=$PWD/tools/analyser.h|"
        find src/base src/cli src/report -name '*.c'
    } | xargs -r -L 1 -P "$jobs" clang-tidy --quiet -p "$build" --warnings-as-errors='*'
}

check layers tools/check-layers.sh
check sizes tools/check-style.sh sizes
check licence tools/check-style.sh licence
check calls tools/check-style.sh calls
check headers tools/check-headers.sh
check names tools/check-names.sh "$build"
check docs tools/check-docs.sh "$build"
check format format
check tables tools/check-tables.sh
check cppcheck cppcheck_library
check clang-tidy tidy

printf '\n%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
