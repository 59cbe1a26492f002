/* SPDX-License-Identifier: MIT */
/* A context is a model's own: nothing is set for the process or for a caller's thread, and
 * several threads may use one model. */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "jumpcut/context.h"
#include "model/golden.h"
#include "model/session.h"

#define TINY JC_SOURCE_DIR "/tests/golden/models/tiny-gpt2"

static jc_model *open_with(const jc_context *context, uint32_t threads)
{
    jc_model_params params;
    jc_model *model;

    jc_model_params_init(&params);
    params.threads = threads;
    params.context = context;
    assert_int_equal(jc_model_open(&model, TINY, &params, NULL), JC_OK);
    return model;
}

static void test_context__a_model_leaves_the_callers_threads_alone(void **state)
{
    uint32_t before = jc_threads_max();
    jc_model_params params;
    jc_model *model;

    (void)state;
    jc_model_params_init(&params);
    params.threads = before + 3;
    assert_int_equal(jc_model_open(&model, "no such folder", &params, NULL), JC_E_IO);
    assert_int_equal(jc_threads_max(), before);
    model = open_with(NULL, before + 3);
    assert_int_equal(jc_threads_max(), before);
    assert_int_equal(jc_model_threads(model), before + 3);
    jc_model_close(model);
}

static void test_context__is_shared_by_models(void **state)
{
    jc_context_params params;
    jc_context *context;
    jc_error err;

    (void)state;
    jc_context_params_init(&params);
    params.backend = "abacus";
    assert_int_equal(jc_context_new(&context, &params, &err), JC_E_ARG);
    assert_string_equal(err.message, "no backend is called 'abacus'");
    assert_null(context);
    params.backend = "ref";
    params.threads = 3;
    assert_int_equal(jc_context_new(&context, &params, NULL), JC_OK);
    jc_model *a = open_with(context, 1), *b = open_with(context, 2);
    assert_int_equal(jc_model_threads(a), 3);
    assert_string_equal(jc_model_get_info(b)->backend, "ref");
    jc_model_close(a);
    jc_model_close(b);
    jc_context_free(context);
    assert_int_equal(jc_context_new(&context, NULL, NULL), JC_OK);
    jc_context_free(context);
    const jc_context_params none = {.size = 0};
    assert_int_equal(jc_context_new(&context, &none, NULL), JC_OK);
    jc_context_free(context);
}

struct user {
    const jc_model *model;
    float *logits; /* [4, vocab] */
    bool ok;
};

/* A session, a sequence, and the head, which is made when it is first used. */
static void *use(void *arg)
{
    static const uint32_t ids[] = {3, 1, 4, 1}, positions[] = {0, 1, 2, 3};
    struct user *user = arg;
    const jc_text text = {ids, 4, positions, 4};
    uint32_t layers = jc_model_get_info(user->model)->layers;
    jc_session *session;
    jc_seq *seq;
    const float *h;

    user->ok = jc_session_new(&session, user->model, NULL) == JC_OK &&
               jc_seq_new(&seq, user->model, NULL, NULL) == JC_OK;
    for (int i = 0; i < 20 && user->ok; i++) {
        const jc_feed feed = {seq, ids, 4, NULL};
        jc_seq_truncate(seq, 0);
        user->ok = jc_session_run(session, &text, 1, NULL) == JC_OK &&
                   jc_model_readout(user->model, jc_session_states(session, layers), 4,
                                    user->logits, NULL) == JC_OK &&
                   jc_session_extend(session, &feed, 1, JC_PASS_STEP, &h, NULL) == JC_OK &&
                   jc_session_logits(session, 0, 4, user->logits, NULL) == JC_OK;
    }
    jc_seq_free(seq);
    jc_session_free(session);
    return NULL;
}

static void test_context__two_threads_use_one_model(void **state)
{
    jc_model *model = open_with(NULL, 1);
    size_t vocab = jc_model_get_info(model)->vocab;
    struct user users[2] = {{model, jc_matrix_new(4, vocab, sizeof(float)), false},
                            {model, jc_matrix_new(4, vocab, sizeof(float)), false}};
    pthread_t threads[2];

    (void)state;
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, use, &users[i]), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    assert_true(users[0].ok && users[1].ok);
    assert_memory_equal(users[0].logits, users[1].logits, 4 * vocab * sizeof(float));
    for (int i = 0; i < 2; i++)
        jc_free(users[i].logits);
    jc_model_close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_context__a_model_leaves_the_callers_threads_alone),
        cmocka_unit_test(test_context__is_shared_by_models),
        cmocka_unit_test(test_context__two_threads_use_one_model),
    };
    return cmocka_run_group_tests_name("model/context", tests, NULL, NULL);
}
