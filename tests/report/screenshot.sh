#!/bin/sh
# SPDX-License-Identifier: MIT
# screenshot.sh TOOL [FOLDER]: does the page come out right in a real browser, at the widths
# of a desk and of a telephone? TOOL is report_tool; pictures to look at go into FOLDER.
set -eu
tool=$1
shots=${2:-report-shots}
here=$(cd "$(dirname "$0")" && pwd)

browser=
for name in chromium chromium-browser google-chrome; do
    if command -v $name >/dev/null; then browser=$name; break; fi
done
if [ -z "$browser" ]; then
    echo "skipped: no chromium to look at the page with"
    exit 77
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$shots"
failed=0

fail() {
    echo "FAILED: $*"
    failed=1
}

browse() { # WIDTH HEIGHT ARGUMENT...
    size=$1,$2
    shift 2
    HOME=$work timeout 60 $browser --headless --no-sandbox --disable-gpu --hide-scrollbars \
        --user-data-dir="$work/profile" --virtual-time-budget=10000 --window-size="$size" \
        "$@" 2>"$work/stderr" || { cat "$work/stderr"; fail "$browser did not run"; }
}

# A window is never narrower than 500: a narrow page is shown in a frame.
frame() { # PAGE WIDTH HEIGHT
    cat <<END
<!DOCTYPE html><body style="margin:0"><iframe src="$1" width="$2" height="$3" style="border:0">
</iframe><script>addEventListener("message", (event) => {
const pre = document.createElement("pre"); pre.textContent = "\n" + event.data + "\n";
document.body.append(pre); });</script>
END
}

expect() { # WHAT LINE
    grep -qxF -- "$2" "$work/dom" || {
        fail "$1: no '$2', but: $(grep -E "^${2%%:*}:" "$work/dom" || echo nothing)"
    }
}

# The page of NAME.json, with the probe, at WIDTH: the common demands.
look() { # NAME WIDTH CELLS TABLES
    "$tool" write "$work/$1.json" "$work/$1.html"
    { cat "$work/$1.html"; echo "<script>"; cat "$here/probe.js"; echo "</script>"; } \
        >"$work/$1-probe.html"
    page=$1-probe.html
    if [ "$2" -lt 500 ]; then
        frame "$page" "$2" 900 >"$work/$1-frame.html"
        page=$1-frame.html
    fi
    browse 1280 900 --dump-dom "file://$work/$page" >"$work/dom"
    for line in "ready: true" "error: none" "width: $2" "overflow: no" "fetched: 0" \
        "cells: $3" "tables: $4" "charts: 3" "bold: 0" "scripts: 4" "arrow: shows the next value" \
        "legend: hides and shows"; do
        expect "$1 at $2" "$line"
    done
}

picture() { # NAME WIDTH SCHEME(0 dark, 1 light) FILE
    page=$1.html
    if [ "$2" -lt 500 ]; then
        frame "$1.html" "$2" 4400 >"$work/$1-frame.html"
        page=$1-frame.html
    fi
    browse "$2" 4400 --blink-settings=preferredColorScheme="$3" --screenshot="$work/$4" \
        "file://$work/$page"
    bytes=$(wc -c <"$work/$4")
    [ "$bytes" -gt 60000 ] || fail "$4 is blank: $bytes bytes"
    cp "$work/$4" "$shots/$4"
}

cp "$here/results-12.json" "$work/real.json"
look real 1280 182 8
expect real "title: Linear shortcuts in wiki-gpt2-12x128"
expect real "headline: With early exit at a precision@1 of 0.95, mat saves 1.2 of 12 blocks (9.8%) and id saves 0.5 of 12 blocks (3.8%)."
for tip in " mat, k = 1: 0.456" " id: 9.101 (9.064 to 9.139)" " mat, fixed: 6.000 blocks, precision@1 0.456"; do
    grep -q "^tooltips:.*$tip" "$work/dom" || fail "no tooltip '$tip': $(grep ^tooltips "$work/dom")"
done
"$tool" numbers "$work/real.json" "$work/dom" || fail "the tables of results-12.json"
look real 400 182 8

"$tool" fake 48 id mat >"$work/deep.json"
look deep 1280 2450 8
"$tool" numbers "$work/deep.json" "$work/dom" || fail "the tables of 48 blocks"
look deep 400 2450 8

# one block; more methods than colours; strings that would be markup
"$tool" fake 1 id mat ridge m4 m5 m6 m7 m8 '</script><b>&amp;' |
    sed 's|"name":"fake"|"name":"<b>x</b><script>"|; s|"wiki.txt"|"</script><b>"|' \
    >"$work/odd.json"
look odd 400 27 22
expect odd "title: Linear shortcuts in &lt;b&gt;x&lt;/b&gt;&lt;script&gt;" # as the DOM is printed

picture real 1280 1 report-1280.png
picture real 400 1 report-400.png
picture real 1280 0 report-1280-dark.png
picture deep 400 0 report-400-dark.png
exit $failed
