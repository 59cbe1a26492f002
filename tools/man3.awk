# SPDX-License-Identifier: MIT
# awk -v page=jumpcut-model -v version=0.1.0 -f man3.awk include/jumpcut/model.h: a manual page
# of section 3 from a public header, in scdoc's format. The comment of the file becomes the
# description; each declaration is shown as it stands, below the text of its comment.
function escaped(text) {
    gsub(/[*_\\`#|<>~\[\]]/, "\\\\&", text)
    return text
}

function stripped(line) { # a line of a comment without what makes it one
    sub(/^[ \t]*\/\*\*?[ \t]?/, "", line)
    sub(/[ \t]*\*\/[ \t]*$/, "", line)
    sub(/^[ \t]*\*[ \t]?/, "", line)
    return line
}

function paragraph(line) { # add a line to the text
    sub(/^ +/, "", line)
    text = text (text == "" ? "" : " ") line
}

function flush_text() {
    if (text != "")
        print escaped(text) "\n"
    text = ""
}

function flush_code() {
    if (code != "")
        print "```\n" code "```\n"
    code = ""
}

# Lines of the description: an indented one is code, an empty one ends a paragraph.
function describe(line) {
    if (line ~ /^@file/)
        return
    if (line ~ /^    /) {
        flush_text()
        code = code substr(line, 5) "\n"
    } else if (line ~ /^[ \t]*$/) {
        flush_text()
        flush_code()
    } else {
        flush_code()
        paragraph(line)
    }
}

function open_page(summary) {
    sub(/[.:].*/, "", summary)
    print page "(3) \"jumpcut " version "\"\n"
    print "# NAME\n\n" page " - " escaped(summary) "\n"
    header = page
    sub(/jumpcut-/, "jumpcut/", header)
    print "# SYNOPSIS\n\n*#include <" header ".h>*\n\n# DESCRIPTION\n"
}

/^\/\*\*$/ && !described { in_file = 1; next }
in_file && /\*\// { in_file = 0; described = 1; flush_text(); flush_code(); next }
in_file {
    line = stripped($0)
    if (!opened && line !~ /^@file/ && line != "") {
        open_page(line)
        opened = 1
    }
    describe(line)
    next
}
!described || /^#(include|if|endif|ifdef|ifndef|else|elif)/ || /^extern "C"/ || /^}$/ { next }
/^\/\* ---- .* ---- \*\/$/ {
    flush_code()
    gsub(/\/\* ---- | ---- \*\//, "")
    print "# " toupper($0) "\n"
    next
}
/^\/\*/ { in_comment = 1; flush_code() }
in_comment {
    paragraph(stripped($0))
    if (/\*\//) {
        in_comment = 0
        flush_text()
    }
    next
}
/^$/ { flush_code(); next }
in_macro { in_macro = /\\$/; next }
/^#define .*\\$/ { # what it stands for is of no use to a reader
    in_macro = 1
    sub(/ *\\$/, "")
}
{
    gsub(/JC_API /, "")
    gsub(/ JC_NODISCARD/, "")
    code = code $0 "\n"
}
END {
    flush_code()
    print "# SEE ALSO\n\n*jumpcut*(1), *jumpcut-model*(3)"
}
