/* SPDX-License-Identifier: MIT */
#include "support/check.h"

#include <unistd.h>

#include "base/memory_free.h"

static void test_memory_free__is_some_and_not_more_than_there_is(void **state)
{
    uint64_t all = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);

    (void)state;
    assert_true(jc_memory_free() > 1 << 20);
    assert_true(jc_memory_free() <= all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_free__is_some_and_not_more_than_there_is),
    };
    return cmocka_run_group_tests_name("base/memory_free", tests, NULL, NULL);
}
