#!/bin/sh
# SPDX-License-Identifier: MIT
# models-doc.sh [BUILD]: print docs/models.md: every architecture of the program's table, and
# with what it is compared, as the tests' data tell.
set -u
program=${1:-build}/jumpcut
golden=tests/golden

mark() { # "yes" if any of the files is there
    for file in "$@"; do
        [ -e "$file" ] && echo yes && return
    done
    echo -
}

beside() { # how far llama.cpp's logits are from the reference's
    awk -F'\t' -v name="$1" '$1 == name { x = $2 } END { print x ? x : "-" }' $golden/gguf/beside_llama.tsv
}

cat <<'END'
# Models

Made by `tools/models-doc.sh` from the program's table and the data of its tests; `make check` says
when it is not up to date.

- folder: `config.json` with safetensors or torch files; GGUF: its name in GGUF files. Files of
  `mistral` and `mixtral` are called `llama` there, those of `olmo3` `olmo2`, and those of
  `deepseek3` `deepseek2`: other keys tell them.
- states: a tiny random model's states at all layers and logits are those of transformers, in
  float64, to 1e-5 of the largest value in a row, by every backend, and step by step with a cache.
- GGUF states: the same of its GGUF file, which the gguf package wrote.
- llama.cpp: how far its logits, of the very GGUF file, are from those of transformers, relative to
  the largest in a row, in all texts. Its GELU is a table of float16, hence 1e-03; notes below the
  table say where it is another model by design, and what it refuses.
- greedy: its likeliest tokens after prompts are those of transformers.
- trained: the states of a model that was trained are those of transformers, too
  (`tests/model/test_real.c`, and `test_golden.c` of stories260K).

END
sed -n 's/^# \(.*\)/llama.cpp is that of \1/p' $golden/gguf/beside_llama.tsv | tr '\n' ','
echo " transformers that of \`tests/golden/requirements.txt\`."
cat <<'END'

| architecture | what it is | `model_type` | GGUF | states | GGUF states | llama.cpp | greedy | trained |
|---|---|---|---|---|---|---|---|---|
END
"$program" list architectures | while read -r name kind from compared about; do
    source=src/model/arch/$name.c
    types=$(tr -s '\n ' ' ' <"$source" |
        sed 's/.*model_types\[\] = {\([^}]*\), NULL *};.*/\1/' | tr -d '"')
    gguf=$(sed -n 's/^ *\.gguf = "\(.*\)",.*/\1/p' "$source" | tr '|' '/')
    greedy=-
    [ "$kind" = encoder ] && greedy=encoder
    grep -aq "\"tiny-$name\.0\"" $golden/generate/greedy.safetensors && greedy=yes
    echo "| $name | $about | $types | ${gguf:--} | $(mark $golden/models/tiny-$name.golden.safetensors) |" \
        "$(mark $golden/gguf/tiny-$name.gguf) | $(beside "tiny-$name") | $greedy | $(echo "$compared" | sed 's/^tiny$/-/') |"
done
printf '\nOf llama.cpp:\n\n'
awk -F'\t' '$4 { print "- `" substr($1, 6) "`: " ($2 == "refused" ? "refused: " : "") $4 }' $golden/gguf/beside_llama.tsv
printf '\nGreedy text of Gemma 3 270M (Q4_K_M), 20 prompts of 64 tokens, beside llama.cpp on the same file; a'
printf ' judge is\ntransformers in float32 on the weights multiplied out (`tests/golden/greedy_beside_llama.py`):\n\n'
grep -v '^prompt' $golden/real/gemma3.greedy.txt | sed 's/^/- /'
