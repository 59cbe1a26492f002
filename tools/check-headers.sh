#!/bin/sh
# SPDX-License-Identifier: MIT
# check-headers.sh: each public header stands alone, as strict C99 and as strict C++11.
set -u
bad=0
for header in include/jumpcut.h include/jumpcut/*.h; do
    ${CC:-gcc} -std=c99 -pedantic-errors -Wall -Wextra -Werror -fsyntax-only -Iinclude \
        -x c "$header" || bad=1
    ${CXX:-g++} -std=c++11 -pedantic-errors -Wall -Wextra -Werror -fsyntax-only -Iinclude \
        -x c++ "$header" || bad=1
    if grep -nE '#include "' "$header" | grep -vE '"jumpcut/[a-z]+\.h"'; then
        echo "$header: includes something that is not public"
        bad=1
    fi
done
exit $bad
