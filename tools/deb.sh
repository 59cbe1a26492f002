#!/bin/sh
# SPDX-License-Identifier: MIT
# deb.sh BUILD: make the Debian packages of the tree, tracked files only, in BUILD/deb, and
# look at them with lintian. The tree itself stays as it is.
set -eu
mkdir -p "$1/deb"
out=$(realpath "$1/deb")
cd "$(dirname "$0")/.."
version=$(sed -n '1s/.*(\(.*\)).*/\1/p' debian/changelog)
header=$(sed -n 's/#define JC_VERSION_[MP][AIN][A-Z]* //p' include/jumpcut/version.h | paste -sd.)
[ "$version" = "$header" ] || {
    echo "deb: debian/changelog says $version, jumpcut/version.h $header" >&2
    exit 1
}
rm -rf "$out/source"
rm -f "$out"/*.deb "$out"/*.buildinfo "$out"/*.changes
mkdir "$out/source"
git ls-files -z | tar -c --null -T - | tar -x -C "$out/source"
cd "$out/source"
dpkg-buildpackage -b -us -uc
cd "$out"
rm -rf "$out/source"
lintian --fail-on error,warning "$out"/*.changes
ls -l "$out"/*.deb
