/* SPDX-License-Identifier: MIT */
/* analyser.h: included before each file that clang-tidy reads: jc_fail() returns the status
 * that it is given, which the analyser cannot see from another file. */
#include "base/base.h"

#define jc_fail(err, status, ...) ((jc_fail)(err, status, __VA_ARGS__), (status))
#define jc_fail_nomem(err, what)  ((jc_fail_nomem)(err, what), JC_E_NOMEM)
