#!/bin/sh
# SPDX-License-Identifier: MIT
# check-style.sh sizes|licence|calls: rules about source text that no other tool knows.
#
# sizes    no file over 1000 lines; over 600 only with "long:" and the reason in its head
# licence  an SPDX line on top of each source
# calls    none of the calls that overflow, misread or, in the library, print or exit;
#          memory only through src/base; tests, which read their own data, are free
set -u
sources() { # FOLDER...
    find "$@" \( -name '*.[ch]' -o -name '*.cu' -o -name '*.cc' \) | sort
}
all() {
    sources include src tests bench examples
}

# Lines that call one of the functions ($1, as an extended regular expression), without
# comments and strings.
calls() {
    pattern=$1
    shift
    xargs -r awk -v pattern="(^|[^A-Za-z0-9_.>])($pattern)[ ]*[(]" '
    FNR == 1 { inside = 0 }
    {
        line = $0
        gsub(/\\./, "", line); gsub(/"[^"]*"/, "\"\"", line); sub(/\/\/.*/, "", line)
        gsub(/\/\*[^*]*\*\//, "", line)
        if (inside && sub(/^.*\*\//, "", line)) inside = 0
        if (inside) next
        if (sub(/\/\*.*/, "", line)) inside = 1
        if (line ~ pattern) { print FILENAME ":" FNR ": " $0; found = 1 }
    }
    END { exit found }'
}

case ${1-} in
sizes)
    all | xargs -r awk '
    function judge() {
        if (lines > 1000) { print file ": " lines " lines, the limit is 1000"; bad = 1 }
        else if (lines > 600 && !reason) {
            print file ": " lines " lines; say why in its head (\"long: ...\") or split it"
            bad = 1
        }
    }
    FNR == 1 { if (file) judge(); file = FILENAME; reason = 0 }
    FNR <= 8 && /long: / { reason = 1 }
    { lines = FNR }
    END { if (file) judge(); exit bad }'
    ;;
licence)
    { all; find tools tests .ci -type f \( -name '*.sh' -o -name '*.py' -o -name run \); } |
        xargs -r awk '
        function judge() { if (file && !good) { print file ": no SPDX-License-Identifier line"; bad = 1 } }
        FNR == 1 { judge(); file = FILENAME; good = 0 }
        FNR <= 3 && /SPDX-License-Identifier: MIT/ { good = 1 }
        END { judge(); exit bad }'
    ;;
calls)
    bad=0
    sources include src bench examples | calls 'strcpy|strcat|strncpy|sprintf|vsprintf|gets|atoi|atol|atof|strtok|alloca|s?scanf|rand|tmpnam|mktemp' ||
        bad=1
    rooms=$(sed -n 's/^\([a-z]*\):.*/\1/p' src/LAYERS | grep -v '^cli$')
    for room in $rooms; do
        [ -d "src/$room" ] || continue
        sources "src/$room" |
            calls 'v?printf|puts|putchar|perror|exit|_exit|quick_exit|abort|raise' || bad=1
        [ "$room" = base ] || sources "src/$room" |
            calls 'malloc|calloc|realloc|aligned_alloc|posix_memalign|strdup|strndup' || bad=1
    done
    # a result that nobody looks at: short memory would leave a member out
    sources src | xargs -r awk '
    FNR == 1 { before = "" }
    /^[ \t]*(\(void\))?json_(object_(set|update)|array_(set|append|insert|extend)|dump)[a-z_]*[(]/ &&
        before ~ /([;{}):]|else|^)[ \t]*$/ { print FILENAME ":" FNR ": unchecked: " $0; found = 1 }
    { before = $0; sub(/\/\*.*\*\/[ \t]*$/, "", before) }
    END { exit found }' || bad=1
    exit $bad
    ;;
*)
    echo "usage: check-style.sh sizes|licence|calls" >&2
    exit 2
    ;;
esac
