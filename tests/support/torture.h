/* SPDX-License-Identifier: MIT */
/* torture.h: a call made again and again while one of its allocations fails. */
#ifndef JC_TESTS_TORTURE_H
#define JC_TESTS_TORTURE_H

#include <stdlib.h>

#include "base/base.h"
#include "support/check.h"

/* First the n-th allocation of call(arg) fails with all after it, then the n-th alone, for
 * every third n up to their number, which is below `most`; JC_LONG asks for every n. It
 * must be OK or E_NOMEM. call() frees what it made. */
static inline void check_torture(jc_status (*call)(void *arg), void *arg, long most)
{
    static void (*const fail_at[])(long) = {jc_alloc_fail_after, jc_alloc_fail_only};

    const long step =
        getenv("JC_LONG") ? 1 : 3; /* no pattern of the code has that length */

    for (size_t how = 0; how < 2; how++) {
        bool failed = true;
        for (long n = 0; failed; n += step) {
            assert_true(n < most);
            fail_at[how](n);
            jc_status st = call(arg);
            failed = jc_alloc_failed();
            jc_alloc_fail_after(-1);
            assert_true(st == JC_OK || (failed && st == JC_E_NOMEM));
        }
    }
}

#endif
