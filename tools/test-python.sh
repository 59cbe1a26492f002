#!/bin/sh
# SPDX-License-Identifier: MIT
# test-python.sh BUILD: install the Python package into an environment of its own under
# BUILD, from PyPI what Debian 12 does not have, and run its tests against the program in
# BUILD. The last line is 'N passed, N failed, N skipped'. Without PyPI all is skipped, and
# said.
set -u
build=$(realpath "$1")
cd "$(dirname "$0")/.." || exit 1
env=$build/python-env

[ -x "$env/bin/python" ] || python3 -m venv "$env" || exit 1
if ! "$env/bin/pip" download --quiet --no-deps --dest "$env/try" cffi 2>/dev/null; then
    echo "test-python: PyPI cannot be reached, so the Python package is not tested"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
fi
tools/pytest.sh "$env" "$build/jumpcut" ./python
