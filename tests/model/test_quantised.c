/* SPDX-License-Identifier: MIT */
/* A trained Llama in Q8_0 against itself in float32: what it would say next. */
#include <stdlib.h>
#include <unistd.h>

#include "base/base.h"
#include "model/golden.h"
#include "model/session.h"
#include "support/llama_gguf.h"
#include "support/scratch.h"

enum { TEXTS = 4, LENGTH = 200 };

static bool find_model(char *path, size_t size)
{
    const char *data = getenv("JC_DATA");

    snprintf(path, size, "%s/models/stories260K",
             data ? data : JC_SOURCE_DIR "/../shared/data");
    if (access(path, R_OK) == 0)
        return true;
    print_message("skipped: no '%s'\n", path);
    return false;
}

static double *softmax(const float *logits, size_t n)
{
    double largest = -HUGE_VAL, sum = 0;
    double *p = malloc(n * sizeof *p);

    assert_non_null(p);
    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, (double)logits[i]);
    for (size_t i = 0; i < n; i++)
        sum += p[i] = exp((double)logits[i] - largest);
    for (size_t i = 0; i < n; i++)
        p[i] /= sum;
    return p;
}

static uint32_t draw(const float *logits, size_t n, jc_rng *rng)
{
    double *p = softmax(logits, n), left = jc_rng_uniform(rng);
    uint32_t id = 0;

    while (id + 1 < n && left >= p[id])
        left -= p[id++];
    free(p);
    return id;
}

/* ids [TEXTS, LENGTH]: stories that the model writes, from its start token on. */
static void write_stories(const jc_model *model, uint32_t *ids)
{
    const jc_model_info *info = jc_model_get_info(model);
    float *logits = jc_matrix_new(TEXTS, info->vocab, sizeof *logits);
    uint32_t next[TEXTS] = {1, 1, 1, 1};
    jc_rng rng = {7};
    jc_session *session;
    jc_feed feeds[TEXTS];
    const float *h;

    assert_int_equal(jc_session_new(&session, model, NULL), JC_OK);
    for (size_t t = 0; t < TEXTS; t++) {
        feeds[t] = (jc_feed){.ids = &next[t], .n = 1};
        assert_int_equal(jc_seq_new(&feeds[t].seq, model, NULL, NULL), JC_OK);
    }
    for (size_t i = 0; i < LENGTH; i++) {
        for (size_t t = 0; t < TEXTS; t++)
            ids[t * LENGTH + i] = next[t];
        assert_int_equal(jc_session_extend(session, feeds, TEXTS, JC_PASS_STEP, &h, NULL),
                         JC_OK);
        assert_int_equal(jc_model_readout(model, h, TEXTS, logits, NULL), JC_OK);
        for (size_t t = 0; t < TEXTS; t++)
            next[t] = draw(logits + t * info->vocab, info->vocab, &rng);
    }
    for (size_t t = 0; t < TEXTS; t++)
        jc_seq_free(feeds[t].seq);
    jc_session_free(session);
    jc_free(logits);
}

/* Logits [TEXTS x LENGTH, vocab] of reading the states at `tap` out. */
static float *read_out(const jc_model *model, const uint32_t *ids, uint32_t tap)
{
    uint32_t positions[LENGTH];
    jc_text texts[TEXTS];
    size_t rows = (size_t)TEXTS * LENGTH;
    float *logits = jc_matrix_new(rows, jc_model_get_info(model)->vocab, sizeof *logits);

    assert_non_null(logits);
    for (uint32_t i = 0; i < LENGTH; i++)
        positions[i] = i;
    for (size_t t = 0; t < TEXTS; t++)
        texts[t] = (jc_text){ids + t * LENGTH, LENGTH, positions, LENGTH};
    jc_session *session = run(model, texts, TEXTS);
    assert_int_equal(
        jc_model_readout(model, jc_session_states(session, tap), rows, logits, NULL),
        JC_OK);
    jc_session_free(session);
    return logits;
}

static double divergence(const float *from, const float *to, size_t n)
{
    double *p = softmax(from, n), *q = softmax(to, n), kl = 0;

    for (size_t i = 0; i < n; i++)
        kl += p[i] > 0 ? p[i] * log(p[i] / q[i]) : 0;
    free(p);
    free(q);
    return kl;
}

/* Of what it read out after each layer, 0.01 nats on average, as the roundings to 8 bits
 * are 1 in 250 of a block's largest value; and in no place a tenth of a nat. */
static void test_quantised__q8_0_reads_out_what_f32_does(void **state)
{
    char folder[512];
    static uint32_t ids[TEXTS * LENGTH];

    if (!find_model(folder, sizeof folder))
        skip();
    const char *path = scratch_path(state, "q8_0.gguf");
    assert_true(llama_gguf_write(path, folder, JC_Q8_0));
    jc_model *plain = open_model(folder, "onednn", "f32");
    jc_model *quantised = open_model(path, "onednn", "f32");
    const jc_model_info *info = jc_model_get_info(plain);
    assert_string_equal(jc_model_get_info(quantised)->stored_dtype, "mixed");
    write_stories(plain, ids);
    for (uint32_t tap = 0; tap <= info->layers; tap++) {
        float *p = read_out(plain, ids, tap), *q = read_out(quantised, ids, tap);
        double sum = 0, most = 0;
        for (size_t r = 0; r < JC_COUNT(ids); r++) {
            double kl = divergence(p + r * info->vocab, q + r * info->vocab, info->vocab);
            sum += kl;
            most = fmax(most, kl);
        }
        print_message("tap %u: mean %.2g, most %.2g nats\n", tap, sum / JC_COUNT(ids),
                      most);
        assert_true(sum > 0); /* it is another model */
        assert_true(sum / JC_COUNT(ids) < 0.01);
        assert_true(most < 0.1);
        jc_free(p);
        jc_free(q);
    }
    jc_model_close(plain);
    jc_model_close(quantised);
}

/* The writer of this test, held against the folder: its F32 is the same but for the order
 * in which products of queries and keys are added. */
static void test_quantised__f32_is_the_folder_itself(void **state)
{
    char folder[512];
    static uint32_t ids[TEXTS * LENGTH];

    if (!find_model(folder, sizeof folder))
        skip();
    const char *path = scratch_path(state, "f32.gguf");
    assert_true(llama_gguf_write(path, folder, JC_F32));
    jc_model *plain = open_model(folder, "onednn", "f32");
    jc_model *same = open_model(path, "onednn", "f32");
    const jc_model_info *info = jc_model_get_info(plain);
    write_stories(plain, ids);
    float *p = read_out(plain, ids, info->layers), *q = read_out(same, ids, info->layers);
    check_rows(p, q, JC_COUNT(ids), info->vocab, 5e-6, "F32 of a GGUF file");
    jc_free(p);
    jc_free(q);
    jc_model_close(plain);
    jc_model_close(same);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(test_quantised__q8_0_reads_out_what_f32_does),
        SCRATCH_TEST(test_quantised__f32_is_the_folder_itself),
    };
    return cmocka_run_group_tests_name("model/quantised", tests, NULL, NULL);
}
