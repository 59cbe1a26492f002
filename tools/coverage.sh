#!/bin/sh
# SPDX-License-Identifier: MIT
# coverage.sh BUILD: run the tests of a build made with --coverage and print the share of
# lines that they ran, by file and by room. Uses gcov alone.
set -u
build=$(cd "$1" && pwd)
top=$(pwd)
find "$build" -name '*.gcda' -delete
status=0
tools/run-tests.sh "$build" || status=1
mkdir -p "$build/gcov" && cd "$build/gcov" || exit 1
find "$build" -path '*/src/*.gcda' | xargs -r gcov -n -r -s "$top" 2>/dev/null |
    awk '
    /^File / { gsub(/^File .|.$/, ""); file = $0; next }
    /^Lines executed:/ && file ~ /^src\/.*\.c$/ {
        sub(/^Lines executed:/, ""); split($0, part, "% of ")
        if (!(file in lines)) order[++n] = file
        if (part[1] >= share[file]) { share[file] = part[1]; lines[file] = part[2] }
        file = ""
    }
    END {
        for (i = 1; i <= n; i++) {
            f = order[i]; split(f, dir, "/"); room = dir[2]
            printf "%6.1f%% of %5d  %s\n", share[f], lines[f], f
            ran[room] += share[f] * lines[f] / 100; all[room] += lines[f]
            r += share[f] * lines[f] / 100; a += lines[f]
        }
        if (!a) exit 1
        print ""
        for (room in all) printf "%6.1f%% of %5d  src/%s\n", 100 * ran[room] / all[room], all[room], room
        printf "%6.1f%% of %5d  in all\n", 100 * r / a, a
    }' | sort -k5,5
exit $status
