# SPDX-License-Identifier: MIT
# browser.sh: to be sourced by a test of a page: pages in a headless browser. Pictures to
# look at go into $shots; $work is a folder for files that goes away. The test ends with
# `exit $failed`.
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

# A page, with the script of a probe at its end, at WIDTH: what the probe says is in $work/dom.
probe() { # NAME WIDTH PROBE
    { cat "$work/$1.html"; echo "<script>"; cat "$3"; echo "</script>"; } \
        >"$work/$1-probe.html"
    page=$1-probe.html
    if [ "$2" -lt 500 ]; then
        frame "$page" "$2" 900 >"$work/$1-frame.html"
        page=$1-frame.html
    fi
    browse 1280 900 --dump-dom "file://$work/$page" >"$work/dom"
}

picture() { # NAME WIDTH HEIGHT SCHEME(0 dark, 1 light) FILE
    page=$1.html
    if [ "$2" -lt 500 ]; then
        frame "$1.html" "$2" "$3" >"$work/$1-frame.html"
        page=$1-frame.html
    fi
    browse "$2" "$3" --blink-settings=preferredColorScheme="$4" --screenshot="$work/$5" \
        "file://$work/$page"
    bytes=$(wc -c <"$work/$5")
    [ "$bytes" -gt 30000 ] || fail "$5 is blank: $bytes bytes"
    cp "$work/$5" "$shots/$5"
}
