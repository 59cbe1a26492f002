#!/bin/sh
# SPDX-License-Identifier: MIT
# pytest.sh ENVIRONMENT PROGRAM PACKAGE: install the Python package, a folder or a wheel, and
# run its tests against the program, away from the tree. The last line is 'N passed,
# N failed, N skipped'.
set -u
env=$1 program=$2 package=$3
tests=$(realpath python/tests)

"$env/bin/pip" install --quiet --disable-pip-version-check --force-reinstall --no-deps "$package" &&
    "$env/bin/pip" install --quiet --disable-pip-version-check "$package[test]" || exit 1
cd / || exit 1
JUMPCUT=$program OMP_WAIT_POLICY=passive "$env/bin/python" -m pytest -q -rs -p no:cacheprovider "$tests" |
    tee "$env/printed"
counts=$(tail -n 1 "$env/printed")
count() { echo "$counts" | grep -oE "[0-9]+ $1" | cut -d' ' -f1 | grep . || echo 0; }
failed=$(($(count failed) + $(count error)))
echo
echo "$(count passed) passed, $failed failed, $(count skipped) skipped"
[ "$failed" = 0 ] && [ "$(count passed)" -gt 0 ]
