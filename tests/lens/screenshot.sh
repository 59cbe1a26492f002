#!/bin/sh
# SPDX-License-Identifier: MIT
# screenshot.sh TOOL [FOLDER]: is the page of a lens right in a real browser, at the widths of
# a desk and of a telephone, and quick with a long text through many layers? TOOL is
# lens_tool; pictures to look at go into FOLDER.
set -eu
tool=$1
shots=${2:-lens-shots}
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../support/browser.sh"

look() { # NAME WIDTH LINE...
    name=$1 width=$2
    shift 2
    probe "$name" "$width" "$here/probe.js"
    for line in "ready: true" "error: none" "width: $width" "overflow: no" "fetched: 0" \
        "scripts: 3" "bold: 0" "clear: yes" "arrow: next position" "shade: changes" \
        "numbers: yes" "end: reached" "quick: yes" "hover: quick" \
        "palette: told apart" "columns: whole" "keys: End Home PageDown" "text: jumps" \
        "jump: reached" "cells again: guesses" "strip: moves" "paper: every cell" "pinned: stays, let go" "$@"; do
        expect "$name at $width" "$line"
    done
}

"$tool" demo "$here/../../data/demo" >"$work/demo.html"
for width in 1280 400; do
    look demo $width "maps: $((1 + width / 700))" "guesses: 10" "marks: right" \
        "title: What each layer of demo guesses: The first of the three cities lies on a river in the north o…" \
        "last: model's own" "one map: logit lens (id)" "through: no inner taps" "tokens: right right right"
done

# points inside blocks, between their layers
"$tool" demo "$here/../../data/demo" 12.mlp,12.attn,2.mid >"$work/at.html"
for width in 1280 400; do
    look at $width "maps: $((1 + width / 700))" "last: model's own" "marks: right" \
        "through: read as it is read as it is read as it is" \
        "labels: 12 12.mlp 12.attn 11 10 9 8 7 6 5 4 3 2 2.mid 1 0"
done

# words that would be markup, run from right to left, pile up, or have no width
mkdir "$work/hostile"
{
    printf '[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n</script>\n<b>bold</b>\n"quotes\\"\n<!--\n&amp;\n'
    printf '\327\251\327\234\327\225\327\235\n\342\200\256turned\nzero\342\200\213width\n'
    printf 'Z\314\201\314\202\314\203\314\204\314\205\314\206\314\207\314\210\n\346\274\242\345\255\227\n'
    printf 'a-word-that-is-much-longer-than-its-cell-is-wide-and-goes-on-and-on\n'
} >"$work/hostile/vocab.txt"
"$tool" fake "$work/hostile" 48 500 >"$work/long.html"
for width in 1280 400; do
    look long $width "maps: $((1 + width / 700))" "guesses: 10" "last: model's own"
done
bytes=$(wc -c <"$work/long.html")
[ "$bytes" -lt 8000000 ] || fail "500 tokens, 48 layers and two maps take $bytes bytes"

picture demo 1280 1000 1 lens-1280.png
picture demo 400 1500 1 lens-400.png
picture at 1280 1000 1 lens-at-1280.png
picture at 400 1500 0 lens-at-400-dark.png
picture demo 1920 1080 0 lens-1920-dark.png
picture long 1280 1000 1 lens-long-1280.png
picture long 400 1500 1 lens-long-400.png
exit $failed
