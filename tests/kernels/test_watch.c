/* SPDX-License-Identifier: MIT */
/* Long work asks its hooks between tasks, and nobody asks once it is over. */
#include "support/check.h"

#include <stdatomic.h>
#include <time.h>

#include "kernels/kernels.h"

enum { TASKS = 400 }; /* of 10 ms: seconds, also on two threads */

struct asked {
    int times, last; /* how often it was asked; at which time it says no */
    atomic_int tasks;
};

static bool go_on(void *arg, const jc_progress *progress)
{
    struct asked *asked = arg;

    assert_string_equal(progress->stage, "waiting");
    assert_int_equal(progress->done, 3);
    return ++asked->times < asked->last;
}

static jc_status wait_a_little(void *arg, size_t i, jc_error *err)
{
    struct asked *asked = arg;

    (void)i;
    (void)err;
    nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    asked->tasks++;
    return JC_OK;
}

static jc_status wait_within(void *arg, size_t i, jc_error *err)
{
    (void)i;
    return jc_parallel(TASKS, wait_a_little, arg, err);
}

static void stops(jc_task_fn *task, size_t n)
{
    struct asked asked = {.last = 2};
    const jc_hooks hooks = {.progress = go_on, .arg = &asked};
    jc_error err = {JC_OK, ""};

    jc_watch(&hooks, &(jc_progress){"waiting", "tasks", 3, 5});
    assert_int_equal(jc_parallel(n, task, &asked, &err), JC_E_CANCELLED);
    jc_watch(NULL, NULL);
    assert_string_equal(err.message, "stopped while waiting");
    assert_int_equal(asked.times, 2);
    assert_in_range(asked.tasks, 1, TASKS - 1);
}

static void test_watch__hooks_stop_the_tasks(void **state)
{
    (void)state;
    stops(wait_a_little, TASKS);
}

static void test_watch__hooks_stop_tasks_within_a_task(void **state)
{
    (void)state;
    stops(wait_within, 1);
}

static void test_watch__nobody_is_asked_who_could_not_be_told(void **state)
{
    struct asked asked = {.last = 1};
    const jc_hooks hooks = {.progress = go_on, .arg = &asked};
    jc_error err = {JC_OK, ""};

    (void)state;
    jc_watch(&hooks, &(jc_progress){"waiting", "tasks", 3, 5});
    assert_int_equal(jc_parallel(TASKS / 8, wait_a_little, &asked, NULL), JC_OK);
    jc_watch(NULL, NULL);
    assert_int_equal(jc_parallel(TASKS / 8, wait_a_little, &asked, &err), JC_OK);
    assert_int_equal(asked.times, 0);
    assert_int_equal(asked.tasks, 2 * (TASKS / 8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_watch__hooks_stop_the_tasks),
        cmocka_unit_test(test_watch__hooks_stop_tasks_within_a_task),
        cmocka_unit_test(test_watch__nobody_is_asked_who_could_not_be_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
