#!/bin/sh
# SPDX-License-Identifier: MIT
# test-deb.sh BUILD: the packages of `make deb` in BUILD/deb on a clean Debian 12, a folder that
# debootstrap makes: install them with what they depend on, run the program, the library in
# Python, and look for the manual and the completion; purge them, and nothing may be left. For
# root, with debootstrap and the network. The last line is 'N passed, N failed'.
set -eu
packages=$(realpath "$1/deb")
root=$(mktemp -d)
chmod 755 "$root" # apt downloads as a user of its own
trap 'umount "$root/proc" 2>/dev/null || true; rm -rf "$root"' EXIT

debootstrap --variant=minbase bookworm "$root" http://deb.debian.org/debian >"$packages/debootstrap.log"
for package in jumpcut libjumpcut0 libjumpcut-dev python3-jumpcut; do
    cp "$packages/${package}"_[0-9]*.deb "$root/root/"
done
mount -t proc proc "$root/proc"
cat >"$root/root/try.sh" <<'END'
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
passed=0 failed=0
case_() { # NAME COMMAND
    if sh -c "$2" >/root/out 2>&1; then
        passed=$((passed + 1))
        echo "[       OK ] $1"
    else
        failed=$((failed + 1))
        cat /root/out
        echo "[  FAILED  ] $1"
    fi
}
files() { # but those of dpkg and apt themselves
    find / -xdev \( -path /proc -o -path /root -o -path /tmp -o -path /var/lib/apt -o -path /var/cache \
        -o -path /var/log -o -path /var/lib/dpkg \) -prune -o -print | sort
}
apt-get -q update >/dev/null
files >/root/before
case_ installs 'apt-get -q -y --no-install-recommends install /root/*.deb'
cd /tmp
texts=/usr/share/doc/jumpcut/examples/sentences.txt
case_ inspects_the_demo 'jumpcut inspect demo | grep "/usr/share/jumpcut/demo"'
case_ fits "jumpcut fit demo --text $texts --method ridge --ridge 1e-2 --out m.safetensors"
case_ evaluates "jumpcut eval demo m.safetensors --text $texts"
case_ reads_a_lens 'jumpcut lens demo m.safetensors --prompt "The town lies on the" | grep settled'
case_ writes 'jumpcut generate demo --prompt "The town lies on the" --tokens 8 | grep south'
cat >python.py <<'PYTHON'
import jumpcut
m = jumpcut.Model("demo")
s = jumpcut.load("m.safetensors")
assert m.lens("The town", s).maps == ["ridge"] and jumpcut.fit(m, ["The town lies"] * 5)[6, 12]
maps = {line.split("/")[-1].strip() for line in open("/proc/self/maps")}
print(sorted(maps))
assert len([name for name in maps if name.startswith("libopenblas")]) == 1
PYTHON
case_ works_in_python 'python3 -W ignore python.py'
case_ has_one_openblas 'test $(ldd /usr/bin/jumpcut | grep -cE "blas|lapack") = 1'
case_ has_a_manual 'gzip -t /usr/share/man/man1/jumpcut.1.gz /usr/share/man/man3/jc_fit.3.gz'
case_ completes 'bash -c ". /usr/share/bash-completion/completions/jumpcut; complete -p jumpcut"'
case_ purges 'apt-get -q -y purge jumpcut libjumpcut0 libjumpcut-dev python3-jumpcut &&
    apt-get -q -y --purge autoremove'
files >/root/after
case_ leaves_nothing '! comm -13 /root/before /root/after | grep .'
printf '\n%d passed, %d failed\n' $passed $failed
test $failed = 0
END
chroot "$root" bash /root/try.sh
