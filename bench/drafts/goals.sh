#!/bin/sh
# SPDX-License-Identifier: MIT
# goals.sh BUILD MODEL WIKI_DOCUMENTS NEWS [PROMPTS]: what drafts gain on a model, by the clock:
# 20 prompts (PROMPTS) of 64 tokens from each text, 128 new tokens, greedy and at temperature
# 0.8, every drafter alone and together, each in alternation with plain decode. Prompts are of
# the first half of each text; a context map, n-grams and a policy are made of the second
# half of WIKI_DOCUMENTS. For a quiet machine.
set -eu
build=$1 model=$2 wiki=$3 news=$4 prompts=${5:-20}
[ -x "$build/jc_bench_drafts" ] || {
    echo "goals.sh: build it first: ninja -C $build jc_bench_drafts" >&2
    exit 1
}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

last=$("$build/jumpcut" inspect "$model" | awk '$1 == "layers" || $1 == "blocks" { print $2; exit }')
head -n $(($(wc -l <"$wiki") / 2)) "$wiki" >"$tmp/try-wiki"
head -n $(($(wc -l <"$news") / 2)) "$news" >"$tmp/try-news"
tail -n $(($(wc -l <"$wiki") / 8)) "$wiki" >"$tmp/tune"
tail -n $(($(wc -l <"$wiki") / 2)) "$wiki" | head -n $(($(wc -l <"$wiki") * 3 / 8)) >"$tmp/fit"
"$build/jumpcut" fit "$model" --text "$tmp/fit" --unit document --train 260 \
    --from "0,$last@-1" --to "$last" --method ridge --ridge 1e-4 --bias --out "$tmp/context" --quiet
for warm in 0 0.8; do
    "$build/jumpcut" tune "$model" "$tmp/context" --text "$tmp/tune" --unit document \
        --temperature $warm --out "$tmp/policy-$warm" --quiet
    for text in wiki news; do
        echo "== $(basename "$model"), $text, temperature $warm"
        "$build/jc_bench_drafts" -n "$prompts" -p 64 -t 128 -T $warm -w 512 -s "$tmp/context" \
            -f "$tmp/fit" -d "$tmp/fit" -P "$tmp/policy-$warm" "$model" "$tmp/try-$text" \
            ngram recycle context corpus ngram+context ngram+corpus auto
    done
done
