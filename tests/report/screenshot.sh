#!/bin/sh
# SPDX-License-Identifier: MIT
# screenshot.sh TOOL [FOLDER]: does the page come out right in a real browser, at the widths
# of a desk and of a telephone? TOOL is report_tool; pictures to look at go into FOLDER.
set -eu
tool=$1
shots=${2:-report-shots}
here=$(cd "$(dirname "$0")" && pwd)

. "$here/../support/browser.sh"

# The page of NAME.json, with the probe, at WIDTH: the common demands.
look() { # NAME WIDTH CELLS TABLES [CHARTS]
    "$tool" write "$work/$1.json" "$work/$1.html"
    probe "$1" "$2" "$here/probe.js"
    for line in "ready: true" "error: none" "width: $2" "overflow: no" "fetched: 0" \
        "cells: $3" "tables: $4" "charts: ${5:-3}" "bold: 0" "unsaid: nothing" "scripts: 4" "arrow: shows the next value" \
        "legend: hides and shows" "contents: every section" "definitions: found" "dashes: the logit lens" \
        "axes: labelled" "csv: each figure" "png: each figure" "quoted: right" "paper: two a page, then as before" "words: not faint"; do
        expect "$1 at $2" "$line"
    done
}

cp "$here/results-12.json" "$work/real.json"
look real 1280 182 8
expect real "title: Linear shortcuts in wiki-gpt2-12x128"
expect real "headline: Early exit leaves 1.2 of 12 blocks (9.8%) unrun with the fitted map and 0.5 of 12 blocks (3.8%) unrun with the logit lens, at a precision@1 of 0.95."
for tip in " fitted map: 0.456" " logit lens: 9.101 (9.064 to 9.139)" " fitted map, fixed exit: 6.000 blocks, precision@1 0.456"; do
    grep -q "^tooltips:.*$tip" "$work/dom" || fail "no tooltip '$tip': $(grep ^tooltips "$work/dom")"
done
"$tool" numbers "$work/real.json" "$work/dom" || fail "the tables of results-12.json"
look real 400 182 8

"$tool" fake 48 id mat >"$work/deep.json"
look deep 1280 2450 9 4
"$tool" numbers "$work/deep.json" "$work/dom" || fail "the tables of 48 blocks"
look deep 400 2450 9 4

"$tool" whole 12 id mat >"$work/whole.json"
look whole 1280 182 37 17
"$tool" numbers "$work/whole.json" "$work/dom" || fail "the tables of all sections"
for tip in " attention, fitted map: 0.652 (0.634 to 0.670)" " fitted map, one position a text: 0.470" \
    " fitted map, la…est product of R²: 0.450 (0.430 to 0.469); 6 to 12" " logit lens on wiki.txt: 0.036" \
    " narrow map: 0.432 (0.415 to 0.450)" " narrow map of rank 1: 0.063"; do
    grep -q "^tooltips:.*$tip" "$work/dom" || fail "no tooltip '$tip': $(grep ^tooltips "$work/dom")"
done
look whole 400 182 37 17

grep -q "^headline:.*0\.95\. With a read-out after each layer that costs [0-9.]* times the multiply-adds" "$work/dom" ||
    fail "no cost in the headline: $(grep ^headline "$work/dom")"
expect whole "advice: Which layer. Is a map worth fitting? Ridge or not. Is more text worth it? Is early exit worth it? Do the maps hold on other text? How narrow."
grep -q "^about:.* jumpcut study fake --out=fake | jumpcut 0.1.0 | " "$work/dom" || fail "no command line: $(grep ^about "$work/dom")"

# the method worse than the identity, parts alike, much unknown, more text that made it worse
"$tool" worse 12 id mat >"$work/worse.json"
look worse 1280 182 37 17
for words in "0.243 with the fitted map and 0.713 with the logit lens" \
    "No layer before the last has an R² to it for every method\\." \
    "All parts can be replaced alike: mean precision@1 0.574\\." \
    "No schedule that runs 6 of 12 blocks has a known precision@1\\." \
    "Rank 32 of 128 keeps 95% of the fitted map's mean R², with 50.0% of its parameters\\." \
    "reaches R² 0.820 with 262,144 vectors and is within 1% of that from 16,384 on"; do
    grep -q "^findings:.*$words" "$work/dom" || fail "no '$words': $(grep ^findings "$work/dom")"
done

# a model without a head
"$tool" headless 12 id mat >"$work/headless.json"
look headless 400 182 7 3
expect headless "advice: Ridge or not. Is more text worth it? How narrow."

# two methods of which one lies on the other
"$tool" fake 12 id mat mat-2 >"$work/alike.json"
look alike 1280 273 11 4
expect alike "hidden: mat-2 lies on fitted map"

# one block; more methods than colours; strings that would be markup
"$tool" fake 1 id mat ridge m4 m5 m6 m7 __proto__ '</script><b>&amp;' |
    sed 's|"name":"fake"|"name":"<b>x</b><script>"|; s|"wiki.txt"|"</script><b>"|' \
    >"$work/odd.json"
look odd 400 27 23 4
expect odd "title: Linear shortcuts in &lt;b&gt;x&lt;/b&gt;&lt;script&gt;" # as the DOM is printed

picture real 1280 4400 1 report-1280.png
picture real 400 4400 1 report-400.png
picture whole 1280 14000 1 report-whole-1280.png
picture whole 400 17000 1 report-whole-400.png
picture real 1280 4400 0 report-1280-dark.png
picture whole 1920 3000 0 report-whole-1920-dark.png
picture deep 400 4400 0 report-400-dark.png
exit $failed
