/* SPDX-License-Identifier: MIT */
/*
 * The four numbers of a read-out against their definitions in double, on a vocabulary that
 * is gone through in several parts (demo's 4,096 tokens) and on one that is not.
 *
 * Tolerance: logits are the same floats in both, exponentials good to 2 ulp, and runs of
 * numbers are added in float32: 1e-5 of what is at most some nats.
 */
#include "support/check.h"

#include <math.h>
#include <string.h>

#include "eval/run.h"

enum { ROWS = 150, TAPS_MOST = 20 };

/* Of one row: z the logits of a series, f the full model's. */
static void by_definition(size_t vocab, const float *z, const float *f, double *gap,
                          double *surprisal, double *kl, uint32_t *rank)
{
    double top = -1e30, second = -1e30, max = -1e30, sum_z = 0, sum_f = 0;
    size_t index = 0;

    for (size_t i = 0; i < vocab; i++) {
        double x = (double)z[i];
        if (x > top) {
            second = top;
            top = x;
            index = i;
        } else if (x > second) {
            second = x;
        }
        max = fmax(max, (double)f[i]);
    }
    for (size_t i = 0; i < vocab; i++) {
        sum_z += exp((double)z[i] - top);
        sum_f += exp((double)f[i] - max);
    }
    *kl = 0;
    *rank = 0;
    for (size_t i = 0; i < vocab; i++) {
        double ln_p = (double)f[i] - max - log(sum_f);
        double ln_q = (double)z[i] - top - log(sum_z);
        *kl += exp(ln_p) * (ln_p - ln_q);
        *rank += f[i] > f[index];
    }
    *gap = (1 - exp(second - top)) / sum_z;
    *surprisal = max + log(sum_f) - (double)f[index];
}

static float *random_states(size_t n, uint64_t seed)
{
    float *x = jc_matrix_new(n, 1, sizeof *x);

    assert_non_null(x);
    for (size_t i = 0; i < n; i++)
        x[i] = check_rand(&seed);
    return x;
}

static void check_model(const char *path)
{
    jc_model *model;
    jc_packed *methods;
    size_t n_methods;
    float *states[TAPS_MOST];

    assert_int_equal(jc_model_open(&model, path, NULL, NULL), JC_OK);
    const jc_model_info *info = jc_model_get_info(model);
    size_t d = info->width, vocab = info->vocab, taps = (size_t)info->layers + 1;
    assert_true(taps <= TAPS_MOST);
    assert_int_equal(
        jc_packed_new(&methods, &n_methods, model, NULL, 0, JC_PACK_FINAL, NULL), JC_OK);
    const jc_eval_run run = {.model = model,
                             .info = info,
                             .taps = (uint32_t)taps,
                             .width = d,
                             .methods = methods,
                             .n_methods = n_methods};
    for (size_t t = 0; t < taps; t++)
        states[t] = random_states(ROWS * d, t + 1);
    jc_score *scores = jc_alloc_array(taps * ROWS, sizeof *scores);
    jc_score *again = jc_alloc_array(taps * ROWS, sizeof *again);
    float *full = jc_matrix_new(ROWS, vocab, sizeof *full);
    float *z = jc_matrix_new(ROWS, vocab, sizeof *z);
    assert_non_null(z);
    assert_int_equal(jc_eval_scores(&run, (const float *const *)states, ROWS, scores, NULL),
                     JC_OK);
    assert_int_equal(jc_model_readout(model, states[taps - 1], ROWS, full, NULL), JC_OK);
    for (size_t t = 0; t < taps; t++) {
        assert_int_equal(jc_model_readout(model, states[t], ROWS, z, NULL), JC_OK);
        for (size_t r = 0; r < ROWS; r++) {
            const jc_score *got = &scores[t * ROWS + r];
            double gap, surprisal, kl;
            uint32_t rank;
            by_definition(vocab, z + r * vocab, full + r * vocab, &gap, &surprisal, &kl,
                          &rank);
            assert_int_equal(got->rank, rank);
            assert_true(fabs((double)got->gap - gap) < 1e-5);
            assert_true(fabs((double)got->surprisal - surprisal) < 1e-5);
            /* of random states it is up to 20, of logits that are float */
            assert_true(fabs((double)got->kl - kl) < 1e-5 + 2e-6 * kl);
        }
    }
    /* neither the number of threads nor the other rows change a bit */
    for (uint32_t threads = 1; threads <= 5; threads += 2) {
        JC_USE_THREADS(threads);
        assert_int_equal(
            jc_eval_scores(&run, (const float *const *)states, ROWS, again, NULL), JC_OK);
        assert_memory_equal(scores, again, taps * ROWS * sizeof *scores);
    }
    assert_int_equal(jc_eval_scores(&run, (const float *const *)states, 3, again, NULL),
                     JC_OK);
    for (size_t t = 0; t < taps; t++)
        assert_memory_equal(scores + t * ROWS, again + t * 3, 3 * sizeof *scores);
    for (size_t t = 0; t < taps; t++)
        jc_free(states[t]);
    jc_free(scores);
    jc_free(again);
    jc_free(full);
    jc_free(z);
    jc_packed_free(methods, n_methods);
    jc_model_close(model);
}

static void test_scores__are_those_of_the_definitions(void **state)
{
    (void)state;
    check_model(JC_SOURCE_DIR "/data/demo");
    check_model(JC_SOURCE_DIR "/tests/golden/models/tiny-gemma3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scores__are_those_of_the_definitions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
