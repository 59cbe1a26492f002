#!/bin/sh
# SPDX-License-Identifier: MIT
# run-tests.sh BUILD [CTEST-OPTION...]: run the tests of a build folder and count cases, not
# programs, so that a skipped case shows. The last line is 'N passed, N failed[, N skipped]'.
set -u
build=$1
shift
log=$build/Testing/Temporary/LastTest.log
printed=$build/Testing/printed
mkdir -p "$build/Testing"
rm -f "$log"

# programs run side by side: a thread that waits for others must not hold a processor
export OMP_WAIT_POLICY="${OMP_WAIT_POLICY:-passive}"

# a case may print much: keep all of it in the log, where cases are counted
{
    ctest --test-dir "$build" --output-on-failure --no-tests=error \
        --test-output-size-passed 10000000 --test-output-size-failed 10000000 \
        --parallel "${JC_TEST_JOBS:-$(nproc)}" "$@"
    echo "ctest ended with $?"
} 2>&1 | tee "$printed" | grep -v '^ctest ended with '
[ -f "$log" ] || { echo "run-tests: ctest wrote no '$log'" >&2; : >"$log"; }

# first the log, for the cases of each program; then ctest's own verdict on each program
awk '
FNR == NR && /^[0-9]+\/[0-9]+ Test: / { sub(/^[^ ]+ Test: /, ""); program = $0 }
FNR == NR && /^\[ +(OK|FAILED|SKIPPED) +\] [^ ]+$/ {
    kind = $0; gsub(/^\[ +| +\].*/, "", kind)
    name = $NF
    if (!seen[program, kind, name]++) n[program, kind]++
    if (kind == "SKIPPED" && seen[program, kind, name] == 1)
        skips = skips "\n    " program ": " name
}
FNR == NR { next }
/^ *[0-9]+\/[0-9]+ Test +#[0-9]+: / {
    program = $0; sub(/^ *[0-9]+\/[0-9]+ Test +#[0-9]+: /, "", program)
    sub(/ .*/, "", program)
    ok = n[program, "OK"]; bad = n[program, "FAILED"]; skip = n[program, "SKIPPED"]
    if ($0 ~ /\*\*\*Skipped/) { skip++; skips = skips "\n    " program }
    else if ($0 ~ /\*\*\*/) { if (!bad) bad = 1 } # crashed, leaked, timed out, not found
    else if (ok + bad + skip == 0) ok = 1
    passed += ok; failed += bad; skipped += skip; programs++
}
/^ctest ended with / && $4 != 0 { broken = 1 }
END {
    if (!programs || (broken && !failed)) failed++
    if (skips) print "\nskipped:" skips
    printf "\n%d passed, %d failed%s\n", passed, failed, skipped ? ", " skipped " skipped" : ""
    exit failed > 0
}' "$log" "$printed"
