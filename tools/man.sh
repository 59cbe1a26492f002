#!/bin/sh
# SPDX-License-Identifier: MIT
# man.sh OUT PROGRAM...: what is made from the program's rows and the public headers, under
# OUT: man pages of the program, of each command and of each header, with a page for each
# function, which leads to its header's; and completion for three shells. A program of
# another processor has its emulator before it.
set -eu
out=$1
shift
tools=$(dirname "$0")
include=$tools/../include/jumpcut
version=$("$@" version | cut -d' ' -f2)
rm -rf "$out"
mkdir -p "$out/man1" "$out/man3" "$out/completion"

"$@" help --man | scdoc >"$out/man1/jumpcut.1"
"$@" help | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p' | while read -r command; do
    "$@" help "$command" --man | scdoc >"$out/man1/jumpcut-$command.1"
done

for header in "$include"/*.h; do
    page=jumpcut-$(basename "$header" .h)
    awk -v page="$page" -v version="$version" -f "$tools/man3.awk" "$header" |
        scdoc >"$out/man3/$page.3"
    tr '\n' ' ' <"$header" | grep -oE 'JC_API [^;(]*\(' | grep -oE 'jc_[a-z0-9_]+ *\($' |
        tr -d '( ' | while read -r function; do
        echo ".so man3/$page.3" >"$out/man3/$function.3"
    done
done

"$@" help --completion bash >"$out/completion/jumpcut"
"$@" help --completion zsh >"$out/completion/_jumpcut"
"$@" help --completion fish >"$out/completion/jumpcut.fish"
