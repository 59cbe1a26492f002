#!/bin/sh
# SPDX-License-Identifier: MIT
# install-deps.sh [--check] [SET...]: install the Debian packages that jumpcut needs and
# that dpkg says are missing. With --check only list them (exit status 1 if there are any).
#
# Sets: build  what `make`, `make demo` and `make install` need
#       test   `make test` besides          check  `make check`, `make fuzz` besides
#       screen the report's screenshot test, which is skipped without it
#       field  the cases from the field, which are skipped without it
#       python the Python package and its tests
#       mpi    jumpcut-mpi and its tests, which are left out without it
#       deb    `make deb` besides
#       arm64  tools/test-arm64.sh besides
# Without a set: build.
set -eu

# cmake and ninja drive; the libraries are those named in src/LAYERS
build='gcc libc6-dev make cmake ninja-build pkg-config libdnnl-dev libopenblas-openmp-dev
    libjansson-dev libpcre2-dev libutf8proc-dev zlib1g-dev libzstd-dev
    libxxhash-dev libjs-chart.js scdoc'
test='libcmocka-dev'
check='g++ clang libclang-rt-dev libomp-dev clang-format clang-tidy
    cppcheck git'
screen='chromium fonts-dejavu-core'
field='python3-venv'
python='python3-venv python3-dev'
mpi='mpi-default-dev mpi-default-bin'
arm64='crossbuild-essential-arm64 qemu-user'
deb='debhelper dh-python dpkg-dev lintian python3-cffi python3-dev'

only_list=false
packages=
for word in "$@"; do
    case $word in
    --check) only_list=true ;;
    build) packages="$packages $build" ;;
    test) packages="$packages $build $test" ;;
    check) packages="$packages $build $test $check" ;;
    screen) packages="$packages $screen" ;;
    field) packages="$packages $field" ;;
    python) packages="$packages $build $python" ;;
    deb) packages="$packages $build $deb" ;;
    arm64) packages="$packages $build $arm64" ;;
    mpi) packages="$packages $build $mpi" ;;
    -h | --help)
        sed -n '3,14s/^# \{0,1\}//p' "$0"
        exit 0
        ;;
    *)
        echo "install-deps: no set is called '$word' (build, test, check, screen, field, python, mpi, deb, arm64)" >&2
        exit 2
        ;;
    esac
done
[ -n "$packages" ] || packages=$build

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    echo "install-deps: this is not Debian, so nothing is installed; needed are, by their" \
        "Debian names:" $packages >&2
    exit 0
fi

missing=
for package in $packages; do
    state=$(dpkg-query -W -f '${db:Status-Status} ' "$package" 2>/dev/null || true)
    case " $state" in
    *" installed "*) ;;
    *) case " $missing " in *" $package "*) ;; *) missing="$missing $package" ;; esac ;;
    esac
done
missing=${missing# }
if [ -z "$missing" ]; then
    echo "install-deps: all packages are there"
    exit 0
fi
echo "install-deps: missing: $missing"
if $only_list; then
    exit 1
fi

root=
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "install-deps: run this as root: apt-get install --no-install-recommends" \
            "$missing" >&2
        exit 1
    fi
    root='sudo'
fi
quiet='-q -y -o Dpkg::Use-Pty=0 -o Acquire::Retries=3'
$root env DEBIAN_FRONTEND=noninteractive apt-get $quiet update
$root env DEBIAN_FRONTEND=noninteractive apt-get $quiet install --no-install-recommends $missing
