#!/bin/sh
# SPDX-License-Identifier: MIT
# check-docs.sh [BUILD]: the documents say what the program does. Every option in the --help
# of a command is in the man page; every command and option that the documents write is
# one the program has; every method and metric is defined in docs/methods.md.
set -u
build=${1:-build}
program=$build/jumpcut
temp=$(mktemp -d) || exit 1
trap 'rm -rf "$temp"' EXIT
bad=0

wrong() {
    echo "$1"
    bad=1
}

flags() { # of the text on standard input, one a line
    grep -oE -- '--[a-z][a-z0-9-]*' | sort -u
}

"$program" help --man | sed 's/\\\(.\)/\1/g' >"$temp/man" || exit 1
grep -oE '^\*jumpcut [a-z]+' "$temp/man" | sed 's/.* //' | sort -u >"$temp/commands"
[ -s "$temp/commands" ] || wrong "the man page names no command"
flags <"$temp/man" >"$temp/known"

for command in $(cat "$temp/commands"); do
    "$program" "$command" --help >"$temp/help" || wrong "'$command --help' failed"
    for flag in $(flags <"$temp/help"); do
        grep -qxe "$flag" "$temp/known" || wrong "$command $flag: not in the man page"
    done
done

# command lines in the documents: "jumpcut COMMAND ... --flag" in indented or fenced lines
# and between backquotes
for document in README.md CONTRIBUTING.md docs/*.md data/demo/README.md; do
    grep -E '(^ {4}.*|`|^|/)jumpcut [a-z]+' "$document" |
        grep -oE '(^|[`/ ])jumpcut [a-z]+( [^`|>]*)?' | sed 's/^[`/ ]*//' >"$temp/lines"
    while read -r line; do
        command=$(echo "$line" | cut -d' ' -f2)
        if echo "$line" | grep -q -- ' --' || [ -n "${line##* *}" ]; then
            grep -qx "$command" "$temp/commands" ||
                wrong "$document: there is no command '$command': $line"
        fi
        for flag in $(echo "$line" | flags); do
            grep -qxe "$flag" "$temp/known" || wrong "$document: no option '$flag': $line"
        done
    done <"$temp/lines"
done

# the table of models is that of the program
tools/models-doc.sh "$build" | cmp -s - docs/models.md ||
    wrong "docs/models.md is not what tools/models-doc.sh prints: tools/models-doc.sh >docs/models.md"

# and the package's version, in the help of `list`, that of the tests' data
version=$(sed -n 's/^transformers==//p' tests/golden/requirements.txt)
grep -qF "$version: a trained one" src/cli/cmd_list.c ||
    wrong "src/cli/cmd_list.c: the tests' data are of transformers $version"

# files that the documents name exist (as such, or in src/)
for document in README.md CONTRIBUTING.md docs/*.md; do
    for path in $(grep -oE '`(src|tools|tests|docs|include|cmake|examples|bench|data)/[A-Za-z0-9_./-]+`' \
        "$document" | tr -d '`'); do
        [ -e "$path" ] || wrong "$document: there is no '$path'"
    done
done

for table in methods metrics; do
    "$program" list $table | awk '{ print $1 }' >"$temp/rows"
    [ -s "$temp/rows" ] || wrong "'list $table' is empty"
    for row in $(cat "$temp/rows"); do
        grep -qwF -- "$row" docs/methods.md || wrong "docs/methods.md does not define '$row'"
    done
done
exit $bad
