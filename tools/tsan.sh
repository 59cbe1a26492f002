#!/bin/sh
# SPDX-License-Identifier: MIT
# tsan.sh BUILD: the tests of several users of one model under the thread sanitizer. Archer,
# which comes with clang's OpenMP, tells it of that runtime's barriers; libraries that are not
# built with the sanitizer are left out.
set -eu
build=$1
archer=$(clang --print-file-name=libarcher.so)
[ -e "$archer" ] || archer=$(dirname "$(clang --print-file-name=libomp.so)")/libarcher.so
export OMP_TOOL_LIBRARIES="$archer"
export TSAN_OPTIONS="ignore_noninstrumented_modules=1 exitcode=66"
"$build/test_context"
