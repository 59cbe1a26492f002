#!/bin/sh
# SPDX-License-Identifier: MIT
# examples.sh PROGRAM [COMMAND...]: run every example of every --help as it is written, those
# of one command one after another in a folder that has what they read: the demo model under
# other names, a few texts, and files that other commands write.
set -u
program=$1
shift
SRC=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin" "$work/with"
ln -s "$program" "$work/bin/jumpcut"
PATH=$work/bin:$PATH LC_ALL=C.UTF-8 OMP_WAIT_POLICY=passive
export PATH LC_ALL OMP_WAIT_POLICY
unset JUMPCUT_DATA

fail() {
    echo "$*"
    exit 1
}

# an encoder with words of its own
encoder() {
    mkdir bert
    cp "$SRC"/tests/golden/models/tiny-bert/* bert
    {
        printf '%s\n' '[PAD]' '[UNK]' '[CLS]' '[SEP]' '[MASK]' Paris is the of France . paris france
        seq 48
    } >bert/vocab.txt
}

(
    cd "$work/with" || exit 1
    ln -s "$SRC/data/demo" gpt2
    ln -s "$SRC/tests/golden/gguf/tiny-gpt2.gguf" model.gguf
    encoder
    head -n 150 "$SRC/examples/sentences.txt" >wiki.txt
    tail -n 90 "$SRC/examples/sentences.txt" >other.txt
    cp other.txt texts.txt
    cp other.txt news.txt
    head -n 12 wiki.txt >story.txt
    head -n 3 wiki.txt >prompts.txt
    cp prompts.txt a.txt
    jumpcut fit ./gpt2 --text wiki.txt --out mat.safetensors --quiet
    jumpcut fit ./gpt2 --text wiki.txt --method ridge --ridge 1e-3 --out ridge.safetensors --quiet
    jumpcut sample ./gpt2 --text wiki.txt --train 30 --val 9 --out work.jsonl --quiet
    jumpcut eval ./gpt2 mat.safetensors --text other.txt --out results.json --quiet >eval.txt
    jumpcut convert mat.safetensors lens --to tuned-lens --quiet
    jumpcut convert mat.safetensors 3_12.npy --to npy --pair 3:12 --quiet
    mkdir jumpcut-study
    cp results.json jumpcut-study
) || fail "what the examples need could not be made"

examples() { # COMMAND: its lines, those that a '\' ends joined with the next
    jumpcut "$1" --help | sed -n '/^Examples:$/,$p' | sed -n 's/^  //p' | grep -v '^#'
}

[ $# -gt 0 ] || set -- $(jumpcut help | sed -n 's/^  \([a-z]*\)  .*/\1/p')
n=0
for command; do
    cp -R "$work/with" "$work/$command"
    examples "$command" >"$work/lines"
    [ -s "$work/lines" ] || fail "'jumpcut $command --help' has no examples"
    while IFS= read -r line; do
        n=$((n + 1))
        (cd "$work/$command" && bash -c "$line" >"$work/out" 2>"$work/err" </dev/null) ||
            fail "of 'jumpcut $command --help': $line
$(cat "$work/err")"
    done <"$work/lines" || exit 1
    rm -rf "$work/${command:?}"
done
[ $n -gt 30 ] || [ $# -lt 5 ] || fail "only $n examples were found"
echo "$n examples"
