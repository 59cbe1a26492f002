/* SPDX-License-Identifier: MIT */
/* Signals that are handled while products run leave the heap as it is: oneDNN's code moves
 * the stack pointer there. */
#include "support/check.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "kernels/onednn/onednn.h"

enum { D = 96, ROWS = 400, TIMES = 400, ROOM = 2048 };

static volatile sig_atomic_t signals;

static void on_signal(int number)
{
    volatile unsigned char stack[ROOM];

    for (size_t i = 0; i < ROOM; i++)
        stack[i] = 0xa5;
    signals = signals + (number == SIGPROF && stack[ROOM - 1] == 0xa5);
}

/* Each product in memory of its own, whose sizes malloc() checks when it is freed. */
static void multiply_often(const float *x, const float *want)
{
    for (size_t i = 0; i < TIMES; i++) {
        float *product = malloc(D * D * sizeof *product);

        assert_non_null(product);
        assert_int_equal(jc_onednn_gram_tile(D, D, ROWS, x, x, D, product, NULL), JC_OK);
        assert_memory_equal(product, want, D * D * sizeof *want);
        free(product);
    }
}

static void test_signals__leave_the_heap_as_it_is(void **state)
{
    const struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    const struct itimerval often = {{0, 500}, {0, 500}}, never = {{0, 0}, {0, 0}};
    float *x = jc_matrix_new(ROWS, D, sizeof *x);
    float *want = jc_matrix_new(D, D, sizeof *want);
    struct sigaction before;

    (void)state;
    assert_non_null(x);
    assert_non_null(want);
    for (size_t i = 0; i < ROWS * D; i++)
        x[i] = (float)(i % 17) - 8;
    assert_int_equal(jc_onednn_gram_tile(D, D, ROWS, x, x, D, want, NULL), JC_OK);
    assert_int_equal(sigaction(SIGPROF, &action, &before), 0);
    setitimer(ITIMER_PROF, &often, NULL);
    for (int turn = 0; turn < 50 && signals < 50; turn++)
        multiply_often(x, want);
    setitimer(ITIMER_PROF, &never, NULL);
    sigaction(SIGPROF, &before, NULL);
    assert_true(signals > 0);
    jc_free(x);
    jc_free(want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signals__leave_the_heap_as_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
