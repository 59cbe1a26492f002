#!/bin/sh
# SPDX-License-Identifier: MIT
# test-arm64.sh BUILD [CTEST-OPTION...]: a cross build for arm64 in BUILD/arm64, and its tests
# by qemu: of the kernels, or those that options choose, such as -R '^(model|generate)/'. The
# libraries for arm64 are Debian's, downloaded into BUILD/arm64-root; the system's own list of
# architectures stays as it is. For Debian 12 with the packages of `install-deps.sh arm64`.
# qemu is slow: the kernels take some minutes. The last line is 'N passed, N failed[, N
# skipped]'.
set -eu
mkdir -p "$1"
build=$(realpath "$1")
shift
cd "$(dirname "$0")/.."
root=$build/arm64-root
apt=$build/arm64-apt
libraries='libc6-dev libdnnl-dev libopenblas-openmp-dev libjansson-dev libpcre2-dev libutf8proc-dev
    zlib1g-dev libzstd-dev libxxhash-dev libgomp1 libcmocka-dev libjs-chart.js'

get() {
    apt-get -q -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o Dir::State="$apt" \
        -o Dir::State::status="$apt/status" -o Dir::Cache="$apt" -o APT::Sandbox::User= "$@"
}

if [ ! -e "$root/complete" ]; then
    rm -rf "$root" "$apt"
    mkdir -p "$root" "$apt/lists/partial" "$apt/archives/partial"
    : >"$apt/status"
    get update
    get install --download-only -y --no-install-recommends $libraries
    for package in "$apt"/archives/*.deb; do
        dpkg-deb -x "$package" "$root"
    done
    touch "$root/complete"
fi

export PKG_CONFIG_SYSROOT_DIR="$root" PKG_CONFIG_LIBDIR="$root/usr/lib/aarch64-linux-gnu/pkgconfig"
cmake --log-level=WARNING -S . -B "$build/arm64" -G Ninja \
    -DCMAKE_TOOLCHAIN_FILE="$PWD/cmake/arm64.cmake" -DJC_SYSROOT="$root" -DBUILD_TESTING=ON \
    -DJC_WERROR=ON -DCMAKE_BUILD_TYPE=RelWithDebInfo
ninja -C "$build/arm64"

[ $# -gt 0 ] || set -- -R '^kernels/' -LE guard
echo "test-arm64: left out, as qemu would show nothing more: speed, the backend for GPUs, MPI, the"
echo "installation and the documents, whose commands run for long, and what the options leave out: $*"
tools/run-tests.sh "$build/arm64" "$@" -E '^(docs/|api/test_install|cli-stop|cli/mpi)'
