/* SPDX-License-Identifier: MIT */
#include "support/check.h"

#include <string.h>

#include "jumpcut/generate.h"
#include "kernels/kernels.h"

#define TINY JC_SOURCE_DIR "/tests/golden/models/tiny-gpt2"

static jc_self_text *start(const jc_model *model, uint64_t n, double temperature,
                           int64_t first, int64_t end)
{
    jc_self_text_params params;
    jc_self_text *self;

    jc_self_text_params_init(&params);
    params.self_text = n;
    params.self_tokens = 20;
    params.temperature = temperature;
    params.seed = 3;
    assert_int_equal(jc_self_text_new(&self, model, first, end, &params, NULL), JC_OK);
    return self;
}

static jc_model *tiny_by(uint32_t threads)
{
    jc_model_params params;
    jc_model *model;

    jc_model_params_init(&params);
    params.threads = threads;
    assert_int_equal(jc_model_open(&model, TINY, &params, NULL), JC_OK);
    return model;
}

static jc_model *tiny(void)
{
    return tiny_by(0);
}

static void test_self_text__a_text_depends_on_seed_and_number_only(void **state)
{
    jc_model *model = tiny_by(1), *other = tiny_by(2);
    jc_self_text *many = start(model, 100, 1, 7, -1), *few = start(other, 3, 1, 7, -1);
    jc_ids a = {0}, b = {0};

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(jc_self_text_next(many, &a, NULL), JC_OK);
        assert_int_equal(jc_self_text_next(few, &b, NULL), JC_OK);
        assert_int_equal(a.n, 20);
        assert_int_equal(b.n, 20);
        assert_memory_equal(a.id, b.id, 20 * sizeof *a.id);
    }
    assert_int_equal(jc_self_text_next(few, &b, NULL), JC_OK);
    assert_int_equal(b.n, 0);
    jc_self_text_free(many);
    jc_self_text_free(few);
    jc_ids_free(&a);
    jc_ids_free(&b);
    jc_model_close(model);
    jc_model_close(other);
}

/* Near temperature 0 each token is the most likely one after the tokens before it. */
static void test_self_text__cold_draws_are_the_most_likely_tokens(void **state)
{
    jc_model *model = tiny();
    const jc_model_info *info = jc_model_get_info(model);
    jc_self_text *self = start(model, 1, 0.01, 7, -1);
    jc_ids ids = {0};
    uint32_t with_start[21] = {7}, positions[21];
    jc_session *session;

    (void)state;
    assert_int_equal(jc_self_text_next(self, &ids, NULL), JC_OK);
    assert_int_equal(ids.n, 20);
    for (uint32_t i = 0; i < 21; i++)
        positions[i] = i;
    memcpy(with_start + 1, ids.id, 20 * sizeof *with_start);
    const jc_text text = {with_start, 21, positions, 21};
    assert_int_equal(jc_session_new(&session, model, NULL), JC_OK);
    assert_int_equal(jc_session_run(session, &text, 1, NULL), JC_OK);
    float *z = jc_matrix_new(21, info->vocab, sizeof *z);
    assert_int_equal(
        jc_model_readout(model, jc_session_states(session, info->layers), 21, z, NULL),
        JC_OK);
    for (size_t i = 0; i < 20; i++) {
        size_t best = 0;
        for (size_t v = 1; v < info->vocab; v++)
            if (z[i * info->vocab + v] > z[i * info->vocab + best])
                best = v;
        assert_int_equal(ids.id[i], best);
    }
    jc_free(z);
    jc_session_free(session);
    jc_self_text_free(self);
    jc_ids_free(&ids);
    jc_model_close(model);
}

static void test_self_text__the_end_token_ends_a_text(void **state)
{
    jc_model *model = tiny();
    jc_self_text *all = start(model, 1, 1, 7, -1);
    jc_ids ids = {0}, cut = {0};

    (void)state;
    assert_int_equal(jc_self_text_next(all, &ids, NULL), JC_OK);
    uint32_t end = ids.id[5];
    size_t first = 1;
    while (ids.id[first] != end)
        first++;
    jc_self_text *ended = start(model, 1, 1, 7, end);
    assert_int_equal(jc_self_text_next(ended, &cut, NULL), JC_OK);
    assert_int_equal(cut.n, ids.id[0] == end ? 5 : first);
    assert_memory_equal(cut.id, ids.id, cut.n * sizeof *cut.id);
    jc_self_text_free(all);
    jc_self_text_free(ended);
    jc_ids_free(&ids);
    jc_ids_free(&cut);
    jc_model_close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_self_text__a_text_depends_on_seed_and_number_only),
        cmocka_unit_test(test_self_text__cold_draws_are_the_most_likely_tokens),
        cmocka_unit_test(test_self_text__the_end_token_ends_a_text),
    };
    return cmocka_run_group_tests_name("generate/self_text", tests, NULL, NULL);
}
