#!/bin/sh
# SPDX-License-Identifier: MIT
# tutorial-pictures.sh FOLDER: the pictures of docs/tutorial.md, of the pages that its commands
# left in FOLDER, into docs/pictures/. Wants chromium. Colours are then reduced to 64, which makes
# the pictures a third of the size: pngquant 64 --ext .png --force docs/pictures/*.png
set -eu
from=$(cd "$1" && pwd)
to=$(cd "$(dirname "$0")/.." && pwd)/docs/pictures
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$to"

picture() { # PAGE SCRIPT WIDTH HEIGHT NAME
    { cat "$from/$1"; echo "<script>addEventListener('load', () => { $2 });</script>"; } >"$work/page.html"
    HOME=$work chromium --headless --no-sandbox --disable-gpu --hide-scrollbars \
        --user-data-dir="$work/profile" --virtual-time-budget=8000 --window-size="$3,$4" \
        --screenshot="$to/$5" "file://$work/page.html" 2>/dev/null
    echo "$5: $(wc -c <"$to/$5") bytes"
}

only() { # SECTION: what shows it alone
    echo "document.querySelectorAll('main > *:not(#$1), footer').forEach((e) => e.remove()); document.querySelectorAll('details, .downloads, figcaption').forEach((e) => e.remove()); document.querySelector('main').style.paddingTop = 0; document.querySelector('h2').style.marginTop = '0.5rem'; dispatchEvent(new Event('resize'));"
}

picture lens.html "document.querySelectorAll('h1, .text, main > p, .controls, details').forEach((e) => e.remove()); pick('mat', 9, 2, true);" 1000 590 lens.png
picture study/report.html "$(only s-agreement-with-the-model)" 640 500 agreement.png
picture study/report.html "$(only s-early-and-fixed-exit)" 640 530 exit.png
picture study/report.html "$(only s-how-much-text-is-enough-r)" 640 640 text.png
